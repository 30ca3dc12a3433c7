/* The sandbox on loopback: a world on the real clock behind HTTP, for AWS's own tools and ours. */
#ifndef SY_SANDBOX_SERVE_H
#define SY_SANDBOX_SERVE_H

#include "base/error.h"

#include <signal.h>
#include <stdint.h>

struct sy_sandbox_options {
    const char *scenario_path; /* a JSON file, see docs/sandbox.md */
    uint16_t port;             /* on 127.0.0.1; 0: any free one */
    /* Append one JSON line a request as it came: {method, url, headers{}, body_base64}. Created
     * 0600, because headers can hold a session token. NULL: no record. */
    const char *record_path;
    /* Looked at several times a second and after every signal; serving ends when it is not 0.
     * NULL: serve until the process ends. */
    const volatile sig_atomic_t *stop;
};

/* Serve until told to stop. The first line on standard output is the URL, http://127.0.0.1:PORT.
 * Besides AWS's calls it answers GET /_steelyard/health and POST /_steelyard/act (an action, as on
 * a scenario's time line). INVALID_ARGUMENT: the scenario; UNAVAILABLE: the port or the record. */
SY_MUST_USE int sy_sandbox_serve(const struct sy_sandbox_options *options, struct sy_error *error);

#endif
