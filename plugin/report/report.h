/* The report of one command on one alias: gathered from events while they happen, or later from the
 * record's history, and written by the faces (face.h). Pure: no clock and no I/O.
 *
 * Units as in core: milliseconds (Unix time), basis points. */
#ifndef SY_REPORT_REPORT_H
#define SY_REPORT_REPORT_H

#include "core/plan.h"
#include "core/verdict.h"
#include "report/drill.h"

enum {
    SY_REPORT_EVENTS_MAX = 4096, /* beyond it, observations and then the newest are left out */
    SY_REPORT_POINTS_MAX = 1440,
    SY_REPORT_TEXT_MAX = 400,
};

/* A stage as it went. */
struct sy_report_stage {
    int32_t weight_bp;
    int64_t bake_ms;    /* planned; of [n_stages]: the lock-in */
    int64_t started_ms; /* 0 = not reached */
    int64_t ended_ms;   /* 0 = goes on, or was not reached */
    enum sy_decision decision;
    bool observed;                 /* the counts are known */
    struct sy_counts canary;       /* within the window of the last look */
    struct sy_counts other;        /* the baseline; nothing when it is not known */
    char text[SY_REASON_MAX + 56]; /* why it was judged so */
};

/* What a window that ends at at_ms holds. */
struct sy_report_point {
    int64_t at_ms;
    struct sy_counts canary;
    struct sy_counts other;
};

struct sy_report {
    char command[16]; /* apply, plan, … */
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    const char *region; /* for the commands that are advised; NULL: none. Borrowed */
    const char *profile;
    int64_t made_ms;       /* when the report was made */
    int exit_code;         /* of the command */
    int signal;            /* that interrupted it; 0 = none */
    struct sy_error error; /* why it could not be; .code SY_OK: it could */

    /* The release; release_id "" = there is none. */
    char release_id[40];
    char baseline[SY_VERSION_MAX + 1]; /* "" = a first release */
    char version[SY_VERSION_MAX + 1];
    struct sy_report_stage stages[SY_STAGES_MAX + 1]; /* [n_stages] = at 100 % */
    uint32_t n_stages;
    int32_t threshold_bp;
    int64_t window_ms;
    int64_t period_ms;         /* of a datapoint; 0 = not known */
    int64_t min_invocations;   /* -1 = not known */
    int64_t begun_ms;          /* 0 = it has not */
    int64_t ended_ms;          /* of the last event that finished; 0 = it goes on */
    int64_t until_ms;          /* end of the bake or lock-in under way; 0 = none */
    struct sy_routing routing; /* as last told; primary "" = not told */
    struct sy_routing seen;    /* as read now, which counts more; primary "" = not read */
    enum sy_outcome outcome;
    /* As the record has it, when it was read; has_record: it was. */
    bool has_record;
    enum sy_phase phase;
    bool handed_over, paused, unproven;
    bool settled_before; /* a release that was left was settled before this command */
    char reason[SY_REASON_MAX + 56];
    struct sy_release_event *events; /* in the order in which they happened */
    size_t n_events, events_capacity;
    struct sy_report_point *points; /* error rates over time, oldest first */
    size_t n_points, points_capacity;

    /* What another command answered; NULL = it was not asked. */
    struct sy_plan *plan;
    struct sy_findings *findings;
    struct sy_report_verify *verify;
    struct sy_drill *drill;
};

/* The answer of `verify`. */
struct sy_report_verify {
    char version[SY_VERSION_MAX + 1];
    char baseline[SY_VERSION_MAX + 1];
    enum sy_decision decision;
    struct sy_counts canary, other;
    int64_t from_ms, to_ms;
    int32_t threshold_bp;
    char text[SY_REASON_MAX + 1];
};

void sy_report_init(struct sy_report *report, const char *command, const char *function,
                    const char *alias);
void sy_report_finish(struct sy_report *report);

