/* The page's part of what plan, check and verify answered. */
#include "report/html_answers.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/page.h"

void sy_put_planned_stages(const struct sy_plan *plan, struct sy_buffer *to) {
    char weight[16];
    sy_buffer_puts(to, "<h2>Stages</h2>\n");
    sy_page_open_table(to, "Planned stages");
    sy_page_column(to, "", "Stage");
    sy_page_column(to, "n", "Weight");
    sy_page_column(to, "n", "Bake");
    sy_page_column(to, "n", "Invocations to expect");
    sy_page_open_rows(to);
    for (uint32_t i = 0; i <= plan->spec.n_stages; i++) {
        bool last = i == plan->spec.n_stages;
        sy_page_open_row(to);
        if (last)
            sy_buffer_puts(to, "Lock-in");
        else
            sy_buffer_printf(to, "Stage %u", i + 1);
        sy_buffer_puts(to, "</th>");
        sy_page_open_cell(to, "n", "Weight");
        sy_buffer_puts(to,
                       sy_percent_format(last ? 10000 : plan->spec.stages[i].weight_bp, weight));
        sy_page_close_cell(to);
        sy_page_open_cell(to, "n", "Bake");
        sy_page_duration(to, last ? plan->spec.lock_in_ms : plan->spec.stages[i].bake_ms);
        sy_page_close_cell(to);
        sy_page_open_cell(to, last ? "n none" : "n", "Invocations");
        if (!last && plan->expected[i] < 0)
            sy_buffer_puts(to, "unknown");
        else if (!last) {
            sy_buffer_puts(to, "about ");
            sy_page_number(to, plan->expected[i]);
        }
        sy_page_close_cell(to);
        sy_buffer_puts(to, "</tr>\n");
    }
    sy_page_close_table(to);
}

void sy_put_warnings(const struct sy_plan *plan, struct sy_buffer *to) {
    if (!plan->n_warnings)
        return;
    sy_buffer_puts(to, "<h2>Warnings</h2>\n<ul>\n");
    for (uint32_t i = 0; i < plan->n_warnings; i++) {
        sy_buffer_puts(to, "<li>");
        sy_page_mark(to, "doubtful");
        sy_page_foreign(to, plan->warnings[i]);
        sy_buffer_puts(to, "</li>\n");
    }
    sy_buffer_puts(to, "</ul>\n");
}

void sy_put_findings(const struct sy_findings *findings, struct sy_buffer *to) {
    static const char *const marks[SY_SEVERITY_COUNT] = {"good", "doubtful", "bad", "unknown"};
    sy_buffer_puts(to, "<h2>Findings</h2>\n");
    sy_page_open_table(to, "Findings");
    sy_page_column(to, "", "Severity");
    sy_page_column(to, "", "Found");
    sy_page_column(to, "", "What to do");
    sy_page_open_rows(to);
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct sy_finding *finding = &findings->list[i];
        sy_page_open_row(to);
        sy_page_mark(to, marks[finding->severity]);
        sy_buffer_printf(to, "%s</th>", sy_severity_word(finding->severity));
        sy_page_open_cell(to, "", "");
        sy_page_foreign(to, finding->text);
        sy_page_close_cell(to);
        sy_page_open_cell(to, finding->fix[0] ? "" : "none", "");
        sy_page_foreign(to, finding->fix);
        sy_page_close_cell(to);
        sy_buffer_puts(to, "</tr>\n");
    }
    sy_page_close_table(to);
}

static void put_verified(struct sy_buffer *to, const char *version, const char *what,
                         struct sy_counts counts) {
    sy_page_open_row(to);
    sy_put_xml(to, version);
    sy_buffer_printf(to, "%s</th>", what);
    sy_page_counts_cells(to, true, counts);
    sy_buffer_puts(to, "</tr>\n");
}

