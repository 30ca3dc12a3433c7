#include "aws/curl_io.h"

#include "base/memory.h"
#include "raw_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

/* A wait that nothing ends fails here instead of hanging. */
enum { PATIENCE_MS = 30000 };

struct fixture {
    struct raw_server *server;
    struct sy_io *io;
};

struct outcome {
    int calls;
    int status;
    size_t body_len;
    size_t n_headers;
    char body[64];
    char one[64];
    char early[8];
    char late[8];
    struct sy_error error;
};

static void copy_header(const struct sy_http_response *response, const char *name, char *buf,
                        size_t size) {
    const char *value = sy_http_header_get(response, name);
    (void)snprintf(buf, size, "%s", value ? value : "");
}

static void on_done(void *ctx, const struct sy_http_response *response) {
    struct outcome *outcome = ctx;
    outcome->calls++;
    outcome->status = response->status;
    outcome->body_len = response->body_len;
    outcome->n_headers = response->n_headers;
    outcome->error = response->error;
    (void)snprintf(outcome->body, sizeof outcome->body, "%s", response->body);
    copy_header(response, "x-one", outcome->one, sizeof outcome->one);
    copy_header(response, "x-early", outcome->early, sizeof outcome->early);
    copy_header(response, "x-late", outcome->late, sizeof outcome->late);
}

static struct sy_io *open_io(void) {
    struct sy_io *io = NULL;
    struct sy_error error = {0};
    if (sy_curl_io_create(&io, &error))
        fail_msg("%s", error.message);
    return io;
}

static int setup(void **state) {
    static const char *const names[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "http_proxy",
                                        "HTTP_PROXY",    "https_proxy",   "HTTPS_PROXY",
                                        "all_proxy",     "ALL_PROXY"};
    for (size_t i = 0; i < SY_COUNT(names); i++)
        (void)unsetenv(names[i]);
    struct fixture *f = sy_calloc(1, sizeof *f);
    f->server = server_start(NULL);
    f->io = open_io();
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    sy_curl_io_destroy(f->io);
    server_stop(f->server);
    free(f);
    return 0;
}

static uint64_t submit(struct fixture *f, const char *path, int64_t timeout_ms,
                       struct outcome *outcome) {
    SY_AUTO_FREE char *url = sy_asprintf("%s://127.0.0.1:%d%s", f->server->tls ? "https" : "http",
                                         f->server->port, path);
    struct sy_http_request request = {.method = "GET", .url = url, .timeout_ms = timeout_ms};
    *outcome = (struct outcome){0};
    uint64_t handle = f->io->ops->submit(f->io, &request, on_done, outcome);
    assert_true(handle != 0);
    assert_int_equal(outcome->calls, 0);
    return handle;
}

static void wait_for(struct sy_io *io, const struct outcome *outcome) {
    int64_t end = sy_io_now(io) + PATIENCE_MS;
    while (!outcome->calls && sy_io_now(io) < end)
        io->ops->wait(io, end);
    assert_int_equal(outcome->calls, 1);
}

static struct outcome get(struct fixture *f, const char *path) {
    struct outcome outcome;
    (void)submit(f, path, 0, &outcome);
    wait_for(f->io, &outcome);
    return outcome;
}

static void test_keep_alive(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        struct outcome outcome = get(f, "/ok");
        assert_int_equal(outcome.status, 200);
        assert_string_equal(outcome.body, "hello");
        assert_int_equal(outcome.body_len, 5);
        assert_string_equal(outcome.one, "1");
    }
    assert_int_equal(get(f, "/missing").status, 404);
    assert_int_equal(atomic_load(&f->server->requests), 6);
    assert_int_equal(atomic_load(&f->server->accepted), 1);
}

