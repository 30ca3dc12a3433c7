/* Shared by the parts of the step function: release.c (the table), release_request.c (what is under
 * way), release_move.c (the alias, forward), release_back.c (and back), release_judge.c (telemetry)
 * release_control.c (a person's word) and release_elsewhere.c (what others did to the record). */
#ifndef SY_CORE_RELEASE_INTERNAL_H
#define SY_CORE_RELEASE_INTERNAL_H

#include "core/release.h"

#define SY_LEASE_MS (120 * INT64_C(1000))
#define SY_LEASE_RENEW_MS (60 * INT64_C(1000)) /* renewed when this much has passed */

enum { SY_FOLLOW_MS = 5000 }; /* how often it is looked whether a stepped rollback goes on */

/* The parts pass these three through everything, whether or not each one needs all. */
#define SY_STEP                                                                                    \
    __attribute__((unused)) struct sy_release *r,                                                  \
        __attribute__((unused)) const struct sy_input *in,                                         \
        __attribute__((unused)) struct sy_output *out

/* Append an event with what all events carry. */
struct sy_release_event *sy_emit(SY_STEP, enum sy_event_kind kind);
void sy_emit_note(SY_STEP, bool warning, const char *fmt, ...) SY_PRINTF(5, 6);

/* Wait before attempt number n + 1: 1 s, 2 s, 4 s … at most 30 s. */
int64_t sy_backoff_ms(uint32_t n);
/* Start of the period in which the target got its first traffic. */
int64_t sy_first_period_ms(const struct sy_release *r);
/* Arguments may be what stands in *to. size <= 512. */
void sy_set_text_v(char *to, size_t size, const char *fmt, va_list args);
void sy_set_text(char *to, size_t size, const char *fmt, ...) SY_PRINTF(3, 4);

/* release.c */
/* The release is over: write it down, then rest. */
void sy_close(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) SY_PRINTF(5, 6);
/* This driver lets go of a release that goes on, as soon as all is written down. */
void sy_leave(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) SY_PRINTF(5, 6);
/* Nothing can be written down (or it is not ours to write): tell, and rest at once. */
void sy_quit(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) SY_PRINTF(5, 6);
void sy_stop_by_interrupt(SY_STEP);
/* The last words of this driver. */
void sy_rest(SY_STEP, enum sy_outcome outcome, const char *text);

/* release_request.c */
/* A request was answered: it is no longer under way, and may have to be made again. */
void sy_note_answer(SY_STEP);
/* After the transition: ask for what is due and not under way; rest when nothing is left. */
void sy_request(SY_STEP);
int64_t sy_next_tick(const struct sy_release *r, int64_t now_ms);
/* To be filled in; written as soon as the write under way is answered. */
struct sy_mirror *sy_want_mirror(struct sy_release *r);
/* Does all that is wanted stand in the parameters already? */
bool sy_mirror_stands(struct sy_release *r);

/* release_move.c */
void sy_intent(SY_STEP, uint32_t stage);
void sy_reenter(SY_STEP);
void sy_halt(SY_STEP, const char *why);
void sy_look_at_alias(SY_STEP);
uint32_t sy_first_stage(const struct sy_release *r);
/* Do both send the same shares to the same versions? */
bool sy_routes_same(const struct sy_routing *a, const struct sy_routing *b);
/* Only the two versions of this release are named, in whatever shares. */
bool sy_is_ours(const struct sy_release *r, const struct sy_routing *routing);
void sy_write_alias(SY_STEP, const struct sy_routing *routing);
void sy_read_alias(SY_STEP);
void sy_retry_later(SY_STEP);
void sy_alias_again(SY_STEP); /* retry_ms has come */
/* Take the routing and revision of an answer as what is. */
void sy_adopt(struct sy_release *r, const struct sy_input *in);

/* release_back.c */
void sy_rollback(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) SY_PRINTF(5, 6);
/* The move that is due while it goes back: the next step, or the baseline. */
void sy_write_back(SY_STEP);
/* The alias is on the baseline: write that down. how: how that is known. */
void sy_rolled_back(SY_STEP, const char *how);
/* Somebody else's hand brought it there. */
void sy_found_on_baseline(SY_STEP, const char *why);
void sy_verify_baseline(SY_STEP, enum sy_outcome outcome, const char *why);
/* Step down from now on; what the rollback under way still had to step through is dropped. */
void sy_take_steps(struct sy_release *r, const struct sy_input *in);

/* release_elsewhere.c */
/* Not ours any more: neither renewed nor dropped. */
void sy_lose_lease(struct sy_release *r);
void sy_on_record_following(SY_STEP);
bool sy_suspects(SY_STEP);
void sy_on_record(SY_STEP);

/* release_control.c */
/* A control that waited until the stage began; nothing when there is none. */
void sy_take_control(SY_STEP);
void sy_control(SY_STEP, enum sy_control control, const char *reason);
/* For the stage that is about to begin. */
void sy_keep_control(struct sy_release *r, enum sy_control control, const char *reason);

/* release_judge.c */
int64_t sy_observe_from_ms(const struct sy_release *r, int64_t now_ms);
int64_t sy_judge_deadline_ms(const struct sy_release *r); /* INT64_MAX: none */
bool sy_watches_traffic(const struct sy_release *r, int64_t now_ms);

/* Handlers in the table. */
void sy_on_intent_stored(SY_STEP);
void sy_on_intent_mirrored(SY_STEP);
void sy_on_shifting_alias(SY_STEP);
void sy_on_holding_alias(SY_STEP);
void sy_on_rolling_back_alias(SY_STEP);
void sy_on_verifying_alias(SY_STEP);
void sy_on_control(SY_STEP);
void sy_on_control_later(SY_STEP);
void sy_on_samples(SY_STEP);
void sy_on_traffic_samples(SY_STEP);

#endif
