#include "state/store.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/timers.h"
#include "fake_aws.h"
#include "fake_io.h"
#include "mutants.h"
#include "state/record_json.h"
#include "state/ssm_json.h"

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
    bool failed;
    struct sy_stored stored;
    int64_t version;
    struct sy_error error;
};

static void on_stored(void *ctx, const struct sy_stored *stored, const struct sy_error *error) {
    struct fixture *f = ctx;
    f->count++;
    assert_true(!stored != !error);
    f->failed = error;
    if (error)
        f->error = *error;
    else
        f->stored = *stored;
}

static void on_written(void *ctx, int64_t version, const struct sy_error *error) {
    struct fixture *f = ctx;
    f->count++;
    f->failed = error;
    f->version = version;
    if (error)
        f->error = *error;
}

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

static struct sy_record sample(void) {
    struct sy_record record = {.release_id = "r-1", .phase = SY_PHASE_BAKING, .baseline = "41"};
    sy_spec_init(&record.spec);
    strcpy(record.spec.function, "orders-api");
    strcpy(record.spec.alias, "live");
    strcpy(record.spec.version, "42");
    return record;
}

/* One member of Parameters, as SSM writes it. */
static char *parameter(const char *name, const char *value, int64_t version) {
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    json_object_object_add(object, "ARN",
                           json_object_new_string("arn:aws:ssm:eu-central-1:123456789012:x"));
    json_object_object_add(object, "DataType", json_object_new_string("text"));
    json_object_object_add(object, "LastModifiedDate", json_object_new_double(1767323045.123));
    json_object_object_add(object, "Name", json_object_new_string(name));
    json_object_object_add(object, "Type", json_object_new_string("String"));
    json_object_object_add(object, "Value", json_object_new_string(value));
    json_object_object_add(object, "Version", json_object_new_int64(version));
    return sy_json_write(object);
}

#define PREFIX "/lambda/orders-api/"
static const char *const names[] = {
    PREFIX "current-version",      PREFIX "previous-version", PREFIX "last-known-good-version",
    PREFIX "deployment-timestamp", PREFIX "mirror-alias",     PREFIX "steelyard/live",
    PREFIX "steelyard/live/lock"};

/* A GetParameters answer: values in the order of names, NULL = absent. */
static void reply_parameters(struct fixture *f, const char *const values[7]) {
    SY_AUTO_BUFFER struct sy_buffer found = {0};
    SY_AUTO_BUFFER struct sy_buffer invalid = {0};
    for (size_t i = 0; i < 7; i++) {
        if (values[i]) {
            SY_AUTO_FREE char *one = parameter(names[i], values[i], (int64_t)i + 1);
            sy_buffer_printf(&found, "%s%s", found.len ? "," : "", one);
        } else {
            sy_buffer_printf(&invalid, "%s\"%s\"", invalid.len ? "," : "", names[i]);
        }
    }
    SY_AUTO_FREE char *body =
        sy_asprintf("{\"InvalidParameters\":[%s],\"Parameters\":[%s]}",
                    invalid.data ? invalid.data : "", found.data ? found.data : "");
    fake_reply(f->aws, 200, body);
}

/* The answer comes later than the call, and once. */
static void deliver(struct fixture *f) {
    assert_int_equal(f->count, 0);
    fake_deliver(f->aws);
    assert_int_equal(f->count, 1);
}

static void read_all(struct fixture *f) {
    f->store->ops->read(f->store, "orders-api", "live", on_stored, f);
    deliver(f);
}

static void assert_call(struct fixture *f, size_t i, const char *operation, const char *body) {
    const struct fake_call *call = fake_call(f->aws, i);
    assert_int_equal(call->service, SY_AWS_SSM);
    assert_string_equal(call->operation, operation);
    assert_string_equal(call->method, "POST");
    assert_string_equal(call->path, "/");
    assert_string_equal(call->body, body);
}

