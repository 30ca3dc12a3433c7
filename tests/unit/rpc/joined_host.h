/* A host that has joined a server over the fake engine; for the tests that include it. */
#ifndef TESTS_RPC_JOINED_HOST_H
#define TESTS_RPC_JOINED_HOST_H

#include "fake_engine.h"

#include "base/memory.h"
#include "rpc/client.h"
#include "rpc/server.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64];
    char address[112];
    struct sy_engine *engine;
    struct sy_server *server;
    pthread_t thread;
    struct sy_host *host;
};

static void *run(void *arg) {
    struct fixture *fixture = arg;
    sy_engine_run(fixture->engine);
    sy_server_finish(fixture->server);
    sy_engine_destroy(fixture->engine);
    return NULL;
}

static int setup(void **state) {
    struct fixture *fixture = sy_calloc(1, sizeof *fixture);
    struct sy_error error = {0};
    (void)snprintf(fixture->directory, sizeof fixture->directory, "/tmp/steelyard-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->address, sizeof fixture->address, "unix:%s/engine", fixture->directory);
    memset(&fake_counters, 0, sizeof fake_counters);
    fixture->engine = fake_engine_create();
    struct sy_server_options options = {fixture->engine, fixture->address, "1.2.3"};
    if (sy_server_start(&options, &fixture->server, &error) ||
        pthread_create(&fixture->thread, NULL, run, fixture) ||
        sy_host_join(fixture->address, &fixture->host, &error))
        fail_msg("%s", error.message);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    sy_host_finish(fixture->host);
    sy_server_stop(fixture->server);
    (void)pthread_join(fixture->thread, NULL);
    assert_int_equal(atomic_load(&fake_counters.jobs), 0); /* each was closed */
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture);
    return 0;
}

#endif
