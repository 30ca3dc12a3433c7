/* What follows from a report: its one word, its headline, why, and what to do now. */
#include "report/report.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Name, word, mood, what to do now, and the command that does it ("": none). */
#define CONCLUSIONS(X)                                                                             \
    X(PROMOTED, "PROMOTED", GOOD, "", "")                                                          \
    X(WATCHED, "PROMOTED", GOOD,                                                                   \
      "Its lock-in goes on; once that is over, this judges it a last time:", "resume --settle")    \
    X(UNPROVEN, "PROMOTED_UNPROVEN", DOUBTFUL,                                                     \
      "Watch it, or judge it later, when there was traffic:", "verify")                            \
    X(UNCHANGED, "UNCHANGED", GOOD, "", "")                                                        \
    X(HANDED_OFF, "HANDED_OFF", OPEN, "Where nobody drives it, this goes on with it:", "resume")   \
    X(ROLLED_BACK, "ROLLED_BACK", BAD,                                                             \
      "Mend it and release the next version; the same one again needs `retry`.", "")               \
    X(CANCELLED, "CANCELLED", BAD, "To release the same version again, ask for it with `retry`.",  \
      "")                                                                                          \
    X(NOT_BEGUN, "CANCELLED", BAD, "", "")                                                         \
    X(TAKEN_BACK, "CANCELLED", GOOD, "", "")                                                       \
    X(SUPERSEDED, "SUPERSEDED", GOOD, "", "")                                                      \
    X(PAUSED, "PAUSED", DOUBTFUL,                                                                  \
      "Look at it, then take it back with `abort`, or go on:", "resume")                           \
    X(HALTED, "HALTED", BAD,                                                                       \
      "Look at the alias, then send all traffic where it belongs:", "rollback")                    \
    X(HALTED_FIRST, "HALTED", BAD,                                                                 \
      "There is no version to go back to; look at the alias:", "status")                           \
    X(FAILED, "FAILED", BAD, "", "")                                                               \
    X(REFUSED, "REFUSED", BAD, "", "")                                                             \
    X(BROKEN, "FAILED", BAD, "", "")                                                               \
    X(LOST, "HALTED", BAD, "See how it stands:", "status")                                         \
    X(RUNNING, "RUNNING", OPEN, "`abort` takes it back; see where it stands:", "status")           \
    X(GOING_BACK, "RUNNING", DOUBTFUL, "It goes on with this, where nobody drives it:", "resume")  \
    X(MOVED, "RUNNING", DOUBTFUL, "Somebody else moved the alias; see where it stands:", "status") \
    X(INTERRUPTED, "INTERRUPTED", DOUBTFUL, "It was interrupted; see how it ended:", "status")     \
    X(PLANNED, "PLANNED", GOOD, "", "")                                                            \
    X(CHECKED, "CHECKED", GOOD, "", "")                                                            \
    X(OBSTRUCTED, "REFUSED", BAD, "", "")                                                          \
    X(HEALTHY, "HEALTHY", GOOD, "", "")                                                            \
    X(UNHEALTHY, "UNHEALTHY", BAD, "Send all traffic back to the baseline:", "rollback")           \
    X(INCONCLUSIVE, "INCONCLUSIVE", DOUBTFUL, "", "")                                              \
    X(PASSED, "PASSED", GOOD, "", "")                                                              \
    X(NOT_PASSED, "FAILED", BAD, "", "")
#define X(name, word, mood, advice, command) name,
enum conclusion { CONCLUSIONS(X) };
#undef X
static const struct {
    const char *word;
    enum sy_report_mood mood;
    const char *advice, *command;
} table[] = {
#define X(name, word, mood, advice, command) {word, SY_REPORT_##mood, advice, command},
    CONCLUSIONS(X)
#undef X
};

/* ---- which one ---- */

bool sy_report_settles(const struct sy_report *report) {
    return strcmp(report->command, "settle") == 0 || strcmp(report->command, "recover") == 0;
}

static bool goes_back_as_asked(const struct sy_report *report) {
    return strcmp(report->command, "rollback") == 0 || strcmp(report->command, "abort") == 0;
}

