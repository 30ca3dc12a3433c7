/* The one function of the core that the protocol calls, for as long as the core is not linked. */
#include "core/spec.h"

void sy_spec_init(struct sy_spec *spec) {
    *spec = (struct sy_spec){.stages = {{1000, 15 * SY_MINUTE_MS}, {5000, 15 * SY_MINUTE_MS}},
                             .n_stages = 2,
                             .threshold_bp = 500,
                             .min_invocations = 5,
                             .window_ms = 5 * SY_MINUTE_MS,
                             .lock_in_ms = SY_HOUR_MS,
                             .period_ms = SY_MINUTE_MS,
                             .poll_ms = SY_MINUTE_MS};
}

#include "core/event.h"

const char *sy_event_word(enum sy_event_kind kind) {
    static const char *const words[] = {
#define X(name, word) word,
        SY_EVENT_KINDS(X)
#undef X
    };
    return kind < SY_EVENT_KIND_COUNT ? words[kind] : "";
}
