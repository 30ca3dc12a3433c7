/* The version of gRPC's C core, as it tells it at run time: a static string. The core counts by
 * itself: 29.0.0 is what gRPC 1.51 contains. */
#ifndef SY_RPC_LIBRARY_H
#define SY_RPC_LIBRARY_H

const char *sy_rpc_grpc_version(void);

#endif
