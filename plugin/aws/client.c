#include "aws/client.h"

#include "aws/answer.h"
#include "aws/canonical.h"
#include "aws/chain.h"
#include "aws/keeper.h"
#include "aws/retry.h"
#include "aws/settings.h"
#include "aws/sigv4.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { ATTEMPT_TIMEOUT_MS = 15000, TARGET_MAX = 8192 };

struct call {
    struct call *prev;
    struct call *next;
    struct sy_aws *aws;
    enum sy_aws_service service;
    char *operation;
    char *method;
    char *path; /* with the endpoint's prefix */
    char *query;
    char *body;
    sy_aws_done *done;
    void *ctx;
    uint64_t exchange; /* 0: none under way */
    struct sy_timer timer;
    int attempt;
    int retry_cost; /* of the last retry */
    int64_t attempt_began_ms;
    int64_t timeout_ms;
    uint64_t generation;   /* of the credentials that the attempt was signed with */
    bool waiting;          /* for credentials */
    bool renewed;          /* credentials were fetched anew because AWS had refused the old ones */
    bool corrected;        /* the clock was set because AWS had refused the time */
    struct sy_error error; /* for fail_later() */
};

struct sy_aws {
    struct sy_io *io;
    struct sy_timers *timers;
    struct sy_clock clock;
    struct sy_settings settings;
    struct sy_provider_scope scope;
    struct sy_keeper keeper;
    struct sy_endpoint endpoints[SY_AWS_SERVICE_COUNT];
    struct sy_sigv4 *signers[SY_AWS_SERVICE_COUNT];
    struct sy_retry retry;
    struct call *calls;
};

static void credentials_told(void *ctx, const struct sy_error *error);

static int set_up(struct sy_aws *aws, const struct sy_aws_options *options,
                  struct sy_error *error) {
    struct sy_provider *provider = NULL;
    aws->scope = (struct sy_provider_scope){.io = options->io,
                                            .timers = options->timers,
                                            .clock = &aws->clock,
                                            .settings = &aws->settings};
    if (sy_settings_load(options->region, options->endpoint, options->profile, &aws->settings,
                         error) ||
        sy_chain_choose(&aws->scope, &provider, error))
        return -1;
    sy_keeper_init(&aws->keeper, provider, credentials_told, aws);
    for (int i = 0; i < SY_AWS_SERVICE_COUNT; i++) {
        const struct sy_service *service = sy_service_get((enum sy_aws_service)i);
        if (sy_settings_endpoint(&aws->settings, service, aws->settings.region, &aws->endpoints[i],
                                 error) ||
            sy_sigv4_create(&aws->keeper.current, aws->settings.region, service->label,
                            &aws->signers[i], error))
            return -1;
    }
    return 0;
}

int sy_aws_create(const struct sy_aws_options *options, struct sy_aws **ret,
                  struct sy_error *error) {
    struct sy_aws *aws = sy_calloc(1, sizeof *aws);
    aws->io = options->io;
    aws->timers = options->timers;
    aws->clock.io = options->io;
    aws->retry = sy_retry_init(options->seed);
    if (set_up(aws, options, error)) {
        sy_aws_destroy(aws);
        return -1;
    }
    *ret = aws;
    return 0;
}

/* Takes the call out of the client and frees it. */
static void finish(struct call *call) {
    struct sy_aws *aws = call->aws;
    if (call->exchange)
        aws->io->ops->cancel(aws->io, call->exchange);
    sy_timers_cancel(aws->timers, &call->timer);
    if (call->prev)
        call->prev->next = call->next;
    else
        aws->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    free(call->operation);
    free(call->method);
    free(call->path);
    free(call->query);
    free(call->body);
    free(call);
}

void sy_aws_destroy(struct sy_aws *aws) {
    if (!aws)
        return;
    while (aws->calls)
        finish(aws->calls);
    for (int i = 0; i < SY_AWS_SERVICE_COUNT; i++)
        sy_sigv4_destroy(aws->signers[i]);
    sy_keeper_finish(&aws->keeper);
    sy_settings_finish(&aws->settings);
    free(aws);
}

void sy_aws_credentials_expiry(const struct sy_aws *aws, struct sy_aws_expiry *ret) {
    const struct sy_keeper *keeper = &aws->keeper;
    const struct sy_credentials *current = &keeper->current;
    bool refreshes = !keeper->provider->ops->lasting;
    *ret = (struct sy_aws_expiry){.refreshes = refreshes};
    if (!keeper->have && refreshes)
        return;
    if (!keeper->have) /* they are here, and were only not asked for yet */
        current = sy_keeper_use((struct sy_keeper *)keeper);
    bool lasting = current->expires_ms == 0 && !current->session_token;
    ret->source = keeper->provider->name;
    ret->known = lasting || current->expires_ms;
    ret->expires_ms = lasting ? INT64_MAX : current->expires_ms;
}

