#include "fake_call.h"

#include "base/memory.h"

#include <string.h>

/* struct sy_call is rpc/'s own; here it is a struct fake_call. */
static struct fake_call *fake_of(const struct sy_call *call) {
    return (struct fake_call *)(uintptr_t)call;
}

void *sy_call_context(const struct sy_call *call) {
    (void)call;
    return NULL;
}

void sy_call_keep(struct sy_call *call, void *kept, void (*free_kept)(void *kept)) {
    fake_of(call)->kept = kept;
    fake_of(call)->free_kept = free_kept;
}

void *sy_call_kept(const struct sy_call *call) {
    return fake_of(call)->kept;
}

void sy_call_answer(struct sy_call *call, const ProtobufCMessage *message) {
    size_t len = protobuf_c_message_get_packed_size(message);
    SY_AUTO_FREE uint8_t *bytes = sy_calloc(len + 1, 1);
    (void)protobuf_c_message_pack(message, bytes);
    fake_of(call)->answer = protobuf_c_message_unpack(message->descriptor, NULL, len, bytes);
}

ProtobufCMessage *fake_call(struct fake_call *fake,
                            void (*received)(struct sy_call *call, const ProtobufCMessage *request),
                            const ProtobufCMessage *request,
                            const ProtobufCMessageDescriptor *answer) {
    received((struct sy_call *)fake, request);
    if (!fake->answer || fake->answer->descriptor != answer)
        abort(); /* no answer, or that of another method */
    return fake->answer;
}

void fake_call_finish(struct fake_call *fake) {
    protobuf_c_message_free_unpacked(fake->answer, NULL);
    fake->free_kept(fake->kept);
    *fake = (struct fake_call){0};
}
