#include "calls.h"

static const char scenario[] =
    "{\"functions\": [{\"name\": \"f\", \"versions\": [{\"version\": \"1\"}, {\"version\": \"2\"}],"
    " \"aliases\": [{\"name\": \"a\", \"version\": \"1\"}]}],"
    " \"latency_ms\": {\"default\": 100, \"UpdateAlias\": 200},"
    " \"faults\": ["
    "  {\"operation\": \"GetParameter\", \"nth\": 1, \"kind\": \"cut\"},"
    "  {\"operation\": \"GetParameter\", \"nth\": 2, \"kind\": \"delay\", \"delay_ms\": 100000},"
    "  {\"operation\": \"PutParameter\", \"nth\": 1, \"kind\": \"lost_response\"},"
    "  {\"operation\": \"DeleteAlias\", \"kind\": \"delay\", \"delay_ms\": 9000,"
    "   \"arrival_ms\": 8000}]}";

struct seen {
    int calls;
    int status;
    int64_t at_ms;
    struct sy_io *io;
    enum sy_code code;
    char body[600];
};

static void done(void *ctx, const struct sy_http_response *response) {
    struct seen *seen = ctx;
    seen->calls++;
    seen->status = response->status;
    seen->code = response->error.code;
    seen->at_ms = sy_io_now(seen->io) - start_ms;
    (void)snprintf(seen->body, sizeof seen->body, "%s", response->body ? response->body : "");
}

static uint64_t submit(struct sy_io *io, const char *method, const char *url, const char *target,
                       const char *body, int64_t timeout_ms, struct seen *seen) {
    const struct sy_http_header headers[] = {
        {"Authorization", target ? SIGNED("ssm") : SIGNED("lambda")},
        {"X-Amz-Date", "20270115T080000Z"},
        {"X-Amz-Target", target ? target : "none"}};
    struct sy_http_request request = {.method = method,
                                      .url = url,
                                      .headers = headers,
                                      .n_headers = 3,
                                      .body = body,
                                      .body_len = body ? strlen(body) : 0,
                                      .timeout_ms = timeout_ms};
    *seen = (struct seen){.io = io};
    return io->ops->submit(io, &request, done, seen);
}

#define ALIAS "http://aws/2015-03-31/functions/f/aliases/a"
static const char split[] = "{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"2\":0.1}}}";

static bool is_split(struct sy_world *world) {
    struct sy_world_reply r;
    lambda_at(world, 0, "GET", "f/aliases/a", NULL, &r);
    return strstr(r.response.body, "AdditionalVersionWeights") != NULL;
}

struct both {
    struct sy_world *world;
    struct sy_io *io;
};

static int setup(void **state) {
    struct both *both = sy_calloc(1, sizeof *both);
    both->world = world_of(scenario);
    both->io = sy_world_io_create(both->world);
    *state = both;
    return 0;
}

static int teardown(void **state) {
    struct both *both = *state;
    sy_world_io_destroy(both->io);
    sy_world_destroy(both->world);
    free(both);
    return 0;
}

static void wait_until(struct sy_io *io, int64_t ms) {
    io->ops->wait(io, start_ms + ms);
}

static void arrives_and_answers_in_two_steps(void **state) {
    struct both *both = *state;
    struct seen seen;
    assert_int_not_equal(submit(both->io, "PUT", ALIAS, NULL, split, 0, &seen), 0);
    assert_int_equal(sy_io_now(both->io), start_ms);
    both->io->ops->wait(both->io, INT64_MAX);
    assert_int_equal(sy_io_now(both->io), start_ms + 100);
    assert_true(is_split(both->world));
    assert_int_equal(seen.calls, 0);
    both->io->ops->wait(both->io, INT64_MAX);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.status, 200);
    assert_int_equal(seen.at_ms, 200);
    both->io->ops->wait(both->io, INT64_MAX); /* nothing is left: returns at once */
    assert_int_equal(sy_io_now(both->io), start_ms + 200);
}

static void waits_no_longer_than_told(void **state) {
    struct both *both = *state;
    struct seen seen;
    (void)submit(both->io, "PUT", ALIAS, NULL, split, 0, &seen);
    wait_until(both->io, 99);
    assert_int_equal(sy_io_now(both->io), start_ms + 99);
    assert_false(is_split(both->world));
    wait_until(both->io, 50); /* never back */
    assert_int_equal(sy_io_now(both->io), start_ms + 99);
    wait_until(both->io, 5000);
    assert_int_equal(sy_io_now(both->io), start_ms + 100);
    wait_until(both->io, 5000);
    wait_until(both->io, 5000);
    assert_int_equal(sy_io_now(both->io), start_ms + 5000);
    assert_int_equal(seen.calls, 1);
}

