/* rpc/service.h without gRPC: a call whose answer is kept. */
#ifndef SY_TESTS_FAKE_CALL_H
#define SY_TESTS_FAKE_CALL_H

#include "rpc/service.h"

struct fake_call {
    void *kept;
    void (*free_kept)(void *kept);
    ProtobufCMessage *answer;
};

/* Call the method with the request; its answer, freed by fake_call_finish(). */
ProtobufCMessage *fake_call(struct fake_call *fake,
                            void (*received)(struct sy_call *call, const ProtobufCMessage *request),
                            const ProtobufCMessage *request,
                            const ProtobufCMessageDescriptor *answer);
void fake_call_finish(struct fake_call *fake);

#endif
