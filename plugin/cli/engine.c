/* steelyard engine: the protocol, by a host or standing by itself. */
#include "cli/cli.h"

#include "base/log.h"
#include "cli/wiring.h"
#include "rpc/server.h"

#include <pthread.h>
#include <signal.h>

/* A standing engine has no host to ask it: signals stop it, after on_interrupt. */
static sigset_t stop_signals;
static void *wait_for_signals(void *arg) {
    struct sy_server *server = arg;
    int signal = 0;
    if (sigwait(&stop_signals, &signal) == 0)
        sy_server_stop(server);
    return NULL;
}

static int start(const struct sy_cli *cli, struct sy_wiring *wiring, struct sy_server **ret,
                 struct sy_error *error) {
    if (sy_wiring_create(wiring, error) ||
        sy_wiring_connect(wiring, cli->region, cli->endpoint, cli->profile, error))
        return -1;
    return sy_server_start(&(struct sy_server_options){.engine = wiring->engine,
                                                       .listen = cli->listen,
                                                       .version = STEELYARD_VERSION},
                           ret, error);
}

int sy_cli_engine(const struct sy_cli *cli) {
    struct sy_wiring wiring = {0};
    struct sy_server *server = NULL;
    struct sy_error error = {0};
    pthread_t waiter;
    /* A standing engine says what it moves; one that a host started shares the host's terminal. */
    sy_wiring_log(cli->listen ? SY_LOG_INFO : SY_LOG_WARN);
    (void)sigemptyset(&stop_signals);
    (void)sigaddset(&stop_signals, SIGINT);
    (void)sigaddset(&stop_signals, SIGTERM);
    (void)sigaddset(&stop_signals, SIGHUP);
    /* Blocked in every thread from the start: with a host they are the host's to handle; without
     * one, the waiter takes them. */
    (void)pthread_sigmask(SIG_BLOCK, &stop_signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (start(cli, &wiring, &server, &error)) {
        sy_wiring_finish(&wiring);
        return sy_cli_error(cli, &error);
    }
    bool waits = cli->listen && pthread_create(&waiter, NULL, wait_for_signals, server) == 0;
    sy_engine_run(wiring.engine);
    if (waits) {
        /* It waits for a signal, or has had one. It is not cancelled: a cancelled thread's stack
         * stays poisoned under AddressSanitizer, which then reports an error of its own making. */
        (void)pthread_kill(waiter, SIGINT);
        (void)pthread_join(waiter, NULL);
    }
    sy_server_finish(server);
    sy_wiring_finish(&wiring);
    return SY_EXIT_OK;
}
