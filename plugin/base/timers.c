#include "base/timers.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

static bool earlier(const struct sy_timer *a, const struct sy_timer *b) {
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void place(struct sy_timers *timers, size_t slot, struct sy_timer *timer) {
    timers->heap[slot - 1] = timer;
    timer->slot = slot;
}

static void sift_up(struct sy_timers *timers, struct sy_timer *timer) {
    size_t slot = timer->slot;
    while (slot > 1 && earlier(timer, timers->heap[slot / 2 - 1])) {
        place(timers, slot, timers->heap[slot / 2 - 1]);
        slot /= 2;
    }
    place(timers, slot, timer);
}

static void sift_down(struct sy_timers *timers, struct sy_timer *timer) {
    size_t slot = timer->slot;
    for (size_t child = slot * 2; child <= timers->count; child = slot * 2) {
        if (child < timers->count && earlier(timers->heap[child], timers->heap[child - 1]))
            child++;
        if (!earlier(timers->heap[child - 1], timer))
            break;
        place(timers, slot, timers->heap[child - 1]);
        slot = child;
    }
    place(timers, slot, timer);
}

void sy_timers_finish(struct sy_timers *timers) {
    free(timers->heap);
    *timers = (struct sy_timers){0};
}

void sy_timers_set(struct sy_timers *timers, struct sy_timer *timer, int64_t at_ms,
                   void (*fire)(void *ctx), void *ctx) {
    sy_timers_cancel(timers, timer);
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity ? timers->capacity * 2 : 16;
        timers->heap = sy_realloc(timers->heap, timers->capacity * sizeof(struct sy_timer *));
    }
    *timer = (struct sy_timer){.at_ms = at_ms,
                               .order = timers->next_order++,
                               .slot = ++timers->count,
                               .fire = fire,
                               .ctx = ctx};
    sift_up(timers, timer);
}

void sy_timers_cancel(struct sy_timers *timers, struct sy_timer *timer) {
    if (!timer->slot)
        return;
    struct sy_timer *last = timers->heap[--timers->count];
    if (last != timer) {
        place(timers, timer->slot, last);
        sift_up(timers, last);
        sift_down(timers, last);
    }
    timer->slot = 0;
}

int64_t sy_timers_next(const struct sy_timers *timers) {
    return timers->count ? timers->heap[0]->at_ms : INT64_MAX;
}

int sy_timers_fire_one(struct sy_timers *timers, int64_t now_ms) {
    if (!timers->count || sy_timers_next(timers) > now_ms)
        return 0;
    struct sy_timer *timer = timers->heap[0];
    sy_timers_cancel(timers, timer);
    timer->fire(timer->ctx);
    return 1;
}
