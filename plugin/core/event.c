#include "core/event.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

const char *sy_decision_word(enum sy_decision value) {
#define X(name, word) word,
    static const char *const words[] = {SY_DECISIONS(X)};
#undef X
    return (unsigned)value < SY_COUNT(words) ? words[value] : "?";
}

static const struct {
    const char *word;
    int exit;
} outcomes[] = {
#define X(name, word, exit) {word, exit},
    SY_OUTCOMES(X)
#undef X
};

const char *sy_outcome_word(enum sy_outcome value) {
    return (unsigned)value < SY_COUNT(outcomes) ? outcomes[value].word : "?";
}

int sy_outcome_exit(enum sy_outcome value) {
    return (unsigned)value < SY_COUNT(outcomes) ? outcomes[value].exit : 1;
}

const char *sy_event_word(enum sy_event_kind kind) {
#define X(name, word) word,
    static const char *const words[] = {SY_EVENT_KINDS(X)};
#undef X
    return (unsigned)kind < SY_COUNT(words) ? words[kind] : "?";
}

bool sy_routing_equal(const struct sy_routing *a, const struct sy_routing *b) {
    if (strcmp(a->primary, b->primary) != 0)
        return false;
    /* An additional version with no traffic routes like none at all, but it blocks other tools, so
     * it still has to be cleared: not equal. */
    return strcmp(a->additional, b->additional) == 0 &&
           (!a->additional[0] || a->additional_bp == b->additional_bp);
}

int32_t sy_routing_share(const struct sy_routing *routing, const char *version) {
    if (!version[0])
        return 0;
    int32_t additional = routing->additional[0] ? routing->additional_bp : 0;
    int32_t share = 0;
    if (strcmp(routing->primary, version) == 0)
        share += 10000 - additional;
    if (routing->additional[0] && strcmp(routing->additional, version) == 0)
        share += additional;
    return share;
}

const char *sy_routing_format(const struct sy_routing *routing, char buf[80]) {
    char one[16];
    char two[16];
    if (!routing->primary[0])
        (void)snprintf(buf, 80, "none");
    else if (!routing->additional[0])
        (void)snprintf(buf, 80, "%s 100%%", routing->primary);
    else
        (void)snprintf(buf, 80, "%s %s, %s %s", routing->primary,
                       sy_percent_format(10000 - routing->additional_bp, one), routing->additional,
                       sy_percent_format(routing->additional_bp, two));
    return buf;
}
