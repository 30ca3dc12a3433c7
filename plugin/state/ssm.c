/* AWS Systems Manager parameters as the store.
 *
 * SSM knows no compare-and-set: what orders writers is that Overwrite=false creates at most once,
 * and that every put answers the parameter's version (lambda-facts, state). Retries make one more
 * case: a create whose first answer was lost finds its own lock on the second try.
 *
 * Destroy a store together with its client, with no turn of the loop between: calls that are under
 * way are forgotten. */
#include "state/store.h"

#include "aws/client.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "state/record_json.h"
#include "state/ssm_history.h"
#include "state/ssm_json.h"
#include "state/ssm_names.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

struct op;
LIST_HEAD(op_list, op);

struct ssm {
    struct sy_store base;
    struct sy_aws *aws;
    struct sy_io *io;
    struct sy_timers *timers;
    char *prefix;
    struct op_list ops;
    struct sy_ssm_names_list names;
    struct sy_ssm_histories histories;
};

/* What each parameter of a function is called behind prefix/function/. */
enum item { CURRENT, PREVIOUS, LAST_KNOWN_GOOD, DEPLOYMENT, MIRROR_ALIAS, RECORD, LOCK, ITEMS };
static const char *const item_names[ITEMS] = {"current-version",
                                              "previous-version",
                                              "last-known-good-version",
                                              "deployment-timestamp",
                                              "mirror-alias",
                                              "steelyard/",
                                              "steelyard/"};

struct op {
    LIST_ENTRY(op) link;
    struct ssm *ssm;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    int64_t version; /* asked for by read_version */
    struct sy_lease lease;
    struct sy_mirror mirror;
    enum item next; /* of the mirror, to be written */
    struct sy_error error;
    struct sy_timer later;
    sy_stored_done *stored_done;
    sy_written_done *written_done;
    void *ctx;
};

static char *item_name(const struct op *op, enum item item) {
    return sy_asprintf("%s/%s/%s%s%s", op->ssm->prefix, op->function, item_names[item],
                       item >= RECORD ? op->alias : "", item == LOCK ? "/lock" : "");
}

static struct op *op_create(struct sy_store *store, const char *function, const char *alias,
                            void *ctx) {
    struct op *op = sy_calloc(1, sizeof *op);
    op->ssm = (struct ssm *)store;
    op->ctx = ctx;
    (void)snprintf(op->function, sizeof op->function, "%s", function);
    (void)snprintf(op->alias, sizeof op->alias, "%s", alias);
    LIST_INSERT_HEAD(&op->ssm->ops, op, link);
    return op;
}

static void op_destroy(struct op *op) {
    LIST_REMOVE(op, link);
    sy_timers_cancel(op->ssm->timers, &op->later);
    free(op);
}

/* The operation is gone before its callback runs, which may start another or destroy the store. */
static void finish_read(struct op *op, const struct sy_stored *stored,
                        const struct sy_error *error) {
    sy_stored_done *done = op->stored_done;
    void *ctx = op->ctx;
    struct sy_error copy = error ? *error : (struct sy_error){0};
    op_destroy(op);
    done(ctx, error ? NULL : stored, error ? &copy : NULL);
}

static void finish_write(struct op *op, int64_t version, const struct sy_error *error) {
    sy_written_done *done = op->written_done;
    void *ctx = op->ctx;
    struct sy_error copy = error ? *error : (struct sy_error){0};
    op_destroy(op);
    done(ctx, error ? 0 : version, error ? &copy : NULL);
}

static void on_later(void *ctx) {
    struct op *op = ctx;
    finish_write(op, 0, op->error.code ? &op->error : NULL);
}

static void finish_write_later(struct op *op) {
    sy_timers_set(op->ssm->timers, &op->later, sy_io_now(op->ssm->io), on_later, op);
}

