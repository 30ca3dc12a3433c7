/* What a drill's report says is to be fixed, and its faces. */
#include "report/drill.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct sy_drill drill;

static int setup(void **state) {
    (void)state;
    sy_drill_init(&drill);
    (void)snprintf(drill.function, sizeof drill.function, "checkout-drill");
    (void)snprintf(drill.alias, sizeof drill.alias, "live");
    (void)snprintf(drill.good, sizeof drill.good, "41");
    (void)snprintf(drill.bad, sizeof drill.bad, "42");
    (void)snprintf(drill.left.primary, sizeof drill.left.primary, "41");
    drill.threshold_bp = 500;
    drill.min_invocations = 5;
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        drill.rehearsals[i].result = SY_REHEARSAL_PASSED;
    return 0;
}

static struct sy_rehearsal *failed(enum sy_rehearsal_kind kind) {
    drill.rehearsals[kind].result = SY_REHEARSAL_FAILED;
    return &drill.rehearsals[kind];
}

/* The only thing to fix, and what it says. */
static void assert_fix(const char *says) {
    static struct sy_drill_fixes fixes;
    sy_drill_fix(&drill, &fixes);
    assert_int_equal(fixes.n, 1);
    if (!strstr(fixes.list[0], says))
        fail_msg("\"%s\" does not say \"%s\"", fixes.list[0], says);
}

static void find(enum sy_severity severity, const char *text, const char *fix) {
    struct sy_finding *finding = &drill.findings.list[drill.findings.n++];
    finding->severity = severity;
    (void)snprintf(finding->text, sizeof finding->text, "%s", text);
    (void)snprintf(finding->fix, sizeof finding->fix, "%s", fix);
}

static void all_passed(void **state) {
    static struct sy_drill_fixes fixes;
    (void)state;
    find(SY_SEVERITY_OK, "all is well", "");
    find(SY_SEVERITY_UNKNOWN, "nobody can tell", "");
    sy_drill_fix(&drill, &fixes);
    assert_int_equal(fixes.n, 0);
}

static void a_finding_is_to_be_fixed(void **state) {
    (void)state;
    find(SY_SEVERITY_WARNING, "the credentials end in 5m", "get longer ones");
    assert_fix("the credentials end in 5m: get longer ones");
}

static void unknown_finding(void **state) {
    (void)state;
    find(SY_SEVERITY_UNKNOWN, "GetPolicy was denied", "allow lambda:GetPolicy");
    assert_fix("allow lambda:GetPolicy");
}

static void missing_action(void **state) {
    (void)state;
    struct sy_rehearsal *r = failed(SY_REHEARSAL_ABORT);
    (void)sy_fail(
        &r->error, SY_PERMISSION_DENIED,
        "lambda UpdateAlias failed; allow the IAM action lambda:UpdateAlias: AccessDenied");
    assert_fix("allow the IAM action lambda:UpdateAlias for");
}

/* A warning's text alone names it, too; and what several rehearsals want is said once. */
static void missing_action_of_a_warning(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++)
        (void)snprintf(failed(i ? SY_REHEARSAL_ROLLBACK : SY_REHEARSAL_ABORT)->error.message, 512,
                       "the record was not written: ssm PutParameter failed; allow the IAM action "
                       "ssm:PutParameter");
    assert_fix("allow the IAM action ssm:PutParameter for");
}

static void throttled(void **state) {
    (void)state;
    (void)sy_fail(&failed(SY_REHEARSAL_ABORT)->error, SY_RESOURCE_EXHAUSTED, "slow down");
    assert_fix("throttled");
}

static void credentials(void **state) {
    (void)state;
    (void)sy_fail(&failed(SY_REHEARSAL_KILLED)->error, SY_UNAUTHENTICATED, "the token has expired");
    assert_fix("get credentials that last");
}

static void bad_is_healthy(void **state) {
    (void)state;
    failed(SY_REHEARSAL_BAD_IN_STAGE)->judged = (struct sy_counts){100, 5};
    assert_fix("version 42, which is meant to fail, does not: 5 of 100");
}

static void bad_fails_enough(void **state) {
    (void)state;
    failed(SY_REHEARSAL_BAD_IN_STAGE)->judged = (struct sy_counts){100, 6};
    assert_fix("bad-in-stage was not as expected");
}

static void good_fails(void **state) {
    (void)state;
    failed(SY_REHEARSAL_HEALTHY)->judged = (struct sy_counts){100, 50};
    assert_fix("version 41, which is meant to be healthy, fails: 50 of 100");
}

static void no_metrics(void **state) {
    (void)state;
    failed(SY_REHEARSAL_BAD_AT_FULL)->answered = (struct sy_counts){80, 40};
    assert_fix("no metrics of version 42 arrived, though it answered 80 invocations");
}

static void no_traffic(void **state) {
    (void)state;
    failed(SY_REHEARSAL_HEALTHY);
    assert_fix("no traffic of version 41 was seen");
}

static void thin_traffic(void **state) {
    (void)state;
    failed(SY_REHEARSAL_HEALTHY)->judged = (struct sy_counts){4, 0};
    assert_fix("only 4 invocations of version 41 were seen within the window, and a verdict needs "
               "5: raise --rate");
}

static void traffic_failed(void **state) {
    (void)state;
    (void)sy_fail(&drill.traffic, SY_PERMISSION_DENIED,
                  "lambda Invoke failed; allow the IAM action lambda:InvokeFunction: no");
    assert_fix("allow the IAM action lambda:InvokeFunction for");
}

