#include "rpc/message.h"

#include "base/text.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/check.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <stdio.h>
#include <string.h>

#define ERROR_INFO_URL "type.googleapis.com/google.rpc.ErrorInfo"

static grpc_slice pack_slice(const ProtobufCMessage *message) {
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    (void)protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    return slice;
}

grpc_byte_buffer *sy_message_pack(const ProtobufCMessage *message) {
    grpc_slice slice = pack_slice(message);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

grpc_slice sy_message_bytes(grpc_byte_buffer *buffer) {
    grpc_byte_buffer_reader reader;
    if (!buffer || !grpc_byte_buffer_reader_init(&reader, buffer))
        return grpc_empty_slice();
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return slice;
}

grpc_slice sy_status_details(const struct sy_error *error) {
    if (!error->reason[0] && !error->field[0])
        return grpc_empty_slice();
    Google__Rpc__ErrorInfo__MetadataEntry field = GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT;
    Google__Rpc__ErrorInfo__MetadataEntry *fields[] = {&field};
    field.key = "field";
    field.value = (char *)error->field;
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    info.reason = (char *)(error->reason[0] ? error->reason : sy_code_name(error->code));
    info.domain = SY_ERROR_DOMAIN;
    info.metadata = fields;
    info.n_metadata = error->field[0] ? 1 : 0;
    grpc_slice value = pack_slice(&info.base);

    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    Google__Protobuf__Any *details[] = {&any};
    any.type_url = ERROR_INFO_URL;
    any.value.data = GRPC_SLICE_START_PTR(value);
    any.value.len = GRPC_SLICE_LENGTH(value);
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    status.code = (int32_t)error->code;
    char message[sizeof error->message];
    status.message =
        (char *)sy_text_clean(error->message, strlen(error->message), message, sizeof message);
    status.details = details;
    status.n_details = 1;
    grpc_slice packed = pack_slice(&status.base);
    grpc_slice_unref(value);
    return packed;
}

static void read_info(const Google__Protobuf__Any *any, struct sy_error *ret) {
    struct sy_error ignored;
    ProtobufCMessage *message = NULL;
    if (strcmp(any->type_url, ERROR_INFO_URL) != 0 ||
        sy_message_decode(&google__rpc__error_info__descriptor, any->value.data, any->value.len,
                          &message, &ignored))
        return;
    const Google__Rpc__ErrorInfo *info = (const Google__Rpc__ErrorInfo *)message;
    /* The code's own name stands for "no reason of its own". */
    if (strcmp(info->reason, sy_code_name(ret->code)) != 0)
        (void)snprintf(ret->reason, sizeof ret->reason, "%s", info->reason);
    for (size_t i = 0; i < info->n_metadata; i++)
        if (strcmp(info->metadata[i]->key, "field") == 0)
            (void)snprintf(ret->field, sizeof ret->field, "%s", info->metadata[i]->value);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void read_details(grpc_slice details, struct sy_error *ret) {
    struct sy_error ignored;
    ProtobufCMessage *message = NULL;
    if (sy_message_decode(&google__rpc__status__descriptor, GRPC_SLICE_START_PTR(details),
                          GRPC_SLICE_LENGTH(details), &message, &ignored))
        return;
    const Google__Rpc__Status *status = (const Google__Rpc__Status *)message;
    for (size_t i = 0; i < status->n_details; i++)
        read_info(status->details[i], ret);
    protobuf_c_message_free_unpacked(message, NULL);
}

void sy_status_read(grpc_status_code status, grpc_slice message, grpc_slice details,
                    struct sy_error *ret) {
    *ret = (struct sy_error){.code = sy_code_from_grpc((int)status)};
    (void)sy_text_clean((const char *)GRPC_SLICE_START_PTR(message), GRPC_SLICE_LENGTH(message),
                        ret->message, sizeof ret->message);
    if (GRPC_SLICE_LENGTH(details))
        read_details(details, ret);
}