static void test_request_on_the_wire(void **state) {
    struct fixture *f = *state;
    SY_AUTO_FREE char *url =
        sy_asprintf("http://127.0.0.1:%d/a/../%%3A:x?b=1&a=%%20", f->server->port);
    static const struct sy_http_header headers[] = {
        {"Host", "lambda.test"}, {"Content-Type", "application/json"}, {"X-Empty", ""}};
    static const char *const methods[] = {"PUT", "POST", "DELETE", "PATCH"};
    for (size_t i = 0; i < SY_COUNT(methods); i++) {
        struct outcome outcome = {0};
        struct sy_http_request request = {.method = methods[i],
                                          .url = url,
                                          .headers = headers,
                                          .n_headers = SY_COUNT(headers),
                                          .body = "{\"a\":1}",
                                          .body_len = 7};
        (void)f->io->ops->submit(f->io, &request, on_done, &outcome);
        wait_for(f->io, &outcome);
        SY_AUTO_FREE char *last = server_last(f->server);
        SY_AUTO_FREE char *line =
            sy_asprintf("%s /a/../%%3A:x?b=1&a=%%20 HTTP/1.1\r\n", methods[i]);
        assert_memory_equal(last, line, strlen(line));
        assert_non_null(strstr(last, "\r\nHost: lambda.test\r\n"));
        assert_non_null(strstr(last, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(last, "\r\nX-Empty:\r\n"));
        assert_non_null(strstr(last, "\r\nContent-Length: 7\r\n"));
        assert_non_null(strstr(last, "\r\n\r\n{\"a\":1}"));
        assert_null(strcasestr(last, "Expect:"));
    }
}

static void test_requests_without_a_body(void **state) {
    struct fixture *f = *state;
    static const char *const methods[] = {"GET", "DELETE", "POST", "PUT"};
    for (size_t i = 0; i < SY_COUNT(methods); i++) {
        struct outcome outcome = {0};
        SY_AUTO_FREE char *url = sy_asprintf("http://127.0.0.1:%d/ok", f->server->port);
        struct sy_http_request request = {.method = methods[i], .url = url};
        (void)f->io->ops->submit(f->io, &request, on_done, &outcome);
        wait_for(f->io, &outcome);
        assert_int_equal(outcome.status, 200);
        SY_AUTO_FREE char *last = server_last(f->server);
        assert_memory_equal(last, methods[i], strlen(methods[i]));
        assert_null(strcasestr(last, "Content-Type:"));
        assert_int_equal(!!strcasestr(last, "\r\nContent-Length: 0\r\n"), i >= 2);
    }
}

static void expect_failure(const struct outcome *outcome, enum sy_code code, const char *says) {
    if (outcome->status != 0 || outcome->error.code != code ||
        !strstr(outcome->error.message, says))
        fail_msg("%d %s: %s", outcome->status, sy_code_name(outcome->error.code),
                 outcome->error.message);
    assert_int_equal(outcome->body_len, 0);
    assert_int_equal(outcome->n_headers, 0);
}

static void test_cut(void **state) {
    struct fixture *f = *state;
    struct outcome outcome = get(f, "/cut");
    expect_failure(&outcome, SY_UNAVAILABLE, "");
    outcome = get(f, "/cut-chunk");
    expect_failure(&outcome, SY_UNAVAILABLE, "");
    outcome = get(f, "/close");
    expect_failure(&outcome, SY_UNAVAILABLE, "Empty reply");
    assert_int_equal(get(f, "/ok").status, 200);
}

static void test_not_http(void **state) {
    struct fixture *f = *state;
    struct outcome outcome = get(f, "/garbage");
    expect_failure(&outcome, SY_INTERNAL, "not HTTP");
}

static void test_huge_answers_are_refused_at_once(void **state) {
    struct fixture *f = *state;
    struct outcome outcome = get(f, "/huge");
    expect_failure(&outcome, SY_INTERNAL, "larger than 8 MiB");
    /* It says how long it is: refused before any of it is stored. */
    assert_true(atomic_load(&f->server->body_bytes) < SY_CURL_BODY_MAX);
    outcome = get(f, "/endless");
    expect_failure(&outcome, SY_INTERNAL, "larger than 8 MiB");
    /* What the sockets buffer may be on its way beyond it, but not the whole. */
    assert_true(atomic_load(&f->server->body_bytes) < 64LL * 1024 * 1024);
    assert_int_equal(get(f, "/ok").status, 200);
}

static void test_headers_are_bounded(void **state) {
    struct fixture *f = *state;
    assert_int_equal(get(f, "/headers-64").n_headers, SY_CURL_HEADERS_MAX);
    struct outcome outcome = get(f, "/headers-65");
    expect_failure(&outcome, SY_INTERNAL, "more than 64 headers");
    outcome = get(f, "/headers-wide");
    expect_failure(&outcome, SY_INTERNAL, "32 KiB");
}

static void test_interim_answer(void **state) {
    struct fixture *f = *state;
    struct outcome outcome = get(f, "/continue");
    assert_int_equal(outcome.status, 200);
    assert_int_equal(outcome.n_headers, 2);
    assert_string_equal(outcome.early, "");
    assert_string_equal(outcome.late, "1");
}

static void test_no_redirect(void **state) {
    struct fixture *f = *state;
    assert_int_equal(get(f, "/redirect").status, 302);
    assert_int_equal(atomic_load(&f->server->requests), 1);
}

static void test_timeout(void **state) {
    struct fixture *f = *state;
    struct outcome outcome;
    (void)submit(f, "/silent", 50, &outcome);
    wait_for(f->io, &outcome);
    expect_failure(&outcome, SY_DEADLINE_EXCEEDED, "within 0.05s");
}

static void test_nobody_there(void **state) {
    struct fixture *f = *state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct outcome outcome = {0};
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0); /* ours, and not listening */
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    SY_AUTO_FREE char *url = sy_asprintf("http://127.0.0.1:%d/", ntohs(address.sin_port));
    struct sy_http_request request = {.method = "GET", .url = url};
    (void)f->io->ops->submit(f->io, &request, on_done, &outcome);
    wait_for(f->io, &outcome);
    expect_failure(&outcome, SY_UNAVAILABLE, "Failed to connect");
    (void)close(fd);
}

