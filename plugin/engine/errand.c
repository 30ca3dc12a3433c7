#include "engine/engine_internal.h"

#include "base/memory.h"

void *sy_errand_create(struct sy_engine *engine, size_t size,
                       void (*refuse)(struct sy_errand *errand, const struct sy_error *error)) {
    struct sy_errand *errand = sy_calloc(1, size);
    errand->engine = engine;
    errand->refuse = refuse;
    errand->next = engine->errands;
    engine->errands = errand;
    return errand;
}

void sy_errand_finish(struct sy_errand *errand) {
    struct sy_engine *engine = errand->engine;
    for (struct sy_errand **at = &engine->errands; *at; at = &(*at)->next)
        if (*at == errand) {
            *at = errand->next;
            break;
        }
    sy_timers_cancel(engine->timers, &errand->timer);
    free(errand);
}

void sy_errand_refuse(struct sy_errand *errand, const struct sy_error *error) {
    errand->refuse(errand, error);
    sy_errand_finish(errand);
}

static void refuse_now(void *ctx) {
    struct sy_errand *errand = ctx;
    sy_errand_refuse(errand, &errand->refusal);
}

void sy_errand_refuse_later(struct sy_errand *errand, const struct sy_error *error) {
    errand->refusal = *error;
    sy_timers_set(errand->engine->timers, &errand->timer, sy_io_now(errand->engine->io), refuse_now,
                  errand);
}

void sy_errands_drop(struct sy_engine *engine) {
    while (engine->errands)
        sy_errand_finish(engine->errands);
}
