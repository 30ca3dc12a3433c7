#include "rpc/convert_function.h"

#include "base/memory.h"
#include "rpc/convert_internal.h"

/* ---- words ---- */

static const Steelyard__V1__Severity severities[SY_SEVERITY_COUNT] = {
    [SY_SEVERITY_OK] = STEELYARD__V1__SEVERITY__SEVERITY_OK,
    [SY_SEVERITY_WARNING] = STEELYARD__V1__SEVERITY__SEVERITY_WARNING,
    [SY_SEVERITY_ERROR] = STEELYARD__V1__SEVERITY__SEVERITY_ERROR,
    [SY_SEVERITY_UNKNOWN] = STEELYARD__V1__SEVERITY__SEVERITY_UNKNOWN,
};

static const Steelyard__V1__Fate fates[SY_FATE_COUNT] = {
    [SY_FATE_KEPT] = STEELYARD__V1__FATE__FATE_KEPT,
    [SY_FATE_WOULD_GO] = STEELYARD__V1__FATE__FATE_WOULD_GO,
    [SY_FATE_DELETED] = STEELYARD__V1__FATE__FATE_DELETED,
    [SY_FATE_FAILED] = STEELYARD__V1__FATE__FATE_FAILED,
    [SY_FATE_LEFT] = STEELYARD__V1__FATE__FATE_LEFT,
};

/* What is not known here is neither good nor bad. */
static enum sy_severity severity_from_proto(Steelyard__V1__Severity value) {
    for (int i = 0; i < SY_SEVERITY_COUNT; i++)
        if (severities[i] == value)
            return (enum sy_severity)i;
    return SY_SEVERITY_UNKNOWN;
}

static enum sy_fate fate_from_proto(Steelyard__V1__Fate value) {
    for (int i = 0; i < SY_FATE_COUNT; i++)
        if (fates[i] == value)
            return (enum sy_fate)i;
    return SY_FATE_KEPT;
}

/* ---- outwards ---- */

void sy_publish_to_proto(const struct sy_publish_request *request, struct sy_publish_message *ret) {
    const struct sy_package *package = &request->package;
    steelyard__v1__publish_request__init(&ret->request);
    steelyard__v1__s3_object__init(&ret->s3);
    ret->request.function = borrow(request->function);
    ret->request.alias = borrow(request->alias);
    ret->request.description = borrow(request->description);
    ret->request.code_sha256 = borrow(request->code_sha256);
    switch (package->kind) {
    case SY_PACKAGE_ZIP:
        ret->request.code_case = STEELYARD__V1__PUBLISH_REQUEST__CODE_ZIP_PATH;
        ret->request.zip_path = borrow(package->zip_path);
        break;
    case SY_PACKAGE_S3:
        ret->request.code_case = STEELYARD__V1__PUBLISH_REQUEST__CODE_S3;
        ret->request.s3 = &ret->s3;
        ret->s3.bucket = borrow(package->bucket);
        ret->s3.key = borrow(package->key);
        ret->s3.version = borrow(package->object_version);
        break;
    case SY_PACKAGE_IMAGE:
        ret->request.code_case = STEELYARD__V1__PUBLISH_REQUEST__CODE_IMAGE_URI;
        ret->request.image_uri = borrow(package->image_uri);
        break;
    case SY_PACKAGE_LATEST:
        break;
    }
}

void sy_publish_event_to_proto(const struct sy_function_event *event,
                               struct sy_publish_event_message *ret) {
    steelyard__v1__publish_response__init(&ret->response);
    steelyard__v1__note__init(&ret->note);
    steelyard__v1__published__init(&ret->published);
    ret->response.at_unix_ms = event->at_ms;
    ret->response.text = clean(event->text, ret->text, sizeof ret->text);
    ret->response.version = borrow(event->version);
    ret->response.code_sha256 = borrow(event->code_sha256);
    if (event->kind == SY_FUNCTION_PUBLISHED) {
        ret->response.payload_case = STEELYARD__V1__PUBLISH_RESPONSE__PAYLOAD_PUBLISHED;
        ret->response.published = &ret->published;
        ret->published.unchanged = event->unchanged;
    } else {
        ret->response.payload_case = STEELYARD__V1__PUBLISH_RESPONSE__PAYLOAD_NOTE;
        ret->response.note = &ret->note;
    }
}

void sy_cleanup_event_to_proto(const struct sy_function_event *event,
                               struct sy_cleanup_event_message *ret) {
    steelyard__v1__cleanup_response__init(&ret->response);
    steelyard__v1__version_fate__init(&ret->version);
    steelyard__v1__cleaned__init(&ret->cleaned);
    ret->response.at_unix_ms = event->at_ms;
    ret->response.text = clean(event->text, ret->text, sizeof ret->text);
    if (event->kind == SY_FUNCTION_VERSION) {
        ret->response.payload_case = STEELYARD__V1__CLEANUP_RESPONSE__PAYLOAD_VERSION;
        ret->response.version = &ret->version;
        ret->version.version = borrow(event->version);
        ret->version.fate = fates[event->fate];
    } else if (event->kind == SY_FUNCTION_CLEANED) {
        ret->response.payload_case = STEELYARD__V1__CLEANUP_RESPONSE__PAYLOAD_CLEANED;
        ret->response.cleaned = &ret->cleaned;
        ret->cleaned.deleted = event->deleted;
        ret->cleaned.kept = event->kept;
        ret->cleaned.left = event->left;
    }
}

