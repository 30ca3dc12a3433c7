/* Which versions a function's parameters name: all that is below its path, page by page. */
#ifndef SY_STATE_SSM_NAMES_H
#define SY_STATE_SSM_NAMES_H

#include "state/store.h"

#include <sys/queue.h>

struct sy_ssm_names;
LIST_HEAD(sy_ssm_names_list, sy_ssm_names);

/* What is under way stands in the list until it is answered. */
void sy_ssm_names_read(struct sy_aws *aws, const char *prefix, struct sy_ssm_names_list *list,
                       const char *function, sy_names_done *done, void *ctx);
void sy_ssm_names_drop(struct sy_ssm_names_list *list);

#endif
