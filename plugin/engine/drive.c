/* One release being driven: performs what the step function asks for, and feeds it the answers. */
#include "engine/engine_internal.h"

#include "base/log.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { LOG_MAX = 4096 };

static void feed(struct sy_drive *drive, struct sy_input *input);

struct sy_drive *sy_drive_create(struct sy_engine *engine, const char *function,
                                 const char *alias) {
    struct sy_drive *drive = sy_calloc(1, sizeof *drive);
    drive->engine = engine;
    (void)snprintf(drive->function, sizeof drive->function, "%s", function);
    (void)snprintf(drive->alias, sizeof drive->alias, "%s", alias);
    drive->next = engine->drives;
    engine->drives = drive;
    drive->number = ++engine->drives_made;
    return drive;
}

void sy_drive_destroy(struct sy_drive *drive) {
    struct sy_engine *engine = drive->engine;
    for (struct sy_drive **at = &engine->drives; *at; at = &(*at)->next)
        if (*at == drive) {
            *at = drive->next;
            break;
        }
    sy_timers_cancel(engine->timers, &drive->timer);
    for (size_t i = 0; i < drive->n_log; i++)
        free(drive->log[i]);
    for (struct sy_watch *watch = drive->watches; watch; watch = watch->next)
        watch->drive = NULL; /* its owner still closes it */
    free(drive->log);
    free(drive->asked);
    free(drive);
}

struct sy_drive *sy_drive_live(struct sy_drive *drive, const char *function, const char *alias) {
    for (; drive; drive = drive->next)
        if (!drive->over && !drive->onlooker && strcmp(drive->function, function) == 0 &&
            strcmp(drive->alias, alias) == 0)
            return drive;
    return NULL;
}

struct sy_drive *sy_drive_find(struct sy_engine *engine, const char *function, const char *alias) {
    struct sy_drive *drive = sy_drive_live(engine->drives, function, alias);
    while (drive && (!drive->begun || drive->release.rested))
        drive = sy_drive_live(drive->next, function, alias);
    return drive;
}

/* ---- the log of events ---- */

/* Make room: the oldest OBSERVED goes, of which there is one a poll. All else there is of the order
 * of one a stage; should it fill the log alone, the oldest goes. */
static void drop_event(struct sy_drive *drive) {
    size_t at = 0;
    while (at < drive->n_log && drive->log[at]->kind != SY_EVENT_OBSERVED)
        at++;
    if (at == drive->n_log)
        at = 0;
    free(drive->log[at]);
    drive->n_log--;
    memmove(drive->log + at, drive->log + at + 1, (drive->n_log - at) * sizeof *drive->log);
    for (struct sy_watch *watch = drive->watches; watch; watch = watch->next)
        watch->cursor -= watch->cursor > at;
}

/* A move is one line with all there is to know (release.md, rule 13); a look at the numbers is not
 * worth one. */
static void log_event(const struct sy_drive *drive, const struct sy_release_event *event) {
    char from[80];
    char to[80];
    enum sy_log_level level = event->kind == SY_EVENT_OBSERVED ? SY_LOG_DEBUG : SY_LOG_INFO;
    if (event->kind == SY_EVENT_ALIAS_MOVED)
        sy_log(level, "%s:%s release %s %lld %s stage %u version %s: %s => %s in %d ms %s",
               drive->function, drive->alias, event->release_id, (long long)event->sequence,
               sy_event_word(event->kind), event->stage, event->version,
               sy_routing_format(&event->from, from), sy_routing_format(&event->to, to),
               (int)event->duration_ms, event->text);
    else
        sy_log(level, "%s:%s release %s %lld %s stage %u %s", drive->function, drive->alias,
               event->release_id, (long long)event->sequence, sy_event_word(event->kind),
               event->stage, event->text);
}

static void keep_event(struct sy_drive *drive, const struct sy_release_event *event) {
    if (drive->n_log == LOG_MAX)
        drop_event(drive);
    if (drive->n_log == drive->log_capacity) {
        drive->log_capacity = drive->log_capacity ? drive->log_capacity * 2 : 8;
        drive->log = sy_realloc(drive->log, drive->log_capacity * sizeof *drive->log);
    }
    /* Only as much of the text as there is: there are many events, and most say little. */
    size_t size = offsetof(struct sy_release_event, text) + strlen(event->text) + 1;
    struct sy_release_event *kept = sy_calloc(1, size);
    memcpy(kept, event, size);
    drive->log[drive->n_log++] = kept;
    log_event(drive, kept);
}

void sy_drive_tell(struct sy_drive *drive, const struct sy_release_event *event) {
    struct sy_release_event numbered = *event;
    numbered.sequence = (int64_t)drive->n_log + 1;
    keep_event(drive, &numbered);
    sy_watches_notify(drive);
}

