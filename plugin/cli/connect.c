#include "cli/ci.h"

#include "aws/client.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/escape.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A standing engine was given its region, endpoint and profile when it was started; a host that
 * names others must not believe that they count. */
static int join(const struct sy_cli *cli, struct sy_host **ret, struct sy_error *error) {
    const char *field = cli->region     ? "region"
                        : cli->endpoint ? "endpoint-url"
                        : cli->profile  ? "profile"
                                        : NULL;
    if (field)
        return sy_fail_field(error, field,
                             "--%s and --engine exclude each other: a standing engine has its own; "
                             "leave one of them out",
                             field);
    return sy_host_join(cli->engine, ret, error);
}

/* What the engine would refuse before its handshake: said here, it is one error with its own code,
 * in the form that --output asks for. */
static int check_settings(const struct sy_cli *cli, struct sy_error *error) {
    struct sy_timers timers = {0};
    struct sy_aws *aws = NULL;
    int failed = sy_aws_create(&(struct sy_aws_options){.timers = &timers,
                                                        .region = cli->region,
                                                        .endpoint = cli->endpoint,
                                                        .profile = cli->profile},
                               &aws, error);
    sy_aws_destroy(aws);
    return failed;
}

/* A signal waits for the few milliseconds until the engine knows its host: an engine that never met
 * one could not notice its end. */
static int start(const char *const *argv, struct sy_host **ret, struct sy_error *error) {
    sigset_t stop;
    sigset_t before;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigaddset(&stop, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &stop, &before);
    int failed = sy_host_start(argv, ret, error);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

int sy_cli_connect(const struct sy_cli *cli, struct sy_host **ret, struct sy_error *error) {
    char self[4096];
    const char *argv[10] = {self, "engine"};
    size_t n = 2;
    if (cli->engine)
        return join(cli, ret, error);
    if (check_settings(cli, error))
        return -1;
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
    if (cli->profile) {
        argv[n++] = "--profile";
        argv[n++] = cli->profile;
    }
    return start(argv, ret, error);
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
    if (cli->ci) {
        sy_ci_error(cli->ci, error);
        return exit_code(error);
    }
    if (cli->output == SY_FORMAT_JSON) {
        sy_cli_put_line(sy_error_json(error));
    } else {
        char shown[600];
        (void)fprintf(stderr, "steelyard: %s\n",
                      sy_text_clean(error->message, strlen(error->message), shown, sizeof shown));
    }
    return exit_code(error);
}

void sy_cli_warn(const char *what, const struct sy_error *why) {
    SY_AUTO_BUFFER struct sy_buffer line = {0};
    sy_put_log(&line, "steelyard: warning: ");
    sy_put_log(&line, what);
    sy_put_log(&line, why->message[0] ? ": " : "");
    sy_put_log(&line, why->message);
    (void)fprintf(stderr, "%s\n", line.data);
}

int sy_cli_with_host(const struct sy_cli *cli,
                     int (*with)(const struct sy_cli *cli, struct sy_host *host)) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    int code = with(cli, host);
    sy_host_finish(host);
    return code;
}
