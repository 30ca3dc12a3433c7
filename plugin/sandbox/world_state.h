/* What the sandbox's world is made of. For plugin/sandbox/ only; everybody else sees world.h.
 *
 * "Since start" times are milliseconds after the world's start, the others Unix milliseconds. */
#ifndef SY_SANDBOX_WORLD_STATE_H
#define SY_SANDBOX_WORLD_STATE_H

#include "base/memory.h"
#include "sandbox/random.h"
#include "sandbox/world.h"

#include <stdbool.h>
#include <stdint.h>

struct json_object;
struct lh_table;

enum {
    SY_FUNCTION_NAME_MAX = 64,
    SY_ALIAS_NAME_MAX = 128,
    SY_DESCRIPTION_MAX = 256,
    SY_UUID_LEN = 36,
    SY_ROLE_MAX = 200,
    SY_LATEST = 0, /* the version number that stands for $LATEST */
};

/* A piecewise constant value; the steps' times rise, the first is 0. */
struct sy_step {
    int64_t from_ms; /* since start */
    double value;
};
struct sy_timeline {
    struct sy_step *steps;
    size_t count;
};
double sy_timeline_at(const struct sy_timeline *line, int64_t since_start_ms);
/* The first step after the given time; INT64_MAX when there is none. */
int64_t sy_timeline_next(const struct sy_timeline *line, int64_t since_start_ms);
void sy_timeline_copy(struct sy_timeline *to, const struct sy_timeline *from);
/* From the given time on, one value. */
void sy_timeline_set(struct sy_timeline *line, int64_t since_start_ms, double value);

struct sy_version {
    int64_t number; /* SY_LATEST or >= 1 */
    char code_sha256[65];
    char description[SY_DESCRIPTION_MAX + 1];
    char revision[SY_UUID_LEN + 1];
    char role[SY_ROLE_MAX + 1];        /* ARN; "" = the account's role "sandbox" */
    char dead_letter[SY_ROLE_MAX + 1]; /* ARN; "" = none */
    char state[16];                    /* what it is once it is no longer Pending */
    int64_t active_from_ms;            /* since start; Pending before */
    int64_t modified_ms;
    struct sy_timeline error_rate; /* 0..1 */
};

struct sy_split {
    int64_t version;
    int64_t additional; /* 0 = none */
    double weight;      /* of additional, 0..1 */
};

struct sy_alias {
    char name[SY_ALIAS_NAME_MAX + 1];
    char description[SY_DESCRIPTION_MAX + 1];
    char revision[SY_UUID_LEN + 1];
    struct sy_split split;
    struct sy_split before; /* what traffic still sees until effective_ms */
    int64_t effective_ms;
};

struct sy_flow {
    char alias[SY_ALIAS_NAME_MAX + 1];
    struct sy_timeline per_second;
};

/* Counts of one slot of the metrics' resolution; only slots with invocations are kept. */
struct sy_slot {
    int64_t start_ms;
    uint32_t invocations;
    uint32_t errors;
};

/* What was invoked by one qualifier and ran one version. */
struct sy_series {
    char qualifier[SY_ALIAS_NAME_MAX + 1]; /* alias or version number; "" = unqualified */
    int64_t executed;                      /* -1 = published without ExecutedVersion */
    struct sy_slot *slots;
    size_t count;
    size_t capacity;
};

/* What is set for an alias, or (qualifier "") for the function. */
enum sy_setting_kind { SY_SETTING_PERMISSION, SY_SETTING_CONCURRENCY, SY_SETTING_EVENT_INVOKE };
struct sy_setting {
    enum sy_setting_kind kind;
    char qualifier[SY_ALIAS_NAME_MAX + 1];
    char text[128]; /* the principal, or the status */
    int64_t number; /* requested, or retries */
};

