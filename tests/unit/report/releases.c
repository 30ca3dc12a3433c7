#include "releases.h"

#include "base/memory.h"
#include "core/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS INT64_C(1795519120000) /* 2026-11-24T11:18:40Z */
#define S(n) ((n)*INT64_C(1000))
#define MIN(n) ((n)*SY_MINUTE_MS)

/* ---- a release that is told event by event ---- */

struct teller {
    struct sy_report *report;
    struct sy_spec spec;
    int64_t now_ms;
    uint32_t stage; /* 1-based */
    struct sy_routing routing;
    const char *baseline, *version;
};

static struct sy_release_event event_of(struct teller *teller, enum sy_event_kind kind,
                                        const char *text) {
    struct sy_release_event event = {.kind = kind,
                                     .at_ms = teller->now_ms,
                                     .release_id = "20261124T111840-16b404e5",
                                     .stage = teller->stage,
                                     .n_stages = teller->spec.n_stages,
                                     .threshold_bp = teller->spec.threshold_bp,
                                     .window_ms = teller->spec.window_ms};
    (void)snprintf(event.baseline, sizeof event.baseline, "%s", teller->baseline);
    (void)snprintf(event.version, sizeof event.version, "%s", teller->version);
    event.weight_bp = teller->stage == 0 ? 0
                      : teller->stage <= teller->spec.n_stages
                          ? teller->spec.stages[teller->stage - 1].weight_bp
                          : 10000;
    (void)snprintf(event.text, sizeof event.text, "%s", text);
    return event;
}

static void tell(struct teller *teller, enum sy_event_kind kind, const char *text) {
    struct sy_release_event event = event_of(teller, kind, text);
    sy_report_event(teller->report, &event);
}

static struct teller begin_of(struct sy_report *report, const char *stages, const char *baseline,
                              const char *version) {
    struct teller teller = {
        .report = report, .now_ms = START_MS, .baseline = baseline, .version = version};
    struct sy_error error = {0};
    sy_report_init(report, "apply", "checkout", "production");
    sy_spec_init(&teller.spec);
    (void)snprintf(teller.spec.version, sizeof teller.spec.version, "%s", version);
    (void)snprintf(teller.routing.primary, sizeof teller.routing.primary, "%s", baseline);
    if (sy_stages_parse(stages, &teller.spec, &error))
        abort();
    sy_report_spec(report, &teller.spec);
    tell(&teller, SY_EVENT_PLANNED, stages);
    tell(&teller, SY_EVENT_PREPARED, "lease taken by vm:3147:f2ca84a6-562e/1");
    return teller;
}

static struct teller begin(struct sy_report *report, const char *stages) {
    return begin_of(report, stages, "41", "42");
}

static void move(struct teller *teller, int32_t share_bp) {
    struct sy_release_event event = event_of(teller, SY_EVENT_ALIAS_MOVED, "");
    event.from = teller->routing;
    teller->routing = (struct sy_routing){.additional_bp = share_bp % 10000};
    (void)snprintf(teller->routing.primary, sizeof teller->routing.primary, "%s",
                   share_bp == 10000 ? teller->version : teller->baseline);
    (void)snprintf(teller->routing.additional, sizeof teller->routing.additional, "%s",
                   share_bp % 10000 ? teller->version : "");
    event.to = teller->routing;
    event.duration_ms = 92;
    sy_report_event(teller->report, &event);
}

static void start_stage(struct teller *teller, uint32_t stage) {
    teller->stage = stage;
    bool last = stage > teller->spec.n_stages;
    move(teller, last ? 10000 : teller->spec.stages[stage - 1].weight_bp);
    struct sy_release_event event =
        event_of(teller, last ? SY_EVENT_LOCK_IN_STARTED : SY_EVENT_STAGE_STARTED, "");
    event.duration_ms = last ? teller->spec.lock_in_ms : teller->spec.stages[stage - 1].bake_ms;
    event.until_ms = teller->now_ms + event.duration_ms;
    sy_report_event(teller->report, &event);
}

