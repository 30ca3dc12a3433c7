/* A release's whole story, for a report: what the versions of its record tell, and the telemetry of
 * its time. */
#include "cli/cli.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client.h"

#include <string.h>

/* CloudWatch keeps what is finer than a minute for 3 hours, minutes for 15 days, 5 minutes for 63
 * days, hours for 455 (AWS, "Metrics retention"). A shorter period than a release's own would be
 * empty. */
static int64_t period_of(int64_t shortest_ms, int64_t from_ms, int64_t to_ms, int64_t now_ms) {
    static const struct {
        int64_t period_ms, kept_ms;
    } table[] = {{0, 3 * SY_HOUR_MS},
                 {SY_MINUTE_MS, 15 * SY_DAY_MS},
                 {5 * SY_MINUTE_MS, 63 * SY_DAY_MS},
                 {SY_HOUR_MS, INT64_MAX}};
    for (size_t i = 0; i < SY_COUNT(table); i++) {
        int64_t period_ms = table[i].period_ms ? table[i].period_ms : shortest_ms;
        bool kept = now_ms - from_ms < table[i].kept_ms;
        if (kept && period_ms >= shortest_ms &&
            (to_ms - from_ms) / period_ms < SY_MEASURE_PERIODS_MAX)
            return period_ms;
    }
    return SY_DAY_MS;
}

static int add_samples(struct sy_host *host, struct sy_report *report, struct sy_error *error) {
    int64_t now_ms = sy_time_now();
    SY_AUTO_FREE struct sy_sample *samples = NULL;
    size_t n = 0;
    struct sy_measure measure = {.from_ms = report->begun_ms,
                                 .to_ms = now_ms,
                                 .whole_from_ms = report->stages[report->n_stages].started_ms};
    bool over = report->ended_ms && !report->until_ms;
    if (over && report->ended_ms + report->window_ms < now_ms)
        measure.to_ms = report->ended_ms + report->window_ms;
    if (measure.to_ms <= measure.from_ms)
        return 0;
    measure.period_ms = period_of(report->period_ms, measure.from_ms, measure.to_ms, now_ms);
    memcpy(measure.function, report->function, sizeof measure.function);
    memcpy(measure.alias, report->alias, sizeof measure.alias);
    memcpy(measure.version, report->version, sizeof measure.version);
    memcpy(measure.baseline, report->baseline, sizeof measure.baseline);
    if (sy_host_measure(host, &measure, &samples, &n, error))
        return -1;
    sy_report_samples(report, samples, n, measure.period_ms, measure.to_ms);
    return 0;
}

/* Only what a shell takes as it is: others' variables are no reason to advise a command that does
 * something else. */
static const char *plain(const char *value) {
    static const char *const good =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return value && value[0] && !value[strspn(value, good)] ? value : NULL;
}

void sy_cli_report_place(const struct sy_cli *cli, struct sy_report *report) {
    const char *region = plain(cli->region);
    if (!region)
        region = plain(getenv("AWS_REGION"));
    if (!region)
        region = plain(getenv("AWS_DEFAULT_REGION"));
    report->region = region;
    report->profile = plain(cli->profile);
}

int sy_cli_story(struct sy_host *host, struct sy_report *report, struct sy_error *error) {
    SY_AUTO_FREE struct sy_stored_version *versions = NULL;
    size_t n = 0;
    struct sy_error unmeasured = {0};
    if (sy_host_history(host, report->function, report->alias, &versions, &n, error))
        return -1;
    sy_report_history(report, versions, n);
    if (report->n_events && report->period_ms && add_samples(host, report, &unmeasured))
        sy_cli_warn("the report has no error rates over time", &unmeasured);
    return 0;
}
