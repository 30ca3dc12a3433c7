#include "cli/follow.h"

#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"
#include "report/sentence.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DRAW_EVERY_MS = 250 };

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
    if (cli->ci)
        sy_ci_event(cli->ci, event);
    else if (cli->output == SY_FORMAT_JSON)
        show_json(event);
    else if (progress)
        sy_progress_event(progress, event);
    else
        show_plain(event);
}

static bool wants_live_view(const struct sy_cli *cli) {
    const char *term = getenv("TERM");
    return !cli->ci && cli->output == SY_FORMAT_TEXT && isatty(STDOUT_FILENO) && term &&
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
    if (f->handled && !f->cli->ci)
        prepare_to_leave(f->cli, &f->last);
}

static void act_on_signal(struct following *f, struct sy_stream *stream) {
    f->handled = sy_cli_signal;
    sy_stream_interrupt(stream);
    /* A runner sends several signals within seconds, and nobody is there who would decide to leave:
     * the further ones change nothing. */
    if (f->cli->ci)
        sy_ci_interrupted(f->cli->ci, f->handled);
    else
        prepare_to_leave(f->cli, f->heard ? &f->last : NULL);
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
