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
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct sy_aws *aws;
    struct fake_io io;
    struct sy_timers timers;
    struct sy_store *store;
    int count;
    size_t n;
    int64_t numbers[8];
    int64_t times_ms[8];
    enum sy_phase phases[8];
    struct sy_error error;
};

static int setup(void **state) {
    struct fixture *f = sy_calloc(1, sizeof *f);
    f->aws = fake_aws_create();
    f->io = fake_io_at(1767323045000);
    f->store = sy_ssm_create(f->aws, &f->io.io, &f->timers, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    size_t unused = fake_unused(f->aws);
    f->store->ops->destroy(f->store);
    sy_aws_destroy(f->aws);
    sy_timers_finish(&f->timers);
    free(f);
    return unused ? -1 : 0;
}

static void on_history(void *ctx, const struct sy_stored_version *versions, size_t n,
                       const struct sy_error *error) {
    struct fixture *f = ctx;
    f->count++;
    f->n = n;
    f->error = error ? *error : (struct sy_error){0};
    for (size_t i = 0; i < n && i < 8; i++) {
        f->numbers[i] = versions[i].record.version;
        f->times_ms[i] = versions[i].at_ms;
        f->phases[i] = versions[i].record.phase;
    }
}

static void ask(struct fixture *f) {
    f->store->ops->read_history(f->store, "orders-api", "live", on_history, f);
    assert_int_equal(f->count, 0);
    fake_deliver(f->aws);
    assert_int_equal(f->count, 1);
}

static char *record_text(const char *function, enum sy_phase phase) {
    struct sy_record record = {.release_id = "r-1", .phase = phase, .baseline = "41"};
    sy_spec_init(&record.spec);
    (void)strcpy(record.spec.function, function);
    (void)strcpy(record.spec.alias, "live");
    (void)strcpy(record.spec.version, "42");
    return sy_record_write(&record);
}

/* A page of versions first, first + 1 …; the texts are freed. */
static void reply_page(struct fixture *f, int64_t first, char *const *texts, size_t n,
                       const char *token) {
    SY_AUTO_JSON struct json_object *page = json_object_new_object();
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_new_object();
        json_object_object_add(item, "Name", json_object_new_string("x"));
        json_object_object_add(item, "LastModifiedDate",
                               json_object_new_double(1767323045.5 + (double)i));
        json_object_object_add(item, "Value", json_object_new_string(texts[i]));
        json_object_object_add(item, "Version", json_object_new_int64(first + (int64_t)i));
        json_object_array_add(list, item);
        free(texts[i]);
    }
    json_object_object_add(page, "Parameters", list);
    if (token)
        json_object_object_add(page, "NextToken", json_object_new_string(token));
    SY_AUTO_FREE char *body = sy_json_write(page);
    fake_reply(f->aws, 200, body);
}

static void pages_are_followed_and_the_newest_comes_first(void **state) {
    struct fixture *f = *state;
    char *one[] = {record_text("orders-api", SY_PHASE_INTENT),
                   record_text("orders-api", SY_PHASE_BAKING)};
    char *two[] = {record_text("orders-api", SY_PHASE_CLOSED)};
    reply_page(f, 7, one, 2, "more");
    reply_page(f, 9, NULL, 0, "still more"); /* SSM may send an empty page */
    reply_page(f, 9, two, 1, NULL);
    ask(f);
    assert_int_equal(f->error.code, SY_OK);
    assert_int_equal(f->n, 3);
    assert_int_equal(f->numbers[0], 9);
    assert_int_equal(f->numbers[2], 7);
    assert_int_equal(f->phases[0], SY_PHASE_CLOSED);
    assert_int_equal(f->phases[2], SY_PHASE_INTENT);
    assert_int_equal(f->times_ms[2], INT64_C(1767323045500));
    assert_string_equal(fake_call(f->aws, 0)->operation, "GetParameterHistory");
    assert_string_equal(fake_call(f->aws, 0)->body,
                        "{\"Name\":\"/lambda/orders-api/steelyard/live\",\"WithDecryption\":false,"
                        "\"MaxResults\":50}");
    assert_non_null(strstr(fake_call(f->aws, 2)->body, "\"NextToken\":\"still more\""));
}

static void what_is_no_record_of_this_alias_is_left_out(void **state) {
    struct fixture *f = *state;
    char *texts[] = {sy_strdup("hand-written"), record_text("other-api", SY_PHASE_BAKING),
                     record_text("orders-api", SY_PHASE_BAKING)};
    reply_page(f, 1, texts, 3, NULL);
    ask(f);
    assert_int_equal(f->n, 1);
    assert_int_equal(f->numbers[0], 3);
}

static void none_is_no_error(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_NOT_FOUND, "ParameterNotFound", "no");
    ask(f);
    assert_int_equal(f->error.code, SY_OK);
    assert_int_equal(f->n, 0);
}

static void errors_and_odd_answers_are_told(void **state) {
    struct fixture *f = *state;
    static const char *const odd[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"Parameters\":{}}",
                                      "{\"Parameters\":[{\"Value\":\"x\"}]}",
                                      "{\"Parameters\":[{\"Value\":\"x\",\"Version\":0}]}",
                                      "{\"Parameters\":[{\"Value\":7,\"Version\":1}]}"};
    for (size_t i = 0; i < SY_COUNT(odd); i++) {
        fake_reply(f->aws, 200, odd[i]);
        f->count = 0;
        ask(f);
        assert_int_equal(f->error.code, SY_INTERNAL);
        assert_non_null(strstr(f->error.message, "GetParameterHistory"));
    }
    fake_error(f->aws, SY_PERMISSION_DENIED, "AccessDeniedException", "ssm:GetParameterHistory");
    f->count = 0;
    ask(f);
    assert_int_equal(f->error.code, SY_PERMISSION_DENIED);
}

/* A service that never ends its pages is not followed for ever. */
static void endless_pages_end(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++)
        reply_page(f, 1, NULL, 0, "again");
    ask(f);
    assert_int_equal(f->error.code, SY_OK);
    assert_int_equal(f->n, 0);
}

static void a_read_under_way_is_forgotten_with_the_store(void **state) {
    struct fixture *f = *state;
    f->store->ops->read_history(f->store, "orders-api", "live", on_history, f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(pages_are_followed_and_the_newest_comes_first),
        TEST(what_is_no_record_of_this_alias_is_left_out),
        TEST(none_is_no_error),
        TEST(errors_and_odd_answers_are_told),
        TEST(endless_pages_end),
        TEST(a_read_under_way_is_forgotten_with_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
