/* Lambda's aliases and versions as its REST API writes them (API of 2015-03-31; shapes
 * AliasConfiguration and FunctionConfiguration). Weights are doubles there and basis points here.
 */
#ifndef SY_TARGET_LAMBDA_JSON_H
#define SY_TARGET_LAMBDA_JSON_H

#include "core/preflight.h"
#include "target/target.h"

struct json_object;

/* The body of UpdateAlias, or of CreateAlias when name is given. RoutingConfig is always there,
 * empty to clear it, because what its omission means is undocumented. name and revision may be
 * NULL. The caller frees it. */
char *sy_lambda_alias_write(const char *name, const struct sy_routing *routing,
                            const char *revision) __attribute__((returns_nonnull, malloc));

/* The answers; what names the operation. Anything that is not as the API documents is INTERNAL and
 * shows the value. */
SY_MUST_USE int sy_lambda_alias_parse(const char *what, const char *body, size_t len,
                                      struct sy_alias_state *ret, struct sy_error *error);
SY_MUST_USE int sy_lambda_version_parse(const char *what, const char *body, size_t len,
                                        const char *version, struct sy_version_state *ret,
                                        struct sy_error *error);

SY_MUST_USE int sy_lambda_configuration_parse(const char *what, const char *body, size_t len,
                                              struct sy_configuration *ret, struct sy_error *error);
/* FunctionVersion and RoutingConfig of an alias that was parsed as JSON; the error does not name
 * the operation. */
SY_MUST_USE int sy_lambda_routing_parse(const struct json_object *alias, struct sy_routing *ret,
                                        struct sy_error *error);

/* Is it a version as AWS writes it: digits, or $LATEST? */
bool sy_lambda_is_version(const char *text);

#endif
