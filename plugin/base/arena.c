#include "base/arena.h"

#include "base/memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 16384 };

struct sy_arena_block {
    struct sy_arena_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) char data[];
};

static struct sy_arena_block *grow(struct sy_arena *arena, size_t need) {
    size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
    struct sy_arena_block *block = sy_calloc(1, sizeof *block + size);
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *sy_arena_alloc(struct sy_arena *arena, size_t count, size_t size) {
    if (size && count > (SIZE_MAX - BLOCK_BYTES) / size)
        abort(); /* callers count what they hold in memory already */
    size_t need = (count * size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct sy_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < need)
        block = grow(arena, need);
    void *p = block->data + block->used;
    block->used += need;
    return p;
}

char *sy_arena_copy(struct sy_arena *arena, const void *bytes, size_t n) {
    char *copy = sy_arena_alloc(arena, n + 1, 1);
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

char *sy_arena_printf(struct sy_arena *arena, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = sy_arena_alloc(arena, (size_t)(n > 0 ? n : 0) + 1, 1);
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)(n > 0 ? n : 0) + 1, fmt, args);
    va_end(args);
    return text;
}

void sy_arena_finish(struct sy_arena *arena) {
    while (arena->blocks) {
        struct sy_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}