static void reads_everything_in_one_call(void **state) {
    struct fixture *f = *state;
    struct sy_record record = sample();
    SY_AUTO_FREE char *json = sy_record_write(&record);
    reply_parameters(f, (const char *const[7]){"42", "41", "40", "1767323045000", "live", json,
                                               "{\"format\":1,\"owner\":\"ci:1\",\"until_unix_ms\":"
                                               "1767323075000}"});
    read_all(f);
    assert_int_equal(fake_calls(f->aws), 1);
    assert_call(f, 0, "GetParameters",
                "{\"Names\":[\"/lambda/orders-api/current-version\","
                "\"/lambda/orders-api/previous-version\","
                "\"/lambda/orders-api/last-known-good-version\","
                "\"/lambda/orders-api/deployment-timestamp\","
                "\"/lambda/orders-api/mirror-alias\","
                "\"/lambda/orders-api/steelyard/live\","
                "\"/lambda/orders-api/steelyard/live/lock\"],\"WithDecryption\":false}");
    assert_false(f->failed);
    assert_string_equal(f->stored.current, "42");
    assert_string_equal(f->stored.previous, "41");
    assert_string_equal(f->stored.last_known_good, "40");
    assert_true(f->stored.deployment_ms == 1767323045000);
    assert_string_equal(f->stored.mirror_alias, "live");
    assert_true(f->stored.has_record);
    assert_string_equal(f->stored.record.release_id, "r-1");
    assert_int_equal(f->stored.record.version, 6);
    assert_true(f->stored.has_lease);
    assert_string_equal(f->stored.lease.owner, "ci:1");
    assert_int_equal(f->stored.lease.version, 7);
}

static void nothing_is_there_yet(void **state) {
    struct fixture *f = *state;
    reply_parameters(f, (const char *const[7]){0});
    read_all(f);
    assert_false(f->failed || f->stored.has_record || f->stored.has_lease);
    assert_string_equal(f->stored.current, "");
    assert_true(f->stored.deployment_ms == 0);
}

static void a_nonsense_mirror_reads_as_absent(void **state) {
    static const char *const cases[][5] = {
        {"", "", "", "", ""},
        {"v42", "-1", "4 2", "soon", "a/b"},
        {"$LATEST", "0", "042", "-5", "12"},
        {"42\n", "42\t", " 42", "1767323045000\n", "live\n"},
        {"123456789012345678901", "4\x01", "\xc2\x85", "99999999999999999999", "gr\xc3\xbcn"},
        {"1.0", "0x2a", "42;", "1.5e12", "l'ive"},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        reply_parameters(f, (const char *const[7]){cases[i][0], cases[i][1], cases[i][2],
                                                   cases[i][3], cases[i][4], NULL, NULL});
        read_all(f);
        assert_false(f->failed);
        assert_string_equal(f->stored.current, "");
        assert_string_equal(f->stored.previous, "");
        assert_string_equal(f->stored.last_known_good, "");
        assert_true(f->stored.deployment_ms == 0);
        assert_string_equal(f->stored.mirror_alias, "");
        teardown(state);
    }
}

static void a_bad_record_names_its_parameter(void **state) {
    struct fixture *f = *state;
    reply_parameters(f, (const char *const[7]){[5] = "{\"format\":2}"});
    read_all(f);
    assert_true(f->failed);
    assert_int_equal(f->error.code, SY_FAILED_PRECONDITION);
    assert_string_equal(f->error.reason, "BAD_RECORD");
    assert_non_null(strstr(f->error.message, "/lambda/orders-api/steelyard/live:"));
    assert_non_null(strstr(f->error.message, "upgrade"));
}

static void a_record_of_another_alias_is_bad(void **state) {
    struct fixture *f = *state;
    struct sy_record record = sample();
    strcpy(record.spec.alias, "test");
    SY_AUTO_FREE char *json = sy_record_write(&record);
    reply_parameters(f, (const char *const[7]){[5] = json});
    read_all(f);
    assert_string_equal(f->error.reason, "BAD_RECORD");
    assert_non_null(strstr(f->error.message, "test"));
}