void sy_put_verify(const struct sy_report_verify *verify, struct sy_buffer *to) {
    sy_buffer_puts(to, "<h2>Telemetry</h2>\n<p>");
    sy_page_time(to, verify->from_ms, true);
    sy_buffer_puts(to, " to ");
    sy_page_time(to, verify->to_ms, true);
    sy_buffer_puts(to, " UTC</p>\n");
    sy_page_open_table(to, "Telemetry");
    sy_page_column(to, "", "Version");
    sy_page_counts_columns(to);
    sy_page_open_rows(to);
    put_verified(to, verify->version, "", verify->canary);
    if (verify->baseline[0])
        put_verified(to, verify->baseline, " (baseline)", verify->other);
    sy_page_close_table(to);
}

static void put_rehearsal_time(struct sy_buffer *to, const char *name, int64_t ms) {
    char time[32];
    sy_page_open_cell(to, ms < 0 ? "n none" : "n", name);
    sy_buffer_puts(to, ms < 0 ? "" : sy_drill_duration(ms, time));
    sy_page_close_cell(to);
}

static void put_rehearsal(const struct sy_drill *drill, enum sy_rehearsal_kind kind,
                          struct sy_buffer *to) {
    static const char *const marks[SY_REHEARSAL_RESULT_COUNT] = {"unknown", "good", "bad"};
    const struct sy_rehearsal *rehearsal = &drill->rehearsals[kind];
    sy_page_open_row(to);
    sy_page_mark(to, marks[rehearsal->result]);
    sy_buffer_printf(to, "%s</th>", sy_rehearsal_result_word(rehearsal->result));
    sy_page_open_cell(to, "", "Rehearsed");
    sy_page_foreign(to, sy_rehearsal_title(kind));
    sy_page_close_cell(to);
    sy_page_open_cell(to, "", "Expected");
    sy_page_foreign(to, sy_rehearsal_expected(kind));
    sy_page_close_cell(to);
    sy_page_open_cell(to, rehearsal->happened[0] ? "" : "none", "Happened");
    sy_page_foreign(to, rehearsal->happened);
    sy_page_close_cell(to);
    put_rehearsal_time(to, "Took", rehearsal->took_ms);
    put_rehearsal_time(to, "Switched in", rehearsal->switch_ms);
    sy_buffer_puts(to, "</tr>\n");
}

static void put_fixes(const struct sy_drill *drill, struct sy_buffer *to) {
    SY_AUTO_FREE struct sy_drill_fixes *fixes = sy_calloc(1, sizeof *fixes);
    sy_drill_fix(drill, fixes);
    sy_buffer_puts(to, "<h2>To fix</h2>\n");
    if (!fixes->n)
        sy_buffer_puts(to, sy_drill_count(drill, SY_REHEARSAL_NOT_RUN)
                               ? "<p>Not all was rehearsed.</p>\n"
                               : "<p>Nothing to fix.</p>\n");
    if (fixes->n)
        sy_buffer_puts(to, "<ul>\n");
    for (size_t i = 0; i < fixes->n; i++) {
        sy_buffer_puts(to, "<li>");
        sy_page_foreign(to, fixes->list[i]);
        sy_buffer_puts(to, "</li>\n");
    }
    if (fixes->n)
        sy_buffer_puts(to, "</ul>\n");
}

void sy_put_rehearsals(const struct sy_drill *drill, struct sy_buffer *to) {
    sy_buffer_puts(to, "<h2>Rehearsals</h2>\n");
    sy_page_open_table(to, "Rehearsals");
    sy_page_column(to, "", "Result");
    sy_page_column(to, "", "Rehearsed");
    sy_page_column(to, "", "Expected");
    sy_page_column(to, "", "Happened");
    sy_page_column(to, "n", "Took");
    sy_page_column(to, "n", "Switched in");
    sy_page_open_rows(to);
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        if (drill->chosen[i])
            put_rehearsal(drill, (enum sy_rehearsal_kind)i, to);
    sy_page_close_table(to);
    put_fixes(drill, to);
}
