/* The live view of a release in a terminal: how traffic is shared, one line a stage, the one under
 * way with a bar, the error rate against its threshold and the time left; below it what just
 * happened. Redrawn in place: no line wraps and no frame is higher than the terminal, or it could
 * not be. */
#include "cli/follow.h"

#include "base/memory.h"
#include "base/text.h"
#include "core/verdict.h"
#include "report/sentence.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NOTES = 3, BAR_MAX = 24, SLIDER_MAX = 50, LINE_MAX_BYTES = 600, FRAME_MAX_BYTES = 16384 };
enum { NARROW = 64, DRAW_AT_MOST_EVERY_MS = 100, OUTCOME_LINES = 6 };

struct line_state {
    int32_t weight_bp;
    int64_t started_ms;
    int64_t until_ms;
    enum sy_decision decision;
    struct sy_counts canary;
    struct sy_counts other;
    bool observed; /* who looks on from afar sees no numbers before the verdict */
    bool over;
};

struct sy_progress {
    const struct sy_cli *cli;
    bool color;
    struct winsize size; /* of the terminal, at the last drawing */
    int drawn;           /* lines on the screen that the next drawing replaces */
    struct line_state stages[SY_STAGES_MAX + 1];
    uint32_t n_stages;
    uint32_t current; /* 1-based; 0 = none */
    char baseline[SY_VERSION_MAX + 1];
    char version[SY_VERSION_MAX + 1];
    struct sy_routing routing;
    int32_t threshold_bp;
    bool rolling_back;
    bool paused;
    char notes[NOTES][400];
    enum sy_outcome outcome;
    char outcome_text[400];
    int64_t last_draw_ms;
};

/* Is the release driven from here? Then an interrupt is its interrupt. */
static bool drives(const struct sy_progress *p) {
    static const char *const commands[] = {"apply", "resume", "promote"};
    for (size_t i = 0; i < SY_COUNT(commands); i++)
        if (strcmp(p->cli->command, commands[i]) == 0)
            return true;
    return false;
}

static void know_stages(struct sy_progress *p, const struct sy_spec *spec) {
    p->n_stages = spec->n_stages;
    for (uint32_t i = 0; i < p->n_stages; i++)
        p->stages[i].weight_bp = spec->stages[i].weight_bp;
}

/* A rollback knows the number of stages, but not what they are: it does not show them. */
static bool knows_stages(const struct sy_progress *p) {
    for (uint32_t i = 0; i < p->n_stages; i++)
        if (!p->stages[i].weight_bp)
            return false;
    return p->n_stages > 0 || drives(p);
}

