/* FunctionService from end to end over a fake engine: what goes in arrives, what it tells comes
 * back, and closing stops it. */
#include "joined_host.h"

#include "rpc/check.h"
#include "rpc/client_function.h"
#include "rpc/convert_function.h"

#include <time.h>

static void next(struct sy_telling *telling, struct sy_function_event *event) {
    struct sy_error error = {0};
    if (sy_telling_next(telling, 20000, event, &error) != 1)
        fail_msg("no event: %s", error.message);
}

static void end(struct sy_telling *telling, enum sy_code code) {
    struct sy_function_event event;
    struct sy_error error = {0};
    assert_int_equal(sy_telling_next(telling, 20000, &event, &error), -1);
    assert_int_equal(error.code, code);
    sy_telling_close(telling);
}

static struct sy_publish_request *request_of(const char *function, enum sy_package_kind kind) {
    struct sy_publish_request *request = sy_calloc(1, sizeof *request);
    (void)snprintf(request->function, sizeof request->function, "%s", function);
    (void)snprintf(request->alias, sizeof request->alias, "live");
    (void)snprintf(request->description, sizeof request->description, "Gebäude 7");
    request->package.kind = kind;
    return request;
}

/* Each kind of package arrives whole. */
static void publish_arrives(void **state) {
    struct fixture *fixture = *state;
    for (int kind = SY_PACKAGE_LATEST; kind <= SY_PACKAGE_IMAGE; kind++) {
        SY_AUTO_FREE struct sy_publish_request *sent =
            request_of("shop", (enum sy_package_kind)kind);
        struct sy_function_event event;
        struct sy_package *package = &sent->package;
        if (kind == SY_PACKAGE_LATEST)
            (void)snprintf(sent->code_sha256, sizeof sent->code_sha256, "hash");
        if (kind == SY_PACKAGE_ZIP)
            (void)snprintf(package->zip_path, sizeof package->zip_path, "/b c.zip");
        if (kind == SY_PACKAGE_S3) {
            (void)snprintf(package->bucket, sizeof package->bucket, "bucket");
            (void)snprintf(package->key, sizeof package->key, "key");
            (void)snprintf(package->object_version, sizeof package->object_version, "v");
        }
        if (kind == SY_PACKAGE_IMAGE)
            (void)snprintf(package->image_uri, sizeof package->image_uri, "repo@sha256:0");
        struct sy_telling *telling = sy_host_publish(fixture->host, sent);
        next(telling, &event);
        assert_int_equal(event.kind, SY_FUNCTION_NOTE);
        assert_string_equal(event.text, "on its way");
        assert_string_equal(event.version, "43");
        assert_int_equal(event.at_ms, INT64_C(1767323040001));
        next(telling, &event);
        assert_int_equal(event.kind, SY_FUNCTION_PUBLISHED);
        assert_true(event.unchanged);
        assert_string_equal(event.code_sha256, "hash");
        end(telling, SY_OK);
        assert_memory_equal(&fake_counters.publish, sent, sizeof *sent);
    }
}

static void cleanup_arrives(void **state) {
    struct fixture *fixture = *state;
    struct sy_cleanup_request sent = {.function = "shop", .keep = 7, .dry_run = true};
    struct sy_function_event event;
    struct sy_telling *telling = sy_host_cleanup(fixture->host, &sent);
    for (int i = 0; i < SY_FATE_COUNT; i++) {
        next(telling, &event);
        assert_int_equal(event.kind, SY_FUNCTION_VERSION);
        assert_int_equal(event.fate, i);
        assert_string_equal(event.text, sy_fate_word((enum sy_fate)i));
    }
    next(telling, &event);
    assert_int_equal(event.kind, SY_FUNCTION_CLEANED);
    assert_int_equal(event.deleted, 3);
    assert_int_equal(event.kept, 4);
    assert_int_equal(event.left, 5);
    end(telling, SY_OK);
    assert_string_equal(fake_counters.cleanup.function, "shop");
    assert_int_equal(fake_counters.cleanup.keep, 7);
    assert_true(fake_counters.cleanup.dry_run);
}

static void findings_arrive(void **state) {
    struct fixture *fixture = *state;
    struct sy_findings findings = {.n = 0};
    struct sy_error error = {0};
    assert_int_equal(sy_host_check(fixture->host, "shop", "live", "42", &findings, &error), 0);
    assert_int_equal(findings.n, SY_SEVERITY_COUNT);
    for (uint32_t i = 0; i < findings.n; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "text? %u", i);
        assert_int_equal(findings.list[i].severity, i);
        assert_string_equal(findings.list[i].text, text); /* cleaned on its way */
    }
    assert_int_equal(sy_host_check(fixture->host, "missing", "live", "", &findings, &error), -1);
    assert_int_equal(error.code, SY_NOT_FOUND);
    assert_string_equal(error.reason, "FUNCTION_NOT_FOUND");
}

