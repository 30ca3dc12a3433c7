#include "core/cleanup.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define X(name, word) word,
static const char *const fates[] = {SY_FATES(X)};
#undef X

const char *sy_fate_word(enum sy_fate fate) {
    return (unsigned)fate < SY_COUNT(fates) ? fates[fate] : "?";
}

int sy_version_compare(const char *a, const char *b) {
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n != m)
        return n < m ? -1 : 1;
    return strcmp(a, b);
}

const struct sy_named_version *sy_named_find(const struct sy_named_version *names, size_t n,
                                             const char *version) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i].version, version) == 0)
            return &names[i];
    return NULL;
}

bool sy_cleanup_may_go(const char *version, size_t newer, int64_t keep,
                       const struct sy_named_version *names, size_t n, char why[SY_BY_MAX + 1]) {
    const struct sy_named_version *name = sy_named_find(names, n, version);
    if (name)
        (void)snprintf(why, SY_BY_MAX + 1, "%s", name->by);
    else if ((int64_t)newer < keep)
        (void)snprintf(why, SY_BY_MAX + 1, "it is one of the newest %lld", (long long)keep);
    else
        (void)snprintf(why, SY_BY_MAX + 1, "%zu are newer, and nothing names it", newer);
    return !name && (int64_t)newer >= keep;
}
