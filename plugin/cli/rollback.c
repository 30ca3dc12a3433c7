/* Back: rollback takes back whatever was released last, abort a release that is under way. */
#include "cli/cli.h"

#include "rpc/client.h"

#include <stdio.h>
#include <string.h>

int sy_cli_take_back(const struct sy_cli *cli, struct sy_host *host,
                     const struct sy_rollback *rollback) {
    struct sy_stream *stream = NULL;
    struct sy_error error = {0};
    sy_cli_catch_signals();
    int code = sy_host_rollback(host, rollback, &stream, &error) ? sy_cli_error(cli, &error)
                                                                 : sy_cli_follow(cli, stream);
    sy_stream_close(stream);
    return code;
}

static int run(const struct sy_cli *cli, bool running_only) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    struct sy_rollback rollback = {.running_only = running_only, .n_steps = cli->n_steps};
    memcpy(rollback.function, cli->spec.function, sizeof rollback.function);
    memcpy(rollback.alias, cli->spec.alias, sizeof rollback.alias);
    memcpy(rollback.baseline, cli->spec.version, sizeof rollback.baseline);
    memcpy(rollback.steps, cli->steps, sizeof rollback.steps);
    if (sy_cli_reason(cli, rollback.reason, sizeof rollback.reason, &error))
        return sy_cli_error(cli, &error);
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    int code = sy_cli_take_back(cli, host, &rollback);
    sy_host_finish(host);
    /* Being back on the baseline is what was asked for here, so it is no failure of this command.
     */
    return code == sy_outcome_exit(SY_OUTCOME_CANCELLED) ? SY_EXIT_OK : code;
}

int sy_cli_rollback(const struct sy_cli *cli) {
    return run(cli, false);
}

int sy_cli_abort(const struct sy_cli *cli) {
    return run(cli, true);
}
