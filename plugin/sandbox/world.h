/* A small, deterministic AWS: functions, versions with error rates over time, weighted aliases with
 * revisions, SSM parameters, CloudWatch with Lambda's real dimensions and delays, traffic, faults.
 * Time is given, never read; the same scenario and calls give the same bytes.
 *
 * Three ways in: sy_world_handle() answers one HTTP request; sy_world_io() is a carrier for the
 * engine on virtual time; sandbox/serve.h puts it on loopback. */
#ifndef SY_SANDBOX_WORLD_H
#define SY_SANDBOX_WORLD_H

#include "base/io.h"

struct sy_world;

/* scenario: JSON, see docs/sandbox.md. start_ms: Unix time at which its traffic begins. */
SY_MUST_USE int sy_world_create(const char *scenario, size_t len, int64_t start_ms,
                                struct sy_world **ret, struct sy_error *error);
void sy_world_destroy(struct sy_world *world);

struct sy_world_reply {
    struct sy_http_response response; /* owned by the world, valid until the next call */
    int64_t latency_ms;               /* how long the whole exchange takes */
    int64_t arrival_ms;               /* how much of it passes before the request takes effect */
};
/* Brings the world (its traffic) up to now_ms, then answers; now_ms never goes back. */
void sy_world_handle(struct sy_world *world, int64_t now_ms, const struct sy_http_request *request,
                     struct sy_world_reply *ret);

/* Do something outside the engine's control, as an operator or another tool would: the same JSON
 * actions that a scenario can put on its time line. */
SY_MUST_USE int sy_world_act(struct sy_world *world, int64_t now_ms, const char *action_json,
                             struct sy_error *error);

/* How often somebody asked to delete a whole function; it is always refused. */
int64_t sy_world_whole_deletions(const struct sy_world *world);

/* The in-process carrier. Its clock starts at the world's start and moves only in wait(): to the
 * next arrival or response, or to until_ms. One wait() makes at most one step - a request takes
 * effect, or a response is delivered - so a test can stop an engine between any two of them. */
struct sy_io *sy_world_io_create(struct sy_world *world);
/* Requests that have not arrived yet never will; those that have arrived have had their effect. */
void sy_world_io_destroy(struct sy_io *io);

#endif
