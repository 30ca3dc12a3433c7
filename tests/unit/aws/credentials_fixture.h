/* A client whose credentials come from a home folder and variables of the test's own, over a
 * scripted carrier: what it asks before it signs, and what it signs with. */
#ifndef SY_TESTS_CREDENTIALS_FIXTURE_H
#define SY_TESTS_CREDENTIALS_FIXTURE_H

#include "aws/client.h"
#include "aws/curl_io.h"
#include "fake_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

/* What no message may show. */
#define SECRET_KEY "S3CR3T/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SECRET_TOKEN "T0K3N//////////wEaDPyK8LPvgzn+Yx0Q=="
#define ROLE "arn:aws:iam::123456789012:role/deploy"

#define STS_OK(key, end)                                                                           \
    "<R "                                                                                          \
    "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Result><Credentials><AccessKeyId>" key   \
    "</AccessKeyId><SecretAccessKey>" SECRET_KEY "</SecretAccessKey><SessionToken>" SECRET_TOKEN   \
    "</SessionToken><Expiration>" end "</Expiration></Credentials></Result></R>"
#define JSON_OK(key, end)                                                                          \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" key "\",\"SecretAccessKey\":\"" SECRET_KEY          \
    "\",\"Token\":\"" SECRET_TOKEN "\",\"Expiration\":\"" end "\"}"
/* fake_io begins at 12:36. */
#define IN_AN_HOUR "2015-08-30T13:36:00Z"

struct credentials_fixture {
    struct fake_io *fake;
    struct sy_aws *aws;
    char home[64];
    int replies;
    int errors;
    struct sy_error error;
};

static const struct sy_aws_call credentials_call = {.service = SY_AWS_LAMBDA,
                                                    .operation = "GetAlias",
                                                    .method = "GET",
                                                    .path = "/2015-03-31/functions/f/aliases/live"};

static inline void credentials_called(void *ctx, const struct sy_aws_reply *reply,
                                      const struct sy_error *error) {
    struct credentials_fixture *f = ctx;
    f->replies += reply != NULL;
    f->errors += error != NULL;
    if (error)
        f->error = *error;
}

static inline char *credentials_path(const struct credentials_fixture *f, const char *name) {
    return sy_asprintf("%s/%s", f->home, name);
}

static inline void credentials_write(const struct credentials_fixture *f, const char *name,
                                     const char *text) {
    SY_AUTO_FREE char *path = credentials_path(f, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline char *credentials_read(const struct credentials_fixture *f, const char *name) {
    SY_AUTO_FREE char *path = credentials_path(f, name);
    FILE *file = fopen(path, "r");
    char *text = sy_calloc(1, 65536);
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* "NAME=value" with %s for the home folder. */
static inline void credentials_set(const struct credentials_fixture *f, const char *entry) {
    const char *equals = strchr(entry, '=');
    const char *home = strstr(entry, "%s");
    SY_AUTO_FREE char *name = sy_strndup(entry, (size_t)(equals - entry));
    SY_AUTO_FREE char *value =
        home ? sy_asprintf("%.*s%s%s", (int)(home - equals - 1), equals + 1, f->home, home + 2)
             : sy_strdup(equals + 1);
    assert_int_equal(setenv(name, value, 1), 0);
}

/* No AWS variable of whoever runs the test, a home of its own, a region, and no metadata. */
static inline struct credentials_fixture credentials_begin(void) {
    struct credentials_fixture f = {.fake = fake_create(), .home = "/tmp/steelyard-cred.XXXXXX"};
    static const char *const folders[] = {".aws", ".aws/sso", ".aws/sso/cache"};
    assert_non_null(mkdtemp(f.home));
    for (size_t i = 0; i < SY_COUNT(folders); i++) {
        SY_AUTO_FREE char *path = credentials_path(&f, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    for (char **entry = environ; *entry;) {
        const char *equals = strchr(*entry, '=');
        SY_AUTO_FREE char *name = sy_strndup(*entry, (size_t)(equals - *entry));
        bool ours = strncmp(name, "AWS_", 4) == 0 || strncmp(name, "ACTIONS_", 8) == 0 ||
                    strncmp(name, "STEELYARD_", 10) == 0;
        if (ours)
            assert_int_equal(unsetenv(name), 0);
        entry = ours ? environ : entry + 1;
    }
    credentials_set(&f, "HOME=%s");
    credentials_set(&f, "AWS_REGION=eu-central-1");
    credentials_set(&f, "AWS_EC2_METADATA_DISABLED=true");
    return f;
}

static inline void credentials_remove(const struct credentials_fixture *f) {
    SY_AUTO_FREE char *command = sy_asprintf("rm -rf '%s'", f->home);
    assert_int_equal(system(command), 0);
}

static inline void credentials_end(struct credentials_fixture *f) {
    sy_aws_destroy(f->aws);
    fake_destroy(f->fake);
    credentials_remove(f);
}

/* 0, or -1 with f->error. */
static inline int credentials_open(struct credentials_fixture *f, const char *profile) {
    return sy_aws_create(
        &(struct sy_aws_options){
            .io = &f->fake->io, .timers = &f->fake->timers, .profile = profile, .seed = 1},
        &f->aws, &f->error);
}

static inline void credentials_send(struct credentials_fixture *f) {
    sy_aws_send(f->aws, &credentials_call, credentials_called, f);
}

static inline const struct fake_request *credentials_last(const struct credentials_fixture *f) {
    assert_true(f->fake->n_requests > 0);
    return &f->fake->requests[f->fake->n_requests - 1];
}

static inline bool is_signed_by(const struct fake_request *request, const char *access_key) {
    SY_AUTO_FREE char *part = sy_asprintf("Credential=%s/", access_key);
    return strstr(request->headers, part) != NULL;
}

/* One call to its end on a real carrier: sources that ask servers and run programs. */
static inline void credentials_call_out(struct credentials_fixture *f, const char *path) {
    struct sy_timers timers = {0};
    struct sy_io *io = NULL;
    struct sy_aws *aws = NULL;
    struct sy_aws_call call = credentials_call;
    call.path = path;
    if (sy_curl_io_create(&io, &f->error) ||
        sy_aws_create(&(struct sy_aws_options){.io = io, .timers = &timers}, &aws, &f->error))
        fail_msg("%s", f->error.message);
    sy_aws_send(aws, &call, credentials_called, f);
    while (f->replies + f->errors == 0) {
        while (sy_timers_fire_one(&timers, sy_io_now(io)))
            ;
        if (f->replies + f->errors == 0)
            io->ops->wait(io, sy_timers_next(&timers));
    }
    sy_aws_destroy(aws);
    sy_curl_io_destroy(io);
    sy_timers_finish(&timers);
}

static inline void check_no_secret(const char *text) {
    assert_null(strstr(text, SECRET_KEY));
    assert_null(strstr(text, SECRET_TOKEN));
    assert_null(strstr(text, "S3CR3T"));
    assert_null(strstr(text, "T0K3N"));
}

#endif
