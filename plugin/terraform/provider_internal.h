/* The provider's own parts: provider.c (configuration, stop, the table of methods), request.c (what
 * was asked, decoded), follow.c (a release that is driven here), resource.c (validate, upgrade,
 * import, move), resource_read.c, _plan.c, _apply.c, data_source.c, action.c; pure: release_spec.c
 * (values -> spec), release_state.c (facts
 * -> values). */
#ifndef SY_TERRAFORM_PROVIDER_INTERNAL_H
#define SY_TERRAFORM_PROVIDER_INTERNAL_H

#include "base/timers.h"
#include "core/plan.h"
#include "terraform/diagnostic.h"
#include "terraform/provider.h"
#include "terraform/types.h"
#include "terraform/value.h"

enum sy_configured {
    SY_NOT_CONFIGURED,
    SY_CONFIGURED,
    SY_CONFIGURED_LATER, /* a setting is not known yet: plan without looking */
};

/* All on the engine's thread. */
struct sy_terraform {
    struct sy_terraform_options options;
    enum sy_configured configured;
    bool stopping;             /* StopProvider came: nothing new is begun */
    struct sy_follow *follows; /* releases that are driven here */
};

/* What an apply is to do; the plan decides it. name, word */
#define SY_DEEDS(X)                                                                                \
    X(NOTHING, "nothing")     /* at most, settings change in state */                              \
    X(ACCEPT, "accept")       /* the version that somebody else moved the alias to */              \
    X(RELEASE, "release")     /* move the alias to `version` */                                    \
    X(RESUME, "resume")       /* the same, with a release that exists */                           \
    X(TAKE_BACK, "take-back") /* end the release of another version, which was left unfinished */
#define X(name, word) SY_DEED_##name,
enum sy_deed { SY_DEEDS(X) SY_DEED_COUNT };
#undef X

/* What the provider remembers of a resource beside its state (Terraform keeps it, unseen). */
struct sy_private {
    /* The version that we left the alias on, or that was accepted there. Another one is somebody
     * else's move. "" = none. */
    char released[SY_VERSION_MAX + 1];
    char release_id[40]; /* the last release that this resource began, or went on with; "" = none */
    /* As Read found it, until the next apply. */
    char
        unfinished[SY_VERSION_MAX + 1]; /* the version of that release, while it is on its way up */
    bool in_lock_in;                    /* its lock-in is open */
    bool driven;                        /* somebody drives it */
    bool split;                         /* by somebody else */
    bool halted; /* a release ended HALTED, and its version gets traffic still */
    /* Of the plan that is to be applied. */
    enum sy_deed deed;
    char fingerprint[SY_FINGERPRINT_MAX + 1]; /* "" = none */
};

/* One call, from its request to its answer. */
struct sy_request {
    struct sy_call *call;
    struct sy_terraform *provider;
    struct sy_arena arena;
    struct sy_diagnostics diagnostics;
    const struct sy_type *type;
    struct sy_value config;
    struct sy_value prior;   /* state before */
    struct sy_value planned; /* of PlanResourceChange: as proposed, then as planned */
    struct sy_private private;
    struct sy_buffer private_text; /* of the answer */
    struct sy_buffer encoded;      /* of the answer */
    struct sy_follow *follow;      /* the release that it drives; engine's thread */
    struct sy_action *action;      /* the same */
};

/* ---- request.c ---- */

/* The request that the call keeps, made with it. */
struct sy_request *sy_request_create(struct sy_call *call);
struct sy_request *sy_request_of(const struct sy_call *call);
/* Decode a value; an absent one is null. What is wrong with it becomes a diagnostic. */
void sy_request_decode(struct sy_request *request, const struct sy_type *type,
                       const Tfplugin6__DynamicValue *bytes, struct sy_value *ret);
/* A diagnostic when a value that the method cannot do without is null, or not known. */
void sy_request_need(struct sy_request *request, const struct sy_value *value, const char *what);
void sy_request_decode_private(struct sy_request *request, struct sy_bytes bytes);
/* The type of that name among the resources, data sources, actions; NULL and a diagnostic. */
const struct sy_type *sy_request_type(struct sy_request *request, const char *name,
                                      const struct sy_type *const *types);
/* Encode the value for the answer, once a request; the message points into the request. */
Tfplugin6__DynamicValue *sy_request_encode(struct sy_request *request,
                                           const struct sy_value *value);
struct sy_bytes sy_request_encode_private(struct sy_request *request,
                                          const struct sy_private *private);
/* An error of the engine as a diagnostic, at the attribute that its field or reason is about. */
void sy_request_diagnose(struct sy_request *request, const char *summary,
                         const struct sy_error *error);
/* A diagnostic instead of AWS when the provider is not configured; false: it is. */
bool sy_request_refuses_unconfigured(struct sy_request *request, const char *path);
/* Fill diagnostics into a response. */
#define SY_FILL_DIAGNOSTICS(response, request)                                                     \
    ((response)->n_diagnostics = (request)->diagnostics.n,                                         \
     (response)->diagnostics = (request)->diagnostics.list)

/* ---- follow.c: a release that is driven here, to its end ---- */

