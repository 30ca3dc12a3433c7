/* The live view of a release in a terminal: one line a stage, the one under way with a bar, the
 * error rate against its threshold and the time left; below it what just happened. Redrawn in
 * place. */
#include "cli/follow.h"

#include "base/memory.h"
#include "base/text.h"
#include "core/verdict.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NOTES = 3, BAR = 24, LINE_MAX_BYTES = 600 };

struct line_state {
    int32_t weight_bp;
    int64_t started_ms;
    int64_t until_ms;
    enum sy_decision decision;
    struct sy_counts canary;
    struct sy_counts other;
    bool over;
};

struct sy_progress {
    const struct sy_cli *cli;
    bool color;
    int drawn; /* lines on the screen that the next drawing replaces */
    struct line_state stages[SY_STAGES_MAX + 1];
    uint32_t n_stages;
    uint32_t current; /* 1-based; 0 = none */
    char baseline[SY_VERSION_MAX + 1];
    char version[SY_VERSION_MAX + 1];
    struct sy_routing routing;
    int32_t threshold_bp;
    bool rolling_back;
    char notes[NOTES][400];
    enum sy_outcome outcome;
    char outcome_text[400];
    int64_t last_draw_ms;
};

struct sy_progress *sy_progress_create(const struct sy_cli *cli) {
    struct sy_progress *p = sy_calloc(1, sizeof *p);
    p->cli = cli;
    p->color = !getenv("NO_COLOR");
    p->threshold_bp = cli->spec.threshold_bp;
    if (strcmp(cli->command, "apply") == 0) {
        p->n_stages = cli->spec.n_stages;
        for (uint32_t i = 0; i < p->n_stages; i++)
            p->stages[i].weight_bp = cli->spec.stages[i].weight_bp;
    }
    return p;
}

/* ---- drawing ---- */

static const char *paint(const struct sy_progress *p, const char *code) {
    return p->color ? code : "";
}
#define BOLD "\033[1m"
#define DIM "\033[2m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"
#define PLAIN "\033[0m"

static int width(void) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 80;
}

/* Print one line, cut to the terminal's width so that it never wraps (escape sequences take no
 * columns, a UTF-8 sequence takes one), and count it. */
static void put(struct sy_progress *p, const char *fmt, ...) SY_PRINTF(2, 3);
static void put(struct sy_progress *p, const char *fmt, ...) {
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    int columns = 0;
    int limit = width() - 1;
    (void)fputs("\033[2K", stdout);
    for (const char *c = line; *c; c++) {
        if (*c == '\033') {
            while (*c && *c != 'm')
                (void)putchar(*c++);
            (void)putchar('m');
            continue;
        }
        bool first_byte = ((unsigned char)*c & 0xC0) != 0x80;
        if (first_byte && ++columns > limit)
            break;
        (void)putchar(*c);
    }
    (void)printf("%s\n", paint(p, PLAIN));
    p->drawn++;
}

static void rate_text(struct sy_counts counts, char buf[16]) {
    if (counts.invocations > 0)
        sy_percent_format(sy_rate_bp(counts), buf);
    else
        (void)snprintf(buf, 16, "-");
}

static void bar_text(const struct line_state *stage, int64_t now_ms, char buf[BAR * 3 + 1]) {
    int64_t whole = stage->until_ms - stage->started_ms;
    int64_t done = now_ms - stage->started_ms;
    int filled = whole > 0 ? (int)(done * BAR / whole) : BAR;
    for (int i = 0; i < BAR; i++, buf += 3) /* both are three bytes of UTF-8 */
        (void)snprintf(buf, 4, "%s", i < filled ? "━" : "─");
}

static void draw_current(struct sy_progress *p, const struct line_state *stage, const char *weight,
                         int64_t now_ms) {
    char bar[BAR * 3 + 1];
    char left[32];
    char rate[16];
    char limit[16];
    int64_t left_ms = stage->until_ms > now_ms ? stage->until_ms - now_ms : 0;
    bar_text(stage, now_ms, bar);
    rate_text(stage->canary, rate);
    bool bad = sy_rate_bp(stage->canary) > p->threshold_bp;
    put(p, "  %s●%s %5s  %s%s%s  %6s left   %s%s%s of %s   %lld of %lld failed", paint(p, CYAN),
        paint(p, PLAIN), weight, paint(p, CYAN), bar, paint(p, PLAIN),
        sy_duration_format(left_ms - left_ms % 1000, left), paint(p, bad ? RED : BOLD), rate,
        paint(p, PLAIN), sy_percent_format(p->threshold_bp, limit), (long long)stage->canary.errors,
        (long long)stage->canary.invocations);
}

static void draw_over(struct sy_progress *p, const struct line_state *stage, const char *weight) {
    bool good = stage->decision == SY_DECISION_HEALTHY;
    bool bad = stage->decision == SY_DECISION_UNHEALTHY;
    char rate[16];
    rate_text(stage->canary, rate);
    put(p, "  %s%s%s %5s  %s%-12s%s  %s, %lld of %lld failed",
        paint(p, good  ? GREEN
                 : bad ? RED
                       : YELLOW),
        good  ? "✓"
        : bad ? "✗"
              : "?",
        paint(p, PLAIN), weight,
        paint(p, good  ? GREEN
                 : bad ? RED
                       : YELLOW),
        sy_decision_word(stage->decision), paint(p, PLAIN), rate, (long long)stage->canary.errors,
        (long long)stage->canary.invocations);
}

