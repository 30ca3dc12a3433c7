/* The engine: wires the AWS client, the three ports, the loop and the protocol. The only place that
 * names a concrete target, store and source. */
#include "cli/cli.h"

#include "aws/client.h"
#include "aws/curl_io.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "rpc/server.h"
#include "state/store.h"
#include "target/target.h"
#include "telemetry/source.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct engine {
    struct sy_io *io;
    struct sy_timers timers;
    struct sy_aws *aws;
    struct sy_target *target;
    struct sy_store *store;
    struct sy_source *source;
    struct sy_engine *engine;
    struct sy_server *server;
};

static uint64_t random_seed(void) {
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = ((uint64_t)getpid() << 32) ^ (uint64_t)(uintptr_t)&seed;
    return seed;
}

static int wire(const struct sy_cli *cli, struct engine *e, struct sy_error *error) {
    char owner[SY_CLI_OWNER_MAX];
    uint64_t seed = random_seed();
    if (sy_curl_io_create(&e->io, error))
        return -1;
    if (sy_aws_create(&(struct sy_aws_options){.io = e->io,
                                               .timers = &e->timers,
                                               .region = cli->region,
                                               .endpoint = cli->endpoint,
                                               .profile = cli->profile,
                                               .seed = seed},
                      &e->aws, error))
        return -1;
    e->target = sy_lambda_create(e->aws);
    e->store = sy_ssm_create(e->aws, e->io, &e->timers, NULL);
    e->source = sy_cloudwatch_create(e->aws, e->io, &e->timers);
    sy_owner_name(owner);
    e->engine = sy_engine_create(&(struct sy_engine_options){.io = e->io,
                                                             .timers = &e->timers,
                                                             .target = e->target,
                                                             .store = e->store,
                                                             .source = e->source,
                                                             .owner = owner,
                                                             .owner_gone = sy_owner_gone,
                                                             .seed = seed});
    return sy_server_start(&(struct sy_server_options){.engine = e->engine,
                                                       .listen = cli->listen,
                                                       .version = STEELYARD_VERSION},
                           &e->server, error);
}

static void unwire(struct engine *e) {
    if (e->server)
        sy_server_finish(e->server);
    sy_engine_destroy(e->engine);
    if (e->source)
        e->source->ops->destroy(e->source);
    if (e->store)
        e->store->ops->destroy(e->store);
    if (e->target)
        e->target->ops->destroy(e->target);
    sy_aws_destroy(e->aws);
    if (e->io)
        sy_curl_io_destroy(e->io);
    sy_timers_finish(&e->timers);
}

/* A standing engine has no host to ask it: signals stop it, after on_interrupt. */
static sigset_t stop_signals;
static void *wait_for_signals(void *arg) {
    struct sy_server *server = arg;
    int signal = 0;
    if (sigwait(&stop_signals, &signal) == 0)
        sy_server_stop(server);
    return NULL;
}

/* A standing engine says what it moves. One that a host started shares the host's terminal. */
static enum sy_log_level log_level(const struct sy_cli *cli) {
    static const char *const names[] = {"off", "error", "warn", "info", "debug"};
    const char *want = getenv("STEELYARD_LOG");
    for (size_t i = 0; want && i < SY_COUNT(names); i++)
        if (strcmp(want, names[i]) == 0)
            return (enum sy_log_level)i;
    return cli->listen ? SY_LOG_INFO : SY_LOG_WARN;
}

int sy_cli_engine(const struct sy_cli *cli) {
    struct engine e = {0};
    struct sy_error error = {0};
    pthread_t waiter;
    sy_log_set_level(log_level(cli));
    (void)sigemptyset(&stop_signals);
    (void)sigaddset(&stop_signals, SIGINT);
    (void)sigaddset(&stop_signals, SIGTERM);
    (void)sigaddset(&stop_signals, SIGHUP);
    /* Blocked in every thread from the start: with a host they are the host's to handle; without
     * one, the waiter takes them. */
    (void)pthread_sigmask(SIG_BLOCK, &stop_signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (wire(cli, &e, &error)) {
        unwire(&e);
        return sy_cli_error(cli, &error);
    }
    bool waits = cli->listen && pthread_create(&waiter, NULL, wait_for_signals, e.server) == 0;
    sy_engine_run(e.engine);
    if (waits) {
        /* It waits for a signal, or has had one. It is not cancelled: a cancelled thread's stack
         * stays poisoned under AddressSanitizer, which then reports an error of its own making. */
        (void)pthread_kill(waiter, SIGINT);
        (void)pthread_join(waiter, NULL);
    }
    unwire(&e);
    return SY_EXIT_OK;
}
