/* What is judged: counts of invocations and errors by period. telemetry/cloudwatch.c asks AWS's own
 * metrics.
 *
 * Queries answer once, later, never from within the call; error is NULL on success. */
#ifndef SY_TELEMETRY_SOURCE_H
#define SY_TELEMETRY_SOURCE_H

#include "core/verdict.h"

struct sy_query {
    const char *function;
    const char *alias;
    const char *version;  /* the target; "" = all that went through the alias */
    const char *baseline; /* "" = none */
    int64_t from_ms;      /* inclusive; rounded down to a period */
    int64_t to_ms;        /* exclusive; rounded up to a period */
    int64_t period_ms;
    /* From here on the target had the whole alias: where AWS leaves out ExecutedVersion, counts of
     * the alias as a whole stand for the target's (release.md, rule 14). 0 = it never had. */
    int64_t whole_from_ms;
};

/* Samples oldest first, only periods with a datapoint. */
typedef void sy_samples_done(void *ctx, const struct sy_sample *samples, size_t n,
                             const struct sy_error *error);

struct sy_source;
struct sy_source_ops {
    /* Queries of the same instant travel together, in as few calls as fit. */
    void (*query)(struct sy_source *source, const struct sy_query *query, sy_samples_done *done,
                  void *ctx);
    void (*destroy)(struct sy_source *source);
};
struct sy_source {
    const struct sy_source_ops *ops;
};

struct sy_aws;
struct sy_io;
struct sy_timers;
struct sy_source *sy_cloudwatch_create(struct sy_aws *aws, struct sy_io *io,
                                       struct sy_timers *timers);

#endif
