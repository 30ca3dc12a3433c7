/* What follows from a report: its one word, its headline, why, and what to do now. */
#include "report/report.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

const char *sy_report_subject(const struct sy_report *report, char buf[SY_REPORT_SUBJECT_MAX]) {
    bool in_sandbox = report->drill && report->drill->in_sandbox;
    if (report->function[0])
        (void)snprintf(buf, SY_REPORT_SUBJECT_MAX, "%s:%s", report->function, report->alias);
    else
        (void)snprintf(buf, SY_REPORT_SUBJECT_MAX, "%s", in_sandbox ? "sandbox" : "steelyard");
    return buf;
}

static bool has_failed(const struct sy_report *report) {
    return report->error.code != SY_OK;
}

/* Refused: nothing was changed, and the same again is refused again. */
static bool is_refused(const struct sy_report *report) {
    return has_failed(report) && (report->exit_code == 2 || report->exit_code == 5);
}

static bool check_found_errors(const struct sy_report *report) {
    for (uint32_t i = 0; report->findings && i < report->findings->n; i++)
        if (report->findings->list[i].severity == SY_SEVERITY_ERROR)
            return true;
    return false;
}

static bool passed_all(const struct sy_drill *drill) {
    return sy_drill_count(drill, SY_REHEARSAL_PASSED) ==
           sy_drill_count(drill, SY_REHEARSAL_RESULT_COUNT);
}

/* Promoted and watched on: its end is not told yet, but what it comes to is. */
static bool is_in_lock_in(const struct sy_report *report) {
    return report->outcome == SY_OUTCOME_NONE && report->stages[report->n_stages].started_ms &&
           sy_routing_share(&report->routing, report->version) == 10000;
}

const char *sy_report_outcome(const struct sy_report *report) {
    static const char *const judged[SY_DECISION_COUNT] = {"INCONCLUSIVE", "HEALTHY", "UNHEALTHY",
                                                          "INCONCLUSIVE"};
    if (report->outcome != SY_OUTCOME_NONE)
        return sy_outcome_word(report->outcome);
    if (has_failed(report))
        return is_refused(report)                                        ? "REFUSED"
               : report->exit_code == sy_outcome_exit(SY_OUTCOME_HALTED) ? "HALTED"
                                                                         : "FAILED";
    if (report->drill)
        return passed_all(report->drill) ? "PASSED" : "FAILED";
    if (report->verify)
        return judged[report->verify->decision];
    if (report->plan)
        return report->plan->kind == SY_PLAN_UNCHANGED ? "UNCHANGED" : "PLANNED";
    if (report->findings)
        return check_found_errors(report) ? "REFUSED" : "CHECKED";
    if (!report->release_id[0])
        return "UNCHANGED";
    if (is_in_lock_in(report))
        return "PROMOTED";
    return report->signal ? "INTERRUPTED" : "RUNNING";
}

static bool was_asked_to_go_back(const struct sy_report *report) {
    return report->outcome == SY_OUTCOME_CANCELLED &&
           (strcmp(report->command, "rollback") == 0 || strcmp(report->command, "abort") == 0);
}

/* A settling that found nothing to do tells an end of before. */
static bool was_over_already(const struct sy_report *report) {
    return strcmp(report->command, "settle") == 0 && report->exit_code == 0;
}

enum sy_report_mood sy_report_mood(const struct sy_report *report) {
    static const char *const bad[] = {"ROLLED_BACK", "CANCELLED", "HALTED",
                                      "FAILED",      "REFUSED",   "UNHEALTHY"};
    static const char *const open[] = {"RUNNING", "HANDED_OFF"};
    static const char *const doubtful[] = {"PROMOTED_UNPROVEN", "PAUSED", "INCONCLUSIVE",
                                           "INTERRUPTED"};
    const char *outcome = sy_report_outcome(report);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (strcmp(outcome, bad[i]) == 0) /* a rollback that was asked for went as it should */
            return was_asked_to_go_back(report) ? SY_REPORT_GOOD
                   : was_over_already(report)   ? SY_REPORT_OPEN
                                                : SY_REPORT_BAD;
    for (size_t i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++)
        if (strcmp(outcome, doubtful[i]) == 0)
            return SY_REPORT_DOUBTFUL;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        if (strcmp(outcome, open[i]) == 0)
            return SY_REPORT_OPEN;
    return SY_REPORT_GOOD;
}

static const char *goal(const struct sy_report *report) {
    return report->baseline[0] ? report->baseline : "nothing";
}

static void under_way(const struct sy_report *report, char buf[SY_REPORT_TEXT_MAX]) {
    char weight[16];
    char at[24];
    int32_t share = sy_routing_share(&report->routing, report->version);
    (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s has %s of the traffic%s%s", report->version,
                   sy_percent_format(share, weight), report->until_ms ? " until " : "",
                   report->until_ms ? sy_time_format(report->until_ms, at) : "");
}

