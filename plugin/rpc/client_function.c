#include "rpc/client_function.h"

#include "base/memory.h"
#include "rpc/client_internal.h"
#include "rpc/convert_function.h"

#define PATH(method) "/steelyard.v1.FunctionService/" method

int sy_host_check(struct sy_host *host, const char *function, const char *alias,
                  const char *version, struct sy_findings *ret, struct sy_error *error) {
    Steelyard__V1__CheckRequest request = STEELYARD__V1__CHECK_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.function = (char *)function;
    request.alias = (char *)alias;
    request.version = (char *)version;
    if (sy_host_ask(host, PATH("Check"), &request.base, &steelyard__v1__check_response__descriptor,
                    &answer, error))
        return -1;
    int failed = sy_findings_from_proto((const Steelyard__V1__CheckResponse *)answer, ret, error);
    protobuf_c_message_free_unpacked(answer, NULL);
    return failed;
}

/* How its answers are read, and what to do when the engine goes in the middle. */
struct sy_telling {
    struct sy_host *host;
    struct sy_answers *answers;
    const ProtobufCMessageDescriptor *type;
    sy_host_event_reader *read;
    const char *todo;
};

static int read_publish(const ProtobufCMessage *message, void *ret, struct sy_error *error) {
    return sy_publish_event_from_proto((const Steelyard__V1__PublishResponse *)message, ret, error);
}

static int read_cleanup(const ProtobufCMessage *message, void *ret, struct sy_error *error) {
    return sy_cleanup_event_from_proto((const Steelyard__V1__CleanupResponse *)message, ret, error);
}

struct sy_telling *sy_host_publish(struct sy_host *host, const struct sy_publish_request *request) {
    struct sy_telling *telling = sy_calloc(1, sizeof *telling);
    struct sy_publish_message message;
    sy_publish_to_proto(request, &message);
    *telling = (struct sy_telling){
        .host = host,
        .answers = sy_host_open(host, PATH("Publish"), &message.request.base),
        .type = &steelyard__v1__publish_response__descriptor,
        .read = read_publish,
        .todo = "nothing moved; see what is published with: aws lambda list-versions-by-function"};
    return telling;
}

struct sy_telling *sy_host_cleanup(struct sy_host *host, const struct sy_cleanup_request *request) {
    struct sy_telling *telling = sy_calloc(1, sizeof *telling);
    Steelyard__V1__CleanupRequest message = STEELYARD__V1__CLEANUP_REQUEST__INIT;
    message.function = (char *)request->function;
    message.keep = request->keep;
    message.dry_run = request->dry_run;
    *telling = (struct sy_telling){.host = host,
                                   .answers = sy_host_open(host, PATH("Cleanup"), &message.base),
                                   .type = &steelyard__v1__cleanup_response__descriptor,
                                   .read = read_cleanup,
                                   .todo = "what was deleted is told above; run it again"};
    return telling;
}

int sy_telling_next(struct sy_telling *telling, int64_t timeout_ms, struct sy_function_event *ret,
                    struct sy_error *error) {
    grpc_slice bytes;
    int got = sy_answers_next(telling->answers, timeout_ms, &bytes, error);
    if (got < 0)
        sy_host_explain(telling->host, telling->todo, error);
    if (got <= 0)
        return got;
    return sy_host_read_event(bytes, telling->type, telling->read, ret, error) ? -1 : 1;
}

void sy_telling_close(struct sy_telling *telling) {
    if (!telling)
        return;
    sy_answers_close(telling->answers);
    free(telling);
}