static void an_unreadable_lock_has_run_out(void **state) {
    struct fixture *f = *state;
    reply_parameters(f, (const char *const[7]){[6] = "locked!"});
    read_all(f);
    assert_false(f->failed);
    assert_true(f->stored.has_lease);
    assert_true(f->stored.lease.until_ms == 0);
    assert_int_equal(f->stored.lease.version, 7);
}

static void hostile_reads_are_refused(void **state) {
    static const char *const cases[] = {
        "",
        "[]",
        "{}",
        "{\"Parameters\":{}}",
        "{\"Parameters\":[],\"InvalidParameters\":[]}", /* silent about every name */
        "{\"Parameters\":[7],\"InvalidParameters\":[]}",
        "{\"Parameters\":[null],\"InvalidParameters\":[]}",
        "{\"Parameters\":[{\"Name\":7}]}",
        "{\"Parameters\":[{\"Name\":\"/lambda/orders-api/current-version\"}]}",
        "{\"Parameters\":[{\"Name\":\"/lambda/orders-api/current-version\",\"Value\":\"42\"}]}",
        "{\"Parameters\":[{\"Name\":\"/lambda/orders-api/current-version\",\"Value\":\"42\","
        "\"Version\":0}]}",
        "{\"Parameters\":[{\"Name\":\"/lambda/orders-api/current-version\",\"Value\":42,"
        "\"Version\":1}]}",
        "{\"Parameters\":[{\"Name\":\"/lambda/orders-api/current-version\",\"Value\":\"42\","
        "\"Version\":1},{\"Name\":\"/lambda/orders-api/current-version\",\"Value\":\"43\","
        "\"Version\":2}]}",
        "{\"Parameters\":[],\"InvalidParameters\":[null,7,\"/lambda/orders-api/x\"]}",
        "{\"Parameters\":[{\"Name\":\"\xff\"}]}",
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        fake_reply(f->aws, 200, cases[i]);
        read_all(f);
        if (!f->failed)
            fail_msg("accepted %s", cases[i]);
        assert_int_equal(f->error.code, SY_INTERNAL);
        assert_non_null(strstr(f->error.message, "GetParameters"));
        teardown(state);
    }
}

static void a_parameter_that_stands_twice_is_refused(void **state) {
    struct fixture *f = *state;
    SY_AUTO_BUFFER struct sy_buffer body = {0};
    for (size_t i = 0; i < 8; i++) { /* the first one also at the end */
        SY_AUTO_FREE char *one = parameter(names[i % 7], i ? "" : "42", 1);
        if (i != 5 && i != 6)
            sy_buffer_printf(&body, "%s%s", body.len ? "," : "{\"Parameters\":[", one);
    }
    sy_buffer_printf(&body, "],\"InvalidParameters\":[\"%s\",\"%s\"]}", names[5], names[6]);
    fake_reply(f->aws, 200, body.data);
    read_all(f);
    assert_int_equal(f->error.code, SY_INTERNAL);
    assert_non_null(strstr(f->error.message, "twice"));
}

struct attempt {
    char *names[2];
    size_t read;
};

static void try_parameters(void *ctx, const char *body, size_t len) {
    struct attempt *attempt = ctx;
    struct sy_parameter parameters[2] = {0};
    struct sy_error error = {0};
    SY_AUTO_JSON struct json_object *tree = NULL;
    if (sy_parameters_parse(body, len, attempt->names, 2, parameters, &tree, &error) == 0) {
        char version[SY_VERSION_MAX + 1];
        sy_parameter_version(&parameters[0], version);
        (void)sy_parameter_time_ms(&parameters[0]);
        attempt->read++;
        return;
    }
    assert_int_equal(error.code, SY_INTERNAL);
    assert_null(tree);
}

