/* Publish, clean up and check on virtual time: the engine, its ports and the AWS client on the
 * world. */
#include "sim.h"

#include "engine/function.h"
#include "sandbox/world.h"
#include "target/function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)

struct scene {
    struct sim_case c;
    struct sim_world w;
    struct sim_engine e;
    struct sy_buffer trace;
    /* What the last job told. */
    struct sy_function_event events[400];
    size_t n;
    struct sy_error error;
    /* Something that is done to the world when the trace shows a text for the nth time. */
    const char *when;
    int nth;
    const char *act;
};

static void open_scene(struct scene *s, const char *function, const char *more) {
    memset(s, 0, sizeof *s);
    s->c.world =
        sy_asprintf("{\"seed\":3,\"functions\":[{\"name\":\"checkout\",%s}]%s}", function, more);
    sim_world_init(&s->w, &s->c, &s->trace);
    sim_engine_init(&s->e, &s->w, "tester");
}

static void close_scene(struct scene *s) {
    assert_int_equal(sy_world_whole_deletions(s->w.world), 0);
    sim_engine_kill(&s->e);
    sim_world_finish(&s->w);
    sim_case_finish(&s->c);
    sy_buffer_finish(&s->trace);
}

/* How often the trace shows the text. */
static int traced(const struct scene *s, const char *text) {
    int n = 0;
    for (const char *at = s->trace.data; at && (at = strstr(at, text)); at++)
        n++;
    return n;
}

static void act(struct scene *s, const char *json) {
    struct sy_error error = {0};
    if (sy_world_act(s->w.world, sy_io_now(s->w.io), json, &error))
        fail_msg("%s: %s", json, error.message);
}

static void turn(struct scene *s) {
    sy_engine_turn(s->e.engine, INT64_MAX);
    if (s->act && traced(s, s->when) >= s->nth) {
        act(s, s->act);
        s->act = NULL;
    }
}

/* To the job's end; its events are kept. */
static void follow(struct scene *s, struct sy_job *job) {
    const struct sy_function_event *event = NULL;
    int got = 0;
    s->n = 0;
    s->error = (struct sy_error){0};
    for (int turns = 0; (got = sy_job_next(job, &event, &s->error)) >= 0;) {
        if (got > 0) {
            assert_true(s->n < SY_COUNT(s->events));
            s->events[s->n++] = *event;
            continue;
        }
        assert_true(++turns < 20000);
        turn(s);
    }
    sy_job_close(job);
}

static const struct sy_function_event *last(const struct scene *s) {
    assert_true(s->n > 0);
    return &s->events[s->n - 1];
}

static bool told(const struct scene *s, const char *text) {
    for (size_t i = 0; i < s->n; i++)
        if (strstr(s->events[i].text, text))
            return true;
    return false;
}

static void refused(const struct scene *s, enum sy_code code, const char *reason,
                    const char *says) {
    if (s->error.code != code || strcmp(s->error.reason, reason) != 0 ||
        !strstr(s->error.message, says))
        fail_msg("%s %s: %s", sy_code_name(s->error.code), s->error.reason, s->error.message);
}

/* ---- publish ---- */

static struct sy_publish_request request_of(enum sy_package_kind kind) {
    struct sy_publish_request request = {.function = "checkout", .alias = "production"};
    request.package.kind = kind;
    if (kind == SY_PACKAGE_S3) {
        (void)strcpy(request.package.bucket, "builds");
        (void)strcpy(request.package.key, "42.zip");
    }
    return request;
}

static void publish(struct scene *s, enum sy_package_kind kind) {
    struct sy_publish_request request = request_of(kind);
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
}

#define TWO                                                                                        \
    "\"versions\":[{\"version\":\"41\"},{\"version\":\"42\"}],"                                    \
    "\"aliases\":[{\"name\":\"production\",\"version\":\"41\"}]"