static bool release_headline(const struct sy_report *report, char buf[SY_REPORT_TEXT_MAX]) {
    const char *version = report->version;
    switch (report->outcome) {
    case SY_OUTCOME_PROMOTED:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s is promoted", version);
        return true;
    case SY_OUTCOME_PROMOTED_UNPROVEN:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX,
                       "Version %s is promoted, though too little came to judge it", version);
        return true;
    case SY_OUTCOME_UNCHANGED:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Nothing was to be done");
        return true;
    case SY_OUTCOME_HANDED_OFF:
        under_way(report, buf);
        return true;
    case SY_OUTCOME_ROLLED_BACK:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s was rolled back: all traffic is on %s",
                       version, goal(report));
        return true;
    case SY_OUTCOME_CANCELLED:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s was taken back: all traffic is on %s",
                       version, goal(report));
        return true;
    case SY_OUTCOME_SUPERSEDED:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX,
                       "Version %s had all traffic when a newer release began", version);
        return true;
    case SY_OUTCOME_PAUSED:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s is paused, and the traffic is split",
                       version);
        return true;
    case SY_OUTCOME_HALTED:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX,
                       "Halted: the alias is not as anybody intended, and a person is needed now");
        return true;
    case SY_OUTCOME_FAILED:
        (void)snprintf(buf, SY_REPORT_TEXT_MAX,
                       "Version %s could not be released, and the alias is as it was", version);
        return true;
    default:
        return false;
    }
}

static const char *error_headline(const struct sy_report *report) {
    bool halted = report->exit_code == sy_outcome_exit(SY_OUTCOME_HALTED);
    return halted               ? "Nobody knows how it ended"
           : is_refused(report) ? "Refused, and nothing was changed"
                                : "It could not be done";
}

const char *sy_report_headline(const struct sy_report *report, char buf[SY_REPORT_TEXT_MAX]) {
    const struct sy_report_verify *verify = report->verify;
    if (release_headline(report, buf))
        return buf;
    if (has_failed(report))
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "%s", error_headline(report));
    else if (report->drill)
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "%d of %d rehearsals passed",
                       sy_drill_count(report->drill, SY_REHEARSAL_PASSED),
                       sy_drill_count(report->drill, SY_REHEARSAL_RESULT_COUNT));
    else if (verify)
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s is %s", verify->version,
                       verify->decision == SY_DECISION_NONE ? "not judged"
                                                            : sy_decision_word(verify->decision));
    else if (report->plan && report->plan->kind == SY_PLAN_UNCHANGED)
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "The alias serves version %s already",
                       report->version);
    else if (report->plan && report->plan->kind == SY_PLAN_RESUME)
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "The release of version %s would go on",
                       report->version);
    else if (report->plan)
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s would be released, in place of %s",
                       report->version, goal(report));
    else if (report->findings)
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "%s",
                       check_found_errors(report) ? "A release would be refused"
                                                  : "Nothing stands in the way of a release");
    else if (is_in_lock_in(report))
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "Version %s is promoted, and watched on",
                       report->version);
    else if (report->release_id[0])
        under_way(report, buf);
    else
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "No release is on record");
    return buf;
}

const char *sy_report_why(const struct sy_report *report) {
    if (has_failed(report))
        return report->error.message;
    if (report->reason[0])
        return report->reason;
    return report->verify ? report->verify->text : "";
}

const char *sy_report_advice(const struct sy_report *report) {
    const char *outcome = sy_report_outcome(report);
    static const struct {
        const char *outcome, *advice;
    } table[] = {
        {"ROLLED_BACK", "Mend it and release the next version; the same one again needs `retry`."},
        {"CANCELLED", "To release the same version again, ask for it with `retry`."},
        {"PAUSED", "Look at it, then take it back with `abort`, or go on:"},
        {"HANDED_OFF", "Nobody watches it until it is gone on with:"},
        {"INTERRUPTED", "It was interrupted; see how it ended:"},
        {"RUNNING", "`abort` takes it back; see where it stands:"},
        {"HALTED", "Look at the alias, then send all traffic where it belongs:"},
        {"UNHEALTHY", "Send all traffic back to the baseline:"},
        {"PROMOTED_UNPROVEN", "Watch it, or judge it later, when there was traffic:"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(outcome, table[i].outcome) == 0)
            return table[i].advice;
    if (strcmp(outcome, "PROMOTED") == 0 && report->until_ms)
        return "Its lock-in goes on; once that is over, this judges it a last time:";
    return "";
}

const char *sy_report_advised_command(const struct sy_report *report,
                                      char buf[SY_REPORT_TEXT_MAX]) {
    static const struct {
        const char *outcome, *command;
    } table[] = {
        {"PAUSED", "resume"},
        {"HANDED_OFF", "resume"},
        {"RUNNING", "status"},
        {"INTERRUPTED", "status"},
        {"HALTED", "rollback"},
        {"UNHEALTHY", "rollback"},
        {"PROMOTED_UNPROVEN", "verify"},
    };
    const char *outcome = sy_report_outcome(report);
    const char *command = NULL;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(outcome, table[i].outcome) == 0)
            command = table[i].command;
    bool settles = strcmp(outcome, "PROMOTED") == 0 && report->until_ms;
    buf[0] = '\0';
    if (command || settles)
        (void)snprintf(buf, SY_REPORT_TEXT_MAX, "steelyard %s --function %s --alias %s",
                       settles ? "resume --settle" : command, report->function, report->alias);
    return buf;
}

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

const char *sy_report_stage_weight(const struct sy_report *report, uint32_t index, char buf[16]) {
    return sy_percent_format(index < report->n_stages ? report->stages[index].weight_bp : 10000,
                             buf);
}

const char *sy_report_stage_word(const struct sy_report *report, uint32_t index) {
    const struct sy_report_stage *stage = &report->stages[index];
    if (!stage->started_ms)
        return report->plan ? "planned" : "not reached";
    if (stage->decision != SY_DECISION_NONE)
        return sy_decision_word(stage->decision);
    if (index == report->n_stages)
        return stage->ended_ms ? "not judged" : "in lock-in";
    return stage->ended_ms ? "not judged" : "baking";
}