static bool has_moved(const struct sy_report *report) {
    for (uint32_t i = 0; i <= report->n_stages; i++)
        if (report->stages[i].started_ms)
            return true;
    return report->has_record; /* it was begun elsewhere */
}

static bool has_all(const struct sy_report *report) {
    return sy_routing_share(&report->routing, report->version) == 10000;
}

/* Of the outcome that the release, or this driver's part of it, came to. */
static enum conclusion of_outcome(const struct sy_report *report) {
    switch (report->outcome) {
    case SY_OUTCOME_PROMOTED:
        return report->until_ms ? WATCHED : PROMOTED;
    case SY_OUTCOME_PROMOTED_UNPROVEN:
        return UNPROVEN;
    case SY_OUTCOME_HANDED_OFF:
        return HANDED_OFF;
    case SY_OUTCOME_ROLLED_BACK:
        return ROLLED_BACK;
    case SY_OUTCOME_CANCELLED:
        return goes_back_as_asked(report) ? TAKEN_BACK : has_moved(report) ? CANCELLED : NOT_BEGUN;
    case SY_OUTCOME_SUPERSEDED:
        return SUPERSEDED;
    case SY_OUTCOME_PAUSED:
        return PAUSED;
    case SY_OUTCOME_HALTED:
        return report->baseline[0] ? HALTED : HALTED_FIRST;
    case SY_OUTCOME_FAILED:
        return FAILED;
    default:
        return UNCHANGED;
    }
}

/* Of a release that is not over: the record knows more than its events tell. */
static enum conclusion of_running(const struct sy_report *report) {
    bool promoted = report->has_record ? report->phase == SY_PHASE_LOCK_IN
                                       : report->stages[report->n_stages].started_ms != 0;
    if (report->signal)
        return INTERRUPTED;
    if (report->has_record && sy_phase_goes_back(report->phase))
        return GOING_BACK;
    if (promoted && !has_all(report))
        return MOVED;
    if (promoted)
        return report->unproven ? UNPROVEN : WATCHED;
    if (report->paused)
        return PAUSED;
    return report->handed_over && report->phase == SY_PHASE_BAKING ? HANDED_OFF : RUNNING;
}

static enum conclusion of_error(const struct sy_report *report) {
    if (report->exit_code == 2 || report->exit_code == 5)
        return REFUSED; /* the same again is refused again */
    return report->exit_code == sy_outcome_exit(SY_OUTCOME_HALTED) ? LOST : BROKEN;
}

static enum conclusion of_verify(const struct sy_report_verify *verify) {
    return verify->decision == SY_DECISION_HEALTHY     ? HEALTHY
           : verify->decision == SY_DECISION_UNHEALTHY ? UNHEALTHY
                                                       : INCONCLUSIVE;
}

static enum conclusion conclude(const struct sy_report *report) {
    if (report->outcome != SY_OUTCOME_NONE)
        return of_outcome(report);
    if (report->error.code != SY_OK)
        return of_error(report);
    if (report->drill && report->signal)
        return INTERRUPTED;
    if (report->drill)
        return report->exit_code == 0 ? PASSED : NOT_PASSED;
    if (report->verify)
        return of_verify(report->verify);
    if (report->plan)
        return report->plan->kind == SY_PLAN_UNCHANGED ? UNCHANGED : PLANNED;
    if (report->findings)
        return sy_findings_have_error(report->findings) ? OBSTRUCTED : CHECKED;
    if (report->release_id[0])
        return of_running(report);
    return report->signal ? INTERRUPTED : UNCHANGED;
}

const char *sy_report_outcome(const struct sy_report *report) {
    return table[conclude(report)].word;
}

bool sy_report_tells_of_before(const struct sy_report *report) {
    return sy_report_settles(report) && report->exit_code == 0 &&
           table[conclude(report)].mood == SY_REPORT_BAD;
}

enum sy_report_mood sy_report_mood(const struct sy_report *report) {
    return sy_report_tells_of_before(report) ? SY_REPORT_OPEN : table[conclude(report)].mood;
}

