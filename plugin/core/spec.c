#include "core/spec.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A word table of one enumeration: both directions from one list. */
static int word_parse(const char *field, const char *const *words, int count, const char *word,
                      int *ret, struct sy_error *error) {
    char known[120] = "";
    char shown[64];
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            *ret = i;
            return 0;
        }
        size_t n = strlen(known);
        (void)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", words[i]);
    }
    return sy_fail_field(error, field, "%s: \"%s\" is not known; use one of %s", field,
                         sy_text_clean(word, strlen(word), shown, sizeof shown), known);
}

#define X(name, word) word,
static const char *const wait_words[] = {SY_WAITS(X)};
static const char *const interrupt_words[] = {SY_INTERRUPTS(X)};
static const char *const inconclusive_words[] = {SY_INCONCLUSIVES(X)};
static const char *const primary_words[] = {SY_PRIMARIES(X)};
#undef X

const char *sy_wait_word(enum sy_wait value) {
    return (unsigned)value < SY_COUNT(wait_words) ? wait_words[value] : "?";
}

const char *sy_interrupt_word(enum sy_interrupt value) {
    return (unsigned)value < SY_COUNT(interrupt_words) ? interrupt_words[value] : "?";
}

const char *sy_inconclusive_word(enum sy_inconclusive value) {
    return (unsigned)value < SY_COUNT(inconclusive_words) ? inconclusive_words[value] : "?";
}

const char *sy_primary_word(enum sy_primary value) {
    return (unsigned)value < SY_COUNT(primary_words) ? primary_words[value] : "?";
}

int sy_wait_parse(const char *word, enum sy_wait *ret, struct sy_error *error) {
    int value = 0;
    if (word_parse("wait", wait_words, SY_WAIT_COUNT, word, &value, error))
        return -1;
    *ret = (enum sy_wait)value;
    return 0;
}

int sy_interrupt_parse(const char *word, enum sy_interrupt *ret, struct sy_error *error) {
    int value = 0;
    if (word_parse("on-interrupt", interrupt_words, SY_INTERRUPT_COUNT, word, &value, error))
        return -1;
    *ret = (enum sy_interrupt)value;
    return 0;
}

int sy_inconclusive_parse(const char *word, enum sy_inconclusive *ret, struct sy_error *error) {
    int value = 0;
    if (word_parse("on-inconclusive", inconclusive_words, SY_INCONCLUSIVE_COUNT, word, &value,
                   error))
        return -1;
    *ret = (enum sy_inconclusive)value;
    return 0;
}

int sy_primary_parse(const char *word, enum sy_primary *ret, struct sy_error *error) {
    int value = 0;
    if (word_parse("primary", primary_words, SY_PRIMARY_COUNT, word, &value, error))
        return -1;
    *ret = (enum sy_primary)value;
    return 0;
}

void sy_spec_init(struct sy_spec *spec) {
    *spec = (struct sy_spec){
        .stages = {{1000, 15 * SY_MINUTE_MS}, {5000, 15 * SY_MINUTE_MS}},
        .n_stages = 2,
        .threshold_bp = 500,
        .min_invocations = 5,
        .window_ms = 5 * SY_MINUTE_MS,
        .lock_in_ms = SY_HOUR_MS,
        .period_ms = SY_MINUTE_MS,
        .poll_ms = SY_MINUTE_MS,
    };
}

static int stage_parse(const char *text, size_t len, struct sy_stage *ret, struct sy_error *error) {
    char item[48];
    char shown[48];
    struct sy_error why;
    const char *slash = memchr(text, '/', len);
    if (slash && len < sizeof item) {
        memcpy(item, text, len);
        item[len] = '\0';
        item[slash - text] = '\0';
        if (sy_percent_parse("stages", item, &ret->weight_bp, &why) == 0 &&
            sy_duration_parse("stages", item + (slash - text) + 1, &ret->bake_ms, &why) == 0)
            return 0;
    }
    return sy_fail_field(error, "stages",
                         "stages: \"%s\" is not a stage; write WEIGHT/BAKE, such as 10%%/15m, "
                         "several with commas; or canary(10%%,15m), linear(10%%,5m), instant",
                         sy_text_clean(text, len, shown, sizeof shown));
}

/* The part of [at, end) without the blanks around it, as a string; false when buf is too small. */
static bool take_part(const char *at, const char *end, char buf[24]) {
    while (at < end && *at == ' ')
        at++;
    while (at < end && end[-1] == ' ')
        end--;
    if (end - at >= 24)
        return false;
    memcpy(buf, at, (size_t)(end - at));
    buf[end - at] = '\0';
    return true;
}

