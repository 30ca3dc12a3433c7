/* Two engines on one alias: while the first drives a release, at one step after the other, a second
 * one applies another version, rolls back, or asks for the status. Whatever comes of it, a record
 * that is closed never stands over a split alias, and who comes next can end what is open. */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TURNS_MAX = 40000, RUNS = 150, FEW_RUNS = 30 };

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Turn both, one after the other, until each is over. */
static void run_both(struct sim_engine *a, struct sim_engine *b, bool may_pause) {
    bool paused = false; /* the first one waits to be told */
    for (int i = 0; i < TURNS_MAX && !(a->over && b->over) && !paused; i++) {
        int64_t next = earlier(sy_timers_next(&a->timers), sy_timers_next(&b->timers));
        sy_engine_turn(i % 2 ? b->engine : a->engine, next);
        paused = may_pause && b->over;
    }
}

static void pass(struct sim_world *w, int64_t ms) {
    int64_t until = sy_io_now(w->io) + ms;
    while (sy_io_now(w->io) < until)
        w->io->ops->wait(w->io, until);
}

static bool is_whole(const struct sy_buffer *left) {
    return strstr(left->data, " whole\n") != NULL;
}

/* The alias is split and both went: a person takes it back. */
static void take_back(struct sim_world *w, const struct sim_case *c, struct sy_buffer *ret_left) {
    struct sim_engine e;
    struct sim_request request = c->requests[0];
    request.verb = SIM_ROLLBACK;
    sim_engine_init(&e, w, "third");
    pass(w, 2 * SY_MINUTE_MS); /* whoever was killed had a lease */
    sim_ask(&e, &request);
    (void)sim_run(&e, c, TURNS_MAX);
    sim_engine_kill(&e);
    ret_left->len = 0;
    sim_describe(w, ret_left);
}

/* What is asked before the request that is disturbed. */
static void run_before(struct sim_world *w, const struct sim_case *c, size_t request) {
    for (size_t i = 0; i < request; i++) {
        struct sim_engine e;
        sim_engine_init(&e, w, "before");
        sim_ask(&e, &c->requests[i]);
        (void)sim_run(&e, c, TURNS_MAX);
        assert_true(e.over);
        sim_engine_kill(&e);
    }
}

/* Returns the turns of the first engine alone, when second is NULL. */
static uint64_t run(const struct sim_case *c, size_t request, uint64_t at,
                    const struct sim_request *second, const char *name) {
    struct sim_world w;
    struct sim_engine a;
    struct sim_engine b;
    struct sim_case quiet = *c;
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    SY_AUTO_BUFFER struct sy_buffer trace = {0};
    quiet.n_actions = 0;
    sim_world_init(&w, c, getenv("STEELYARD_TRACE") ? &trace : NULL);
    run_before(&w, c, request);
    sim_engine_init(&a, &w, "first");
    sim_engine_init(&b, &w, "second");
    sim_ask(&a, &c->requests[request]);
    uint64_t turns = sim_run(&a, &quiet, at);
    if (second) {
        if (w.trace)
            sy_buffer_puts(w.trace, "# the second\n");
        sim_ask(&b, second);
        run_both(&a, &b, second->verb == SIM_PAUSE);
        if (second->verb == SIM_PAUSE && !a.over) { /* it stays so until somebody says go on */
            struct sim_request go_on = *second;
            go_on.verb = SIM_SAY_RESUME;
            sim_ask(&b, &go_on);
            run_both(&a, &b, false);
        }
        if (!a.over || !b.over)
            fail_msg("%s, %llu: no end\n%s", name, (unsigned long long)at, trace.data);
    }
    if (second && second->verb == SIM_GRADUAL && a.outcome == SY_OUTCOME_HALTED)
        fail_msg("%s, %llu: the driver takes the steps for a stranger's", name,
                 (unsigned long long)at);
    sim_engine_kill(&a);
    sim_engine_kill(&b);
    sim_describe(&w, &left);
    bool closed = strstr(left.data, "phase=closed") != NULL;
    bool split = !is_whole(&left);
    if (split && closed)
        fail_msg("%s, %llu: closed and split\n%s%s", name, (unsigned long long)at, left.data,
                 trace.data ? trace.data : "");
    if (split)
        take_back(&w, &quiet, &left);
    if (!is_whole(&left))
        fail_msg("%s, %llu: cannot be taken back\n%s%s", name, (unsigned long long)at, left.data,
                 trace.data ? trace.data : "");
    sim_world_finish(&w);
    return turns;
}