static void not_back(void **state) {
    (void)state;
    (void)snprintf(drill.left.additional, sizeof drill.left.additional, "42");
    drill.left.additional_bp = 1000;
    assert_fix(
        "the alias is not on version 41 alone (it is on 41 90%, 42 10%): `steelyard rollback "
        "--function checkout-drill --alias live --version 41`");
}

static void not_back_for_a_reason(void **state) {
    static struct sy_drill_fixes fixes;
    (void)state;
    (void)snprintf(drill.left.primary, sizeof drill.left.primary, "42");
    (void)sy_fail(&drill.back, SY_PERMISSION_DENIED,
                  "lambda UpdateAlias failed; allow the IAM action lambda:UpdateAlias: no");
    sy_drill_fix(&drill, &fixes);
    assert_int_equal(fixes.n, 2);
    assert_non_null(strstr(fixes.list[0], "allow the IAM action lambda:UpdateAlias for"));
}

static void nameless(void **state) {
    (void)state;
    drill.nameless = true;
    assert_fix("no X-Amz-Executed-Version");
}

static void in_a_sandbox(void **state) {
    (void)state;
    drill.in_sandbox = true;
    failed(SY_REHEARSAL_HEALTHY);
    assert_fix("`steelyard drill --only healthy-release`");
}

static void not_known_where(void **state) {
    (void)state;
    drill.left.primary[0] = '\0';
    assert_fix("(it is not known)");
}

/* ---- faces ---- */

static char *print(void (*face)(FILE *to, const struct sy_drill *drill)) {
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    assert_non_null(to);
    face(to, &drill);
    (void)fclose(to);
    return text;
}

static void assert_has(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void text_end(void **state) {
    (void)state;
    drill.began_ms = 1000;
    drill.ended_ms = 15449;
    SY_AUTO_FREE char *text = print(sy_drill_text_end);
    assert_string_equal(text,
                        "10 of 10 passed in 14.4s; the alias is on 41 100%\nNothing to fix.\n");
    drill.rehearsals[SY_REHEARSAL_KILLED].result = SY_REHEARSAL_NOT_RUN;
    SY_AUTO_FREE char *left = print(sy_drill_text_end);
    assert_string_equal(left, "9 of 10 passed in 14.4s, 1 not run; the alias is on 41 100%\n");
}

static void rehearsal_face(FILE *to, const struct sy_drill *of) {
    sy_drill_text_rehearsal(to, of, SY_REHEARSAL_ABORT);
}

static void text_rehearsal(void **state) {
    (void)state;
    struct sy_rehearsal *r = &drill.rehearsals[SY_REHEARSAL_ABORT];
    (void)snprintf(r->happened, sizeof r->happened, "CANCELLED");
    r->took_ms = 92345;
    r->switch_ms = 23;
    r->exposed_ms = 2149;
    r->failed_requests = 1;
    SY_AUTO_FREE char *text = print(rehearsal_face);
    assert_string_equal(text,
                        "  passed   abort             1m32s    23 ms     2.1s      1  CANCELLED\n");
    r->result = SY_REHEARSAL_FAILED;
    SY_AUTO_FREE char *shown = print(rehearsal_face);
    assert_has(shown, "           expected: CANCELLED, and the alias is back\n"
                      "           happened: CANCELLED\n");
    r->failed_at_least = true;
    SY_AUTO_FREE char *least = print(rehearsal_face);
    assert_has(least, "     1+ ");
}

static void markdown_page(void **state) {
    (void)state;
    struct sy_rehearsal *r = failed(SY_REHEARSAL_ABORT);
    (void)snprintf(r->happened, sizeof r->happened, "a | b <i>\nc");
    r->failed_requests = 3;
    r->failed_at_least = true;
    SY_AUTO_BUFFER struct sy_buffer page = {0};
    sy_drill_markdown(&drill, &page);
    const char *text = page.data;
    assert_has(text, "## Drill: 9 of 10 rehearsals passed\n");
    assert_has(text, "| a &#124; b &lt;i&gt;?c |");
    assert_has(text, "| at least 3 |\n");
    assert_has(text, "### To fix\n\n1. abort was not as expected");
}

static void json_lines(void **state) {
    (void)state;
    failed(SY_REHEARSAL_HEALTHY)->took_ms = 5;
    SY_AUTO_FREE char *line = sy_drill_json_rehearsal(&drill, SY_REHEARSAL_HEALTHY);
    assert_has(line, "\"result\":\"failed\"");
    assert_has(line, "\"took_ms\":5");
    assert_has(line, "\"fix\":\"no traffic of version 41");
    assert_null(strstr(line, "switch_ms"));
    SY_AUTO_FREE char *end = sy_drill_json_end(&drill);
    assert_has(end, "\"passed\":9,\"failed\":1,\"not_run\":0");
    assert_has(end, "\"left_on\":\"41 100%\"");
}

int main(void) {
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(all_passed),
        T(a_finding_is_to_be_fixed),
        T(unknown_finding),
        T(missing_action),
        T(throttled),
        T(missing_action_of_a_warning),
        T(credentials),
        T(bad_is_healthy),
        T(good_fails),
        T(bad_fails_enough),
        T(no_metrics),
        T(no_traffic),
        T(thin_traffic),
        T(traffic_failed),
        T(not_back),
        T(not_known_where),
        T(not_back_for_a_reason),
        T(in_a_sandbox),
        T(nameless),
        T(text_end),
        T(text_rehearsal),
        T(markdown_page),
        T(json_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
