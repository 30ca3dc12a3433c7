/* Which versions a function's parameters name. */
#include "state/store.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/timers.h"
#include "fake_aws.h"
#include "fake_io.h"
#include "state/record_json.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct sy_aws *aws;
    struct fake_io io;
    struct sy_timers timers;
    struct sy_store *store;
    int count;
    bool failed;
    struct sy_error error;
    struct sy_named_version names[32];
    size_t n;
    struct json_object *page; /* under construction */
};

static int setup(void **state) {
    struct fixture *f = sy_calloc(1, sizeof *f);
    f->aws = fake_aws_create();
    f->io = fake_io_at(1767323045000);
    f->store = sy_ssm_create(f->aws, &f->io.io, &f->timers, NULL);
    f->page = json_object_new_array();
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    size_t unused = fake_unused(f->aws);
    f->store->ops->destroy(f->store);
    sy_aws_destroy(f->aws);
    sy_timers_finish(&f->timers);
    (void)json_object_put(f->page);
    free(f);
    return unused ? -1 : 0;
}

static void on_names(void *ctx, const struct sy_named_version *names, size_t n,
                     const struct sy_error *error) {
    struct fixture *f = ctx;
    f->count++;
    f->failed = error;
    if (error)
        f->error = *error;
    assert_true(n <= SY_COUNT(f->names));
    if (n)
        memcpy(f->names, names, n * sizeof *names);
    f->n = n;
}

static void add(struct fixture *f, const char *name, const char *value) {
    struct json_object *parameter = json_object_new_object();
    json_object_object_add(parameter, "Name", json_object_new_string(name));
    json_object_object_add(parameter, "Value", json_object_new_string(value));
    json_object_object_add(parameter, "Version", json_object_new_int(1));
    json_object_array_add(f->page, parameter);
}

/* What was added so far, as one page. */
static void reply_page(struct fixture *f, const char *token) {
    SY_AUTO_JSON struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "Parameters", f->page);
    if (token)
        json_object_object_add(answer, "NextToken", json_object_new_string(token));
    SY_AUTO_FREE char *text = sy_json_write(answer);
    fake_reply(f->aws, 200, text);
    f->page = json_object_new_array();
}

static void read_names(struct fixture *f) {
    f->store->ops->read_names(f->store, "orders", on_names, f);
    assert_int_equal(f->count, 0);
    fake_deliver(f->aws);
    assert_int_equal(f->count, 1);
}

static const char *by(const struct fixture *f, const char *version) {
    const struct sy_named_version *name = sy_named_find(f->names, f->n, version);
    return name ? name->by : "";
}

static char *record_of(const char *alias) {
    struct sy_record record = {.release_id = "r-1",
                               .phase = SY_PHASE_BAKING,
                               .baseline = "41",
                               .last_known_good = "39",
                               .rolled_back = {"37", "36"}};
    sy_spec_init(&record.spec);
    (void)snprintf(record.spec.function, sizeof record.spec.function, "orders");
    (void)snprintf(record.spec.alias, sizeof record.spec.alias, "%s", alias);
    (void)snprintf(record.spec.version, sizeof record.spec.version, "42");
    return sy_record_write(&record);
}

