#include "core/preflight.h"

#include "base/memory.h"
#include "base/text.h"
#include "core/plan.h"

#include <stdio.h>
#include <string.h>

#define X(name, action) action,
static const char *const actions[] = {SY_READS(X)};
#undef X
#define X(name, word) word,
static const char *const severities[] = {SY_SEVERITIES(X)};
#undef X

const char *sy_read_action(enum sy_read read) {
    return (unsigned)read < SY_COUNT(actions) ? actions[read] : "?";
}

const char *sy_severity_word(enum sy_severity severity) {
    return (unsigned)severity < SY_COUNT(severities) ? severities[severity] : "?";
}

enum sy_read_result sy_read_result_of(const struct sy_error *error) {
    if (!error)
        return SY_READ_ANSWERED;
    return error->code == SY_PERMISSION_DENIED ? SY_READ_DENIED : SY_READ_FAILED;
}

static struct sy_finding *add(struct sy_findings *to, const char *id, enum sy_severity severity,
                              const char *fmt, ...) SY_PRINTF(4, 5);
static struct sy_finding *add(struct sy_findings *to, const char *id, enum sy_severity severity,
                              const char *fmt, ...) {
    struct sy_finding *finding = &to->list[to->n < SY_FINDINGS_MAX ? to->n++ : to->n - 1];
    *finding = (struct sy_finding){.severity = severity};
    (void)snprintf(finding->id, sizeof finding->id, "%s", id);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(finding->text, sizeof finding->text, fmt, args);
    va_end(args);
    return finding;
}

static void fix(struct sy_finding *finding, const char *fmt, ...) SY_PRINTF(2, 3);
static void fix(struct sy_finding *finding, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(finding->fix, sizeof finding->fix, fmt, args);
    va_end(args);
}

static bool answered(const struct sy_preflight *p, enum sy_read read) {
    return p->reads[read] == SY_READ_ANSWERED;
}

/* ---- the surroundings ---- */

/* Lambda takes an idle version's resources away; the first call brings them back (developer guide,
 * function states). */
static void find_inactive(const struct sy_spec *spec, const struct sy_facts *facts,
                          struct sy_findings *ret) {
    if (!facts->has_version || strcmp(facts->version_state, "Inactive") != 0)
        return;
    fix(add(ret, "VERSION_INACTIVE", SY_SEVERITY_WARNING,
            "version %s is Inactive: the first call makes Lambda load it again, and is slow or "
            "fails",
            spec->version),
        "invoke it once before: aws lambda invoke --function-name %s --qualifier %s /dev/null",
        spec->function, spec->version);
}

/* Two versions share an alias only with the same execution role and dead-letter configuration;
 * UpdateAlias answers InvalidParameterValueException otherwise (developer guide, weighted aliases).
 * A move without stages never has two versions on the alias. */
static void find_differences(const struct sy_spec *spec, const struct sy_preflight *p,
                             struct sy_findings *ret) {
    if (!p->target.exists || !p->baseline.exists || spec->n_stages == 0 ||
        strcmp(p->target.version, p->baseline.version) == 0)
        return;
    bool same = true;
    if (p->target.role[0] && p->baseline.role[0] && strcmp(p->target.role, p->baseline.role) != 0) {
        same = false;
        fix(add(ret, "ROLE_DIFFERS", SY_SEVERITY_ERROR,
                "versions %s and %s have different execution roles (%.80s, %.80s): Lambda "
                "refuses to share an alias between them",
                p->baseline.version, p->target.version, p->baseline.role, p->target.role),
            "publish the new version with the old role, or move at once with --stages instant");
    }
    if (strcmp(p->target.dead_letter, p->baseline.dead_letter) != 0) {
        same = false;
        fix(add(ret, "DEAD_LETTER_DIFFERS", SY_SEVERITY_ERROR,
                "versions %s and %s have different dead-letter targets (%.80s, %.80s): Lambda "
                "refuses to share an alias between them",
                p->baseline.version, p->target.version,
                p->baseline.dead_letter[0] ? p->baseline.dead_letter : "none",
                p->target.dead_letter[0] ? p->target.dead_letter : "none"),
            "give both the same dead-letter target, or move at once with --stages instant");
    }
    if (same)
        (void)add(ret, "ROLE", SY_SEVERITY_OK,
                  "versions %s and %s have the same execution role and dead-letter target",
                  p->baseline.version, p->target.version);
}

