/* What is to be released, and how: the request that plan and apply take.
 *
 * Units: weights and rates in basis points (1 % = 100), times and durations in milliseconds. */
#ifndef SY_CORE_SPEC_H
#define SY_CORE_SPEC_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SY_FUNCTION_MAX = 64, /* Lambda's own limits, without the NUL */
    SY_ALIAS_MAX = 128,
    SY_VERSION_MAX = 20,
    SY_REVISION_MAX = 64,
    SY_CODE_SHA256_MAX = 64, /* base64 of a zip's hash, or an image's digest in hexadecimal */
    SY_STAGES_MAX = 10,
    SY_REASON_MAX = 200,
    SY_WINDOW_BUCKETS = 300,
};

#define SY_MINUTE_MS INT64_C(60000)
#define SY_HOUR_MS INT64_C(3600000)
#define SY_DAY_MS INT64_C(86400000)

struct sy_stage {
    int32_t weight_bp; /* the target's share of traffic, 1..9999 */
    int64_t bake_ms;   /* how long the stage must hold */
};

/* Each enumeration is one X-macro: C name, word for people and JSON. */
#define SY_WAITS(X) X(STAGES, "stages") X(LOCK_IN, "lock-in") X(NONE, "none")
#define SY_INTERRUPTS(X) X(ROLLBACK, "rollback") X(HOLD, "hold")
#define SY_INCONCLUSIVES(X)                                                                        \
    X(AUTO, "auto") X(PROCEED, "proceed") X(PAUSE, "pause") X(ROLLBACK, "rollback")

#define SY_PRIMARIES(X) X(OLD, "old") X(NEW, "new")

#define X(name, word) SY_WAIT_##name,
enum sy_wait { SY_WAITS(X) SY_WAIT_COUNT };
#undef X
#define X(name, word) SY_INTERRUPT_##name,
enum sy_interrupt { SY_INTERRUPTS(X) SY_INTERRUPT_COUNT };
#undef X
#define X(name, word) SY_INCONCLUSIVE_##name,
enum sy_inconclusive { SY_INCONCLUSIVES(X) SY_INCONCLUSIVE_COUNT };
#undef X

#define X(name, word) SY_PRIMARY_##name,
enum sy_primary { SY_PRIMARIES(X) SY_PRIMARY_COUNT };
#undef X

const char *sy_wait_word(enum sy_wait value);
const char *sy_interrupt_word(enum sy_interrupt value);
const char *sy_inconclusive_word(enum sy_inconclusive value);
const char *sy_primary_word(enum sy_primary value);
/* Word -> value; an unknown word is an error that lists the known ones. */
SY_MUST_USE int sy_wait_parse(const char *word, enum sy_wait *ret, struct sy_error *error);
SY_MUST_USE int sy_interrupt_parse(const char *word, enum sy_interrupt *ret,
                                   struct sy_error *error);
SY_MUST_USE int sy_inconclusive_parse(const char *word, enum sy_inconclusive *ret,
                                      struct sy_error *error);
SY_MUST_USE int sy_primary_parse(const char *word, enum sy_primary *ret, struct sy_error *error);

struct sy_spec {
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char version[SY_VERSION_MAX + 1]; /* the target */
    struct sy_stage stages[SY_STAGES_MAX];
    uint32_t n_stages; /* 0 = instant: all traffic in one move, judged in the lock-in only */
    int32_t threshold_bp;
    int64_t min_invocations;
    int64_t window_ms;
    int64_t lock_in_ms;
    int64_t period_ms; /* length of a telemetry datapoint */
    int64_t poll_ms;   /* how often telemetry is read */
    enum sy_wait wait;
    enum sy_interrupt on_interrupt;
    enum sy_inconclusive on_inconclusive;
    enum sy_primary primary; /* which version the alias names while it is split */
    bool retry;              /* release a version again that was rolled back before */
    bool mirror_alias;       /* let the four parameters follow this alias from now on */
};

/* Every field but the three names set to its default: stages 10%/15m,50%/15m, threshold 5 %, 5
 * invocations, window 5 min, lock-in 60 min, period and poll 60 s. */
void sy_spec_init(struct sy_spec *spec);

/* "10%/15m,50%/15m"; "canary(10%,15m)", one stage; "linear(10%,5m)", equal steps of 10 % every 5
 * minutes; or "instant" (no stages). Blanks around the parts are ignored. */
SY_MUST_USE int sy_stages_parse(const char *text, struct sy_spec *spec, struct sy_error *error);
/* The inverse; buf of 256 bytes holds any valid list. Returns buf. */
const char *sy_stages_format(const struct sy_spec *spec, char buf[256]);

/* Check every rule that needs no AWS: names, weights increasing within 1..9999, bakes, window,
 * period, and that no sum of times overflows. INVALID_ARGUMENT names the field. */
SY_MUST_USE int sy_spec_check(const struct sy_spec *spec, struct sy_error *error);
/* The three names alone; version may be NULL. */
SY_MUST_USE int sy_names_check(const char *function, const char *alias, const char *version,
                               struct sy_error *error);
/* The length of a telemetry datapoint alone. */
SY_MUST_USE int sy_period_check(int64_t period_ms, struct sy_error *error);

#endif
