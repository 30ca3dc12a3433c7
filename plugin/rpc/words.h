/* The core's enumerations and the protocol's: the numbers on the wire are the protocol's own, so
 * the core may reorder freely, and a value that the protocol lacks does not compile. */
#ifndef SY_RPC_WORDS_H
#define SY_RPC_WORDS_H

#include "core/plan.h"
#include "steelyard/v1/release.pb-c.h"

Steelyard__V1__Wait sy_wait_to_proto(enum sy_wait value);
Steelyard__V1__OnInterrupt sy_interrupt_to_proto(enum sy_interrupt value);
Steelyard__V1__OnInconclusive sy_inconclusive_to_proto(enum sy_inconclusive value);
Steelyard__V1__Decision sy_decision_to_proto(enum sy_decision value);
Steelyard__V1__Outcome sy_outcome_to_proto(enum sy_outcome value);
Steelyard__V1__Phase sy_phase_to_proto(enum sy_phase value);
Steelyard__V1__PlanKind sy_plan_kind_to_proto(enum sy_plan_kind value);
Steelyard__V1__Primary sy_primary_to_proto(enum sy_primary value);
Steelyard__V1__Control sy_control_to_proto(enum sy_control value);

/* *ret stays as it was for "unspecified". */
void sy_wait_from_proto(Steelyard__V1__Wait value, enum sy_wait *ret);
void sy_interrupt_from_proto(Steelyard__V1__OnInterrupt value, enum sy_interrupt *ret);
void sy_inconclusive_from_proto(Steelyard__V1__OnInconclusive value, enum sy_inconclusive *ret);
void sy_decision_from_proto(Steelyard__V1__Decision value, enum sy_decision *ret);
void sy_outcome_from_proto(Steelyard__V1__Outcome value, enum sy_outcome *ret);
void sy_phase_from_proto(Steelyard__V1__Phase value, enum sy_phase *ret);
void sy_primary_from_proto(Steelyard__V1__Primary value, enum sy_primary *ret);
void sy_control_from_proto(Steelyard__V1__Control value, enum sy_control *ret);
void sy_plan_kind_from_proto(Steelyard__V1__PlanKind value, enum sy_plan_kind *ret);

#endif
