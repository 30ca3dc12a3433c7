#include "cli/drill_run.h"

#include "base/json.h"
#include "base/spawn.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 256 * 1024, WORDS_MAX = 64, LOOK_MS = 20 };

void sy_run_bind(void) {
    const char *bound = getenv(SY_RUN_BOUND);
    char parent[16];
    (void)snprintf(parent, sizeof parent, "%d", (int)getppid());
    if (!bound)
        return;
    if (strcmp(bound, SY_RUN_SANDBOX) == 0)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    else if (strcmp(bound, parent) == 0)
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
}

int sy_run_start(struct sy_run *run, const char *const *words, char *const *environment,
                 struct sy_error *error) {
    static char self[] = "/proc/self/exe";
    char path[4096];
    const char *argv[WORDS_MAX + 2] = {path};
    int ends[2];
    size_t n = 0;
    *run = (struct sy_run){.output = -1};
    ssize_t len = readlink(self, path, sizeof path - 1);
    if (len < 0)
        return sy_fail(error, SY_INTERNAL, "cannot find this program in %s", self);
    path[len] = '\0';
    for (; words[n] && n < WORDS_MAX; n++)
        argv[n + 1] = words[n];
    if (pipe2(ends, O_CLOEXEC))
        return sy_fail(error, SY_RESOURCE_EXHAUSTED, "no pipe for a rehearsal: %s",
                       strerror(errno));
    int failed = sy_spawn((char *const *)argv, environment, ends[1], &run->pid);
    (void)close(ends[1]);
    if (failed) {
        (void)close(ends[0]);
        run->pid = 0;
        return sy_fail(error, SY_UNAVAILABLE, "%s %s could not be started: %s", path, words[0],
                       strerror(failed));
    }
    run->output = ends[0];
    return 0;
}

/* ---- lines ---- */

static const char *next_line(struct sy_run *run) {
    char *start = run->text.data ? run->text.data + run->taken : NULL;
    char *end = start ? memchr(start, '\n', run->text.len - run->taken) : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    run->taken = (size_t)(end - run->text.data) + 1;
    return start;
}

static void drop_taken(struct sy_run *run) {
    if (!run->taken)
        return;
    run->text.len -= run->taken;
    memmove(run->text.data, run->text.data + run->taken, run->text.len + 1);
    run->taken = 0;
}

int sy_run_line(struct sy_run *run, int64_t timeout_ms, const char **ret) {
    int64_t until_ms = sy_time_now() + timeout_ms;
    for (;;) {
        char some[4096];
        *ret = next_line(run);
        if (*ret)
            return 1;
        int64_t left = until_ms - sy_time_now();
        struct pollfd ready = {.fd = run->output, .events = POLLIN};
        if (run->output < 0 || run->text.len > LINE_MAX_BYTES)
            return -1;
        int n = poll(&ready, 1, left > 0 ? (int)left : 0);
        if (n < 0 && errno == EINTR)
            continue; /* whoever waits looks at the signal itself */
        if (n <= 0)
            return 0;
        ssize_t got = read(run->output, some, sizeof some);
        if (got <= 0)
            return -1;
        drop_taken(run);
        sy_buffer_append(&run->text, some, (size_t)got);
    }
}

/* ---- what they say ---- */