/* Lambda moves allocated capacity between the versions by the weights, puts transient weights on
 * the alias while it does, and refuses to change the setting of a weighted alias (lambda-facts). */
static void find_concurrency(const struct sy_spec *spec, const struct sy_preflight *p,
                             struct sy_findings *ret) {
    const struct sy_concurrency *c = &p->concurrency;
    if (!answered(p, SY_READ_CONCURRENCY))
        return;
    if (!c->exists) {
        (void)add(ret, "CONCURRENCY", SY_SEVERITY_OK, "alias %s has no provisioned concurrency",
                  spec->alias);
    } else if (strcmp(c->status, "IN_PROGRESS") == 0) {
        fix(add(ret, "CONCURRENCY_IN_PROGRESS", SY_SEVERITY_ERROR,
                "the provisioned concurrency of alias %s is being allocated (%lld of %lld): until "
                "it is, Lambda moves the alias's weights by itself",
                spec->alias, (long long)c->available, (long long)c->requested),
            "wait until: aws lambda get-provisioned-concurrency-config --function-name %s "
            "--qualifier %s says READY",
            spec->function, spec->alias);
    } else if (strcmp(c->status, "FAILED") == 0) {
        fix(add(ret, "CONCURRENCY_FAILED", SY_SEVERITY_WARNING,
                "the provisioned concurrency of alias %s could not be allocated: %.120s",
                spec->alias, c->reason[0] ? c->reason : "Lambda gives no reason"),
            "set it again, or delete it, before the release");
    } else {
        fix(add(ret, "CONCURRENCY", SY_SEVERITY_WARNING,
                "alias %s has provisioned concurrency (%lld), held ready for the version that it "
                "is "
                "on: the new one may start cold, and Lambda weighs the alias by itself while it "
                "moves the capacity",
                spec->alias, (long long)c->requested),
            "let it be while the alias is split: Lambda refuses to change it then");
    }
}

/* The resource policy is per qualifier: a caller that goes through the alias needs its grant there
 * (lambda-facts, who bypasses the alias). */
static void find_policy(const struct sy_spec *spec, const struct sy_preflight *p,
                        struct sy_findings *ret) {
    if (!answered(p, SY_READ_ALIAS_POLICY) || !answered(p, SY_READ_FUNCTION_POLICY))
        return;
    if (p->alias_policy.api_gateway)
        (void)add(ret, "INVOKE_PERMISSION", SY_SEVERITY_OK, "API Gateway may invoke alias %s",
                  spec->alias);
    else if (p->function_policy.api_gateway)
        fix(add(ret, "INVOKE_PERMISSION", SY_SEVERITY_WARNING,
                "API Gateway may invoke the function but not alias %s: an API that goes through "
                "the alias answers 500",
                spec->alias),
            "aws lambda add-permission --function-name %s --qualifier %s --statement-id apigateway "
            "--action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn ARN",
            spec->function, spec->alias);
    else
        (void)add(ret, "INVOKE_PERMISSION", SY_SEVERITY_OK,
                  "API Gateway invokes neither the function nor alias %s", spec->alias);
}

/* What a release takes at least: its bakes, and the lock-in where that is waited for. */
static int64_t shortest_ms(const struct sy_spec *spec) {
    int64_t bakes_ms = 0;
    for (uint32_t i = 0; i < spec->n_stages; i++)
        bakes_ms += spec->stages[i].bake_ms;
    if (spec->wait == SY_WAIT_NONE)
        return 0;
    if (spec->wait == SY_WAIT_STAGES)
        return bakes_ms;
    return spec->lock_in_ms > bakes_ms + spec->window_ms ? spec->lock_in_ms
                                                         : bakes_ms + spec->window_ms;
}