static void observe(struct teller *teller, struct sy_counts canary, struct sy_counts other) {
    struct sy_release_event event = event_of(teller, SY_EVENT_OBSERVED, "");
    event.canary = canary;
    event.other = other;
    sy_report_event(teller->report, &event);
}

static void judge(struct teller *teller, enum sy_decision decision, struct sy_counts canary,
                  struct sy_counts other, const char *text) {
    bool last = teller->stage > teller->spec.n_stages;
    struct sy_release_event event =
        event_of(teller, last ? SY_EVENT_LOCK_IN_ENDED : SY_EVENT_STAGE_VERDICT, text);
    event.canary = canary;
    event.other = other;
    event.decision = decision;
    sy_report_event(teller->report, &event);
}

static void finish(struct teller *teller, enum sy_outcome outcome, int64_t until_ms,
                   const char *text) {
    struct sy_release_event event = event_of(teller, SY_EVENT_FINISHED, text);
    event.outcome = outcome;
    event.until_ms = until_ms;
    event.to = teller->routing;
    sy_report_event(teller->report, &event);
    teller->report->exit_code = sy_outcome_exit(outcome);
    teller->report->made_ms = teller->now_ms + 400;
}

/* Bake with a poll each period: about per_poll invocations of both versions together, of which
 * so many in 10,000 fail. Deterministic. */
static void bake(struct teller *teller, int64_t span_ms, int64_t period_ms, int64_t per_poll,
                 int64_t canary_bp, int64_t other_bp) {
    for (int64_t t = period_ms; t <= span_ms; t += period_ms) {
        teller->now_ms += period_ms;
        int64_t wobble = per_poll ? (teller->now_ms / 977) % 17 : 0;
        int64_t share_bp = sy_routing_share(&teller->routing, teller->version);
        struct sy_counts canary = {(per_poll + wobble) * share_bp / 10000, 0};
        struct sy_counts other = {(per_poll - wobble) * (10000 - share_bp) / 10000, 0};
        canary.errors = canary.invocations * (canary_bp + wobble * canary_bp / 20) / 10000;
        other.errors = other.invocations * (other_bp + (wobble % 5) * other_bp / 10) / 10000;
        observe(teller, canary, other);
    }
}

static void roll_back(struct teller *teller, const char *why) {
    tell(teller, SY_EVENT_ROLLBACK_STARTED, why);
    move(teller, 0);
    struct sy_release_event back =
        event_of(teller, SY_EVENT_ROLLBACK_VERIFIED, "the alias was read back");
    back.to = teller->routing;
    sy_report_event(teller->report, &back);
    teller->now_ms += S(2);
    tell(teller, SY_EVENT_NOTE, "version 42 gets no traffic any more");
    finish(teller, SY_OUTCOME_ROLLED_BACK, 0, why);
}

/* ---- the cases ---- */

static void make_healthy(struct sy_report *report) {
    struct teller t = begin(report, "10%/15m,50%/15m");
    start_stage(&t, 1);
    bake(&t, MIN(15), MIN(1), 4000, 40, 35);
    judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){2014, 8}, (struct sy_counts){18050, 66},
          "error rate 0.39% (8 of 2014) within 5m is within 5%");
    start_stage(&t, 2);
    bake(&t, MIN(15), MIN(1), 4000, 45, 35);
    judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){10021, 46}, (struct sy_counts){9987, 36},
          "error rate 0.45% (46 of 10021) within 5m is within 5%");
    start_stage(&t, 3);
    bake(&t, MIN(60), MIN(1), 4000, 40, 0);
    judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){20033, 81}, (struct sy_counts){0, 0},
          "error rate 0.4% (81 of 20033) within 5m is within 5%");
    finish(&t, SY_OUTCOME_PROMOTED, 0, "the lock-in ended healthy");
}

