/* The versions of a release's record that SSM keeps: GetParameterHistory, 100 at most. */
#ifndef SY_STATE_SSM_HISTORY_H
#define SY_STATE_SSM_HISTORY_H

#include "state/store.h"

#include <sys/queue.h>

struct sy_aws;
struct sy_ssm_history;
LIST_HEAD(sy_ssm_histories, sy_ssm_history);

/* name: of the record's parameter. The read is in the list until it is answered. */
void sy_ssm_read_history(struct sy_aws *aws, struct sy_ssm_histories *list, const char *name,
                         const char *function, const char *alias, sy_versions_stored_done *done,
                         void *ctx);
/* Forget what is under way. */
void sy_ssm_histories_finish(struct sy_ssm_histories *list);

#endif