/* "10%, 15m)" behind "canary(" or "linear(": a weight and a time. */
static int strategy_parse(const char *name, const char *text, struct sy_stage *ret,
                          struct sy_error *error) {
    char weight[24];
    char time[24];
    char shown[48];
    struct sy_error why;
    const char *comma = strchr(text, ',');
    const char *end = comma ? strchr(comma, ')') : NULL;
    if (end && !end[1] && take_part(text, comma, weight) && take_part(comma + 1, end, time) &&
        sy_percent_parse("stages", weight, &ret->weight_bp, &why) == 0 &&
        sy_duration_parse("stages", time, &ret->bake_ms, &why) == 0)
        return 0;
    return sy_fail_field(error, "stages",
                         "stages: \"%s(%s\" is not a strategy; write %s(WEIGHT,TIME), such as "
                         "%s(10%%,5m)",
                         name, sy_text_clean(text, strlen(text), shown, sizeof shown), name, name);
}

/* Equal steps below 100 %; the move to 100 % comes by itself. */
static int linear_expand(const struct sy_stage *step, struct sy_spec *spec,
                         struct sy_error *error) {
    char shown[16];
    int32_t by = step->weight_bp;
    if (by <= 0 || by >= 10000)
        return sy_fail_field(error, "stages",
                             "stages: a linear step of %s is not above 0%% and below 100%%",
                             sy_percent_format(by, shown));
    int32_t n = (10000 - 1) / by;
    if (n > SY_STAGES_MAX)
        return sy_fail_field(error, "stages",
                             "stages: linear steps of %s make %d stages, more than the %d that a "
                             "release can have; take steps of 10%% or more",
                             sy_percent_format(by, shown), n, SY_STAGES_MAX);
    spec->n_stages = (uint32_t)n;
    for (int32_t i = 0; i < n; i++)
        spec->stages[i] = (struct sy_stage){by * (i + 1), step->bake_ms};
    return 0;
}

int sy_stages_parse(const char *text, struct sy_spec *spec, struct sy_error *error) {
    struct sy_stage stages[SY_STAGES_MAX] = {0};
    uint32_t n = 0;
    if (strcmp(text, "instant") == 0) {
        spec->n_stages = 0;
        return 0;
    }
    if (strncmp(text, "canary(", 7) == 0) {
        if (strategy_parse("canary", text + 7, &stages[0], error))
            return -1;
        spec->stages[0] = stages[0];
        spec->n_stages = 1;
        return 0;
    }
    if (strncmp(text, "linear(", 7) == 0)
        return strategy_parse("linear", text + 7, &stages[0], error) ||
                       linear_expand(&stages[0], spec, error)
                   ? -1
                   : 0;
    for (const char *p = text;; p++) {
        size_t len = strcspn(p, ",");
        if (n == SY_STAGES_MAX)
            return sy_fail_field(error, "stages", "stages: more than %d; merge some",
                                 SY_STAGES_MAX);
        if (stage_parse(p, len, &stages[n++], error))
            return -1;
        p += len;
        if (!*p)
            break;
    }
    memcpy(spec->stages, stages, sizeof stages);
    spec->n_stages = n;
    return 0;
}

