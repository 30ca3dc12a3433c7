/* CPU of a progress message from an engine to its host, over the plugin protocol with mutual TLS:
 * progress FAKE_STEELYARD BURSTS. The tests' fake engine plays 10,000 notes a burst, so that what
 * is measured is the protocol alone. Prints one JSON line: both processes, and the host's share. */
#include "base/memory.h"
#include "cpu.h"
#include "rpc/client.h"

#include <stdio.h>

static int64_t read_burst(struct sy_host *host, struct sy_error *error) {
    struct sy_spec spec;
    struct sy_stream *stream = NULL;
    struct sy_release_event event;
    int64_t got = 0;
    int more = 0;
    sy_spec_init(&spec);
    (void)snprintf(spec.function, sizeof spec.function, "burst");
    (void)snprintf(spec.alias, sizeof spec.alias, "live");
    (void)snprintf(spec.version, sizeof spec.version, "42");
    if (sy_host_apply(host, &spec, NULL, &stream, error))
        return -1;
    while ((more = sy_stream_next(stream, 60000, &event, error)) > 0)
        got++;
    sy_stream_close(stream);
    return more < 0 && error->code == SY_OK ? got : -1;
}

/* Starting and stopping is in it; the caller takes that off. The engine's CPU is known when it has
 * ended, and been waited for. */
static int64_t run(const char *program, int bursts, double *ret_host_us, double *ret_engine_us) {
    const char *const argv[] = {program, "engine", NULL};
    struct sy_error error = {0};
    struct sy_host *host = NULL;
    int64_t messages = 0;
    double host_us = cpu_us();
    double engine_us = usage_us(RUSAGE_CHILDREN);
    if (sy_host_start(argv, &host, &error)) {
        (void)fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    for (int i = 0; i < bursts && messages >= 0; i++) {
        int64_t got = read_burst(host, &error);
        messages = got < 0 ? -1 : messages + got;
    }
    sy_host_finish(host);
    *ret_host_us = cpu_us() - host_us;
    *ret_engine_us = usage_us(RUSAGE_CHILDREN) - engine_us;
    return messages;
}

int main(int argc, char **argv) {
    double host[2];
    double engine[2];
    if (argc < 3)
        return 2;
    int64_t none = run(argv[1], 0, &host[0], &engine[0]);
    int64_t messages = run(argv[1], atoi(argv[2]), &host[1], &engine[1]);
    if (none != 0 || messages <= 0)
        return 1;
    double n = (double)messages;
    (void)printf("{\"messages\": %lld, \"cpu_us_each\": %.2f, \"host_us_each\": %.2f}\n",
                 (long long)messages, (host[1] - host[0] + engine[1] - engine[0]) / n,
                 (host[1] - host[0]) / n);
    return 0;
}
