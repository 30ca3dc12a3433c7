#include "sandbox/world_state.h"

#include <string.h>

double sy_timeline_at(const struct sy_timeline *line, int64_t since_start_ms) {
    /* Before the start, as at the start. */
    double value = line->count ? line->steps[0].value : 0;
    for (size_t i = 0; i < line->count && line->steps[i].from_ms <= since_start_ms; i++)
        value = line->steps[i].value;
    return value;
}

int64_t sy_timeline_next(const struct sy_timeline *line, int64_t since_start_ms) {
    for (size_t i = 0; i < line->count; i++)
        if (line->steps[i].from_ms > since_start_ms)
            return line->steps[i].from_ms;
    return INT64_MAX;
}

void sy_timeline_copy(struct sy_timeline *to, const struct sy_timeline *from) {
    to->count = from->count;
    to->steps = sy_calloc(from->count, sizeof *to->steps);
    if (from->count)
        memcpy(to->steps, from->steps, from->count * sizeof *to->steps);
}

void sy_timeline_set(struct sy_timeline *line, int64_t since_start_ms, double value) {
    size_t keep = 0;
    while (keep < line->count && line->steps[keep].from_ms < since_start_ms)
        keep++;
    line->steps = sy_realloc(line->steps, (keep + 1) * sizeof *line->steps);
    line->steps[keep] = (struct sy_step){.from_ms = since_start_ms, .value = value};
    line->count = keep + 1;
}