static void send(struct op *op, const char *operation, struct json_object *body,
                 sy_aws_done *done) {
    SY_AUTO_FREE char *text = sy_json_write(body);
    sy_aws_send(op->ssm->aws,
                &(struct sy_aws_call){.service = SY_AWS_SSM, .operation = operation, .body = text},
                done, op);
}

static struct json_object *body_new(const char *key, const char *value) {
    struct json_object *body = json_object_new_object();
    json_object_object_add(body, key, json_object_new_string(value));
    return body;
}

static void get_parameter(struct op *op, const char *name, sy_aws_done *done) {
    SY_AUTO_JSON struct json_object *body = body_new("Name", name);
    json_object_object_add(body, "WithDecryption", json_object_new_boolean(false));
    send(op, "GetParameter", body, done);
}

static void put_parameter(struct op *op, enum item item, const char *value, bool overwrite,
                          sy_aws_done *done) {
    SY_AUTO_FREE char *name = item_name(op, item);
    size_t len = strlen(value);
    if (len > SY_RECORD_JSON_MAX) {
        (void)sy_fail(&op->error, SY_INTERNAL,
                      "the parameter %s was not written: its value is %zu bytes, more than the %d "
                      "of SSM's standard tier",
                      name, len, SY_RECORD_JSON_MAX);
        finish_write_later(op);
        return;
    }
    SY_AUTO_JSON struct json_object *body = body_new("Name", name);
    json_object_object_add(body, "Value", json_object_new_string(value));
    json_object_object_add(body, "Type", json_object_new_string("String"));
    json_object_object_add(body, "Overwrite", json_object_new_boolean(overwrite));
    json_object_object_add(body, "Tier", json_object_new_string("Standard"));
    send(op, "PutParameter", body, done);
}

/* What a failed put means; TooManyUpdates arrives as a plain 400. */
static struct sy_error put_error(struct op *op, enum item item, const struct sy_error *error) {
    SY_AUTO_FREE char *name = item_name(op, item);
    struct sy_error mine = *error;
    if (strcmp(error->reason, "ParameterAlreadyExists") == 0)
        (void)sy_fail_reason(&mine, SY_ALREADY_EXISTS, error->reason,
                             "the parameter %s exists already", name);
    else if (strcmp(error->reason, "TooManyUpdates") == 0)
        (void)sy_fail_reason(&mine, SY_RESOURCE_EXHAUSTED, error->reason,
                             "the parameter %s is being written by others at the same time; try "
                             "again",
                             name);
    return mine;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int stored_record(const struct op *op, const struct sy_parameter *parameter,
                         struct sy_stored *stored, struct sy_error *error) {
    SY_AUTO_FREE char *name = item_name(op, RECORD);
    const struct sy_spec *spec = &stored->record.spec;
    struct sy_error why;
    if (sy_record_parse(parameter->value, parameter->len, &stored->record, &why))
        return sy_fail_reason(error, why.code, why.reason,
                              "the parameter %s: %.250s; if it is of no use, delete it with: aws "
                              "ssm delete-parameter --name %s",
                              name, why.message, name);
    if (strcmp(spec->function, op->function) != 0 || strcmp(spec->alias, op->alias) != 0)
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "BAD_RECORD",
                              "the parameter %s: the release's record cannot be used: it is about "
                              "the alias %s of %s; delete it with: aws ssm delete-parameter "
                              "--name %s",
                              name, spec->alias, spec->function, name);
    stored->has_record = true;
    stored->record.version = parameter->version;
    return 0;
}

/* A lock that nobody can read is nobody's: it counts as run out, so that it can be taken over. The
 * fence is the alias's RevisionId, not the lock. */
static void stored_lease(const struct sy_parameter *parameter, struct sy_stored *stored) {
    struct sy_error ignored;
    if (sy_lease_parse(parameter->value, parameter->len, &stored->lease, &ignored))
        stored->lease = (struct sy_lease){.owner = "(unreadable)"};
    stored->has_lease = true;
    stored->lease.version = parameter->version;
}

