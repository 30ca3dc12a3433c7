/* What a steelyard_release wishes for, as the engine's spec. */
#include "terraform/provider_internal.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

/* An attribute of the resource: where its value stands, for a spec's field of that name. */
static const struct {
    const char *field;
    const char *path;
} fields[] = {
    {"function", "function_name"},
    {"alias", "alias"},
    {"version", "version"},
    {"stages", "stages"},
    {"threshold", "verdict.threshold"},
    {"min-invocations", "verdict.min_invocations"},
    {"window", "verdict.window"},
    {"period", "verdict.period"},
    {"poll", "verdict.poll"},
    {"lock-in", "lock_in"},
    {"wait", "wait"},
    {"on-interrupt", "on_interrupt"},
    {"on-inconclusive", "on_inconclusive"},
    {"primary", "primary"},
};

const char *sy_release_path_of(const char *field) {
    for (size_t i = 0; i < SY_COUNT(fields); i++)
        if (strcmp(fields[i].field, field) == 0)
            return fields[i].path;
    return NULL;
}

/* The message of an error begins with the flag's name; here it is the attribute's. */
static void diagnose(struct sy_diagnostics *diagnostics, const char *path,
                     const struct sy_error *error) {
    size_t len = strlen(error->field);
    bool named = path && len && strncmp(error->message, error->field, len) == 0;
    sy_diagnose(diagnostics, path, "Invalid value", "%s%s", named ? path : "",
                error->message + (named ? len : 0));
}

int64_t sy_duration_value(const struct sy_value *value, const char *path,
                          struct sy_diagnostics *diagnostics) {
    struct sy_error error = {0};
    int64_t ms = 0;
    if (value->state != SY_VALUE_KNOWN)
        return -1;
    if (sy_duration_parse(path, value->text, &ms, &error)) {
        diagnose(diagnostics, path, &error);
        return -1;
    }
    return ms;
}

int32_t sy_percent_value(const struct sy_value *value, const char *path,
                         struct sy_diagnostics *diagnostics) {
    if (value->state != SY_VALUE_KNOWN)
        return -1;
    double bp = value->number * 100;
    if (bp >= 0 && bp <= 10000 && fabs(bp - round(bp)) < 1e-6)
        return (int32_t)lround(bp);
    sy_diagnose(diagnostics, path, "Invalid value",
                "%s: %.12g is not a percentage; write a number from 0 to 100 with at most two "
                "decimals, without the sign",
                path, value->number);
    return -1;
}

int64_t sy_integer_value(const struct sy_value *value, const char *path, int64_t min, int64_t max,
                         struct sy_diagnostics *diagnostics) {
    if (value->state != SY_VALUE_KNOWN)
        return -1;
    if (value->number >= (double)min && value->number <= (double)max &&
        value->number == floor(value->number))
        return (int64_t)value->number;
    sy_diagnose(diagnostics, path, "Invalid value",
                "%s: %.12g is not a whole number from %lld to %lld", path, value->number,
                (long long)min, (long long)max);
    return -1;
}

void sy_text_value(const struct sy_value *value, const char *path, char *ret, size_t size,
                   struct sy_diagnostics *diagnostics) {
    ret[0] = '\0';
    if (value->state != SY_VALUE_KNOWN)
        return;
    char shown[64];
    if (value->len < size && sy_text_is_clean(value->text, value->len))
        memcpy(ret, value->text, value->len + 1);
    else
        sy_diagnose(diagnostics, path, "Invalid value",
                    "%s: \"%s\" is longer than %zu bytes, or holds control characters", path,
                    sy_text_clean(value->text, value->len, shown, sizeof shown), size - 1);
}

static void stage_to_spec(const struct sy_value *stage, size_t i, struct sy_stage *ret,
                          struct sy_diagnostics *diagnostics) {
    const char *weight_path = sy_arena_printf(diagnostics->arena, "stages[%zu].weight", i);
    const char *bake_path = sy_arena_printf(diagnostics->arena, "stages[%zu].bake", i);
    if (stage->state != SY_VALUE_KNOWN) {
        if (stage->state == SY_VALUE_NULL)
            sy_diagnose(diagnostics, sy_arena_printf(diagnostics->arena, "stages[%zu]", i),
                        "Invalid value", "stages[%zu]: a stage is null; leave it out", i);
        return;
    }
    int32_t bp = sy_percent_value(&stage->items[SY_STAGE_WEIGHT], weight_path, diagnostics);
    int64_t ms = sy_duration_value(&stage->items[SY_STAGE_BAKE], bake_path, diagnostics);
    ret->weight_bp = bp >= 0 ? bp : 1;
    ret->bake_ms = ms >= 0 ? ms : SY_MINUTE_MS;
}

