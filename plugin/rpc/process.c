#include "rpc/process.h"

#include "base/memory.h"
#include "base/spawn.h"
#include "rpc/server_internal.h"
#include "rpc/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool is_ours(const char *entry) {
    static const char *const keys[] = {SY_COOKIE_KEY "=", SY_CLIENT_CERTIFICATE_KEY "=",
                                       SY_PROTOCOL_VERSIONS_KEY "="};
    for (size_t i = 0; i < SY_COUNT(keys); i++)
        if (strncmp(entry, keys[i], strlen(keys[i])) == 0)
            return true;
    return false;
}

/* Our environment and the plugin's three variables. The entries from *ret_own on are to be freed.
 */
static char **make_environment(const char *client_pem, size_t *ret_own) {
    size_t n = 0;
    size_t have = 0;
    while (environ[have])
        have++;
    char **out = sy_calloc(have + 4, sizeof *out);
    for (size_t i = 0; i < have; i++)
        if (!is_ours(environ[i]))
            out[n++] = environ[i];
    *ret_own = n;
    out[n++] = sy_asprintf("%s=%s", SY_COOKIE_KEY, SY_COOKIE_VALUE);
    out[n++] = sy_asprintf("%s=%s", SY_CLIENT_CERTIFICATE_KEY, client_pem);
    out[n++] = sy_asprintf("%s=%d", SY_PROTOCOL_VERSIONS_KEY, SY_PROTOCOL_VERSION);
    return out;
}

static void free_environment(char **environment, size_t own) {
    for (size_t i = own; environment[i]; i++)
        free(environment[i]);
    free(environment);
}

int sy_process_start(const char *const *argv, const char *client_pem, struct sy_process *ret,
                     struct sy_error *error) {
    int ends[2];
    pid_t pid = 0;
    size_t own = 0;
    if (pipe2(ends, O_CLOEXEC))
        return sy_fail(error, SY_RESOURCE_EXHAUSTED, "no pipe for the engine's handshake: %s",
                       strerror(errno));
    char **environment = make_environment(client_pem, &own);
    int failed = sy_spawn((char *const *)argv, environment, ends[1], &pid);
    free_environment(environment, own);
    (void)close(ends[1]);
    if (failed) {
        (void)close(ends[0]);
        return sy_fail(error, failed == ENOENT ? SY_NOT_FOUND : SY_UNAVAILABLE,
                       "the engine %s could not be started: %s", argv[0], strerror(failed));
    }
    *ret = (struct sy_process){.pid = pid, .output = ends[0]};
    return 0;
}

static int64_t left_ms(int64_t until_ms) {
    int64_t left = until_ms - sy_server_now_ms();
    return left > 0 ? left : 0;
}

/* Wait for the end of the child, through its pidfd where the kernel has them (5.3); false when it
 * lives on. */
static bool wait_end(struct sy_process *process, int64_t timeout_ms, int *ret_status) {
    enum { LOOK_MS = 20 };
    int64_t until_ms = sy_server_now_ms() + timeout_ms;
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, process->pid, 0), .events = POLLIN};
    bool ended = false;
    do {
        int64_t wait_ms = left_ms(until_ms);
        (void)poll(&end, 1, (int)(end.fd < 0 && wait_ms > LOOK_MS ? LOOK_MS : wait_ms));
        ended = waitpid(process->pid, ret_status, WNOHANG) == process->pid;
    } while (!ended && left_ms(until_ms) > 0);
    if (end.fd >= 0)
        (void)close(end.fd);
    if (ended)
        process->pid = 0;
    return ended;
}

static int ended_early(struct sy_process *process, const char *program, struct sy_error *error) {
    int status = 0;
    if (!wait_end(process, 1000, &status))
        return sy_fail(error, SY_FAILED_PRECONDITION,
                       "%s closed its output before the handshake; it is no engine", program);
    if (WIFSIGNALED(status))
        return sy_fail(error, SY_UNAVAILABLE,
                       "the engine %s was killed by signal %d before its handshake", program,
                       WTERMSIG(status));
    return sy_fail(error, SY_FAILED_PRECONDITION,
                   "%s ended with exit status %d before its handshake; what it wrote to standard "
                   "error says why",
                   program, WEXITSTATUS(status));
}

static int too_late(const char *program, int64_t timeout_ms, struct sy_error *error) {
    return sy_fail(error, SY_DEADLINE_EXCEEDED,
                   "%s said nothing within %lld s of its start; it is no engine, or hangs", program,
                   (long long)(timeout_ms / 1000));
}

/* What is there to read, at most max bytes; 0 at the end, -1 when it is too late. */
static ssize_t read_some(int fd, int64_t until_ms, char *buf, size_t max) {
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int n = poll(&ready, 1, (int)left_ms(until_ms));
        if (n == 0)
            return -1;
        if (n < 0 && errno != EINTR)
            return 0;
        if (n > 0) {
            ssize_t got = read(fd, buf, max);
            if (got >= 0 || errno != EINTR)
                return got > 0 ? got : 0;
        }
    }
}

/* What an engine writes behind its line is nobody's, so it may be read with it. */
static int read_handshake(struct sy_process *process, const char *program, int64_t timeout_ms,
                          struct sy_handshake *ret, struct sy_error *error) {
    char line[SY_HANDSHAKE_LINE_MAX] = "";
    size_t len = 0;
    int64_t until_ms = sy_server_now_ms() + timeout_ms;
    while (len + 1 < sizeof line) {
        ssize_t got = read_some(process->output, until_ms, line + len, sizeof line - 1 - len);
        if (got < 0)
            return too_late(program, timeout_ms, error);
        if (got == 0)
            return len ? sy_handshake_parse(program, line, ret, error)
                       : ended_early(process, program, error);
        char *end = memchr(line + len, '\n', (size_t)got);
        len += (size_t)got;
        if (end) {
            *end = '\0';
            return sy_handshake_parse(program, line, ret, error);
        }
    }
    return sy_handshake_parse(program, "(a line without end)", ret, error);
}

int sy_process_handshake(struct sy_process *process, const char *program, int64_t timeout_ms,
                         struct sy_handshake *ret, struct sy_error *error) {
    if (read_handshake(process, program, timeout_ms, ret, error))
        return -1;
    (void)snprintf(process->socket, sizeof process->socket, "%s", ret->path);
    return 0;
}

void sy_process_finish(struct sy_process *process, int64_t timeout_ms) {
    int status = 0;
    if (process->pid && !wait_end(process, timeout_ms, &status)) {
        (void)kill(process->pid, SIGKILL);
        (void)waitpid(process->pid, &status, 0);
    }
    if (WIFSIGNALED(status) && process->socket[0])
        sy_socket_sweep(process->socket);
    if (process->output >= 0)
        (void)close(process->output);
    *process = (struct sy_process){.output = -1};
}
