/* Markdown as GitHub and GitLab show it: a step summary, a comment on a pull request. */
#include "base/text.h"
#include "report/escape.h"
#include "report/face.h"
#include "report/sentence.h"

#include <string.h>

static const char *mark(enum sy_report_mood mood) {
    static const char *const marks[] = {"✅", "⏳", "⚠️", "❌"};
    return marks[mood];
}

static void put_head(const struct sy_report *report, struct sy_buffer *to) {
    char subject[SY_REPORT_SUBJECT_MAX];
    char headline[SY_REPORT_TEXT_MAX];
    const char *why = sy_report_why(report);
    sy_buffer_printf(to, "## %s ", mark(sy_report_mood(report)));
    sy_put_markdown(to, sy_report_subject(report, subject));
    sy_buffer_puts(to, " – ");
    sy_put_markdown(to, sy_report_headline(report, headline));
    sy_buffer_puts(to, "\n\n");
    if (why[0]) {
        sy_buffer_puts(to, "Why: "); /* no list and no rule begins with it */
        sy_put_markdown(to, why);
        sy_buffer_puts(to, "\n\n");
    }
}

static void put_counts(struct sy_buffer *to, bool known, struct sy_counts counts) {
    char rate[16];
    if (!known)
        sy_buffer_puts(to, " – | – | – |");
    else
        sy_buffer_printf(
            to, " %lld | %lld | %s |", (long long)counts.invocations, (long long)counts.errors,
            counts.invocations > 0 ? sy_percent_format(sy_rate_bp(counts), rate) : "–");
}

static const char *stage_mark(const struct sy_report *report, uint32_t i) {
    static const char *const marks[SY_DECISION_COUNT] = {"", "✅ ", "❌ ", "⚠️ "};
    return marks[report->stages[i].decision];
}

static void put_stages(const struct sy_report *report, struct sy_buffer *to) {
    char threshold[16];
    sy_buffer_printf(
        to,
        "| stage | weight | bake | invocations | errors | rate (limit %s) | verdict |\n"
        "|---|--:|--:|--:|--:|--:|---|\n",
        sy_percent_format(report->threshold_bp, threshold));
    for (uint32_t i = 0; i <= report->n_stages; i++) {
        const struct sy_report_stage *stage = &report->stages[i];
        char weight[16];
        char bake[32];
        bool last = i == report->n_stages;
        if (last)
            sy_buffer_puts(to, "| lock-in |");
        else
            sy_buffer_printf(to, "| %u |", i + 1);
        sy_buffer_printf(to, " %s | %s |", sy_report_stage_weight(report, i, weight),
                         stage->bake_ms > 0
                             ? sy_duration_format(stage->bake_ms - stage->bake_ms % 1000, bake)
                             : "–");
        put_counts(to, stage->observed, stage->canary);
        sy_buffer_printf(to, " %s%s |\n", stage_mark(report, i), sy_report_stage_word(report, i));
    }
    sy_buffer_puts(to, "\n");
}

/* The stages on a time axis, as GitHub and GitLab draw it themselves:
 * https://mermaid.js.org/syntax/ gantt.html. Names of tasks have no colon and no semicolon, and do
 * not begin with a weight: a line that begins with "5%" is a comment there. Times are shown in the
 * reader's zone. */
static void put_task(const struct sy_report *report, uint32_t i, struct sy_buffer *to) {
    const struct sy_report_stage *stage = &report->stages[i];
    char weight[16];
    const char *kind = stage->decision == SY_DECISION_UNHEALTHY ? "crit, "
                       : stage->ended_ms                        ? "done, "
                                                                : "active, ";
    int64_t end_ms = stage->ended_ms    ? stage->ended_ms
                     : report->until_ms ? report->until_ms
                                        : report->made_ms;
    if (stage->started_ms)
        sy_buffer_printf(to, "    at %s %s :%s%lld, %lld\n",
                         sy_report_stage_weight(report, i, weight), sy_report_stage_word(report, i),
                         kind, (long long)stage->started_ms, (long long)end_ms);
}

static void put_back_mark(const struct sy_report *report, struct sy_buffer *to) {
    for (size_t i = 0; i < report->n_events; i++) {
        const struct sy_release_event *event = &report->events[i];
        bool back = event->kind == SY_EVENT_ALIAS_MOVED && report->baseline[0] &&
                    strcmp(event->to.primary, report->baseline) == 0 && !event->to.additional[0];
        if (back)
            sy_buffer_printf(to, "    back on %s :crit, milestone, %lld, 0d\n", report->baseline,
                             (long long)event->at_ms);
    }
}

static void put_chart(const struct sy_report *report, struct sy_buffer *to) {
    int64_t span_ms = (report->until_ms ? report->until_ms : report->made_ms) - report->begun_ms;
    const char *axis = span_ms < 10 * SY_MINUTE_MS ? "%H:%M:%S"
                       : span_ms < SY_DAY_MS       ? "%H:%M"
                                                   : "%m-%d %H:%M";
    if (!report->stages[0].started_ms && !report->stages[report->n_stages].started_ms)
        return;
    sy_buffer_printf(to,
                     "```mermaid\ngantt\n    dateFormat x\n    axisFormat %s\n"
                     "    section version %s\n",
                     axis, report->version);
    for (uint32_t i = 0; i <= report->n_stages; i++)
        put_task(report, i, to);
    put_back_mark(report, to);
    sy_buffer_puts(to, "```\n\n");
}

