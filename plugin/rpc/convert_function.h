/* Between the core's structs and the messages of FunctionService, in the manner of convert.h. */
#ifndef SY_RPC_CONVERT_FUNCTION_H
#define SY_RPC_CONVERT_FUNCTION_H

#include "engine/function.h"
#include "steelyard/v1/function.pb-c.h"

struct sy_publish_message {
    Steelyard__V1__PublishRequest request;
    Steelyard__V1__S3Object s3;
};
void sy_publish_to_proto(const struct sy_publish_request *request, struct sy_publish_message *ret);

struct sy_publish_event_message {
    Steelyard__V1__PublishResponse response;
    Steelyard__V1__Note note;
    Steelyard__V1__Published published;
    char text[512];
};
void sy_publish_event_to_proto(const struct sy_function_event *event,
                               struct sy_publish_event_message *ret);

struct sy_cleanup_event_message {
    Steelyard__V1__CleanupResponse response;
    Steelyard__V1__VersionFate version;
    Steelyard__V1__Cleaned cleaned;
    char text[512];
};
void sy_cleanup_event_to_proto(const struct sy_function_event *event,
                               struct sy_cleanup_event_message *ret);

struct sy_findings_message {
    Steelyard__V1__CheckResponse response;
    Steelyard__V1__Finding findings[SY_FINDINGS_MAX];
    Steelyard__V1__Finding *list[SY_FINDINGS_MAX];
    char texts[SY_FINDINGS_MAX][2][256];
};
void sy_findings_to_proto(const struct sy_findings *findings, struct sy_findings_message *ret);

/* Errors: INVALID_ARGUMENT that names the field. *ret is untouched then. */
SY_MUST_USE int sy_publish_from_proto(const Steelyard__V1__PublishRequest *request,
                                      struct sy_publish_request *ret, struct sy_error *error);
SY_MUST_USE int sy_cleanup_from_proto(const Steelyard__V1__CleanupRequest *request,
                                      struct sy_cleanup_request *ret, struct sy_error *error);
SY_MUST_USE int sy_findings_from_proto(const Steelyard__V1__CheckResponse *response,
                                       struct sy_findings *ret, struct sy_error *error);
/* An event of a kind that is not known here becomes a note with the same text. */
SY_MUST_USE int sy_publish_event_from_proto(const Steelyard__V1__PublishResponse *response,
                                            struct sy_function_event *ret, struct sy_error *error);
SY_MUST_USE int sy_cleanup_event_from_proto(const Steelyard__V1__CleanupResponse *response,
                                            struct sy_function_event *ret, struct sy_error *error);

#endif
