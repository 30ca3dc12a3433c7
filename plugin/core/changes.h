/* What happened to a release between two versions of its record, as the events that its driver told
 * at the time: for those who look on from afar, and for the history. Pure. */
#ifndef SY_CORE_CHANGES_H
#define SY_CORE_CHANGES_H

#include "core/record.h"

/* A beginning; three events a stage; a pause or its end; the way back and its move; the end. */
enum { SY_CHANGES_MAX = 3 * (SY_STAGES_MAX + 1) + 6 };

/* before NULL, or of another release: all that after tells. at_ms: when after was written; what the
 * record dates itself is dated so. Sequence numbers are 0. Returns how many of events were filled.
 */
uint32_t sy_record_changes(const struct sy_record *before, const struct sy_record *after,
                           int64_t at_ms, struct sy_release_event events[SY_CHANGES_MAX]);

#endif
