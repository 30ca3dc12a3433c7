#include "cli/cli.h"

#include "rpc/client.h"

int sy_cli_watch(const struct sy_cli *cli) {
    struct sy_host *host = NULL;
    struct sy_stream *stream = NULL;
    struct sy_error error = {0};
    sy_cli_catch_signals();
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    int code = sy_host_watch(host, cli->spec.function, cli->spec.alias, &stream, &error)
                   ? sy_cli_error(cli, &error)
                   : sy_cli_follow(cli, stream);
    sy_stream_close(stream);
    sy_host_finish(host);
    return code;
}
