/* The command line: a host that starts an engine (or joins one with --engine) and speaks the plugin
 * protocol to it. One file a subcommand; flags.c has the one table of flags. */
#ifndef SY_CLI_CLI_H
#define SY_CLI_CLI_H

#include "core/package.h"
#include "core/plan.h"
#include "report/face.h"
#include "report/log.h"

#include <signal.h>

enum {
    SY_EXIT_OK = 0,
    SY_EXIT_FAILED = 1,
    SY_EXIT_USAGE = 2,
    SY_EXIT_REFUSED = 5,
    SY_EXIT_UNHEALTHY = 6
};

/* C name, word. */
#define SY_FORMATS(X) X(TEXT, "text") X(JSON, "json")
#define SY_SHELLS(X) X(BASH, "bash") X(ZSH, "zsh") X(FISH, "fish")

#define X(name, word) SY_FORMAT_##name,
enum sy_output_format { SY_FORMATS(X) SY_FORMAT_COUNT };
#undef X
#define X(name, word) SY_SHELL_##name,
enum sy_shell { SY_SHELLS(X) SY_SHELL_COUNT }; /* the last: none was named */
#undef X

struct sy_ci;

/* What was said on the command line. */
struct sy_cli {
    const char *command;
    struct sy_spec spec;
    const char *region;
    const char *endpoint;
    const char *profile;
    const char *engine; /* address of a standing engine; NULL: start one */
    enum sy_output_format output;
    const char *fingerprint;
    const char *reason;
    bool no_settle;
    bool settle;
    bool rolls_back;                      /* verify --rollback */
    int64_t ago_ms, at_ms;                /* verify --at: one of them, or neither */
    struct sy_stage steps[SY_STAGES_MAX]; /* rollback --gradual */
    uint32_t n_steps;
    const char *plan_file;
    const char *spec_flag; /* the first flag that says what a plan says, too; NULL: none */
    const char *listen;
    const char *scenario;
    const char *record;
    int64_t port;
    bool publish;
    struct sy_package package; /* --code; of SY_PACKAGE_LATEST: not given */
    const char *description;
    const char *code_sha256;
    int64_t keep;
    bool dry_run;
    enum sy_shell shell;
    enum sy_platform platform; /* of ci; SY_PLATFORM_COUNT: none was named */
    enum sy_face face;         /* report --format */
    const char *release;       /* report --release; NULL: the last one */
    struct sy_ci *ci;          /* the CI job that is told everything; NULL: a person is */
    char bad_version[SY_VERSION_MAX + 1]; /* drill */
    int only;                             /* drill: enum sy_rehearsal_kind; -1: all */
    const char *markdown;                 /* drill: also write the report there; NULL: nowhere */
    int64_t rate_per_minute;              /* of the traffic that is made; 0: none */
    const char *payload;                  /* JSON, of each invocation */
    int64_t for_ms;                       /* traffic: 0: until it is stopped */
    bool help;
};

struct sy_command {
    const char *name;
    uint32_t flag; /* bit in the flag table */
    const char *summary;
    const char *example; /* the arguments of one, shown by --help */
    int (*run)(const struct sy_cli *cli);
};

enum {
    SY_CMD_PLAN = 1 << 0,
    SY_CMD_APPLY = 1 << 1,
    SY_CMD_ROLLBACK = 1 << 2,
    SY_CMD_STATUS = 1 << 3,
    SY_CMD_ENGINE = 1 << 4,
    SY_CMD_SANDBOX = 1 << 5,
    SY_CMD_RESUME = 1 << 6,
    SY_CMD_ABORT = 1 << 7,
    SY_CMD_PAUSE = 1 << 8,
    SY_CMD_PROMOTE = 1 << 9,
    SY_CMD_VERIFY = 1 << 10,
    SY_CMD_WATCH = 1 << 11,
    SY_CMD_HISTORY = 1 << 12,
    SY_CMD_CHECK = 1 << 13,
    SY_CMD_CLEANUP = 1 << 14,
    SY_CMD_COMPLETION = 1 << 15,
    SY_CMD_REPORT = 1 << 16,
    SY_CMD_CI = 1 << 17,
    SY_CMD_DRILL = 1 << 18,
    SY_CMD_TRAFFIC = 1 << 19,
};

extern const struct sy_command sy_commands[];
extern const size_t sy_n_commands;
/* NULL: there is none of that name. */
const struct sy_command *sy_command_find(const char *name);

/* Fill *ret from argv (without program and command name). */
SY_MUST_USE int sy_flags_parse(const struct sy_command *command, int argc, char **argv,
                               struct sy_cli *ret, struct sy_error *error);
/* The format that errors are to be shown in, whatever else is wrong with the command line. */
enum sy_output_format sy_flags_output(int argc, char **argv);
void sy_flags_help(const struct sy_command *command);

/* A flag as the table has it, for what is made from the table: --help, completions. */
struct sy_flag_facts {
    const char *name;           /* without -- */
    const char *value;          /* what stands for its value; NULL: it takes none */
    const char *help;           /* one sentence */
    const char *const *choices; /* all values that it takes, NULL behind the last; NULL: others */
    bool is_file;               /* its value can be a file */
    bool is_word;               /* given as a word alone, without --name */
};
/* The flags of a command in the order of --help; *at starts as 0. False: there is none left. */
bool sy_flags_next(const struct sy_command *command, size_t *at, struct sy_flag_facts *ret);

