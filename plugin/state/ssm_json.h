/* SSM's answers (JSON 1.1, API AmazonSSM of 2014-11-06), and what the values of the mirror's
 * parameters mean. An answer that is not as the API documents is INTERNAL. */
#ifndef SY_STATE_SSM_JSON_H
#define SY_STATE_SSM_JSON_H

#include "core/spec.h"

#include <stddef.h>

struct json_object;

struct sy_parameter {
    const char *value; /* borrowed from the tree; NULL = absent */
    size_t len;
    int64_t version;
};

/* GetParameters: ret[i] is what is under names[i]. Each name must be answered for, as a parameter
 * or as invalid: taking silence for absence could start a second release. The caller owns
 * *ret_tree. */
SY_MUST_USE int sy_parameters_parse(const char *body, size_t len, char *const *names, size_t n,
                                    struct sy_parameter *ret, struct json_object **ret_tree,
                                    struct sy_error *error);
/* GetParameter. */
SY_MUST_USE int sy_parameter_parse(const char *body, size_t len, struct sy_parameter *ret,
                                   struct json_object **ret_tree, struct sy_error *error);
/* One parameter within an answer; borrowed from it. The error does not name the operation. */
SY_MUST_USE int sy_parameter_of(struct json_object *object, struct sy_parameter *ret,
                                struct sy_error *error);
/* INTERNAL: an answer that breaks its shape, whatever the accessor called it; returns -1. */
int sy_ssm_odd_answer(const char *operation, const struct sy_error *why, struct sy_error *error);
/* PutParameter: the version as written. */
SY_MUST_USE int sy_put_parse(const char *body, size_t len, int64_t *ret_version,
                             struct sy_error *error);

/* People and other tools write the mirror, too: a value that makes no sense is read as absent. */
void sy_parameter_version(const struct sy_parameter *parameter, char buf[SY_VERSION_MAX + 1]);
void sy_parameter_alias(const struct sy_parameter *parameter, char buf[SY_ALIAS_MAX + 1]);
int64_t sy_parameter_time_ms(const struct sy_parameter *parameter);

#endif