struct sy_function {
    char name[SY_FUNCTION_NAME_MAX + 1];
    bool deleted;
    uint64_t key; /* of its random streams */
    uint64_t invokes;
    int64_t next_number;
    int64_t publish_pending_ms; /* how long a published version stays Pending */
    char publish_state[16];     /* what it is then; "" = Active */
    int64_t update_pending_ms;  /* how long an update of the code is InProgress */
    bool update_fails;
    int64_t update_until_ms; /* since start: until then it is, and the revision changes once more */
    bool updating;
    bool modified; /* the code was updated at all */
    bool snap_start;
    struct sy_setting *settings;
    size_t n_settings;
    struct sy_version latest;
    struct sy_version *versions; /* by number */
    size_t n_versions;
    struct sy_alias *aliases; /* by name */
    size_t n_aliases;
    struct sy_flow *flows;
    size_t n_flows;
    int64_t traffic_ms; /* traffic has been generated up to here */
    struct sy_series *series;
    size_t n_series;
};

struct sy_metrics_options {
    int64_t resolution_ms; /* 1000, 10000, or 60000 */
    int64_t delay_ms;      /* from a slot's end until its datapoint starts to appear */
    int64_t growth_ms;     /* from then until it is complete */
    double first_share;    /* of the counts, at first */
    bool executed_version_at_full;
};

enum sy_fault_kind {
    SY_FAULT_NONE,
    SY_FAULT_STATUS,
    SY_FAULT_CUT,
    SY_FAULT_GARBAGE,
    SY_FAULT_HUGE,
    SY_FAULT_DELAY,
    SY_FAULT_THROTTLE,
    SY_FAULT_LOST_RESPONSE,
};

struct sy_fault {
    enum sy_fault_kind kind;
    char operation[48];                /* "*" = all */
    char match[SY_ALIAS_NAME_MAX + 1]; /* the URL or the body contains it; "" = any */
    int64_t from_ms, until_ms;         /* since start */
    int64_t nth;                       /* the first matching call that fails, from 1 */
    int64_t count;                     /* how many fail from there on */
    int64_t seen;                      /* matching calls so far */
    int64_t status;
    char code[64];
    char message[256];
    int64_t delay_ms;
    int64_t arrival_ms; /* of a delay: how much of it passes before the effect; -1 = as usual */
    int64_t size;       /* of a huge answer */
};

struct sy_parameter_version {
    int64_t number;
    int64_t modified_ms;
    char *value;
};
struct sy_parameter {
    char *name;
    char type[16];
    char description[SY_DESCRIPTION_MAX + 1];
    struct sy_parameter_version *versions; /* oldest first */
    size_t count;
};

struct sy_latency {
    char operation[48];
    int64_t ms;
};

struct sy_due_action {
    int64_t at_ms; /* since start */
    struct json_object *action;
};

struct sy_world {
    int64_t start_ms;
    int64_t now_ms;
    uint64_t seed;
    char region[32];
    char account[13];
    char access_key[129];       /* "" = any */
    struct sy_random ids;       /* request and revision ids */
    struct lh_table *functions; /* name -> struct sy_function, in the scenario's order */
    struct lh_table *parameters;
    size_t parameter_history;
    struct sy_metrics_options metrics;
    int64_t running_for_ms; /* traffic before the start */
    int64_t propagation_ms; /* from an alias's change until traffic follows it */
    int64_t latency_default_ms;
    int64_t whole_deletions; /* of functions, refused */
    struct sy_latency *latencies;
    size_t n_latencies;
    struct sy_fault *faults;
    size_t n_faults;
    struct sy_due_action *actions; /* by time */
    size_t n_actions;
    size_t next_action;
    /* The answer under construction. */
    int status;
    struct sy_error failure; /* why there is no answer, when status is 0 */
    struct sy_http_header headers[8];
    char header_values[8][128];
    size_t n_headers;
    struct sy_buffer body;
};

/* scenario.c: fill a fresh world. */
SY_MUST_USE int sy_scenario_read(struct sy_world *world, const char *text, size_t len,
                                 struct sy_error *error);
/* Refuse members of object that are not allowed; where names the place for the message. */
SY_MUST_USE int sy_scenario_keys(const struct json_object *object, const char *where,
                                 const char *const *allowed, size_t count, struct sy_error *error);
/* A duration member ("10m"); *ret stays as it was when absent. */
SY_MUST_USE int sy_scenario_duration(const struct json_object *object, const char *key,
                                     bool required, int64_t *ret_ms, struct sy_error *error);
/* A version number member, written as a string as AWS does. */
SY_MUST_USE int sy_scenario_version(const struct json_object *object, const char *key,
                                    bool required, int64_t *ret, struct sy_error *error);
