#include "rpc/handshake.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool sy_handshake_is_wanted(const struct sy_protocol *protocol) {
    const char *cookie = getenv(protocol->cookie_key);
    return cookie && strcmp(cookie, protocol->cookie_value) == 0;
}

int sy_handshake_print(const struct sy_protocol *protocol, const char *path,
                       const char *certificate, struct sy_error *error) {
    SY_AUTO_FREE char *line = sy_asprintf("%d|%d|unix|%s|grpc|%s\n", SY_HANDSHAKE_CORE,
                                          protocol->version, path, certificate);
    size_t len = strlen(line);
    for (size_t done = 0; done < len;) {
        ssize_t n = write(STDOUT_FILENO, line + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return sy_fail(error, SY_UNAVAILABLE,
                           "the handshake line could not be written to standard output: %s",
                           strerror(errno));
        done += (size_t)n;
    }
    return 0;
}

enum { CORE, APP, NETWORK, ADDRESS, PROTOCOL, CERTIFICATE, FIELDS };

/* Cut the copy at its bars; hosts of later go-plugins add fields behind, which are ignored. */
static int split(char *line, char *fields[FIELDS]) {
    int n = 0;
    for (char *rest = line; rest && n < FIELDS; n++)
        fields[n] = strsep(&rest, "|");
    return n;
}

static int wrong_line(const char *program, const char *line, struct sy_error *error) {
    char shown[120];
    return sy_fail(error, SY_FAILED_PRECONDITION,
                   "%s is no engine: its first line of output is \"%s\", not a go-plugin handshake",
                   program, sy_text_clean(line, strlen(line), shown, sizeof shown));
}

static int wrong_version(const char *program, const char *what, const char *got, int want,
                         struct sy_error *error) {
    char shown[24];
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "PROTOCOL_MISMATCH",
                          "%s speaks version %s of the %s, this program version %d; use a host and "
                          "an engine of the same release",
                          program, sy_text_clean(got, strlen(got), shown, sizeof shown), what,
                          want);
}

static bool is_number(const char *text, int want) {
    char number[16];
    (void)snprintf(number, sizeof number, "%d", want);
    return strcmp(text, number) == 0;
}

int sy_handshake_parse(const char *program, const char *line, struct sy_handshake *ret,
                       struct sy_error *error) {
    SY_AUTO_FREE char *copy = sy_strdup(line);
    char *fields[FIELDS] = {0};
    int n = split(copy, fields);
    size_t digits = n > PROTOCOL ? strspn(fields[CORE], "0123456789") : 0;
    if (digits == 0 || fields[CORE][digits])
        return wrong_line(program, line, error);
    if (!is_number(fields[CORE], SY_HANDSHAKE_CORE))
        return wrong_version(program, "handshake", fields[CORE], SY_HANDSHAKE_CORE, error);
    if (!is_number(fields[APP], SY_PROTOCOL_VERSION))
        return wrong_version(program, "plugin protocol", fields[APP], SY_PROTOCOL_VERSION, error);
    const char *certificate = n > CERTIFICATE ? fields[CERTIFICATE] : "";
    if (strcmp(fields[NETWORK], "unix") != 0 || strcmp(fields[PROTOCOL], "grpc") != 0 ||
        fields[ADDRESS][0] != '/' || strlen(fields[ADDRESS]) > SY_SOCKET_PATH_MAX ||
        strlen(certificate) >= sizeof ret->certificate)
        return wrong_line(program, line, error);
    *ret = (struct sy_handshake){0};
    memcpy(ret->path, fields[ADDRESS], strlen(fields[ADDRESS]));
    memcpy(ret->certificate, certificate, strlen(certificate));
    return 0;
}
