/* The first half of `apply --publish` and `apply --code`: a version, told step by step. */
#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client_function.h"

#include <stdio.h>
#include <string.h>

static void show(const struct sy_cli *cli, const struct sy_function_event *event) {
    char at[24];
    if (cli->output == SY_FORMAT_JSON)
        sy_cli_put_line(sy_function_event_json(cli, event));
    else
        (void)printf("%s %s\n", sy_time_format(event->at_ms, at), event->text);
    (void)fflush(stdout);
}

/* A signal ends the waiting, and nothing has moved yet. */
static int interrupted(const struct sy_cli *cli, const char *version) {
    struct sy_error error;
    int signal = sy_cli_signal;
    if (version[0])
        (void)sy_fail(&error, SY_CANCELLED,
                      "interrupted: version %s of %s is published, and nothing moved; release it "
                      "with: steelyard apply --version %s",
                      version, cli->spec.function, version);
    else
        (void)sy_fail(&error, SY_CANCELLED,
                      "interrupted: no version of %s was seen to be published, and nothing moved",
                      cli->spec.function);
    (void)sy_cli_error(cli, &error);
    if (cli->ci)
        sy_ci_interrupted(cli->ci, signal);
    else
        sy_cli_leave_with("left while the engine ends; nothing moved");
    return 128 + signal;
}

static struct sy_telling *begin(const struct sy_cli *cli, struct sy_host *host) {
    SY_AUTO_FREE struct sy_publish_request *request = sy_calloc(1, sizeof *request);
    memcpy(request->function, cli->spec.function, sizeof request->function);
    memcpy(request->alias, cli->spec.alias, sizeof request->alias);
    (void)snprintf(request->description, sizeof request->description, "%s",
                   cli->description ? cli->description : "");
    (void)snprintf(request->code_sha256, sizeof request->code_sha256, "%s",
                   cli->code_sha256 ? cli->code_sha256 : "");
    request->package = cli->package;
    return sy_host_publish(host, request);
}

bool sy_cli_publish(const struct sy_cli *cli, struct sy_host *host,
                    char version[SY_VERSION_MAX + 1], int *ret_code) {
    struct sy_telling *telling = begin(cli, host);
    struct sy_function_event event;
    struct sy_error error = {0};
    bool published = false;
    int got = 0;
    version[0] = '\0';
    while (!sy_cli_signal && (got = sy_telling_next(telling, 100, &event, &error)) >= 0) {
        if (got == 0)
            continue;
        show(cli, &event);
        memcpy(version, event.version, sizeof event.version);
        published |= event.kind == SY_FUNCTION_PUBLISHED;
    }
    sy_telling_close(telling);
    if (sy_cli_signal)
        *ret_code = interrupted(cli, version);
    else if (error.code != SY_OK)
        *ret_code = sy_cli_error(cli, &error);
    else if (!published)
        *ret_code = SY_EXIT_FAILED;
    return published && !sy_cli_signal && error.code == SY_OK;
}
