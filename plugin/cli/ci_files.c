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

/* A file of the platform's. */
static int find_platform_file(const char *variable, struct sy_ci_file *ret,
                              struct sy_error *error) {
    const char *path = getenv(variable);
    if (!path || !path[0])
        return sy_fail_field(error, variable,
                             "%s is not set: steelyard ci github runs in a step of GitHub Actions; "
                             "elsewhere use steelyard ci files",
                             variable);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd < 0)
        return sy_fail_field(error, variable, "%s: cannot write %s: %s", variable, path,
                             strerror(errno));
    (void)close(fd);
    *ret = (struct sy_ci_file){.path = path};
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
    return find_platform_file("GITHUB_OUTPUT", &ci->output, error) ||
                   find_platform_file("GITHUB_STEP_SUMMARY", &ci->summary, error)
               ? -1
               : 0;
}

static int write_all(int fd, const char *bytes, size_t n) {
    for (size_t done = 0; done < n;) {
        ssize_t now = write(fd, bytes + done, n - done);
        if (now < 0 && errno != EINTR)
            return -1;
        done += now > 0 ? (size_t)now : 0;
    }
    return 0;
}

static void warn(const char *path) {
    struct sy_error why;
    SY_AUTO_FREE char *what = sy_asprintf("cannot write %s", path);
    (void)sy_fail(&why, SY_INTERNAL, "%s", strerror(errno));
    sy_cli_warn(what, &why);
}

/* A report, which is a file of ours: no link is followed to somebody else's. */
static void write_report(const char *path, const struct sy_buffer *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    bool failed = fd < 0 || ftruncate(fd, 0) || write_all(fd, text->data, text->len);
    if (fd >= 0)
        failed |= close(fd) != 0;
    if (failed)
        warn(path);
}

/* Where ours begins: where it did the last time, if nobody wrote behind it since; else at the end,
 * on a line of its own. */
static int find_place(int fd, struct sy_ci_file *file) {
    struct stat found;
    char last = '\n';
    if (fstat(fd, &found))
        return -1;
    if (!S_ISREG(found.st_mode)) /* such as /dev/null: it has no places */
        return 0;
    if (file->end && found.st_size == file->end)
        return ftruncate(fd, file->begin) || lseek(fd, file->begin, SEEK_SET) < 0 ? -1 : 0;
    if (found.st_size && pread(fd, &last, 1, found.st_size - 1) != 1)
        return -1;
    file->begin = lseek(fd, 0, SEEK_END);
    return file->begin < 0 || (last != '\n' && write_all(fd, "\n", 1)) ? -1 : 0;
}

static void write_ours(struct sy_ci_file *file, const struct sy_buffer *text) {
    int fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    bool failed = fd < 0 || find_place(fd, file) || write_all(fd, text->data, text->len);
    if (fd >= 0) {
        file->end = lseek(fd, 0, SEEK_CUR);
        failed |= close(fd) != 0;
    }
    if (failed)
        warn(file->path);
}

static char *absolute(const char *path) {
    char here[4096];
    return path[0] == '/' || !getcwd(here, sizeof here) ? sy_strdup(path)
                                                        : sy_asprintf("%s/%s", here, path);
}

static void write_github(struct sy_ci *ci) {
    SY_AUTO_BUFFER struct sy_buffer outputs = {0};
    SY_AUTO_BUFFER struct sy_buffer summary = {0};
    SY_AUTO_FREE char *page = sy_asprintf("%s/report.html", ci->directory);
    SY_AUTO_FREE char *path = absolute(page);
    sy_face_write(SY_FACE_OUTPUTS, &ci->report, &outputs);
    sy_buffer_printf(&outputs, "report=%s\n", path);
    write_ours(&ci->output, &outputs);
    sy_face_write(SY_FACE_MARKDOWN, &ci->report, &summary);
    write_ours(&ci->summary, &summary);
}

void sy_ci_files_write(struct sy_ci *ci) {
    if (ci->platform == SY_PLATFORM_GITHUB) /* first: a job that is killed has these at least */
        write_github(ci);
    for (size_t i = 0; i < SY_COUNT(files); i++) {
        SY_AUTO_BUFFER struct sy_buffer text = {0};
        SY_AUTO_FREE char *path = sy_asprintf("%s/%s", ci->directory, files[i].name);
        sy_face_write(files[i].face, &ci->report, &text);
        if (files[i].face == SY_FACE_DOTENV)
            sy_buffer_printf(&text, "STEELYARD_REPORT=%s/report.html\n", ci->directory);
        write_report(path, &text);
    }
}
