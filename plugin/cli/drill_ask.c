/* What a drill does besides its rehearsals: it looks where the alias is, puts it back, asks
 * `check`, and has traffic sent; and the words of all command lines. */
#include "cli/drill.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_MS = 600000, END_MS = 120000 };

void sy_word(struct sy_words *words, const char *text) {
    if (words->n + 1 < SY_WORDS_MAX)
        words->list[words->n++] = text;
}

void sy_word_pair(struct sy_words *words, const char *name, const char *value) {
    sy_word(words, name);
    sy_word(words, value);
}

void sy_word_flag(struct sy_words *words, const char *name, const char *fmt, ...) {
    size_t room = sizeof words->text - words->used;
    char *at = words->text + words->used;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(at, room, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room)
        return;
    words->used += (size_t)n + 1;
    sy_word(words, name);
    sy_word(words, at);
}

void sy_words_begin(struct sy_words *words, const struct sy_drill_setting *setting,
                    const char *function, const char *verb) {
    const struct sy_cli *cli = setting->cli;
    *words = (struct sy_words){0};
    sy_word(words, verb);
    sy_word_pair(words, "--function", function);
    sy_word_pair(words, "--alias", cli->spec.alias);
    sy_word_pair(words, "--output", "json");
    if (cli->region)
        sy_word_pair(words, "--region", cli->region);
    if (cli->endpoint)
        sy_word_pair(words, "--endpoint-url", cli->endpoint);
    if (cli->profile)
        sy_word_pair(words, "--profile", cli->profile);
}

int sy_drill_look(const struct sy_drill_setting *setting, const char *function,
                  struct sy_routing *ret, bool *ret_closed, struct sy_error *error) {
    struct sy_words words;
    struct sy_run run;
    const char *line = NULL;
    sy_words_begin(&words, setting, function, "status");
    sy_word(&words, "--no-settle");
    if (sy_run_start(&run, words.list, setting->environment, error))
        return -1;
    int failed = sy_run_line(&run, ANSWER_MS, &line) <= 0
                     ? sy_fail(error, SY_UNAVAILABLE, "status of %s:%s said nothing", function,
                               setting->cli->spec.alias)
                     : sy_run_status(line, ret, ret_closed, error);
    (void)sy_run_finish(&run, END_MS);
    return failed;
}

bool sy_drill_is_alone(const struct sy_routing *routing, const char *version) {
    return !routing->additional[0] && strcmp(routing->primary, version) == 0;
}

/* What a rollback said of why it failed: its error, else its last warning. */
static void hear_why(struct sy_run *run, struct sy_error *why) {
    struct sy_run_event event;
    while (sy_run_event(run, ANSWER_MS, &event) > 0) {
        if (event.error.code != SY_OK)
            *why = event.error;
        else if (event.warning && why->code == SY_OK)
            (void)snprintf(why->message, sizeof why->message, "%s", event.text);
    }
}

int sy_drill_take_back(const struct sy_drill_setting *setting, struct sy_routing *ret,
                       struct sy_error *error) {
    enum { TRIES = 2 }; /* each tries several times by itself */
    const char *good = setting->drill->good;
    const char *function = setting->cli->spec.function;
    const char *alias = setting->cli->spec.alias;
    struct sy_error why = {0};
    for (int i = 0; i <= TRIES; i++) {
        struct sy_words words;
        struct sy_run run;
        bool over = false;
        bool known = sy_drill_look(setting, function, ret, &over, &why) == 0;
        if (known && over && sy_drill_is_alone(ret, good))
            return 0;
        if (i == TRIES)
            break;
        sy_words_begin(&words, setting, function, "rollback");
        sy_word_pair(&words, "--version", good);
        if (sy_run_start(&run, words.list, setting->environment, error))
            return -1;
        hear_why(&run, &why);
        (void)sy_run_finish(&run, END_MS);
    }
    return sy_fail(error, why.code == SY_OK ? SY_FAILED_PRECONDITION : why.code,
                   "%s:%s could not be put on version %s alone: %.200s", function, alias, good,
                   why.message[0] ? why.message : "something else moves it");
}

static int check(const struct sy_drill_setting *setting, const char *version,
                 struct sy_findings *ret, struct sy_error *error) {
    struct sy_words words;
    struct sy_run run;
    const char *line = NULL;
    sy_words_begin(&words, setting, setting->cli->spec.function, "check");
    sy_word_pair(&words, "--version", version);
    if (sy_run_start(&run, words.list, setting->environment, error))
        return -1;
    int failed = sy_run_line(&run, ANSWER_MS, &line) <= 0
                     ? sy_fail(error, SY_UNAVAILABLE, "check said nothing")
                     : sy_run_findings(line, ret, error);
    (void)sy_run_finish(&run, END_MS);
    return failed;
}

/* Of the healthy version first: when that is none, all else would only be in its way. */
int sy_drill_findings(const struct sy_drill_setting *setting, struct sy_findings *ret,
                      struct sy_error *error) {
    if (check(setting, setting->drill->good, ret, error))
        return -1;
    for (uint32_t i = 0; i < ret->n; i++)
        if (ret->list[i].severity == SY_SEVERITY_ERROR &&
            strncmp(ret->list[i].id, "VERSION_", 8) == 0)
            return 0;
    return check(setting, setting->drill->bad, ret, error);
}

int sy_drill_send_traffic(const struct sy_drill_setting *setting, struct sy_run *ret,
                          struct sy_error *error) {
    struct sy_words words;
    sy_words_begin(&words, setting, setting->cli->spec.function, "traffic");
    sy_word_flag(&words, "--rate", "%lld/m", (long long)setting->cli->rate_per_minute);
    sy_word_pair(&words, "--payload", setting->cli->payload);
    return sy_run_start(ret, words.list, setting->environment, error);
}
