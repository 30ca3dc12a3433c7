#include "rpc/call.h"

#include "base/log.h"
#include "base/text.h"
#include "rpc/server_internal.h"

#include <grpc/slice.h>
#include <stdio.h>
#include <string.h>

struct sy_call *sy_call_create(struct sy_server *server) {
    struct sy_call *call = sy_calloc(1, sizeof *call);
    call->server = server;
    for (int i = 0; i < SY_TAG_COUNT; i++)
        call->tags[i] = (struct sy_tag){(enum sy_tag_kind)i, call};
    atomic_init(&call->refs, 1);
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    return call;
}

void sy_call_ref(struct sy_call *call) {
    atomic_fetch_add(&call->refs, 1);
}

void sy_call_unref(struct sy_call *call) {
    if (atomic_fetch_sub(&call->refs, 1) != 1)
        return;
    sy_server_delist(call);
    for (; call->backlog.count; call->backlog.count--) {
        grpc_byte_buffer_destroy(call->backlog.ring[call->backlog.head]);
        call->backlog.head = (call->backlog.head + 1) % SY_BURST_MAX;
    }
    free(call->arguments.publish);
    if (call->free_kept)
        call->free_kept(call->kept);
    grpc_byte_buffer_destroy(call->request);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_details_destroy(&call->details);
    if (call->call)
        grpc_call_unref(call->call);
    free(call);
}

bool sy_call_try_ref(struct sy_call *call) {
    int refs = atomic_load(&call->refs);
    while (refs > 0)
        if (atomic_compare_exchange_weak(&call->refs, &refs, refs + 1))
            return true;
    return false;
}

void sy_call_start(struct sy_call *call, const grpc_op *ops, size_t n, enum sy_tag_kind kind) {
    grpc_call_error failed = GRPC_CALL_OK;
    bool shut = false;
    sy_call_ref(call);
    pthread_rwlock_rdlock(&call->server->gate);
    shut = call->server->shut;
    if (!shut)
        failed = grpc_call_start_batch(call->call, ops, n, &call->tags[kind], NULL);
    pthread_rwlock_unlock(&call->server->gate);
    if (shut) {
        sy_call_unref(call);
        return;
    }
    if (failed == GRPC_CALL_OK)
        return;
    sy_log(SY_LOG_ERROR, "gRPC refused operation %d of %s: %s", (int)kind,
           call->method ? call->method->path : "a new call", grpc_call_error_to_string(failed));
    sy_call_unref(call);
}

void sy_call_read(struct sy_call *call) {
    grpc_byte_buffer_destroy(call->request);
    call->request = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->request};
    sy_call_start(call, &op, 1, SY_TAG_READ);
}

/* Claim the right to send the initial metadata. */
static bool claim_metadata(struct sy_call *call) {
    pthread_mutex_lock(&call->server->mutex);
    bool claimed = !call->metadata_sent;
    call->metadata_sent = true;
    pthread_mutex_unlock(&call->server->mutex);
    return claimed;
}

static bool claim_finish(struct sy_call *call) {
    pthread_mutex_lock(&call->server->mutex);
    bool claimed = !call->finished;
    call->finished = true;
    pthread_mutex_unlock(&call->server->mutex);
    return claimed;
}

void sy_call_open(struct sy_call *call) {
    grpc_op op = {.op = GRPC_OP_SEND_INITIAL_METADATA};
    if (claim_metadata(call))
        sy_call_start(call, &op, 1, SY_TAG_METADATA);
}

static size_t add_metadata(struct sy_call *call, grpc_op *op) {
    if (!claim_metadata(call))
        return 0;
    op->op = GRPC_OP_SEND_INITIAL_METADATA;
    return 1;
}

static void add_message(grpc_op *op, grpc_byte_buffer *message, bool more) {
    op->op = GRPC_OP_SEND_MESSAGE;
    op->flags = more ? GRPC_WRITE_BUFFER_HINT : 0;
    op->data.send_message.send_message = message;
}

