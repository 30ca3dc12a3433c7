#include "rpc/channel.h"

#include "rpc/handshake.h"

#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <string.h>

/* Exactly the certificate that the handshake line named, and no other one that it might vouch for.
 */
static int verify_peer(const char *name, const char *pem, void *expected) {
    (void)name;
    return strcmp(pem, expected) == 0 ? 0 : 1;
}

static void free_expected(void *expected) {
    free(expected);
}

static grpc_channel_credentials *mutual_tls(const struct sy_channel_options *options) {
    grpc_ssl_pem_key_cert_pair pair = {options->client_key_pem, options->client_pem};
    verify_peer_options verify = {.verify_peer_callback = verify_peer,
                                  .verify_peer_callback_userdata = sy_strdup(options->server_pem),
                                  .verify_peer_destruct = free_expected};
    return grpc_ssl_credentials_create(options->server_pem, &pair, &verify, NULL);
}

int sy_channel_open(const struct sy_channel_options *options, grpc_channel **ret,
                    struct sy_error *error) {
    char target[SY_SOCKET_PATH_MAX + 8];
    (void)snprintf(target, sizeof target, "unix:%s", options->path);
    grpc_arg args[] = {
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
         .value.integer = SY_MESSAGE_MAX},
        {.type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ENABLE_HTTP_PROXY, .value.integer = 0},
        {.type = GRPC_ARG_STRING,
         .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
         .value.string = (char *)"localhost"},
    };
    grpc_channel_args arguments = {options->server_pem ? 3 : 2, args};
    grpc_channel_credentials *credentials =
        options->server_pem ? mutual_tls(options) : grpc_insecure_credentials_create();
    if (!credentials)
        return sy_fail(error, SY_INTERNAL, "gRPC refused the certificates of the handshake");
    *ret = grpc_channel_create(target, credentials, &arguments);
    grpc_channel_credentials_release(credentials);
    return 0;
}

enum tag { TAG_SENT = 1, TAG_OPEN, TAG_ANSWER, TAG_STATUS };

struct sy_answers {
    grpc_call *call;
    grpc_completion_queue *queue;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_byte_buffer *answer;
    grpc_status_code status;
    grpc_slice message;
    unsigned outstanding; /* operations under way */
    bool open;            /* the initial metadata came, or the end did */
    bool reading;
    bool read; /* answer holds what was read; NULL = no more */
    bool ended;
};

static void begin(struct sy_answers *answers, const grpc_op *ops, size_t n, enum tag tag) {
    if (grpc_call_start_batch(answers->call, ops, n, (void *)(uintptr_t)tag, NULL) != GRPC_CALL_OK)
        abort(); /* only a wrong use of gRPC gets here */
    answers->outstanding++;
}

static void send_request(struct sy_answers *answers, grpc_byte_buffer *request) {
    grpc_op ops[3] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_SEND_MESSAGE},
                      {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}};
    ops[1].data.send_message.send_message = request;
    begin(answers, ops, 3, TAG_SENT);
    grpc_byte_buffer_destroy(request);
}

static struct sy_answers *open_call(grpc_channel *channel, const char *method,
                                    grpc_byte_buffer *request, gpr_timespec deadline) {
    struct sy_answers *answers = sy_calloc(1, sizeof *answers);
    answers->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_slice name = grpc_slice_from_copied_string(method);
    answers->call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, answers->queue,
                                             name, NULL, deadline, NULL);
    grpc_slice_unref(name);
    grpc_metadata_array_init(&answers->initial);
    grpc_metadata_array_init(&answers->trailing);
    answers->message = grpc_empty_slice();
    send_request(answers, request);
    grpc_op op = {.op = GRPC_OP_RECV_INITIAL_METADATA,
                  .data.recv_initial_metadata.recv_initial_metadata = &answers->initial};
    begin(answers, &op, 1, TAG_OPEN);
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
                      .data.recv_status_on_client = {.trailing_metadata = &answers->trailing,
                                                     .status = &answers->status,
                                                     .status_details = &answers->message}};
    begin(answers, &status, 1, TAG_STATUS);
    return answers;
}

struct sy_answers *sy_answers_open(grpc_channel *channel, const char *method,
                                   grpc_byte_buffer *request) {
    return open_call(channel, method, request, gpr_inf_future(GPR_CLOCK_MONOTONIC));
}