static void over(struct sy_drive *drive) {
    drive->over = true;
    drive->engine->sweep = true;
    sy_timers_cancel(drive->engine->timers, &drive->timer);
    sy_watches_notify(drive);
    if (drive->on_over)
        drive->on_over(drive->on_over_ctx);
}

void sy_drive_fail(struct sy_drive *drive, const struct sy_error *error) {
    drive->error = *error;
    over(drive);
}

void sy_drive_finish(struct sy_drive *drive, enum sy_outcome outcome,
                     const struct sy_routing *routing, const char *text) {
    struct sy_release_event event = {.kind = SY_EVENT_FINISHED,
                                     .sequence = (int64_t)drive->n_log + 1,
                                     .at_ms = sy_io_now(drive->engine->io),
                                     .outcome = outcome,
                                     .to = *routing};
    (void)snprintf(event.version, sizeof event.version, "%s", drive->asked->spec.version);
    memcpy(event.release_id, drive->asked->plan.release_id, sizeof event.release_id);
    (void)snprintf(event.text, sizeof event.text, "%s", text);
    keep_event(drive, &event);
    over(drive);
}

/* ---- answers ---- */

static void on_alias(void *ctx, const struct sy_alias_state *state, const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    struct sy_input input = {.kind = SY_INPUT_ALIAS, .error = error};
    if (!error) {
        input.exists = state->exists;
        input.routing = &state->routing;
        input.revision = state->revision;
    }
    drive->pending--;
    feed(drive, &input);
}

static void on_written(struct sy_drive *drive, enum sy_input_kind kind, int64_t version,
                       const struct sy_error *error) {
    struct sy_input input = {.kind = kind, .error = error, .number = version};
    drive->pending--;
    feed(drive, &input);
}

static void on_leased(void *ctx, int64_t version, const struct sy_error *error) {
    on_written(ctx, SY_INPUT_LEASED, version, error);
}

static void on_stored(void *ctx, int64_t version, const struct sy_error *error) {
    on_written(ctx, SY_INPUT_STORED, version, error);
}

static void on_mirrored(void *ctx, int64_t version, const struct sy_error *error) {
    on_written(ctx, SY_INPUT_MIRRORED, version, error);
}

static void on_samples(void *ctx, const struct sy_sample *samples, size_t n,
                       const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    struct sy_input input = {
        .kind = SY_INPUT_SAMPLES, .error = error, .samples = samples, .n_samples = n};
    drive->pending--;
    feed(drive, &input);
}

static void fill_mirror(struct sy_mirror *ret, const char *alias, const char *current,
                        const char *previous, const char *last_known_good, int64_t deployment_ms) {
    *ret = (struct sy_mirror){.deployment_ms = deployment_ms};
    (void)snprintf(ret->alias, sizeof ret->alias, "%s", alias);
    (void)snprintf(ret->current, sizeof ret->current, "%s", current);
    (void)snprintf(ret->previous, sizeof ret->previous, "%s", previous);
    (void)snprintf(ret->last_known_good, sizeof ret->last_known_good, "%s", last_known_good);
}

static void on_record(void *ctx, const struct sy_stored *stored, const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    struct sy_input input = {.kind = SY_INPUT_RECORD, .error = error};
    struct sy_mirror mirror;
    if (!error) {
        input.record = stored->has_record ? &stored->record : NULL;
        input.lease = stored->has_lease ? &stored->lease : NULL;
        fill_mirror(&mirror, stored->mirror_alias, stored->current, stored->previous,
                    stored->last_known_good, stored->deployment_ms);
        /* A record of the past says nothing of today's parameters. */
        input.mirror = stored->mirror_alias[0] ? &mirror : NULL;
    }
    drive->pending--;
    feed(drive, &input);
}

static void on_dropped(void *ctx, int64_t version, const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    (void)version;
    (void)error; /* it expires by itself */
    drive->pending--;
    over(drive);
}

/* ---- requests ---- */

static void observe(struct sy_drive *drive, int64_t from_ms) {
    struct sy_engine *engine = drive->engine;
    const struct sy_record *record = &drive->release.record;
    struct sy_query query = {.function = drive->function,
                             .alias = drive->alias,
                             .version = record->spec.version,
                             .baseline = record->baseline,
                             .from_ms = from_ms,
                             .to_ms = sy_io_now(engine->io),
                             .period_ms = record->spec.period_ms,
                             .whole_from_ms =
                                 record->phase == SY_PHASE_LOCK_IN ? record->promoted_ms : 0};
    engine->source->ops->query(engine->source, &query, on_samples, drive);
}