/* release.md, rule 15. A stage may be extended by one bake, so twice the time may be needed. */
static void find_expiry(const struct sy_spec *spec, const struct sy_facts *facts,
                        struct sy_findings *ret) {
    const struct sy_expiry *expiry = &facts->preflight.expiry;
    char until[24];
    char takes[32];
    int64_t shortest = shortest_ms(spec);
    if (!expiry->has)
        return;
    if (expiry->refreshes || (expiry->known && expiry->expires_ms == INT64_MAX)) {
        (void)add(ret, "CREDENTIALS", SY_SEVERITY_OK, "the credentials outlast the release");
        return;
    }
    if (!expiry->known) {
        fix(add(ret, "CREDENTIALS", SY_SEVERITY_UNKNOWN,
                "nobody told when the temporary credentials end; the release takes %s at least",
                sy_duration_format(shortest, takes)),
            "let them last longer than that, or use a role that can be assumed again");
        return;
    }
    (void)sy_time_format(expiry->expires_ms, until);
    (void)sy_duration_format(shortest, takes);
    if (expiry->expires_ms < facts->now_ms + shortest)
        fix(add(ret, "CREDENTIALS_EXPIRE", SY_SEVERITY_ERROR,
                "the credentials end at %s and do not refresh, and the release takes %s at least",
                until, takes),
            "use credentials that last longer or refresh, or shorter stages, or --wait none");
    else if (expiry->expires_ms < facts->now_ms + 2 * shortest)
        fix(add(ret, "CREDENTIALS", SY_SEVERITY_WARNING,
                "the credentials end at %s and do not refresh: a release that is extended outlasts "
                "them",
                until),
            "use credentials that last longer or refresh");
    else
        (void)add(ret, "CREDENTIALS", SY_SEVERITY_OK, "the credentials last until %s", until);
}

void sy_preflight_surroundings(const struct sy_spec *spec, const struct sy_facts *facts,
                               struct sy_findings *ret) {
    const struct sy_preflight *p = &facts->preflight;
    find_inactive(spec, facts, ret);
    if (facts->has_alias) {
        find_differences(spec, p, ret);
        find_concurrency(spec, p, ret);
    }
    find_policy(spec, p, ret);
    find_expiry(spec, facts, ret);
}

/* ---- what else `check` tells ---- */

static void find_version(const struct sy_spec *spec, const struct sy_facts *facts,
                         struct sy_findings *ret) {
    const struct sy_preflight *p = &facts->preflight;
    if (!spec->version[0] || !answered(p, SY_READ_VERSION))
        return;
    if (!facts->has_version) {
        fix(add(ret, "VERSION_NOT_FOUND", SY_SEVERITY_ERROR, "version %s does not exist",
                spec->version),
            "list them with: aws lambda list-versions-by-function --function-name %s",
            spec->function);
        return;
    }
    const char *state = facts->version_state;
    if (!state[0] || strcmp(state, "Active") == 0)
        (void)add(ret, "VERSION", SY_SEVERITY_OK, "version %s exists%s%s", spec->version,
                  state[0] ? " and is " : "", state);
    else if (strcmp(state, "Inactive") != 0)
        fix(add(ret, "VERSION_NOT_ACTIVE", SY_SEVERITY_ERROR, "version %s is %s%s%.160s",
                spec->version, state, p->target.state_reason[0] ? ": " : "",
                p->target.state_reason),
            "%s",
            strcmp(state, "Pending") == 0 ? "wait until it is Active"
                                          : "publish another version; this one cannot be released");
}