/* A member that is a number or a time line of {from, <value_key>}. */
SY_MUST_USE int sy_scenario_timeline(const struct json_object *object, const char *key,
                                     const char *value_key, double max, struct sy_timeline *ret,
                                     struct sy_error *error);
/* Put the parameter that the members name and value tell. */
SY_MUST_USE int sy_scenario_parameter(struct sy_world *world, const struct json_object *object,
                                      struct sy_error *error);

/* world_around.c: a function's policies, provisioned_concurrency and event_invoke. */
SY_MUST_USE int sy_scenario_settings(struct sy_function *function, const struct json_object *object,
                                     struct sy_error *error);

/* world_act.c: what an operator or another tool does. Checks the names it is given. */
SY_MUST_USE int sy_act(struct sy_world *world, struct json_object *action, struct sy_error *error);
/* The shape alone: the verb and its keys, for scenarios that will act later. */
SY_MUST_USE int sy_act_check(struct json_object *action, struct sy_error *error);

/* world.c */
/* Bring the time line, though not the traffic, up to now_ms. */
void sy_world_advance(struct sy_world *world, int64_t now_ms);
void sy_world_uuid(struct sy_world *world, char buf[SY_UUID_LEN + 1]);
struct sy_function *sy_world_function(struct sy_world *world, const char *name);
struct sy_version *sy_function_version(struct sy_function *function, int64_t number);
struct sy_alias *sy_function_alias(struct sy_function *function, const char *name);
/* Add a version behind the others, which must have lower numbers; state Active, no errors. */
struct sy_version *sy_function_publish(struct sy_world *world, struct sy_function *function,
                                       int64_t number);
/* Code and configuration: what publishing takes from $LATEST. */
void sy_version_copy_code(struct sy_version *to, const struct sy_version *from);
/* Set what the alias does from now on, with a new revision; creates it when it does not exist. */
struct sy_alias *sy_function_route(struct sy_world *world, struct sy_function *function,
                                   const char *name, const struct sy_split *split);
/* What the alias's traffic sees at the given time. */
const struct sy_split *sy_alias_split(const struct sy_alias *alias, int64_t at_ms);
void sy_function_drop_alias(struct sy_world *world, struct sy_function *function,
                            struct sy_alias *alias);
void sy_function_drop_version(struct sy_function *function, struct sy_version *version);
bool sy_version_is_active(const struct sy_world *world, const struct sy_version *version);
/* 32 bytes that depend on the two alone, in base64. */
void sy_code_hash(const char *name, uint64_t salt, char buf[65]);

/* world_ssm.c */
struct sy_parameter *sy_parameter_get(struct sy_world *world, const char *name);
/* Write the value as the parameter's next version; creates it. */
struct sy_parameter *sy_parameter_put(struct sy_world *world, const char *name, const char *type,
                                      const char *value, size_t len);
void sy_parameter_delete(struct sy_world *world, const char *name);

/* world_traffic.c */
/* Generate the function's traffic up to the given time exactly: before anything changes it. */
void sy_traffic_advance(struct sy_world *world, struct sy_function *function, int64_t to_ms);
/* Up to the last whole slot before now: before counts are read. */
void sy_traffic_settle(struct sy_world *world, struct sy_function *function);
/* One invocation now; draws the version, and whether it fails, and counts. NULL when the qualifier
 * names nothing. */
struct sy_version *sy_traffic_invoke(struct sy_world *world, struct sy_function *function,
                                     const char *qualifier, bool *ret_failed);
/* What of a slot has reached the metrics by now. */
struct sy_slot sy_slot_visible(const struct sy_world *world, const struct sy_slot *slot);

/* world_faults.c */
SY_MUST_USE int sy_fault_read(const struct json_object *object, struct sy_fault *ret,
                              struct sy_error *error);
void sy_fault_add(struct sy_world *world, const struct sy_fault *fault);
/* Count the call against every fault it matches; the first that strikes is copied to *ret
 * (kind NONE otherwise). */
void sy_fault_draw(struct sy_world *world, const char *operation,
                   const struct sy_http_request *request, struct sy_fault *ret);

#endif
