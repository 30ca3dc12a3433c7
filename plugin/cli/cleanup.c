#include "cli/cli.h"

#include "base/memory.h"
#include "rpc/client_function.h"

#include <stdio.h>
#include <string.h>

static void print_event(const struct sy_function_event *event) {
    static const char *const words[] = {[SY_FATE_KEPT] = "stays",
                                        [SY_FATE_WOULD_GO] = "would go",
                                        [SY_FATE_DELETED] = "deleted",
                                        [SY_FATE_FAILED] = "failed",
                                        [SY_FATE_LEFT] = "left"};
    if (event->kind == SY_FUNCTION_VERSION)
        (void)printf("  %-6s %-8s %s\n", event->version, words[event->fate], event->text);
    else
        (void)printf("%s\n", event->text);
}

static void show(const struct sy_cli *cli, const struct sy_function_event *event) {
    if (cli->output == SY_FORMAT_JSON)
        sy_cli_put_line(sy_function_event_json(cli, event));
    else
        print_event(event);
    (void)fflush(stdout);
}

/* A signal stops it before the next deletion; what is told is done. */
static int follow(const struct sy_cli *cli, struct sy_telling *telling) {
    struct sy_function_event event;
    struct sy_error error = {0};
    bool changed = false;
    int got = 0;
    while (!sy_cli_signal && (got = sy_telling_next(telling, 100, &event, &error)) >= 0) {
        if (got == 0)
            continue;
        show(cli, &event);
        changed |= event.kind == SY_FUNCTION_VERSION &&
                   (event.fate == SY_FATE_DELETED || event.fate == SY_FATE_FAILED);
    }
    if (sy_cli_signal) {
        (void)sy_fail(
            &error, SY_CANCELLED,
            "interrupted: the versions that are told as deleted are, and one more may be");
        (void)sy_cli_error(cli, &error);
        sy_cli_leave_with("left while the engine ends");
        return 128 + sy_cli_signal;
    }
    if (error.code == SY_OK)
        return SY_EXIT_OK;
    int code = sy_cli_error(cli, &error);
    return changed ? SY_EXIT_FAILED : code;
}

static int clean_up(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_cleanup_request request = {.keep = cli->keep, .dry_run = cli->dry_run};
    memcpy(request.function, cli->spec.function, sizeof request.function);
    struct sy_telling *telling = sy_host_cleanup(host, &request);
    int code = follow(cli, telling);
    sy_telling_close(telling);
    return code;
}

int sy_cli_cleanup(const struct sy_cli *cli) {
    sy_cli_catch_signals();
    return sy_cli_with_host(cli, clean_up);
}