void sy_findings_to_proto(const struct sy_findings *findings, struct sy_findings_message *ret) {
    steelyard__v1__check_response__init(&ret->response);
    ret->response.findings = ret->list;
    ret->response.n_findings = findings->n < SY_FINDINGS_MAX ? findings->n : SY_FINDINGS_MAX;
    for (size_t i = 0; i < ret->response.n_findings; i++) {
        const struct sy_finding *from = &findings->list[i];
        Steelyard__V1__Finding *to = ret->list[i] = &ret->findings[i];
        steelyard__v1__finding__init(to);
        to->id = borrow(from->id);
        to->severity = severities[from->severity];
        to->text = clean(from->text, ret->texts[i][0], sizeof ret->texts[i][0]);
        to->fix = clean(from->fix, ret->texts[i][1], sizeof ret->texts[i][1]);
    }
}

/* ---- inwards ---- */

static int package_from_proto(const Steelyard__V1__PublishRequest *request, struct sy_package *ret,
                              struct sy_error *error) {
    switch (request->code_case) {
    case STEELYARD__V1__PUBLISH_REQUEST__CODE_ZIP_PATH:
        ret->kind = SY_PACKAGE_ZIP;
        return STRING(request, ret, zip_path);
    case STEELYARD__V1__PUBLISH_REQUEST__CODE_IMAGE_URI:
        ret->kind = SY_PACKAGE_IMAGE;
        return STRING(request, ret, image_uri);
    case STEELYARD__V1__PUBLISH_REQUEST__CODE_S3:
        ret->kind = SY_PACKAGE_S3;
        return STRING(request->s3, ret, bucket) || STRING(request->s3, ret, key) ||
               sy_string_from_proto("version", request->s3->version, ret->object_version,
                                    sizeof ret->object_version, error);
    default:
        return 0;
    }
}

int sy_publish_from_proto(const Steelyard__V1__PublishRequest *request,
                          struct sy_publish_request *ret, struct sy_error *error) {
    SY_AUTO_FREE struct sy_publish_request *out = sy_calloc(1, sizeof *out);
    if (STRING(request, out, function) || STRING(request, out, alias) ||
        STRING(request, out, description) || STRING(request, out, code_sha256) ||
        package_from_proto(request, &out->package, error))
        return -1;
    *ret = *out;
    return 0;
}

int sy_cleanup_from_proto(const Steelyard__V1__CleanupRequest *request,
                          struct sy_cleanup_request *ret, struct sy_error *error) {
    struct sy_cleanup_request out = {.keep = request->keep, .dry_run = request->dry_run};
    if (STRING(request, &out, function))
        return -1;
    *ret = out;
    return 0;
}

int sy_findings_from_proto(const Steelyard__V1__CheckResponse *response, struct sy_findings *ret,
                           struct sy_error *error) {
    if (response->n_findings > SY_FINDINGS_MAX)
        return sy_fail_field(error, "findings", "findings: %zu of them; at most %d are understood",
                             response->n_findings, SY_FINDINGS_MAX);
    for (size_t i = 0; i < response->n_findings; i++) {
        const Steelyard__V1__Finding *from = response->findings[i];
        struct sy_finding *to = &ret->list[i];
        *to = (struct sy_finding){.severity = severity_from_proto(from->severity)};
        if (STRING(from, to, id) || STRING(from, to, text) || STRING(from, to, fix))
            return -1;
    }
    ret->n = (uint32_t)response->n_findings;
    return 0;
}

int sy_publish_event_from_proto(const Steelyard__V1__PublishResponse *response,
                                struct sy_function_event *ret, struct sy_error *error) {
    struct sy_function_event out = {.kind = SY_FUNCTION_NOTE, .at_ms = response->at_unix_ms};
    if (STRING(response, &out, text) || STRING(response, &out, version) ||
        STRING(response, &out, code_sha256))
        return -1;
    if (response->payload_case == STEELYARD__V1__PUBLISH_RESPONSE__PAYLOAD_PUBLISHED) {
        out.kind = SY_FUNCTION_PUBLISHED;
        out.unchanged = response->published->unchanged;
    }
    *ret = out;
    return 0;
}

int sy_cleanup_event_from_proto(const Steelyard__V1__CleanupResponse *response,
                                struct sy_function_event *ret, struct sy_error *error) {
    struct sy_function_event out = {.kind = SY_FUNCTION_NOTE, .at_ms = response->at_unix_ms};
    if (STRING(response, &out, text))
        return -1;
    if (response->payload_case == STEELYARD__V1__CLEANUP_RESPONSE__PAYLOAD_VERSION) {
        out.kind = SY_FUNCTION_VERSION;
        out.fate = fate_from_proto(response->version->fate);
        if (STRING(response->version, &out, version))
            return -1;
    } else if (response->payload_case == STEELYARD__V1__CLEANUP_RESPONSE__PAYLOAD_CLEANED) {
        out.kind = SY_FUNCTION_CLEANED;
        out.deleted = response->cleaned->deleted;
        out.kept = response->cleaned->kept;
        out.left = response->cleaned->left;
    }
    *ret = out;
    return 0;
}