static void stored_mirror(const struct sy_parameter *parameters, struct sy_stored *stored) {
    sy_parameter_version(&parameters[CURRENT], stored->current);
    sy_parameter_version(&parameters[PREVIOUS], stored->previous);
    sy_parameter_version(&parameters[LAST_KNOWN_GOOD], stored->last_known_good);
    sy_parameter_alias(&parameters[MIRROR_ALIAS], stored->mirror_alias);
    stored->deployment_ms = sy_parameter_time_ms(&parameters[DEPLOYMENT]);
}

static void on_read(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_parameter parameters[ITEMS] = {0};
    SY_AUTO_JSON struct json_object *tree = NULL;
    struct sy_stored stored = {0};
    struct sy_error why;
    if (error) {
        finish_read(op, NULL, error);
        return;
    }
    char *names[ITEMS];
    for (enum item i = 0; i < ITEMS; i++)
        names[i] = item_name(op, i);
    int result =
        sy_parameters_parse(reply->body, reply->body_len, names, ITEMS, parameters, &tree, &why);
    if (result == 0 && parameters[RECORD].value)
        result = stored_record(op, &parameters[RECORD], &stored, &why);
    for (enum item i = 0; i < ITEMS; i++)
        free(names[i]);
    if (result) {
        finish_read(op, NULL, &why);
        return;
    }
    if (parameters[LOCK].value)
        stored_lease(&parameters[LOCK], &stored);
    stored_mirror(parameters, &stored);
    finish_read(op, &stored, NULL);
}

static void read_all(struct sy_store *store, const char *function, const char *alias,
                     sy_stored_done *done, void *ctx) {
    struct op *op = op_create(store, function, alias, ctx);
    SY_AUTO_JSON struct json_object *body = json_object_new_object();
    struct json_object *names = json_object_new_array();
    op->stored_done = done;
    for (enum item i = 0; i < ITEMS; i++) {
        SY_AUTO_FREE char *name = item_name(op, i);
        json_object_array_add(names, json_object_new_string(name));
    }
    json_object_object_add(body, "Names", names);
    json_object_object_add(body, "WithDecryption", json_object_new_boolean(false));
    send(op, "GetParameters", body, on_read);
}

static bool is_absent(const struct sy_error *error) {
    return strcmp(error->reason, "ParameterNotFound") == 0 ||
           strcmp(error->reason, "ParameterVersionNotFound") == 0;
}

static void on_read_version(void *ctx, const struct sy_aws_reply *reply,
                            const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_parameter parameter = {0};
    SY_AUTO_JSON struct json_object *tree = NULL;
    SY_AUTO_FREE char *name = item_name(op, RECORD);
    struct sy_stored stored = {0};
    struct sy_error why;
    if (error) {
        finish_read(op, &stored, is_absent(error) ? NULL : error);
        return;
    }
    int result = sy_parameter_parse(reply->body, reply->body_len, &parameter, &tree, &why);
    if (result == 0 && parameter.version != op->version)
        result = sy_fail(&why, SY_INTERNAL,
                         "SSM's answer to GetParameter is version %lld of %s, where %lld was asked "
                         "for",
                         (long long)parameter.version, name, (long long)op->version);
    if (result == 0)
        result = stored_record(op, &parameter, &stored, &why);
    finish_read(op, &stored, result ? &why : NULL);
}

static void read_version(struct sy_store *store, const char *function, const char *alias,
                         int64_t version, sy_stored_done *done, void *ctx) {
    struct op *op = op_create(store, function, alias, ctx);
    SY_AUTO_FREE char *name = item_name(op, RECORD);
    SY_AUTO_FREE char *selector = sy_asprintf("%s:%lld", name, (long long)version);
    op->stored_done = done;
    op->version = version;
    get_parameter(op, selector, on_read_version);
}