static void mutants_are_read_or_refused(void **state) {
    (void)state;
    char there[] = PREFIX "current-version";
    char absent[] = PREFIX "previous-version";
    struct attempt attempt = {{there, absent}, 0};
    SY_AUTO_FREE char *one = parameter(there, "42", 7);
    SY_AUTO_FREE char *body =
        sy_asprintf("{\"InvalidParameters\":[\"%s\"],\"Parameters\":[%s]}", absent, one);
    size_t tried = mutants_each(body, try_parameters, &attempt);
    assert_true(attempt.read > 0 && attempt.read < tried);
}

static void read_errors_pass_through(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_PERMISSION_DENIED, "AccessDeniedException", "ssm:GetParameters missing");
    read_all(f);
    assert_int_equal(f->error.code, SY_PERMISSION_DENIED);
}

static void read_version(struct fixture *f, int64_t version) {
    f->store->ops->read_version(f->store, "orders-api", "live", version, on_stored, f);
    deliver(f);
}

static void reply_with_version(struct fixture *f, int64_t version) {
    struct sy_record record = sample();
    SY_AUTO_FREE char *json = sy_record_write(&record);
    SY_AUTO_FREE char *one = parameter(names[5], json, version);
    SY_AUTO_FREE char *body = sy_asprintf("{\"Parameter\":%s}", one);
    fake_reply(f->aws, 200, body);
}

static void reads_an_older_version(void **state) {
    struct fixture *f = *state;
    reply_with_version(f, 17);
    read_version(f, 17);
    assert_call(f, 0, "GetParameter",
                "{\"Name\":\"/lambda/orders-api/steelyard/live:17\",\"WithDecryption\":false}");
    assert_true(f->stored.has_record);
    assert_int_equal(f->stored.record.version, 17);
}

static void an_older_version_that_is_gone(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_INVALID_ARGUMENT, "ParameterVersionNotFound", "no such version");
    read_version(f, 17);
    assert_false(f->failed || f->stored.has_record);
}

static void another_version_than_asked(void **state) {
    struct fixture *f = *state;
    reply_with_version(f, 18);
    read_version(f, 17);
    assert_int_equal(f->error.code, SY_INTERNAL);
}

static void writes_the_record(void **state) {
    struct fixture *f = *state;
    struct sy_record record = sample();
    struct sy_record back;
    struct sy_error error;
    char value[SY_RECORD_JSON_MAX + 1];
    SY_AUTO_JSON struct json_object *body = NULL;
    fake_reply(f->aws, 200, "{\"Tier\":\"Standard\",\"Version\":9}");
    f->store->ops->write_record(f->store, &record, on_written, f);
    deliver(f);
    assert_false(f->failed);
    assert_int_equal(f->version, 9);
    const struct fake_call *call = fake_call(f->aws, 0);
    assert_string_equal(call->operation, "PutParameter");
    assert_int_equal(sy_json_parse("body", call->body, strlen(call->body), &body, &error), 0);
    assert_int_equal(sy_json_string(body, "Value", true, value, sizeof value, &error), 0);
    assert_int_equal(sy_record_parse(value, strlen(value), &back, &error), 0);
    assert_string_equal(back.release_id, "r-1");
    assert_non_null(strstr(call->body, "{\"Name\":\"/lambda/orders-api/steelyard/live\","));
    assert_non_null(
        strstr(call->body, ",\"Type\":\"String\",\"Overwrite\":true,\"Tier\":\"Standard\"}"));
}

static void hostile_put_answers_are_refused(void **state) {
    static const char *const cases[] = {"",
                                        "{}",
                                        "[]",
                                        "{\"Version\":\"9\"}",
                                        "{\"Version\":0}",
                                        "{\"Version\":9.5}",
                                        "{\"Version\":99999999999999999999}"};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        struct sy_record record = sample();
        fake_reply(f->aws, 200, cases[i]);
        f->store->ops->write_record(f->store, &record, on_written, f);
        deliver(f);
        assert_true(f->failed);
        assert_int_equal(f->error.code, SY_INTERNAL);
        assert_int_equal(f->version, 0);
        teardown(state);
    }
}

