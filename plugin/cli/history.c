/* What was: the versions of the record that the store keeps, told as the moves that they were. */
#include "cli/cli.h"

#include "base/memory.h"
#include "base/text.h"
#include "cli/follow.h"
#include "core/changes.h"
#include "report/sentence.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>

/* One release: versions[first] is its last version, versions[end - 1] its first that is kept. */
struct past {
    const struct sy_stored_version *versions;
    size_t first, end;
};

static struct past next_release(const struct sy_stored_version *versions, size_t n, size_t at) {
    struct past past = {versions, at, at};
    while (past.end < n &&
           strcmp(versions[past.end].record.release_id, versions[at].record.release_id) == 0)
        past.end++;
    return past;
}

static void each_change(const struct past *past, void (*show)(const struct sy_release_event *)) {
    int64_t sequence = 0; /* the records do not tell what each event's was */
    SY_AUTO_FREE struct sy_release_event *events = sy_calloc(SY_CHANGES_MAX, sizeof *events);
    for (size_t i = past->end; i > past->first; i--) {
        const struct sy_stored_version *version = &past->versions[i - 1];
        const struct sy_record *before = i < past->end ? &past->versions[i].record : NULL;
        uint32_t n = sy_record_changes(before, &version->record, version->at_ms, events);
        for (uint32_t k = 0; k < n; k++) {
            events[k].sequence = ++sequence;
            show(&events[k]);
        }
    }
}

static void show_text(const struct sy_release_event *event) {
    char at[24];
    char sentence[400];
    sy_event_sentence(event, sentence);
    (void)printf("  %s %s\n", sy_time_format(event->at_ms, at), sentence);
}

static void show_json(const struct sy_release_event *event) {
    sy_cli_put_line(sy_event_json(event));
}

static void print_release(const struct past *past) {
    const struct sy_record *record = &past->versions[past->first].record;
    (void)printf("%s  %s -> %s  %s\n", record->release_id,
                 record->baseline[0] ? record->baseline : "none", record->spec.version,
                 sy_record_is_closed(record) ? sy_outcome_word(record->outcome)
                                             : sy_phase_word(record->phase));
    each_change(past, show_text);
}

static void print(const struct sy_cli *cli, const struct sy_stored_version *versions, size_t n) {
    bool json = cli->output == SY_FORMAT_JSON;
    if (!n && !json)
        (void)printf("%s:%s has no releases on record\n", cli->spec.function, cli->spec.alias);
    for (size_t at = 0; at < n;) {
        struct past past = next_release(versions, n, at);
        if (json)
            each_change(&past, show_json);
        else
            print_release(&past);
        at = past.end;
    }
}

int sy_cli_history(const struct sy_cli *cli) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_stored_version *versions = NULL;
    size_t n = 0;
    if (sy_cli_connect(cli, &host, &error))
        return sy_cli_error(cli, &error);
    int failed = sy_host_history(host, cli->spec.function, cli->spec.alias, &versions, &n, &error);
    sy_host_finish(host);
    if (failed)
        return sy_cli_error(cli, &error);
    print(cli, versions, n);
    return SY_EXIT_OK;
}