static void draw_stage(struct sy_progress *p, uint32_t i, int64_t now_ms) {
    const struct line_state *stage = &p->stages[i];
    char weight[16];
    sy_percent_format(i < p->n_stages ? stage->weight_bp : 10000, weight);
    if (stage->over && stage->decision != SY_DECISION_NONE)
        draw_over(p, stage, weight);
    else if (p->current == i + 1 && stage->until_ms && !p->rolling_back && !p->outcome)
        draw_current(p, stage, weight, now_ms);
    else
        put(p, "  %s○ %5s%s%s", paint(p, DIM), weight, i == p->n_stages ? "  lock-in" : "",
            stage->started_ms ? ", reached" : "");
}

static void draw_outcome(struct sy_progress *p) {
    bool good = sy_outcome_exit(p->outcome) == 0;
    put(p, "  %s%s%s%s", paint(p, BOLD), paint(p, good ? GREEN : RED), sy_outcome_word(p->outcome),
        paint(p, PLAIN));
    put(p, "  %s", p->outcome_text);
}

void sy_progress_draw(struct sy_progress *p, int64_t now_ms, int signal) {
    char routing[80];
    if (now_ms - p->last_draw_ms < 100 && !p->outcome)
        return;
    p->last_draw_ms = now_ms;
    if (p->drawn)
        (void)printf("\033[%dA", p->drawn);
    p->drawn = 0;
    put(p, "  %s%s:%s%s  %s %s→%s %s   %s%s%s", paint(p, BOLD), p->cli->spec.function,
        p->cli->spec.alias, paint(p, PLAIN), p->baseline[0] ? p->baseline : "none", paint(p, DIM),
        paint(p, PLAIN), p->version, paint(p, DIM),
        p->routing.primary[0] ? sy_routing_format(&p->routing, routing) : "", paint(p, PLAIN));
    for (uint32_t i = 0; p->version[0] && i <= p->n_stages; i++)
        draw_stage(p, i, now_ms);
    for (int i = 0; i < NOTES; i++)
        put(p, "  %s%s", paint(p, DIM), p->notes[i]);
    if (p->outcome)
        draw_outcome(p);
    else if (signal)
        put(p, "  %sinterrupted: waiting for the alias to come to rest%s", paint(p, YELLOW),
            paint(p, PLAIN));
    else if (strcmp(p->cli->command, "apply") == 0)
        put(p, "  %sCtrl-C %s%s", paint(p, DIM),
            p->cli->spec.on_interrupt == SY_INTERRUPT_HOLD ? "holds the release" : "rolls it back",
            paint(p, PLAIN));
    (void)fputs("\033[J", stdout);
    (void)fflush(stdout);
}

/* ---- events ---- */

static void note(struct sy_progress *p, const struct sy_release_event *event) {
    char at[24];
    char sentence[400];
    memmove(p->notes[0], p->notes[1], sizeof p->notes - sizeof p->notes[0]);
    sy_event_sentence(event, sentence);
    (void)snprintf(p->notes[NOTES - 1], sizeof p->notes[0], "%.8s %.380s",
                   sy_time_format(event->at_ms, at) + 11, sentence);
}

static void stage_event(struct sy_progress *p, const struct sy_release_event *event) {
    struct line_state *stage = &p->stages[event->stage - 1];
    bool judged = event->kind == SY_EVENT_STAGE_VERDICT || event->kind == SY_EVENT_LOCK_IN_ENDED;
    if (event->weight_bp)
        stage->weight_bp = event->weight_bp;
    p->current = event->stage;
    if (event->until_ms)
        stage->until_ms = event->until_ms;
    if (event->kind == SY_EVENT_STAGE_STARTED || event->kind == SY_EVENT_LOCK_IN_STARTED)
        stage->started_ms = event->at_ms;
    if (!stage->started_ms)
        stage->started_ms = event->at_ms;
    if (event->kind == SY_EVENT_OBSERVED || judged) {
        stage->canary = event->canary;
        stage->other = event->other;
    }
    if (judged) {
        stage->decision = event->decision;
        stage->over = event->decision != SY_DECISION_INCONCLUSIVE;
    }
}

void sy_progress_event(struct sy_progress *p, const struct sy_release_event *event) {
    memcpy(p->baseline, event->baseline, sizeof p->baseline);
    memcpy(p->version, event->version, sizeof p->version);
    if (event->n_stages <= SY_STAGES_MAX && event->n_stages)
        p->n_stages = event->n_stages;
    if (event->threshold_bp)
        p->threshold_bp = event->threshold_bp;
    if (event->to.primary[0])
        p->routing = event->to;
    if (event->stage && event->stage <= SY_STAGES_MAX + 1 && event->kind != SY_EVENT_ALIAS_MOVED &&
        event->kind != SY_EVENT_FINISHED)
        stage_event(p, event);
    if (event->kind == SY_EVENT_ROLLBACK_STARTED)
        p->rolling_back = true;
    if (event->kind == SY_EVENT_FINISHED) {
        p->outcome = event->outcome;
        (void)snprintf(p->outcome_text, sizeof p->outcome_text, "%s", event->text);
        p->last_draw_ms = 0;
    } else if (event->kind != SY_EVENT_OBSERVED) {
        note(p, event);
    }
}

void sy_progress_destroy(struct sy_progress *progress) {
    free(progress);
}
