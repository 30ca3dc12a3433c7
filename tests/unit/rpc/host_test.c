/* A host and the engine that it starts, as two processes: handshake, mutual TLS, and who ends when.
 */
#include "fake_engine.h"

#include "base/memory.h"
#include "rpc/certificate.h"
#include "rpc/channel.h"
#include "rpc/client.h"
#include "rpc/process.h"
#include "rpc/server_internal.h"

#include "steelyard/v1/engine.pb-c.h"

#include <fcntl.h>
#include <grpc/slice.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static struct sy_spec spec_of(const char *function) {
    struct sy_spec spec;
    sy_spec_init(&spec);
    (void)snprintf(spec.function, sizeof spec.function, "%s", function);
    (void)snprintf(spec.alias, sizeof spec.alias, "live");
    (void)snprintf(spec.version, sizeof spec.version, "42");
    return spec;
}

static struct sy_host *start(void) {
    static const char *const argv[] = {SY_FAKE, "engine", NULL};
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    if (sy_host_start(argv, &host, &error))
        fail_msg("%s", error.message);
    return host;
}

static void test_round_trip(void **state) {
    (void)state;
    struct sy_host *host = start();
    struct sy_spec spec = spec_of("shop");
    struct sy_plan plan;
    struct sy_facts facts;
    struct sy_error error;
    struct sy_stream *stream = NULL;
    struct sy_release_event event;
    assert_int_equal(sy_host_plan(host, &spec, &plan, &error), 0);
    assert_string_equal(plan.fingerprint, "f00d");
    assert_int_equal(sy_host_status(host, "shop", "live", true, &facts, &error), 0);
    assert_string_equal(facts.record.spec.function, "shop");
    assert_int_equal(sy_host_apply(host, &spec, "f00d", &stream, &error), 0);
    for (int64_t i = 1; i <= FAKE_EVENTS; i++) {
        assert_int_equal(sy_stream_next(stream, 10000, &event, &error), 1);
        assert_int_equal(event.sequence, i);
        assert_int_equal(event.kind, i - 1);
    }
    assert_int_equal(sy_stream_next(stream, 10000, &event, &error), -1);
    assert_int_equal(error.code, SY_OK);
    sy_stream_close(stream);
    sy_host_finish(host);
}

static void test_rich_errors(void **state) {
    (void)state;
    struct sy_host *host = start();
    struct sy_spec spec = spec_of("stale");
    struct sy_plan plan;
    struct sy_error error;
    struct sy_stream *stream = NULL;
    struct sy_release_event event;
    assert_int_equal(sy_host_plan(host, &spec, &plan, &error), -1);
    assert_int_equal(error.code, SY_FAILED_PRECONDITION);
    assert_string_equal(error.reason, "STALE_PLAN");
    assert_string_equal(error.message, "the alias moved since the plan was made; plan again");
    assert_int_equal(sy_host_apply(host, &spec, NULL, &stream, &error), 0);
    assert_int_equal(sy_stream_next(stream, 10000, &event, &error), -1);
    assert_string_equal(error.reason, "STALE_PLAN");
    sy_stream_close(stream);
    sy_host_finish(host);
}

/* The engine as another host would start it, without a client of ours. */
static void start_bare(const char *client_pem, struct sy_process *process,
                       struct sy_handshake *handshake) {
    static const char *const argv[] = {SY_FAKE, "engine", NULL};
    struct sy_error error = {0};
    if (sy_process_start(argv, client_pem, process, &error) ||
        sy_process_handshake(process, argv[0], 10000, handshake, &error))
        fail_msg("%s", error.message);
}

static int get_info(const struct sy_channel_options *options, struct sy_error *error) {
    Steelyard__V1__GetInfoRequest request = STEELYARD__V1__GET_INFO_REQUEST__INIT;
    grpc_channel *channel = NULL;
    grpc_slice answer;
    *error = (struct sy_error){0};
    assert_int_equal(sy_channel_open(options, &channel, error), 0);
    int failed = sy_channel_ask(channel, "/steelyard.v1.EngineService/GetInfo",
                                sy_message_pack(&request.base), 10000, &answer, error);
    if (!failed)
        grpc_slice_unref(answer);
    grpc_channel_destroy(channel);
    return failed;
}