/* The first member of a struct that the method allocates. It may outlive its call. */
struct sy_follow {
    struct sy_terraform *provider;
    struct sy_follow *next;
    struct sy_question *question; /* the call's; NULL once it is answered */
    struct sy_watch *watch;       /* NULL once it has ended */
    struct sy_timer wake;
    struct sy_timer timeout;
    char stopped[64];   /* why it was interrupted from here; "" = it was not */
    bool goes_on_alone; /* an interrupt does not stop it: a rollback */
    bool began;         /* something was done, or told */
    bool first;         /* the alias was created */
    struct sy_error error;
    struct sy_release_event end; /* FINISHED, once it came */
    void (*over)(struct sy_follow *follow);
};
/* Enter it into the provider's list; then begin a watch with sy_follow_ready() and it, and set
 * follow->watch. */
void sy_follow_init(struct sy_follow *follow, struct sy_request *request,
                    void (*over)(struct sy_follow *follow));
void sy_follow_ready(void *follow); /* a sy_watch_ready */
/* Interrupt it when that time has passed. */
void sy_follow_limit(struct sy_follow *follow, int64_t limit_ms);
/* Ask it to stop, as its on_interrupt says. */
void sy_follow_interrupt(struct sy_follow *follow, const char *why);
void sy_follows_interrupt(struct sy_terraform *terraform);
/* Leave the list and free it. */
void sy_follow_forget(struct sy_follow *follow);
void sy_follows_drop(struct sy_terraform *terraform);

/* ---- release_spec.c ---- */

/* The spec that a steelyard_release wishes for. What is not known yet or left out keeps its
 * default; what is wrong becomes a diagnostic at its attribute. */
void sy_release_to_spec(const struct sy_value *release, struct sy_spec *ret,
                        struct sy_diagnostics *diagnostics);
/* Is everything that a spec takes known? */
bool sy_release_is_known(const struct sy_value *release);
/* A duration attribute; -1: left out, not known, or wrong, which is a diagnostic. */
int64_t sy_duration_value(const struct sy_value *value, const char *path,
                          struct sy_diagnostics *diagnostics);
/* A percentage in basis points; -1 as above. */
int32_t sy_percent_value(const struct sy_value *value, const char *path,
                         struct sy_diagnostics *diagnostics);
/* A whole number within the limits; -1 as above. */
int64_t sy_integer_value(const struct sy_value *value, const char *path, int64_t min, int64_t max,
                         struct sy_diagnostics *diagnostics);
/* A text that fits into size bytes with its NUL; "" as above. */
void sy_text_value(const struct sy_value *value, const char *path, char *ret, size_t size,
                   struct sy_diagnostics *diagnostics);
/* The attribute that a field of struct sy_error is about; NULL: none of a steelyard_release. */
const char *sy_release_path_of(const char *field);
enum sy_drift { SY_DRIFT_ERROR, SY_DRIFT_ADOPT, SY_DRIFT_RELEASE };
enum sy_drift sy_release_on_drift(const struct sy_value *release);
/* The version that state found the alias on: under on_drift = "adopt", `version` does not tell. */
const char *sy_release_found(const struct sy_value *state);

/* ---- release_state.c ---- */

/* Fill the computed attributes of a steelyard_release from what was read; planned_stages are left.
 */
void sy_release_observe(struct sy_value *release, const struct sy_facts *facts,
                        struct sy_arena *arena);
/* The data source's value. */
void sy_status_observe(struct sy_value *status, const struct sy_facts *facts,
                       struct sy_arena *arena);
/* Is the last release on its way up: begun, not wholly promoted, and not on its way back? */
bool sy_is_under_way(const struct sy_facts *facts);
/* The version that the alias serves, or would go back to while a release is under way; "" = none.
 */
const char *sy_live_version(const struct sy_facts *facts);
/* The lines of planned_stages. */
struct sy_value sy_planned_stages(const struct sy_plan *plan, struct sy_arena *arena);
/* What each stage of the record's release has shown, as a table of lines. */
const char *sy_stage_table(const struct sy_record *record, struct sy_arena *arena);

/* ---- the methods, by file ---- */

extern const struct sy_type *const sy_resource_types[]; /* ends with NULL */
/* Does the wish ask once more for a version that was rolled back: is its retry_token another one?
 */
bool sy_release_asks_retry(const struct sy_value *prior, const struct sy_value *wish);

void sy_resource_validate_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_resource_upgrade_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_resource_import_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_resource_move_received(struct sy_call *call, const ProtobufCMessage *message);
/* Ask where the alias in state stands, and settle nothing; ctx of done() is a question. */
void sy_resource_look(struct sy_request *request, sy_status_done *done);
void sy_resource_read_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_resource_read_work(struct sy_call *call, unsigned bits);
void sy_resource_plan_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_resource_plan_work(struct sy_call *call, unsigned bits);
void sy_resource_apply_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_resource_apply_work(struct sy_call *call, unsigned bits);
void sy_resource_apply_closed(struct sy_call *call, bool cancelled);

void sy_data_source_validate_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_data_source_read_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_data_source_read_work(struct sy_call *call, unsigned bits);

void sy_action_validate_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_action_plan_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_action_invoke_received(struct sy_call *call, const ProtobufCMessage *message);
void sy_action_invoke_work(struct sy_call *call, unsigned bits);

#endif
