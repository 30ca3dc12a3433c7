/* Verify: judge a version by its telemetry, now or in a window of the past; and the history. Both
 * only read. */
#include "engine/engine_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

struct verifying {
    struct sy_errand errand;
    struct sy_verify asked;
    struct sy_spec spec; /* what is judged by */
    struct sy_verified verified;
    sy_verify_done *done;
    void *ctx;
};

static void refuse(struct sy_errand *errand, const struct sy_error *error) {
    struct verifying *v = (struct verifying *)errand;
    v->done(v->ctx, NULL, error);
}

static void on_samples(void *ctx, const struct sy_sample *samples, size_t n,
                       const struct sy_error *error) {
    struct verifying *v = ctx;
    struct sy_verified *verified = &v->verified;
    struct sy_judgement *j = &verified->judgement;
    if (error) {
        sy_errand_refuse(&v->errand, error);
        return;
    }
    sy_window_sum(samples, n, verified->to_ms, v->spec.window_ms, 0, &j->canary, &j->other);
    j->at_ms = verified->to_ms;
    j->total = j->canary;
    j->decision = sy_verdict_threshold(j->canary, v->spec.threshold_bp, v->spec.min_invocations);
    sy_judgement_format(&v->spec, j, verified->text, sizeof verified->text);
    v->done(v->ctx, verified, NULL);
    sy_errand_finish(&v->errand);
}

/* What to judge by: as asked, else as the alias's last release had it. */
static void choose_spec(struct verifying *v, const struct sy_facts *facts) {
    const struct sy_verify *asked = &v->asked;
    sy_spec_init(&v->spec);
    if (facts->has_record)
        v->spec = facts->record.spec;
    memcpy(v->spec.function, asked->function, sizeof v->spec.function);
    memcpy(v->spec.alias, asked->alias, sizeof v->spec.alias);
    if (asked->window_ms >= 0)
        v->spec.window_ms = asked->window_ms;
    if (asked->min_invocations >= 0)
        v->spec.min_invocations = asked->min_invocations;
    if (asked->period_ms >= 0)
        v->spec.period_ms = asked->period_ms;
    if (asked->threshold_bp >= 0)
        v->spec.threshold_bp = asked->threshold_bp;
    if (v->spec.poll_ms > v->spec.window_ms)
        v->spec.poll_ms = v->spec.window_ms; /* nothing polls here */
}

/* Which version, and which beside it. */
static void choose_versions(struct verifying *v, const struct sy_facts *facts) {
    const struct sy_record *record = &facts->record;
    const struct sy_routing *now = &facts->routing;
    char *version = v->spec.version;
    bool served = facts->has_record && sy_routing_share(now, record->spec.version) > 0;
    if (v->asked.version[0])
        memcpy(version, v->asked.version, sizeof v->spec.version);
    else if (!served)
        memcpy(version, now->primary, sizeof v->spec.version);
    char *baseline = v->verified.baseline;
    if (facts->has_record && strcmp(record->spec.version, version) == 0)
        memcpy(baseline, record->baseline, sizeof v->verified.baseline);
    else if (now->additional[0])
        memcpy(baseline, strcmp(now->primary, version) == 0 ? now->additional : now->primary,
               sizeof v->verified.baseline);
    memcpy(v->verified.version, version, sizeof v->verified.version);
}

/* Since when the version had the whole alias, so that counts of the alias stand for it (release.md,
 * rule 14); 0: it does not have it. */
static int64_t whole_from_ms(const struct verifying *v, const struct sy_facts *facts) {
    const struct sy_record *record = &facts->record;
    if (sy_routing_share(&facts->routing, v->spec.version) != 10000)
        return 0;
    if (facts->has_record && strcmp(record->spec.version, v->spec.version) == 0)
        return record->promoted_ms;
    return facts->has_record && record->ended_ms ? record->ended_ms : v->verified.from_ms + 1;
}