static void uploads_waits_publishes_waits(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO ",\"update_pending\":\"5s\",\"publish_pending\":\"3m\",\"snap_start\":true",
               "");
    int64_t began = sy_io_now(s->w.io);
    publish(s, SY_PACKAGE_S3);
    assert_int_equal(s->error.code, SY_OK);
    assert_int_equal(last(s)->kind, SY_FUNCTION_PUBLISHED);
    assert_string_equal(last(s)->version, "43");
    assert_false(last(s)->unchanged);
    assert_true(told(s, "is in progress"));
    assert_true(told(s, "SnapStart"));
    assert_int_equal(traced(s, "PUT /functions/checkout/code"), 1);
    assert_int_equal(traced(s, "POST /functions/checkout/versions"), 1);
    assert_int_equal(traced(s, "/aliases/production {"), 0); /* nothing moved */
    int64_t took = sy_io_now(s->w.io) - began;
    assert_true(took >= 185 * SECOND && took < 200 * SECOND);
    assert_true(s->n < 40); /* later and later, at most 10 s apart */
    close_scene(s);
}

static void says_when_nothing_changed(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO, "");
    publish(s, SY_PACKAGE_LATEST);
    assert_int_equal(s->error.code, SY_OK);
    assert_string_equal(last(s)->version, "42");
    assert_true(last(s)->unchanged);
    assert_true(told(s, "neither code nor configuration changed"));
    act(s, "{\"do\":\"update-code\",\"function\":\"checkout\"}");
    publish(s, SY_PACKAGE_LATEST);
    assert_string_equal(last(s)->version, "43");
    assert_false(last(s)->unchanged);
    close_scene(s);
}

/* Whatever is wrong before: nothing is uploaded and nothing published. */
static void nothing_changed(const struct scene *s) {
    assert_int_equal(traced(s, "PUT /functions/checkout/code"), 0);
    assert_int_equal(traced(s, "POST /functions/checkout/versions"), 0);
}

static void refuses_before_anything_changes(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO, "");
    act(s, "{\"do\":\"update-alias\",\"function\":\"checkout\",\"alias\":\"production\","
           "\"version\":\"41\",\"additional\":{\"version\":\"42\",\"weight\":0.2}}");
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_FAILED_PRECONDITION, "FOREIGN_SPLIT", "no release of ours");
    act(s, "{\"do\":\"update-alias\",\"function\":\"checkout\",\"alias\":\"production\","
           "\"version\":\"41\"}");
    struct sy_publish_request request = request_of(SY_PACKAGE_LATEST);
    (void)strcpy(request.code_sha256, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
    refused(s, SY_FAILED_PRECONDITION, "CODE_CHANGED", "nothing was published");
    nothing_changed(s);
    /* A release that runs, in this engine and, once it is killed, in the store alone. */
    struct sim_request apply = {.verb = SIM_APPLY};
    sy_spec_init(&apply.spec);
    (void)strcpy(apply.spec.function, "checkout");
    (void)strcpy(apply.spec.alias, "production");
    (void)strcpy(apply.spec.version, "42");
    sim_ask(&s->e, &apply);
    while (!traced(s, "AdditionalVersionWeights\":{\"42\":0.1}"))
        turn(s);
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_FAILED_PRECONDITION, "RELEASE_RUNNING", "42");
    sim_engine_kill(&s->e);
    sim_engine_init(&s->e, &s->w, "second");
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_FAILED_PRECONDITION, "RELEASE_RUNNING", "driven by tester");
    nothing_changed(s);
    close_scene(s);
}

static void bad_requests(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO, "");
    struct sy_publish_request request = request_of(SY_PACKAGE_ZIP);
    (void)strcpy(request.package.zip_path, "relative.zip");
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
    refused(s, SY_INVALID_ARGUMENT, "", "no absolute path");
    (void)strcpy(request.package.zip_path, "/no/such.zip");
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
    refused(s, SY_INVALID_ARGUMENT, "", "cannot be read by the engine");
    request = request_of(SY_PACKAGE_S3);
    (void)strcpy(request.code_sha256, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
    refused(s, SY_INVALID_ARGUMENT, "", "code-sha256");
    request = request_of(SY_PACKAGE_IMAGE);
    (void)strcpy(request.package.image_uri,
                 "123456789012.dkr.ecr.eu-west-1.amazonaws.com/checkout:latest");
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
    refused(s, SY_INVALID_ARGUMENT, "", "names no digest");
    (void)strcpy(request.function, "a b");
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
    refused(s, SY_INVALID_ARGUMENT, "", "function name");
    request = request_of(SY_PACKAGE_LATEST);
    (void)strcpy(request.function, "nope");
    follow(s, sy_engine_publish(s->e.engine, &request, NULL, NULL));
    refused(s, SY_NOT_FOUND, "FUNCTION_NOT_FOUND", "nope");
    nothing_changed(s);
    close_scene(s);
}

