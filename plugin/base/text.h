/* Text from outside: units that people write, and the checks every string passes before use. */
#ifndef SY_BASE_TEXT_H
#define SY_BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* "90s", "15m", "2h", "1d", "500ms" -> milliseconds. A bare number, a sign, blanks, overflow: error
 * on field. The result is >= 0. */
SY_MUST_USE int sy_duration_parse(const char *field, const char *text, int64_t *ret_ms,
                                  struct sy_error *error);
/* "10%", "2.5%", "0.25%", also without the sign -> basis points 0..10000; more than two decimals:
 * error. */
SY_MUST_USE int sy_percent_parse(const char *field, const char *text, int32_t *ret_bp,
                                 struct sy_error *error);
/* A whole number in [min, max]. */
SY_MUST_USE int sy_integer_parse(const char *field, const char *text, int64_t min, int64_t max,
                                 int64_t *ret, struct sy_error *error);

/* 900000 -> "15m", 90000 -> "1m30s", 1500 -> "1.5s"; buf of 32 bytes; returns buf. */
const char *sy_duration_format(int64_t ms, char buf[32]);
/* 1000 -> "10%", 250 -> "2.5%"; buf of 16 bytes; returns buf. */
const char *sy_percent_format(int64_t bp, char buf[16]);
/* This machine's clock, Unix milliseconds. */
int64_t sy_time_now(void);
/* Unix milliseconds -> "2026-01-02T03:04:05Z"; buf of 24 bytes; returns buf. */
const char *sy_time_format(int64_t unix_ms, char buf[24]);
/* "2026-01-02T03:04:05Z" (RFC 3339, UTC, whole seconds) -> Unix milliseconds. */
SY_MUST_USE int sy_time_parse(const char *field, const char *text, int64_t *ret_unix_ms,
                              struct sy_error *error);

/* Well-formed UTF-8, controls and all? */
bool sy_text_is_utf8(const char *s, size_t len);
/* Valid UTF-8 without control characters (C0, DEL, C1, those that turn the direction of text)? NUL
 * inside len counts as a control. */
bool sy_text_is_clean(const char *s, size_t len);
/* Copy into buf for showing: control characters and broken UTF-8 become '?'. Returns buf. */
const char *sy_text_clean(const char *s, size_t len, char *buf, size_t size);

#endif