static void everywhere(const char *name, size_t request, const char *version, enum sim_verb verb,
                       uint64_t runs) {
    struct sim_case c;
    SY_AUTO_FREE char *path = sy_asprintf("%s/sim/cases/%s.json", SY_TESTS_DIR, name);
    SY_AUTO_FREE char *what = sy_asprintf("%s, %s", name, sim_verb_word(verb));
    sim_case_load(path, &c);
    struct sim_request second = c.requests[request];
    second.verb = verb;
    (void)snprintf(second.spec.version, sizeof second.spec.version, "%s", version);
    second.spec.wait = SY_WAIT_STAGES;
    uint64_t steps = run(&c, request, TURNS_MAX, NULL, what);
    /* Each of the first steps, where two meet before either has written down that it is there. */
    uint64_t stride = steps / runs + 1;
    for (uint64_t at = 1; at < steps; at += at < 40 ? 1 : stride)
        (void)run(&c, request, at, &second, what);
    sim_case_finish(&c);
}

/* What a person does from afar, or whoever comes by, at every step of the first engine's release.
 */
static void from_afar(const char *name) {
    static const enum sim_verb verbs[] = {SIM_RESUME, SIM_SETTLE, SIM_PROMOTE,    SIM_GRADUAL,
                                          SIM_ABORT,  SIM_PAUSE,  SIM_SAY_RESUME, SIM_SAY_PROMOTE,
                                          SIM_FOLLOW, SIM_VERIFY, SIM_HISTORY};
    for (size_t i = 0; i < SY_COUNT(verbs); i++)
        everywhere(name, 0, "42", verbs[i], FEW_RUNS);
}

static void healthy_from_afar(void **state) {
    (void)state;
    from_afar("healthy");
}

static void failing_from_afar(void **state) {
    (void)state;
    from_afar("failing-later");
}

/* Both die in the middle of it: the one that drives, and the one whose word crosses the driver's
 * own writes. Whoever comes next must not take what they left for a stranger's edit, and brings it
 * to an end. */
static bool killed_together(const struct sim_case *c, uint64_t at, int more) {
    struct sim_world w;
    struct sim_engine e[3];
    struct sim_request pause = c->requests[0];
    struct sim_request resume = c->requests[0];
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    pause.verb = SIM_PAUSE;
    resume.verb = SIM_RESUME;
    sim_world_init(&w, c, NULL);
    for (size_t i = 0; i < SY_COUNT(e); i++)
        sim_engine_init(&e[i], &w, (const char *[]){"first", "second", "third"}[i]);
    sim_ask(&e[0], &c->requests[0]);
    (void)sim_run(&e[0], c, at);
    bool begun = !e[0].over;
    sim_ask(&e[1], &pause);
    for (int i = 0; i < more; i++) {
        int64_t next = earlier(sy_timers_next(&e[0].timers), sy_timers_next(&e[1].timers));
        sy_engine_turn(e[i % 2].engine, next);
    }
    sim_engine_kill(&e[0]);
    sim_engine_kill(&e[1]);
    pass(&w, 3 * SY_MINUTE_MS);
    sim_ask(&e[2], &resume);
    (void)sim_run(&e[2], c, TURNS_MAX);
    sim_describe(&w, &left);
    if (!e[2].over || e[2].outcome == SY_OUTCOME_HALTED || !is_whole(&left))
        fail_msg("killed at %llu and %d: %s %s\n%s", (unsigned long long)at, more,
                 sy_outcome_word(e[2].outcome), e[2].error.message, left.data);
    sim_engine_kill(&e[2]);
    sim_world_finish(&w);
    return begun;
}

static void a_word_and_its_driver_die_together(void **state) {
    (void)state;
    struct sim_case c;
    sim_case_load(SY_TESTS_DIR "/sim/cases/healthy.json", &c);
    for (uint64_t at = 12; killed_together(&c, at, 1);
         at += at < 30 ? 1 : 5) /* by then there is a record */
        for (int more = 2; more < 14; more++)
            (void)killed_together(&c, at, more);
    sim_case_finish(&c);
}

