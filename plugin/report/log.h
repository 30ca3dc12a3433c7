/* A release in the log of a CI job, while it happens: a group for each stage, as the platform folds
 * them; at the end what the platform shows beside the log. */
#ifndef SY_REPORT_LOG_H
#define SY_REPORT_LOG_H

#include "base/memory.h"
#include "report/report.h"

/* C name, word. */
#define SY_PLATFORMS(X) X(GITHUB, "github") X(GITLAB, "gitlab") X(FILES, "files")
#define X(name, word) SY_PLATFORM_##name,
enum sy_platform { SY_PLATFORMS(X) SY_PLATFORM_COUNT };
#undef X
const char *sy_platform_word(enum sy_platform platform);

struct sy_log {
    enum sy_platform platform;
    unsigned groups; /* opened so far */
    bool open;
};

/* Append what is to be printed. */
void sy_log_event(struct sy_log *log, const struct sy_release_event *event, struct sy_buffer *to);
/* End the group, and say how it ended: headline and why, on GitHub as annotations, ten of a kind at
 * most. */
void sy_log_end(struct sy_log *log, const struct sy_report *report, struct sy_buffer *to);

#endif
