/* A source of credentials. Each kind is one file, provider_*.c: a const table of functions and a
 * constructor; chain.c chooses among them. All that a source needs from outside goes through struct
 * sy_io or comes from a timer: none of them blocks, but for the read of a small file. */
#ifndef SY_AWS_PROVIDER_H
#define SY_AWS_PROVIDER_H

#include "aws/clock.h"
#include "aws/credentials.h"
#include "aws/settings.h"
#include "base/timers.h"

/* What all sources of one client share; borrowed by them. io is NULL when the settings are only
 * checked: then nothing is fetched. */
struct sy_provider_scope {
    struct sy_io *io;
    struct sy_timers *timers;
    struct sy_clock *clock;
    const struct sy_settings *settings;
};

/* Takes over the credentials; or error, the other one is NULL. */
typedef void sy_provider_done(void *ctx, struct sy_credentials *credentials,
                              const struct sy_error *error);

struct sy_provider;
struct sy_provider_ops {
    const char *method; /* botocore's name of the kind, where it has one */
    bool lasting;       /* fetching anew brings nothing new */
    /* Ends, at once or later, with sy_provider_give() or sy_provider_fail(). */
    void (*fetch)(struct sy_provider *provider);
    /* Drops a fetch under way. */
    void (*destroy)(struct sy_provider *provider);
};

struct sy_provider {
    const struct sy_provider_ops *ops;
    const struct sy_provider_scope *scope;
    char *name; /* for people: "the environment", "profile build (role arn:aws:iam::…)" */
    sy_provider_done *done; /* of the fetch under way; NULL: none */
    void *ctx;
};

/* At most one fetch at a time; done may be called from within. */
void sy_provider_fetch(struct sy_provider *provider, sy_provider_done *done, void *ctx);
/* Takes NULL. */
void sy_provider_destroy(struct sy_provider *provider);

/* For the sources themselves. Each is the last thing that a source does: it may be destroyed by
 * them. */
void sy_provider_give(struct sy_provider *provider, struct sy_credentials *credentials);
void sy_provider_fail(struct sy_provider *provider, const struct sy_error *error);
/* The same, with why it has none: UNAUTHENTICATED, NO_CREDENTIALS. */
void sy_provider_fail_why(struct sy_provider *provider, const char *why);

/* Fixed credentials of which the check has passed; takes them over. method is a literal. */
struct sy_provider *sy_provider_fixed(const struct sy_provider_scope *scope, const char *method,
                                      char *name, struct sy_credentials *credentials)
    __attribute__((returns_nonnull));

/* The role of sts:AssumeRole, by the credentials of another source, which is taken over. */
struct sy_role {
    const char *arn;
    const char *session_name; /* NULL: steelyard-<time> */
    const char *external_id;  /* NULL: none */
    int64_t duration_s;       /* 0: AWS's default, an hour */
};
struct sy_provider *sy_provider_assume_role(const struct sy_provider_scope *scope, char *name,
                                            const struct sy_role *role, struct sy_provider *source)
    __attribute__((returns_nonnull));

/* sts:AssumeRoleWithWebIdentity, with the token of a file, of a variable, or of GitHub. */
enum sy_web_token { SY_WEB_TOKEN_FILE, SY_WEB_TOKEN_VARIABLE, SY_WEB_TOKEN_GITHUB };
struct sy_provider *sy_provider_web_identity(const struct sy_provider_scope *scope, char *name,
                                             const struct sy_role *role, enum sy_web_token from,
                                             const char *where) __attribute__((returns_nonnull));

/* AWS IAM Identity Center (SSO). */
struct sy_sso {
    const char *session; /* NULL: the legacy form, without an sso-session */
    const char *start_url;
    const char *region;
    const char *account;
    const char *role;
};
SY_MUST_USE int sy_provider_sso(const struct sy_provider_scope *scope, const char *profile,
                                const struct sy_sso *sso, struct sy_provider **ret,
                                struct sy_error *error);

/* A program that prints credentials. */
SY_MUST_USE int sy_provider_process(const struct sy_provider_scope *scope, const char *profile,
                                    const char *command, struct sy_provider **ret,
                                    struct sy_error *error);

/* The endpoint of a container (ECS, EKS, or one's own), from AWS_CONTAINER_CREDENTIALS_…_URI. */
SY_MUST_USE int sy_provider_container(const struct sy_provider_scope *scope,
                                      struct sy_provider **ret, struct sy_error *error);

/* The instance metadata service of EC2, version 2. when_none: what to say of the sources that were
 * asked before it, when it has none either. */
SY_MUST_USE int sy_provider_instance(const struct sy_provider_scope *scope, const char *when_none,
                                     struct sy_provider **ret, struct sy_error *error);

#endif
