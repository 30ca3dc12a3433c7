/* CPU of a signed call: calls COUNT makes that many GetAlias calls one after the other, over one
 * kept connection to AWS_ENDPOINT_URL. Prints one JSON line; only this process is counted. */
#include "aws/client.h"
#include "aws/curl_io.h"
#include "base/memory.h"
#include "cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct answers {
    int good;
    int bad;
};

static void count_answer(void *ctx, const struct sy_aws_reply *reply,
                         const struct sy_error *error) {
    struct answers *answers = ctx;
    if (error)
        (void)fprintf(stderr, "%s\n", error->message);
    bool good = reply && strstr(reply->body, "\"FunctionVersion\": \"41\"");
    answers->good += good;
    answers->bad += !good;
}

static void call_many(struct sy_aws *aws, struct sy_io *io, struct sy_timers *timers, int count,
                      struct answers *answers) {
    static const struct sy_aws_call call = {
        .service = SY_AWS_LAMBDA,
        .operation = "GetAlias",
        .method = "GET",
        .path = "/2015-03-31/functions/checkout/aliases/production"};
    for (int i = 0; i < count && !answers->bad; i++) {
        int answered = answers->good;
        sy_aws_send(aws, &call, count_answer, answers);
        while (answers->good == answered && !answers->bad) {
            io->ops->wait(io, sy_timers_next(timers));
            while (sy_timers_fire_one(timers, sy_io_now(io)))
                ;
        }
    }
}

int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 10000;
    struct sy_timers timers = {0};
    struct sy_io *io = NULL;
    struct sy_aws *aws = NULL;
    struct sy_error error = {0};
    struct answers answers = {0};
    if (sy_curl_io_create(&io, &error) ||
        sy_aws_create(&(struct sy_aws_options){.io = io, .timers = &timers}, &aws, &error)) {
        (void)fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    call_many(aws, io, &timers, 50, &answers);
    double start = cpu_us();
    call_many(aws, io, &timers, count, &answers);
    (void)printf("{\"calls\": %d, \"cpu_us_each\": %.2f}\n", answers.good - 50,
                 (cpu_us() - start) / count);
    sy_aws_destroy(aws);
    sy_curl_io_destroy(io);
    sy_timers_finish(&timers);
    return answers.bad ? 1 : 0;
}
