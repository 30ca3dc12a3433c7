#include "cli/cli.h"

#include "sandbox/serve.h"

int sy_cli_sandbox(const struct sy_cli *cli) {
    struct sy_error error = {0};
    sy_cli_catch_signals();
    struct sy_sandbox_options options = {.scenario_path = cli->scenario,
                                         .port = (uint16_t)cli->port,
                                         .record_path = cli->record,
                                         .stop = &sy_cli_signal};
    return sy_sandbox_serve(&options, &error) ? sy_cli_error(cli, &error) : SY_EXIT_OK;
}
