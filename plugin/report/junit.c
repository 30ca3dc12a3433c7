/* JUnit XML as GitLab and most CI servers read it: a test case a stage; what came before the first
 * one, or instead of it, is a case of the command. */
#include "base/text.h"
#include "report/escape.h"
#include "report/face.h"

static void put_seconds(struct sy_buffer *to, int64_t ms) {
    sy_buffer_printf(to, "%lld.%03lld", (long long)ms / 1000, (long long)ms % 1000);
}

static void open_case(struct sy_buffer *to, const struct sy_report *report, const char *name,
                      int64_t took_ms) {
    char subject[SY_REPORT_SUBJECT_MAX];
    sy_buffer_puts(to, "    <testcase classname=\"");
    sy_put_xml(to, sy_report_subject(report, subject));
    sy_buffer_puts(to, "\" name=\"");
    sy_put_xml(to, name);
    sy_buffer_puts(to, "\" time=\"");
    put_seconds(to, took_ms > 0 ? took_ms : 0);
    sy_buffer_puts(to, "\">\n");
}

static void put_element(struct sy_buffer *to, const char *element, const char *text) {
    sy_buffer_printf(to, "      <%s message=\"", element);
    sy_put_xml(to, text);
    sy_buffer_printf(to, "\">");
    sy_put_xml(to, text);
    sy_buffer_printf(to, "</%s>\n", element);
}

static int64_t took(const struct sy_report *report, const struct sy_report_stage *stage) {
    int64_t end_ms = stage->ended_ms ? stage->ended_ms : report->made_ms;
    return stage->started_ms ? end_ms - stage->started_ms : 0;
}

static void put_stage(struct sy_buffer *to, const struct sy_report *report, uint32_t i) {
    const struct sy_report_stage *stage = &report->stages[i];
    char weight[16];
    SY_AUTO_FREE char *name =
        i < report->n_stages
            ? sy_asprintf("stage %u at %s", i + 1, sy_report_stage_weight(report, i, weight))
            : sy_asprintf("all traffic");
    open_case(to, report, name, took(report, stage));
    if (stage->decision == SY_DECISION_UNHEALTHY)
        put_element(to, "failure", stage->text);
    else if (!stage->started_ms)
        put_element(to, "skipped", "not reached");
    else if (stage->decision == SY_DECISION_NONE && i < report->n_stages)
        put_element(to, "skipped", "not judged");
    else if (stage->decision == SY_DECISION_INCONCLUSIVE)
        put_element(to, "skipped", stage->text);
    sy_buffer_puts(to, "    </testcase>\n");
}

static unsigned put_rehearsals(struct sy_buffer *to, const struct sy_report *report, bool write,
                               unsigned *skipped) {
    const struct sy_drill *drill = report->drill;
    unsigned failed = 0;
    for (int i = 0; drill && i < SY_REHEARSAL_COUNT; i++) {
        const struct sy_rehearsal *rehearsal = &drill->rehearsals[i];
        if (!drill->chosen[i])
            continue;
        failed += rehearsal->result == SY_REHEARSAL_FAILED;
        *skipped += rehearsal->result == SY_REHEARSAL_NOT_RUN;
        if (!write)
            continue;
        open_case(to, report, sy_rehearsal_word((enum sy_rehearsal_kind)i), rehearsal->took_ms);
        if (rehearsal->result == SY_REHEARSAL_FAILED)
            put_element(to, "failure", rehearsal->happened);
        if (rehearsal->result == SY_REHEARSAL_NOT_RUN)
            put_element(to, "skipped", "not run");
        sy_buffer_puts(to, "    </testcase>\n");
    }
    return failed;
}

/* The stages may all be well and the release is not: what a person took back, what is halted. */
static bool put_whole(struct sy_buffer *to, const struct sy_report *report, bool write) {
    bool bad = sy_report_mood(report) == SY_REPORT_BAD;
    bool told = (report->outcome == SY_OUTCOME_ROLLED_BACK && sy_report_failed_stage(report) > 0) ||
                (report->drill && sy_drill_count(report->drill, SY_REHEARSAL_FAILED) > 0);
    const char *why = sy_report_why(report);
    if (write) {
        char headline[SY_REPORT_TEXT_MAX];
        sy_report_headline(report, headline);
        open_case(to, report, report->command, report->ended_ms - report->begun_ms);
        if (bad && !told)
            put_element(to, "failure", why[0] ? why : headline);
        sy_buffer_puts(to, "      <system-out>");
        sy_put_xml(to, headline);
        sy_buffer_puts(to, why[0] ? ": " : "");
        sy_put_xml(to, why);
        sy_buffer_puts(to, "</system-out>\n    </testcase>\n");
    }
    return bad && !told;
}

void sy_write_junit(const struct sy_report *report, struct sy_buffer *to) {
    char subject[SY_REPORT_SUBJECT_MAX];
    bool has_stages = report->release_id[0] && !sy_report_tells_of_before(report);
    unsigned tests = 1 + (has_stages ? report->n_stages + 1 : 0);
    if (report->drill)
        tests += (unsigned)sy_drill_count(report->drill, SY_REHEARSAL_RESULT_COUNT);
    unsigned skipped = 0;
    unsigned failures = put_rehearsals(to, report, false, &skipped) + put_whole(to, report, false);
    for (uint32_t i = 0; has_stages && i <= report->n_stages; i++) {
        const struct sy_report_stage *stage = &report->stages[i];
        failures += stage->decision == SY_DECISION_UNHEALTHY;
        skipped += !stage->started_ms || stage->decision == SY_DECISION_INCONCLUSIVE ||
                   (stage->decision == SY_DECISION_NONE && i < report->n_stages);
    }
    sy_buffer_puts(
        to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"");
    sy_put_xml(to, sy_report_subject(report, subject));
    sy_buffer_printf(to, "\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", tests,
                     failures, skipped);
    (void)put_whole(to, report, true);
    (void)put_rehearsals(to, report, true, &skipped);
    for (uint32_t i = 0; has_stages && i <= report->n_stages; i++)
        put_stage(to, report, i);
    sy_buffer_puts(to, "  </testsuite>\n</testsuites>\n");
}