static void an_update_that_fails(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO ",\"update_pending\":\"5s\",\"update_fails\":true", "");
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_INTERNAL, "UPDATE_FAILED", "told that it fails");
    assert_int_equal(traced(s, "POST /functions/checkout/versions"), 0);
    close_scene(s);
}

static void a_version_that_fails(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO ",\"publish_pending\":\"5s\",\"publish_state\":\"Failed\"", "");
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_INTERNAL, "VERSION_FAILED",
            "version 43 was published, but nothing moved: Lambda could not start it");
    close_scene(s);
}

static void patience_has_an_end(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO ",\"publish_pending\":\"2h\"", "");
    int64_t began = sy_io_now(s->w.io);
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_DEADLINE_EXCEEDED, "STILL_WAITING", "version 43 was published");
    int64_t took = sy_io_now(s->w.io) - began;
    assert_true(took >= 900 * SECOND && took < 915 * SECOND);
    assert_true(s->n < 110);
    close_scene(s);
}

static void somebody_uploads_in_between(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO ",\"update_pending\":\"5s\"", "");
    s->when = "PUT /functions/checkout/code";
    s->nth = 1;
    publish(s, SY_PACKAGE_S3);
    assert_int_equal(s->error.code, SY_OK);
    close_scene(s);
    open_scene(s, TWO ",\"update_pending\":\"5s\"", "");
    s->when = "/functions/checkout/configuration\n"; /* polling, after the upload */
    s->nth = 2;
    s->act = "{\"do\":\"update-code\",\"function\":\"checkout\",\"code_sha256\":\"theirs\"}";
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_ABORTED, "CODE_CHANGED", "theirs");
    assert_int_equal(traced(s, "POST /functions/checkout/versions"), 0);
    close_scene(s);
    /* Without an upload of ours, the revision is the guard. */
    open_scene(s, TWO, "");
    s->when = "POST /functions/checkout/versions"; /* on its way */
    s->nth = 1;
    s->act = "{\"do\":\"update-code\",\"function\":\"checkout\",\"code_sha256\":\"theirs\"}";
    publish(s, SY_PACKAGE_LATEST);
    refused(s, SY_FAILED_PRECONDITION, "InvalidParameterValueException", "CodeSHA256");
    close_scene(s);
}

/* Lambda alone knows the hash of an object: what the second try finds may be ours or not. */
static void an_upload_whose_answer_is_lost(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO,
               ",\"faults\":[{\"operation\":\"UpdateFunctionCode\",\"nth\":1,"
               "\"kind\":\"lost_response\"}]");
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_ABORTED, "STALE_REVISION", "whose answer was lost");
    assert_int_equal(traced(s, "POST /functions/checkout/versions"), 0);
    publish(s, SY_PACKAGE_S3);
    assert_int_equal(s->error.code, SY_OK);
    assert_string_equal(last(s)->version, "43");
    close_scene(s);
}

static void answers_that_are_lost(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO ",\"publish_pending\":\"20s\"",
               ",\"faults\":[{\"operation\":\"PublishVersion\",\"nth\":1,"
               "\"kind\":\"lost_response\"},"
               "{\"operation\":\"GetFunctionConfiguration\",\"from\":\"3s\",\"until\":\"15s\","
               "\"kind\":\"throttle\"}]");
    publish(s, SY_PACKAGE_S3);
    assert_int_equal(s->error.code, SY_OK);
    assert_string_equal(last(s)->version, "43"); /* one, not two */
    assert_true(told(s, "not answered for"));
    close_scene(s);
}

