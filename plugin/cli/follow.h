/* How a release is shown while it runs. */
#ifndef SY_CLI_FOLLOW_H
#define SY_CLI_FOLLOW_H

#include "cli/cli.h"

/* progress.c: the live view of a terminal. */
struct sy_progress;
struct sy_progress *sy_progress_create(const struct sy_cli *cli);
void sy_progress_event(struct sy_progress *progress, const struct sy_release_event *event);
/* Draw again, with the time that has passed; signal: what the user pressed, 0 = nothing. */
void sy_progress_draw(struct sy_progress *progress, int64_t now_ms, int signal);
void sy_progress_destroy(struct sy_progress *progress);

#endif
