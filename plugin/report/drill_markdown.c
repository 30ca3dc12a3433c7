/* A drill as Markdown, for a page of a CI job. */
#include "report/drill.h"

#include "base/memory.h"
#include "base/text.h"

/* Inside a table's cell. */
static void put_cell(FILE *to, const char *text) {
    for (; *text; text++) {
        if (*text == '|' || *text == '<' || *text == '\\' || *text == '`' || *text == '*' ||
            *text == '_' || *text == '[')
            (void)fputc('\\', to);
        (void)fputc(*text == '\n' ? ' ' : *text, to);
    }
}

static void put_time(FILE *to, int64_t ms) {
    char time[32];
    if (ms >= 0)
        (void)fprintf(to, "%s", sy_drill_duration(ms, time));
}

static void put_row(FILE *to, const struct sy_drill *drill, enum sy_rehearsal_kind kind) {
    const struct sy_rehearsal *rehearsal = &drill->rehearsals[kind];
    (void)fprintf(to, "| %s | ", sy_rehearsal_result_word(rehearsal->result));
    put_cell(to, sy_rehearsal_title(kind));
    (void)fprintf(to, " | ");
    put_cell(to, sy_rehearsal_expected(kind));
    (void)fprintf(to, " | ");
    put_cell(to, rehearsal->happened);
    (void)fprintf(to, " | ");
    put_time(to, rehearsal->took_ms);
    (void)fprintf(to, " | ");
    put_time(to, rehearsal->switch_ms);
    (void)fprintf(to, " | ");
    put_time(to, rehearsal->exposed_ms);
    (void)fprintf(to, " | ");
    if (rehearsal->failed_requests >= rehearsal->failed_at_least)
        (void)fprintf(to, "%s%lld", rehearsal->failed_at_least ? "at least " : "",
                      (long long)rehearsal->failed_requests);
    (void)fprintf(to, " |\n");
}

void sy_drill_markdown(FILE *to, const struct sy_drill *drill) {
    SY_AUTO_FREE struct sy_drill_fixes *fixes = sy_calloc(1, sizeof *fixes);
    char at[24];
    char routing[80];
    (void)fprintf(to, "## Drill: %d of %d rehearsals passed\n\n",
                  sy_drill_count(drill, SY_REHEARSAL_PASSED),
                  sy_drill_count(drill, SY_REHEARSAL_RESULT_COUNT));
    if (drill->in_sandbox)
        (void)fprintf(to, "In a sandbox, %s.", sy_time_format(drill->began_ms, at));
    else
        (void)fprintf(to, "`%s:%s`, healthy version %s, failing version %s, %s.", drill->function,
                      drill->alias, drill->good, drill->bad, sy_time_format(drill->began_ms, at));
    if (drill->left.primary[0])
        (void)fprintf(to, " At the end the alias is on %s.",
                      sy_routing_format(&drill->left, routing));
    (void)fprintf(to, "\n\n| | rehearsed | expected | happened | took | switched in | after the "
                      "first bad traffic | failed requests |\n|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        if (drill->chosen[i])
            put_row(to, drill, (enum sy_rehearsal_kind)i);
    sy_drill_fix(drill, fixes);
    (void)fprintf(to, "\n### To fix\n\n");
    for (size_t i = 0; i < fixes->n; i++) {
        (void)fprintf(to, "%zu. ", i + 1);
        put_cell(to, fixes->list[i]);
        (void)fprintf(to, "\n");
    }
    if (!fixes->n)
        (void)fprintf(to, sy_drill_count(drill, SY_REHEARSAL_NOT_RUN) ? "Not all was rehearsed.\n"
                                                                      : "Nothing to fix.\n");
}