static void errors_arrive(void **state) {
    struct fixture *fixture = *state;
    SY_AUTO_FREE struct sy_publish_request *request = request_of("missing", SY_PACKAGE_LATEST);
    struct sy_cleanup_request cleanup = {.function = "missing"};
    end(sy_host_publish(fixture->host, request), SY_NOT_FOUND);
    end(sy_host_cleanup(fixture->host, &cleanup), SY_NOT_FOUND);
}

/* A client that goes stops the job; the server does not wait for what waits. */
static void closing_stops_it(void **state) {
    struct fixture *fixture = *state;
    SY_AUTO_FREE struct sy_publish_request *request = request_of("hold", SY_PACKAGE_LATEST);
    struct sy_function_event event;
    struct timespec pause = {.tv_nsec = 1000000};
    struct sy_telling *telling = sy_host_publish(fixture->host, request);
    next(telling, &event);
    assert_int_equal(atomic_load(&fake_counters.jobs), 1);
    sy_telling_close(telling);
    for (int i = 0; i < 20000 && atomic_load(&fake_counters.jobs); i++)
        (void)nanosleep(&pause, NULL);
    assert_int_equal(atomic_load(&fake_counters.jobs), 0);
}

/* ---- what does not fit is refused by name ---- */

static void long_strings_are_refused(void **state) {
    (void)state;
    char text[8192];
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_publish_request *out = sy_calloc(1, sizeof *out);
    Steelyard__V1__PublishRequest request = STEELYARD__V1__PUBLISH_REQUEST__INIT;
    Steelyard__V1__S3Object s3 = STEELYARD__V1__S3_OBJECT__INIT;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    request.description = text;
    assert_int_equal(sy_publish_from_proto(&request, out, &error), -1);
    assert_string_equal(error.field, "description");
    request.description = (char *)"";
    request.code_case = STEELYARD__V1__PUBLISH_REQUEST__CODE_ZIP_PATH;
    request.zip_path = text;
    assert_int_equal(sy_publish_from_proto(&request, out, &error), -1);
    assert_string_equal(error.field, "zip_path");
    request.code_case = STEELYARD__V1__PUBLISH_REQUEST__CODE_S3;
    request.s3 = &s3;
    s3.bucket = text;
    assert_int_equal(sy_publish_from_proto(&request, out, &error), -1);
    assert_string_equal(error.field, "bucket");
    request.code_case = STEELYARD__V1__PUBLISH_REQUEST__CODE_IMAGE_URI;
    request.image_uri = text;
    assert_int_equal(sy_publish_from_proto(&request, out, &error), -1);
    assert_string_equal(error.field, "image_uri");
    assert_string_equal(out->function, ""); /* untouched */
}

static void more_findings_than_fit_are_refused(void **state) {
    (void)state;
    struct sy_findings out = {.n = 0};
    struct sy_error error = {0};
    Steelyard__V1__CheckResponse response = STEELYARD__V1__CHECK_RESPONSE__INIT;
    response.n_findings = SY_FINDINGS_MAX + 1;
    assert_int_equal(sy_findings_from_proto(&response, &out, &error), -1);
    assert_string_equal(error.field, "findings");
}

static void unknown_payloads_are_notes(void **state) {
    (void)state;
    struct sy_function_event event;
    struct sy_error error = {0};
    Steelyard__V1__PublishResponse publish = STEELYARD__V1__PUBLISH_RESPONSE__INIT;
    Steelyard__V1__CleanupResponse cleanup = STEELYARD__V1__CLEANUP_RESPONSE__INIT;
    publish.text = cleanup.text = (char *)"from the future";
    assert_int_equal(sy_publish_event_from_proto(&publish, &event, &error), 0);
    assert_int_equal(event.kind, SY_FUNCTION_NOTE);
    assert_string_equal(event.text, "from the future");
    assert_int_equal(sy_cleanup_event_from_proto(&cleanup, &event, &error), 0);
    assert_int_equal(event.kind, SY_FUNCTION_NOTE);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(publish_arrives),
        TEST(cleanup_arrives),
        TEST(findings_arrive),
        TEST(errors_arrive),
        TEST(closing_stops_it),
        cmocka_unit_test(long_strings_are_refused),
        cmocka_unit_test(more_findings_than_fit_are_refused),
        cmocka_unit_test(unknown_payloads_are_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