static void test_strangers(void **state) {
    (void)state;
    struct sy_certificate own;
    struct sy_certificate stranger;
    struct sy_process process;
    struct sy_handshake handshake;
    struct sy_error error;
    struct stat about;
    char *server_pem = NULL;
    assert_int_equal(sy_certificate_create(&own, &error), 0);
    assert_int_equal(sy_certificate_create(&stranger, &error), 0);
    start_bare(own.pem, &process, &handshake);
    sy_grpc_init();
    assert_int_equal(sy_certificate_from_base64(handshake.certificate, &server_pem, &error), 0);
    struct sy_channel_options options = {handshake.path, server_pem, own.pem, own.key_pem};
    assert_int_equal(get_info(&options, &error), 0);

    options.client_pem = stranger.pem; /* a certificate that the host did not announce */
    options.client_key_pem = stranger.key_pem;
    assert_int_equal(get_info(&options, &error), -1);
    assert_int_equal(error.code, SY_UNAVAILABLE);
    options.server_pem = NULL; /* plaintext */
    assert_int_equal(get_info(&options, &error), -1);
    assert_int_equal(error.code, SY_UNAVAILABLE);
    /* Another server than the handshake line names. */
    options = (struct sy_channel_options){handshake.path, stranger.pem, own.pem, own.key_pem};
    assert_int_equal(get_info(&options, &error), -1);
    assert_int_equal(error.code, SY_UNAVAILABLE);

    assert_int_equal(stat(handshake.path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    *strrchr(handshake.path, '/') = '\0';
    assert_int_equal(stat(handshake.path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    /* Signals are the host's affair. */
    assert_int_equal(
        kill(process.pid, SIGINT) | kill(process.pid, SIGTERM) | kill(process.pid, SIGHUP), 0);
    *strchr(handshake.path, '\0') = '/';
    options = (struct sy_channel_options){handshake.path, server_pem, own.pem, own.key_pem};
    assert_int_equal(get_info(&options, &error), 0);
    grpc_shutdown_blocking();
    sy_process_finish(&process, 0); /* killed: its socket is removed for it, and its directory */
    *strrchr(handshake.path, '/') = '\0';
    assert_int_equal(access(handshake.path, F_OK), -1);
    free(server_pem);
    sy_certificate_finish(&own);
    sy_certificate_finish(&stranger);
}

static void expect_refusal(const char *const *argv, enum sy_code code, const char *say) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    assert_int_equal(sy_host_start(argv, &host, &error), -1);
    if (error.code != code || !strstr(error.message, say))
        fail_msg("%s: %s", sy_code_name(error.code), error.message);
}

static void test_no_engines(void **state) {
    (void)state;
    expect_refusal((const char *const[]){"/nowhere/steelyard", NULL}, SY_NOT_FOUND,
                   "could not be started");
    expect_refusal((const char *const[]){SY_FAKE, "leave", "3", NULL}, SY_FAILED_PRECONDITION,
                   "exit status 3");
    expect_refusal((const char *const[]){SY_FAKE, "babble", "hello \x1b[31m", NULL},
                   SY_FAILED_PRECONDITION, "\"hello ?[31m\"");
    expect_refusal((const char *const[]){SY_FAKE, "babble", "1|2|unix|/tmp/x|grpc|", NULL},
                   SY_FAILED_PRECONDITION, "speaks version 2 of the plugin protocol");
    expect_refusal((const char *const[]){SY_FAKE, "babble", "2|1|unix|/tmp/x|grpc|", NULL},
                   SY_FAILED_PRECONDITION, "speaks version 2 of the handshake");
    expect_refusal((const char *const[]){SY_FAKE, "babble", "1|1|tcp|127.0.0.1:1|grpc|", NULL},
                   SY_FAILED_PRECONDITION, "not a go-plugin handshake");
    expect_refusal((const char *const[]){SY_FAKE, "babble", "1|1|unix|/tmp/x|grpc|", NULL},
                   SY_UNAUTHENTICATED, "no certificate");
    expect_refusal((const char *const[]){SY_FAKE, "babble", "1|1|unix|/tmp/x|grpc|AAAA", NULL},
                   SY_INVALID_ARGUMENT, "no certificate");
}

static void test_silent_program(void **state) {
    (void)state;
    const char *const argv[] = {SY_FAKE, "hang", NULL};
    struct sy_process process;
    struct sy_handshake handshake;
    struct sy_error error;
    assert_int_equal(sy_process_start(argv, "", &process, &error), 0);
    assert_int_equal(sy_process_handshake(&process, argv[0], 100, &handshake, &error), -1);
    assert_int_equal(error.code, SY_DEADLINE_EXCEEDED);
    sy_process_finish(&process, 0);
}

static void test_by_hand(void **state) {
    (void)state;
    struct sy_engine *engine = fake_engine_create();
    struct sy_server_options options = {.engine = engine};
    struct sy_server *server = NULL;
    struct sy_error error;
    (void)unsetenv(SY_COOKIE_KEY);
    assert_int_equal(sy_server_start(&options, &server, &error), -1);
    assert_int_equal(error.code, SY_FAILED_PRECONDITION);
    assert_non_null(strstr(error.message, "started by its host"));
    sy_engine_destroy(engine);
}

static void test_long_tmpdir(void **state) {
    (void)state;
    char name[160] = "";
    (void)snprintf(name, sizeof name, "/tmp/steelyard-%d-", (int)getpid());
    memset(name + strlen(name), 'x', 100);
    SY_AUTO_FREE char *before = getenv("TMPDIR") ? sy_strdup(getenv("TMPDIR")) : NULL;
    assert_int_equal(mkdir(name, 0700), 0); /* it would do, were it not so long */
    (void)setenv("TMPDIR", name, 1);
    struct sy_host *host = start(); /* falls back to /tmp */
    sy_host_finish(host);
    assert_int_equal(rmdir(name), 0);
    if (before)
        (void)setenv("TMPDIR", before, 1);
    else
        (void)unsetenv("TMPDIR");
}

/* Read lines until one holds the text. */
static void expect_line(FILE *lines, const char *text) {
    char line[1024];
    while (fgets(line, sizeof line, lines))
        if (strstr(line, text))
            return;
    fail_msg("the engine never said \"%s\"", text);
}

static void test_host_killed(void **state) {
    (void)state;
    int ends[2];
    pid_t host = 0;
    int status = 0;
    posix_spawn_file_actions_t actions;
    char *argv[] = {(char *)SY_FAKE, (char *)"host", (char *)SY_FAKE, (char *)"hold", NULL};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    assert_int_equal(posix_spawn(&host, argv[0], &actions, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    expect_line(lines, "host: stage_started"); /* split, and baking */
    assert_int_equal(kill(host, SIGKILL), 0);
    assert_int_equal(waitpid(host, &status, 0), host);
    /* The release is interrupted by its broken stream or by interrupt_all, whichever comes first.
     */
    char line[1024];
    bool interrupted = false;
    bool all = false;
    bool ended = false;
    while (fgets(line, sizeof line, lines)) { /* until the engine, too, has closed its end */
        interrupted |= strcmp(line, "fake: interrupted\n") == 0;
        all |= strcmp(line, "fake: interrupt_all\n") == 0;
        ended |= strcmp(line, "fake: ended\n") == 0;
    }
    assert_true(interrupted);
    assert_true(all);
    assert_true(ended);
    (void)fclose(lines);
}

/* Nobody ever connects, as when the host was killed right after the handshake. */
static void test_host_never_comes(void **state) {
    (void)state;
    const char *const argv[] = {SY_FAKE, "engine", "--host-within", "50", NULL};
    struct sy_process process;
    struct sy_handshake handshake;
    struct sy_error error;
    int status = -1;
    assert_int_equal(sy_process_start(argv, "", &process, &error), 0);
    assert_int_equal(sy_process_handshake(&process, argv[0], 10000, &handshake, &error), 0);
    assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
    assert_int_equal(status, 0);
    assert_int_equal(access(handshake.path, F_OK), -1);
    (void)close(process.output);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),       cmocka_unit_test(test_rich_errors),
        cmocka_unit_test(test_strangers),        cmocka_unit_test(test_no_engines),
        cmocka_unit_test(test_silent_program),   cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_long_tmpdir),      cmocka_unit_test(test_host_killed),
        cmocka_unit_test(test_host_never_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
