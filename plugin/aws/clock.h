/* What time it is at AWS: this machine's clock, and how far AWS's is ahead of it. A signature is
 * refused when the two are more than 5 minutes apart; AWS's answers carry its time. */
#ifndef SY_AWS_CLOCK_H
#define SY_AWS_CLOCK_H

#include "base/io.h"

#include <stdbool.h>

/* Less than AWS's own: a Date of whole seconds that took its time to come cannot tell 5 minutes
 * exactly, and what AWS has refused must be found to be away. */
enum { SY_CLOCK_TOLERANCE_MS = 4 * 60 * 1000 };

struct sy_clock {
    struct sy_io *io; /* NULL: the system's clock */
    int64_t ahead_ms; /* of AWS's clock; 0 until something was learned */
};

int64_t sy_clock_now(const struct sy_clock *clock);
/* From the Date header of an answer of AWS that has just come. True when it is further away than
 * is tolerated: then the clock was set. */
bool sy_clock_learn(struct sy_clock *clock, const struct sy_http_response *response);

/* "2026-11-24T09:00:00Z", with a fraction of a second, an offset such as +01:00, or UTC at its end,
 * as AWS and its tools write times. False: it is none. */
bool sy_aws_time_parse(const char *text, int64_t *ret_ms);
/* "Tue, 24 Nov 2026 09:00:00 GMT" */
bool sy_http_date_parse(const char *text, int64_t *ret_ms);

#endif
