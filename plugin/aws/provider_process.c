/* credential_process: a program of the user's that prints credentials. It is split into words as
 * botocore does, and run without a shell, by posix_spawn (this process has threads: it must not
 * fork), with nothing to read and with our standard error. Its output is looked for by a timer: the
 * thread is the engine's, which has releases to watch. */
#include "aws/provider.h"

#include "aws/words.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 10, TIMEOUT_MS = 60000, OUTPUT_MAX = 65536 };

extern char **environ;

struct process {
    struct sy_provider provider;
    struct sy_words words;
    struct sy_timer timer;
    pid_t pid; /* 0: it does not run */
    int output;
    struct sy_buffer printed;
    int64_t until_ms;
};

/* Ends what may still run, with all that it started. */
static void stop(struct process *self) {
    int status = 0;
    sy_timers_cancel(self->provider.scope->timers, &self->timer);
    if (self->pid) {
        (void)kill(-self->pid, SIGKILL);
        (void)waitpid(self->pid, &status, 0);
        self->pid = 0;
    }
    if (self->output >= 0)
        (void)close(self->output);
    self->output = -1;
    if (self->printed.data)
        OPENSSL_cleanse(self->printed.data, self->printed.capacity);
    sy_buffer_finish(&self->printed);
}

static void fail(struct process *self, const char *why) {
    stop(self);
    sy_provider_fail_why(&self->provider, why);
}

static bool is_version_1(const struct sy_buffer *printed) {
    SY_AUTO_JSON struct json_object *object = NULL;
    struct sy_error ignored;
    int64_t version = 0;
    return sy_json_parse("it", printed->data, printed->len, &object, &ignored) == 0 &&
           sy_json_int(object, "Version", true, 1, 1, &version, &ignored) == 0;
}

static void ended(struct process *self, int status) {
    char why[128];
    struct sy_credentials credentials = {0};
    struct sy_error error = {0};
    if (WIFSIGNALED(status)) {
        (void)snprintf(why, sizeof why, "it was ended by signal %d", WTERMSIG(status));
        fail(self, why);
        return;
    }
    if (WEXITSTATUS(status) != 0) {
        (void)snprintf(why, sizeof why,
                       "it ended with exit status %d; what it wrote to standard error says why",
                       WEXITSTATUS(status));
        fail(self, why);
        return;
    }
    sy_buffer_append(&self->printed, "", 0);
    if (!is_version_1(&self->printed)) {
        fail(self, "it must print one JSON object with \"Version\": 1, and did not");
        return;
    }
    SY_AUTO_FREE char *what = sy_asprintf("what %s prints", self->provider.name);
    int failed = sy_credentials_from_json(what, self->printed.data, self->printed.len,
                                          "SessionToken", false, &credentials, &error);
    stop(self);
    if (failed)
        sy_provider_fail(&self->provider, &error);
    else
        sy_provider_give(&self->provider, &credentials);
}

/* Takes what there is to read; false: more than it may print. */
static bool take_output(struct process *self) {
    char block[4096];
    ssize_t n = 0;
    while ((n = read(self->output, block, sizeof block)) > 0 && self->printed.len <= OUTPUT_MAX)
        sy_buffer_append(&self->printed, block, (size_t)n);
    OPENSSL_cleanse(block, sizeof block);
    return self->printed.len <= OUTPUT_MAX;
}

static void look(void *ctx) {
    struct process *self = ctx;
    int status = 0;
    int64_t now = sy_io_now(self->provider.scope->io);
    /* First whether it has ended, then what it printed: so all of it has been read. */
    pid_t waited = waitpid(self->pid, &status, WNOHANG);
    bool gone = waited == self->pid || (waited < 0 && errno == ECHILD);
    if (gone)
        self->pid = 0;
    if (!take_output(self))
        fail(self, "it prints more than 64 KiB");
    else if (gone)
        ended(self, waited < 0 ? 0 : status);
    else if (now >= self->until_ms)
        fail(self, "it did not end within 60s");
    else
        sy_timers_set(self->provider.scope->timers, &self->timer, now + LOOK_MS, look, self);
}

static void fetch(struct sy_provider *provider) {
    struct process *self = (struct process *)provider;
    int ends[2];
    char why[160];
    if (pipe2(ends, O_CLOEXEC)) {
        (void)snprintf(why, sizeof why, "no pipe for its output: %s", strerror(errno));
        fail(self, why);
        return;
    }
    int failed = sy_spawn(self->words.list, environ, ends[1], &self->pid);
    (void)close(ends[1]);
    self->output = ends[0];
    if (failed) {
        self->pid = 0;
        (void)snprintf(why, sizeof why, "it could not be started: %s", strerror(failed));
        fail(self, why);
        return;
    }
    (void)fcntl(self->output, F_SETFL, O_NONBLOCK);
    int64_t now = sy_io_now(provider->scope->io);
    self->until_ms = now + TIMEOUT_MS;
    sy_timers_set(provider->scope->timers, &self->timer, now + LOOK_MS, look, self);
}

static void destroy(struct sy_provider *provider) {
    struct process *self = (struct process *)provider;
    stop(self);
    sy_words_finish(&self->words);
    free(provider->name);
    free(self);
}

int sy_provider_process(const struct sy_provider_scope *scope, const char *profile,
                        const char *command, struct sy_provider **ret, struct sy_error *error) {
    static const struct sy_provider_ops ops = {
        .method = "custom-process", .fetch = fetch, .destroy = destroy};
    struct sy_words words = {0};
    const char *wrong = sy_words_split(command, &words);
    if (!wrong && words.count == 0) {
        sy_words_finish(&words);
        wrong = "it is empty";
    }
    if (wrong)
        return sy_fail_field(error, "profile", "credential_process of profile %s: %s", profile,
                             wrong);
    struct process *self = sy_calloc(1, sizeof *self);
    self->provider =
        (struct sy_provider){.ops = &ops,
                             .scope = scope,
                             .name = sy_asprintf("credential_process of profile %s", profile)};
    self->words = words;
    self->output = -1;
    *ret = &self->provider;
    return 0;
}
