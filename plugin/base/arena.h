/* Memory that lives as long as one request: allocated in pieces, freed at once. */
#ifndef SY_BASE_ARENA_H
#define SY_BASE_ARENA_H

#include "base/error.h"

struct sy_arena_block;
struct sy_arena {
    struct sy_arena_block *blocks; /* the one in use first */
};

/* Zeroed, aligned for any type. */
void *sy_arena_alloc(struct sy_arena *arena, size_t count, size_t size)
    __attribute__((returns_nonnull, malloc));
/* NUL-terminated copies. */
char *sy_arena_copy(struct sy_arena *arena, const void *bytes, size_t n)
    __attribute__((returns_nonnull, malloc));
char *sy_arena_printf(struct sy_arena *arena, const char *fmt, ...) SY_PRINTF(2, 3)
    __attribute__((returns_nonnull, malloc));
void sy_arena_finish(struct sy_arena *arena);

#endif
