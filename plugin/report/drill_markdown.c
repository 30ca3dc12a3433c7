/* A drill as Markdown, for a page of a CI job. */
#include "report/drill.h"

#include "base/memory.h"
#include "base/text.h"
#include "report/escape.h"

static void put_time(struct sy_buffer *to, int64_t ms) {
    char time[32];
    if (ms >= 0)
        sy_buffer_printf(to, "%s", sy_drill_duration(ms, time));
}

static void put_row(const struct sy_drill *drill, enum sy_rehearsal_kind kind,
                    struct sy_buffer *to) {
    const struct sy_rehearsal *rehearsal = &drill->rehearsals[kind];
    sy_buffer_printf(to, "| %s | ", sy_rehearsal_result_word(rehearsal->result));
    sy_put_markdown(to, sy_rehearsal_title(kind));
    sy_buffer_printf(to, " | ");
    sy_put_markdown(to, sy_rehearsal_expected(kind));
    sy_buffer_printf(to, " | ");
    sy_put_markdown(to, rehearsal->happened);
    sy_buffer_printf(to, " | ");
    put_time(to, rehearsal->took_ms);
    sy_buffer_printf(to, " | ");
    put_time(to, rehearsal->switch_ms);
    sy_buffer_printf(to, " | ");
    put_time(to, rehearsal->exposed_ms);
    sy_buffer_printf(to, " | ");
    if (rehearsal->failed_requests >= rehearsal->failed_at_least)
        sy_buffer_printf(to, "%s%lld", rehearsal->failed_at_least ? "at least " : "",
                         (long long)rehearsal->failed_requests);
    sy_buffer_printf(to, " |\n");
}

void sy_drill_markdown(const struct sy_drill *drill, struct sy_buffer *to) {
    SY_AUTO_FREE struct sy_drill_fixes *fixes = sy_calloc(1, sizeof *fixes);
    char at[24];
    char routing[80];
    sy_buffer_printf(to, "## Drill: %d of %d rehearsals passed\n\n",
                     sy_drill_count(drill, SY_REHEARSAL_PASSED),
                     sy_drill_count(drill, SY_REHEARSAL_RESULT_COUNT));
    if (drill->in_sandbox)
        sy_buffer_printf(to, "In a sandbox, %s.", sy_time_format(drill->began_ms, at));
    else
        sy_buffer_printf(to, "`%s:%s`, healthy version %s, failing version %s, %s.",
                         drill->function, drill->alias, drill->good, drill->bad,
                         sy_time_format(drill->began_ms, at));
    if (drill->left.primary[0])
        sy_buffer_printf(to, " At the end the alias is on %s.",
                         sy_routing_format(&drill->left, routing));
    sy_buffer_printf(to,
                     "\n\n| | rehearsed | expected | happened | took | switched in | after the "
                     "first bad traffic | failed requests |\n|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        if (drill->chosen[i])
            put_row(drill, (enum sy_rehearsal_kind)i, to);
    sy_drill_fix(drill, fixes);
    sy_buffer_printf(to, "\n### To fix\n\n");
    for (size_t i = 0; i < fixes->n; i++) {
        sy_buffer_printf(to, "%zu. ", i + 1);
        sy_put_markdown(to, fixes->list[i]);
        sy_buffer_printf(to, "\n");
    }
    if (!fixes->n)
        sy_buffer_printf(to, sy_drill_count(drill, SY_REHEARSAL_NOT_RUN)
                                 ? "Not all was rehearsed.\n"
                                 : "Nothing to fix.\n");
}