struct sy_progress *sy_progress_create(const struct sy_cli *cli) {
    struct sy_progress *p = sy_calloc(1, sizeof *p);
    const char *no_color = getenv("NO_COLOR");
    p->cli = cli;
    p->color = !(no_color && no_color[0]); /* https://no-color.org */
    p->threshold_bp = cli->spec.threshold_bp;
    (void)snprintf(p->version, sizeof p->version, "%s", cli->spec.version);
    if (drives(p))
        know_stages(p, &cli->spec);
    /* A frame is one write, so that no half of one is ever seen. */
    (void)setvbuf(stdout, NULL, _IOFBF, FRAME_MAX_BYTES);
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

/* After a resize nobody knows where the old frame is: the new one starts below it. */
static void measure(struct sy_progress *p) {
    struct winsize size = {0};
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    if (!size.ws_col)
        size.ws_col = 80;
    if (!size.ws_row)
        size.ws_row = 24;
    if (size.ws_col != p->size.ws_col || size.ws_row != p->size.ws_row)
        p->drawn = 0;
    p->size = size;
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
    int limit = p->size.ws_col - 1;
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
    (void)printf("%s\033[K\n", paint(p, PLAIN));
    p->drawn++;
}

static void rate_text(struct sy_counts counts, char buf[16]) {
    if (counts.invocations > 0)
        sy_percent_format(sy_rate_bp(counts), buf);
    else
        (void)snprintf(buf, 16, "-");
}

static const char *repeat(const char *glyph, int n, char *buf, size_t size) {
    size_t len = strlen(glyph);
    size_t used = 0;
    for (int i = 0; i < n && used + len < size; i++, used += len)
        memcpy(buf + used, glyph, len);
    buf[used] = '\0';
    return buf;
}

static int at_most(int value, int limit) {
    return value < limit ? value : limit;
}

/* The balance: its weight slides from the old version to the new one. */
static void draw_slider(struct sy_progress *p) {
    char left[SLIDER_MAX * 3 + 1];
    char right[SLIDER_MAX * 3 + 1];
    char percent[16];
    int length = at_most(p->size.ws_col - 20, SLIDER_MAX);
    if (length < 10 || !p->routing.primary[0] || !p->baseline[0])
        return;
    int32_t share = sy_routing_share(&p->routing, p->version);
    int at = (int)((int64_t)(length - 1) * share / 10000);
    put(p, "  %s %s%s%s◆%s%s%s%s %s  %s%s", p->baseline, paint(p, p->rolling_back ? RED : GREEN),
        repeat("━", at, left, sizeof left), paint(p, BOLD), paint(p, PLAIN), paint(p, DIM),
        repeat("━", length - 1 - at, right, sizeof right), paint(p, PLAIN), p->version,
        paint(p, BOLD), sy_percent_format(share, percent));
}

/* "2s left   0.5% of 5%   3 of 600 failed", as far as it is known. */
static void numbers_text(const struct sy_progress *p, const struct line_state *stage, bool narrow,
                         char buf[200]) {
    char rate[16];
    char limit[16];
    rate_text(stage->canary, rate);
    bool bad = sy_rate_bp(stage->canary) > p->threshold_bp;
    buf[0] = '\0';
    if (stage->observed)
        (void)snprintf(buf, 200,
                       narrow ? "%s%s%s of %s %s%lld/%lld" : "%s%s%s of %s   %s%lld of %lld failed",
                       paint(p, bad ? RED : BOLD), rate, paint(p, PLAIN),
                       sy_percent_format(p->threshold_bp, limit), paint(p, bad ? RED : PLAIN),
                       (long long)stage->canary.errors, (long long)stage->canary.invocations);
}

static void draw_current(struct sy_progress *p, const struct line_state *stage, const char *weight,
                         int64_t now_ms) {
    char numbers[200];
    char done[BAR_MAX * 3 + 1];
    char rest[BAR_MAX * 3 + 1];
    char left[32];
    bool narrow = p->size.ws_col < NARROW;
    int length = narrow ? 5 : at_most(p->size.ws_col - 56, BAR_MAX);
    int64_t whole = stage->until_ms - stage->started_ms;
    int64_t left_ms = stage->until_ms > now_ms ? stage->until_ms - now_ms : 0;
    int64_t done_ms = left_ms < whole ? whole - left_ms : 0;
    int filled = whole > 0 ? (int)(done_ms * length / whole) : length;
    if (p->paused)
        filled = 0;
    numbers_text(p, stage, narrow, numbers);
    put(p, narrow ? "  %s●%s %5s %s%s%s%s%s %s%s %s" : "  %s●%s %5s  %s%s%s%s%s  %6s%s   %s",
        paint(p, CYAN), paint(p, PLAIN), weight, paint(p, CYAN),
        repeat("━", filled, done, sizeof done), paint(p, DIM),
        repeat("─", length - filled, rest, sizeof rest), paint(p, p->paused ? YELLOW : PLAIN),
        p->paused ? "paused" : sy_duration_format((left_ms + 999) / 1000 * 1000, left),
        p->paused || narrow ? paint(p, PLAIN) : " left", numbers);
}

static void draw_over(struct sy_progress *p, const struct line_state *stage, const char *weight) {
    bool good = stage->decision == SY_DECISION_HEALTHY;
    bool bad = stage->decision == SY_DECISION_UNHEALTHY;
    const char *color = paint(p, good ? GREEN : bad ? RED : YELLOW);
    char rate[16];
    rate_text(stage->canary, rate);
    put(p,
        p->size.ws_col < NARROW ? "  %s%s%s %5s %s%s%s %s %lld/%lld"
                                : "  %s%s%s %5s  %s%-12s%s  %s, %lld of %lld failed",
        color,
        good  ? "✓"
        : bad ? "✗"
              : "?",
        paint(p, PLAIN), weight, color, sy_decision_word(stage->decision), paint(p, PLAIN), rate,
        (long long)stage->canary.errors, (long long)stage->canary.invocations);
}

static void draw_stage(struct sy_progress *p, uint32_t i, int64_t now_ms) {
    const struct line_state *stage = &p->stages[i];
    bool last = i == p->n_stages;
    bool reached = last && stage->started_ms && !p->rolling_back;
    char weight[16];
    char at[24];
    sy_percent_format(last ? 10000 : stage->weight_bp, weight);
    if (stage->over && stage->decision != SY_DECISION_NONE)
        draw_over(p, stage, weight);
    else if (p->current == i + 1 && stage->until_ms && !p->rolling_back && !p->outcome)
        draw_current(p, stage, weight, now_ms);
    else if (reached && stage->until_ms)
        put(p, "  %s●%s %5s  all traffic, lock-in until %.8s UTC", paint(p, GREEN), paint(p, PLAIN),
            weight, sy_time_format(stage->until_ms, at) + 11);
    else
        put(p, "  %s○ %5s%s", paint(p, DIM), weight, last ? "  lock-in" : "");
}

/* The end is told whole: words go on to the next line. */
static int wrap(struct sy_progress *p, const char *text, bool print) {
    int lines = 0;
    int width = p->size.ws_col > 12 ? p->size.ws_col - 3 : 9;
    while (*text && lines < OUTCOME_LINES) {
        int n = at_most((int)strlen(text), width);
        int cut = n;
        while (text[n] && cut > 0 && text[cut] != ' ')
            cut--;
        n = cut > 0 ? cut : n;
        if (print)
            put(p, "  %.*s", n, text);
        text += n + (text[n] == ' ');
        lines++;
    }
    return lines;
}

static bool goes_back(const struct sy_progress *p) {
    return strcmp(p->cli->command, "rollback") == 0 || strcmp(p->cli->command, "abort") == 0;
}

static void draw_outcome(struct sy_progress *p) {
    bool good = sy_outcome_exit(p->outcome) == 0 ||
                (goes_back(p) && p->outcome == SY_OUTCOME_CANCELLED); /* as it was asked to */
    put(p, "  %s%s%s", paint(p, BOLD), paint(p, good ? GREEN : RED), sy_outcome_word(p->outcome));
    (void)wrap(p, p->outcome_text, true);
}

static void draw_footer(struct sy_progress *p, int signal) {
    if (p->outcome)
        draw_outcome(p);
    else if (signal)
        put(p, "  %sinterrupted: waiting for the alias to come to rest; Ctrl-C again leaves",
            paint(p, YELLOW));
    else if (p->rolling_back)
        put(p, "  %sgoing back to %s", paint(p, YELLOW), p->baseline);
    else if (!p->routing.primary[0])
        put(p, "  %sasking AWS where the alias stands", paint(p, DIM));
    else if (strcmp(p->cli->command, "watch") == 0)
        put(p, "  %sCtrl-C stops looking; the release goes on", paint(p, DIM));
    else if (drives(p) && p->current > p->n_stages)
        put(p, "  %sCtrl-C leaves it promoted", paint(p, DIM));
    else if (drives(p))
        put(p, "  %sCtrl-C %s", paint(p, DIM),
            p->cli->spec.on_interrupt == SY_INTERRUPT_HOLD ? "holds the release" : "rolls it back");
}

/* As much as the terminal is high: the stages around the current one first, then notes. */
static void draw_body(struct sy_progress *p, int64_t now_ms) {
    int footer = p->outcome ? 1 + wrap(p, p->outcome_text, false) : 1;
    int room = p->size.ws_row - 2 - footer; /* the header, and where the cursor rests */
    uint32_t n = knows_stages(p) ? p->n_stages + 1 : 0;
    if (room > (int)n) {
        draw_slider(p);
        room--;
    }
    uint32_t shown = room < (int)n ? (uint32_t)(room > 0 ? room : 0) : n;
    uint32_t first = p->current > shown ? p->current - shown : 0;
    for (uint32_t i = first; i < first + shown; i++)
        draw_stage(p, i, now_ms);
    for (int i = NOTES - at_most(room - (int)shown, NOTES); i < NOTES; i++)
        if (p->notes[i][0])
            put(p, "  %s%s", paint(p, DIM), p->notes[i]);
}

void sy_progress_draw(struct sy_progress *p, int64_t now_ms, int signal) {
    char routing[80];
    if (now_ms - p->last_draw_ms < DRAW_AT_MOST_EVERY_MS && !p->outcome)
        return;
    p->last_draw_ms = now_ms;
    measure(p);
    (void)putchar('\r'); /* a terminal echoes ^C where the cursor rests */
    if (p->drawn)
        (void)printf("\033[%dA", p->drawn);
    p->drawn = 0;
    put(p, "  %s%s:%s%s  %s %s→%s %s   %s%s", paint(p, BOLD), p->cli->spec.function,
        p->cli->spec.alias, paint(p, PLAIN), p->baseline[0] ? p->baseline : "…", paint(p, DIM),
        paint(p, PLAIN), p->version[0] ? p->version : "…", paint(p, DIM),
        p->routing.primary[0] ? sy_routing_format(&p->routing, routing) : "");
    draw_body(p, now_ms);
    draw_footer(p, signal);
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
        stage->observed = true;
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
    if (event->kind == SY_EVENT_PLANNED) {
        struct sy_spec spec = {0};
        struct sy_error none;
        if (sy_stages_parse(event->text, &spec, &none) == 0)
            know_stages(p, &spec);
    }
    p->paused = event->kind == SY_EVENT_PAUSED ||
                (p->paused && event->kind != SY_EVENT_RESUMED &&
                 event->kind != SY_EVENT_STAGE_STARTED && event->kind != SY_EVENT_LOCK_IN_STARTED);
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