static void one_step_a_wait_in_order(void **state) {
    struct both *both = *state;
    struct seen a, b;
    (void)submit(both->io, "GET", ALIAS, NULL, NULL, 0, &a);
    (void)submit(both->io, "GET", ALIAS, NULL, NULL, 0, &b);
    for (int i = 0; i < 3; i++)
        wait_until(both->io, 1000);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 0);
    wait_until(both->io, 1000);
    assert_int_equal(b.calls, 1);
    assert_int_equal(sy_io_now(both->io), start_ms + 100);
}

static void cancelled_requests_still_arrive(void **state) {
    struct both *both = *state;
    struct seen seen;
    uint64_t handle = submit(both->io, "PUT", ALIAS, NULL, split, 0, &seen);
    both->io->ops->cancel(both->io, handle);
    both->io->ops->cancel(both->io, handle);
    both->io->ops->cancel(both->io, 12345);
    wait_until(both->io, 1000);
    wait_until(both->io, 1000);
    assert_int_equal(sy_io_now(both->io), start_ms + 1000);
    assert_int_equal(seen.calls, 0);
    assert_true(is_split(both->world));
}

static void destroyed_before_arrival_never_happens(void **state) {
    struct both *both = *state;
    struct seen before, after;
    (void)submit(both->io, "PUT", ALIAS, NULL, split, 0, &before);
    sy_world_io_destroy(both->io);
    assert_false(is_split(both->world));
    both->io = sy_world_io_create(both->world);
    (void)submit(both->io, "PUT", ALIAS, NULL, split, 0, &after);
    both->io->ops->wait(both->io, INT64_MAX);
    sy_world_io_destroy(both->io);
    assert_true(is_split(both->world));
    assert_int_equal(before.calls + after.calls, 0);
    both->io = NULL;
}

static void assert_no_answer(struct both *both, struct seen *seen, enum sy_code code) {
    (void)submit(both->io, "POST", "http://aws/", "AmazonSSM.GetParameter", "{\"Name\":\"/a\"}",
                 1000, seen);
    for (int i = 0; i < 2; i++)
        wait_until(both->io, 5000);
    assert_int_equal(seen->calls, 1);
    assert_int_equal(seen->status, 0);
    assert_int_equal(seen->code, code);
}

static void cuts_and_timeouts_are_told_apart(void **state) {
    struct both *both = *state;
    struct seen seen;
    assert_no_answer(both, &seen, SY_UNAVAILABLE);
    assert_no_answer(both, &seen, SY_DEADLINE_EXCEEDED);
    assert_int_equal(seen.at_ms, 1100);
}

static void a_late_arrival_comes_after_the_timeout(void **state) {
    struct both *both = *state;
    struct seen seen;
    struct sy_world_reply r;
    (void)submit(both->io, "DELETE", ALIAS, NULL, NULL, 1000, &seen);
    wait_until(both->io, 20000);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.code, SY_DEADLINE_EXCEEDED);
    assert_int_equal(lambda_at(both->world, 1, "GET", "f/aliases/a", NULL, &r), 200);
    wait_until(both->io, 20000);
    assert_int_equal(sy_io_now(both->io), start_ms + 8000);
    assert_int_equal(lambda_at(both->world, 8, "GET", "f/aliases/a", NULL, &r), 404);
    assert_int_equal(seen.calls, 1);
}

static void a_lost_answer_had_its_effect(void **state) {
    struct both *both = *state;
    struct seen seen;
    static const char body[] = "{\"Name\":\"/a\",\"Value\":\"1\",\"Type\":\"String\"}";
    for (int i = 0; i < 2; i++) {
        (void)submit(both->io, "POST", "http://aws/", "AmazonSSM.PutParameter", body, 0, &seen);
        both->io->ops->wait(both->io, INT64_MAX);
        both->io->ops->wait(both->io, INT64_MAX);
        assert_int_equal(seen.calls, 1);
        assert_int_equal(seen.status, i ? 400 : 0);
    }
    assert_non_null(strstr(seen.body, "ParameterAlreadyExists"));
}

static void a_wake_ends_a_wait(void **state) {
    struct both *both = *state;
    both->io->ops->wake(both->io);
    wait_until(both->io, 1000);
    assert_int_equal(sy_io_now(both->io), start_ms);
    wait_until(both->io, 1000);
    assert_int_equal(sy_io_now(both->io), start_ms + 1000);
}

#define WITH_IO(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_IO(arrives_and_answers_in_two_steps),
        WITH_IO(waits_no_longer_than_told),
        WITH_IO(one_step_a_wait_in_order),
        WITH_IO(cancelled_requests_still_arrive),
        WITH_IO(destroyed_before_arrival_never_happens),
        WITH_IO(cuts_and_timeouts_are_told_apart),
        WITH_IO(a_late_arrival_comes_after_the_timeout),
        WITH_IO(a_lost_answer_had_its_effect),
        WITH_IO(a_wake_ends_a_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
