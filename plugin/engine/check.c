/* Check: everything that a release would ask for, asked; and two writes proven allowed by requests
 * that cannot change anything. */
#include "engine/engine_internal.h"
#include "engine/function.h"

#include "base/memory.h"

#include <string.h>

/* A RevisionId that no alias has: UpdateAlias answers 412 when it is allowed, and 403 when not. */
static const char no_revision[] = "00000000-0000-0000-0000-000000000000";

struct checking {
    struct sy_errand errand;
    struct sy_spec spec;
    struct sy_facts facts;
    uint32_t proofs; /* answers still to come */
    sy_check_done *done;
    void *ctx;
};

static void finish(struct checking *c) {
    struct sy_findings findings = {.n = 0};
    sy_preflight_check(&c->spec, &c->facts, &findings);
    c->done(c->ctx, &findings, NULL);
    sy_errand_finish(&c->errand);
}

static void refuse(struct sy_errand *errand, const struct sy_error *error) {
    struct checking *c = (struct checking *)errand;
    c->done(c->ctx, NULL, error);
}

static void proven(struct checking *c, enum sy_read read, const struct sy_error *error,
                   enum sy_code refusal) {
    enum sy_read_result result = sy_read_result_of(error);
    if (error && error->code == refusal)
        result = SY_READ_ANSWERED;
    c->facts.preflight.reads[read] = result;
    if (--c->proofs == 0)
        finish(c);
}

static void on_update(void *ctx, const struct sy_alias_state *state, const struct sy_error *error) {
    (void)state;
    proven(ctx, SY_READ_UPDATE_ALIAS, error, SY_ABORTED);
}

static void on_put(void *ctx, int64_t version, const struct sy_error *error) {
    (void)version;
    proven(ctx, SY_READ_PUT_PARAMETER, error, SY_ALREADY_EXISTS);
}

/* The routing is the one that is there, so that even a service that does not look at the revision
 * changes nothing. */
static void prove(struct checking *c) {
    struct sy_target *target = c->errand.engine->target;
    struct sy_store *store = c->errand.engine->store;
    const struct sy_facts *facts = &c->facts;
    bool update = facts->has_alias;
    bool put = facts->mirror_current[0];
    c->proofs = (uint32_t)update + put;
    if (update)
        target->ops->write_alias(target, c->spec.function, c->spec.alias, &facts->routing,
                                 no_revision, on_update, c);
    if (put)
        store->ops->prove_write(store, c->spec.function, facts->mirror_current, on_put, c);
    if (!update && !put)
        finish(c);
}

static bool keeps_from_looking(const struct sy_error *error) {
    return error->code != SY_OK && error->code != SY_PERMISSION_DENIED;
}

static void check_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct checking *c = ctx;
    const struct sy_error *errors[] = {&gathered->alias_error, &gathered->version_error,
                                       &gathered->store_error};
    c->facts = gathered->facts;
    for (size_t i = 0; i < SY_COUNT(errors); i++)
        if (keeps_from_looking(errors[i])) {
            sy_errand_refuse(&c->errand, errors[i]);
            return;
        }
    prove(c);
}

void sy_engine_check(struct sy_engine *engine, const struct sy_spec *spec, sy_check_done *done,
                     void *ctx) {
    struct checking *c = sy_errand_create(engine, sizeof *c, refuse);
    struct sy_error error;
    c->spec = *spec;
    c->done = done;
    c->ctx = ctx;
    if (sy_names_check(spec->function, spec->alias, spec->version[0] ? spec->version : NULL,
                       &error)) {
        sy_errand_refuse_later(&c->errand, &error);
        return;
    }
    sy_gather(engine, spec->function, spec->alias, spec->version,
              SY_GATHER_VERSION | SY_GATHER_TRAFFIC | SY_GATHER_CHECK, check_gathered, c);
}
