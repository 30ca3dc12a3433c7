/* The values of flags that need more than their kind; for the table in flags.c. Each parser sets
 * its field of *cli; INVALID_ARGUMENT names the flag, the value and what would do. */
#ifndef SY_CLI_FLAG_VALUE_H
#define SY_CLI_FLAG_VALUE_H

#include "cli/cli.h"

/* All words that a flag takes, NULL behind the last: from the X-macros of core/spec.h and cli.h. */
extern const char *const sy_wait_choices[];
extern const char *const sy_interrupt_choices[];
extern const char *const sy_inconclusive_choices[];
extern const char *const sy_primary_choices[];
extern const char *const sy_output_choices[];
extern const char *const sy_shell_choices[];
extern const char *const sy_platform_choices[];
extern const char *const sy_format_choices[];
extern const char *const sy_only_choices[]; /* of report/drill.h */

SY_MUST_USE int sy_flag_stages(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_wait(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_on_interrupt(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_on_inconclusive(const char *value, struct sy_cli *cli,
                                        struct sy_error *error);
SY_MUST_USE int sy_flag_primary(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_gradual(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_at(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_output(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_shell(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_platform(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_format(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_code(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_rate(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_only(const char *value, struct sy_cli *cli, struct sy_error *error);
SY_MUST_USE int sy_flag_payload(const char *value, struct sy_cli *cli, struct sy_error *error);

#endif
