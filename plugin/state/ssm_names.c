#include "state/ssm_names.h"

#include "aws/client.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "state/record_json.h"
#include "state/ssm_json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_PAGES_MAX = 200, NAMES_A_PAGE = 10 };

struct sy_ssm_names {
    LIST_ENTRY(sy_ssm_names) link;
    struct sy_aws *aws;
    char *path; /* "/lambda/checkout" */
    char *token;
    int pages;
    struct sy_named_version *names;
    size_t n, capacity;
    sy_names_done *done;
    void *ctx;
};

static void names_destroy(struct sy_ssm_names *r) {
    LIST_REMOVE(r, link);
    free(r->path);
    free(r->token);
    free(r->names);
    free(r);
}

void sy_ssm_names_drop(struct sy_ssm_names_list *list) {
    while (!LIST_EMPTY(list))
        names_destroy(LIST_FIRST(list));
}

static void names_finish(struct sy_ssm_names *r, const struct sy_error *error) {
    SY_AUTO_FREE struct sy_named_version *names = SY_STEAL(r->names);
    size_t n = r->n;
    sy_names_done *done = r->done;
    void *ctx = r->ctx;
    names_destroy(r);
    done(ctx, error ? NULL : names, error ? 0 : n, error);
}

static void name_add(struct sy_ssm_names *r, const char *version, const char *fmt, ...)
    SY_PRINTF(3, 4);
static void name_add(struct sy_ssm_names *r, const char *version, const char *fmt, ...) {
    if (!version[0])
        return;
    if (r->n == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 16;
        r->names = sy_realloc(r->names, r->capacity * sizeof *r->names);
    }
    struct sy_named_version *name = &r->names[r->n++];
    *name = (struct sy_named_version){0};
    (void)snprintf(name->version, sizeof name->version, "%s", version);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(name->by, sizeof name->by, fmt, args);
    va_end(args);
}

static void record_add(struct sy_ssm_names *r, const struct sy_record *record) {
    const char *alias = record->spec.alias;
    bool closed = sy_record_is_closed(record);
    name_add(r, record->spec.version, "%s was released last%s", alias,
             closed ? "" : ", and that is not over");
    name_add(r, record->baseline, "%s goes back to it, and was on it until the last release",
             alias);
    name_add(r, record->last_known_good, "it is the last known good of %s", alias);
    for (size_t i = 0; i < SY_ROLLED_BACK_MAX; i++)
        name_add(r, record->rolled_back[i], "the record of %s has it as rolled back", alias);
}

/* One parameter: rest is what follows "/lambda/checkout/" in its name. */
static int parameter_add(struct sy_ssm_names *r, const char *name, const char *rest,
                         const struct sy_parameter *parameter, struct sy_error *error) {
    static const char *const mirror[] = {"current-version", "previous-version",
                                         "last-known-good-version"};
    static const char records[] = "steelyard/";
    char version[SY_VERSION_MAX + 1];
    struct sy_record record = {0};
    struct sy_error why;
    for (size_t i = 0; i < SY_COUNT(mirror); i++)
        if (strcmp(rest, mirror[i]) == 0) {
            sy_parameter_version(parameter, version);
            name_add(r, version, "the parameter %s names it", mirror[i]);
            return 0;
        }
    if (strncmp(rest, records, sizeof records - 1) != 0 ||
        strchr(rest + sizeof records - 1, '/')) /* a lock */
        return 0;
    if (sy_record_parse(parameter->value, parameter->len, &record, &why))
        return sy_fail_reason(error, why.code, why.reason,
                              "the parameter %s: %.250s; it may name any version, so none is "
                              "deleted: if it is of no use, delete it with: aws ssm "
                              "delete-parameter --name %s",
                              name, why.message, name);
    record_add(r, &record);
    return 0;
}

static int page_add(struct sy_ssm_names *r, struct json_object *list, struct sy_error *error) {
    size_t len = strlen(r->path);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        struct sy_parameter parameter;
        char name[1100];
        struct sy_error why;
        if (sy_json_string(item, "Name", true, name, sizeof name, &why) ||
            sy_parameter_of(item, &parameter, &why))
            return sy_ssm_odd_answer("GetParametersByPath", &why, error);
        if (strncmp(name, r->path, len) == 0 && name[len] == '/' &&
            parameter_add(r, name, name + len + 1, &parameter, error))
            return -1;
    }
    return 0;
}

static int page_take(struct sy_ssm_names *r, const struct sy_aws_reply *reply, char **ret_token,
                     struct sy_error *error) {
    SY_AUTO_JSON struct json_object *page = NULL;
    struct json_object *list = NULL;
    struct json_object *token = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", reply->body, reply->body_len, &page, &why) ||
        sy_json_child(page, "Parameters", true, json_type_array, &list, &why) ||
        sy_json_child(page, "NextToken", false, json_type_string, &token, &why))
        return sy_ssm_odd_answer("GetParametersByPath", &why, error);
    if (page_add(r, list, error))
        return -1;
    *ret_token = token && json_object_get_string_len(token)
                     ? sy_strdup(json_object_get_string(token))
                     : NULL;
    return 0;
}

static void names_send(struct sy_ssm_names *r);

static void on_names(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct sy_ssm_names *r = ctx;
    SY_AUTO_FREE char *token = NULL;
    struct sy_error why;
    if (error) {
        why = *error;
        names_finish(r, &why);
    } else if (page_take(r, reply, &token, &why)) {
        names_finish(r, &why);
    } else if (!token) {
        names_finish(r, NULL);
    } else if (++r->pages >= NAMES_PAGES_MAX || (r->token && strcmp(r->token, token) == 0)) {
        (void)sy_fail(&why, SY_INTERNAL, "SSM's list of the parameters below %s has no end",
                      r->path);
        names_finish(r, &why);
    } else {
        free(r->token);
        r->token = SY_STEAL(token);
        names_send(r);
    }
}

static void names_send(struct sy_ssm_names *r) {
    SY_AUTO_JSON struct json_object *body = json_object_new_object();
    json_object_object_add(body, "Path", json_object_new_string(r->path));
    json_object_object_add(body, "Recursive", json_object_new_boolean(true));
    json_object_object_add(body, "WithDecryption", json_object_new_boolean(false));
    json_object_object_add(body, "MaxResults", json_object_new_int(NAMES_A_PAGE));
    if (r->token)
        json_object_object_add(body, "NextToken", json_object_new_string(r->token));
    SY_AUTO_FREE char *text = sy_json_write(body);
    sy_aws_send(r->aws,
                &(struct sy_aws_call){
                    .service = SY_AWS_SSM, .operation = "GetParametersByPath", .body = text},
                on_names, r);
}

void sy_ssm_names_read(struct sy_aws *aws, const char *prefix, struct sy_ssm_names_list *list,
                       const char *function, sy_names_done *done, void *ctx) {
    struct sy_ssm_names *r = sy_calloc(1, sizeof *r);
    r->aws = aws;
    r->path = sy_asprintf("%s/%s", prefix, function);
    r->done = done;
    r->ctx = ctx;
    LIST_INSERT_HEAD(list, r, link);
    names_send(r);
}