static void closing_stops_the_waiting(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO ",\"publish_pending\":\"10m\"", "");
    struct sy_publish_request request = request_of(SY_PACKAGE_S3);
    struct sy_job *job = sy_engine_publish(s->e.engine, &request, NULL, NULL);
    while (!traced(s, "POST /functions/checkout/versions"))
        turn(s);
    sy_job_close(job); /* with an answer still to come */
    struct sim_request wait = {.verb = SIM_WAIT, .wait_ms = 60 * SECOND};
    int before = traced(s, "->");
    sim_ask(&s->e, &wait);
    (void)sim_run(&s->e, &s->c, 1000);
    assert_int_equal(traced(s, "->"), before);
    close_scene(s);
}

static void rested(void *ctx) {
    *(bool *)ctx = true;
}

static void a_stopping_engine_ends_it(void **state) {
    struct scene *s = *state;
    bool all = false;
    open_scene(s, TWO ",\"publish_pending\":\"10m\"", "");
    struct sy_publish_request request = request_of(SY_PACKAGE_S3);
    struct sy_job *job = sy_engine_publish(s->e.engine, &request, NULL, NULL);
    while (!traced(s, "Qualifier=43"))
        turn(s);
    sy_engine_interrupt_all(s->e.engine, rested, &all);
    assert_true(all);
    follow(s, job);
    refused(s, SY_CANCELLED, "ENGINE_STOPPING", "stays done");
    close_scene(s);
}

/* ---- cleanup ---- */

static void clean(struct scene *s, int64_t keep, bool dry_run) {
    struct sy_cleanup_request request = {.function = "checkout", .keep = keep, .dry_run = dry_run};
    follow(s, sy_engine_cleanup(s->e.engine, &request, NULL, NULL));
}

/* "1:kept 2:deleted …" */
static const char *fates(const struct scene *s, char buf[4096]) {
    size_t n = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < s->n; i++)
        if (s->events[i].kind == SY_FUNCTION_VERSION)
            n += (size_t)snprintf(buf + n, 4096 - n, "%s%s:%s", n ? " " : "", s->events[i].version,
                                  sy_fate_word(s->events[i].fate));
    return buf;
}

#define EIGHT                                                                                      \
    "\"versions\":[{\"version\":\"1\"},{\"version\":\"2\"},{\"version\":\"3\"},"                   \
    "{\"version\":\"4\"},{\"version\":\"5\"},{\"version\":\"6\"},{\"version\":\"9\"},"             \
    "{\"version\":\"10\"}],\"aliases\":[{\"name\":\"beta\",\"version\":\"2\",\"additional\":{"     \
    "\"version\":\"3\",\"weight\":0.1}},{\"name\":\"production\",\"version\":\"6\"}]"

static void deletes_the_oldest_first_and_keeps_what_is_named(void **state) {
    struct scene *s = *state;
    char buf[4096];
    open_scene(s, EIGHT,
               ",\"parameters\":[{\"name\":\"/lambda/checkout/previous-version\","
               "\"value\":\"4\"}]");
    clean(s, 1, true);
    assert_string_equal(fates(s, buf), "1:would-go 2:kept 3:kept 4:kept 5:would-go 6:kept "
                                       "9:would-go 10:kept");
    assert_int_equal(traced(s, "DELETE"), 0);
    int64_t began = sy_io_now(s->w.io);
    clean(s, 1, false);
    assert_int_equal(s->error.code, SY_OK);
    assert_string_equal(fates(s, buf), "1:deleted 2:kept 3:kept 4:kept 5:deleted 6:kept "
                                       "9:deleted 10:kept");
    assert_int_equal(last(s)->deleted, 3);
    assert_int_equal(last(s)->kept, 5);
    assert_int_equal(traced(s, "DELETE /functions/checkout?Qualifier="), 3);
    assert_int_equal(traced(s, "ListAliases"), 0);
    assert_int_equal(traced(s, "GET /functions/checkout/aliases?"), 1 + 1 + 3);
    assert_true(sy_io_now(s->w.io) - began >= 3 * 400); /* leaves room for releases */
    clean(s, 0, false);
    assert_string_equal(fates(s, buf), "2:kept 3:kept 4:kept 6:kept 10:deleted");
    close_scene(s);
}

