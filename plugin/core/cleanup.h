/* Cleanup: which published versions of a function may go. Pure. */
#ifndef SY_CORE_CLEANUP_H
#define SY_CORE_CLEANUP_H

#include "core/spec.h"

#include <stddef.h>

enum { SY_KEEP_DEFAULT = 10, SY_KEEP_MAX = 10000, SY_BY_MAX = 255 };

/* A version that must stay, and who says so: an alias, a parameter, a record. */
struct sy_named_version {
    char version[SY_VERSION_MAX + 1];
    char by[SY_BY_MAX + 1]; /* for people, behind "stays: " */
};

#define SY_FATES(X)                                                                                \
    X(KEPT, "kept")                                                                                \
    X(WOULD_GO, "would-go") /* a dry run */                                                        \
    X(DELETED, "deleted")                                                                          \
    X(FAILED, "failed") /* not deleted, for an error */                                            \
    X(LEFT, "left")     /* may go, but not in this run: its bound was reached */
#define X(name, word) SY_FATE_##name,
enum sy_fate { SY_FATES(X) SY_FATE_COUNT };
#undef X
const char *sy_fate_word(enum sy_fate fate);

/* Version numbers as numbers, however long: < 0, 0, > 0. */
int sy_version_compare(const char *a, const char *b);
/* Who names the version; NULL: nobody does. */
const struct sy_named_version *sy_named_find(const struct sy_named_version *names, size_t n,
                                             const char *version);
/* Whether the version may go: it is not among the `keep` newest (newer: how many versions there are
 * above it) and nobody names it. why, of 256 bytes, says why it stays or goes. */
bool sy_cleanup_may_go(const char *version, size_t newer, int64_t keep,
                       const struct sy_named_version *names, size_t n, char why[SY_BY_MAX + 1]);

#endif