static void too_many_updates_is_no_bad_argument(void **state) {
    struct fixture *f = *state;
    struct sy_record record = sample();
    fake_error(f->aws, SY_INVALID_ARGUMENT, "TooManyUpdates", "There are concurrent updates");
    f->store->ops->write_record(f->store, &record, on_written, f);
    deliver(f);
    assert_int_equal(f->error.code, SY_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(f->error.message, "/lambda/orders-api/steelyard/live"));
}

static const struct sy_lease mine = {.owner = "ci:1 \"x\"", .until_ms = 1767323075000};

static void write_lease(struct fixture *f, int64_t version) {
    struct sy_lease lease = mine;
    lease.version = version;
    f->store->ops->write_lease(f->store, "orders-api", "live", &lease, on_written, f);
    deliver(f);
}

static void creates_a_lease(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{\"Tier\":\"Standard\",\"Version\":1}");
    write_lease(f, 0);
    assert_call(f, 0, "PutParameter",
                "{\"Name\":\"/lambda/orders-api/steelyard/live/lock\",\"Value\":"
                "\"{\\\"format\\\":1,\\\"owner\\\":\\\"ci:1 \\\\\\\"x\\\\\\\"\\\",\\\"until_unix_"
                "ms\\\":1767323075000}\",\"Type\":\"String\",\"Overwrite\":false,\"Tier\":"
                "\"Standard\"}");
    assert_false(f->failed);
    assert_int_equal(f->version, 1);
}

static void renews_a_lease(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{\"Tier\":\"Standard\",\"Version\":5}");
    write_lease(f, 4);
    assert_non_null(strstr(fake_call(f->aws, 0)->body, "\"Overwrite\":true"));
    assert_int_equal(f->version, 5);
}

static void lease_exists(struct fixture *f, const struct sy_lease *holder, int64_t version) {
    SY_AUTO_FREE char *value = sy_lease_write(holder);
    SY_AUTO_FREE char *one = parameter(names[6], value, version);
    SY_AUTO_FREE char *body = sy_asprintf("{\"Parameter\":%s}", one);
    fake_error(f->aws, SY_INVALID_ARGUMENT, "ParameterAlreadyExists", "The parameter exists.");
    fake_reply(f->aws, 200, body);
}

static void somebody_has_the_lease(void **state) {
    struct fixture *f = *state;
    struct sy_lease other = {.owner = "laptop:9", .until_ms = mine.until_ms};
    lease_exists(f, &other, 3);
    write_lease(f, 0);
    assert_call(f, 1, "GetParameter",
                "{\"Name\":\"/lambda/orders-api/steelyard/live/lock\",\"WithDecryption\":false}");
    assert_true(f->failed);
    assert_int_equal(f->error.code, SY_ALREADY_EXISTS);
    assert_int_equal(f->version, 0);
}

static void the_first_answer_was_lost(void **state) {
    struct fixture *f = *state;
    lease_exists(f, &mine, 1);
    write_lease(f, 0);
    assert_false(f->failed);
    assert_int_equal(f->version, 1);
}

static void an_older_lease_of_ours_is_not_this_one(void **state) {
    struct fixture *f = *state;
    struct sy_lease older = mine;
    older.until_ms -= 1;
    lease_exists(f, &older, 1);
    write_lease(f, 0);
    assert_int_equal(f->error.code, SY_ALREADY_EXISTS);
}

static void the_holder_cannot_be_read(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_INVALID_ARGUMENT, "ParameterAlreadyExists", "The parameter exists.");
    fake_error(f->aws, SY_UNAVAILABLE, "InternalServerError", "SSM did not answer");
    write_lease(f, 0);
    assert_int_equal(f->error.code, SY_ALREADY_EXISTS);
}

static void drop_lease(struct fixture *f) {
    f->store->ops->drop_lease(f->store, "orders-api", "live", on_written, f);
    deliver(f);
}

