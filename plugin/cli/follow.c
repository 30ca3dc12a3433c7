#include "cli/follow.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DRAW_EVERY_MS = 250 };

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

static void show_plain(const struct sy_release_event *event) {
    char sentence[400];
    char at[24];
    sy_event_sentence(event, sentence);
    (void)printf("%s %s\n", sy_time_format(event->at_ms, at), sentence);
    (void)fflush(stdout);
}

static void show_json(const struct sy_release_event *event) {
    sy_cli_put_line(sy_event_json(event));
    (void)fflush(stdout);
}

/* One event to whichever view there is. */
static void show(const struct sy_cli *cli, struct sy_progress *progress,
                 const struct sy_release_event *event) {
    if (cli->output == SY_FORMAT_JSON)
        show_json(event);
    else if (progress)
        sy_progress_event(progress, event);
    else
        show_plain(event);
}

static bool wants_live_view(const struct sy_cli *cli) {
    const char *term = getenv("TERM");
    return cli->output == SY_FORMAT_TEXT && isatty(STDOUT_FILENO) && term &&
           strcmp(term, "dumb") != 0;
}

/* What the next signal says on its way out: the first one was acted on. */
static void prepare_to_leave(const struct sy_cli *cli, const struct sy_release_event *last) {
    char said[400] = "nothing was heard of it yet";
    char clean[400];
    char sentence[SY_FAREWELL_MAX];
    const char *function = cli->spec.function;
    const char *alias = cli->spec.alias;
    if (last)
        sy_event_sentence(last, said);
    (void)snprintf(sentence, sizeof sentence,
                   "left while the engine goes on with %s:%s (last: %s); see where it stands with "
                   "`steelyard status --function %s --alias %s`, or send all traffic back with "
                   "`steelyard rollback --function %s --alias %s`",
                   function, alias, sy_text_clean(said, strlen(said), clean, sizeof clean),
                   function, alias, function, alias);
    sy_cli_leave_with(sentence);
}

/* How far it has come. */
struct following {
    const struct sy_cli *cli;
    struct sy_progress *progress; /* NULL: a line an event */
    struct sy_release_event last; /* when heard */
    bool heard;
    bool finished;
    int handled; /* the signal that was acted on */
    int code;    /* of the outcome, when finished */
};

static void take_event(struct following *f) {
    show(f->cli, f->progress, &f->last);
    f->heard = true;
    if (f->last.kind == SY_EVENT_FINISHED) {
        f->finished = true;
        f->code = sy_outcome_exit(f->last.outcome);
    }
    if (f->handled)
        prepare_to_leave(f->cli, &f->last);
}

static void act_on_signal(struct following *f, struct sy_stream *stream) {
    f->handled = sy_cli_signal;
    prepare_to_leave(f->cli, f->heard ? &f->last : NULL);
    sy_stream_interrupt(stream);
}

/* "Interrupted" means that on_interrupt was applied; where it could not be, that is told. What
 * fails after the release was heard of may have left the alias split, so it is not "as it was". */
static int exit_code(const struct following *f, const struct sy_error *error) {
    const int halted = sy_outcome_exit(SY_OUTCOME_HALTED);
    if (f->finished)
        return f->handled && f->code != halted ? 128 + f->handled : f->code;
    if (error->code == SY_OK)
        return f->handled ? 128 + f->handled : SY_EXIT_FAILED;
    int code = sy_cli_error(f->cli, error);
    if (f->handled && error->code == SY_CANCELLED)
        return 128 + f->handled;
    return f->heard && code == SY_EXIT_FAILED ? halted : code;
}

int sy_cli_follow(const struct sy_cli *cli, struct sy_stream *stream) {
    struct following f = {.cli = cli};
    struct sy_error error = {0};
    if (wants_live_view(cli))
        f.progress = sy_progress_create(cli);
    for (;;) {
        struct sy_release_event event;
        int got = sy_stream_next(stream, f.progress ? DRAW_EVERY_MS : 100, &event, &error);
        if (got < 0)
            break;
        if (got > 0) {
            f.last = event;
            take_event(&f);
        }
        if (sy_cli_signal && !f.handled)
            act_on_signal(&f, stream);
        if (f.progress)
            sy_progress_draw(f.progress, sy_time_now(), f.handled);
    }
    sy_progress_destroy(f.progress);
    return exit_code(&f, &error);
}