int sy_cli_plan(const struct sy_cli *cli);
int sy_cli_apply(const struct sy_cli *cli);
int sy_cli_rollback(const struct sy_cli *cli);
int sy_cli_status(const struct sy_cli *cli);
int sy_cli_resume(const struct sy_cli *cli);
int sy_cli_abort(const struct sy_cli *cli);
int sy_cli_pause(const struct sy_cli *cli);
int sy_cli_promote(const struct sy_cli *cli);
int sy_cli_verify(const struct sy_cli *cli);
int sy_cli_watch(const struct sy_cli *cli);
int sy_cli_history(const struct sy_cli *cli);
int sy_cli_engine(const struct sy_cli *cli);
/* Is this the name that Terraform starts a provider by; and what is done then. */
bool sy_cli_is_provider(const char *program);
int sy_cli_provider(void);
int sy_cli_sandbox(const struct sy_cli *cli);
int sy_cli_check(const struct sy_cli *cli);
int sy_cli_cleanup(const struct sy_cli *cli);
int sy_cli_completion(const struct sy_cli *cli);
int sy_cli_report(const struct sy_cli *cli);
int sy_cli_ci(const struct sy_cli *cli);
int sy_cli_drill(const struct sy_cli *cli);
int sy_cli_traffic(const struct sy_cli *cli);
/* drill.c: settings that are short, but long enough for metrics of a minute; and what its flags
 * want of each other. */
void sy_cli_drill_defaults(struct sy_spec *spec);
SY_MUST_USE int sy_cli_drill_check(const struct sy_cli *cli, struct sy_error *error);

/* Show an error as --output wants it; returns the exit code that fits (release.md): usage 2,
 * refusals 5, else 1. */
int sy_cli_error(const struct sy_cli *cli, const struct sy_error *error);

/* On standard error, with why: the work goes on. Nothing in it is taken for a command of CI. */
void sy_cli_warn(const char *what, const struct sy_error *why);

/* version.c: what --version prints: the version, and on the lines below it how this was built. */
void sy_cli_version(void);

/* connect.c */
struct sy_host;
SY_MUST_USE int sy_cli_connect(const struct sy_cli *cli, struct sy_host **ret,
                               struct sy_error *error);

/* Connect, do it, and let the host go; returns the exit code. */
int sy_cli_with_host(const struct sy_cli *cli,
                     int (*with)(const struct sy_cli *cli, struct sy_host *host));

/* follow.c: show a stream to its end; returns the exit code. */
struct sy_stream;
int sy_cli_follow(const struct sy_cli *cli, struct sy_stream *stream);

/* publish.c: publish what the command line names, and tell what happens; version: of 21 bytes.
 * False: it could not be, or a signal came; *ret_code is the exit code. */
bool sy_cli_publish(const struct sy_cli *cli, struct sy_host *host,
                    char version[SY_VERSION_MAX + 1], int *ret_code);

/* plan_file.c: the spec and the fingerprint of a plan that `plan --output json` printed. */
SY_MUST_USE int sy_plan_file_read(const char *path, struct sy_spec *ret_spec,
                                  char ret_fingerprint[SY_FINGERPRINT_MAX + 1],
                                  struct sy_error *error);
/* owner.c: the name of this process on its leases; and whether whoever has that name can be seen to
 * be gone: false when it lives, or runs elsewhere. */
enum { SY_CLI_OWNER_MAX = 64 };
void sy_owner_name(char buf[SY_CLI_OWNER_MAX]);
bool sy_owner_gone(const char *owner);

/* Where the function is, for the commands that a report advises: whoever reads it may be elsewhere.
 */
void sy_cli_report_place(const struct sy_cli *cli, struct sy_report *report);
/* story.c: add to the report what the record's history and the telemetry tell of its release, or of
 * the last one when it names none. Telemetry that cannot be read is a warning. */
SY_MUST_USE int sy_cli_story(struct sy_host *host, struct sy_report *report,
                             struct sy_error *error);

/* control.c: --reason, or "". */
SY_MUST_USE int sy_cli_reason(const struct sy_cli *cli, char *buf, size_t size,
                              struct sy_error *error);
/* rollback.c: send all traffic back, and show it; returns the exit code. */
struct sy_rollback;
int sy_cli_take_back(const struct sy_cli *cli, struct sy_host *host,
                     const struct sy_rollback *rollback);

/* signals.c. The last of SIGINT, SIGTERM, SIGHUP that came; 0: none. */
extern volatile sig_atomic_t sy_cli_signal;
void sy_cli_catch_signals(void);
/* From now on a signal says this sentence on standard error and ends the program at once. */
enum { SY_FAREWELL_MAX = 1800 };
void sy_cli_leave_with(const char *sentence);

/* event_json.c: the protocol's names. The caller frees the line. */
void sy_cli_put_line(char *line); /* on standard output; frees it */
char *sy_event_json(const struct sy_release_event *event) __attribute__((returns_nonnull, malloc));
char *sy_plan_json(const struct sy_plan *plan) __attribute__((returns_nonnull, malloc));
char *sy_facts_json(const struct sy_cli *cli, const struct sy_facts *facts)
    __attribute__((returns_nonnull, malloc));
struct sy_function_event;
char *sy_function_event_json(const struct sy_cli *cli, const struct sy_function_event *event)
    __attribute__((returns_nonnull, malloc));
char *sy_findings_json(const struct sy_cli *cli, const struct sy_findings *findings)
    __attribute__((returns_nonnull, malloc));
struct sy_verified;
char *sy_verified_json(const struct sy_cli *cli, const struct sy_verified *verified)
    __attribute__((returns_nonnull, malloc));
struct sy_control_answer;
char *sy_control_json(const struct sy_cli *cli, const struct sy_control_answer *answer)
    __attribute__((returns_nonnull, malloc));
char *sy_error_json(const struct sy_error *error) __attribute__((returns_nonnull, malloc));

#endif
