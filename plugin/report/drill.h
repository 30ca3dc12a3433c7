/* What a drill found: each rehearsal with what was expected and what happened, what `check` found
 * before them, and what to fix. Its faces are text, JSON lines and Markdown. */
#ifndef SY_REPORT_DRILL_H
#define SY_REPORT_DRILL_H

#include "core/event.h"
#include "core/preflight.h"

#include <stdio.h>

/* C name, word, what is rehearsed, what is expected of it. In this order, one after the other, on a
 * function in the account. */
#define SY_REHEARSALS(X)                                                                           \
    X(HEALTHY, "healthy-release", "a healthy version is released",                                 \
      "PROMOTED, by stages that are judged healthy")                                               \
    X(BAD_IN_STAGE, "bad-in-stage", "a failing version is released",                               \
      "ROLLED_BACK by itself, in a stage")                                                         \
    X(BAD_AT_FULL, "bad-at-full", "a version fails once it has all traffic",                       \
      "ROLLED_BACK by itself, within the lock-in")                                                 \
    X(ABORT, "abort", "a person aborts in mid-stage", "CANCELLED, and the alias is back")          \
    X(ROLLBACK, "rollback", "a person rolls back after the promotion",                             \
      "PROMOTED, then CANCELLED, and the alias is back")                                           \
    X(GRADUAL, "gradual-rollback", "a person rolls back by steps",                                 \
      "the version's weight falls by each step, and the alias is back")                            \
    X(INTERRUPT, "interrupt", "the driver is stopped (SIGTERM) in mid-stage",                      \
      "CANCELLED, and the alias is back before the driver ends")                                   \
    X(KILLED, "killed", "driver and engine are killed (SIGKILL) in mid-stage",                     \
      "the next resume --settle takes the alias back")                                             \
    X(PAUSE_PROMOTE, "pause-promote", "a person pauses a release, and then promotes it",           \
      "paused, then PROMOTED_UNPROVEN: a person's word is no proof")                               \
    X(REFUSED_AGAIN, "refused-again", "a version that was taken back is released again",           \
      "refused: ROLLED_BACK_BEFORE, until --retry asks for it")
#define X(name, word, title, expected) SY_REHEARSAL_##name,
enum sy_rehearsal_kind { SY_REHEARSALS(X) SY_REHEARSAL_COUNT };
#undef X
const char *sy_rehearsal_word(enum sy_rehearsal_kind kind);
const char *sy_rehearsal_title(enum sy_rehearsal_kind kind);
const char *sy_rehearsal_expected(enum sy_rehearsal_kind kind);

#define SY_REHEARSAL_RESULTS(X) X(NOT_RUN, "not run") X(PASSED, "passed") X(FAILED, "failed")
#define X(name, word) SY_REHEARSAL_##name,
enum sy_rehearsal_result { SY_REHEARSAL_RESULTS(X) SY_REHEARSAL_RESULT_COUNT };
#undef X
const char *sy_rehearsal_result_word(enum sy_rehearsal_result result);

enum { SY_DRILL_TEXT_MAX = 640, SY_DRILL_FIXES_MAX = SY_REHEARSAL_COUNT + SY_FINDINGS_MAX + 2 };

/* -1 where a number is not known. */
struct sy_rehearsal {
    enum sy_rehearsal_result result;
    char happened[SY_DRILL_TEXT_MAX]; /* in words; "" = it was not run */
    int64_t took_ms;
    int64_t switch_ms;  /* from the decision to go back to the answer that the alias is back */
    int64_t exposed_ms; /* from the first traffic of the bad version to that answer */
    int64_t failed_requests;
    bool failed_at_least; /* telemetry saw so many until the decision; there may be more */
    /* What the fix is found by. */
    struct sy_error error;   /* of a command, code SY_OK = none; a warning has its message alone */
    struct sy_counts judged; /* the largest counts of the version that telemetry had */
    struct sy_counts answered; /* what the version answered to the traffic that was sent */
};

struct sy_drill {
    bool in_sandbox;
    char function[SY_FUNCTION_MAX + 1]; /* in the sandbox: one for each rehearsal */
    char alias[SY_ALIAS_MAX + 1];
    char good[SY_VERSION_MAX + 1];
    char bad[SY_VERSION_MAX + 1];
    int32_t threshold_bp;
    int64_t min_invocations;
    int64_t began_ms;
    int64_t ended_ms;
    struct sy_findings findings; /* of `check`, before the first rehearsal */
    struct sy_error traffic; /* why the traffic that the drill sends failed; SY_OK = it did not */
    bool nameless;           /* invocations were answered without X-Amz-Executed-Version */
    bool chosen[SY_REHEARSAL_COUNT]; /* those that this drill is of */
    struct sy_rehearsal rehearsals[SY_REHEARSAL_COUNT];
    struct sy_error back;   /* why the alias could not be put back; SY_OK = it could */
    struct sy_routing left; /* the alias at the end; primary "" = not known */
};

/* Nothing was run yet; all are chosen. */
void sy_drill_init(struct sy_drill *drill);
bool sy_drill_is_back(const struct sy_drill *drill); /* the alias is on the good version alone */
/* How many of the chosen ones; SY_REHEARSAL_RESULT_COUNT: whatever their result. */
int sy_drill_count(const struct sy_drill *drill, enum sy_rehearsal_result result);

/* One sentence for each failed rehearsal and each finding, each once; returns how many. 0: there is
 * nothing to fix. */
struct sy_drill_fixes {
    char list[SY_DRILL_FIXES_MAX][SY_DRILL_TEXT_MAX];
    size_t n;
};
void sy_drill_fix(const struct sy_drill *drill, struct sy_drill_fixes *ret);
/* What to do about one failed rehearsal. */
void sy_rehearsal_fix(const struct sy_drill *drill, enum sy_rehearsal_kind kind,
                      char ret[SY_DRILL_TEXT_MAX]);

/* As exact as a person wants it: 480 ms, 2.1s, 3m12s; buf of 32 bytes; returns buf. */
const char *sy_drill_duration(int64_t ms, char buf[32]);

/* Text, as it comes: what is there before the rehearsals, one of them, the end. */
void sy_drill_text_begin(FILE *to, const struct sy_drill *drill);
void sy_drill_text_rehearsal(FILE *to, const struct sy_drill *drill, enum sy_rehearsal_kind kind);
void sy_drill_text_end(FILE *to, const struct sy_drill *drill);
/* The last two of the JSON lines below, as objects; the caller releases them with
 * json_object_put(). */
struct json_object;
struct json_object *sy_rehearsal_object(const struct sy_drill *drill, enum sy_rehearsal_kind kind);
struct json_object *sy_drill_object(const struct sy_drill *drill);
/* JSON: one line a finding, one when a rehearsal begins and one when it has ended, the summary. The
 * caller frees it. */
char *sy_drill_json_finding(const struct sy_finding *finding)
    __attribute__((returns_nonnull, malloc));
char *sy_drill_json_began(enum sy_rehearsal_kind kind) __attribute__((returns_nonnull, malloc));
char *sy_drill_json_rehearsal(const struct sy_drill *drill, enum sy_rehearsal_kind kind)
    __attribute__((returns_nonnull, malloc));
char *sy_drill_json_end(const struct sy_drill *drill) __attribute__((returns_nonnull, malloc));
/* The whole report. */
struct sy_buffer;
void sy_drill_markdown(const struct sy_drill *drill, struct sy_buffer *to);

#endif
