#include "cli/cli.h"

#include "rpc/client.h"

#include <string.h>

static int release(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_stream *stream = NULL;
    struct sy_error error = {0};
    int code = sy_host_apply(host, &cli->spec, cli->fingerprint, &stream, &error)
                   ? sy_cli_error(cli, &error)
                   : sy_cli_follow(cli, stream);
    sy_stream_close(stream);
    return code;
}

int sy_cli_apply(const struct sy_cli *cli) {
    struct sy_cli released = *cli;
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    int code = SY_EXIT_OK;
    sy_cli_catch_signals();
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    if (cli->spec.version[0] || sy_cli_publish(cli, host, released.spec.version, &code))
        code = release(&released, host);
    sy_host_finish(host);
    return code;
}
