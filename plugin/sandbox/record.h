/* The record of a served sandbox: every request as it came, for tests to replay. */
#ifndef SY_SANDBOX_RECORD_H
#define SY_SANDBOX_RECORD_H

#include "base/io.h"

#include <stdio.h>

/* Open for appending, 0600. UNAVAILABLE when that fails. */
SY_MUST_USE int sy_record_open(const char *path, FILE **ret, struct sy_error *error);
/* One line, flushed. file NULL: nothing. */
void sy_record_add(FILE *file, const struct sy_http_request *request);

#endif
