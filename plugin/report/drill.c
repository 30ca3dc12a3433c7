/* A drill as text. */
#include "report/drill.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>

#define X(name, word, title, expected) {word, title, expected},
static const struct { const char *word, *title, *expected; } rehearsals[] = {SY_REHEARSALS(X)};
#undef X

const char *sy_rehearsal_word(enum sy_rehearsal_kind kind) {
    return rehearsals[kind].word;
}

const char *sy_rehearsal_title(enum sy_rehearsal_kind kind) {
    return rehearsals[kind].title;
}

const char *sy_rehearsal_expected(enum sy_rehearsal_kind kind) {
    return rehearsals[kind].expected;
}

const char *sy_rehearsal_result_word(enum sy_rehearsal_result result) {
#define X(name, word) word,
    static const char *const words[] = {SY_REHEARSAL_RESULTS(X)};
#undef X
    return words[result];
}

void sy_drill_init(struct sy_drill *drill) {
    *drill = (struct sy_drill){0};
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++) {
        drill->chosen[i] = true;
        drill->rehearsals[i] = (struct sy_rehearsal){.took_ms = -1,
                                                     .switch_ms = -1,
                                                     .exposed_ms = -1,
                                                     .failed_requests = -1,
                                                     .answered = {-1, -1}};
    }
}

bool sy_drill_is_back(const struct sy_drill *drill) {
    return drill->in_sandbox ||
           (!drill->left.additional[0] && strcmp(drill->left.primary, drill->good) == 0);
}

int sy_drill_count(const struct sy_drill *drill, enum sy_rehearsal_result result) {
    int n = 0;
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        n += drill->chosen[i] &&
             (result == SY_REHEARSAL_RESULT_COUNT || drill->rehearsals[i].result == result);
    return n;
}

/* ---- text ---- */

void sy_drill_text_begin(FILE *to, const struct sy_drill *drill) {
    if (drill->in_sandbox)
        (void)fprintf(to, "drill in a sandbox: no AWS account is touched\n");
    else
        (void)fprintf(to, "drill of %s:%s, healthy version %s, failing version %s\n",
                      drill->function, drill->alias, drill->good, drill->bad);
    for (uint32_t i = 0; i < drill->findings.n; i++) {
        const struct sy_finding *finding = &drill->findings.list[i];
        if (finding->severity != SY_SEVERITY_OK)
            (void)fprintf(to, "  %-8s %s\n", sy_severity_word(finding->severity), finding->text);
    }
    (void)fprintf(to, "%11s%-17s%6s %8s %8s %6s  outcome\n", "", "rehearsal", "took", "switch",
                  "exposed", "failed");
}

const char *sy_drill_duration(int64_t ms, char buf[32]) {
    if (ms >= 1000)
        return sy_duration_format(ms - ms % (ms < SY_MINUTE_MS ? 100 : 1000), buf);
    (void)snprintf(buf, 32, "%lld ms", (long long)ms);
    return buf;
}

/* "-" where it is not known. */
static void put_time(FILE *to, int width, int64_t ms) {
    char time[32] = "-";
    if (ms >= 0)
        (void)sy_drill_duration(ms, time);
    (void)fprintf(to, "%*s ", width, time);
}

static void put_failed(FILE *to, const struct sy_rehearsal *rehearsal) {
    char failed[32] = "-";
    if (rehearsal->failed_requests >= rehearsal->failed_at_least)
        (void)snprintf(failed, sizeof failed, "%lld%s", (long long)rehearsal->failed_requests,
                       rehearsal->failed_at_least ? "+" : "");
    (void)fprintf(to, "%6s  ", failed);
}

void sy_drill_text_rehearsal(FILE *to, const struct sy_drill *drill, enum sy_rehearsal_kind kind) {
    const struct sy_rehearsal *rehearsal = &drill->rehearsals[kind];
    bool passed = rehearsal->result == SY_REHEARSAL_PASSED;
    (void)fprintf(to, "  %-8s %-17s", sy_rehearsal_result_word(rehearsal->result),
                  sy_rehearsal_word(kind));
    put_time(to, 6, rehearsal->took_ms);
    put_time(to, 8, rehearsal->switch_ms);
    put_time(to, 8, rehearsal->exposed_ms);
    put_failed(to, rehearsal);
    (void)fprintf(to, "%s\n", passed ? rehearsal->happened : "");
    if (rehearsal->result == SY_REHEARSAL_FAILED)
        (void)fprintf(to, "           %s\n           expected: %s\n           happened: %s\n",
                      sy_rehearsal_title(kind), sy_rehearsal_expected(kind), rehearsal->happened);
}

void sy_drill_text_end(FILE *to, const struct sy_drill *drill) {
    SY_AUTO_FREE struct sy_drill_fixes *fixes = sy_calloc(1, sizeof *fixes);
    char routing[80];
    int not_run = sy_drill_count(drill, SY_REHEARSAL_NOT_RUN);
    char time[32];
    (void)fprintf(to, "%d of %d passed in %s", sy_drill_count(drill, SY_REHEARSAL_PASSED),
                  sy_drill_count(drill, SY_REHEARSAL_RESULT_COUNT),
                  sy_drill_duration(drill->ended_ms - drill->began_ms, time));
    if (not_run)
        (void)fprintf(to, ", %d not run", not_run);
    if (drill->left.primary[0])
        (void)fprintf(to, "; the alias is on %s", sy_routing_format(&drill->left, routing));
    (void)fprintf(to, "\n");
    sy_drill_fix(drill, fixes);
    if (fixes->n)
        (void)fprintf(to, "To fix:\n");
    else if (!not_run)
        (void)fprintf(to, "Nothing to fix.\n");
    for (size_t i = 0; i < fixes->n; i++)
        (void)fprintf(to, "  %zu. %s\n", i + 1, fixes->list[i]);
}
