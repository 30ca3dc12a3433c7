/* credential_process, with real programs on the real clock. */
#include "credentials_fixture.h"
#include "raw_server.h"

#define GOOD                                                                                       \
    "{\"Version\":1,\"AccessKeyId\":\"AKIDPROCESS\",\"SecretAccessKey\":\"" SECRET_KEY             \
    "\",\"SessionToken\":\"" SECRET_TOKEN "\"}"

struct process_case {
    const char *what;
    const char *command; /* %s: the home folder */
    const char *says;    /* NULL: it works */
};

/* Of ./script.sh, which does what its first word says. */
static const char script[] =
    "case \"$1\" in\n"
    "good) printf '%s' '" GOOD "' ;;\n"
    "quoted) [ \"$2\" = 'a  b' ] && [ \"$3\" = 'c\"d' ] && [ \"$4\" = '' ] && [ $# = 4 ] &&\n"
    "    printf '%s' '" GOOD "' ;;\n"
    "input) read line; [ -z \"$line\" ] && printf '%s' '" GOOD "' ;;\n"
    "ended) printf '%s' '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET_KEY
    "\",\"SessionToken\":\"x\",\"Expiration\":\"2015-01-01T00:00:00Z\"}' ;;\n"
    "fails) echo '" SECRET_KEY "'; exit 3 ;;\n"
    "killed) kill -9 $$ ;;\n"
    "garbage) echo '" SECRET_KEY "' ;;\n"
    "version) echo '{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET_KEY "\"}' "
    ";;\n"
    "half) echo '{\"Version\":1,\"SecretAccessKey\":\"" SECRET_KEY "\"}' ;;\n"
    "much) head -c 200000 /dev/zero ;;\n"
    "esac\n";

static const struct process_case cases[] = {
    {"a program", "/bin/sh '%s/script.sh' good", NULL},
    {"quotes", "/bin/sh \"%s/script.sh\" quoted 'a  b' \"c\\\"d\" ''", NULL},
    {"nothing to read", "sh %s/script.sh input", NULL},
    {"an exit status", "/bin/sh %s/script.sh fails",
     "credential_process of profile default: it ended with exit status 3; what it wrote to "
     "standard error says why"},
    {"a signal", "/bin/sh %s/script.sh killed", "it was ended by signal 9"},
    {"garbage", "/bin/sh %s/script.sh garbage", "one JSON object with \"Version\": 1"},
    {"another version", "/bin/sh %s/script.sh version", "one JSON object with \"Version\": 1"},
    {"half of it", "/bin/sh %s/script.sh half", "AccessKeyId is missing"},
    {"what has ended", "/bin/sh %s/script.sh ended", "had ended when they came"},
    {"too much", "/bin/sh %s/script.sh much", "it prints more than 64 KiB"},
    {"no such program", "%s/none", "it could not be started: No such file"},
};

static void run_case(const struct process_case *c, const struct raw_server *server) {
    struct credentials_fixture f = credentials_begin();
    const char *home = strstr(c->command, "%s");
    SY_AUTO_FREE char *url = sy_asprintf("AWS_ENDPOINT_URL=http://127.0.0.1:%d", server->port);
    SY_AUTO_FREE char *config = sy_asprintf("[default]\ncredential_process = %.*s%s%s\n",
                                            (int)(home - c->command), c->command, f.home, home + 2);
    credentials_set(&f, url);
    credentials_write(&f, "script.sh", script);
    credentials_write(&f, ".aws/config", config);
    credentials_call_out(&f, "/ok");
    check_no_secret(f.error.message);
    if (c->says ? !strstr(f.error.message, c->says) : !f.replies)
        fail_msg("%s: %s", c->what, f.error.message);
    credentials_end(&f);
}

static void test_cases(void **state) {
    (void)state;
    struct raw_server *server = server_start(NULL);
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        run_case(&cases[i], server);
    char *last = server_last(server);
    assert_non_null(strstr(last, "Credential=AKIDPROCESS/"));
    free(last);
    server_stop(server);
}

/* A program that hangs is ended with the client, and with all that it started. */
static void test_destroyed_while_it_runs(void **state) {
    (void)state;
    struct credentials_fixture f = credentials_begin();
    struct sy_timers timers = {0};
    struct sy_io *io = NULL;
    struct sy_error error = {0};
    int ends[2];
    char byte = 0;
    credentials_write(&f, "hang.sh", "sleep 1000 & echo x >&2; wait\n");
    SY_AUTO_FREE char *config =
        sy_asprintf("[default]\ncredential_process = /bin/sh %s/hang.sh\n", f.home);
    credentials_write(&f, ".aws/config", config);
    assert_int_equal(sy_curl_io_create(&io, &error), 0);
    assert_int_equal(
        sy_aws_create(&(struct sy_aws_options){.io = io, .timers = &timers}, &f.aws, &error), 0);
    /* Its standard error is ours: whoever holds the pipe's end lives. */
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    sy_aws_send(f.aws, &credentials_call, credentials_called, &f);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    (void)close(saved);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    sy_aws_destroy(f.aws);
    f.aws = NULL;
    while (read(ends[0], &byte, 1) == 1)
        ; /* to the end: nobody holds it any more */
    (void)close(ends[0]);
    assert_int_equal(f.replies + f.errors, 0);
    sy_curl_io_destroy(io);
    sy_timers_finish(&timers);
    credentials_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_destroyed_while_it_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
