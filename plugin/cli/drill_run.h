/* One run of this program, as an operator would make it, with --output json: for the drill, which
 * rehearses signals and kills, too. */
#ifndef SY_CLI_DRILL_RUN_H
#define SY_CLI_DRILL_RUN_H

#include "base/memory.h"
#include "core/event.h"
#include "core/preflight.h"

#include <stdatomic.h>
#include <sys/types.h>

struct sy_run {
    pid_t pid;  /* 0: there is none */
    int output; /* -1: none */
    struct sy_buffer text;
    size_t taken; /* bytes of text that were handed out */
    int code;     /* when it has ended: exit code, or 128 + signal */
};

/* What a line of it says; what it does not have is empty. */
struct sy_run_event {
    char name[24]; /* alias_moved, …; "" of an error */
    int64_t at_ms;
    int64_t duration_ms;
    struct sy_routing to;
    struct sy_counts canary;
    char outcome[24];
    char text[SY_REASON_MAX + 56];
    bool warning;
    struct sy_error error; /* code SY_OK: none */
};

/* A drill that is killed leaves nothing behind it. This variable, in the environment of its runs,
 * is the drill's process id: these get SIGTERM when it dies, and take their releases back. Or it is
 * SY_RUN_SANDBOX: then they and what they start are killed, for where would they take it back? */
#define SY_RUN_BOUND "STEELYARD_DRILL"
#define SY_RUN_SANDBOX "sandbox"
/* At the start of every process: does what the variable says. */
void sy_run_bind(void);

/* words: NULL behind the last. The run has its own process group, and the environment given. */
SY_MUST_USE int sy_run_start(struct sy_run *run, const char *const *words, char *const *environment,
                             struct sy_error *error);
/* 1 = *ret is the next line, valid until the next call; 0 = none within timeout_ms; -1 = the end.
 */
int sy_run_line(struct sy_run *run, int64_t timeout_ms, const char **ret);
/* The same, as an event; a line that is none is INTERNAL in ret->error. */
int sy_run_event(struct sy_run *run, int64_t timeout_ms, struct sy_run_event *ret);
/* The exit code as it stands in a report. Waits for the end; after timeout_ms it is killed. */
int sy_run_finish(struct sy_run *run, int64_t timeout_ms);
/* Kill it and the engine that it started, so that neither can act on the other's end. */
void sy_run_kill_with_engine(struct sy_run *run);

/* An object that `check`, `status` or `traffic` printed. */
struct json_object;
SY_MUST_USE int sy_run_findings(const char *line, struct sy_findings *ret, struct sy_error *error);
/* Where the alias is, and whether its release is over. */
SY_MUST_USE int sy_run_status(const char *line, struct sy_routing *ret_routing, bool *ret_closed,
                              struct sy_error *error);
/* How many invocations of the version this second had, and when the first was sent. */
struct sy_run_second {
    int64_t at_ms;
    struct sy_counts counts;
    int64_t first_ms;
    bool answered;         /* any version */
    bool nameless;         /* Lambda did not say which */
    struct sy_error error; /* of what was not answered */
};
SY_MUST_USE int sy_run_second(const char *line, const char *version, struct sy_run_second *ret,
                              struct sy_error *error);

#endif
