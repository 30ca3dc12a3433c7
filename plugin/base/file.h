/* Files of somebody's, read whole. */
#ifndef SY_BASE_FILE_H
#define SY_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>

/* The whole of a regular file of at most max bytes, NUL-terminated; the caller frees it. Never
 * waits, as the opening of a pipe would. -1: errno says why; EFBIG when it is larger, EINVAL when
 * it is no regular file. */
SY_MUST_USE int sy_file_read(const char *path, size_t max, char **ret, size_t *ret_len);

#endif