/* ---- in words ---- */

const char *sy_report_subject(const struct sy_report *report, char buf[SY_REPORT_SUBJECT_MAX]) {
    bool in_sandbox = report->drill && report->drill->in_sandbox;
    if (report->function[0])
        (void)snprintf(buf, SY_REPORT_SUBJECT_MAX, "%s:%s", report->function, report->alias);
    else
        (void)snprintf(buf, SY_REPORT_SUBJECT_MAX, "%s", in_sandbox ? "sandbox" : "steelyard");
    return buf;
}

static void put(char buf[SY_REPORT_TEXT_MAX], const char *fmt, ...) SY_PRINTF(2, 3);
static void put(char buf[SY_REPORT_TEXT_MAX], const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(buf, SY_REPORT_TEXT_MAX, fmt, args);
    va_end(args);
}

static void share_headline(const struct sy_report *report, char buf[SY_REPORT_TEXT_MAX]) {
    char weight[16];
    char at[24];
    bool late = report->until_ms && report->made_ms > report->until_ms;
    sy_percent_format(sy_routing_share(&report->routing, report->version), weight);
    if (!report->until_ms)
        put(buf, "Version %s has %s of the traffic", report->version, weight);
    else
        put(buf,
            late ? "Version %s has %s of the traffic; it was to be gone on with at %s"
                 : "Version %s has %s of the traffic until %s",
            report->version, weight, sy_time_format(report->until_ms, at));
}

/* Of what commands answer that move nothing. */
static void answer_headline(const struct sy_report *report, enum conclusion conclusion,
                            char buf[SY_REPORT_TEXT_MAX]) {
    const char *baseline = report->baseline[0] ? report->baseline : "nothing";
    if (conclusion == REFUSED)
        put(buf, report->settled_before ? "Refused, after a release that was left had been settled"
                                        : "Refused, and nothing was changed");
    else if (conclusion == BROKEN)
        put(buf, "It could not be done");
    else if (conclusion == LOST)
        put(buf, "Nobody knows how it ended");
    else if (report->drill)
        put(buf, "%d of %d rehearsals passed", sy_drill_count(report->drill, SY_REHEARSAL_PASSED),
            sy_drill_count(report->drill, SY_REHEARSAL_RESULT_COUNT));
    else if (report->verify)
        put(buf, "Version %s is %s", report->version,
            conclusion == HEALTHY     ? "healthy"
            : conclusion == UNHEALTHY ? "unhealthy"
                                      : "not judged: there is too little data");
    else if (conclusion == CHECKED || conclusion == OBSTRUCTED)
        put(buf, conclusion == CHECKED ? "Nothing stands in the way of a release"
                                       : "A release would be refused");
    else if (report->plan && report->plan->kind == SY_PLAN_RESUME)
        put(buf, "The release of version %s would go on", report->version);
    else if (conclusion == PLANNED)
        put(buf, "Version %s would be released, in place of %s", report->version, baseline);
    else if (report->plan)
        put(buf, "The alias serves version %s already", report->version);
    else if (report->release_id[0] || report->outcome != SY_OUTCOME_NONE)
        put(buf, "Nothing was to be done");
    else
        put(buf, "No release is on record");
}