/* GitHub takes 1 MiB of summary: of a release with very many events the first ones are left out. */
enum { LOG_MAX = 500 };

static void put_log(const struct sy_report *report, struct sy_buffer *to) {
    sy_buffer_puts(to, "<details><summary>What happened</summary>\n\n| time | |\n|---|---|\n");
    for (size_t i = sy_report_last_events(report, LOG_MAX); i < report->n_events; i++) {
        const struct sy_release_event *event = &report->events[i];
        char at[24];
        char sentence[400];
        if (event->kind == SY_EVENT_OBSERVED)
            continue;
        sy_event_sentence(event, sentence);
        sy_buffer_printf(to, "| %.8s | ", sy_time_format(event->at_ms, at) + 11);
        sy_put_markdown(to, sentence);
        sy_buffer_puts(to, " |\n");
    }
    sy_buffer_puts(to, "\n</details>\n");
}

static void put_advice(const struct sy_report *report, struct sy_buffer *to) {
    char command[SY_REPORT_TEXT_MAX];
    const char *advice = sy_report_advice(report);
    if (!advice[0])
        return;
    sy_buffer_printf(to, "%s\n\n", advice);
    /* Names of functions and aliases have no character that means anything in a fence. */
    if (sy_report_advised_command(report, command)[0])
        sy_buffer_printf(to, "```\n%s\n```\n\n", command);
}

static void put_plan(const struct sy_report *report, struct sy_buffer *to) {
    const struct sy_plan *plan = report->plan;
    char weight[16];
    char time[32];
    char routing[80];
    sy_buffer_printf(to, "Now: %s\n\n",
                     plan->routing.primary[0] ? sy_routing_format(&plan->routing, routing)
                                              : "no alias yet");
    if (plan->kind == SY_PLAN_RELEASE) {
        sy_buffer_puts(to,
                       "| stage | weight | bake | invocations to expect |\n|---|--:|--:|--:|\n");
        for (uint32_t i = 0; i < plan->spec.n_stages; i++) {
            sy_buffer_printf(to, "| %u | %s | %s | ", i + 1,
                             sy_percent_format(plan->spec.stages[i].weight_bp, weight),
                             sy_duration_format(plan->spec.stages[i].bake_ms, time));
            if (plan->expected[i] >= 0)
                sy_buffer_printf(to, "about %lld |\n", (long long)plan->expected[i]);
            else
                sy_buffer_puts(to, "unknown |\n");
        }
        sy_buffer_printf(to, "| lock-in | 100%% | %s | |\n\n",
                         sy_duration_format(plan->spec.lock_in_ms, time));
        sy_buffer_printf(to, "Rolled back above %s errors within %s, from %lld invocations on.\n\n",
                         sy_percent_format(plan->spec.threshold_bp, weight),
                         sy_duration_format(plan->spec.window_ms, time),
                         (long long)plan->spec.min_invocations);
    }
    for (uint32_t i = 0; i < plan->n_warnings; i++) {
        sy_buffer_puts(to, "- ⚠️ ");
        sy_put_markdown(to, plan->warnings[i]);
        sy_buffer_puts(to, "\n");
    }
    sy_buffer_puts(to, plan->n_warnings ? "\n" : "");
}

static void put_findings(const struct sy_report *report, struct sy_buffer *to) {
    static const char *const marks[SY_SEVERITY_COUNT] = {"✅", "⚠️", "❌", "❔"};
    sy_buffer_puts(to, "| | found | what to do |\n|---|---|---|\n");
    for (uint32_t i = 0; i < report->findings->n; i++) {
        const struct sy_finding *finding = &report->findings->list[i];
        sy_buffer_printf(to, "| %s | ", marks[finding->severity]);
        sy_put_markdown(to, finding->text);
        sy_buffer_puts(to, " | ");
        sy_put_markdown(to, finding->fix);
        sy_buffer_puts(to, " |\n");
    }
    sy_buffer_puts(to, "\n");
}

static void put_verify(const struct sy_report *report, struct sy_buffer *to) {
    const struct sy_report_verify *verify = report->verify;
    char from[24];
    char till[24];
    sy_buffer_printf(to, "| version | invocations | errors | rate |\n|---|--:|--:|--:|\n| %s |",
                     verify->version);
    put_counts(to, true, verify->canary);
    if (verify->baseline[0]) {
        sy_buffer_printf(to, "\n| %s (baseline) |", verify->baseline);
        put_counts(to, true, verify->other);
    }
    sy_buffer_printf(to, "\n\nWindow: %s to %s\n\n", sy_time_format(verify->from_ms, from),
                     sy_time_format(verify->to_ms, till));
}

void sy_write_markdown(const struct sy_report *report, struct sy_buffer *to) {
    if (report->drill) {
        sy_drill_markdown(report->drill, to);
        return;
    }
    put_head(report, to);
    if (report->plan)
        put_plan(report, to);
    if (report->findings)
        put_findings(report, to);
    if (report->verify)
        put_verify(report, to);
    if (report->release_id[0] && report->n_events) {
        put_stages(report, to);
        put_chart(report, to);
    }
    put_advice(report, to);
    if (report->n_events)
        put_log(report, to);
}
