/* A standing engine and its clients in one process: hostile requests, cancels, slow readers, the
 * end. */
#include "fake_engine.h"

#include "base/memory.h"
#include "rpc/channel.h"
#include "rpc/check.h"
#include "rpc/client.h"
#include "rpc/convert.h"
#include "rpc/server_internal.h"

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "plugin/grpc_controller.pb-c.h"
#include "steelyard/v1/engine.pb-c.h"

#include <fcntl.h>
#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define RELEASE "/steelyard.v1.ReleaseService/"

struct fixture {
    char directory[64];
    char path[96];
    char address[112];
    struct sy_engine *engine;
    struct sy_server *server;
    pthread_t thread;
    bool ended; /* the test has seen the engine out by itself */
};

static void *run(void *arg) {
    struct fixture *fixture = arg;
    sy_engine_run(fixture->engine);
    sy_server_finish(fixture->server);
    sy_engine_destroy(fixture->engine);
    return NULL;
}

static void serve(struct fixture *fixture) {
    struct sy_error error = {0};
    fixture->engine = fake_engine_create();
    struct sy_server_options options = {fixture->engine, fixture->address, "1.2.3"};
    if (sy_server_start(&options, &fixture->server, &error))
        fail_msg("%s", error.message);
    assert_int_equal(pthread_create(&fixture->thread, NULL, run, fixture), 0);
}

static int setup(void **state) {
    struct fixture *fixture = sy_calloc(1, sizeof *fixture);
    (void)snprintf(fixture->directory, sizeof fixture->directory, "/tmp/steelyard-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/engine", fixture->directory);
    (void)snprintf(fixture->address, sizeof fixture->address, "unix:%s", fixture->path);
    memset(&fake_counters, 0, sizeof fake_counters);
    serve(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state) {
    struct fixture *fixture = *state;
    if (!fixture->ended) {
        sy_server_stop(fixture->server);
        (void)pthread_join(fixture->thread, NULL);
    }
    assert_int_equal(atomic_load(&fake_counters.watches), 0);
    assert_int_equal(access(fixture->path, F_OK), -1); /* removed on exit */
    assert_int_equal(rmdir(fixture->directory), 0);
    free(fixture);
    return 0;
}

static struct sy_host *join(const struct fixture *fixture) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    if (sy_host_join(fixture->address, &host, &error))
        fail_msg("%s", error.message);
    return host;
}

static struct sy_spec spec_of(const char *function) {
    struct sy_spec spec;
    sy_spec_init(&spec);
    (void)snprintf(spec.function, sizeof spec.function, "%s", function);
    (void)snprintf(spec.alias, sizeof spec.alias, "live");
    (void)snprintf(spec.version, sizeof spec.version, "42");
    return spec;
}

static struct sy_stream *apply(struct sy_host *host, const char *function) {
    struct sy_spec spec = spec_of(function);
    struct sy_stream *stream = NULL;
    struct sy_error error;
    assert_int_equal(sy_host_apply(host, &spec, NULL, &stream, &error), 0);
    return stream;
}

static void expect_event(struct sy_stream *stream, enum sy_event_kind kind, int64_t sequence) {
    struct sy_release_event event;
    struct sy_error error = {0};
    int got = sy_stream_next(stream, 20000, &event, &error);
    if (got != 1)
        fail_msg("%d: %s", got, error.message);
    assert_int_equal(event.kind, kind);
    assert_int_equal(event.sequence, sequence);
}

static void expect_end(struct sy_stream *stream, enum sy_code code) {
    struct sy_release_event event;
    struct sy_error error = {0};
    assert_int_equal(sy_stream_next(stream, 20000, &event, &error), -1);
    assert_int_equal(error.code, code);
}

static grpc_channel *open_channel(const struct fixture *fixture) {
    struct sy_channel_options options = {.path = fixture->path};
    grpc_channel *channel = NULL;
    struct sy_error error;
    assert_int_equal(sy_channel_open(&options, &channel, &error), 0);
    return channel;
}

static grpc_byte_buffer *raw(const void *bytes, size_t len) {
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes, len);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