static void every_parameter_counts(void **state) {
    struct fixture *f = *state;
    SY_AUTO_FREE char *record = record_of("live");
    add(f, "/lambda/orders/current-version", "30");
    add(f, "/lambda/orders/previous-version", "29");
    add(f, "/lambda/orders/last-known-good-version", "not a version");
    add(f, "/lambda/orders/deployment-timestamp", "28");
    reply_page(f, "t+1");
    add(f, "/lambda/orders/mirror-alias", "live");
    add(f, "/lambda/orders/steelyard/live", record);
    add(f, "/lambda/orders/steelyard/live/lock", "{\"owner\":\"27\"}");
    add(f, "/lambda/orders-api/current-version", "26");
    add(f, "/lambda/orders/config/current-version", "25");
    reply_page(f, NULL);
    read_names(f);
    assert_false(f->failed);
    assert_int_equal(f->n, 7);
    assert_string_equal(by(f, "30"), "the parameter current-version names it");
    assert_string_equal(by(f, "29"), "the parameter previous-version names it");
    assert_string_equal(by(f, "42"), "live was released last, and that is not over");
    assert_non_null(strstr(by(f, "41"), "live goes back to it"));
    assert_non_null(strstr(by(f, "39"), "last known good of live"));
    assert_non_null(strstr(by(f, "37"), "rolled back"));
    assert_non_null(strstr(by(f, "36"), "rolled back"));
    assert_string_equal(fake_call(f->aws, 0)->operation, "GetParametersByPath");
    assert_string_equal(fake_call(f->aws, 0)->body,
                        "{\"Path\":\"/lambda/orders\",\"Recursive\":true,\"WithDecryption\":false,"
                        "\"MaxResults\":10}");
    assert_non_null(strstr(fake_call(f->aws, 1)->body, "\"NextToken\":\"t+1\""));
}

/* It may name any version, so nothing may be deleted. */
static void a_record_that_cannot_be_read_is_an_error(void **state) {
    struct fixture *f = *state;
    add(f, "/lambda/orders/steelyard/live", "hello");
    reply_page(f, NULL);
    read_names(f);
    assert_true(f->failed);
    assert_int_equal(f->error.code, SY_FAILED_PRECONDITION);
    assert_string_equal(f->error.reason, "BAD_RECORD");
    assert_non_null(strstr(f->error.message, "/lambda/orders/steelyard/live"));
}

static void odd_answers_are_errors(void **state) {
    struct fixture *f = *state;
    static const char *const odd[] = {"[]",
                                      "{}",
                                      "{\"Parameters\":[1]}",
                                      "{\"Parameters\":[{\"Name\":\"/lambda/orders/x\"}]}",
                                      "{\"Parameters\":[],\"NextToken\":1}",
                                      "nonsense"};
    for (size_t i = 0; i < SY_COUNT(odd); i++) {
        fake_reply(f->aws, 200, odd[i]);
        f->count = 0;
        read_names(f);
        if (!f->failed || f->error.code != SY_INTERNAL)
            fail_msg("%s was taken", odd[i]);
    }
    fake_reply(f->aws, 200, "{\"Parameters\":[],\"NextToken\":\"x\"}");
    fake_reply(f->aws, 200, "{\"Parameters\":[],\"NextToken\":\"x\"}");
    f->count = 0;
    read_names(f);
    assert_non_null(strstr(f->error.message, "no end"));
    fake_error(f->aws, SY_PERMISSION_DENIED, "AccessDeniedException", "ssm:GetParametersByPath");
    f->count = 0;
    read_names(f);
    assert_int_equal(f->error.code, SY_PERMISSION_DENIED);
}

static void on_written(void *ctx, int64_t version, const struct sy_error *error) {
    struct fixture *f = ctx;
    (void)version;
    f->count++;
    f->failed = error;
    if (error)
        f->error = *error;
}

static void the_proof_of_writing_changes_nothing(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_ALREADY_EXISTS, "ParameterAlreadyExists", "");
    f->store->ops->prove_write(f->store, "orders", "41", on_written, f);
    fake_deliver(f->aws);
    assert_int_equal(f->count, 1);
    assert_int_equal(f->error.code, SY_ALREADY_EXISTS);
    assert_string_equal(fake_call(f->aws, 0)->body,
                        "{\"Name\":\"/lambda/orders/current-version\",\"Value\":\"41\","
                        "\"Type\":\"String\",\"Overwrite\":false,\"Tier\":\"Standard\"}");
}

static void destroy_forgets_what_is_under_way(void **state) {
    struct fixture *f = *state;
    f->store->ops->read_names(f->store, "orders", on_names, f);
    assert_int_equal(fake_calls(f->aws), 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_parameter_counts),
        TEST(a_record_that_cannot_be_read_is_an_error),
        TEST(odd_answers_are_errors),
        TEST(the_proof_of_writing_changes_nothing),
        TEST(destroy_forgets_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
