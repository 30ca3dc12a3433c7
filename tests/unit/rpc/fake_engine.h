/* An engine that drives nothing: it plays scripts, so that the protocol can be tested alone. What
 * is played depends on the function's name:
 *
 *   burst    10,000 long notes, then the end
 *   hold     plans, starts stage 1, and bakes until it is interrupted; then rolls back
 *   stuck    the same, but only a rollback interrupts it, and interrupt_all waits for that
 *   quiet    no telemetry
 *   missing  NOT_FOUND; stale: FAILED_PRECONDITION, reason STALE_PLAN; silent: answers no plan
 * before it is destroyed other    one event of every kind, then the end
 */
#ifndef SY_TESTS_RPC_FAKE_ENGINE_H
#define SY_TESTS_RPC_FAKE_ENGINE_H

#include "engine/function.h"

#include <stdatomic.h>

enum { FAKE_BURST = 10000, FAKE_FUNCTION_EVENTS = 8 };

struct sy_engine *fake_engine_create(void);

/* What came to pass, for tests in the same process. */
struct fake_counters {
    atomic_int applied;
    atomic_int interrupted;     /* releases that were, by a close or by interrupt_all */
    atomic_int interrupted_all; /* calls of sy_engine_interrupt_all() */
    atomic_int silent;          /* plans that wait for the end */
    atomic_int watches;         /* that are open */
    atomic_int pulled;          /* events that sy_watch_next() gave */
    atomic_int jobs;            /* that are open (fake_function.c) */
    /* As asked last; of one thread at a time. */
    struct sy_publish_request publish;
    struct sy_cleanup_request cleanup;
    struct sy_measure measure;
};
extern struct fake_counters fake_counters;

/* The event of that number (from 1) of the script that plays one of every kind. */
void fake_event(int64_t sequence, struct sy_release_event *ret);
enum { FAKE_EVENTS = SY_EVENT_KIND_COUNT };
/* The plan and the status that the fake answers, every field filled. */
void fake_plan(const struct sy_spec *spec, struct sy_plan *ret);
void fake_facts(const char *function, const char *alias, struct sy_facts *ret);
void fake_control(const char *function, const char *alias, enum sy_control control,
                  struct sy_control_answer *ret);
/* Two periods, made of what was asked. */
void fake_samples(const struct sy_measure *measure, struct sy_sample ret[2]);
void fake_verified(const struct sy_verify *verify, struct sy_verified *ret);

#endif