static void note(struct sy_answers *answers, enum tag tag) {
    answers->outstanding--;
    switch (tag) {
    case TAG_SENT:
        break;
    case TAG_OPEN:
        answers->open = true;
        break;
    case TAG_ANSWER:
        answers->reading = false;
        answers->read = true;
        break;
    case TAG_STATUS:
        answers->open = true;
        answers->ended = true;
        break;
    }
}

/* Take what the queue gives by the deadline; false when that is nothing. */
static bool step(struct sy_answers *answers, gpr_timespec deadline) {
    grpc_event event = grpc_completion_queue_next(answers->queue, deadline, NULL);
    if (event.type != GRPC_OP_COMPLETE)
        return false;
    note(answers, (enum tag)(uintptr_t)event.tag);
    return true;
}

static gpr_timespec in_ms(int64_t ms) {
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

static void read_end(const struct sy_answers *answers, struct sy_error *error) {
    grpc_slice details = grpc_empty_slice();
    for (size_t i = 0; i < answers->trailing.count; i++)
        if (grpc_slice_str_cmp(answers->trailing.metadata[i].key, SY_STATUS_DETAILS_KEY) == 0)
            details = answers->trailing.metadata[i].value;
    sy_status_read(answers->status, answers->message, details, error);
}

int sy_answers_next(struct sy_answers *answers, int64_t timeout_ms, grpc_slice *ret,
                    struct sy_error *error) {
    gpr_timespec deadline = in_ms(timeout_ms);
    if (!answers->reading && !answers->read) {
        grpc_op op = {.op = GRPC_OP_RECV_MESSAGE,
                      .data.recv_message.recv_message = &answers->answer};
        begin(answers, &op, 1, TAG_ANSWER);
        answers->reading = true;
    }
    /* After the last answer the status is what is left to come. */
    while (!(answers->read && (answers->answer || answers->ended)))
        if (!step(answers, deadline))
            return 0;
    if (!answers->answer) {
        read_end(answers, error);
        return -1;
    }
    *ret = sy_message_bytes(answers->answer);
    grpc_byte_buffer_destroy(SY_STEAL(answers->answer));
    answers->read = false;
    return 1;
}

bool sy_answers_wait_open(struct sy_answers *answers, int64_t timeout_ms) {
    gpr_timespec deadline = in_ms(timeout_ms);
    while (!answers->open)
        if (!step(answers, deadline))
            return false;
    return true;
}

void sy_answers_cancel(struct sy_answers *answers) {
    (void)grpc_call_cancel(answers->call, NULL);
}

void sy_answers_close(struct sy_answers *answers) {
    if (!answers)
        return;
    sy_answers_cancel(answers);
    while (answers->outstanding && step(answers, gpr_inf_future(GPR_CLOCK_MONOTONIC)))
        ;
    grpc_byte_buffer_destroy(answers->answer);
    grpc_metadata_array_destroy(&answers->initial);
    grpc_metadata_array_destroy(&answers->trailing);
    grpc_slice_unref(answers->message);
    grpc_call_unref(answers->call);
    grpc_completion_queue_shutdown(answers->queue);
    (void)grpc_completion_queue_next(answers->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    grpc_completion_queue_destroy(answers->queue);
    free(answers);
}

int sy_channel_ask(grpc_channel *channel, const char *method, grpc_byte_buffer *request,
                   int64_t timeout_ms, grpc_slice *ret, struct sy_error *error) {
    /* gRPC's own deadline ends the call, so that the wait needs none. */
    struct sy_answers *answers = open_call(channel, method, request, in_ms(timeout_ms));
    grpc_slice answer;
    int got = sy_answers_next(answers, timeout_ms + 10000, &answer, error);
    if (got > 0) {
        struct sy_error end = {0};
        grpc_slice none;
        if (sy_answers_next(answers, timeout_ms, &none, &end) < 0 && end.code == SY_OK) {
            *ret = answer;
            sy_answers_close(answers);
            return 0;
        }
        grpc_slice_unref(answer);
        *error = end;
    }
    if (got == 0 || error->code == SY_OK)
        (void)sy_fail(error, SY_INTERNAL, "%s: the engine ended the call without its answer",
                      method);
    sy_answers_close(answers);
    return -1;
}