static enum sy_code code_of(const char *name) {
#define X(word, grpc)                                                                              \
    if (strcmp(name, #word) == 0)                                                                  \
        return SY_##word;
    SY_CODES(X)
#undef X
    return SY_INTERNAL;
}

static int read_routing(struct json_object *o, const char *key, struct sy_routing *ret,
                        struct sy_error *error) {
    struct json_object *routing = NULL;
    int64_t share = 0;
    if (sy_json_child(o, key, false, json_type_object, &routing, error))
        return -1;
    if (!routing)
        return 0;
    if (sy_json_string(routing, "primary", true, ret->primary, sizeof ret->primary, error) ||
        sy_json_string(routing, "additional", false, ret->additional, sizeof ret->additional,
                       error) ||
        sy_json_int(routing, "additional_bp", false, 0, 10000, &share, error))
        return -1;
    ret->additional_bp = (int32_t)share;
    return 0;
}

static int read_counts(struct json_object *o, struct sy_counts *ret, struct sy_error *error) {
    return sy_json_int(o, "invocations", false, 0, INT64_MAX, &ret->invocations, error) ||
           sy_json_int(o, "errors", false, 0, INT64_MAX, &ret->errors, error);
}

static int read_error(struct json_object *o, struct sy_error *ret, struct sy_error *error) {
    char code[24] = "";
    if (sy_json_string(o, "error", false, code, sizeof code, error) ||
        sy_json_string(o, "reason", false, ret->reason, sizeof ret->reason, error) ||
        sy_json_string(o, "message", false, ret->message, sizeof ret->message, error))
        return -1;
    if (code[0])
        ret->code = code_of(code);
    return 0;
}

static int read_event(const char *line, struct sy_run_event *ret, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *o = NULL;
    struct json_object *canary = NULL;
    return sy_json_parse("a rehearsal's line", line, strlen(line), &o, error) ||
                   sy_json_string(o, "event", false, ret->name, sizeof ret->name, error) ||
                   sy_json_int(o, "at_unix_ms", false, 0, INT64_MAX, &ret->at_ms, error) ||
                   sy_json_int(o, "duration_ms", false, 0, INT64_MAX, &ret->duration_ms, error) ||
                   sy_json_string(o, "outcome", false, ret->outcome, sizeof ret->outcome, error) ||
                   sy_json_string(o, "text", false, ret->text, sizeof ret->text, error) ||
                   sy_json_bool(o, "warning", false, &ret->warning, error) ||
                   read_routing(o, "to", &ret->to, error) ||
                   sy_json_child(o, "canary", false, json_type_object, &canary, error) ||
                   (canary && read_counts(canary, &ret->canary, error)) ||
                   read_error(o, &ret->error, error)
               ? -1
               : 0;
}

int sy_run_event(struct sy_run *run, int64_t timeout_ms, struct sy_run_event *ret) {
    const char *line = NULL;
    struct sy_error error = {0};
    int got = sy_run_line(run, timeout_ms, &line);
    *ret = (struct sy_run_event){0};
    if (got > 0 && read_event(line, ret, &error))
        ret->error = error;
    return got;
}

static int read_finding(struct json_object *o, struct sy_finding *ret, struct sy_error *error) {
    char severity[16] = "";
    if (sy_json_string(o, "id", true, ret->id, sizeof ret->id, error) ||
        sy_json_string(o, "severity", true, severity, sizeof severity, error) ||
        sy_json_string(o, "text", true, ret->text, sizeof ret->text, error) ||
        sy_json_string(o, "fix", false, ret->fix, sizeof ret->fix, error))
        return -1;
    ret->severity = SY_SEVERITY_UNKNOWN;
    for (int i = 0; i < SY_SEVERITY_COUNT; i++)
        if (strcmp(severity, sy_severity_word((enum sy_severity)i)) == 0)
            ret->severity = (enum sy_severity)i;
    return 0;
}

int sy_run_findings(const char *line, struct sy_findings *ret, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *o = NULL;
    struct json_object *list = NULL;
    struct sy_error said = {0};
    if (sy_json_parse("check", line, strlen(line), &o, error) || read_error(o, &said, error))
        return -1;
    if (said.code != SY_OK) {
        *error = said;
        return -1;
    }
    if (sy_json_child(o, "findings", true, json_type_array, &list, error))
        return -1;
    size_t n = json_object_array_length(list);
    for (ret->n = 0; ret->n < n && ret->n < SY_FINDINGS_MAX; ret->n++) {
        struct sy_finding *finding = &ret->list[ret->n];
        *finding = (struct sy_finding){0};
        if (read_finding(json_object_array_get_idx(list, ret->n), finding, error))
            return -1;
    }
    return 0;
}

int sy_run_status(const char *line, struct sy_routing *ret_routing, bool *ret_closed,
                  struct sy_error *error) {
    SY_AUTO_JSON struct json_object *o = NULL;
    struct json_object *release = NULL;
    struct sy_error said = {0};
    char phase[24] = "closed";
    if (sy_json_parse("status", line, strlen(line), &o, error) || read_error(o, &said, error))
        return -1;
    if (said.code != SY_OK) {
        *error = said;
        return -1;
    }
    *ret_routing = (struct sy_routing){0};
    if (read_routing(o, "routing", ret_routing, error) ||
        sy_json_child(o, "release", false, json_type_object, &release, error) ||
        (release && sy_json_string(release, "phase", false, phase, sizeof phase, error)))
        return -1;
    *ret_closed = strcmp(phase, "closed") == 0 || strcmp(phase, "lock-in") == 0;
    return 0;
}

int sy_run_second(const char *line, const char *version, struct sy_run_second *ret,
                  struct sy_error *error) {
    SY_AUTO_JSON struct json_object *o = NULL;
    struct json_object *versions = NULL;
    *ret = (struct sy_run_second){0};
    if (sy_json_parse("traffic", line, strlen(line), &o, error) ||
        read_error(o, &ret->error, error) ||
        sy_json_int(o, "at_unix_ms", false, 0, INT64_MAX, &ret->at_ms, error) ||
        sy_json_child(o, "versions", false, json_type_array, &versions, error))
        return -1;
    size_t n = versions ? json_object_array_length(versions) : 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *v = json_object_array_get_idx(versions, i);
        char name[SY_VERSION_MAX + 1] = "";
        ret->answered = true;
        if (sy_json_string(v, "version", true, name, sizeof name, error))
            return -1;
        ret->nameless |= !name[0];
        if (strcmp(name, version) == 0 &&
            (read_counts(v, &ret->counts, error) ||
             sy_json_int(v, "first_unix_ms", true, 0, INT64_MAX, &ret->first_ms, error)))
            return -1;
    }
    return 0;
}

/* ---- its end ---- */

static bool reap(struct sy_run *run) {
    int status = 0;
    if (waitpid(run->pid, &status, WNOHANG) != run->pid)
        return false;
    run->code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    run->pid = 0;
    return true;
}

int sy_run_finish(struct sy_run *run, int64_t timeout_ms) {
    int64_t until_ms = sy_time_now() + timeout_ms;
    while (run->pid && !reap(run)) {
        if (sy_time_now() >= until_ms)
            (void)kill(run->pid, SIGKILL);
        (void)poll(NULL, 0, LOOK_MS);
    }
    if (run->output >= 0)
        (void)close(run->output);
    run->output = -1;
    sy_buffer_finish(&run->text);
    run->text = (struct sy_buffer){0};
    run->taken = 0;
    return run->code;
}

/* The parent of a process, from the fourth field of its stat; its name, the second, may hold
 * anything, blanks and brackets too. */
static pid_t parent_of(const char *pid) {
    char path[64];
    char text[512];
    int parent = 0;
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *behind = strrchr(text, ')');
    return behind && sscanf(behind + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

void sy_run_kill_with_engine(struct sy_run *run) {
    DIR *processes = opendir("/proc");
    /* First the engine: at its host's end it would take the release back. */
    for (struct dirent *entry; processes && (entry = readdir(processes));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            parent_of(entry->d_name) == run->pid)
            (void)kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
    if (processes)
        (void)closedir(processes);
    (void)kill(run->pid, SIGKILL);
}