/* One whole number and a unit, so that sy_stages_parse() reads it again: 90s, not 1m30s. */
static const char *bake_format(int64_t ms, char buf[32]) {
    static const struct {
        int64_t ms;
        const char *suffix;
    } units[] = {{SY_HOUR_MS, "h"}, {SY_MINUTE_MS, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms)
        i++;
    (void)snprintf(buf, 32, "%lld%s", (long long)(ms / units[i].ms), units[i].suffix);
    return buf;
}

const char *sy_stages_format(const struct sy_spec *spec, char buf[256]) {
    size_t used = 0;
    (void)snprintf(buf, 256, "instant");
    for (uint32_t i = 0; i < spec->n_stages && used < 256; i++) {
        char weight[16];
        char bake[32];
        used += (size_t)snprintf(buf + used, 256 - used, "%s%s/%s", i ? "," : "",
                                 sy_percent_format(spec->stages[i].weight_bp, weight),
                                 bake_format(spec->stages[i].bake_ms, bake));
    }
    return buf;
}

static bool is_name(const char *s, size_t max) {
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    return n > 0 && n <= max && !s[n];
}

static int name_fail(const char *field, const char *value, const char *rule,
                     struct sy_error *error) {
    char shown[64];
    if (!*value)
        return sy_fail_field(error, field, "%s is missing", field);
    return sy_fail_field(error, field, "%s: \"%s\" %s", field,
                         sy_text_clean(value, strlen(value), shown, sizeof shown), rule);
}

int sy_names_check(const char *function, const char *alias, const char *version,
                   struct sy_error *error) {
    if (!is_name(function, SY_FUNCTION_MAX))
        return name_fail("function", function,
                         "is not a function name; use the bare name (letters, digits, - and _, at "
                         "most 64), not an ARN",
                         error);
    if (!is_name(alias, SY_ALIAS_MAX) || alias[strspn(alias, "0123456789")] == '\0')
        return name_fail("alias", alias,
                         "is not an alias name; use letters, digits, - and _, at most 128, not "
                         "digits alone",
                         error);
    if (!version)
        return 0;
    if (strcmp(version, "$LATEST") == 0)
        return name_fail("version", version,
                         "cannot be released: an alias with weights takes published versions "
                         "only; publish one (aws lambda publish-version) and name its number",
                         error);
    size_t digits = strspn(version, "0123456789");
    if (!digits || version[digits] || digits > SY_VERSION_MAX - 1 || version[0] == '0')
        return name_fail("version", version, "is not a version number, such as 42", error);
    return 0;
}

/* All times are below 400 days, so no sum of theirs can overflow. */
static const int64_t longest_ms = 400 * SY_DAY_MS;

static int time_check(const char *field, int64_t ms, int64_t min, struct sy_error *error) {
    char shown[32];
    if (ms >= min && ms <= longest_ms)
        return 0;
    char least[32];
    return sy_fail_field(error, field, "%s: %s is outside %s to 400 days", field,
                         ms < 0 ? "a negative time" : sy_duration_format(ms, shown),
                         sy_duration_format(min, least));
}

static int stages_check(const struct sy_spec *spec, struct sy_error *error) {
    char shown[16];
    if (spec->n_stages > SY_STAGES_MAX)
        return sy_fail_field(error, "stages", "stages: more than %d; merge some", SY_STAGES_MAX);
    for (uint32_t i = 0; i < spec->n_stages; i++) {
        const struct sy_stage *stage = &spec->stages[i];
        if (stage->weight_bp <= 0 || stage->weight_bp >= 10000)
            return sy_fail_field(error, "stages",
                                 "stages: weight %s of stage %u is not above 0%% and below 100%%; "
                                 "the move to 100%% comes by itself after the last stage",
                                 stage->weight_bp < 0 ? "below zero"
                                                      : sy_percent_format(stage->weight_bp, shown),
                                 i + 1);
        if (i && stage->weight_bp <= spec->stages[i - 1].weight_bp)
            return sy_fail_field(error, "stages",
                                 "stages: weight %s of stage %u is not above the one before it; "
                                 "weights must increase",
                                 sy_percent_format(stage->weight_bp, shown), i + 1);
        if (time_check("stages", stage->bake_ms, 1000, error))
            return -1;
    }
    return 0;
}

int sy_period_check(int64_t period_ms, struct sy_error *error) {
    if (time_check("period", period_ms, 1000, error))
        return -1;
    if (period_ms != 1000 && period_ms != 5000 && period_ms != 10000 && period_ms != 30000 &&
        period_ms % SY_MINUTE_MS)
        return sy_fail_field(error, "period",
                             "period: CloudWatch keeps datapoints of 1s, 5s, 10s, 30s and whole "
                             "minutes; use one of these");
    return 0;
}

static int telemetry_check(const struct sy_spec *spec, struct sy_error *error) {
    if (sy_period_check(spec->period_ms, error) || time_check("poll", spec->poll_ms, 1000, error) ||
        time_check("window", spec->window_ms, 2 * spec->period_ms, error))
        return -1;
    if (spec->window_ms / spec->period_ms > SY_WINDOW_BUCKETS)
        return sy_fail_field(error, "window",
                             "window: more than %d periods; use a shorter window or a longer "
                             "period",
                             SY_WINDOW_BUCKETS);
    if (spec->poll_ms > spec->window_ms)
        return sy_fail_field(error, "poll",
                             "poll: longer than the window; errors could pass unseen");
    return 0;
}

int sy_spec_check(const struct sy_spec *spec, struct sy_error *error) {
    if (sy_names_check(spec->function, spec->alias, spec->version, error) ||
        stages_check(spec, error) || telemetry_check(spec, error) ||
        time_check("lock-in", spec->lock_in_ms, 0, error))
        return -1;
    if (spec->threshold_bp < 0 || spec->threshold_bp > 10000)
        return sy_fail_field(error, "threshold", "threshold: outside 0%% to 100%%");
    if (spec->min_invocations < 1 || spec->min_invocations > 1000000000)
        return sy_fail_field(error, "min-invocations",
                             "min-invocations: %lld is outside 1 to 1000000000",
                             (long long)spec->min_invocations);
    if ((unsigned)spec->wait >= SY_WAIT_COUNT)
        return sy_fail_field(error, "wait", "wait: not a known value");
    if ((unsigned)spec->on_interrupt >= SY_INTERRUPT_COUNT)
        return sy_fail_field(error, "on-interrupt", "on-interrupt: not a known value");
    if ((unsigned)spec->on_inconclusive >= SY_INCONCLUSIVE_COUNT)
        return sy_fail_field(error, "on-inconclusive", "on-inconclusive: not a known value");
    if ((unsigned)spec->primary >= SY_PRIMARY_COUNT)
        return sy_fail_field(error, "primary", "primary: not a known value");
    return 0;
}
