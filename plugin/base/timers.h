/* Deadlines of one thread, earliest first (a binary heap; equal times fire in the order added). */
#ifndef SY_BASE_TIMERS_H
#define SY_BASE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in its owner; zero-initialised means not armed. */
struct sy_timer {
    int64_t at_ms;
    uint64_t order;
    size_t slot; /* 1-based place in the heap; 0 when not armed */
    void (*fire)(void *ctx);
    void *ctx;
};

struct sy_timers {
    struct sy_timer **heap;
    size_t count;
    size_t capacity;
    uint64_t next_order;
};

void sy_timers_finish(struct sy_timers *timers);
/* Arm (or re-arm) a timer. The timer must stay in place until it fired or is cancelled. */
void sy_timers_set(struct sy_timers *timers, struct sy_timer *timer, int64_t at_ms,
                   void (*fire)(void *ctx), void *ctx);
void sy_timers_cancel(struct sy_timers *timers, struct sy_timer *timer);
/* Time of the earliest deadline, INT64_MAX when there is none. */
int64_t sy_timers_next(const struct sy_timers *timers);
/* Fire one timer that is due at now_ms; returns 0 when none is. */
int sy_timers_fire_one(struct sy_timers *timers, int64_t now_ms);

#endif
