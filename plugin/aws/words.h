/* A line of words as a POSIX shell reads it, without any expansion: Python's shlex.split(), which
 * is what botocore splits section names and credential_process with. Blanks separate; '…' keeps
 * everything; "…" lets \ quote " and \; outside of quotes \ quotes any character. */
#ifndef SY_AWS_WORDS_H
#define SY_AWS_WORDS_H

#include "base/error.h"

enum { SY_WORDS_MAX = 256 };

struct sy_words {
    char **list; /* NULL behind the last: an argv */
    size_t count;
};

/* Returns NULL, or what is wrong: "a quote is not closed". */
SY_MUST_USE const char *sy_words_split(const char *text, struct sy_words *ret);
void sy_words_finish(struct sy_words *words);

#endif