static void expect_refusal(grpc_channel *channel, const char *method, grpc_byte_buffer *request,
                           enum sy_code code, const char *field) {
    struct sy_error error = {0};
    grpc_slice answer;
    assert_int_equal(sy_channel_ask(channel, method, request, 20000, &answer, &error), -1);
    if (error.code != code || strcmp(error.field, field) != 0)
        fail_msg("%s, field \"%s\": %s", sy_code_name(error.code), error.field, error.message);
}

static void test_hostile_strings(void **state) {
    static const struct {
        const char *method;
        const char *bytes;
        size_t len;
        const char *field;
    } cases[] = {
#define CASE(method, bytes, field) {RELEASE method, bytes, sizeof(bytes) - 1, field}
        CASE("Plan", "\x0A\x05\x0A\x03x\0y", "function"),
        CASE("Plan", "\x0A\x04\x12\x02x\n", "alias"),
        CASE("Plan", "\x0A\x03\x1A\x01\xFF", "version"),
        CASE("Plan", "\x0A\x02\x58\x09", "wait"),
        CASE("Apply", "\x12\x01\x1B", "fingerprint"),
        CASE("Apply", "\x12\x02\x00\x00", "fingerprint"),
        CASE("Rollback", "\x0A\x01\x7F", "function"),
        CASE("Rollback", "\x12\x02\xC3\x28", "alias"),
        CASE("Rollback", "\x1A\x02\xC2\x80", "reason"),
        CASE("Watch", "\x0A\x01\x00", "release_id"),
        CASE("Watch", "\x12\x01\x01", "function"),
        CASE("Watch", "\x1A\x01\xFE", "alias"),
        CASE("Watch", "\x20\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "from_sequence"),
        CASE("Get", "\x0A\x01\x0A", "function"),
        CASE("Get", "\x12\x01\x0D", "alias"),
        CASE("Get", "\x0A\x01\x80", "function"),
        CASE("Rollback", "\x2A\x01\x0A", "baseline"),
        CASE("Rollback",
             "\x22\x16\x0A\x00\x0A\x00\x0A\x00\x0A\x00\x0A\x00\x0A\x00\x0A\x00\x0A\x00"
             "\x0A\x00\x0A\x00\x0A\x00",
             "steps"),
        CASE("Resume", "\x0A\x01\x7F", "function"),
        CASE("Resume", "\x3A\x01\x1B", "reason"),
        CASE("Resume", "\x18\x09", "wait"),
        CASE("Control", "\x0A\x01\x66\x12\x01\x61", "control"),
        CASE("Control", "\x18\x07", "control"),
        CASE("Control", "\x22\x02\xC2\x80", "reason"),
        CASE("Verify", "\x1A\x01\x0A", "version"),
        CASE("Verify", "\x2A\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "window_ms"),
        CASE("Verify", "\x32\x0B\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "threshold_bp"),
        CASE("List", "\x12\x01\x0D", "alias"),
        CASE("Plan", "", "spec"),
        CASE("Plan", "\x0A\x7F", ""),
#undef CASE
    };
    grpc_channel *channel = open_channel(*state);
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        expect_refusal(channel, cases[i].method, raw(cases[i].bytes, cases[i].len),
                       SY_INVALID_ARGUMENT, cases[i].field);
    grpc_channel_destroy(channel);
    assert_int_equal(atomic_load(&fake_counters.applied), 0);
}

static void test_long_string(void **state) {
    grpc_channel *channel = open_channel(*state);
    uint8_t bytes[256] = {0x0A, 201, 1};
    memset(bytes + 3, 'f', 201);
    expect_refusal(channel, RELEASE "Get", raw(bytes, 3 + 201), SY_INVALID_ARGUMENT, "function");
    grpc_channel_destroy(channel);
}

static void test_over_limit(void **state) {
    grpc_channel *channel = open_channel(*state);
    size_t len = SY_MESSAGE_MAX + 1;
    SY_AUTO_FREE uint8_t *bytes = sy_calloc(len, 1);
    expect_refusal(channel, RELEASE "Plan", raw(bytes, len), SY_RESOURCE_EXHAUSTED, "");
    /* The largest that is taken is read, and found to be nonsense. */
    expect_refusal(channel, RELEASE "Plan", raw(bytes, len - 1), SY_INVALID_ARGUMENT, "");
    grpc_channel_destroy(channel);
}

static void test_unknown_methods(void **state) {
    grpc_channel *channel = open_channel(*state);
    expect_refusal(channel, RELEASE "Divine", raw("", 0), SY_UNIMPLEMENTED, "");
    expect_refusal(channel, "/", raw("", 0), SY_UNIMPLEMENTED, "");
    /* A standing engine has no host that could end it this way. */
    expect_refusal(channel, "/plugin.GRPCController/Shutdown", raw("", 0), SY_UNIMPLEMENTED, "");
    grpc_channel_destroy(channel);
}

/* Wait until a counter has the value; the watchdog of the test is its limit. */
static void wait_for(atomic_int *counter, int value) {
    while (atomic_load(counter) != value)
        (void)sched_yield();
}

static void test_cancel_interrupts(void **state) {
    struct sy_host *host = join(*state);
    struct sy_stream *stream = apply(host, "hold");
    expect_event(stream, SY_EVENT_PLANNED, 1);
    expect_event(stream, SY_EVENT_STAGE_STARTED, 2);
    struct sy_release_event event;
    struct sy_error error;
    assert_int_equal(sy_stream_next(stream, 1, &event, &error), 0); /* none now */
    assert_int_equal(atomic_load(&fake_counters.interrupted), 0);
    sy_stream_close(stream);
    wait_for(&fake_counters.interrupted, 1);
    wait_for(&fake_counters.watches, 0);
    sy_host_finish(host);
}

static void test_interrupt_reads_on(void **state) {
    struct sy_host *host = join(*state);
    struct sy_stream *stream = apply(host, "hold");
    expect_event(stream, SY_EVENT_PLANNED, 1);
    expect_event(stream, SY_EVENT_STAGE_STARTED, 2);
    sy_stream_interrupt(stream);
    expect_event(stream, SY_EVENT_ROLLBACK_STARTED, 3);
    expect_event(stream, SY_EVENT_FINISHED, 4);
    expect_end(stream, SY_OK);
    assert_int_equal(atomic_load(&fake_counters.interrupted), 1);
    sy_stream_close(stream);
    sy_host_finish(host);
}

static void test_interrupt_before_reading(void **state) {
    struct sy_host *host = join(*state);
    struct sy_stream *stream = apply(host, "hold");
    wait_for(&fake_counters.applied, 1);
    sy_stream_interrupt(stream); /* nothing was read: all is read now */
    expect_event(stream, SY_EVENT_PLANNED, 1);
    expect_event(stream, SY_EVENT_STAGE_STARTED, 2);
    expect_event(stream, SY_EVENT_ROLLBACK_STARTED, 3);
    expect_event(stream, SY_EVENT_FINISHED, 4);
    expect_end(stream, SY_OK);
    sy_stream_close(stream);
    sy_host_finish(host);
}

static void test_rollback(void **state) {
    struct sy_host *host = join(*state);
    struct sy_stream *stream = NULL;
    struct sy_stream *driver = apply(host, "hold");
    struct sy_error error;
    expect_event(driver, SY_EVENT_PLANNED, 1);
    expect_event(driver, SY_EVENT_STAGE_STARTED, 2);
    assert_int_equal(sy_host_rollback(host,
                                      &(struct sy_rollback){.function = "hold", .alias = "live"},
                                      &stream, &error),
                     0);
    expect_event(stream, SY_EVENT_PLANNED, 1);
    sy_stream_close(stream);
    expect_event(driver, SY_EVENT_ROLLBACK_STARTED, 3); /* who drives sees it, too */
    expect_event(driver, SY_EVENT_FINISHED, 4);
    expect_end(driver, SY_OK);
    sy_stream_close(driver);
    assert_int_equal(sy_host_rollback(host,
                                      &(struct sy_rollback){.function = "shop", .alias = "live"},
                                      &stream, &error),
                     0);
    expect_end(stream, SY_FAILED_PRECONDITION);
    sy_stream_close(stream);
    sy_host_finish(host);
}

/* Only the looking ends; a resume is interrupted as an apply is. */
static void test_watch_and_resume(void **state) {
    struct sy_host *host = join(*state);
    struct sy_stream *watch = NULL;
    struct sy_stream *resume = NULL;
    struct sy_error error = {0};
    struct sy_release_event event;
    struct sy_resume request = {.function = "hold", .alias = "live"};
    assert_int_equal(sy_host_resume(host, &request, &resume, &error), 0);
    expect_event(resume, SY_EVENT_PLANNED, 1);
    expect_event(resume, SY_EVENT_STAGE_STARTED, 2);
    assert_int_equal(sy_host_watch(host, "hold", "live", &watch, &error), 0);
    expect_event(watch, SY_EVENT_PLANNED, 1);
    sy_stream_interrupt(watch);
    assert_int_equal(sy_stream_next(watch, 1000, &event, &error), -1);
    assert_int_equal(error.code, SY_OK);
    sy_stream_close(watch);
    assert_int_equal(atomic_load(&fake_counters.interrupted), 0);
    sy_stream_interrupt(resume);
    expect_event(resume, SY_EVENT_ROLLBACK_STARTED, 3);
    expect_event(resume, SY_EVENT_FINISHED, 4);
    expect_end(resume, SY_OK);
    sy_stream_close(resume);
    sy_host_finish(host);
}

/* A reader that is slower than the engine gets every event, in order, and the engine is never far
 * ahead of it: 10,000 events of some 350 bytes do not fit into what the two sides hold. */
static void test_slow_reader(void **state) {
    enum { AHEAD_MAX = 9000 };
    struct sy_host *host = join(*state);
    struct sy_stream *stream = apply(host, "burst");
    for (int i = 1; i < FAKE_BURST; i++) {
        expect_event(stream, SY_EVENT_NOTE, i);
        if (atomic_load(&fake_counters.pulled) - i > AHEAD_MAX)
            fail_msg("%d events ahead of the reader", atomic_load(&fake_counters.pulled) - i);
    }
    expect_event(stream, SY_EVENT_FINISHED, FAKE_BURST);
    expect_end(stream, SY_OK);
    sy_stream_close(stream);
    sy_host_finish(host);
}

static void test_many_streams(void **state) {
    enum { STREAMS = 200 };
    struct sy_host *host = join(*state);
    struct sy_stream *streams[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        streams[i] = apply(host, i % 2 ? "shop" : "hold");
    for (int i = 0; i < STREAMS; i++) {
        expect_event(streams[i], SY_EVENT_PLANNED, 1);
        sy_stream_close(streams[i]);
    }
    wait_for(&fake_counters.interrupted, STREAMS / 2);
    sy_host_finish(host);
}

static void *ask(const struct fixture *fixture, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *type) {
    grpc_channel *channel = open_channel(fixture);
    struct sy_error error = {0};
    struct sy_answers *answers = sy_answers_open(channel, method, sy_message_pack(request));
    grpc_slice bytes;
    ProtobufCMessage *message = NULL;
    if (sy_answers_next(answers, 20000, &bytes, &error) != 1 ||
        sy_message_decode(type, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes), &message,
                          &error))
        fail_msg("%s", error.message);
    grpc_slice_unref(bytes);
    sy_answers_close(answers);
    grpc_channel_destroy(channel);
    return message;
}

static void expect_health(const struct fixture *fixture, const char *method, const char *service,
                          int status) {
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    request.service = (char *)service;
    Grpc__Health__V1__HealthCheckResponse *response =
        ask(fixture, method, &request.base, &grpc__health__v1__health_check_response__descriptor);
    assert_int_equal(response->status, status);
    protobuf_c_message_free_unpacked(&response->base, NULL);
}

static void test_health(void **state) {
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    expect_health(*state, "/grpc.health.v1.Health/Check", "", 1);
    expect_health(*state, "/grpc.health.v1.Health/Check", "plugin", 1);
    expect_health(*state, "/grpc.health.v1.Health/Watch", "steelyard.v1.ReleaseService", 1);
    expect_health(*state, "/grpc.health.v1.Health/Watch", "none", 3);
    request.service = (char *)"none";
    grpc_channel *channel = open_channel(*state);
    expect_refusal(channel, "/grpc.health.v1.Health/Check", sy_message_pack(&request.base),
                   SY_NOT_FOUND, "");
    grpc_channel_destroy(channel);
}

#define INFO ".ServerReflection/ServerReflectionInfo"

static void expect_file(const struct fixture *fixture, const char *version, const char *symbol,
                        const char *file) {
    char method[80];
    Grpc__Reflection__V1__ServerReflectionRequest request =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    (void)snprintf(method, sizeof method, "/grpc.reflection.%s" INFO, version);
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = (char *)symbol;
    Grpc__Reflection__V1__ServerReflectionResponse *response =
        ask(fixture, method, &request.base,
            &grpc__reflection__v1__server_reflection_response__descriptor);
    if (!file) {
        assert_int_equal(response->error_response->error_code, SY_NOT_FOUND);
    } else {
        assert_int_equal(response->file_descriptor_response->n_file_descriptor_proto, 1);
        ProtobufCBinaryData data = response->file_descriptor_response->file_descriptor_proto[0];
        /* Its first field is its name. */
        assert_int_equal(data.data[0], 0x0A);
        assert_int_equal(data.data[1], strlen(file));
        assert_memory_equal(data.data + 2, file, strlen(file));
    }
    protobuf_c_message_free_unpacked(&response->base, NULL);
}

static void test_reflection(void **state) {
    expect_file(*state, "v1", "steelyard.v1.ReleaseService", "steelyard/v1/release.proto");
    expect_file(*state, "v1alpha", "steelyard.v1.ReleaseService", "steelyard/v1/release.proto");
    expect_file(*state, "v1", "steelyard.v1.ReleaseService.Plan", "steelyard/v1/release.proto");
    expect_file(*state, "v1", "steelyard.v1.Outcome", "steelyard/v1/event.proto");
    expect_file(*state, "v1", "google.rpc.ErrorInfo.MetadataEntry",
                "google/rpc/error_details.proto");
    expect_file(*state, "v1", "grpc.health.v1.HealthCheckResponse.ServingStatus",
                "grpc/health/v1/health.proto");
    expect_file(*state, "v1", "steelyard.v1.Release", NULL);
    expect_file(*state, "v1", "steelyard.v1.ReleaseServices", NULL);
    expect_file(*state, "v1", "", NULL);
}

static void test_services(void **state) {
    Grpc__Reflection__V1__ServerReflectionRequest request =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = (char *)"*";
    Grpc__Reflection__V1__ServerReflectionResponse *response =
        ask(*state, "/grpc.reflection.v1" INFO, &request.base,
            &grpc__reflection__v1__server_reflection_response__descriptor);
    assert_int_equal(response->list_services_response->n_service, 6);
    assert_string_equal(response->list_services_response->service[0]->name,
                        "steelyard.v1.ReleaseService");
    protobuf_c_message_free_unpacked(&response->base, NULL);
}

static void test_info(void **state) {
    Steelyard__V1__GetInfoRequest request = STEELYARD__V1__GET_INFO_REQUEST__INIT;
    Steelyard__V1__GetInfoResponse *response =
        ask(*state, "/steelyard.v1.EngineService/GetInfo", &request.base,
            &steelyard__v1__get_info_response__descriptor);
    assert_string_equal(response->version, "1.2.3");
    assert_int_equal(response->protocol_version, 1);
    assert_int_equal(response->process_id, getpid());
    assert_true(response->standing);
    protobuf_c_message_free_unpacked(&response->base, NULL);
}

static void stop(const struct fixture *fixture) {
    Steelyard__V1__StopRequest request = STEELYARD__V1__STOP_REQUEST__INIT;
    Steelyard__V1__StopResponse *response =
        ask(fixture, "/steelyard.v1.EngineService/Stop", &request.base,
            &steelyard__v1__stop_response__descriptor);
    protobuf_c_message_free_unpacked(&response->base, NULL);
}

/* Stop while a stream is open: the release is interrupted, and its driver still reads the end. */
static void test_stop_drains(void **state) {
    struct fixture *fixture = *state;
    struct sy_host *host = join(fixture);
    struct sy_stream *stream = apply(host, "hold");
    expect_event(stream, SY_EVENT_PLANNED, 1);
    stop(fixture);
    expect_event(stream, SY_EVENT_STAGE_STARTED, 2);
    expect_event(stream, SY_EVENT_ROLLBACK_STARTED, 3);
    expect_event(stream, SY_EVENT_FINISHED, 4);
    expect_end(stream, SY_OK);
    sy_stream_close(stream);
    sy_host_finish(host);
    fixture->ended = true;
    (void)pthread_join(fixture->thread, NULL);
    assert_int_equal(atomic_load(&fake_counters.interrupted_all), 1);
}

/* While a release keeps the engine from its end, nothing new begins; going back and looking on go
 * on. */
static void test_stopping_takes_no_release(void **state) {
    struct fixture *fixture = *state;
    struct sy_host *host = join(fixture);
    struct sy_stream *driver = apply(host, "stuck");
    struct sy_stream *stream = NULL;
    struct sy_spec spec = spec_of("shop");
    struct sy_plan plan;
    struct sy_facts facts;
    struct sy_release_event event;
    struct sy_error error = {0};
    expect_event(driver, SY_EVENT_PLANNED, 1);
    stop(fixture);
    wait_for(&fake_counters.interrupted_all, 1);
    stream = apply(host, "shop");
    assert_int_equal(sy_stream_next(stream, 20000, &event, &error), -1);
    assert_int_equal(error.code, SY_UNAVAILABLE);
    assert_string_equal(error.reason, "ENGINE_STOPPING");
    assert_string_equal(error.message, "this engine is stopping; start another");
    sy_stream_close(stream);
    assert_int_equal(sy_host_plan(host, &spec, &plan, &error), -1);
    assert_string_equal(error.reason, "ENGINE_STOPPING");
    assert_int_equal(atomic_load(&fake_counters.applied), 1);
    assert_int_equal(sy_host_status(host, "shop", "live", true, &facts, &error), 0);
    assert_int_equal(sy_host_rollback(host,
                                      &(struct sy_rollback){.function = "stuck", .alias = "live"},
                                      &stream, &error),
                     0);
    expect_event(stream, SY_EVENT_PLANNED, 1);
    sy_stream_interrupt(stream); /* watches it from here */
    expect_event(stream, SY_EVENT_STAGE_STARTED, 2);
    expect_event(stream, SY_EVENT_ROLLBACK_STARTED, 3);
    expect_event(stream, SY_EVENT_FINISHED, 4);
    expect_end(stream, SY_OK);
    sy_stream_close(stream);
    sy_stream_close(driver);
    sy_host_finish(host);
    fixture->ended = true;
    (void)pthread_join(fixture->thread, NULL);
}

/* At rest, with events that are still to be read: a rollback would be broken off. */
static void test_drained_takes_no_rollback(void **state) {
    struct fixture *fixture = *state;
    struct sy_host *host = join(fixture);
    struct sy_stream *unread = apply(host, "burst");
    struct sy_stream *stream = NULL;
    struct sy_error error;
    expect_event(unread, SY_EVENT_NOTE, 1);
    stop(fixture);
    wait_for(&fake_counters.interrupted_all, 1);
    assert_int_equal(sy_host_rollback(host,
                                      &(struct sy_rollback){.function = "burst", .alias = "live"},
                                      &stream, &error),
                     0);
    expect_end(stream, SY_UNAVAILABLE);
    sy_stream_close(stream);
    sy_stream_close(unread);
    sy_host_finish(host);
    fixture->ended = true;
    (void)pthread_join(fixture->thread, NULL);
}

/* Stop with ten thousand events that were not read yet. */
static void test_stop_drains_a_burst(void **state) {
    struct fixture *fixture = *state;
    struct sy_host *host = join(fixture);
    struct sy_stream *stream = apply(host, "burst");
    expect_event(stream, SY_EVENT_NOTE, 1);
    stop(fixture);
    for (int i = 2; i < FAKE_BURST; i++)
        expect_event(stream, SY_EVENT_NOTE, i);
    expect_event(stream, SY_EVENT_FINISHED, FAKE_BURST);
    expect_end(stream, SY_OK);
    sy_stream_close(stream);
    sy_host_finish(host);
    fixture->ended = true;
    (void)pthread_join(fixture->thread, NULL);
}

/* Whatever is open when the engine stops without a word: it is let go, not waited for. */
static void test_abrupt_end(void **state) {
    struct fixture *fixture = *state;
    grpc_channel *channel = open_channel(fixture);
    struct sy_spec_message message;
    struct sy_spec spec = spec_of("silent");
    Steelyard__V1__PlanRequest request = STEELYARD__V1__PLAN_REQUEST__INIT;
    sy_spec_to_proto(&spec, &message);
    request.spec = &message.spec;
    struct sy_answers *plan =
        sy_answers_open(channel, RELEASE "Plan", sy_message_pack(&request.base));
    struct sy_host *host = join(fixture);
    struct sy_stream *stream = apply(host, "hold");
    expect_event(stream, SY_EVENT_PLANNED, 1);
    expect_event(stream, SY_EVENT_STAGE_STARTED, 2);
    wait_for(&fake_counters.silent, 1);
    sy_engine_post(fixture->engine, (void (*)(void *))(void *)sy_engine_stop, fixture->engine);
    (void)pthread_join(fixture->thread, NULL);
    struct sy_error error = {0};
    grpc_slice bytes;
    assert_int_equal(sy_answers_next(plan, 20000, &bytes, &error), -1);
    assert_int_equal(error.code, SY_UNAVAILABLE);
    sy_answers_close(plan);
    expect_end(stream, SY_UNAVAILABLE);
    sy_stream_close(stream);
    sy_host_finish(host);
    grpc_channel_destroy(channel);
    fixture->ended = true;
}

static void test_second_engine_is_refused(void **state) {
    struct fixture *fixture = *state;
    struct sy_engine *engine = fake_engine_create();
    struct sy_server_options options = {engine, fixture->address, ""};
    struct sy_server *server = NULL;
    struct sy_error error;
    struct stat about;
    assert_int_equal(sy_server_start(&options, &server, &error), -1);
    assert_int_equal(error.code, SY_FAILED_PRECONDITION);
    assert_string_equal(error.reason, "ENGINE_RUNNING");
    sy_engine_destroy(engine);
    assert_int_equal(lstat(fixture->path, &about), 0); /* and the first one serves on */
    assert_int_equal(about.st_mode & 0777, 0600);
    sy_host_finish(join(fixture));
}

static void bind_stale(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    (void)close(fd); /* the file stays behind, as after a kill */
}

static void test_stale_socket(void **state) {
    struct fixture *fixture = *state;
    struct fixture other = *fixture;
    (void)snprintf(other.path, sizeof other.path, "%s/other", fixture->directory);
    (void)snprintf(other.address, sizeof other.address, "unix:%s", other.path);
    struct sy_host *host = NULL;
    struct sy_error error;
    assert_int_equal(sy_host_join(other.address, &host, &error), -1);
    assert_int_equal(error.code, SY_UNAVAILABLE);
    bind_stale(other.path);
    assert_int_equal(sy_host_join(other.address, &host, &error), -1);
    assert_int_equal(error.code, SY_UNAVAILABLE);
    serve(&other);
    sy_host_finish(join(&other));
    sy_server_stop(other.server);
    (void)pthread_join(other.thread, NULL);
}

static void test_no_socket(void **state) {
    struct fixture *fixture = *state;
    char path[128];
    char address[160];
    struct sy_engine *engine = fake_engine_create();
    struct sy_server *server = NULL;
    struct sy_error error;
    (void)snprintf(path, sizeof path, "%s/precious", fixture->directory);
    (void)snprintf(address, sizeof address, "unix:%s", path);
    (void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    struct sy_server_options options = {engine, address, ""};
    assert_int_equal(sy_server_start(&options, &server, &error), -1);
    assert_string_equal(error.field, "engine");
    assert_int_equal(unlink(path), 0); /* it was left alone */
    options.listen = "tcp:1234";
    assert_int_equal(sy_server_start(&options, &server, &error), -1);
    assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    sy_engine_destroy(engine);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(test_hostile_strings),
        T(test_long_string),
        T(test_over_limit),
        T(test_unknown_methods),
        T(test_cancel_interrupts),
        T(test_interrupt_reads_on),
        T(test_interrupt_before_reading),
        T(test_rollback),
        T(test_watch_and_resume),
        T(test_slow_reader),
        T(test_many_streams),
        T(test_health),
        T(test_reflection),
        T(test_services),
        T(test_info),
        T(test_stop_drains),
        T(test_stopping_takes_no_release),
        T(test_drained_takes_no_rollback),
        T(test_stop_drains_a_burst),
        T(test_abrupt_end),
        T(test_second_engine_is_refused),
        T(test_stale_socket),
        T(test_no_socket),
    };
    /* What the tests open beside a host or a server needs gRPC, too. */
    sy_grpc_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    grpc_shutdown_blocking();
    return failed;
}