/* Between the decision and the deletion an alias moves to one that was to go. */
static void looks_again_before_each_deletion(void **state) {
    struct scene *s = *state;
    char buf[4096];
    open_scene(s, EIGHT, "");
    s->when = "DELETE";
    s->nth = 1;
    s->act = "{\"do\":\"update-alias\",\"function\":\"checkout\",\"alias\":\"production\","
             "\"version\":\"5\"}";
    clean(s, 0, false);
    assert_string_equal(fates(s, buf), "1:deleted 2:kept 3:kept 4:deleted 5:kept 6:deleted "
                                       "9:deleted 10:deleted");
    close_scene(s);
}

/* A release that begins meanwhile: what it releases and what it goes back to. */
static void a_release_that_begins_meanwhile(void **state) {
    struct scene *s = *state;
    char buf[4096];
    open_scene(s, EIGHT, "");
    struct sy_cleanup_request request = {.function = "checkout", .keep = 0};
    struct sim_request apply = {.verb = SIM_APPLY};
    sy_spec_init(&apply.spec);
    (void)strcpy(apply.spec.function, "checkout");
    (void)strcpy(apply.spec.alias, "production");
    (void)strcpy(apply.spec.version, "10");
    struct sy_job *job = sy_engine_cleanup(s->e.engine, &request, NULL, NULL);
    sim_ask(&s->e, &apply);
    follow(s, job);
    assert_string_equal(fates(s, buf), "1:deleted 2:kept 3:kept 4:deleted 5:deleted 6:kept "
                                       "9:deleted 10:kept");
    close_scene(s);
}

/* A release of this very engine that stands nowhere yet: its lock is still on the way. */
static void a_release_that_stands_nowhere_yet(void **state) {
    struct scene *s = *state;
    char buf[4096];
    open_scene(s, EIGHT, ",\"latency_ms\":{\"PutParameter\":9000}");
    struct sy_cleanup_request request = {.function = "checkout", .keep = 0};
    struct sim_request apply = {.verb = SIM_APPLY};
    sy_spec_init(&apply.spec);
    (void)strcpy(apply.spec.function, "checkout");
    (void)strcpy(apply.spec.alias, "production");
    (void)strcpy(apply.spec.version, "10");
    sim_ask(&s->e, &apply);
    while (!traced(s, "/lock"))
        turn(s);
    publish(s, SY_PACKAGE_S3);
    refused(s, SY_FAILED_PRECONDITION, "RELEASE_RUNNING", "in this very engine");
    nothing_changed(s);
    follow(s, sy_engine_cleanup(s->e.engine, &request, NULL, NULL));
    assert_string_equal(fates(s, buf), "1:deleted 2:kept 3:kept 4:deleted 5:deleted 6:kept "
                                       "9:deleted 10:kept");
    assert_true(told(s, "a release that this engine drives"));
    close_scene(s);
}

static void stops_at_an_error(void **state) {
    struct scene *s = *state;
    char buf[4096];
    open_scene(s, EIGHT,
               ",\"faults\":[{\"operation\":\"DeleteFunction\",\"nth\":1,\"kind\":\"status\","
               "\"status\":409,\"code\":\"ResourceConflictException\",\"message\":\"in use\"},"
               "{\"operation\":\"DeleteFunction\",\"nth\":3,\"kind\":\"status\",\"status\":403,"
               "\"code\":\"AccessDeniedException\",\"message\":\"no\"}]");
    clean(s, 0, false);
    assert_string_equal(fates(s, buf), "1:kept 2:kept 3:kept 4:deleted 5:failed");
    refused(s, SY_PERMISSION_DENIED, "AccessDeniedException", "version 5 was not deleted");
    assert_non_null(strstr(s->error.message, "lambda:DeleteFunction"));
    assert_non_null(strstr(s->error.message, "1 versions were deleted before"));
    close_scene(s);
}

