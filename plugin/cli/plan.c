#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client.h"

#include <stdio.h>

static void print_stages(const struct sy_plan *plan) {
    for (uint32_t i = 0; i < plan->spec.n_stages; i++) {
        char weight[16];
        char bake[32];
        (void)printf("  stage %-5u %-5s for %-6s", i + 1,
                     sy_percent_format(plan->spec.stages[i].weight_bp, weight),
                     sy_duration_format(plan->spec.stages[i].bake_ms, bake));
        if (plan->expected[i] >= 0)
            (void)printf(" about %lld invocations", (long long)plan->expected[i]);
        (void)printf("\n");
    }
}

static void print_release(const struct sy_plan *plan) {
    const struct sy_spec *spec = &plan->spec;
    char lock_in[32];
    char window[32];
    char threshold[16];
    (void)printf("  release     %s, baseline %s, last known good %s\n", spec->version,
                 plan->baseline[0] ? plan->baseline : "none",
                 plan->last_known_good[0] ? plan->last_known_good : "unknown");
    print_stages(plan);
    (void)printf("  then        100%%, lock-in %s\n",
                 sy_duration_format(spec->lock_in_ms, lock_in));
    (void)printf("  rolls back  above %s errors within %s, from %lld invocations on\n",
                 sy_percent_format(spec->threshold_bp, threshold),
                 sy_duration_format(spec->window_ms, window), (long long)spec->min_invocations);
}

static void print_plan(const struct sy_plan *plan) {
    char routing[80];
    (void)printf("%s:%s\n", plan->spec.function, plan->spec.alias);
    (void)printf("  now         %s\n", sy_routing_format(&plan->routing, routing));
    if (plan->kind == SY_PLAN_UNCHANGED)
        (void)printf("  unchanged   the alias serves version %s already\n", plan->spec.version);
    else if (plan->kind == SY_PLAN_RESUME)
        (void)printf("  resume      release %s of version %s, which nobody drives\n",
                     plan->release_id, plan->spec.version);
    else
        print_release(plan);
    for (uint32_t i = 0; i < plan->n_warnings; i++)
        (void)printf("  warning     %s\n", plan->warnings[i]);
    (void)printf("  fingerprint %s\n", plan->fingerprint);
}

int sy_cli_plan(const struct sy_cli *cli) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_plan *plan = sy_calloc(1, sizeof *plan);
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    int failed = sy_host_plan(host, &cli->spec, plan, &error);
    sy_host_finish(host);
    if (failed)
        return sy_cli_error(cli, &error);
    if (cli->ci)
        sy_report_plan(&cli->ci->report, plan);
    if (cli->output == SY_FORMAT_JSON)
        sy_cli_put_line(sy_plan_json(plan));
    else
        print_plan(plan);
    return SY_EXIT_OK;
}