/* The callback is the last thing: it may well destroy the client. */
static void answer(struct call *call, const struct sy_aws_reply *reply,
                   const struct sy_error *error) {
    sy_aws_done *done = call->done;
    void *ctx = call->ctx;
    finish(call);
    done(ctx, reply, error);
}

static void fail_now(void *ctx) {
    struct call *call = ctx;
    struct sy_error error = call->error;
    answer(call, NULL, &error);
}

static void fail_later(struct call *call) {
    sy_timers_set(call->aws->timers, &call->timer, sy_io_now(call->aws->io), fail_now, call);
}

static void attempt(struct call *call);

static void attempt_again(void *ctx) {
    attempt(ctx);
}

/* What this client can set right by itself, once a call: a clock that is not AWS's, and credentials
 * that ended before their time. */
static bool set_right(struct call *call, const struct sy_answer *read,
                      const struct sy_http_response *response) {
    struct sy_aws *aws = call->aws;
    if (!call->corrected && sy_answer_is_skewed(read) && sy_clock_learn(&aws->clock, response)) {
        sy_log(SY_LOG_WARN, "AWS's clock is %lld s ahead of this machine's; signing with AWS's",
               (long long)(aws->clock.ahead_ms / 1000));
        call->corrected = true;
        return true;
    }
    if (!call->renewed && sy_answer_is_expired(read) &&
        sy_keeper_refuse(&aws->keeper, call->generation)) {
        call->renewed = true;
        return true;
    }
    return false;
}

static void settle(struct call *call, const struct sy_http_response *response) {
    struct sy_aws *aws = call->aws;
    const struct sy_service *service = sy_service_get(call->service);
    struct sy_answer read;
    struct sy_error error = {0};
    sy_answer_read(response, &aws->keeper, &read);
    if (set_right(call, &read, response)) {
        call->attempt--; /* it is no retry of the same */
        attempt(call);
        return;
    }
    enum sy_retry_kind kind = sy_answer_retry(&read);
    if (sy_retry_take(&aws->retry, kind, call->attempt, &call->retry_cost)) {
        int64_t delay = sy_retry_delay_ms(&aws->retry, kind, call->attempt,
                                          sy_http_header_get(response, "x-amz-retry-after"));
        sy_log(SY_LOG_INFO, "%s %s: attempt %d failed (HTTP %d %s); trying again in %lld ms",
               service->name, call->operation, call->attempt, read.status,
               *read.code ? read.code : read.message, (long long)delay);
        sy_timers_set(aws->timers, &call->timer, sy_io_now(aws->io) + delay, attempt_again, call);
        return;
    }
    const struct sy_provider *provider = aws->keeper.provider;
    bool variables = strcmp(provider->ops->method, "env") == 0;
    sy_aws_answer_error(
        &read,
        &(struct sy_answer_context){.service = service,
                                    .operation = call->operation,
                                    .host = aws->endpoints[call->service].host,
                                    .credentials = variables ? NULL : provider->name,
                                    .attempts = call->attempt},
        &error);
    answer(call, NULL, &error);
}

static void exchange_done(void *ctx, const struct sy_http_response *response) {
    struct call *call = ctx;
    struct sy_aws *aws = call->aws;
    call->exchange = 0;
    sy_log(SY_LOG_DEBUG, "%s %s: HTTP %d in %lld ms, attempt %d",
           sy_service_get(call->service)->name, call->operation, response->status,
           (long long)(sy_io_now(aws->io) - call->attempt_began_ms), call->attempt);
    if (!sy_http_is_good(response)) {
        settle(call, response);
        return;
    }
    sy_retry_give_back(&aws->retry, call->retry_cost);
    answer(call,
           &(struct sy_aws_reply){.status = response->status,
                                  .body = response->body,
                                  .body_len = response->body_len,
                                  .response = response},
           NULL);
}

struct headers {
    struct sy_http_header list[8];
    size_t count;
};

static void add(struct headers *headers, const char *name, const char *value) {
    headers->list[headers->count++] = (struct sy_http_header){name, value};
}

