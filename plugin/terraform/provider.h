/* The Terraform and OpenTofu provider: the same engine behind plugin protocol 6
 * (https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol). */
#ifndef SY_TERRAFORM_PROVIDER_H
#define SY_TERRAFORM_PROVIDER_H

#include "engine/engine.h"
#include "rpc/service.h"

/* The provider's configuration; NULL = left out. */
struct sy_terraform_settings {
    const char *region;
    const char *endpoint;
    const char *profile;
};

struct sy_terraform_options {
    struct sy_engine *engine; /* without ports; configure() gives it some */
    struct sy_io *io;         /* the engine's */
    struct sy_timers *timers; /* the engine's */
    /* On the engine's thread, once, or again after it failed: hand the engine its ports. */
    int (*configure)(void *ctx, const struct sy_terraform_settings *settings,
                     struct sy_error *error);
    void *ctx;
};

struct sy_terraform;
struct sy_terraform *sy_terraform_create(const struct sy_terraform_options *options);
/* After the server has finished. */
void sy_terraform_destroy(struct sy_terraform *terraform);

/* For struct sy_server_options, whose context is the struct sy_terraform. */
extern const struct sy_protocol sy_terraform_protocol;

#endif