static void test_what_cannot_be_sent(void **state) {
    struct fixture *f = *state;
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1/",
                                       "http://127.0.0.1/\r\nX: y", ""};
    for (size_t i = 0; i < SY_COUNT(urls); i++) {
        struct outcome outcome = {0};
        struct sy_http_request request = {.method = "GET", .url = urls[i]};
        (void)f->io->ops->submit(f->io, &request, on_done, &outcome);
        assert_int_equal(outcome.calls, 0);
        wait_for(f->io, &outcome);
        expect_failure(&outcome, SY_INVALID_ARGUMENT, "URL");
    }
    struct outcome outcome = {0};
    struct sy_http_header bad = {"X-Token", "top-secret\r\nX-Evil: 1"};
    struct sy_http_request request = {
        .method = "GET", .url = "http://127.0.0.1:1/", .headers = &bad, .n_headers = 1};
    (void)f->io->ops->submit(f->io, &request, on_done, &outcome);
    wait_for(f->io, &outcome);
    expect_failure(&outcome, SY_INVALID_ARGUMENT, "header 1");
    assert_null(strstr(outcome.error.message, "top-secret"));
}

/* Turn the loop until the server has read that many requests. */
static void reach(struct fixture *f, int requests) {
    int64_t end = sy_io_now(f->io) + PATIENCE_MS;
    while (atomic_load(&f->server->requests) < requests && sy_io_now(f->io) < end)
        f->io->ops->wait(f->io, sy_io_now(f->io) + 1);
    assert_int_equal(atomic_load(&f->server->requests), requests);
}

static void test_cancel(void **state) {
    struct fixture *f = *state;
    struct outcome silent;
    uint64_t handle = submit(f, "/silent", 0, &silent);
    reach(f, 1);
    f->io->ops->cancel(f->io, handle);
    f->io->ops->cancel(f->io, handle);
    f->io->ops->cancel(f->io, 12345);
    assert_int_equal(get(f, "/ok").status, 200);
    assert_int_equal(silent.calls, 0);
}

struct chain {
    struct fixture *f;
    struct outcome other;
    uint64_t other_handle;
    struct outcome next;
    int calls;
};