static void make_rolled_back(struct sy_report *report) {
    static const char why[] = "error rate 9.14% (161 of 1760) within 5m exceeds 5%";
    struct teller t = begin(report, "10%/15m,50%/15m");
    start_stage(&t, 1);
    bake(&t, MIN(15), MIN(1), 700, 100, 80);
    judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){350, 4}, (struct sy_counts){3148, 25},
          "error rate 1.14% (4 of 350) within 5m is within 5%");
    start_stage(&t, 2);
    bake(&t, MIN(4), MIN(1), 700, 250, 80);
    bake(&t, MIN(3), MIN(1), 700, 620, 80);
    judge(&t, SY_DECISION_UNHEALTHY, (struct sy_counts){1760, 161}, (struct sy_counts){1742, 15},
          why);
    roll_back(&t, why);
}

static void make_seconds(struct sy_report *report) {
    static const char why[] = "error rate 16.66% (1 of 6) within 10s exceeds 5%";
    struct teller t = begin(report, "10%/20s,50%/20s");
    t.spec.window_ms = S(10);
    start_stage(&t, 1);
    for (int i = 0; i < 6; i++) {
        t.now_ms += S(1);
        observe(&t, (struct sy_counts){i + 1, i == 5}, (struct sy_counts){9 * (i + 1), 0});
    }
    judge(&t, SY_DECISION_UNHEALTHY, (struct sy_counts){6, 1}, (struct sy_counts){54, 0}, why);
    roll_back(&t, why);
}

static void make_ten_stages(struct sy_report *report) {
    struct teller t = begin(report, "1%/5m,5%/5m,10%/5m,20%/5m,30%/5m,40%/5m,50%/5m,60%/5m,75%/5m,"
                                    "90%/5m");
    for (uint32_t stage = 1; stage <= 10; stage++) {
        start_stage(&t, stage);
        bake(&t, MIN(5), MIN(1), 9000, 30 + 2 * stage, 30);
        judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){450 * stage, stage},
              (struct sy_counts){45000 - 450 * stage, 130}, "within 5%");
    }
    start_stage(&t, 11);
    finish(&t, SY_OUTCOME_PROMOTED, t.now_ms + MIN(60), "all stages were healthy");
}

/* Five days, telemetry each minute of them: far more than is shown. A night without traffic. */
static void make_days(struct sy_report *report) {
    struct teller t = begin(report, "5%/1d,25%/2d,50%/1d");
    t.spec.lock_in_ms = SY_DAY_MS;
    for (uint32_t stage = 1; stage <= 3; stage++) {
        start_stage(&t, stage);
        int64_t span_ms = t.spec.stages[stage - 1].bake_ms;
        bake(&t, span_ms / 2, MIN(10), 90000, 12 + 8 * stage, 15);
        bake(&t, span_ms / 4, MIN(10), 0, 0, 0);
        bake(&t, span_ms / 4, MIN(10), 120000, 15 + 8 * stage, 15);
        judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){1234567, 4321},
              (struct sy_counts){11111111, 22222}, "error rate 0.35% within 5m is within 5%");
    }
    start_stage(&t, 4);
    bake(&t, SY_DAY_MS, MIN(10), 100000, 30, 0);
    judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){500000, 1500}, (struct sy_counts){0, 0},
          "error rate 0.3% within 5m is within 5%");
    finish(&t, SY_OUTCOME_PROMOTED, 0, "the lock-in ended healthy");
}

/* 1440 points of a source, one missing hour, one alone. */
static void make_telemetry(struct sy_report *report) {
    struct sy_sample *samples = sy_calloc(1600, sizeof *samples);
    size_t n = 0;
    make_rolled_back(report);
    for (int i = 0; i < 1560; i++) {
        int64_t at_ms = START_MS + S(1) * i;
        if ((i > 400 && i < 620) || (i > 900 && i < 1000 && i != 950))
            continue;
        samples[n++] = (struct sy_sample){
            at_ms, {12, i % 97 == 0 || (i > 1100 && i % 11 == 0)}, {100, i % 31 == 0}};
    }
    report->window_ms = S(15);
    sy_report_samples(report, samples, n, S(1), START_MS + S(1600));
    free(samples);
}