/* Signs the call as of now and sends it. -1: error says why it could not be signed. */
static int send_signed(struct call *call, const struct sy_credentials *credentials,
                       struct sy_error *error) {
    struct sy_aws *aws = call->aws;
    const struct sy_service *service = sy_service_get(call->service);
    const struct sy_endpoint *endpoint = &aws->endpoints[call->service];
    SY_AUTO_FREE char *url =
        sy_asprintf("%s://%s%s%s%s", endpoint->tls ? "https" : "http", endpoint->host, call->path,
                    call->query ? "?" : "", call->query ? call->query : "");
    SY_AUTO_FREE char *target = NULL;
    SY_AUTO_BUFFER struct sy_buffer authorization = {0};
    char date[SY_SIGV4_DATE_SIZE];
    struct headers headers = {.count = 0};
    add(&headers, "Host", endpoint->host);
    add(&headers, "X-Amz-Date", sy_sigv4_date(sy_clock_now(&aws->clock), date));
    if (credentials->session_token)
        add(&headers, "X-Amz-Security-Token", credentials->session_token);
    if (call->body)
        add(&headers, "Content-Type", service->content_type);
    if (service->target) {
        target = sy_asprintf("%s.%s", service->target, call->operation);
        add(&headers, "X-Amz-Target", target);
    }
    struct sy_sigv4_request request = {.method = call->method,
                                       .path = call->path,
                                       .query = call->query,
                                       .headers = headers.list,
                                       .n_headers = headers.count,
                                       .body = call->body,
                                       .body_len = call->body ? strlen(call->body) : 0,
                                       .date = date};
    if (sy_sigv4_authorize(aws->signers[call->service], &request, &authorization, error))
        return -1;
    add(&headers, "Authorization", authorization.data);
    add(&headers, "User-Agent", "steelyard");
    struct sy_http_request http = {.method = call->method,
                                   .url = url,
                                   .headers = headers.list,
                                   .n_headers = headers.count,
                                   .body = call->body,
                                   .body_len = request.body_len,
                                   .timeout_ms = call->timeout_ms};
    call->exchange = aws->io->ops->submit(aws->io, &http, exchange_done, call);
    return 0;
}

static void attempt(struct call *call) {
    const struct sy_credentials *credentials = sy_keeper_use(&call->aws->keeper);
    call->waiting = !credentials;
    if (!credentials)
        return;
    call->attempt++;
    call->attempt_began_ms = sy_io_now(call->aws->io);
    call->generation = credentials->generation;
    if (send_signed(call, credentials, &call->error))
        fail_later(call);
}

/* Nothing here calls back: a callback may well destroy the client. */
static void credentials_told(void *ctx, const struct sy_error *error) {
    struct sy_aws *aws = ctx;
    for (struct call *call = aws->calls; call; call = call->next) {
        if (!call->waiting)
            continue;
        call->waiting = false;
        if (error)
            call->error = *error;
        sy_timers_set(aws->timers, &call->timer, sy_io_now(aws->io),
                      error ? fail_now : attempt_again, call);
    }
}

/* What can go into a request line, and be signed as it goes. */
static bool is_target(const char *text, const char *forbidden) {
    if (strlen(text) > TARGET_MAX)
        return false;
    for (; *text; text++)
        if (*text <= 0x20 || *text >= 0x7F || strchr(forbidden, *text))
            return false;
    return true;
}

static bool is_sendable(const struct sy_aws_call *call) {
    return (!call->path || (call->path[0] == '/' && is_target(call->path, "?#\"<>\\"))) &&
           (!call->query || is_target(call->query, "#\"<>\\"));
}

void sy_aws_send(struct sy_aws *aws, const struct sy_aws_call *wanted, sy_aws_done *done,
                 void *ctx) {
    const struct sy_service *service = sy_service_get(wanted->service);
    struct call *call = sy_calloc(1, sizeof *call);
    const char *body = wanted->body;
    if (!body && service->target)
        body = "{}";
    call->aws = aws;
    call->service = wanted->service;
    call->operation = sy_strdup(wanted->operation);
    call->method = sy_strdup(wanted->method ? wanted->method : "POST");
    call->path = sy_asprintf("%s%s", aws->endpoints[wanted->service].prefix,
                             wanted->path ? wanted->path : "/");
    call->query = wanted->query && *wanted->query ? sy_strdup(wanted->query) : NULL;
    call->body = sy_strdup_any(body);
    call->timeout_ms = wanted->timeout_ms ? wanted->timeout_ms : ATTEMPT_TIMEOUT_MS;
    call->done = done;
    call->ctx = ctx;
    call->next = aws->calls;
    if (aws->calls)
        aws->calls->prev = call;
    aws->calls = call;
    if (is_sendable(wanted)) {
        attempt(call);
        return;
    }
    (void)sy_fail(&call->error, SY_INVALID_ARGUMENT,
                  "%s %s cannot be sent: a name in it is too long or was not percent-encoded",
                  service->name, call->operation);
    fail_later(call);
}

void sy_aws_encode(struct sy_buffer *buffer, const char *text) {
    sy_canonical_encode(buffer, text, strlen(text), "");
}
