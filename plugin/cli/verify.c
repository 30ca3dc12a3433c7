#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>

static void print(const struct sy_cli *cli, const struct sy_verified *verified) {
    char from[24];
    char to[24];
    char routing[80];
    if (cli->output == SY_FORMAT_JSON) {
        sy_cli_put_line(sy_verified_json(cli, verified));
        (void)fflush(stdout);
        return;
    }
    (void)printf("%s:%s version %s is %s\n", cli->spec.function, cli->spec.alias, verified->version,
                 sy_decision_word(verified->judgement.decision));
    (void)printf("  why         %s\n", verified->text);
    (void)printf("  window      %s to %s\n", sy_time_format(verified->from_ms, from),
                 sy_time_format(verified->to_ms, to));
    if (verified->baseline[0])
        (void)printf("  baseline    %s: %lld errors of %lld invocations\n", verified->baseline,
                     (long long)verified->judgement.other.errors,
                     (long long)verified->judgement.other.invocations);
    (void)printf("  alias       %s\n", sy_routing_format(&verified->routing, routing));
    (void)fflush(stdout);
}

static void report(const struct sy_cli *cli, const struct sy_verified *verified) {
    struct sy_report_verify verify = {.decision = verified->judgement.decision,
                                      .canary = verified->judgement.canary,
                                      .other = verified->judgement.other,
                                      .from_ms = verified->from_ms,
                                      .to_ms = verified->to_ms,
                                      .threshold_bp = verified->threshold_bp};
    memcpy(verify.version, verified->version, sizeof verify.version);
    memcpy(verify.baseline, verified->baseline, sizeof verify.baseline);
    memcpy(verify.text, verified->text, sizeof verify.text);
    sy_report_verify(&cli->ci->report, &verify);
}

/* Healthy 0, inconclusive 4, unhealthy 6 (release.md). */
static int exit_code(enum sy_decision decision) {
    return decision == SY_DECISION_HEALTHY     ? SY_EXIT_OK
           : decision == SY_DECISION_UNHEALTHY ? SY_EXIT_UNHEALTHY
                                               : sy_outcome_exit(SY_OUTCOME_PAUSED);
}

static int take_back(const struct sy_cli *cli, struct sy_host *host,
                     const struct sy_verified *verified) {
    struct sy_error error = {0};
    struct sy_rollback rollback = {0};
    if (!verified->baseline[0] || !sy_routing_share(&verified->routing, verified->version)) {
        (void)sy_fail_reason(&error, SY_FAILED_PRECONDITION, "NO_BASELINE",
                             "version %s is unhealthy, but there is nothing to take back: %s",
                             verified->version,
                             verified->baseline[0] ? "it gets no traffic of the alias"
                                                   : "no release of it is recorded");
        return sy_cli_error(cli, &error);
    }
    memcpy(rollback.function, cli->spec.function, sizeof rollback.function);
    memcpy(rollback.alias, cli->spec.alias, sizeof rollback.alias);
    memcpy(rollback.baseline, verified->baseline, sizeof rollback.baseline);
    (void)snprintf(rollback.reason, sizeof rollback.reason, "verify: %.180s",
                   cli->reason ? cli->reason : verified->text);
    return sy_cli_take_back(cli, host, &rollback);
}

static int run(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_error error = {0};
    struct sy_verified verified;
    struct sy_verify verify = {.end_ms = cli->ago_ms ? sy_time_now() - cli->ago_ms : cli->at_ms,
                               .window_ms = cli->spec.window_ms,
                               .min_invocations = cli->spec.min_invocations,
                               .period_ms = cli->spec.period_ms,
                               .threshold_bp = cli->spec.threshold_bp};
    memcpy(verify.function, cli->spec.function, sizeof verify.function);
    memcpy(verify.alias, cli->spec.alias, sizeof verify.alias);
    memcpy(verify.version, cli->spec.version, sizeof verify.version);
    if (sy_host_verify(host, &verify, &verified, &error))
        return sy_cli_error(cli, &error);
    print(cli, &verified);
    if (cli->ci)
        report(cli, &verified);
    if (cli->rolls_back && verified.judgement.decision == SY_DECISION_UNHEALTHY)
        return take_back(cli, host, &verified);
    return exit_code(verified.judgement.decision);
}

int sy_cli_verify(const struct sy_cli *cli) {
    return sy_cli_with_host(cli, run);
}