static void cancel_other_and_go_on(void *ctx, const struct sy_http_response *response) {
    struct chain *chain = ctx;
    (void)response;
    chain->calls++;
    chain->f->io->ops->cancel(chain->f->io, chain->other_handle);
    (void)submit(chain->f, "/ok", 0, &chain->next);
}

/* Both end in the same wait: the first one's callback cancels the second, and sends a third. */
static void test_callbacks_may_cancel_and_submit(void **state) {
    struct fixture *f = *state;
    struct chain chain = {.f = f};
    struct sy_http_request bad = {.method = "GET", .url = "nowhere"};
    (void)f->io->ops->submit(f->io, &bad, cancel_other_and_go_on, &chain);
    chain.other_handle = f->io->ops->submit(f->io, &bad, on_done, &chain.other);
    f->io->ops->wait(f->io, sy_io_now(f->io) + PATIENCE_MS);
    assert_int_equal(chain.calls, 1);
    assert_int_equal(chain.next.calls, 0);
    wait_for(f->io, &chain.next);
    assert_int_equal(chain.next.status, 200);
    assert_int_equal(chain.other.calls, 0);
}

static void test_destroy_drops_exchanges(void **state) {
    struct fixture *f = *state;
    struct outcome silent;
    struct outcome bad = {0};
    struct sy_http_request unsendable = {.method = "GET", .url = "nowhere"};
    (void)submit(f, "/silent", 0, &silent);
    (void)f->io->ops->submit(f->io, &unsendable, on_done, &bad);
    sy_curl_io_destroy(f->io);
    f->io = NULL;
    assert_int_equal(silent.calls + bad.calls, 0);
}

static void *wake(void *io) {
    ((struct sy_io *)io)->ops->wake(io);
    return NULL;
}

static void test_wake(void **state) {
    struct fixture *f = *state;
    struct outcome silent;
    pthread_t thread;
    (void)submit(f, "/silent", 0, &silent);
    reach(f, 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(pthread_create(&thread, NULL, wake, f->io), 0);
        f->io->ops->wait(f->io, INT64_MAX);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    /* A wake before the wait counts, too, once. */
    f->io->ops->wake(f->io);
    f->io->ops->wait(f->io, INT64_MAX);
    int64_t before = sy_io_now(f->io);
    f->io->ops->wait(f->io, before + 30);
    assert_true(sy_io_now(f->io) >= before + 30);
    assert_int_equal(silent.calls, 0);
}

static void test_clock(void **state) {
    struct fixture *f = *state;
    int64_t last = sy_io_now(f->io);
    assert_true(llabs((long long)last - (long long)time(NULL) * 1000) < 2000);
    for (int i = 0; i < 10000; i++) {
        int64_t now = sy_io_now(f->io);
        assert_true(now >= last);
        last = now;
    }
    f->io->ops->wait(f->io, 0); /* the past: returns */
}

static void test_many_at_once(void **state) {
    struct fixture *f = *state;
    struct outcome outcomes[100];
    for (size_t i = 0; i < SY_COUNT(outcomes); i++)
        (void)submit(f, "/ok", 0, &outcomes[i]);
    for (size_t i = 0; i < SY_COUNT(outcomes); i++) {
        wait_for(f->io, &outcomes[i]);
        assert_int_equal(outcomes[i].status, 200);
    }
    assert_in_range(atomic_load(&f->server->accepted), 1, 16);
}

int main(void) {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_keep_alive),
        TEST(test_request_on_the_wire),
        TEST(test_requests_without_a_body),
        TEST(test_cut),
        TEST(test_not_http),
        TEST(test_huge_answers_are_refused_at_once),
        TEST(test_headers_are_bounded),
        TEST(test_interim_answer),
        TEST(test_no_redirect),
        TEST(test_timeout),
        TEST(test_nobody_there),
        TEST(test_what_cannot_be_sent),
        TEST(test_cancel),
        TEST(test_callbacks_may_cancel_and_submit),
        TEST(test_destroy_drops_exchanges),
        TEST(test_wake),
        TEST(test_clock),
        TEST(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
