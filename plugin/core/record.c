#include "core/record.h"

#include "base/memory.h"

#include <string.h>

const char *sy_phase_word(enum sy_phase phase) {
#define X(name, word) word,
    static const char *const words[] = {SY_PHASES(X)};
#undef X
    return (unsigned)phase < SY_COUNT(words) ? words[phase] : "?";
}

const char *sy_control_word(enum sy_control value) {
#define X(name, word) word,
    static const char *const words[] = {SY_CONTROLS(X)};
#undef X
    return (unsigned)value < SY_COUNT(words) ? words[value] : "?";
}

bool sy_record_is_closed(const struct sy_record *record) {
    return record->phase == SY_PHASE_CLOSED;
}

bool sy_phase_goes_back(enum sy_phase phase) {
    return phase == SY_PHASE_ROLLING_BACK || phase == SY_PHASE_VERIFYING;
}

int64_t sy_record_lock_in_end(const struct sy_record *record) {
    if (!record->promoted_ms)
        return 0;
    int64_t lock_in = record->first_traffic_ms + record->spec.lock_in_ms;
    int64_t window = record->promoted_ms + record->spec.window_ms;
    return lock_in > window ? lock_in : window;
}

void sy_record_routing(const struct sy_record *record, uint32_t stage, struct sy_routing *ret) {
    const struct sy_spec *spec = &record->spec;
    *ret = (struct sy_routing){0};
    if (stage >= spec->n_stages || !record->baseline[0]) {
        memcpy(ret->primary, spec->version, sizeof ret->primary);
        return;
    }
    bool mirrored = spec->primary == SY_PRIMARY_NEW;
    memcpy(ret->primary, mirrored ? spec->version : record->baseline, sizeof ret->primary);
    memcpy(ret->additional, mirrored ? record->baseline : spec->version, sizeof ret->additional);
    ret->additional_bp =
        mirrored ? 10000 - spec->stages[stage].weight_bp : spec->stages[stage].weight_bp;
}

void sy_record_baseline_routing(const struct sy_record *record, struct sy_routing *ret) {
    *ret = (struct sy_routing){0};
    memcpy(ret->primary, record->baseline, sizeof ret->primary);
}

void sy_record_routing_before(const struct sy_record *record, uint32_t stage,
                              struct sy_routing *ret) {
    sy_record_baseline_routing(record, ret);
    for (uint32_t i = 0; record->baseline[0] && i < stage; i++)
        if (record->results[i].started_ms)
            sy_record_routing(record, i, ret);
}
