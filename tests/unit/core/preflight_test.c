#include "core/preflight.h"

#include "base/memory.h"
#include "core/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SET(to, text) (void)snprintf(to, sizeof(to), "%s", text)

static struct sy_spec spec;
static struct sy_facts facts;
static struct sy_findings findings;
static struct sy_plan plan;
static struct sy_error error;

/* Alias live on 41, version 42 like it, nothing around, everything allowed. */
static int reset(void **state) {
    (void)state;
    sy_spec_init(&spec);
    SET(spec.function, "orders");
    SET(spec.alias, "live");
    SET(spec.version, "42");
    facts = (struct sy_facts){.now_ms = INT64_C(1767323040000),
                              .has_alias = true,
                              .has_version = true,
                              .has_traffic = true,
                              .traffic_per_hour = 100000};
    SET(facts.routing.primary, "41");
    SET(facts.version_state, "Active");
    struct sy_preflight *p = &facts.preflight;
    for (int i = 0; i < SY_READ_COUNT; i++)
        p->reads[i] = SY_READ_ANSWERED;
    p->target = (struct sy_configuration){.exists = true, .version = "42", .role = "arn:a"};
    p->baseline = (struct sy_configuration){.exists = true, .version = "41", .role = "arn:a"};
    p->expiry = (struct sy_expiry){.has = true, .known = true, .expires_ms = INT64_MAX};
    return 0;
}

static const struct sy_finding *find(const char *id) {
    findings = (struct sy_findings){.n = 0};
    sy_preflight_check(&spec, &facts, &findings);
    for (uint32_t i = 0; i < findings.n; i++)
        if (strcmp(findings.list[i].id, id) == 0)
            return &findings.list[i];
    return NULL;
}

static void finds(const char *id, enum sy_severity severity, const char *says) {
    const struct sy_finding *finding = find(id);
    if (!finding)
        fail_msg("there is no finding %s", id);
    assert_string_equal(sy_severity_word(finding->severity), sy_severity_word(severity));
    if (!strstr(finding->text, says))
        fail_msg("%s: \"%s\" does not say %s", id, finding->text, says);
}

static void refused(const char *reason) {
    error = (struct sy_error){0};
    assert_int_equal(sy_plan_make(&spec, &facts, &plan, &error), -1);
    assert_int_equal(error.code, SY_FAILED_PRECONDITION);
    assert_string_equal(error.reason, reason);
}

static void planned(const char *warning) {
    if (sy_plan_make(&spec, &facts, &plan, &error))
        fail_msg("%s", error.message);
    for (uint32_t i = 0; i < plan.n_warnings; i++)
        if (warning && strstr(plan.warnings[i], warning))
            return;
    if (warning)
        fail_msg("the plan does not warn of %s", warning);
    assert_int_equal(plan.n_warnings, 0);
}

static void nothing_is_wrong(void **state) {
    (void)state;
    findings = (struct sy_findings){.n = 0};
    sy_preflight_check(&spec, &facts, &findings);
    for (uint32_t i = 0; i < findings.n; i++)
        assert_int_equal(findings.list[i].severity, SY_SEVERITY_OK);
    finds("ROLE", SY_SEVERITY_OK, "the same execution role");
    planned(NULL);
}

static void versions_that_cannot_share_an_alias(void **state) {
    (void)state;
    SET(facts.preflight.target.role, "arn:b");
    finds("ROLE_DIFFERS", SY_SEVERITY_ERROR, "different execution roles (arn:a, arn:b)");
    refused("ROLE_DIFFERS");
    spec.n_stages = 0; /* never two versions at once */
    assert_null(find("ROLE_DIFFERS"));
    planned("instant");
    (void)reset(NULL);
    SET(facts.preflight.target.dead_letter, "arn:q");
    finds("DEAD_LETTER_DIFFERS", SY_SEVERITY_ERROR, "(none, arn:q)");
    refused("DEAD_LETTER_DIFFERS");
}

static void provisioned_concurrency(void **state) {
    (void)state;
    struct sy_concurrency *c = &facts.preflight.concurrency;
    *c = (struct sy_concurrency){.exists = true, .status = "READY", .requested = 5};
    finds("CONCURRENCY", SY_SEVERITY_WARNING, "provisioned concurrency (5)");
    planned("provisioned concurrency");
    *c = (struct sy_concurrency){
        .exists = true, .status = "IN_PROGRESS", .requested = 5, .available = 2};
    finds("CONCURRENCY_IN_PROGRESS", SY_SEVERITY_ERROR, "(2 of 5)");
    refused("CONCURRENCY_IN_PROGRESS");
    *c = (struct sy_concurrency){.exists = true, .status = "FAILED", .reason = "no capacity"};
    finds("CONCURRENCY_FAILED", SY_SEVERITY_WARNING, "no capacity");
}

static void grants(void **state) {
    (void)state;
    facts.preflight.function_policy = (struct sy_policy){true, true};
    finds("INVOKE_PERMISSION", SY_SEVERITY_WARNING, "answers 500");
    planned("answers 500");
    facts.preflight.alias_policy = (struct sy_policy){true, true};
    finds("INVOKE_PERMISSION", SY_SEVERITY_OK, "may invoke alias live");
    planned(NULL);
}

