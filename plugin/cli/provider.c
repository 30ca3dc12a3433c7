/* Started under its other name, the program is the Terraform and OpenTofu provider. */
#include "cli/cli.h"

#include "base/log.h"
#include "cli/wiring.h"
#include "rpc/server.h"
#include "terraform/provider.h"

#include <stdio.h>
#include <string.h>

#define PROVIDER_NAME "terraform-provider-steelyard"

bool sy_cli_is_provider(const char *program) {
    const char *slash = strrchr(program, '/');
    return strncmp(slash ? slash + 1 : program, PROVIDER_NAME, strlen(PROVIDER_NAME)) == 0;
}

static int configure(void *ctx, const struct sy_terraform_settings *settings,
                     struct sy_error *error) {
    return sy_wiring_connect(ctx, settings->region, settings->endpoint, settings->profile, error);
}

int sy_cli_provider(void) {
    struct sy_wiring wiring = {0};
    struct sy_terraform *terraform = NULL;
    struct sy_server *server = NULL;
    struct sy_error error = {0};
    sy_wiring_log(SY_LOG_INFO); /* Terraform shows it where TF_LOG wants it */
    int failed = sy_wiring_create(&wiring, &error);
    if (!failed) {
        terraform = sy_terraform_create(&(struct sy_terraform_options){.engine = wiring.engine,
                                                                       .io = wiring.io,
                                                                       .timers = &wiring.timers,
                                                                       .configure = configure,
                                                                       .ctx = &wiring});
        failed = sy_server_start(&(struct sy_server_options){.engine = wiring.engine,
                                                             .version = STEELYARD_VERSION,
                                                             .protocol = &sy_terraform_protocol,
                                                             .context = terraform},
                                 &server, &error);
    }
    if (failed)
        (void)fprintf(stderr, PROVIDER_NAME ": %s\n", error.message);
    else
        sy_engine_run(wiring.engine);
    sy_server_finish(server);
    sy_terraform_destroy(terraform);
    sy_wiring_finish(&wiring);
    return failed ? SY_EXIT_FAILED : SY_EXIT_OK;
}
