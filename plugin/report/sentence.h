/* What happened, in words. */
#ifndef SY_REPORT_SENTENCE_H
#define SY_REPORT_SENTENCE_H

#include "core/event.h"

/* One sentence for an event, without a time; buf of 400 bytes. Empty for events that a plain log
 * leaves out. */
void sy_event_sentence(const struct sy_release_event *event, char buf[400]);

#endif
