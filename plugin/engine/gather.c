#include "engine/engine_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum {
    STORE_PATIENCE_MS = 2000,
    AROUND_PATIENCE_MS = 1000, /* a plan does without; `check` waits */
};

static void unlink_gather(struct sy_gather *g) {
    for (struct sy_gather **at = &g->engine->gathers; *at; at = &(*at)->next)
        if (*at == g) {
            *at = g->next;
            return;
        }
}

void sy_gathers_drop(struct sy_engine *engine) {
    while (engine->gathers) {
        struct sy_gather *g = engine->gathers;
        engine->gathers = g->next;
        sy_timers_cancel(engine->timers, &g->timer);
        free(g);
    }
}

static void tell(struct sy_gather *g) {
    if (g->told)
        return;
    g->told = true;
    sy_timers_cancel(g->engine->timers, &g->timer);
    g->gathered.facts.now_ms = sy_io_now(g->engine->io);
    if (g->what & SY_GATHER_VERSION)
        g->engine->target->function->read_expiry(g->engine->target,
                                                 &g->gathered.facts.preflight.expiry);
    g->done(g->ctx, &g->gathered);
}

static void around_patience(void *ctx) {
    struct sy_gather *g = ctx;
    for (enum sy_read i = 0; i < SY_READ_COUNT; i++)
        if (g->gathered.facts.preflight.reads[i] == SY_READ_ASKED)
            g->gathered.facts.preflight.reads[i] = SY_READ_FAILED;
    tell(g);
}

/* All that it needs is there: tell, or wait a little for what stands around. */
static void look(struct sy_gather *g) {
    if (!g->needed && !g->around) {
        unlink_gather(g);
        tell(g);
        free(g);
    } else if (!g->needed && !g->told && !(g->what & SY_GATHER_CHECK)) {
        sy_timers_set(g->engine->timers, &g->timer, sy_io_now(g->engine->io) + AROUND_PATIENCE_MS,
                      around_patience, g);
    }
}

void sy_gather_answered(struct sy_gather *g) {
    g->needed--;
    look(g);
}

void sy_gather_around_answered(struct sy_gather *g, enum sy_read read,
                               const struct sy_error *error) {
    g->gathered.facts.preflight.reads[read] = sy_read_result_of(error);
    g->around--;
    if (!g->needed && !g->around)
        look(g);
}

static void answered(struct sy_gather *g, enum sy_read read, const struct sy_error *error) {
    g->gathered.facts.preflight.reads[read] = sy_read_result_of(error);
    sy_gather_answered(g);
}

static void out_of_patience(void *ctx) {
    struct sy_gather *g = ctx;
    (void)sy_fail(&g->gathered.store_error, SY_UNAVAILABLE,
                  "the parameter store did not answer within %d ms", STORE_PATIENCE_MS);
    tell(g);
}

static void on_alias(void *ctx, const struct sy_alias_state *state, const struct sy_error *error) {
    struct sy_gather *g = ctx;
    struct sy_facts *facts = &g->gathered.facts;
    if (error) {
        g->gathered.alias_error = *error;
    } else if (state->exists) {
        facts->has_alias = true;
        facts->routing = state->routing;
        memcpy(facts->revision, state->revision, sizeof facts->revision);
        memcpy(facts->alias_arn, state->arn, sizeof facts->alias_arn);
    }
    /* A split alias can be taken back without the store, a whole one cannot. */
    if ((g->what & SY_GATHER_URGENT) && !g->store_answered && facts->routing.additional[0])
        sy_timers_set(g->engine->timers, &g->timer, sy_io_now(g->engine->io) + STORE_PATIENCE_MS,
                      out_of_patience, g);
    if (!error)
        sy_gather_baseline(g);
    answered(g, SY_READ_ALIAS, error);
}

static void on_version(void *ctx, const struct sy_version_state *state,
                       const struct sy_error *error) {
    struct sy_gather *g = ctx;
    struct sy_facts *facts = &g->gathered.facts;
    if (error) {
        g->gathered.version_error = *error;
    } else if (state->exists) {
        facts->has_version = true;
        memcpy(facts->version_state, state->state, sizeof facts->version_state);
        memcpy(facts->code_sha256, state->code_sha256, sizeof facts->code_sha256);
        facts->preflight.target = state->configuration;
    }
    answered(g, SY_READ_VERSION, error);
}

static void on_stored(void *ctx, const struct sy_stored *stored, const struct sy_error *error) {
    struct sy_gather *g = ctx;
    struct sy_facts *facts = &g->gathered.facts;
    g->store_answered = true;
    if (error) {
        g->gathered.store_error = *error;
    } else {
        facts->has_record = stored->has_record;
        facts->record = stored->record;
        facts->has_lease = stored->has_lease;
        facts->lease = stored->lease;
        /* Who is seen to be gone will not renew it: it has run out now. */
        if (facts->has_lease && g->engine->owner_gone &&
            facts->lease.until_ms > sy_io_now(g->engine->io) &&
            g->engine->owner_gone(facts->lease.owner))
            facts->lease.until_ms = sy_io_now(g->engine->io);
        memcpy(facts->mirror_alias, stored->mirror_alias, sizeof facts->mirror_alias);
        memcpy(facts->mirror_current, stored->current, sizeof facts->mirror_current);
        memcpy(facts->mirror_previous, stored->previous, sizeof facts->mirror_previous);
        memcpy(facts->mirror_last_known_good, stored->last_known_good,
               sizeof facts->mirror_last_known_good);
        g->gathered.deployment_ms = stored->deployment_ms;
    }
    answered(g, SY_READ_STORE, error);
}

static void on_traffic(void *ctx, const struct sy_sample *samples, size_t n,
                       const struct sy_error *error) {
    struct sy_gather *g = ctx;
    g->gathered.facts.has_traffic = !error; /* a plan without it is still a plan */
    for (size_t i = 0; i < n && !error; i++)
        g->gathered.facts.traffic_per_hour += samples[i].canary.invocations;
    answered(g, SY_READ_TELEMETRY, error);
}

void sy_gather(struct sy_engine *engine, const char *function, const char *alias,
               const char *version, int what, sy_gather_done *done, void *ctx) {
    struct sy_gather *g = sy_calloc(1, sizeof *g);
    g->engine = engine;
    g->next = engine->gathers;
    engine->gathers = g;
    g->done = done;
    g->ctx = ctx;
    g->what = what;
    (void)snprintf(g->function, sizeof g->function, "%s", function);
    (void)snprintf(g->alias, sizeof g->alias, "%s", alias);
    (void)snprintf(g->version, sizeof g->version, "%s", version);
    g->needed = 2 + !!(what & SY_GATHER_VERSION && version[0]) + !!(what & SY_GATHER_TRAFFIC);
    engine->target->ops->read_alias(engine->target, function, alias, on_alias, g);
    engine->store->ops->read(engine->store, function, alias, on_stored, g);
    if (what & SY_GATHER_VERSION && version[0])
        engine->target->ops->read_version(engine->target, function, version, on_version, g);
    if (what & SY_GATHER_TRAFFIC) {
        int64_t now = sy_io_now(engine->io);
        struct sy_query query = {.function = function,
                                 .alias = alias,
                                 .version = "",
                                 .baseline = "",
                                 .from_ms = now - SY_HOUR_MS,
                                 .to_ms = now,
                                 .period_ms = SY_MINUTE_MS};
        engine->source->ops->query(engine->source, &query, on_traffic, g);
    }
    if (what & SY_GATHER_VERSION)
        sy_gather_around(g);
}