const char *sy_report_headline(const struct sy_report *report, char buf[SY_REPORT_TEXT_MAX]) {
    const char *version = report->version;
    const char *baseline = report->baseline[0] ? report->baseline : "nothing";
    enum conclusion conclusion = conclude(report);
    char routing[80];
    bool watch_is_over = report->until_ms && report->made_ms > report->until_ms;
    switch (conclusion) {
    case PROMOTED:
        put(buf, "Version %s is promoted", version);
        break;
    case WATCHED:
        put(buf,
            watch_is_over ? "Version %s is promoted; its lock-in is over, and not closed yet"
                          : "Version %s is promoted, and watched on",
            version);
        break;
    case UNPROVEN:
        put(buf, "Version %s is promoted, though too little came to judge it", version);
        break;
    case ROLLED_BACK:
        put(buf, "Version %s was rolled back: all traffic is on %s", version, baseline);
        break;
    case CANCELLED:
    case TAKEN_BACK:
        put(buf, "Version %s was taken back: all traffic is on %s", version, baseline);
        break;
    case NOT_BEGUN:
        put(buf, "Version %s was not released: it was stopped before anything moved", version);
        break;
    case SUPERSEDED:
        put(buf, "Version %s had all traffic when a newer release began", version);
        break;
    case PAUSED:
        put(buf, "Version %s is paused, and the traffic is split", version);
        break;
    case HALTED:
    case HALTED_FIRST:
        put(buf, "Halted: the alias is not as anybody intended, and a person is needed now");
        break;
    case FAILED:
        put(buf, "Version %s could not be released, and the alias is as it was", version);
        break;
    case GOING_BACK:
        put(buf, "Version %s is on its way back to %s", version, baseline);
        break;
    case MOVED:
        put(buf, "The alias is at %s, though version %s was promoted",
            sy_routing_format(&report->routing, routing), version);
        break;
    case HANDED_OFF:
    case RUNNING:
        share_headline(report, buf);
        break;
    case INTERRUPTED:
        if (report->routing.primary[0])
            share_headline(report, buf);
        else
            put(buf, "Interrupted before anything was known to have moved");
        break;
    default:
        answer_headline(report, conclusion, buf);
        break;
    }
    return buf;
}

const char *sy_report_why(const struct sy_report *report) {
    if (report->error.code != SY_OK && report->outcome == SY_OUTCOME_NONE)
        return report->error.message;
    if (report->reason[0])
        return report->reason;
    return report->verify ? report->verify->text : "";
}

const char *sy_report_advice(const struct sy_report *report) {
    return table[conclude(report)].advice;
}

const char *sy_report_advised_command(const struct sy_report *report,
                                      char buf[SY_REPORT_TEXT_MAX]) {
    const char *command = table[conclude(report)].command;
    buf[0] = '\0';
    if (command[0])
        put(buf, "steelyard %s --function %s --alias %s%s%s%s%s", command, report->function,
            report->alias, report->region ? " --region " : "", report->region ? report->region : "",
            report->profile ? " --profile " : "", report->profile ? report->profile : "");
    return buf;
}

/* ---- in numbers ---- */

uint32_t sy_report_failed_stage(const struct sy_report *report) {
    for (uint32_t i = 0; i <= report->n_stages; i++)
        if (report->stages[i].decision == SY_DECISION_UNHEALTHY)
            return i + 1;
    return 0;
}

int64_t sy_report_rate_bp(const struct sy_report *report) {
    if (report->verify)
        return sy_rate_bp(report->verify->canary);
    for (uint32_t i = report->n_stages + 1; i > 0; i--) {
        const struct sy_report_stage *stage = &report->stages[i - 1];
        if (stage->decision != SY_DECISION_NONE)
            return sy_rate_bp(stage->canary);
    }
    return -1;
}

size_t sy_report_last_events(const struct sy_report *report, size_t max) {
    size_t first = report->n_events;
    for (size_t told = 0; first > 0; first--) {
        told += report->events[first - 1].kind != SY_EVENT_OBSERVED;
        if (told > max)
            break;
    }
    return first;
}

const char *sy_report_stage_weight(const struct sy_report *report, uint32_t index, char buf[16]) {
    return sy_percent_format(index < report->n_stages ? report->stages[index].weight_bp : 10000,
                             buf);
}

const char *sy_report_stage_word(const struct sy_report *report, uint32_t index) {
    const struct sy_report_stage *stage = &report->stages[index];
    if (!stage->started_ms)
        return report->plan ? "planned" : "not reached";
    if (stage->decision == SY_DECISION_INCONCLUSIVE && !stage->ended_ms)
        return "extended";
    if (stage->decision != SY_DECISION_NONE)
        return sy_decision_word(stage->decision);
    if (stage->ended_ms)
        return "not judged";
    return report->paused ? "paused" : index == report->n_stages ? "in lock-in" : "baking";
}