static void credentials_that_end(void **state) {
    (void)state;
    struct sy_expiry *expiry = &facts.preflight.expiry;
    expiry->expires_ms = facts.now_ms + 30 * SY_MINUTE_MS; /* 2 x 15 min of bakes, just enough */
    finds("CREDENTIALS", SY_SEVERITY_WARNING, "extended");
    planned("extended");
    expiry->expires_ms -= 1;
    finds("CREDENTIALS_EXPIRE", SY_SEVERITY_ERROR, "takes 30m at least");
    refused("CREDENTIALS_EXPIRE");
    expiry->refreshes = true;
    planned(NULL);
    expiry->refreshes = false;
    spec.wait = SY_WAIT_NONE; /* somebody else drives on */
    planned(NULL);
    spec.wait = SY_WAIT_LOCK_IN;
    expiry->expires_ms = facts.now_ms + SY_HOUR_MS - 1;
    refused("CREDENTIALS_EXPIRE");
    *expiry = (struct sy_expiry){.has = true};
    finds("CREDENTIALS", SY_SEVERITY_UNKNOWN, "nobody told");
    planned(NULL);
}

static void what_was_not_answered(void **state) {
    (void)state;
    facts.preflight.reads[SY_READ_FUNCTION_POLICY] = SY_READ_DENIED;
    facts.preflight.reads[SY_READ_CONCURRENCY] = SY_READ_FAILED;
    planned("lambda:GetProvisionedConcurrencyConfig, lambda:GetPolicy");
    finds("PERMISSION_DENIED", SY_SEVERITY_UNKNOWN, "lambda:GetPolicy is not allowed");
    facts.preflight.reads[SY_READ_UPDATE_ALIAS] = SY_READ_DENIED;
    facts.preflight.reads[SY_READ_FUNCTION_POLICY] = SY_READ_ANSWERED;
    finds("PERMISSION_DENIED", SY_SEVERITY_ERROR, "lambda:UpdateAlias is not allowed");
    assert_non_null(strstr(find("PERMISSION_DENIED")->fix, "lambda:UpdateAlias"));
}

static void versions(void **state) {
    (void)state;
    SET(facts.version_state, "Inactive");
    finds("VERSION_INACTIVE", SY_SEVERITY_WARNING, "first call");
    planned("first call");
    SET(facts.version_state, "Failed");
    SET(facts.preflight.target.state_reason, "no such image");
    finds("VERSION_NOT_ACTIVE", SY_SEVERITY_ERROR, "Failed: no such image");
    facts.has_version = false;
    finds("VERSION_NOT_FOUND", SY_SEVERITY_ERROR, "42 does not exist");
    spec.version[0] = '\0';
    assert_null(find("VERSION_NOT_FOUND"));
}

static void what_is_under_way(void **state) {
    (void)state;
    finds("ALIAS", SY_SEVERITY_OK, "41 100%");
    SET(facts.routing.additional, "40");
    facts.routing.additional_bp = 1000;
    finds("FOREIGN_SPLIT", SY_SEVERITY_ERROR, "no release of ours");
    facts.has_record = true;
    facts.record.spec = spec;
    facts.record.phase = SY_PHASE_BAKING;
    finds("ALIAS", SY_SEVERITY_WARNING, "nobody drives it");
    facts.has_lease = true;
    facts.lease.until_ms = facts.now_ms + 1000;
    SET(facts.lease.owner, "ci:7/1");
    finds("RELEASE_RUNNING", SY_SEVERITY_ERROR, "driven by ci:7/1");
    facts.has_alias = false;
    facts.has_record = false;
    finds("ALIAS", SY_SEVERITY_WARNING, "does not exist");
}

static void retries(void **state) {
    (void)state;
    finds("ASYNC_RETRIES", SY_SEVERITY_OK, "after three minutes");
    facts.preflight.invoke_config = (struct sy_invoke_config){true, 0};
    finds("ASYNC_RETRIES", SY_SEVERITY_OK, "comes at once");
}

/* As long as names may be: nothing overflows, and all still ends in NUL. */
static void long_names(void **state) {
    (void)state;
    memset(spec.function, 'f', SY_FUNCTION_MAX);
    memset(spec.alias, 'a', SY_ALIAS_MAX);
    memset(facts.preflight.target.role, 'r', SY_ARN_MAX);
    memset(facts.preflight.target.dead_letter, 'd', SY_ARN_MAX);
    facts.preflight.function_policy = (struct sy_policy){true, true};
    facts.preflight.concurrency = (struct sy_concurrency){.exists = true, .status = "FAILED"};
    memset(facts.preflight.concurrency.reason, 'x', SY_WHY_MAX);
    (void)find("");
    for (uint32_t i = 0; i < findings.n; i++) {
        assert_non_null(memchr(findings.list[i].text, 0, sizeof findings.list[i].text));
        assert_non_null(memchr(findings.list[i].fix, 0, sizeof findings.list[i].fix));
    }
    refused("ROLE_DIFFERS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_wrong, reset),
        cmocka_unit_test_setup(versions_that_cannot_share_an_alias, reset),
        cmocka_unit_test_setup(provisioned_concurrency, reset),
        cmocka_unit_test_setup(grants, reset),
        cmocka_unit_test_setup(credentials_that_end, reset),
        cmocka_unit_test_setup(what_was_not_answered, reset),
        cmocka_unit_test_setup(versions, reset),
        cmocka_unit_test_setup(what_is_under_way, reset),
        cmocka_unit_test_setup(retries, reset),
        cmocka_unit_test_setup(long_names, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
