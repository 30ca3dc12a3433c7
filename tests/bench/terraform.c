/* Stands in a provider's place, so that what the provider uses is known apart from Terraform's
 * share: runs measured/NAME beside itself, and notes in the file `used` beside itself when one
 * starts ("+") and what one that has ended used: CPU in µs, peak memory in KiB. */
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void note(const char *folder, const char *line) {
    char path[PATH_MAX + 8];
    (void)snprintf(path, sizeof path, "%s/used", folder);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || write(file, line, strlen(line)) < 0)
        perror(path);
    if (file >= 0)
        (void)close(file);
}

static long long us(struct timeval time) {
    return time.tv_sec * 1000000LL + time.tv_usec;
}

int main(int argc, char **argv) {
    char self[PATH_MAX];
    char measured[PATH_MAX + 16];
    char line[64];
    pid_t pid = 0;
    int status = 0;
    struct rusage used;
    (void)argc;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len < 0)
        return 1;
    self[len] = '\0';
    char *name = strrchr(self, '/');
    *name++ = '\0';
    (void)snprintf(measured, sizeof measured, "%s/measured/%s", self, name);
    note(self, "+\n");
    argv[0] = measured;
    if (posix_spawn(&pid, measured, NULL, NULL, argv, environ) != 0 ||
        wait4(pid, &status, 0, &used) != pid)
        return 1;
    (void)snprintf(line, sizeof line, "%lld %ld\n", us(used.ru_utime) + us(used.ru_stime),
                   used.ru_maxrss);
    note(self, line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
