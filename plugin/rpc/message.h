/* Messages as bytes, and errors as gRPC carries them. */
#ifndef SY_RPC_MESSAGE_H
#define SY_RPC_MESSAGE_H

#include "base/error.h"
#include "base/memory.h"
#include "rpc/service.h"

#include <grpc/grpc.h>

/* The largest message of steelyard.v1 taken, on either side. Our own stay below 16 KiB but for
 * lists of records. */
#define SY_MESSAGE_MAX (8 << 20)

#define SY_STATUS_DETAILS_KEY "grpc-status-details-bin"
#define SY_ERROR_DOMAIN "steelyard"

/* The bytes in one piece; the caller unrefs the slice. An unreadable buffer gives an empty slice.
 */
grpc_slice sy_message_bytes(grpc_byte_buffer *buffer);

/* google.rpc.Status with ErrorInfo, serialised; empty when the error has neither reason nor field.
 */
grpc_slice sy_status_details(const struct sy_error *error);
/* The inverse: an error from a call's final status. message: the status's; details may be empty. */
void sy_status_read(grpc_status_code status, grpc_slice message, grpc_slice details,
                    struct sy_error *ret);

#endif
