#include "cli/cli.h"

#include "rpc/client.h"

static int look_on(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_stream *stream = NULL;
    struct sy_error error = {0};
    int code = sy_host_watch(host, cli->spec.function, cli->spec.alias, &stream, &error)
                   ? sy_cli_error(cli, &error)
                   : sy_cli_follow(cli, stream);
    sy_stream_close(stream);
    return code;
}

int sy_cli_watch(const struct sy_cli *cli) {
    sy_cli_catch_signals();
    return sy_cli_with_host(cli, look_on);
}
