#include "cli/cli.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int sy_cli_connect(const struct sy_cli *cli, struct sy_host **ret, struct sy_error *error) {
    char self[4096];
    const char *argv[8] = {self, "engine"};
    size_t n = 2;
    if (cli->engine)
        return sy_host_join(cli->engine, ret, error);
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len < 0)
        return sy_fail(error, SY_INTERNAL, "cannot find this program in /proc/self/exe");
    self[len] = '\0';
    if (cli->region) {
        argv[n++] = "--region";
        argv[n++] = cli->region;
    }
    if (cli->endpoint) {
        argv[n++] = "--endpoint-url";
        argv[n++] = cli->endpoint;
    }
    return sy_host_start(argv, ret, error);
}

static int exit_code(const struct sy_error *error) {
    switch (error->code) {
    case SY_INVALID_ARGUMENT:
        return SY_EXIT_USAGE;
    case SY_FAILED_PRECONDITION:
    case SY_ABORTED:
    case SY_ALREADY_EXISTS:
    case SY_NOT_FOUND:
        return SY_EXIT_REFUSED;
    default:
        return SY_EXIT_FAILED;
    }
}

int sy_cli_error(const struct sy_cli *cli, const struct sy_error *error) {
    if (cli->output == SY_FORMAT_JSON) {
        SY_AUTO_FREE char *line = sy_error_json(error);
        (void)printf("%s\n", line);
    } else {
        char shown[600];
        (void)fprintf(stderr, "steelyard: %s\n",
                      sy_text_clean(error->message, strlen(error->message), shown, sizeof shown));
    }
    return exit_code(error);
}
