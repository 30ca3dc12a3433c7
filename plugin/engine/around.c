/* What stands around a release, for preflight: a plan asks for it with everything else, and does
 * without what does not come. */
#include "engine/engine_internal.h"

#include <string.h>

static void asked(struct sy_gather *g, enum sy_read read) {
    g->gathered.facts.preflight.reads[read] = SY_READ_ASKED;
    g->around++;
}

static void on_baseline(void *ctx, const struct sy_configuration *configuration,
                        const struct sy_error *error) {
    struct sy_gather *g = ctx;
    if (!error)
        g->gathered.facts.preflight.baseline = *configuration;
    sy_gather_around_answered(g, SY_READ_BASELINE, error);
}

static void on_concurrency(void *ctx, const struct sy_concurrency *concurrency,
                           const struct sy_error *error) {
    struct sy_gather *g = ctx;
    if (!error)
        g->gathered.facts.preflight.concurrency = *concurrency;
    sy_gather_around_answered(g, SY_READ_CONCURRENCY, error);
}

static void on_alias_policy(void *ctx, const struct sy_policy *policy,
                            const struct sy_error *error) {
    struct sy_gather *g = ctx;
    if (!error)
        g->gathered.facts.preflight.alias_policy = *policy;
    sy_gather_around_answered(g, SY_READ_ALIAS_POLICY, error);
}

static void on_function_policy(void *ctx, const struct sy_policy *policy,
                               const struct sy_error *error) {
    struct sy_gather *g = ctx;
    if (!error)
        g->gathered.facts.preflight.function_policy = *policy;
    sy_gather_around_answered(g, SY_READ_FUNCTION_POLICY, error);
}

static void on_invoke_config(void *ctx, const struct sy_invoke_config *config,
                             const struct sy_error *error) {
    struct sy_gather *g = ctx;
    if (!error)
        g->gathered.facts.preflight.invoke_config = *config;
    sy_gather_around_answered(g, SY_READ_INVOKE_CONFIG, error);
}

/* Of interest is whether one parameter may be read, not what it holds. */
static void on_parameter(void *ctx, const struct sy_stored *stored, const struct sy_error *error) {
    (void)stored;
    bool denied = error && error->code != SY_FAILED_PRECONDITION; /* that is a bad record, read */
    sy_gather_around_answered(ctx, SY_READ_PARAMETER, denied ? error : NULL);
}

void sy_gather_around(struct sy_gather *g) {
    struct sy_target *target = g->engine->target;
    const struct sy_function_ops *ops = target->function;
    asked(g, SY_READ_CONCURRENCY);
    asked(g, SY_READ_ALIAS_POLICY);
    asked(g, SY_READ_FUNCTION_POLICY);
    ops->read_concurrency(target, g->function, g->alias, on_concurrency, g);
    ops->read_policy(target, g->function, g->alias, on_alias_policy, g);
    ops->read_policy(target, g->function, "", on_function_policy, g);
    if (!(g->what & SY_GATHER_CHECK))
        return;
    asked(g, SY_READ_INVOKE_CONFIG);
    asked(g, SY_READ_PARAMETER);
    ops->read_invoke_config(target, g->function, g->alias, on_invoke_config, g);
    g->engine->store->ops->read_version(g->engine->store, g->function, g->alias, 1, on_parameter,
                                        g);
}

/* The version that the target would share the alias with; one round trip after the alias. */
void sy_gather_baseline(struct sy_gather *g) {
    const struct sy_facts *facts = &g->gathered.facts;
    const char *primary = facts->routing.primary;
    if (!(g->what & SY_GATHER_VERSION) || !facts->has_alias || !g->version[0] ||
        strcmp(primary, g->version) == 0 || primary[strspn(primary, "0123456789")])
        return;
    asked(g, SY_READ_BASELINE);
    g->engine->target->function->read_configuration(g->engine->target, g->function, primary,
                                                    on_baseline, g);
}