static void read_history(struct sy_store *store, const char *function, const char *alias,
                         sy_versions_stored_done *done, void *ctx) {
    struct ssm *ssm = (struct ssm *)store;
    SY_AUTO_FREE char *name =
        sy_asprintf("%s/%s/%s%s", ssm->prefix, function, item_names[RECORD], alias);
    sy_ssm_read_history(ssm->aws, &ssm->histories, name, function, alias, done, ctx);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void finish_put(struct op *op, enum item item, const struct sy_aws_reply *reply,
                       const struct sy_error *error) {
    int64_t version = 0;
    struct sy_error why;
    if (error) {
        why = put_error(op, item, error);
        finish_write(op, 0, &why);
    } else if (sy_put_parse(reply->body, reply->body_len, &version, &why)) {
        finish_write(op, 0, &why);
    } else {
        finish_write(op, version, NULL);
    }
}

static void on_write_record(void *ctx, const struct sy_aws_reply *reply,
                            const struct sy_error *error) {
    finish_put(ctx, RECORD, reply, error);
}

static void write_record(struct sy_store *store, const struct sy_record *record,
                         sy_written_done *done, void *ctx) {
    struct op *op = op_create(store, record->spec.function, record->spec.alias, ctx);
    SY_AUTO_FREE char *value = sy_record_write(record);
    op->written_done = done;
    put_parameter(op, RECORD, value, true, on_write_record);
}

/* The create said that there is a lock: ours, from a try whose answer was lost? */
static void on_read_own_lease(void *ctx, const struct sy_aws_reply *reply,
                              const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_parameter parameter = {0};
    SY_AUTO_JSON struct json_object *tree = NULL;
    struct sy_lease lease;
    struct sy_error ignored;
    bool ours =
        !error &&
        sy_parameter_parse(reply->body, reply->body_len, &parameter, &tree, &ignored) == 0 &&
        sy_lease_parse(parameter.value, parameter.len, &lease, &ignored) == 0 &&
        strcmp(lease.owner, op->lease.owner) == 0 && lease.until_ms == op->lease.until_ms;
    finish_write(op, parameter.version, ours ? NULL : &op->error);
}

static void on_create_lease(void *ctx, const struct sy_aws_reply *reply,
                            const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_error mine;
    if (error && (mine = put_error(op, LOCK, error)).code == SY_ALREADY_EXISTS) {
        SY_AUTO_FREE char *name = item_name(op, LOCK);
        op->error = mine;
        get_parameter(op, name, on_read_own_lease);
        return;
    }
    finish_put(op, LOCK, reply, error);
}

static void on_renew_lease(void *ctx, const struct sy_aws_reply *reply,
                           const struct sy_error *error) {
    finish_put(ctx, LOCK, reply, error);
}

static void write_lease(struct sy_store *store, const char *function, const char *alias,
                        const struct sy_lease *lease, sy_written_done *done, void *ctx) {
    struct op *op = op_create(store, function, alias, ctx);
    SY_AUTO_FREE char *value = sy_lease_write(lease);
    op->written_done = done;
    op->lease = *lease;
    put_parameter(op, LOCK, value, lease->version != 0,
                  lease->version ? on_renew_lease : on_create_lease);
}

static void on_drop_lease(void *ctx, const struct sy_aws_reply *reply,
                          const struct sy_error *error) {
    (void)reply;
    finish_write(ctx, 0, error && !is_absent(error) ? error : NULL);
}

static void drop_lease(struct sy_store *store, const char *function, const char *alias,
                       sy_written_done *done, void *ctx) {
    struct op *op = op_create(store, function, alias, ctx);
    SY_AUTO_FREE char *name = item_name(op, LOCK);
    SY_AUTO_JSON struct json_object *body = body_new("Name", name);
    op->written_done = done;
    send(op, "DeleteParameter", body, on_drop_lease);
}

/* What goes into one of the mirror's parameters; "" = leave it. buf of 24 bytes. */
static const char *mirror_value(const struct sy_mirror *mirror, enum item item, char buf[24]) {
    switch (item) {
    case CURRENT:
        return mirror->current;
    case PREVIOUS:
        return mirror->previous;
    case LAST_KNOWN_GOOD:
        return mirror->last_known_good;
    case MIRROR_ALIAS:
        return mirror->alias;
    case DEPLOYMENT:
        (void)snprintf(buf, 24, "%lld", (long long)mirror->deployment_ms);
        return mirror->deployment_ms ? buf : "";
    default:
        return "";
    }
}

static void on_write_mirror(void *ctx, const struct sy_aws_reply *reply,
                            const struct sy_error *error);

/* The next of the mirror's parameters that has something to be written; false when none is left. */
static bool write_mirror_next(struct op *op) {
    char buf[24];
    for (; op->next < RECORD; op->next++) {
        const char *value = mirror_value(&op->mirror, op->next, buf);
        if (value[0]) {
            put_parameter(op, op->next, value, true, on_write_mirror);
            return true;
        }
    }
    return false;
}

static void on_write_mirror(void *ctx, const struct sy_aws_reply *reply,
                            const struct sy_error *error) {
    struct op *op = ctx;
    int64_t version = 0;
    struct sy_error why;
    if (error) {
        why = put_error(op, op->next, error);
        finish_write(op, 0, &why);
    } else if (sy_put_parse(reply->body, reply->body_len, &version, &why)) {
        finish_write(op, 0, &why);
    } else {
        op->next++;
        if (!write_mirror_next(op))
            finish_write(op, 0, NULL);
    }
}

static void write_mirror(struct sy_store *store, const char *function,
                         const struct sy_mirror *mirror, sy_written_done *done, void *ctx) {
    struct op *op = op_create(store, function, "", ctx);
    op->written_done = done;
    op->mirror = *mirror;
    if (!write_mirror_next(op))
        finish_write_later(op);
}

static void read_names(struct sy_store *store, const char *function, sy_names_done *done,
                       void *ctx) {
    struct ssm *ssm = (struct ssm *)store;
    sy_ssm_names_read(ssm->aws, ssm->prefix, &ssm->names, function, done, ctx);
}

static void on_proof(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    finish_put(ctx, CURRENT, reply, error);
}

static void prove_write(struct sy_store *store, const char *function, const char *current,
                        sy_written_done *done, void *ctx) {
    struct op *op = op_create(store, function, "", ctx);
    op->written_done = done;
    put_parameter(op, CURRENT, current, false, on_proof);
}

static void destroy(struct sy_store *store) {
    struct ssm *ssm = (struct ssm *)store;
    if (!ssm)
        return;
    while (!LIST_EMPTY(&ssm->ops))
        op_destroy(LIST_FIRST(&ssm->ops));
    sy_ssm_names_drop(&ssm->names);
    sy_ssm_histories_finish(&ssm->histories);
    free(ssm->prefix);
    free(ssm);
}

struct sy_store *sy_ssm_create(struct sy_aws *aws, struct sy_io *io, struct sy_timers *timers,
                               const char *prefix) {
    static const struct sy_store_ops ops = {
        .read = read_all,
        .read_version = read_version,
        .read_history = read_history,
        .write_record = write_record,
        .write_lease = write_lease,
        .drop_lease = drop_lease,
        .write_mirror = write_mirror,
        .read_names = read_names,
        .prove_write = prove_write,
        .destroy = destroy,
    };
    struct ssm *ssm = sy_calloc(1, sizeof *ssm);
    ssm->base.ops = &ops;
    ssm->aws = aws;
    ssm->io = io;
    ssm->timers = timers;
    ssm->prefix = sy_strdup(prefix ? prefix : "/lambda");
    LIST_INIT(&ssm->ops); /* the others are empty as they are: zero */
    return &ssm->base;
}