/* Of the release nothing is known any more. */
void sy_report_forget(struct sy_report *report);
/* What is known of the release before it begins, or from its record. */
void sy_report_spec(struct sy_report *report, const struct sy_spec *spec);
void sy_report_event(struct sy_report *report, const struct sy_release_event *event);
/* What the record tells of the time before the first event: those of its events that are older are
 * put in front. versions: newest first, as a store has them; those of other releases are left
 * aside. */
void sy_report_history(struct sy_report *report, const struct sy_stored_version *versions,
                       size_t n);
/* The telemetry of the release's whole time, which is better than what was observed on the way:
 * the points become the rolling windows over these samples, and a stage gets the baseline's counts
 * that the record does not keep. Oldest first, each of one period; asked for until until_ms. */
void sy_report_samples(struct sy_report *report, const struct sy_sample *samples, size_t n,
                       int64_t period_ms, int64_t until_ms);
/* The alias and the record as read now; before sy_report_history(). */
void sy_report_facts(struct sy_report *report, const struct sy_facts *facts);
void sy_report_plan(struct sy_report *report, const struct sy_plan *plan);
void sy_report_findings(struct sy_report *report, const struct sy_findings *findings);
void sy_report_verify(struct sy_report *report, const struct sy_report_verify *verify);
void sy_report_drill(struct sy_report *report, const struct sy_drill *drill);
void sy_report_error(struct sy_report *report, const struct sy_error *error);

/* ---- what follows from it ---- */

/* One word: the release's outcome, or PLANNED, HEALTHY, …, REFUSED, FAILED (adapters/CONTRACT.md).
 */
const char *sy_report_outcome(const struct sy_report *report);
/* Good, bad, not known yet, or to be looked at: what a reader should see first. */
enum sy_report_mood { SY_REPORT_GOOD, SY_REPORT_OPEN, SY_REPORT_DOUBTFUL, SY_REPORT_BAD };
enum sy_report_mood sy_report_mood(const struct sy_report *report);
/* Is its command one that only does what is left to do: settle, recover? */
bool sy_report_settles(const struct sy_report *report);
/* It tells an end of before, which was told then: nothing failed now. */
bool sy_report_tells_of_before(const struct sy_report *report);
/* What it is about: "checkout:production"; of a drill without a function "sandbox"; "steelyard"
 * when the names are none. buf of 256 bytes; returns buf. */
enum { SY_REPORT_SUBJECT_MAX = 256 };
const char *sy_report_subject(const struct sy_report *report, char buf[SY_REPORT_SUBJECT_MAX]);
/* One sentence, such as "Version 42 was rolled back to 41"; buf of SY_REPORT_TEXT_MAX bytes. */
const char *sy_report_headline(const struct sy_report *report, char buf[SY_REPORT_TEXT_MAX]);
/* Why, in one sentence: of the error, the outcome or the judgement; "" = there is nothing to say.
 */
const char *sy_report_why(const struct sy_report *report);
/* What to do now, one sentence; and the command that does it, "" = none. */
const char *sy_report_advice(const struct sy_report *report);
const char *sy_report_advised_command(const struct sy_report *report, char buf[SY_REPORT_TEXT_MAX]);
/* The stage that was unhealthy, from 1; 0 = none. */
uint32_t sy_report_failed_stage(const struct sy_report *report);
/* The error rate of the last verdict, basis points; -1 = not known. */
int64_t sy_report_rate_bp(const struct sy_report *report);
/* Where the last max events begin that are no observations. */
size_t sy_report_last_events(const struct sy_report *report, size_t max);
/* "10%", or "100%" of the last; buf of 16 bytes. */
const char *sy_report_stage_weight(const struct sy_report *report, uint32_t index, char buf[16]);
/* "healthy", …, "baking", "not reached": a stage in words. */
const char *sy_report_stage_word(const struct sy_report *report, uint32_t index);

#endif
