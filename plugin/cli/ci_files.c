/* Where a CI job's reports go: a folder for all of them, and GitHub's two files. */
#include "base/memory.h"
#include "base/text.h"
#include "cli/ci.h"
#include "report/face.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of the files in the folder. */
static const struct {
    enum sy_face face;
    const char *name;
} files[] = {
    {SY_FACE_HTML, "report.html"}, {SY_FACE_JSON, "report.json"},   {SY_FACE_MARKDOWN, "report.md"},
    {SY_FACE_JUNIT, "junit.xml"},  {SY_FACE_DOTENV, "outputs.env"},
};

/* mkdir -p */
static int make_directory(const char *path) {
    char part[1024];
    for (size_t i = 1; path[i - 1]; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        (void)snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0777) && errno != EEXIST)
            return -1;
    }
    struct stat found;
    return stat(path, &found) || !S_ISDIR(found.st_mode) || access(path, W_OK | X_OK) ? -1 : 0;
}

/* An output is one line, and the folder's path is one of them. */
static int choose_directory(struct sy_ci *ci, struct sy_error *error) {
    const char *asked = getenv("STEELYARD_REPORT_DIR");
    const char *temp = getenv("RUNNER_TEMP");
    int n = 0;
    if (asked && asked[0])
        n = snprintf(ci->directory, sizeof ci->directory, "%s", asked);
    else if (ci->platform == SY_PLATFORM_GITHUB && temp && temp[0]) /* one a function of the job */
        n = snprintf(ci->directory, sizeof ci->directory, "%s/steelyard/%s-%s", temp,
                     ci->report.function, ci->report.alias);
    else
        n = snprintf(ci->directory, sizeof ci->directory, "steelyard-report");
    if (n >= (int)sizeof ci->directory)
        return sy_fail_field(error, "STEELYARD_REPORT_DIR",
                             "STEELYARD_REPORT_DIR: the path has %d bytes; at most %zu are taken",
                             n, sizeof ci->directory - 1);
    if (!sy_text_is_clean(ci->directory, strlen(ci->directory)))
        return sy_fail_field(error, "STEELYARD_REPORT_DIR",
                             "STEELYARD_REPORT_DIR: contains control characters or broken UTF-8");
    return 0;
}

/* A file of the platform's, and how long it is. */
static int find_platform_file(const char *variable, const char **ret, long *ret_at,
                              struct sy_error *error) {
    const char *path = getenv(variable);
    struct stat found;
    if (!path || !path[0])
        return sy_fail_field(error, variable,
                             "%s is not set: steelyard ci github runs in a step of GitHub Actions; "
                             "elsewhere use steelyard ci files",
                             variable);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd < 0 || fstat(fd, &found) || !S_ISREG(found.st_mode)) {
        int failed = sy_fail_field(error, variable, "%s: cannot write %s: %s", variable, path,
                                   fd < 0 ? strerror(errno) : "it is no file");
        if (fd >= 0)
            (void)close(fd);
        return failed;
    }
    (void)close(fd);
    *ret = path;
    *ret_at = (long)found.st_size;
    return 0;
}

int sy_ci_files_open(struct sy_ci *ci, struct sy_error *error) {
    if (choose_directory(ci, error))
        return -1;
    if (make_directory(ci->directory))
        return sy_fail_field(error, "STEELYARD_REPORT_DIR",
                             "STEELYARD_REPORT_DIR: cannot write into the folder %s: %s",
                             ci->directory, strerror(errno));
    if (ci->platform != SY_PLATFORM_GITHUB)
        return 0;
    return find_platform_file("GITHUB_OUTPUT", &ci->output, &ci->output_at, error) ||
                   find_platform_file("GITHUB_STEP_SUMMARY", &ci->summary, &ci->summary_at, error)
               ? -1
               : 0;
}

/* From at on the file is this text. */
static void write_file(const char *path, long at, const struct sy_buffer *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    bool failed = fd < 0 || ftruncate(fd, at) || lseek(fd, at, SEEK_SET) < 0;
    for (size_t done = 0; !failed && done < text->len;) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        failed = n < 0 && errno != EINTR;
        done += n > 0 ? (size_t)n : 0;
    }
    failed |= fd >= 0 && close(fd) != 0;
    if (failed)
        (void)fprintf(stderr, "steelyard: warning: cannot write %s: %s\n", path, strerror(errno));
}

static char *absolute(const char *path) {
    char here[4096];
    return path[0] == '/' || !getcwd(here, sizeof here) ? sy_strdup(path)
                                                        : sy_asprintf("%s/%s", here, path);
}

static void write_github(const struct sy_ci *ci) {
    SY_AUTO_BUFFER struct sy_buffer outputs = {0};
    SY_AUTO_BUFFER struct sy_buffer summary = {0};
    SY_AUTO_FREE char *page = sy_asprintf("%s/report.html", ci->directory);
    SY_AUTO_FREE char *path = absolute(page);
    sy_face_write(SY_FACE_OUTPUTS, &ci->report, &outputs);
    sy_buffer_printf(&outputs, "report=%s\n", path);
    write_file(ci->output, ci->output_at, &outputs);
    sy_face_write(SY_FACE_MARKDOWN, &ci->report, &summary);
    write_file(ci->summary, ci->summary_at, &summary);
}

void sy_ci_files_write(const struct sy_ci *ci) {
    if (ci->platform == SY_PLATFORM_GITHUB) /* first: a job that is killed has these at least */
        write_github(ci);
    for (size_t i = 0; i < SY_COUNT(files); i++) {
        SY_AUTO_BUFFER struct sy_buffer text = {0};
        SY_AUTO_FREE char *path = sy_asprintf("%s/%s", ci->directory, files[i].name);
        sy_face_write(files[i].face, &ci->report, &text);
        if (files[i].face == SY_FACE_DOTENV)
            sy_buffer_printf(&text, "STEELYARD_REPORT=%s/report.html\n", ci->directory);
        write_file(path, 0, &text);
    }
}
