/* `steelyard ci PLATFORM`: a command whose words come from the environment, and whose report goes
 * where a CI platform wants it (adapters/CONTRACT.md). */
#ifndef SY_CLI_CI_H
#define SY_CLI_CI_H

#include "cli/cli.h"
#include "report/log.h"

#include <sys/types.h>

/* A file that others write, too: what we wrote is from begin to end. */
struct sy_ci_file {
    const char *path;
    off_t begin, end; /* end 0: nothing yet */
};

struct sy_ci {
    enum sy_platform platform;
    struct sy_log log;
    struct sy_report report;
    char directory[1024];      /* where the reports go */
    struct sy_ci_file output;  /* GITHUB_OUTPUT; of GitHub alone */
    struct sy_ci_file summary; /* GITHUB_STEP_SUMMARY; the same */
};

/* ---- what a command tells, when it runs in CI ---- */

void sy_ci_event(struct sy_ci *ci, const struct sy_release_event *event);
void sy_ci_error(struct sy_ci *ci, const struct sy_error *error);
/* A signal was acted on: the reports are written as things stand, for a SIGKILL may follow. */
void sy_ci_interrupted(struct sy_ci *ci, int signal);

/* ---- ci_environment.c ---- */

/* What the environment says: the command, and its arguments, which the caller frees with
 * sy_ci_words_finish(). */
struct sy_ci_words {
    const struct sy_command *command;
    char **argv;
    int argc;
    char unused[512]; /* inputs that this command does not take, for the log; "" = none */
    const char *name; /* of the command, as CI calls it; NULL: it is not known */
    bool settles;
};
SY_MUST_USE int sy_ci_words_read(struct sy_ci_words *ret, struct sy_error *error);
void sy_ci_words_finish(struct sy_ci_words *words);

/* ---- ci_files.c ---- */

/* Find out where everything goes, and that it can be written. Nothing has moved yet. */
SY_MUST_USE int sy_ci_files_open(struct sy_ci *ci, struct sy_error *error);
/* Write all of it, over what was written before; what cannot be is a warning on the log. */
void sy_ci_files_write(struct sy_ci *ci);

#endif