static void perform_alias(struct sy_drive *drive, const struct sy_output *out) {
    struct sy_target *target = drive->engine->target;
    if (out->alias == SY_ALIAS_WRITE)
        target->ops->write_alias(target, drive->function, drive->alias, &out->routing,
                                 out->revision, on_alias, drive);
    else
        target->ops->read_alias(target, drive->function, drive->alias, on_alias, drive);
}

static void perform_store(struct sy_drive *drive, const struct sy_output *out) {
    struct sy_store *store = drive->engine->store;
    struct sy_release *release = &drive->release;
    if (out->lease)
        store->ops->write_lease(store, drive->function, drive->alias, &release->lease, on_leased,
                                drive);
    if (out->store)
        store->ops->write_record(store, &release->record, on_stored, drive);
    if (out->mirror)
        store->ops->write_mirror(store, drive->function, &out->mirror_values, on_mirrored, drive);
    if (out->look && out->look_version)
        store->ops->read_version(store, drive->function, drive->alias, out->look_version, on_record,
                                 drive);
    else if (out->look)
        store->ops->read(store, drive->function, drive->alias, on_record, drive);
}

static void tick(void *ctx) {
    struct sy_input input = {.kind = SY_INPUT_TICK};
    feed(ctx, &input);
}

static void rest(struct sy_drive *drive, const struct sy_output *out) {
    struct sy_store *store = drive->engine->store;
    if (!out->drop_lease) {
        over(drive);
        return;
    }
    drive->pending++;
    store->ops->drop_lease(store, drive->function, drive->alias, on_dropped, drive);
}

static void perform(struct sy_drive *drive, const struct sy_output *out) {
    struct sy_engine *engine = drive->engine;
    for (uint32_t i = 0; i < out->n_events; i++)
        keep_event(drive, &out->events[i]);
    drive->pending += (out->alias != SY_ALIAS_NOTHING) + out->lease + out->store + out->mirror +
                      out->observe + out->look;
    if (out->alias != SY_ALIAS_NOTHING)
        perform_alias(drive, out);
    perform_store(drive, out);
    if (out->observe)
        observe(drive, out->observe_from_ms);
    if (out->tick_ms != INT64_MAX)
        sy_timers_set(engine->timers, &drive->timer, out->tick_ms, tick, drive);
    else
        sy_timers_cancel(engine->timers, &drive->timer);
    bool any_events = out->n_events > 0;
    if (out->rest)
        rest(drive, out);
    if (any_events)
        sy_watches_notify(drive);
}

static void feed(struct sy_drive *drive, struct sy_input *input) {
    struct sy_engine *engine = drive->engine;
    if (drive->over) {
        engine->sweep = true; /* that was the last answer to it, perhaps */
        return;
    }
    input->now_ms = sy_io_now(engine->io);
    sy_release_step(&drive->release, input, &engine->output);
    perform(drive, &engine->output);
}

struct sy_lease sy_drive_lease(const struct sy_drive *drive, const struct sy_facts *facts) {
    struct sy_lease lease = {.version = facts->has_lease ? facts->lease.version : 0};
    (void)snprintf(lease.owner, sizeof lease.owner, "%s/%llu", drive->engine->owner,
                   (unsigned long long)drive->number);
    return lease;
}

void sy_drive_start(struct sy_drive *drive, const struct sy_gathered *gathered,
                    const struct sy_input *said) {
    struct sy_input input = *said;
    const struct sy_facts *facts = &gathered->facts;
    struct sy_lease lease = sy_drive_lease(drive, facts);
    struct sy_mirror mirror;
    fill_mirror(&mirror, facts->mirror_alias, facts->mirror_current, facts->mirror_previous,
                facts->mirror_last_known_good, gathered->deployment_ms);
    input.mirror = &mirror;
    input.exists = facts->has_alias;
    input.routing = &facts->routing;
    input.revision = facts->revision;
    input.lease = &lease;
    drive->begun = true;
    feed(drive, &input);
}

void sy_drive_begin(struct sy_drive *drive, const struct sy_gathered *gathered) {
    struct sy_input input = {.kind = SY_INPUT_START};
    sy_drive_start(drive, gathered, &input);
}

void sy_drive_interrupt(struct sy_drive *drive, const char *text) {
    struct sy_input input = {.kind = SY_INPUT_INTERRUPT, .text = text};
    if (drive->over)
        return;
    if (drive->onlooker)
        sy_onlooker_end(drive);
    else if (drive->begun)
        feed(drive, &input);
    else
        sy_drive_cancel(drive, "interrupted");
}

void sy_drive_cancel(struct sy_drive *drive, const char *text) {
    if (!drive->begun && drive->asked && !drive->asked->urgent && !drive->cancelled)
        drive->cancelled = text;
}

void sy_drive_feed(struct sy_drive *drive, struct sy_input *input) {
    feed(drive, input);
}
