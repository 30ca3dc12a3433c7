/* The engine with its AWS client and its three ports: the only place that names a concrete target,
 * store and source. */
#ifndef SY_CLI_WIRING_H
#define SY_CLI_WIRING_H

#include "aws/client.h"
#include "base/timers.h"
#include "engine/engine.h"

struct sy_wiring {
    struct sy_io *io;
    struct sy_timers timers;
    uint64_t seed;
    struct sy_engine *engine;
    /* From here on by sy_wiring_connect(). */
    struct sy_aws *aws;
    struct sy_target *target;
    struct sy_store *store;
    struct sy_source *source;
};

/* The engine, without ports. Zero-initialised before; sy_wiring_finish() also after a failure. */
SY_MUST_USE int sy_wiring_create(struct sy_wiring *wiring, struct sy_error *error);
/* Give it AWS. NULL settings as in aws/client.h. */
SY_MUST_USE int sy_wiring_connect(struct sy_wiring *wiring, const char *region,
                                  const char *endpoint, const char *profile,
                                  struct sy_error *error);
void sy_wiring_finish(struct sy_wiring *wiring);
/* STEELYARD_LOG, or the fallback (enum sy_log_level), becomes the log's level. */
void sy_wiring_log(int fallback);

#endif
