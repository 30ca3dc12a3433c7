#include "cli/cli.h"

#include "rpc/client.h"

/* What to release: as the flags say, or as a saved plan does. */
static int choose(struct sy_cli *cli, char fingerprint[SY_FINGERPRINT_MAX + 1],
                  struct sy_error *error) {
    if (!cli->plan_file)
        return 0;
    cli->fingerprint = fingerprint;
    return sy_plan_file_read(cli->plan_file, &cli->spec, fingerprint, error);
}

static int release(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_stream *stream = NULL;
    struct sy_error error = {0};
    int code = sy_host_apply(host, &cli->spec, cli->fingerprint, &stream, &error)
                   ? sy_cli_error(cli, &error)
                   : sy_cli_follow(cli, stream);
    sy_stream_close(stream);
    return code;
}

/* The version is there, or is published first. */
static int publish_and_release(struct sy_cli *cli, struct sy_host *host) {
    int code = SY_EXIT_OK;
    if (!cli->spec.version[0] && !sy_cli_publish(cli, host, cli->spec.version, &code))
        return code;
    return release(cli, host);
}

int sy_cli_apply(const struct sy_cli *asked) {
    struct sy_cli cli = *asked;
    char fingerprint[SY_FINGERPRINT_MAX + 1];
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    sy_cli_catch_signals();
    if (choose(&cli, fingerprint, &error) || sy_cli_connect(&cli, &host, &error))
        return sy_cli_error(&cli, &error);
    int code = publish_and_release(&cli, host);
    sy_host_finish(host);
    return code;
}