static void stages_to_spec(const struct sy_value *stages, struct sy_spec *ret,
                           struct sy_diagnostics *diagnostics) {
    if (stages->state != SY_VALUE_KNOWN)
        return;
    if (stages->len > SY_STAGES_MAX) {
        sy_diagnose(diagnostics, "stages", "Too many stages",
                    "stages: %zu of them, but a release has at most %d; merge some", stages->len,
                    SY_STAGES_MAX);
        return;
    }
    ret->n_stages = (uint32_t)stages->len;
    for (size_t i = 0; i < stages->len; i++)
        stage_to_spec(&stages->items[i], i, &ret->stages[i], diagnostics);
}

static void take_ms(int64_t *ret, int64_t ms) {
    if (ms >= 0)
        *ret = ms;
}

static void verdict_to_spec(const struct sy_value *verdict, struct sy_spec *ret,
                            struct sy_diagnostics *d) {
    if (verdict->state != SY_VALUE_KNOWN)
        return;
    const struct sy_value *items = verdict->items;
    take_ms(&ret->window_ms, sy_duration_value(&items[SY_VERDICT_WINDOW], "verdict.window", d));
    take_ms(&ret->period_ms, sy_duration_value(&items[SY_VERDICT_PERIOD], "verdict.period", d));
    take_ms(&ret->poll_ms, sy_duration_value(&items[SY_VERDICT_POLL], "verdict.poll", d));
    take_ms(&ret->min_invocations, sy_integer_value(&items[SY_VERDICT_MIN_INVOCATIONS],
                                                    "verdict.min_invocations", 1, 1000000000, d));
    int32_t bp = sy_percent_value(&items[SY_VERDICT_THRESHOLD], "verdict.threshold", d);
    if (bp >= 0)
        ret->threshold_bp = bp;
}

/* A word of one of the enumerations. */
#define WORD_TO_SPEC(value, path, parse, ret, diagnostics)                                         \
    do {                                                                                           \
        struct sy_error error_ = {0};                                                              \
        if ((value)->state == SY_VALUE_KNOWN && parse((value)->text, ret, &error_))                \
            diagnose(diagnostics, path, &error_);                                                  \
    } while (0)

static void words_to_spec(const struct sy_value *items, struct sy_spec *ret,
                          struct sy_diagnostics *d) {
    WORD_TO_SPEC(&items[SY_RELEASE_WAIT], "wait", sy_wait_parse, &ret->wait, d);
    WORD_TO_SPEC(&items[SY_RELEASE_ON_INTERRUPT], "on_interrupt", sy_interrupt_parse,
                 &ret->on_interrupt, d);
    WORD_TO_SPEC(&items[SY_RELEASE_ON_INCONCLUSIVE], "on_inconclusive", sy_inconclusive_parse,
                 &ret->on_inconclusive, d);
    WORD_TO_SPEC(&items[SY_RELEASE_PRIMARY], "primary", sy_primary_parse, &ret->primary, d);
    const struct sy_value *drift = &items[SY_RELEASE_ON_DRIFT];
    if (drift->state == SY_VALUE_KNOWN && strcmp(drift->text, "error") != 0 &&
        strcmp(drift->text, "adopt") != 0 && strcmp(drift->text, "release") != 0)
        sy_diagnose(d, "on_drift", "Invalid value",
                    "on_drift: \"%.64s\" is not known; use one of error, adopt, release",
                    drift->text);
}

enum sy_drift sy_release_on_drift(const struct sy_value *release) {
    const char *word = sy_field_text(release, SY_RELEASE_ON_DRIFT);
    return strcmp(word, "adopt") == 0     ? SY_DRIFT_ADOPT
           : strcmp(word, "release") == 0 ? SY_DRIFT_RELEASE
                                          : SY_DRIFT_ERROR;
}

const char *sy_release_found(const struct sy_value *state) {
    bool adopts = state->state == SY_VALUE_KNOWN && sy_release_on_drift(state) == SY_DRIFT_ADOPT;
    return sy_field_text(state, adopts ? SY_RELEASE_LIVE_VERSION : SY_RELEASE_VERSION);
}

bool sy_release_is_known(const struct sy_value *release) {
    for (size_t i = 0; i < SY_RELEASE_COUNT; i++) {
        const struct sy_attribute *attribute = &sy_release_type.attributes[i];
        if (attribute->usage != SY_COMPUTED && i != SY_RELEASE_RETRY_TOKEN &&
            !sy_value_is_wholly_known(attribute, &release->items[i]))
            return false;
    }
    return true;
}