void sy_call_send(struct sy_call *call, grpc_byte_buffer *message, bool more) {
    grpc_op ops[2] = {0};
    size_t n = add_metadata(call, &ops[0]);
    add_message(&ops[n++], message, more);
    sy_call_start(call, ops, n, SY_TAG_MESSAGE);
    grpc_byte_buffer_destroy(message); /* gRPC keeps its own references to the slices */
}

void sy_call_answer(struct sy_call *call, const ProtobufCMessage *message) {
    if (!claim_finish(call))
        return;
    grpc_op ops[3] = {0};
    grpc_slice ok = grpc_empty_slice();
    grpc_byte_buffer *packed = sy_message_pack(message);
    size_t n = add_metadata(call, &ops[0]);
    add_message(&ops[n++], packed, false);
    ops[n].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    ops[n].data.send_status_from_server.status = GRPC_STATUS_OK;
    ops[n++].data.send_status_from_server.status_details = &ok;
    sy_call_start(call, ops, n, SY_TAG_STATUS);
    grpc_byte_buffer_destroy(packed);
}

void sy_call_finish(struct sy_call *call, const struct sy_error *error) {
    if (!claim_finish(call))
        return;
    char text[sizeof error->message];
    (void)sy_text_clean(error->message, strlen(error->message), text, sizeof text);
    grpc_slice message = grpc_slice_from_copied_string(error->code == SY_OK ? "" : text);
    grpc_metadata details = {.key = grpc_slice_from_static_string(SY_STATUS_DETAILS_KEY),
                             .value = sy_status_details(error)};
    grpc_op ops[2] = {0};
    size_t n = add_metadata(call, &ops[0]);
    ops[n].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    ops[n].data.send_status_from_server.status = (grpc_status_code)error->code;
    ops[n].data.send_status_from_server.status_details = &message;
    if (error->code != SY_OK && GRPC_SLICE_LENGTH(details.value)) {
        ops[n].data.send_status_from_server.trailing_metadata_count = 1;
        ops[n].data.send_status_from_server.trailing_metadata = &details;
    }
    sy_call_start(call, ops, n + 1, SY_TAG_STATUS);
    grpc_slice_unref(message);
    grpc_slice_unref(details.value);
}

struct sy_engine *sy_call_engine(const struct sy_call *call) {
    return call->server->engine;
}

void *sy_call_context(const struct sy_call *call) {
    return call->server->context;
}

void sy_call_keep(struct sy_call *call, void *kept, void (*free_kept)(void *kept)) {
    call->kept = kept;
    call->free_kept = free_kept;
}

void *sy_call_kept(const struct sy_call *call) {
    return call->kept;
}

void sy_call_post(struct sy_call *call, unsigned bits) {
    sy_server_post(call->server, call, bits);
}

struct sy_question *sy_call_ask(struct sy_call *call) {
    struct sy_question *question = sy_calloc(1, sizeof *question);
    sy_call_ref(call);
    question->call = call;
    call->question = question;
    return question;
}

struct sy_call *sy_call_answered(struct sy_question *question) {
    struct sy_call *call = question->call;
    free(question);
    if (call)
        call->question = NULL;
    return call;
}

struct sy_call *sy_call_to_answer(struct sy_question *question, const struct sy_error *error) {
    struct sy_call *call = sy_call_answered(question);
    if (!call || !error)
        return call;
    sy_call_finish(call, error);
    sy_call_unref(call);
    return NULL;
}

void sy_call_decoded(struct sy_call *call, int failed, const struct sy_error *error) {
    if (failed)
        sy_call_finish(call, error);
    else
        sy_call_post(call, SY_WORK_START);
}

void sy_call_forget(struct sy_call *call) {
    struct sy_question *question = SY_STEAL(call->question);
    if (!question)
        return;
    question->call = NULL; /* the engine frees it with its answer */
    sy_call_unref(call);
}
