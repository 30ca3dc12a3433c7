#include "aws/clock.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

int64_t sy_clock_now(const struct sy_clock *clock) {
    return clock->io ? sy_io_now(clock->io) + clock->ahead_ms : sy_time_now();
}

bool sy_clock_learn(struct sy_clock *clock, const struct sy_http_response *response) {
    const char *date = sy_http_header_get(response, "Date");
    int64_t theirs = 0;
    if (!date || !sy_http_date_parse(date, &theirs))
        return false;
    int64_t away = theirs - sy_clock_now(clock);
    if (away > -SY_CLOCK_TOLERANCE_MS && away < SY_CLOCK_TOLERANCE_MS)
        return false;
    clock->ahead_ms += away;
    return true;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* A number of exactly so many digits, moves past it; -1: none. */
static int take(const char **text, int digits) {
    int n = 0;
    for (int i = 0; i < digits; i++) {
        if (!is_digit((*text)[i]))
            return -1;
        n = n * 10 + ((*text)[i] - '0');
    }
    *text += digits;
    return n;
}

static bool eat(const char **text, char c) {
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static bool is_time(const struct tm *tm) {
    return tm->tm_year >= 70 && tm->tm_mon >= 0 && tm->tm_mon <= 11 && tm->tm_mday >= 1 &&
           tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour <= 23 && tm->tm_min >= 0 &&
           tm->tm_min <= 59 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

static bool take_clock(const char **text, struct tm *tm) {
    tm->tm_hour = take(text, 2);
    if (tm->tm_hour < 0 || !eat(text, ':'))
        return false;
    tm->tm_min = take(text, 2);
    if (tm->tm_min < 0 || !eat(text, ':'))
        return false;
    tm->tm_sec = take(text, 2);
    return tm->tm_sec >= 0;
}

/* "Z", "UTC", "+01:00" or "-0130" at the end. */
static bool take_zone(const char *text, int64_t *ret_seconds) {
    *ret_seconds = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "UTC") == 0)
        return true;
    int sign = *text == '-' ? -1 : 1;
    if (!eat(&text, '+') && !eat(&text, '-'))
        return false;
    int hours = take(&text, 2);
    (void)eat(&text, ':');
    int minutes = take(&text, 2);
    *ret_seconds = sign * (int64_t)(hours * 3600 + minutes * 60);
    return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59 && *text == '\0';
}

bool sy_aws_time_parse(const char *text, int64_t *ret_ms) {
    struct tm tm = {.tm_year = take(&text, 4) - 1900};
    int64_t zone = 0;
    int64_t fraction = 0;
    if (tm.tm_year < 0 || !eat(&text, '-'))
        return false;
    tm.tm_mon = take(&text, 2) - 1;
    if (tm.tm_mon < 0 || !eat(&text, '-'))
        return false;
    tm.tm_mday = take(&text, 2);
    if (tm.tm_mday < 0 || !eat(&text, 'T') || !take_clock(&text, &tm))
        return false;
    if (eat(&text, '.'))
        for (int64_t unit = 100; is_digit(*text); unit /= 10)
            fraction += unit * (*text++ - '0');
    if (!is_time(&tm) || !take_zone(text, &zone))
        return false;
    *ret_ms = ((int64_t)timegm(&tm) - zone) * 1000 + fraction;
    return true;
}

bool sy_http_date_parse(const char *text, int64_t *ret_ms) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm = {0};
    char month[4] = "";
    const char *comma = strstr(text, ", ");
    if (!comma)
        return false;
    text = comma + 2;
    tm.tm_mday = take(&text, 2);
    if (tm.tm_mday < 0 || !eat(&text, ' ') || strnlen(text, 4) < 4)
        return false;
    memcpy(month, text, 3);
    const char *at = strstr(months, month);
    text += 3;
    if (!at || (at - months) % 3 != 0 || !eat(&text, ' '))
        return false;
    tm.tm_mon = (int)(at - months) / 3;
    tm.tm_year = take(&text, 4) - 1900;
    if (tm.tm_year < 0 || !eat(&text, ' ') || !take_clock(&text, &tm) || !is_time(&tm) ||
        strcmp(text, " GMT") != 0)
        return false;
    *ret_ms = (int64_t)timegm(&tm) * 1000;
    return true;
}