static void check_timeout(const struct sy_value *items, size_t which, const char *path,
                          const struct sy_spec *spec, struct sy_diagnostics *d) {
    const struct sy_value *timeouts = &items[SY_RELEASE_TIMEOUTS];
    bool known = sy_value_is_wholly_known(&sy_release_type.attributes[SY_RELEASE_STAGES],
                                          &items[SY_RELEASE_STAGES]) &&
                 items[SY_RELEASE_WAIT].state != SY_VALUE_UNKNOWN;
    char allowed[32];
    char needed[32];
    int64_t bakes_ms = 0;
    int64_t ms = timeouts->state == SY_VALUE_KNOWN
                     ? sy_duration_value(&timeouts->items[which], path, d)
                     : -1;
    for (uint32_t i = 0; i < spec->n_stages && spec->wait != SY_WAIT_NONE; i++)
        bakes_ms += spec->stages[i].bake_ms;
    if (known && ms >= 0 && ms < bakes_ms && !d->has_errors)
        sy_diagnose(d, path, "Timeout shorter than the release",
                    "%s: %s is over before the stages have baked, which takes %s; allow more, or "
                    "use shorter stages",
                    path, sy_duration_format(ms, allowed), sy_duration_format(bakes_ms, needed));
}

/* Rules between attributes count once all of them are known. */
static void check_spec(const struct sy_value *items, const struct sy_spec *spec,
                       struct sy_diagnostics *diagnostics) {
    struct sy_spec whole = *spec;
    struct sy_error error = {0};
    static const size_t together[] = {SY_RELEASE_STAGES, SY_RELEASE_VERDICT, SY_RELEASE_LOCK_IN};
    for (size_t i = 0; i < SY_COUNT(together); i++)
        if (!sy_value_is_wholly_known(&sy_release_type.attributes[together[i]],
                                      &items[together[i]]))
            return;
    /* Names that are not known yet are not wrong. */
    if (items[SY_RELEASE_FUNCTION_NAME].state != SY_VALUE_KNOWN)
        memcpy(whole.function, "f", 2);
    if (items[SY_RELEASE_ALIAS].state != SY_VALUE_KNOWN)
        memcpy(whole.alias, "a", 2);
    if (items[SY_RELEASE_VERSION].state != SY_VALUE_KNOWN)
        memcpy(whole.version, "1", 2);
    if (!diagnostics->has_errors && sy_spec_check(&whole, &error))
        diagnose(diagnostics, sy_release_path_of(error.field), &error);
}

/* Terraform lets a null pass where an expression gives it. */
static void need_names(const struct sy_value *items, struct sy_diagnostics *diagnostics) {
    for (size_t i = 0; i < SY_RELEASE_COUNT; i++) {
        const struct sy_attribute *attribute = &sy_release_type.attributes[i];
        if (attribute->usage == SY_REQUIRED && items[i].state == SY_VALUE_NULL)
            sy_diagnose(diagnostics, attribute->name, "Missing value",
                        "%s is null; give it a value", attribute->name);
    }
}

void sy_release_to_spec(const struct sy_value *release, struct sy_spec *ret,
                        struct sy_diagnostics *diagnostics) {
    const struct sy_value *items = release->items;
    sy_spec_init(ret);
    sy_text_value(&items[SY_RELEASE_FUNCTION_NAME], "function_name", ret->function,
                  sizeof ret->function, diagnostics);
    sy_text_value(&items[SY_RELEASE_ALIAS], "alias", ret->alias, sizeof ret->alias, diagnostics);
    sy_text_value(&items[SY_RELEASE_VERSION], "version", ret->version, sizeof ret->version,
                  diagnostics);
    need_names(items, diagnostics);
    stages_to_spec(&items[SY_RELEASE_STAGES], ret, diagnostics);
    verdict_to_spec(&items[SY_RELEASE_VERDICT], ret, diagnostics);
    take_ms(&ret->lock_in_ms,
            sy_duration_value(&items[SY_RELEASE_LOCK_IN], "lock_in", diagnostics));
    words_to_spec(items, ret, diagnostics);
    ret->mirror_alias = items[SY_RELEASE_MIRROR_ALIAS].truth;
    check_spec(items, ret, diagnostics);
    check_timeout(items, SY_TIMEOUT_CREATE, "timeouts.create", ret, diagnostics);
    check_timeout(items, SY_TIMEOUT_UPDATE, "timeouts.update", ret, diagnostics);
}
