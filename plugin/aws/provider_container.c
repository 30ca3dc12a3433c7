/* The credentials endpoint of a container: ECS (RELATIVE_URI), EKS Pod Identity and any other
 * (FULL_URI). The rules of botocore's ContainerMetadataFetcher: where a token may be sent without
 * TLS, 2 s a try, 3 tries. */
#include "aws/provider.h"

#include "aws/ask.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TIMEOUT_MS = 2000, ATTEMPTS = 3, PAUSE_MS = 1000, TOKEN_MAX = 65536, HOST_MAX = 255 };

#define RELATIVE "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

struct container {
    struct sy_provider provider;
    char *url;
    bool direct; /* on this machine or its link: no proxy sees the token */
    struct sy_ask *ask;
};

static bool is_loopback(const char *host) {
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool is_allowed(const char *host) {
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23",
                                        "localhost"};
    for (size_t i = 0; i < SY_COUNT(hosts); i++)
        if (strcasecmp(host, hosts[i]) == 0)
            return true;
    return is_loopback(host);
}

/* The host of http://host[:port]/…, without the brackets of an IPv6 address. */
static bool host_of(const char *url, char host[HOST_MAX + 1]) {
    const char *at = strstr(url, "://");
    if (!at)
        return false;
    at += 3;
    bool bracketed = *at == '[';
    at += bracketed;
    size_t len = strcspn(at, bracketed ? "]/?#@" : ":/?#@");
    if (len == 0 || len > HOST_MAX || at[len] == '@')
        return false;
    memcpy(host, at, len);
    host[len] = '\0';
    return true;
}

static int check_url(const char *name, const char *url, bool *ret_direct, struct sy_error *error) {
    char host[HOST_MAX + 1] = "";
    bool tls = strncasecmp(url, "https://", 8) == 0;
    bool clean = sy_text_is_clean(url, strlen(url)) && !strchr(url, ' ');
    if (!clean || (!tls && strncasecmp(url, "http://", 7) != 0) || !host_of(url, host))
        return sy_fail_field(error, "endpoint", "%s: it is not the URL of an endpoint", name);
    if (!tls && !is_allowed(host)) {
        char shown[64];
        return sy_fail_field(error, "endpoint",
                             "%s: the host \"%s\" is neither on this machine nor one that AWS "
                             "names; use https://, a loopback address, 169.254.170.2 or "
                             "169.254.170.23",
                             name, sy_text_clean(host, strlen(host), shown, sizeof shown));
    }
    *ret_direct = is_allowed(host);
    return 0;
}

static void answered(void *ctx, const struct sy_http_response *response) {
    struct container *self = ctx;
    struct sy_credentials credentials = {0};
    struct sy_error error = {0};
    char why[300];
    self->ask = NULL;
    if (response->status != 200) {
        (void)snprintf(why, sizeof why, "it answered HTTP %d", response->status);
        sy_provider_fail_why(&self->provider, response->status ? why : response->error.message);
        return;
    }
    if (sy_credentials_from_json("the answer of the container's endpoint", response->body,
                                 response->body_len, "Token", true, &credentials, &error))
        sy_provider_fail(&self->provider, &error);
    else
        sy_provider_give(&self->provider, &credentials);
}

static bool is_not_good(const struct sy_http_response *response) {
    return response->status != 200;
}

/* The token that the endpoint wants, from its file or variable; the caller frees it. NULL: none.
 * -1: ret_why says what is wrong. */
static int find_token(char **ret, char **ret_why) {
    const char *file = sy_variable(TOKEN_FILE);
    const char *value = sy_variable(TOKEN);
    char *token = NULL;
    size_t len = 0;
    if (file && sy_file_read(file, TOKEN_MAX, &token, &len)) {
        *ret_why = sy_asprintf(TOKEN_FILE " %.200s cannot be read: %s", file, strerror(errno));
        return -1;
    }
    if (!file)
        token = sy_strdup_any(value);
    len = token ? strlen(token) : 0;
    while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
        token[--len] = '\0';
    if (token && !sy_text_is_clean(token, len)) {
        sy_secret_free(token);
        *ret_why =
            sy_asprintf("%s has a character that no header can carry", file ? TOKEN_FILE : TOKEN);
        return -1;
    }
    *ret = token;
    return 0;
}

static void fetch(struct sy_provider *provider) {
    struct container *self = (struct container *)provider;
    SY_AUTO_FREE char *why = NULL;
    char *token = NULL;
    if (find_token(&token, &why)) {
        sy_provider_fail_why(&self->provider, why);
        return;
    }
    const struct sy_http_header headers[] = {
        {"Accept", "application/json"}, {"User-Agent", "steelyard"}, {"Authorization", token}};
    self->ask = sy_ask_start(&(struct sy_ask_options){.io = provider->scope->io,
                                                      .timers = provider->scope->timers,
                                                      .request = {.method = "GET",
                                                                  .url = self->url,
                                                                  .headers = headers,
                                                                  .n_headers = token ? 3 : 2,
                                                                  .timeout_ms = TIMEOUT_MS,
                                                                  .direct = self->direct},
                                                      .attempts = ATTEMPTS,
                                                      .pause_ms = PAUSE_MS,
                                                      .again = is_not_good},
                             answered, self);
    sy_secret_free(token);
}

static void destroy(struct sy_provider *provider) {
    struct container *self = (struct container *)provider;
    sy_ask_drop(self->ask);
    free(self->url);
    free(provider->name);
    free(self);
}

int sy_provider_container(const struct sy_provider_scope *scope, struct sy_provider **ret,
                          struct sy_error *error) {
    static const struct sy_provider_ops ops = {
        .method = "container-role", .fetch = fetch, .destroy = destroy};
    const char *relative = sy_variable(RELATIVE);
    const char *full = sy_variable(FULL);
    const char *from = relative ? RELATIVE : FULL;
    bool direct = false;
    SY_AUTO_FREE char *url =
        relative ? sy_asprintf("http://169.254.170.2%s", relative) : sy_strdup(full ? full : "");
    if (relative && *relative != '/')
        return sy_fail_field(error, "endpoint", "%s: it must begin with /", from);
    if (check_url(from, url, &direct, error))
        return -1;
    struct container *self = sy_calloc(1, sizeof *self);
    self->provider = (struct sy_provider){
        .ops = &ops,
        .scope = scope,
        .name = sy_asprintf("the container's credentials endpoint (%s)", from)};
    self->url = SY_STEAL(url);
    self->direct = direct;
    *ret = &self->provider;
    return 0;
}
