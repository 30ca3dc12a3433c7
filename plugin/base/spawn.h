/* A program of somebody's, started without fork: this process has threads. */
#ifndef SY_BASE_SPAWN_H
#define SY_BASE_SPAWN_H

#include "base/error.h"

#include <sys/types.h>

/* argv[0] is looked for in PATH. It reads nothing, writes to output (a descriptor of ours) and to
 * our standard error, leads a process group of its own, and has no signal blocked or ignored. 0, or
 * the errno that says why not. */
SY_MUST_USE int sy_spawn(char *const *argv, char *const *environment, int output, pid_t *ret);

#endif
