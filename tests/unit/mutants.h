/* Broken forms of a valid text: cut at each byte, each byte deleted, each byte changed. */
#ifndef SY_TESTS_MUTANTS_H
#define SY_TESTS_MUTANTS_H

#include "base/memory.h"

#include <string.h>

/* Call try with each mutant, NUL-terminated and in a block of exactly its size, so that a sanitizer
 * sees every step too far. NUL bytes inside are possible: len counts. */
static inline size_t mutants_each(const char *text,
                                  void (*attempt)(void *ctx, const char *mutant, size_t len),
                                  void *ctx) {
    static const unsigned char flips[] = {0x01, 0x02, 0x08, 0x10, 0x20, 0x80, 0xff};
    size_t len = strlen(text);
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        for (size_t k = 0; k < SY_COUNT(flips) + 2; k++, count++) {
            size_t n = k == 0 ? i : k == 1 ? len - 1 : len;
            SY_AUTO_FREE char *mutant = sy_calloc(n + 1, 1);
            memcpy(mutant, text, n);
            if (k == 1)
                memcpy(mutant + i, text + i + 1, len - 1 - i);
            else if (k > 1)
                mutant[i] = (char)((unsigned char)text[i] ^ flips[k - 2]);
            attempt(ctx, mutant, n);
        }
    }
    return count;
}

#endif
