#include "base/text.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Digits at *text -> value; false when there is none or it overflows. */
static bool take_digits(const char **text, int64_t *ret) {
    const char *p = *text;
    int64_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *p - '0', &value))
            return false;
    if (p == *text)
        return false;
    *text = p;
    *ret = value;
    return true;
}

int sy_duration_parse(const char *field, const char *text, int64_t *ret_ms,
                      struct sy_error *error) {
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const char *p = text;
    char shown[64];
    int64_t value = 0;
    if (take_digits(&p, &value))
        for (size_t i = 0; i < SY_COUNT(units); i++)
            if (strcmp(p, units[i].suffix) == 0 &&
                !__builtin_mul_overflow(value, units[i].ms, &value)) {
                *ret_ms = value;
                return 0;
            }
    return sy_fail_field(error, field,
                         "%s: \"%s\" is not a duration; write a whole number and a unit, "
                         "such as 90s, 15m or 2h",
                         field, sy_text_clean(text, strlen(text), shown, sizeof shown));
}

int sy_percent_parse(const char *field, const char *text, int32_t *ret_bp, struct sy_error *error) {
    const char *p = text;
    char shown[64];
    int64_t whole = 0;
    int64_t part = 0;
    bool good = take_digits(&p, &whole) && whole <= 100;
    if (good && *p == '.') {
        const char *start = ++p;
        good = take_digits(&p, &part) && p - start <= 2;
        if (p - start == 1)
            part *= 10;
    }
    if (*p == '%')
        p++;
    if (!good || *p || whole * 100 + part > 10000)
        return sy_fail_field(error, field,
                             "%s: \"%s\" is not a percentage; write 0 to 100 with at most two "
                             "decimals, such as 10%% or 2.5%%",
                             field, sy_text_clean(text, strlen(text), shown, sizeof shown));
    *ret_bp = (int32_t)(whole * 100 + part);
    return 0;
}

int sy_integer_parse(const char *field, const char *text, int64_t min, int64_t max, int64_t *ret,
                     struct sy_error *error) {
    const char *p = text;
    char shown[64];
    int64_t value = 0;
    if (!take_digits(&p, &value) || *p || value < min || value > max)
        return sy_fail_field(error, field, "%s: \"%s\" is not a whole number from %lld to %lld",
                             field, sy_text_clean(text, strlen(text), shown, sizeof shown),
                             (long long)min, (long long)max);
    *ret = value;
    return 0;
}

const char *sy_duration_format(int64_t ms, char buf[32]) {
    if (ms < 0)
        ms = 0;
    long long h = (long long)(ms / 3600000);
    long long m = (long long)(ms / 60000 % 60);
    long long s = (long long)(ms / 1000 % 60);
    long long rest = (long long)(ms % 1000);
    char seconds[16] = "";
    if (rest) {
        int n = snprintf(seconds, sizeof seconds, "%lld.%03lld", s, rest);
        while (seconds[n - 1] == '0')
            n--;
        seconds[n] = 's';
        seconds[n + 1] = '\0';
    } else if (s || !(h || m))
        (void)snprintf(seconds, sizeof seconds, "%llds", s);
    if (h && m)
        (void)snprintf(buf, 32, "%lldh%lldm%s", h, m, seconds);
    else if (h)
        (void)snprintf(buf, 32, "%lldh%s", h, seconds);
    else if (m)
        (void)snprintf(buf, 32, "%lldm%s", m, seconds);
    else
        (void)snprintf(buf, 32, "%s", seconds);
    return buf;
}

const char *sy_percent_format(int64_t bp, char buf[16]) {
    long long whole = (long long)(bp / 100);
    int part = (int)(bp % 100);
    if (part % 10)
        (void)snprintf(buf, 16, "%lld.%02d%%", whole, part);
    else if (part)
        (void)snprintf(buf, 16, "%lld.%d%%", whole, part / 10);
    else
        (void)snprintf(buf, 16, "%lld%%", whole);
    return buf;
}

int64_t sy_time_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *sy_time_format(int64_t unix_ms, char buf[24]) {
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || !strftime(buf, 24, "%Y-%m-%dT%H:%M:%SZ", &tm))
        (void)snprintf(buf, 24, "?");
    return buf;
}

int sy_time_parse(const char *field, const char *text, int64_t *ret_unix_ms,
                  struct sy_error *error) {
    struct tm tm = {0};
    char back[24];
    char shown[64];
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    int64_t ms = end && !*end ? (int64_t)timegm(&tm) * 1000 : -1;
    /* strptime() takes single digits and the 31st of February; what is read back does not. */
    if (ms >= 0 && strcmp(sy_time_format(ms, back), text) == 0) {
        *ret_unix_ms = ms;
        return 0;
    }
    return sy_fail_field(error, field, "%s: \"%s\" is not a time; write it as 2026-01-02T03:04:05Z",
                         field, sy_text_clean(text, strlen(text), shown, sizeof shown));
}

/* Length of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7), 0 when there is none. */
static size_t utf8_length(const unsigned char *s, size_t left) {
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF4 && s[1] >= 0x90);
    return overlong || beyond ? 0 : n;
}

/* Of the direction of text, U+202A to U+202E and U+2066 to U+2069: with them a line can show other
 * words than it has (Unicode TR 36, 2.5). */
static bool is_direction(const unsigned char *s, size_t n) {
    return n == 3 && s[0] == 0xE2 &&
           ((s[1] == 0x80 && s[2] >= 0xAA && s[2] <= 0xAE) ||
            (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9));
}

static bool is_control(const unsigned char *s, size_t n) {
    return (n == 1 && (s[0] < 0x20 || s[0] == 0x7F)) || (n == 2 && s[0] == 0xC2 && s[1] < 0xA0) ||
           is_direction(s, n);
}

bool sy_text_is_utf8(const char *s, size_t len) {
    const unsigned char *p = (const unsigned char *)s;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_length(p + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

bool sy_text_is_clean(const char *s, size_t len) {
    const unsigned char *p = (const unsigned char *)s;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_length(p + i, len - i);
        if (n == 0 || is_control(p + i, n))
            return false;
        i += n;
    }
    return true;
}

const char *sy_text_clean(const char *s, size_t len, char *buf, size_t size) {
    const unsigned char *p = (const unsigned char *)s;
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_length(p + i, len - i);
        bool good = n > 0 && !is_control(p + i, n);
        size_t width = good ? n : 1;
        if (out + width >= size)
            break;
        if (good)
            memcpy(buf + out, p + i, n);
        else
            buf[out] = '?';
        out += width;
        i += width;
    }
    buf[out] = '\0';
    return buf;
}