static void on_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct verifying *v = ctx;
    struct sy_source *source = v->errand.engine->source;
    struct sy_verified *verified = &v->verified;
    const struct sy_facts *facts = &gathered->facts;
    struct sy_error error = {0};
    const struct sy_error *failed = sy_gathered_error(gathered);
    if (failed) {
        sy_errand_refuse(&v->errand, failed);
        return;
    }
    if (!facts->has_alias)
        (void)sy_fail_no_alias(v->asked.function, v->asked.alias, &error);
    choose_spec(v, facts);
    choose_versions(v, facts);
    if (error.code != SY_OK || sy_spec_check(&v->spec, &error)) {
        sy_errand_refuse(&v->errand, &error);
        return;
    }
    verified->routing = facts->routing;
    verified->to_ms = v->asked.end_ms ? v->asked.end_ms : facts->now_ms;
    verified->from_ms = verified->to_ms - v->spec.window_ms;
    verified->window_ms = v->spec.window_ms;
    verified->threshold_bp = v->spec.threshold_bp;
    struct sy_query query = {.function = v->spec.function,
                             .alias = v->spec.alias,
                             .version = verified->version,
                             .baseline = verified->baseline,
                             .from_ms = verified->from_ms,
                             .to_ms = verified->to_ms,
                             .period_ms = v->spec.period_ms,
                             .whole_from_ms = whole_from_ms(v, facts)};
    source->ops->query(source, &query, on_samples, v);
}

static void on_version(void *ctx, const struct sy_version_state *state,
                       const struct sy_error *error) {
    struct verifying *v = ctx;
    struct sy_error absent = {0};
    if (error || state->exists) {
        sy_gather(v->errand.engine, v->asked.function, v->asked.alias, "", 0, on_gathered, v);
        return;
    }
    (void)sy_fail_reason(&absent, SY_NOT_FOUND, "VERSION_NOT_FOUND",
                         "version %s of function %s does not exist", v->asked.version,
                         v->asked.function);
    sy_errand_refuse(&v->errand, &absent);
}

void sy_engine_verify(struct sy_engine *engine, const struct sy_verify *verify,
                      sy_verify_done *done, void *ctx) {
    struct verifying *v = sy_errand_create(engine, sizeof *v, refuse);
    struct sy_error error = {0};
    int64_t now_ms = sy_io_now(engine->io);
    v->asked = *verify;
    v->done = done;
    v->ctx = ctx;
    int failed = sy_names_check(verify->function, verify->alias,
                                verify->version[0] ? verify->version : NULL, &error);
    if (!failed && (verify->end_ms < 0 || verify->end_ms > now_ms))
        failed = sy_fail_field(&error, "end",
                               "end: lies in the future; a window ends now or "
                               "before");
    if (failed)
        sy_errand_refuse_later(&v->errand, &error);
    else if (verify->version[0]) /* a slip of the hand would look like thin data */
        engine->target->ops->read_version(engine->target, verify->function, verify->version,
                                          on_version, v);
    else
        sy_gather(engine, verify->function, verify->alias, "", 0, on_gathered, v);
}

/* ---- history ---- */

struct remembering {
    struct sy_errand errand;
    sy_history_done *done;
    void *ctx;
};

static void refuse_history(struct sy_errand *errand, const struct sy_error *error) {
    struct remembering *r = (struct remembering *)errand;
    r->done(r->ctx, NULL, 0, error);
}

static void on_history(void *ctx, const struct sy_stored_version *versions, size_t n,
                       const struct sy_error *error) {
    struct remembering *r = ctx;
    r->done(r->ctx, versions, n, error);
    sy_errand_finish(&r->errand);
}

void sy_engine_history(struct sy_engine *engine, const char *function, const char *alias,
                       sy_history_done *done, void *ctx) {
    struct remembering *r = sy_errand_create(engine, sizeof *r, refuse_history);
    struct sy_error error = {0};
    r->done = done;
    r->ctx = ctx;
    if (sy_names_check(function, alias, NULL, &error))
        sy_errand_refuse_later(&r->errand, &error);
    else
        engine->store->ops->read_history(engine->store, function, alias, on_history, r);
}
