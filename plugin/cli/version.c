/* What a report of a fault needs: the program's version first and alone on its line, then where the
 * program was built from and how, then each library as it says of itself while the program runs: a
 * dynamic build may meet another one than it was compiled with. */
#include "cli/cli.h"

#include "aws/library.h"
#include "base/memory.h"
#include "rpc/library.h"
#include "sandbox/library.h"
#include "terraform/library.h"

#include <json-c/json.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

void sy_cli_version(void) {
    const struct {
        const char *name, *value;
    } facts[] = {
        {"commit", SY_COMMIT},
        {"compiler", SY_COMPILER},
        {"build", SY_BUILD},
        {"libcurl", sy_aws_curl_version()},
        {"OpenSSL", sy_aws_openssl_version()},
        {"c-ares", sy_aws_cares_version()},
        {"Expat", sy_aws_expat_version()},
        {"gRPC core", sy_rpc_grpc_version()},
        {"protobuf-c", protobuf_c_version()},
        {"json-c", json_c_version()},
        {"msgpack-c", sy_terraform_msgpack_version()},
        {"libmicrohttpd", sy_sandbox_microhttpd_version()},
    };
    (void)printf("steelyard %s\n", STEELYARD_VERSION);
    for (size_t i = 0; i < SY_COUNT(facts); i++)
        (void)printf("%s: %s\n", facts[i].name, facts[i].value);
}
