/* The host's side of FunctionService. Blocking; one thread. */
#ifndef SY_RPC_CLIENT_FUNCTION_H
#define SY_RPC_CLIENT_FUNCTION_H

#include "engine/function.h"
#include "rpc/client.h"

SY_MUST_USE int sy_host_check(struct sy_host *host, const char *function, const char *alias,
                              const char *version, struct sy_findings *ret, struct sy_error *error);

/* What a publication or a cleanup tells. */
struct sy_telling;
struct sy_telling *sy_host_publish(struct sy_host *host, const struct sy_publish_request *request);
struct sy_telling *sy_host_cleanup(struct sy_host *host, const struct sy_cleanup_request *request);
/* 1 = *ret holds the next event; 0 = none within timeout_ms; -1 = the end: error->code is SY_OK
 * when all was done, else why not. */
int sy_telling_next(struct sy_telling *telling, int64_t timeout_ms, struct sy_function_event *ret,
                    struct sy_error *error);
/* Stops what goes on. */
void sy_telling_close(struct sy_telling *telling);

#endif