/* Minutes, and a day of lock-in, which takes most of the axis; versions as long as they can be. */
static void make_squeezed(struct sy_report *report) {
    static const char why[] = "error rate 7.5% (75 of 1000) within 5m exceeds 5%";
    struct teller t = begin_of(report, "1%/2m,2%/2m,5%/2m,10%/2m,20%/2m,30%/2m,40%/2m,50%/2m",
                               "12345678901234567890", "12345678901234567891");
    t.spec.lock_in_ms = 2 * SY_DAY_MS;
    for (uint32_t stage = 1; stage <= 8; stage++) {
        start_stage(&t, stage);
        bake(&t, MIN(2), MIN(1), 500, 50, 30);
        judge(&t, SY_DECISION_HEALTHY, (struct sy_counts){450 * stage, stage},
              (struct sy_counts){45000 - 450 * stage, 130}, "within 5%");
    }
    start_stage(&t, 9);
    bake(&t, SY_HOUR_MS * 20, MIN(20), 500, 60, 0);
    judge(&t, SY_DECISION_UNHEALTHY, (struct sy_counts){1000, 75}, (struct sy_counts){0, 0}, why);
    roll_back(&t, why);
    t.now_ms += SY_HOUR_MS * 28;
    tell(&t, SY_EVENT_NOTE, "looked at once more");
}

/* No alias before it, so no baseline and no stage. */
static void make_first(struct sy_report *report) {
    struct teller t = begin_of(report, "instant", "", "1");
    start_stage(&t, 1);
    bake(&t, MIN(10), MIN(1), 500, 50, 0);
    finish(&t, SY_OUTCOME_PROMOTED, t.now_ms + MIN(50), "nothing could be judged");
}

static void make_unseen(struct sy_report *report) {
    struct teller t = begin(report, "10%/15m,50%/15m");
    start_stage(&t, 1);
    t.now_ms += MIN(30);
    judge(&t, SY_DECISION_INCONCLUSIVE, (struct sy_counts){0, 0}, (struct sy_counts){0, 0},
          "no data within 5m");
    start_stage(&t, 2);
    t.now_ms += MIN(15);
    start_stage(&t, 3);
    report->n_points = 0;
    finish(&t, SY_OUTCOME_PROMOTED_UNPROVEN, t.now_ms + MIN(60), "too little came to judge it");
}

static void make_one_point(struct sy_report *report) {
    struct teller t = begin(report, "10%/15m");
    start_stage(&t, 1);
    t.now_ms += MIN(3);
    observe(&t, (struct sy_counts){40, 1}, (struct sy_counts){360, 2});
    report->made_ms = t.now_ms + S(20);
}

static void make_paused(struct sy_report *report) {
    struct teller t = begin(report, "10%/15m,50%/15m");
    start_stage(&t, 1);
    bake(&t, MIN(5), MIN(1), 300, 150, 120);
    tell(&t, SY_EVENT_PAUSED, "looking at the logs first");
    bake(&t, MIN(6), MIN(1), 300, 150, 120);
    tell(&t, SY_EVENT_RESUMED, "");
    bake(&t, MIN(10), MIN(1), 300, 150, 120);
    judge(&t, SY_DECISION_INCONCLUSIVE, (struct sy_counts){4, 0}, (struct sy_counts){30, 0},
          "4 invocations within 5m are fewer than 5");
    tell(&t, SY_EVENT_PAUSED, "too little data");
    finish(&t, SY_OUTCOME_PAUSED, 0, "too little data, and on-inconclusive is pause");
}

#define HOSTILE                                                                                    \
    "</script><img src=x onerror=alert(1)> \"'&amp;<b>\xe2\x80\xae"                                \
    "drawkcab</title></style></svg>"

static void make_hostile(struct sy_report *report) {
    char wide[256];
    memset(wide, 'W', sizeof wide);
    wide[sizeof wide - 1] = '\0';
    struct teller t = begin(report, "10%/15m,50%/15m");
    start_stage(&t, 1);
    bake(&t, MIN(5), MIN(1), 300, 900, 100);
    judge(&t, SY_DECISION_UNHEALTHY, (struct sy_counts){150, 15}, (struct sy_counts){1350, 10},
          HOSTILE);
    tell(&t, SY_EVENT_NOTE, wide);
    roll_back(&t, HOSTILE);
    memset(report->function, 'f', SY_FUNCTION_MAX);
    memset(report->alias, 'a', SY_ALIAS_MAX);
    report->error.code = SY_INTERNAL;
    memset(report->error.message, 'W', 400);
}

