#include "rpc/words.h"

#include "base/memory.h"

/* The core's "none yet" is the protocol's "unspecified". */
#define STEELYARD__V1__DECISION__DECISION_NONE STEELYARD__V1__DECISION__DECISION_UNSPECIFIED
#define STEELYARD__V1__OUTCOME__OUTCOME_NONE STEELYARD__V1__OUTCOME__OUTCOME_UNSPECIFIED
#define STEELYARD__V1__CONTROL__CONTROL_NONE STEELYARD__V1__CONTROL__CONTROL_UNSPECIFIED
#define SY_PLAN_KINDS(X) X(RELEASE, "") X(FIRST, "") X(UNCHANGED, "") X(RESUME, "")

#define PAIR(core, wire) [core] = wire,

/* Defines ..._to_proto() and ..._from_proto() over the table named `pairs`. */
#define DEFINE(noun, core_type, wire_type, unspecified)                                            \
    wire_type sy_##noun##_to_proto(core_type value) {                                              \
        return (size_t)value < SY_COUNT(noun##_pairs) ? noun##_pairs[value] : unspecified;         \
    }                                                                                              \
    void sy_##noun##_from_proto(wire_type value, core_type *ret) {                                 \
        for (size_t i = 0; i < SY_COUNT(noun##_pairs) && value != unspecified; i++)                \
            if (noun##_pairs[i] == value)                                                          \
                *ret = (core_type)i;                                                               \
    }

static const Steelyard__V1__Wait wait_pairs[] = {
#define X(name, word) PAIR(SY_WAIT_##name, STEELYARD__V1__WAIT__WAIT_##name)
    SY_WAITS(X)
#undef X
};
DEFINE(wait, enum sy_wait, Steelyard__V1__Wait, STEELYARD__V1__WAIT__WAIT_UNSPECIFIED)

static const Steelyard__V1__OnInterrupt interrupt_pairs[] = {
#define X(name, word) PAIR(SY_INTERRUPT_##name, STEELYARD__V1__ON_INTERRUPT__ON_INTERRUPT_##name)
    SY_INTERRUPTS(X)
#undef X
};
DEFINE(interrupt, enum sy_interrupt, Steelyard__V1__OnInterrupt,
       STEELYARD__V1__ON_INTERRUPT__ON_INTERRUPT_UNSPECIFIED)

static const Steelyard__V1__OnInconclusive inconclusive_pairs[] = {
#define X(name, word)                                                                              \
    PAIR(SY_INCONCLUSIVE_##name, STEELYARD__V1__ON_INCONCLUSIVE__ON_INCONCLUSIVE_##name)
    SY_INCONCLUSIVES(X)
#undef X
};
DEFINE(inconclusive, enum sy_inconclusive, Steelyard__V1__OnInconclusive,
       STEELYARD__V1__ON_INCONCLUSIVE__ON_INCONCLUSIVE_UNSPECIFIED)

static const Steelyard__V1__Decision decision_pairs[] = {
#define X(name, word) PAIR(SY_DECISION_##name, STEELYARD__V1__DECISION__DECISION_##name)
    SY_DECISIONS(X)
#undef X
};
DEFINE(decision, enum sy_decision, Steelyard__V1__Decision,
       STEELYARD__V1__DECISION__DECISION_UNSPECIFIED)

static const Steelyard__V1__Outcome outcome_pairs[] = {
#define X(name, word, exit) PAIR(SY_OUTCOME_##name, STEELYARD__V1__OUTCOME__OUTCOME_##name)
    SY_OUTCOMES(X)
#undef X
};
DEFINE(outcome, enum sy_outcome, Steelyard__V1__Outcome,
       STEELYARD__V1__OUTCOME__OUTCOME_UNSPECIFIED)

static const Steelyard__V1__Phase phase_pairs[] = {
#define X(name, word) PAIR(SY_PHASE_##name, STEELYARD__V1__PHASE__PHASE_##name)
    SY_PHASES(X)
#undef X
};
DEFINE(phase, enum sy_phase, Steelyard__V1__Phase, STEELYARD__V1__PHASE__PHASE_UNSPECIFIED)

static const Steelyard__V1__Primary primary_pairs[] = {
#define X(name, word) PAIR(SY_PRIMARY_##name, STEELYARD__V1__PRIMARY__PRIMARY_##name)
    SY_PRIMARIES(X)
#undef X
};
DEFINE(primary, enum sy_primary, Steelyard__V1__Primary,
       STEELYARD__V1__PRIMARY__PRIMARY_UNSPECIFIED)

static const Steelyard__V1__Control control_pairs[] = {
#define X(name, word) PAIR(SY_CONTROL_##name, STEELYARD__V1__CONTROL__CONTROL_##name)
    SY_CONTROLS(X)
#undef X
};
DEFINE(control, enum sy_control, Steelyard__V1__Control,
       STEELYARD__V1__CONTROL__CONTROL_UNSPECIFIED)

static const Steelyard__V1__PlanKind plan_kind_pairs[] = {
#define X(name, word) PAIR(SY_PLAN_##name, STEELYARD__V1__PLAN_KIND__PLAN_KIND_##name)
    SY_PLAN_KINDS(X)
#undef X
};
DEFINE(plan_kind, enum sy_plan_kind, Steelyard__V1__PlanKind,
       STEELYARD__V1__PLAN_KIND__PLAN_KIND_UNSPECIFIED)
