#include "rpc/library.h"

#include <grpc/grpc.h>

const char *sy_rpc_grpc_version(void) {
    return grpc_version_string();
}