static void make_plan(struct sy_report *report) {
    struct sy_plan plan = {.kind = SY_PLAN_RELEASE,
                           .baseline = "41",
                           .routing = {.primary = "41"},
                           .expected = {1500, -1},
                           .n_warnings = 2};
    sy_spec_init(&plan.spec);
    (void)snprintf(plan.spec.version, sizeof plan.spec.version, "42");
    (void)snprintf(plan.warnings[0], sizeof plan.warnings[0],
                   "the function's dead-letter target differs between versions 41 and 42");
    (void)snprintf(plan.warnings[1], sizeof plan.warnings[1], "%s", HOSTILE);
    sy_report_init(report, "plan", "checkout", "production");
    sy_report_plan(report, &plan);
    report->made_ms = START_MS;
}

static void make_findings(struct sy_report *report) {
    struct sy_findings findings = {
        .list =
            {{"VERSION", SY_SEVERITY_OK, "version 42 is Active", ""},
             {"ROLE", SY_SEVERITY_WARNING,
              "version 42 has another role than 41: arn:aws:iam::123456789012:role/checkout-new",
              "see that the new role may do what the old one may"},
             {"ALIAS_POLICY", SY_SEVERITY_ERROR,
              "API Gateway may invoke the function, but not its alias production",
              "aws lambda add-permission --function-name checkout --qualifier production …"},
             {"SSM", SY_SEVERITY_UNKNOWN, "ssm:PutParameter could not be asked", HOSTILE}},
        .n = 4};
    sy_report_init(report, "check", "checkout", "production");
    sy_report_findings(report, &findings);
    report->exit_code = 5;
    report->made_ms = START_MS;
}

static void make_verify(struct sy_report *report) {
    struct sy_report_verify verify = {
        .version = "42",
        .baseline = "41",
        .decision = SY_DECISION_UNHEALTHY,
        .canary = {1234, 77},
        .other = {56789, 111},
        .from_ms = START_MS - MIN(5),
        .to_ms = START_MS,
        .threshold_bp = 500,
        .text = "error rate 6.23% (77 of 1234) within 5m exceeds 5%",
    };
    sy_report_init(report, "verify", "checkout", "production");
    sy_report_verify(report, &verify);
    report->exit_code = 6;
    report->made_ms = START_MS;
}

static void make_error(struct sy_report *report) {
    struct sy_error error = {0};
    (void)sy_fail_reason(
        &error, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
        "release 20261124T111840-16b404e5 of version 41 is under way: wait for its "
        "end, or take it back with `steelyard abort`");
    sy_report_init(report, "apply", "checkout", "production");
    sy_report_error(report, &error);
    report->exit_code = 5;
    report->made_ms = START_MS;
}

const struct release_case release_cases[] = {
    {"healthy", make_healthy},   {"rolled-back", make_rolled_back},
    {"seconds", make_seconds},   {"ten-stages", make_ten_stages},
    {"days", make_days},         {"telemetry", make_telemetry},
    {"squeezed", make_squeezed}, {"first", make_first},
    {"unseen", make_unseen},     {"one-point", make_one_point},
    {"paused", make_paused},     {"hostile", make_hostile},
    {"plan", make_plan},         {"findings", make_findings},
    {"verify", make_verify},     {"error", make_error},
};
const size_t n_release_cases = SY_COUNT(release_cases);

void release_case(const char *name, struct sy_report *report) {
    for (size_t i = 0; i < n_release_cases; i++)
        if (strcmp(release_cases[i].name, name) == 0) {
            release_cases[i].make(report);
            return;
        }
    (void)fprintf(stderr, "no case %s\n", name);
    abort();
}
