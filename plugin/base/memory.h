/* Memory: cleanup attributes, allocation that cannot fail, and a growing buffer.
 *
 * A process that cannot get a few kilobytes cannot judge a release; it stops at once with a
 * sentence and leaves a record from which another one resumes. So allocation is not an error to
 * handle. */
#ifndef SY_BASE_MEMORY_H
#define SY_BASE_MEMORY_H

#include "base/error.h"

#include <stdlib.h>

void *sy_calloc(size_t count, size_t size) __attribute__((returns_nonnull, malloc));
void *sy_realloc(void *p, size_t size) __attribute__((returns_nonnull));
char *sy_strdup(const char *s) __attribute__((returns_nonnull, malloc));
char *sy_strdup_any(const char *s) __attribute__((malloc)); /* NULL stays NULL */
char *sy_strndup(const char *s, size_t n) __attribute__((returns_nonnull, malloc));
char *sy_asprintf(const char *fmt, ...) SY_PRINTF(1, 2) __attribute__((returns_nonnull, malloc));

static inline void sy_free_cleanup(void *p) {
    free(*(void **)p);
}
#define SY_AUTO_FREE __attribute__((cleanup(sy_free_cleanup)))

/* Take the pointer out of an owner that would free it. */
#define SY_STEAL(p)                                                                                \
    __extension__({                                                                                \
        __auto_type sy_stolen_ = (p);                                                              \
        (p) = NULL;                                                                                \
        sy_stolen_;                                                                                \
    })

#define SY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A growing byte buffer; data is NUL-terminated behind len (NULL while nothing was appended). */
struct sy_buffer {
    char *data;
    size_t len;
    size_t capacity;
};
void sy_buffer_append(struct sy_buffer *buffer, const void *bytes, size_t n);
void sy_buffer_puts(struct sy_buffer *buffer, const char *s);
void sy_buffer_printf(struct sy_buffer *buffer, const char *fmt, ...) SY_PRINTF(2, 3);
void sy_buffer_finish(struct sy_buffer *buffer);
#define SY_AUTO_BUFFER __attribute__((cleanup(sy_buffer_finish)))

#endif