static void one_that_is_gone_is_no_error(void **state) {
    struct scene *s = *state;
    char buf[4096];
    open_scene(s, EIGHT, "");
    s->when = "Qualifier=1\n";
    s->nth = 1;
    s->act = "{\"do\":\"delete-version\",\"function\":\"checkout\",\"version\":\"4\"}";
    clean(s, 4, false);
    assert_string_equal(fates(s, buf), "1:deleted 2:kept 3:kept 4:deleted 5:kept 6:kept 9:kept "
                                       "10:kept");
    close_scene(s);
}

static void deletes_nothing_when_it_cannot_know(void **state) {
    struct scene *s = *state;
    open_scene(s, EIGHT,
               ",\"parameters\":[{\"name\":\"/lambda/checkout/steelyard/old\","
               "\"value\":\"nonsense\"}]");
    clean(s, 0, false);
    refused(s, SY_FAILED_PRECONDITION, "BAD_RECORD", "/lambda/checkout/steelyard/old");
    assert_int_equal(traced(s, "DELETE"), 0);
    close_scene(s);
    static const char *const operations[] = {"ListAliases", "ListVersionsByFunction",
                                             "GetParametersByPath"};
    for (size_t i = 0; i < SY_COUNT(operations); i++) {
        char fault[200];
        (void)snprintf(fault, sizeof fault,
                       ",\"faults\":[{\"operation\":\"%s\",\"kind\":\"status\",\"status\":400,"
                       "\"code\":\"AccessDeniedException\",\"message\":\"no\"}]",
                       operations[i]);
        open_scene(s, EIGHT, fault);
        clean(s, 0, false);
        refused(s, SY_PERMISSION_DENIED, "AccessDeniedException", operations[i]);
        assert_int_equal(traced(s, "DELETE"), 0);
        close_scene(s);
    }
}

static void bad_cleanups(void **state) {
    struct scene *s = *state;
    open_scene(s, EIGHT, "");
    clean(s, -1, false);
    refused(s, SY_INVALID_ARGUMENT, "", "keep: -1");
    clean(s, SY_KEEP_MAX + 1, false);
    refused(s, SY_INVALID_ARGUMENT, "", "keep");
    struct sy_cleanup_request request = {.function = "", .keep = 1};
    follow(s, sy_engine_cleanup(s->e.engine, &request, NULL, NULL));
    assert_int_equal(s->error.code, SY_INVALID_ARGUMENT);
    (void)strcpy(request.function, "nope");
    follow(s, sy_engine_cleanup(s->e.engine, &request, NULL, NULL));
    refused(s, SY_NOT_FOUND, "FUNCTION_NOT_FOUND", "nope");
    assert_int_equal(traced(s, "DELETE"), 0);
    close_scene(s);
}

static void a_run_has_a_bound(void **state) {
    struct scene *s = *state;
    SY_AUTO_BUFFER struct sy_buffer versions = {0};
    sy_buffer_puts(&versions, "\"versions\":[");
    for (int i = 1; i <= 230; i++)
        sy_buffer_printf(&versions, "%s{\"version\":\"%d\"}", i > 1 ? "," : "", i);
    sy_buffer_puts(&versions, "]");
    open_scene(s, versions.data, "");
    clean(s, 10, false);
    assert_int_equal(s->error.code, SY_OK);
    assert_int_equal(last(s)->deleted, 200);
    assert_int_equal(last(s)->kept, 10);
    assert_int_equal(last(s)->left, 20);
    assert_true(told(s, "20 more may go"));
    clean(s, 10, false);
    assert_int_equal(last(s)->deleted, 20);
    assert_int_equal(last(s)->left, 0);
    close_scene(s);
}

/* ---- check ---- */

static struct sy_findings found;
static void on_checked(void *ctx, const struct sy_findings *findings,
                       const struct sy_error *error) {
    struct scene *s = ctx;
    s->n++;
    s->error = error ? *error : (struct sy_error){0};
    if (findings)
        found = *findings;
}

