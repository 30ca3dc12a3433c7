#include "aws/provider.h"

#include "base/memory.h"

void sy_provider_fetch(struct sy_provider *provider, sy_provider_done *done, void *ctx) {
    provider->done = done;
    provider->ctx = ctx;
    provider->ops->fetch(provider);
}

void sy_provider_destroy(struct sy_provider *provider) {
    if (provider)
        provider->ops->destroy(provider);
}

void sy_provider_give(struct sy_provider *provider, struct sy_credentials *credentials) {
    sy_provider_done *done = SY_STEAL(provider->done);
    done(provider->ctx, credentials, NULL);
}

void sy_provider_fail(struct sy_provider *provider, const struct sy_error *error) {
    sy_provider_done *done = SY_STEAL(provider->done);
    done(provider->ctx, NULL, error);
}

void sy_provider_fail_why(struct sy_provider *provider, const char *why) {
    struct sy_error error = {0};
    (void)sy_fail_reason(&error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                         "no AWS credentials from %s: %s", provider->name, why);
    sy_provider_fail(provider, &error);
}

struct fixed {
    struct sy_provider provider;
    struct sy_provider_ops ops;
    struct sy_credentials credentials;
};

static void fixed_fetch(struct sy_provider *provider) {
    const struct sy_credentials *own = &((struct fixed *)provider)->credentials;
    struct sy_credentials given = {.access_key = sy_strdup_any(own->access_key),
                                   .secret_key = sy_strdup_any(own->secret_key),
                                   .session_token = sy_strdup_any(own->session_token),
                                   .expires_ms = own->expires_ms};
    sy_provider_give(provider, &given);
}

static void fixed_destroy(struct sy_provider *provider) {
    struct fixed *self = (struct fixed *)provider;
    sy_credentials_finish(&self->credentials);
    free(provider->name);
    free(self);
}

struct sy_provider *sy_provider_fixed(const struct sy_provider_scope *scope, const char *method,
                                      char *name, struct sy_credentials *credentials) {
    struct fixed *self = sy_calloc(1, sizeof *self);
    self->ops = (struct sy_provider_ops){
        .method = method, .lasting = true, .fetch = fixed_fetch, .destroy = fixed_destroy};
    self->credentials = *credentials;
    *credentials = (struct sy_credentials){0};
    self->provider = (struct sy_provider){.ops = &self->ops, .scope = scope, .name = name};
    return &self->provider;
}