static void find_canary(const struct sy_spec *spec, const struct sy_facts *facts,
                        struct sy_findings *ret) {
    const struct sy_preflight *p = &facts->preflight;
    struct sy_error error = {0};
    char routing[80];
    if (!answered(p, SY_READ_ALIAS) || !answered(p, SY_READ_STORE))
        return;
    if (!facts->has_alias)
        fix(add(ret, "ALIAS", SY_SEVERITY_WARNING,
                "alias %s does not exist: the first release creates it with all traffic, and "
                "nothing can be judged before",
                spec->alias),
            "point it at the version in production first: aws lambda create-alias --function-name "
            "%s --name %s --function-version N",
            spec->function, spec->alias);
    else if (sy_plan_check_free(spec, facts, &error))
        (void)add(ret, error.reason, SY_SEVERITY_ERROR, "%s", error.message);
    else if (facts->has_record && !sy_record_is_closed(&facts->record))
        (void)add(ret, "ALIAS", SY_SEVERITY_WARNING,
                  "the release of version %s is not over (%s): %s", facts->record.spec.version,
                  sy_phase_word(facts->record.phase),
                  facts->record.phase == SY_PHASE_LOCK_IN
                      ? "a release of another version closes it as SUPERSEDED"
                      : "nobody drives it, and an apply of the same version goes on with it");
    else
        (void)add(ret, "ALIAS", SY_SEVERITY_OK, "alias %s is at %s, and no release is under way",
                  spec->alias, sy_routing_format(&facts->routing, routing));
}

/* Retries come after one and after two minutes, and a failure event only behind the last one
 * (developer guide, asynchronous invocation). */
static void find_retries(const struct sy_spec *spec, const struct sy_preflight *p,
                         struct sy_findings *ret) {
    static const char *const delays[] = {"at once", "after a minute", "after three minutes"};
    if (!answered(p, SY_READ_INVOKE_CONFIG))
        return;
    int64_t retries = p->invoke_config.exists ? p->invoke_config.retries : 2;
    (void)add(ret, "ASYNC_RETRIES", SY_SEVERITY_OK,
              "an asynchronous invocation of alias %s is retried %lld times: the event of its "
              "failure comes %s; CloudWatch counts every attempt as it fails",
              spec->alias, (long long)retries, delays[retries < 0 || retries > 2 ? 2 : retries]);
}

/* One finding an action, the worst of what was asked with it. */
static void find_permissions(const struct sy_preflight *p, struct sy_findings *ret) {
    for (enum sy_read i = 0; i < SY_READ_COUNT; i++) {
        enum sy_read_result worst = p->reads[i];
        bool said = false;
        for (enum sy_read j = 0; j < SY_READ_COUNT; j++) {
            if (strcmp(actions[i], actions[j]) != 0)
                continue;
            said |= j < i;
            if (p->reads[j] > worst)
                worst =
                    p->reads[j] == SY_READ_FAILED && worst == SY_READ_DENIED ? worst : p->reads[j];
        }
        if (said)
            continue;
        bool proof = i == SY_READ_UPDATE_ALIAS || i == SY_READ_PUT_PARAMETER;
        if (worst == SY_READ_ANSWERED)
            (void)add(ret, "PERMISSION", SY_SEVERITY_OK, "%s is allowed", actions[i]);
        else if (worst == SY_READ_DENIED)
            fix(add(ret, "PERMISSION_DENIED",
                    proof || i <= SY_READ_TELEMETRY ? SY_SEVERITY_ERROR : SY_SEVERITY_UNKNOWN,
                    "%s is not allowed%s", actions[i],
                    proof || i <= SY_READ_TELEMETRY ? "" : ", so this was not checked"),
                "allow the IAM action %s", actions[i]);
        else
            (void)add(ret, "PERMISSION", SY_SEVERITY_UNKNOWN, "%s was not checked%s", actions[i],
                      worst == SY_READ_FAILED ? ": there was no answer to it"
                      : proof                 ? ": nothing here could prove it without a change"
                                              : "");
    }
}

void sy_preflight_check(const struct sy_spec *spec, const struct sy_facts *facts,
                        struct sy_findings *ret) {
    find_version(spec, facts, ret);
    find_canary(spec, facts, ret);
    sy_preflight_surroundings(spec, facts, ret);
    find_retries(spec, &facts->preflight, ret);
    find_permissions(&facts->preflight, ret);
}

bool sy_findings_have_error(const struct sy_findings *findings) {
    for (uint32_t i = 0; i < findings->n; i++)
        if (findings->list[i].severity == SY_SEVERITY_ERROR)
            return true;
    return false;
}
