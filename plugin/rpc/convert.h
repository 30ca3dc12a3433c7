/* Between the core's structs and the messages of steelyard.v1: one file a direction.
 *
 * Outwards (to_proto.c) nothing is allocated: a ..._message holds the message and all that it
 * points to, and stays valid until it is filled again or moved; text for people is cleaned on the
 * way, so that a sentence cut in the middle of a character cannot spoil a message. Inwards
 * (from_proto.c) every length, count and number is checked against the core's own limits. */
#ifndef SY_RPC_CONVERT_H
#define SY_RPC_CONVERT_H

#include "engine/engine.h"
#include "steelyard/v1/release.pb-c.h"

struct sy_spec_message {
    Steelyard__V1__ReleaseSpec spec;
    Steelyard__V1__StageList list;
    Steelyard__V1__Stage stages[SY_STAGES_MAX];
    Steelyard__V1__Stage *stage_list[SY_STAGES_MAX];
    Google__Protobuf__Int32Value threshold;
    Google__Protobuf__Int64Value numbers[5];
};
void sy_spec_to_proto(const struct sy_spec *spec, struct sy_spec_message *ret);

struct sy_plan_message {
    Steelyard__V1__Plan plan;
    struct sy_spec_message spec;
    Steelyard__V1__Routing routing;
    Steelyard__V1__PlannedStage stages[SY_STAGES_MAX];
    Steelyard__V1__PlannedStage *stage_list[SY_STAGES_MAX];
    char warnings[SY_PLAN_WARNINGS_MAX][256];
    char *warning_list[SY_PLAN_WARNINGS_MAX];
};
void sy_plan_to_proto(const struct sy_plan *plan, struct sy_plan_message *ret);

struct sy_record_message {
    Steelyard__V1__ReleaseRecord record;
    struct sy_spec_message spec;
    Steelyard__V1__StageResult results[SY_STAGES_MAX + 1];
    Steelyard__V1__StageResult *result_list[SY_STAGES_MAX + 1];
    Steelyard__V1__Counts counts[SY_STAGES_MAX + 1];
    char reason[SY_REASON_MAX + 1];
    char control_reason[SY_CONTROL_REASON_MAX + 1];
};
void sy_record_to_proto(const struct sy_record *record, struct sy_record_message *ret);

struct sy_status_message {
    Steelyard__V1__ReleaseStatus status;
    Steelyard__V1__Routing routing;
    Steelyard__V1__TargetVersion target;
    struct sy_record_message record;
    Steelyard__V1__Lease lease;
    Steelyard__V1__Mirror mirror;
    Steelyard__V1__Traffic traffic;
};
void sy_status_to_proto(const struct sy_facts *facts, struct sy_status_message *ret);

struct sy_event_message {
    Steelyard__V1__ReleaseEvent event;
    union {
        Steelyard__V1__Planned planned;
        Steelyard__V1__Prepared prepared;
        Steelyard__V1__StageStarted stage_started;
        Steelyard__V1__AliasMoved alias_moved;
        Steelyard__V1__Observed observed;
        Steelyard__V1__StageVerdict stage_verdict;
        Steelyard__V1__Paused paused;
        Steelyard__V1__Resumed resumed;
        Steelyard__V1__RollbackStarted rollback_started;
        Steelyard__V1__RollbackVerified rollback_verified;
        Steelyard__V1__LockInStarted lock_in_started;
        Steelyard__V1__LockInEnded lock_in_ended;
        Steelyard__V1__Note note;
        Steelyard__V1__Finished finished;
    } payload;
    Steelyard__V1__Routing from;
    Steelyard__V1__Routing to;
    Steelyard__V1__Observation observation;
    Steelyard__V1__Counts canary;
    Steelyard__V1__Counts baseline;
    char text[SY_REASON_MAX + 56];
};
void sy_event_to_proto(const struct sy_release_event *event, struct sy_event_message *ret);

struct sy_verified_message {
    Steelyard__V1__VerifyResponse response;
    Steelyard__V1__Routing routing;
    Steelyard__V1__Observation observation;
    Steelyard__V1__Counts canary;
    Steelyard__V1__Counts baseline;
    char text[SY_REASON_MAX + 1];
};
void sy_verified_to_proto(const struct sy_verified *verified, struct sy_verified_message *ret);

struct sy_sample_message {
    Steelyard__V1__Sample sample;
    Steelyard__V1__Counts canary;
    Steelyard__V1__Counts baseline;
};
void sy_sample_to_proto(const struct sy_sample *sample, struct sy_sample_message *ret);
/* Nothing of it can be refused; counts that are absent are 0. */
void sy_sample_from_proto(const Steelyard__V1__Sample *sample, struct sy_sample *ret);

/* Errors: INVALID_ARGUMENT that names the field. *ret is untouched then. */
SY_MUST_USE int sy_spec_from_proto(const Steelyard__V1__ReleaseSpec *spec, struct sy_spec *ret,
                                   struct sy_error *error);
SY_MUST_USE int sy_plan_from_proto(const Steelyard__V1__Plan *plan, struct sy_plan *ret,
                                   struct sy_error *error);
SY_MUST_USE int sy_status_from_proto(const Steelyard__V1__ReleaseStatus *status,
                                     struct sy_facts *ret, struct sy_error *error);
SY_MUST_USE int sy_record_from_proto(const Steelyard__V1__ReleaseRecord *record,
                                     struct sy_record *ret, struct sy_error *error);
SY_MUST_USE int sy_verified_from_proto(const Steelyard__V1__VerifyResponse *response,
                                       struct sy_verified *ret, struct sy_error *error);
/* The requests of the verbs that take no spec. */
SY_MUST_USE int sy_rollback_from_proto(const Steelyard__V1__RollbackRequest *request,
                                       struct sy_rollback *ret, struct sy_error *error);
SY_MUST_USE int sy_resume_from_proto(const Steelyard__V1__ResumeRequest *request,
                                     struct sy_resume *ret, struct sy_error *error);
SY_MUST_USE int sy_verify_from_proto(const Steelyard__V1__VerifyRequest *request,
                                     struct sy_verify *ret, struct sy_error *error);
SY_MUST_USE int sy_measure_from_proto(const Steelyard__V1__MeasureRequest *request,
                                      struct sy_measure *ret, struct sy_error *error);
/* An event of a kind that is not known here becomes a note with the same text. */
SY_MUST_USE int sy_event_from_proto(const Steelyard__V1__ReleaseEvent *event,
                                    struct sy_release_event *ret, struct sy_error *error);
/* A string into a buffer of the given size; longer ones are refused. */
SY_MUST_USE int sy_string_from_proto(const char *field, const char *value, char *buf, size_t size,
                                     struct sy_error *error);

#endif
