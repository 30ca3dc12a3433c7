#include "rpc/socket.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int sy_socket_parse(const char *address, char ret[SY_SOCKET_PATH_MAX + 1], struct sy_error *error) {
    static const char prefix[] = "unix:";
    const char *path = address + strlen(prefix);
    char shown[160];
    if (strncmp(address, prefix, strlen(prefix)) != 0 || path[0] != '/' ||
        strlen(path) > SY_SOCKET_PATH_MAX || !sy_text_is_clean(path, strlen(path)))
        return sy_fail_field(
            error, "engine",
            "engine: \"%s\" is no address; write unix:/path with a path of at most "
            "%d bytes",
            sy_text_clean(address, strlen(address), shown, sizeof shown), SY_SOCKET_PATH_MAX);
    (void)snprintf(ret, SY_SOCKET_PATH_MAX + 1, "%s", path);
    return 0;
}

int sy_socket_probe(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int failed = connect(fd, (const struct sockaddr *)&address, sizeof address) ? errno : 0;
    (void)close(fd);
    return failed == EAGAIN ? 0 : failed; /* a full backlog is somebody, too */
}

/* A private socket is PARENT/steelyard-XXXXXX/engine. */
#define PRIVATE_DIRECTORY "/steelyard-"
#define PRIVATE_NAME "/engine"

static bool private_under(const char *parent, struct sy_socket *ret) {
    static const char name[] = PRIVATE_DIRECTORY "XXXXXX";
    if (strlen(parent) + strlen(name) + strlen(PRIVATE_NAME) > SY_SOCKET_PATH_MAX ||
        parent[0] != '/')
        return false;
    (void)snprintf(ret->directory, sizeof ret->directory, "%s%s", parent, name);
    return mkdtemp(ret->directory) != NULL; /* its mode is 0700 */
}

int sy_socket_private(struct sy_socket *ret, struct sy_error *error) {
    struct sy_socket out = {.lock = -1};
    const char *parent = getenv("TMPDIR");
    if (!(parent && private_under(parent, &out)) && !private_under("/tmp", &out))
        return sy_fail(
            error, SY_UNAVAILABLE,
            "no directory for the engine's socket could be made under TMPDIR or /tmp: %s",
            strerror(errno));
    int n = snprintf(out.path, sizeof out.path, "%s" PRIVATE_NAME, out.directory);
    if (n < 0 || (size_t)n >= sizeof out.path)
        return sy_fail(error, SY_INTERNAL, "the socket's name is too long");
    out.umask = umask(0177);
    *ret = out;
    return 0;
}

/* Whoever claims a name in the directory waits here, so that two engines that start at once cannot
 * both find the socket free. */
static int lock_parent(const char *path, struct sy_error *error) {
    SY_AUTO_FREE char *parent = sy_strdup(path);
    char *slash = strrchr(parent, '/');
    slash[slash == parent ? 1 : 0] = '\0';
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX)) {
        int why = errno;
        if (fd >= 0)
            (void)close(fd);
        return sy_fail_field(error, "engine", "engine: the directory %s cannot be used: %s", parent,
                             strerror(why));
    }
    return fd;
}

static int clear_stale(const char *path, struct sy_error *error) {
    struct stat about;
    if (lstat(path, &about))
        return errno == ENOENT ? 0
                               : sy_fail_field(error, "engine", "engine: %s cannot be used: %s",
                                               path, strerror(errno));
    if (!S_ISSOCK(about.st_mode))
        return sy_fail_field(error, "engine",
                             "engine: %s exists and is no socket; name another path", path);
    int failed = sy_socket_probe(path);
    if (failed == 0)
        return sy_fail_reason(
            error, SY_FAILED_PRECONDITION, "ENGINE_RUNNING",
            "an engine serves on %s already; use it, stop it, or name another path", path);
    if (failed != ECONNREFUSED || unlink(path))
        return sy_fail_field(error, "engine", "engine: %s cannot be replaced: %s", path,
                             strerror(failed != ECONNREFUSED ? failed : errno));
    return 0;
}

int sy_socket_standing(const char *address, struct sy_socket *ret, struct sy_error *error) {
    struct sy_socket out = {.lock = -1};
    if (sy_socket_parse(address, out.path, error))
        return -1;
    out.lock = lock_parent(out.path, error);
    if (out.lock < 0)
        return -1;
    if (clear_stale(out.path, error)) {
        (void)close(out.lock);
        return -1;
    }
    out.umask = umask(0177);
    *ret = out;
    return 0;
}

int sy_socket_claimed(struct sy_socket *socket, bool bound, struct sy_error *error) {
    (void)umask(socket->umask);
    if (socket->lock >= 0)
        (void)close(socket->lock);
    socket->lock = -1;
    struct stat about;
    if (!bound || lstat(socket->path, &about))
        return sy_fail(error, SY_UNAVAILABLE, "the engine could not listen on %s", socket->path);
    socket->device = about.st_dev;
    socket->inode = about.st_ino;
    if (chmod(socket->path, 0600))
        return sy_fail(error, SY_UNAVAILABLE, "the mode of %s could not be set: %s", socket->path,
                       strerror(errno));
    return 0;
}

void sy_socket_finish(struct sy_socket *socket) {
    struct stat about;
    if (socket->inode && lstat(socket->path, &about) == 0 && about.st_ino == socket->inode &&
        about.st_dev == socket->device)
        (void)unlink(socket->path);
    if (socket->directory[0])
        (void)rmdir(socket->directory);
    *socket = (struct sy_socket){.lock = -1};
}

void sy_socket_sweep(const char *path) {
    struct stat about;
    SY_AUTO_FREE char *directory = sy_strdup(path);
    char *name = strrchr(directory, '/');
    if (!name || strcmp(name, PRIVATE_NAME) != 0)
        return;
    *name = '\0';
    const char *last = strrchr(directory, '/');
    if (!last || strncmp(last, PRIVATE_DIRECTORY, strlen(PRIVATE_DIRECTORY)) != 0)
        return;
    if (lstat(path, &about) == 0 && S_ISSOCK(about.st_mode))
        (void)unlink(path);
    (void)rmdir(directory);
}