/* Turn all of them, one after the other, until all are over or the turns are used up. */
static void run_all(struct sim_engine *const engines[], size_t n, int turns) {
    for (int i = 0; i < turns; i++) {
        int64_t next = INT64_MAX;
        bool over = true;
        for (size_t k = 0; k < n; k++) {
            next = earlier(next, sy_timers_next(&engines[k]->timers));
            over = over && engines[k]->over;
        }
        if (over)
            return;
        sy_engine_turn(engines[(size_t)i % n]->engine, next);
    }
}

/* One drives its lock-in; a second would supersede it, and some turns later a third. */
static void two_supersede_a_driven_lock_in(void **state) {
    (void)state;
    struct sim_case c;
    sim_case_load(SY_TESTS_DIR "/sim/cases/lock-in.json", &c);
    for (int turns = 0; turns < 60; turns++) {
        struct sim_world w;
        struct sim_engine e[3];
        struct sim_engine *const all[] = {&e[0], &e[1], &e[2]};
        struct sim_request request = c.requests[0];
        SY_AUTO_BUFFER struct sy_buffer left = {0};
        SY_AUTO_BUFFER struct sy_buffer trace = {0};
        sim_world_init(&w, &c, NULL);
        for (size_t i = 0; i < SY_COUNT(e); i++)
            sim_engine_init(&e[i], &w, (const char *[]){"first", "second", "third"}[i]);
        sim_ask(&e[0], &request);
        const int64_t then = SIM_START_MS + 40 * SY_MINUTE_MS + 7000;
        while (sy_io_now(w.io) < then)
            sy_engine_turn(e[0].engine, then);
        w.trace = getenv("STEELYARD_TRACE") ? &trace : NULL;
        request.spec.wait = SY_WAIT_STAGES;
        (void)strcpy(request.spec.version, "43");
        sim_ask(&e[1], &request);
        run_all(all, 2, turns);
        (void)strcpy(request.spec.version, "41");
        sim_ask(&e[2], &request);
        run_all(all, 3, TURNS_MAX);
        assert_true(e[0].over && e[1].over && e[2].over);
        for (size_t i = 0; i < SY_COUNT(e); i++)
            sim_engine_kill(&e[i]);
        sim_describe(&w, &left);
        int promoted = 0;
        for (size_t i = 1; i < SY_COUNT(e); i++)
            promoted += e[i].outcome == SY_OUTCOME_PROMOTED;
        if (!is_whole(&left) || promoted > 1 || getenv("STEELYARD_SHOW"))
            (void)fprintf(stderr, "%d turns: %s %s %s\n%s", turns, sy_outcome_word(e[0].outcome),
                          sy_outcome_word(e[1].outcome), sy_outcome_word(e[2].outcome),
                          trace.data ? trace.data : left.data);
        assert_true(is_whole(&left));
        assert_true(promoted <= 1);
        sim_world_finish(&w);
    }
    sim_case_finish(&c);
}

#define CASE(id, file, request, version)                                                           \
    static void id##_apply(void **state) {                                                         \
        (void)state;                                                                               \
        everywhere(file, request, version, SIM_APPLY, RUNS);                                       \
    }                                                                                              \
    static void id##_rollback(void **state) {                                                      \
        (void)state;                                                                               \
        everywhere(file, request, version, SIM_ROLLBACK, RUNS);                                    \
    }                                                                                              \
    static void id##_status(void **state) {                                                        \
        (void)state;                                                                               \
        everywhere(file, request, version, SIM_STATUS, RUNS);                                      \
    }
CASE(healthy, "healthy", 0, "43")
CASE(failing, "failing", 0, "43")
CASE(no_traffic, "no-traffic", 0, "43")
CASE(lock_in, "lock-in", 0, "43")
/* Both would supersede the same release in its lock-in. */
CASE(superseding, "two-releases", 1, "41")

#define TESTS(id)                                                                                  \
    cmocka_unit_test(id##_apply), cmocka_unit_test(id##_rollback), cmocka_unit_test(id##_status)

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_word_and_its_driver_die_together),
                                       cmocka_unit_test(healthy_from_afar),
                                       cmocka_unit_test(failing_from_afar),
                                       TESTS(healthy),
                                       TESTS(failing),
                                       TESTS(no_traffic),
                                       TESTS(lock_in),
                                       TESTS(superseding),
                                       cmocka_unit_test(two_supersede_a_driven_lock_in)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
