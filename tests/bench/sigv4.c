/* CPU of a SigV4 signature alone: sigv4 COUNT signs the same UpdateAlias request that often, as
 * aws/client.c has it signed. Prints the CPU and the last signature, so that the peer's can be
 * compared. */
#include "aws/sigv4.h"
#include "base/memory.h"
#include "cpu.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    static const char body[] = "{\"FunctionVersion\":\"41\",\"RoutingConfig\":"
                               "{\"AdditionalVersionWeights\":{}},\"RevisionId\":\"r1\"}";
    static const struct sy_http_header headers[] = {
        {"Host", "lambda.us-east-1.amazonaws.com"},
        {"X-Amz-Date", "20260102T030405Z"},
        {"Content-Type", "application/json"},
    };
    const struct sy_sigv4_request request = {
        .method = "PUT",
        .path = "/2015-03-31/functions/checkout/aliases/production",
        .headers = headers,
        .n_headers = SY_COUNT(headers),
        .body = body,
        .body_len = sizeof body - 1,
        .date = "20260102T030405Z",
    };
    const struct sy_credentials credentials = {.access_key = (char *)"AKIDEXAMPLE",
                                               .secret_key = (char *)"secret"};
    int count = argc > 1 ? atoi(argv[1]) : 100000;
    struct sy_sigv4 *signer = NULL;
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer authorization = {0};
    if (sy_sigv4_create(&credentials, "us-east-1", "lambda", &signer, &error))
        return 2;
    double start = 0;
    for (int i = -1000; i < count; i++) { /* the first thousand warm up */
        if (i == 0)
            start = cpu_us();
        authorization.len = 0;
        if (sy_sigv4_authorize(signer, &request, &authorization, &error))
            return 1;
    }
    (void)printf("{\"cpu_us_each\": %.3f, \"signature\": \"%s\"}\n", (cpu_us() - start) / count,
                 strstr(authorization.data, "Signature=") + strlen("Signature="));
    sy_sigv4_destroy(signer);
    return 0;
}
