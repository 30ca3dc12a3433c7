/* The name that an engine puts on its leases: host, process, and what tells this machine and this
 * process from any other. So the next engine on the same machine sees that the last one is gone,
 * and does not wait for its lease to run out - after a CI job was killed, say. */
#include "cli/cli.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOST_MAX = 32 };

static bool read_file(const char *path, char *buf, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, buf, size - 1);
    if (fd >= 0)
        (void)close(fd);
    if (len <= 0)
        return false;
    buf[len] = '\0';
    return true;
}

/* Of the boot and the process namespace: two containers of one machine do not see each other's
 * processes. 0: cannot be told. */
static uint32_t machine(void) {
    char boot[64];
    struct stat space;
    uint32_t h = 2166136261U; /* FNV-1a, 32 bits */
    if (!read_file("/proc/sys/kernel/random/boot_id", boot, sizeof boot) ||
        stat("/proc/self/ns/pid", &space))
        return 0;
    for (const char *p = boot; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619U;
    return (h ^ (uint32_t)space.st_ino) * 16777619U;
}

/* When the process started, in clock ticks since the boot (proc(5), field 22); false: there is no
 * such process, or only what is left of it until its parent looks. */
static bool started(long pid, uint64_t *ret) {
    char path[48];
    char stat[1024];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!read_file(path, stat, sizeof stat))
        return false;
    const char *p = strrchr(stat, ')'); /* the name may hold anything */
    if (!p || strchr("ZX", p[1] ? p[2] : 'X'))
        return false;
    for (int field = 2; p && field < 22; field++)
        p = strchr(p + 1, ' ');
    return p && sscanf(p, " %" SCNu64, ret) == 1;
}

/* As it stands in an owner's name, where a colon ends it; false: it cannot be told, or not whole.
 */
static bool host_name(char buf[HOST_MAX + 1]) {
    bool told = gethostname(buf, HOST_MAX) == 0;
    buf[HOST_MAX] = '\0';
    for (char *p = buf; *p; p++)
        if (*p == ':')
            *p = '-';
    return told;
}

void sy_owner_name(char buf[SY_CLI_OWNER_MAX]) {
    char host[HOST_MAX + 1] = "";
    uint64_t ticks = 0;
    (void)host_name(host);
    (void)started(getpid(), &ticks);
    (void)snprintf(buf, SY_CLI_OWNER_MAX, "%s:%d:%08" PRIx32 "-%04x", host, (int)getpid(),
                   machine(), (unsigned)(ticks & 0xFFFF));
}

bool sy_owner_gone(const char *owner) {
    char host[HOST_MAX + 1] = "";
    char here[HOST_MAX + 1] = "";
    long pid = 0;
    uint32_t their_machine = 0;
    unsigned their_start = 0;
    uint64_t ticks = 0;
    if (sscanf(owner, "%32[^:]:%ld:%8" SCNx32 "-%4x", host, &pid, &their_machine, &their_start) !=
            4 ||
        pid <= 0 || !their_machine || their_machine != machine() || !host_name(here) ||
        strcmp(host, here) != 0)
        return false;
    return !started(pid, &ticks) || (unsigned)(ticks & 0xFFFF) != their_start;
}