static void drops_a_lease(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{}");
    drop_lease(f);
    assert_call(f, 0, "DeleteParameter", "{\"Name\":\"/lambda/orders-api/steelyard/live/lock\"}");
    assert_false(f->failed);
}

static void dropping_what_is_gone_succeeds(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_INVALID_ARGUMENT, "ParameterNotFound", "gone");
    drop_lease(f);
    assert_false(f->failed);
}

static void a_drop_that_fails(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_PERMISSION_DENIED, "AccessDeniedException", "ssm:DeleteParameter");
    drop_lease(f);
    assert_int_equal(f->error.code, SY_PERMISSION_DENIED);
}

static void put_named(struct fixture *f, size_t i, const char *name, const char *value) {
    SY_AUTO_FREE char *body = sy_asprintf("{\"Name\":\"%s\",\"Value\":\"%s\",\"Type\":\"String\","
                                          "\"Overwrite\":true,\"Tier\":\"Standard\"}",
                                          name, value);
    assert_call(f, i, "PutParameter", body);
}

static void writes_the_whole_mirror_in_order(void **state) {
    struct fixture *f = *state;
    struct sy_mirror mirror = {"live", "42", "41", "40", 1767323045000};
    for (int i = 0; i < 5; i++)
        fake_reply(f->aws, 200, "{\"Tier\":\"Standard\",\"Version\":2}");
    f->store->ops->write_mirror(f->store, "orders-api", &mirror, on_written, f);
    assert_int_equal(fake_calls(f->aws), 1); /* one after the other */
    deliver(f);
    assert_int_equal(f->version, 0);
    put_named(f, 0, names[0], "42");
    put_named(f, 1, names[1], "41");
    put_named(f, 2, names[2], "40");
    put_named(f, 3, names[3], "1767323045000");
    put_named(f, 4, names[4], "live");
}

static void writes_only_what_is_set(void **state) {
    struct fixture *f = *state;
    struct sy_mirror mirror = {.previous = "41"};
    fake_reply(f->aws, 200, "{\"Version\":2}");
    f->store->ops->write_mirror(f->store, "orders-api", &mirror, on_written, f);
    deliver(f);
    assert_int_equal(fake_calls(f->aws), 1);
    put_named(f, 0, names[1], "41");
}

static void a_mirror_stops_at_the_first_error(void **state) {
    struct fixture *f = *state;
    struct sy_mirror mirror = {"live", "42", "41", "40", 1767323045000};
    fake_reply(f->aws, 200, "{\"Version\":2}");
    fake_error(f->aws, SY_INVALID_ARGUMENT, "TooManyUpdates", "busy");
    f->store->ops->write_mirror(f->store, "orders-api", &mirror, on_written, f);
    deliver(f);
    assert_int_equal(fake_calls(f->aws), 2);
    assert_int_equal(f->error.code, SY_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(f->error.message, "previous-version"));
}

static void an_empty_mirror_answers_later(void **state) {
    struct fixture *f = *state;
    struct sy_mirror mirror = {0};
    f->store->ops->write_mirror(f->store, "orders-api", &mirror, on_written, f);
    assert_int_equal(f->count, 0);
    assert_int_equal(sy_timers_fire_one(&f->timers, f->io.now_ms), 1);
    assert_int_equal(f->count, 1);
    assert_false(f->failed);
    assert_int_equal(fake_calls(f->aws), 0);
}

