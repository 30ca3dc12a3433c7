#include "report/sentence.h"

#include "base/text.h"

#include <stdio.h>

static void counts_sentence(const struct sy_release_event *event, const char *head, char buf[400]) {
    (void)snprintf(buf, 400, "%s: %s", head, event->text);
}

static void moved_sentence(const struct sy_release_event *event, char buf[400]) {
    char from[80];
    char to[80];
    char took[40] = "";
    if (event->duration_ms) /* not known of a move of the past */
        (void)snprintf(took, sizeof took, " (%lld ms)", (long long)event->duration_ms);
    (void)snprintf(buf, 400, "alias moved: %s -> %s%s", sy_routing_format(&event->from, from),
                   sy_routing_format(&event->to, to), took);
}

static void stage_head(const struct sy_release_event *event, char head[64]) {
    char weight[16];
    if (event->stage > event->n_stages)
        (void)snprintf(head, 64, "at 100%%");
    else
        (void)snprintf(head, 64, "stage %u of %u at %s", event->stage, event->n_stages,
                       sy_percent_format(event->weight_bp, weight));
}

void sy_event_sentence(const struct sy_release_event *event, char buf[400]) {
    char head[64];
    char line[128];
    char time[32];
    char routing[80];
    stage_head(event, head);
    buf[0] = '\0';
    switch (event->kind) {
    case SY_EVENT_PLANNED:
        (void)snprintf(buf, 400, "release %s: %s -> %s by %s", event->release_id,
                       event->baseline[0] ? event->baseline : "none", event->version, event->text);
        break;
    case SY_EVENT_STAGE_STARTED:
        (void)snprintf(buf, 400, "%s, bakes for %s", head,
                       sy_duration_format(event->duration_ms, time));
        break;
    case SY_EVENT_ALIAS_MOVED:
        moved_sentence(event, buf);
        break;
    case SY_EVENT_OBSERVED:
        counts_sentence(event, head, buf);
        break;
    case SY_EVENT_STAGE_VERDICT:
        (void)snprintf(line, sizeof line, "%s is %s", head, sy_decision_word(event->decision));
        counts_sentence(event, line, buf);
        break;
    case SY_EVENT_ROLLBACK_STARTED:
        (void)snprintf(buf, 400, "rolling back to %s: %s", event->baseline, event->text);
        break;
    case SY_EVENT_ROLLBACK_VERIFIED:
        (void)snprintf(buf, 400, "back on %s: %s", sy_routing_format(&event->to, routing),
                       event->text);
        break;
    case SY_EVENT_LOCK_IN_STARTED:
        (void)snprintf(buf, 400, "version %s has all traffic; lock-in for %s", event->version,
                       sy_duration_format(event->duration_ms - event->duration_ms % 1000, time));
        break;
    case SY_EVENT_LOCK_IN_ENDED:
        (void)snprintf(line, sizeof line, "lock-in ended %s", sy_decision_word(event->decision));
        counts_sentence(event, line, buf);
        break;
    case SY_EVENT_FINISHED:
        (void)snprintf(buf, 400, "%s: %s", sy_outcome_word(event->outcome), event->text);
        break;
    case SY_EVENT_NOTE:
        (void)snprintf(buf, 400, "%s%s", event->warning ? "warning: " : "", event->text);
        break;
    default:
        (void)snprintf(buf, 400, "%s: %s", sy_event_word(event->kind), event->text);
        break;
    }
}
