/* The log: one JSON object a line on standard error, with the keys go-plugin hosts understand
 * (@level, @message, @module, @timestamp). Off until sy_log_level() is called. */
#ifndef SY_BASE_LOG_H
#define SY_BASE_LOG_H

#include "base/error.h"

enum sy_log_level { SY_LOG_OFF, SY_LOG_ERROR, SY_LOG_WARN, SY_LOG_INFO, SY_LOG_DEBUG };

void sy_log_set_level(enum sy_log_level level);
/* Never pass a secret: no credential, no header, no body of a request. */
void sy_log(enum sy_log_level level, const char *fmt, ...) SY_PRINTF(2, 3);

#endif