/* No record is as long; the bound is still kept before anything is sent. */
static void an_overlong_value_is_not_sent(void **state) {
    struct fixture *f = *state;
    struct sy_record record = sample();
    record.spec.n_stages = SY_STAGES_MAX;
    memset(record.spec.version, '"', sizeof record.spec.version - 1);
    for (size_t i = 0; i < SY_ROLLED_BACK_MAX; i++) { /* controls escape to six bytes each */
        memset(record.rolled_back[i], 1, SY_VERSION_MAX);
        record.rolled_back[i][SY_VERSION_MAX] = '\0';
    }
    for (size_t i = 0; i < SY_COUNT(record.results); i++)
        record.results[i] = (struct sy_stage_result){
            SY_DECISION_INCONCLUSIVE, {INT64_MAX, INT64_MAX}, INT64_MAX, INT64_MAX};
    for (size_t i = 0; i < SY_STAGES_MAX; i++)
        record.spec.stages[i] = (struct sy_stage){INT32_MIN, INT64_MIN};
    memset(record.reason, '"', SY_REASON_MAX);
    memset(record.revision, '"', SY_REVISION_MAX);
    memset(record.spec.function, 'f', SY_FUNCTION_MAX);
    memset(record.spec.alias, 'a', SY_ALIAS_MAX);
    record.created_ms = record.judged_ms = record.ended_ms = INT64_MIN;
    record.promoted_ms = record.first_traffic_ms = record.stage_until_ms = INT64_MIN;
    f->store->ops->write_record(f->store, &record, on_written, f);
    assert_int_equal(fake_calls(f->aws), 0);
    assert_int_equal(f->count, 0);
    assert_int_equal(sy_timers_fire_one(&f->timers, f->io.now_ms), 1);
    assert_true(f->failed);
    assert_int_equal(f->error.code, SY_INTERNAL);
    assert_non_null(strstr(f->error.message, "4096"));
}

static void another_prefix(void **state) {
    struct fixture *f = *state;
    f->store->ops->destroy(f->store);
    f->store = sy_ssm_create(f->aws, &f->io.io, &f->timers, "/team/a");
    fake_reply(f->aws, 200, "{}");
    drop_lease(f);
    assert_call(f, 0, "DeleteParameter", "{\"Name\":\"/team/a/orders-api/steelyard/live/lock\"}");
}

static void destroy_forgets_what_is_under_way(void **state) {
    struct fixture *f = *state;
    struct sy_mirror empty = {0};
    fake_reply(f->aws, 200, "{}");
    f->store->ops->drop_lease(f->store, "orders-api", "live", on_written, f);
    f->store->ops->write_mirror(f->store, "orders-api", &empty, on_written, f);
    f->store->ops->destroy(f->store);
    assert_int_equal(sy_timers_fire_one(&f->timers, f->io.now_ms), 0);
    assert_int_equal(f->count, 0);
    f->store = sy_ssm_create(f->aws, &f->io.io, &f->timers, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(reads_everything_in_one_call),
        TEST(nothing_is_there_yet),
        cmocka_unit_test(a_nonsense_mirror_reads_as_absent),
        TEST(a_bad_record_names_its_parameter),
        TEST(a_record_of_another_alias_is_bad),
        TEST(an_unreadable_lock_has_run_out),
        cmocka_unit_test(hostile_reads_are_refused),
        TEST(a_parameter_that_stands_twice_is_refused),
        cmocka_unit_test(mutants_are_read_or_refused),
        TEST(read_errors_pass_through),
        TEST(reads_an_older_version),
        TEST(an_older_version_that_is_gone),
        TEST(another_version_than_asked),
        TEST(writes_the_record),
        cmocka_unit_test(hostile_put_answers_are_refused),
        TEST(too_many_updates_is_no_bad_argument),
        TEST(creates_a_lease),
        TEST(renews_a_lease),
        TEST(somebody_has_the_lease),
        TEST(the_first_answer_was_lost),
        TEST(an_older_lease_of_ours_is_not_this_one),
        TEST(the_holder_cannot_be_read),
        TEST(drops_a_lease),
        TEST(dropping_what_is_gone_succeeds),
        TEST(a_drop_that_fails),
        TEST(writes_the_whole_mirror_in_order),
        TEST(writes_only_what_is_set),
        TEST(a_mirror_stops_at_the_first_error),
        TEST(an_empty_mirror_answers_later),
        TEST(an_overlong_value_is_not_sent),
        TEST(another_prefix),
        TEST(destroy_forgets_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
