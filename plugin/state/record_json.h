/* The record and the lease as JSON, as they stand in the store. Field names are the protocol's. */
#ifndef SY_STATE_RECORD_JSON_H
#define SY_STATE_RECORD_JSON_H

#include "core/record.h"

/* One compact JSON object, never longer than SY_RECORD_JSON_MAX; the caller frees it. */
char *sy_record_write(const struct sy_record *record) __attribute__((returns_nonnull, malloc));
/* Everything is checked as if a stranger had written it: types, ranges, names, words, the spec's
 * own rules, a stage that exists, a newer "format" (then the message says to upgrade). On failure
 * FAILED_PRECONDITION with reason BAD_RECORD; *ret is untouched. */
SY_MUST_USE int sy_record_parse(const char *text, size_t len, struct sy_record *ret,
                                struct sy_error *error);
/* A spec, as a record and a printed plan have it: threshold, window and all else but names and
 * stages is added to object. */
struct json_object;
void sy_spec_add_settings(struct json_object *object, const struct sy_spec *spec);
/* All of it, with the names and "stages", checked by sy_spec_check(). */
SY_MUST_USE int sy_spec_parse(const struct json_object *object, struct sy_spec *ret,
                              struct sy_error *error);

char *sy_lease_write(const struct sy_lease *lease) __attribute__((returns_nonnull, malloc));
SY_MUST_USE int sy_lease_parse(const char *text, size_t len, struct sy_lease *ret,
                               struct sy_error *error);

#endif