static void check(struct scene *s, const char *version) {
    struct sy_spec spec;
    sy_spec_init(&spec);
    (void)strcpy(spec.function, "checkout");
    (void)strcpy(spec.alias, "production");
    (void)strcpy(spec.version, version);
    s->n = 0;
    sy_engine_check(s->e.engine, &spec, on_checked, s);
    for (int turns = 0; !s->n; turns++) {
        assert_true(turns < 1000);
        turn(s);
    }
}

static const struct sy_finding *finding(const char *id, const char *says) {
    for (uint32_t i = 0; i < found.n; i++)
        if (strcmp(found.list[i].id, id) == 0 && strstr(found.list[i].text, says))
            return &found.list[i];
    fail_msg("no %s that says %s", id, says);
    return NULL;
}

static void describe(struct scene *s, struct sy_buffer *out) {
    out->len = 0;
    sy_buffer_append(out, "", 0);
    sim_describe(&s->w, out);
}

static void on_revision(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    assert_null(error);
    (void)strcpy(ctx, facts->revision);
}

static void revision_of(struct scene *s, char revision[SY_REVISION_MAX + 1]) {
    revision[0] = '\0';
    sy_engine_status(s->e.engine, "checkout", "production", false, on_revision, revision);
    while (!revision[0])
        turn(s);
}

static void check_changes_nothing(void **state) {
    struct scene *s = *state;
    SY_AUTO_BUFFER struct sy_buffer before = {0};
    SY_AUTO_BUFFER struct sy_buffer after = {0};
    char revision[SY_REVISION_MAX + 1];
    char revision_after[SY_REVISION_MAX + 1];
    open_scene(s, TWO,
               ",\"parameters\":[{\"name\":\"/lambda/checkout/current-version\","
               "\"value\":\"41\"}]");
    describe(s, &before);
    revision_of(s, revision);
    check(s, "42");
    assert_int_equal(s->error.code, SY_OK);
    describe(s, &after);
    revision_of(s, revision_after);
    assert_string_equal(before.data, after.data);
    assert_string_equal(revision, revision_after);
    assert_int_equal(traced(s, "PUT /functions/checkout/aliases/production"), 1);
    for (uint32_t i = 0; i < found.n; i++)
        assert_int_equal(found.list[i].severity, SY_SEVERITY_OK);
    (void)finding("PERMISSION", "lambda:UpdateAlias is allowed");
    (void)finding("PERMISSION", "ssm:PutParameter is allowed");
    close_scene(s);
}

static void check_names_what_is_not_allowed(void **state) {
    struct scene *s = *state;
    static const struct {
        const char *operation;
        const char *action;
        enum sy_severity severity;
    } cases[] = {
        {"GetAlias", "lambda:GetAlias", SY_SEVERITY_ERROR},
        {"GetFunctionConfiguration", "lambda:GetFunctionConfiguration", SY_SEVERITY_ERROR},
        {"GetParameters", "ssm:GetParameters", SY_SEVERITY_ERROR},
        {"GetParameter", "ssm:GetParameter", SY_SEVERITY_ERROR},
        {"GetMetricData", "cloudwatch:GetMetricData", SY_SEVERITY_ERROR},
        {"UpdateAlias", "lambda:UpdateAlias", SY_SEVERITY_ERROR},
        {"PutParameter", "ssm:PutParameter", SY_SEVERITY_ERROR},
        {"GetPolicy", "lambda:GetPolicy", SY_SEVERITY_UNKNOWN},
        {"GetProvisionedConcurrencyConfig", "lambda:GetProvisionedConcurrencyConfig",
         SY_SEVERITY_UNKNOWN},
        {"GetFunctionEventInvokeConfig", "lambda:GetFunctionEventInvokeConfig",
         SY_SEVERITY_UNKNOWN},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        char more[400];
        char says[80];
        (void)snprintf(more, sizeof more,
                       ",\"parameters\":[{\"name\":\"/lambda/checkout/current-version\","
                       "\"value\":\"41\"}],\"faults\":[{\"operation\":\"%s\",\"kind\":\"status\","
                       "\"status\":403,\"code\":\"AccessDeniedException\",\"message\":\"no\"}]",
                       cases[i].operation);
        (void)snprintf(says, sizeof says, "%s is not allowed", cases[i].action);
        open_scene(s, TWO, more);
        check(s, "42");
        assert_int_equal(s->error.code, SY_OK);
        assert_int_equal(finding("PERMISSION_DENIED", says)->severity, cases[i].severity);
        close_scene(s);
    }
}

