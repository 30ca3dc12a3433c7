#include "cli/cli.h"
#include "cli/drill_run.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

const struct sy_command sy_commands[] = {
    {"plan", SY_CMD_PLAN, "show what a release would do; changes nothing",
     "--function checkout --alias production --version 42 --stages 10%/15m,50%/15m", sy_cli_plan},
    {"apply", SY_CMD_APPLY,
     "release a version: move traffic by stages, judge each, promote or roll back",
     "--function checkout --alias production --version 42 --stages 10%/15m,50%/15m", sy_cli_apply},
    {"rollback", SY_CMD_ROLLBACK, "send all traffic back to the baseline, now",
     "--function checkout --alias production", sy_cli_rollback},
    {"resume", SY_CMD_RESUME, "go on with a release: one that is paused, held, handed over or left",
     "--function checkout --alias production", sy_cli_resume},
    {"pause", SY_CMD_PAUSE, "stop the clock of the stage under way; it is judged on",
     "--function checkout --alias production --reason 'looking at the logs'", sy_cli_pause},
    {"promote", SY_CMD_PROMOTE, "send all traffic to the released version now, skipping its stages",
     "--function checkout --alias production", sy_cli_promote},
    {"abort", SY_CMD_ABORT, "take back the release under way, now",
     "--function checkout --alias production", sy_cli_abort},
    {"verify", SY_CMD_VERIFY, "judge a version by its telemetry, now or in the past",
     "--function checkout --alias production --at 2026-01-02T03:04:05Z", sy_cli_verify},
    {"watch", SY_CMD_WATCH, "look on at a release, whoever drives it",
     "--function checkout --alias production", sy_cli_watch},
    {"history", SY_CMD_HISTORY, "show the releases of an alias, and every move",
     "--function checkout --alias production", sy_cli_history},
    {"status", SY_CMD_STATUS, "show where an alias and its release stand",
     "--function checkout --alias production", sy_cli_status},
    {"check", SY_CMD_CHECK, "look for what would spoil a release; changes nothing",
     "--function checkout --alias production --version 42", sy_cli_check},
    {"cleanup", SY_CMD_CLEANUP, "delete old versions that no alias, record or parameter names",
     "--function checkout --keep 10 --dry-run", sy_cli_cleanup},
    {"report", SY_CMD_REPORT, "write the report of a release, later too, from its record",
     "--function checkout --alias production --format html", sy_cli_report},
    {"ci", SY_CMD_CI, "run a command as a CI job's variables say, and report as CI wants it",
     "github", sy_cli_ci},
    {"drill", SY_CMD_DRILL, "rehearse a release and each kind of rollback; say what to fix",
     "--function checkout-drill --alias live --version 1 --bad-version 2", sy_cli_drill},
    {"traffic", SY_CMD_TRAFFIC, "invoke an alias at a steady rate, and count which version answers",
     "--function checkout --alias production --rate 5/s --for 10m", sy_cli_traffic},
    {"engine", SY_CMD_ENGINE,
     "serve the plugin protocol (started by a host, or standing with --listen)",
     "--listen unix:/run/steelyard.sock", sy_cli_engine},
    {"sandbox", SY_CMD_SANDBOX, "serve a small AWS on loopback, from a scenario",
     "--scenario examples/healthy.json", sy_cli_sandbox},
    {"completion", SY_CMD_COMPLETION, "print the completions of a shell, for it to source", "bash",
     sy_cli_completion},
};
const size_t sy_n_commands = SY_COUNT(sy_commands);

static void usage(FILE *to) {
    (void)fprintf(to, "Steelyard releases AWS Lambda functions by canary.\n\n"
                      "Usage: steelyard COMMAND [FLAGS]\n\nCommands:\n");
    for (size_t i = 0; i < sy_n_commands; i++)
        (void)fprintf(to, "  %-10s %s\n", sy_commands[i].name, sy_commands[i].summary);
    (void)fprintf(to, "\nsteelyard COMMAND --help tells its flags. steelyard --version\n");
}

const struct sy_command *sy_command_find(const char *name) {
    for (size_t i = 0; i < sy_n_commands; i++)
        if (strcmp(sy_commands[i].name, name) == 0)
            return &sy_commands[i];
    return NULL;
}

static int no_command(const char *name, struct sy_error *error) {
    char shown[64];
    return sy_fail_field(error, "", "there is no command \"%s\"; see steelyard --help",
                         sy_text_clean(name, strlen(name), shown, sizeof shown));
}

int main(int argc, char **argv) {
    sy_run_bind();
    if (argc > 0 && sy_cli_is_provider(argv[0]))
        return sy_cli_provider();
    if (argc < 2) {
        usage(stderr);
        return SY_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return SY_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        sy_cli_version();
        return SY_EXIT_OK;
    }
    const struct sy_command *command = sy_command_find(argv[1]);
    struct sy_cli cli = {0};
    struct sy_error error = {0};
    int failed = command ? sy_flags_parse(command, argc - 2, argv + 2, &cli, &error)
                         : no_command(argv[1], &error);
    if (!command || failed) {
        cli.output = sy_flags_output(argc - 2, argv + 2);
        return sy_cli_error(&cli, &error);
    }
    if (cli.help) {
        sy_flags_help(command);
        return SY_EXIT_OK;
    }
    return command->run(&cli);
}
