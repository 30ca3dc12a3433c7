#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client.h"

#include <stdio.h>

static void print_stage(const struct sy_record *record, uint32_t i) {
    const struct sy_stage_result *result = &record->results[i];
    char weight[16];
    int32_t bp = i < record->spec.n_stages ? record->spec.stages[i].weight_bp : 10000;
    if (!result->started_ms)
        return;
    (void)printf("    %-6s %-12s %lld errors of %lld invocations\n", sy_percent_format(bp, weight),
                 result->decision == SY_DECISION_NONE ? "-" : sy_decision_word(result->decision),
                 (long long)result->canary.errors, (long long)result->canary.invocations);
}

static void print_release(const struct sy_facts *facts) {
    const struct sy_record *record = &facts->record;
    char at[24];
    (void)printf("  release     version %s, baseline %s, %s", record->spec.version,
                 record->baseline[0] ? record->baseline : "none", sy_phase_word(record->phase));
    if (record->phase == SY_PHASE_BAKING)
        (void)printf(
            " stage %u of %u %s %s", record->stage + 1, record->spec.n_stages,
            record->paused_ms ? "paused since" : "until",
            sy_time_format(record->paused_ms ? record->paused_ms : record->stage_until_ms, at));
    if (record->phase == SY_PHASE_LOCK_IN)
        (void)printf(" until %s", sy_time_format(sy_record_lock_in_end(record), at));
    if (sy_record_is_closed(record))
        (void)printf(": %s", sy_outcome_word(record->outcome));
    (void)printf("\n");
    if (record->reason[0])
        (void)printf("              %s\n", record->reason);
    for (uint32_t i = 0; i <= record->spec.n_stages; i++)
        print_stage(record, i);
    if (!sy_record_is_closed(record))
        (void)printf("  driven by   %s\n",
                     sy_is_driven(facts)
                         ? facts->lease.owner
                         : "nobody; steelyard resume goes on, steelyard abort goes back");
}

static const char *or_none(const char *text) {
    return text[0] ? text : "none";
}

static void print_status(const struct sy_cli *cli, const struct sy_facts *facts) {
    char routing[80];
    (void)printf("%s:%s\n", cli->spec.function, cli->spec.alias);
    (void)printf("  alias       %s\n", sy_routing_format(&facts->routing, routing));
    if (facts->has_record)
        print_release(facts);
    else
        (void)printf("  release     none recorded\n");
    (void)printf("  parameters  current %s, previous %s, last known good %s",
                 or_none(facts->mirror_current), or_none(facts->mirror_previous),
                 or_none(facts->mirror_last_known_good));
    if (facts->mirror_alias[0])
        (void)printf(" (of alias %s)", facts->mirror_alias);
    (void)printf("\n");
}

int sy_cli_status(const struct sy_cli *cli) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_facts *facts = sy_calloc(1, sizeof *facts);
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    int failed =
        sy_host_status(host, cli->spec.function, cli->spec.alias, !cli->no_settle, facts, &error);
    sy_host_finish(host);
    if (failed)
        return sy_cli_error(cli, &error);
    if (cli->ci) { /* the report reads the history itself */
        sy_report_facts(&cli->ci->report, facts);
        return SY_EXIT_OK;
    }
    if (cli->output == SY_FORMAT_JSON)
        sy_cli_put_line(sy_facts_json(cli, facts));
    else
        print_status(cli, facts);
    return SY_EXIT_OK;
}