static void check_of_what_is_not_there(void **state) {
    struct scene *s = *state;
    open_scene(s, TWO, "");
    check(s, "77");
    assert_int_equal(finding("VERSION_NOT_FOUND", "77")->severity, SY_SEVERITY_ERROR);
    check(s, "");
    (void)finding("ALIAS", "41 100%");
    check(s, "4x");
    assert_int_equal(s->error.code, SY_INVALID_ARGUMENT);
    act(s, "{\"do\":\"delete-alias\",\"function\":\"checkout\",\"alias\":\"production\"}");
    check(s, "42");
    (void)finding("ALIAS", "does not exist");
    close_scene(s);
}

/* A plan asks for what stands around too, but does not wait for it. */
static void a_plan_does_not_wait_for_it(void **state) {
    struct scene *s = *state;
    struct sim_request plan = {.verb = SIM_PLAN};
    sy_spec_init(&plan.spec);
    (void)strcpy(plan.spec.function, "checkout");
    (void)strcpy(plan.spec.alias, "production");
    (void)strcpy(plan.spec.version, "42");
    open_scene(s, TWO,
               ",\"faults\":[{\"operation\":\"GetPolicy\",\"kind\":\"delay\",\"delay_ms\":10000}]");
    sim_ask(&s->e, &plan);
    (void)sim_run(&s->e, &s->c, 1000);
    assert_true(sy_io_now(s->w.io) - SIM_START_MS <= 1100);
    assert_int_equal(traced(s, "not all was checked, no answer to lambda:GetPolicy"), 1);
    close_scene(s);
    /* And heeds what it finds. */
    open_scene(s,
               "\"versions\":[{\"version\":\"41\"},{\"version\":\"42\",\"role\":\"arn:b\"}],"
               "\"aliases\":[{\"name\":\"production\",\"version\":\"41\"}]",
               "");
    sim_ask(&s->e, &plan);
    (void)sim_run(&s->e, &s->c, 1000);
    assert_string_equal(s->e.error.reason, "ROLE_DIFFERS");
    assert_int_equal(s->e.error.code, SY_FAILED_PRECONDITION);
    close_scene(s);
}

static int set_up(void **state) {
    *state = sy_calloc(1, sizeof(struct scene));
    return 0;
}

static int tear_down(void **state) {
    free(*state);
    return 0;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(uploads_waits_publishes_waits),
        TEST(says_when_nothing_changed),
        TEST(refuses_before_anything_changes),
        TEST(bad_requests),
        TEST(an_update_that_fails),
        TEST(a_version_that_fails),
        TEST(patience_has_an_end),
        TEST(somebody_uploads_in_between),
        TEST(an_upload_whose_answer_is_lost),
        TEST(answers_that_are_lost),
        TEST(closing_stops_the_waiting),
        TEST(a_stopping_engine_ends_it),
        TEST(deletes_the_oldest_first_and_keeps_what_is_named),
        TEST(looks_again_before_each_deletion),
        TEST(a_release_that_begins_meanwhile),
        TEST(a_release_that_stands_nowhere_yet),
        TEST(stops_at_an_error),
        TEST(one_that_is_gone_is_no_error),
        TEST(deletes_nothing_when_it_cannot_know),
        TEST(bad_cleanups),
        TEST(a_run_has_a_bound),
        TEST(check_changes_nothing),
        TEST(check_names_what_is_not_allowed),
        TEST(check_of_what_is_not_there),
        TEST(a_plan_does_not_wait_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
