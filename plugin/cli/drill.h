/* The parts of `steelyard drill`. */
#ifndef SY_CLI_DRILL_H
#define SY_CLI_DRILL_H

#include "cli/cli.h"
#include "cli/drill_run.h"
#include "report/drill.h"

/* What the traffic that the drill sends says of the bad version, since the rehearsal began; written
 * by the thread that reads it. */
struct sy_drill_traffic {
    _Atomic int64_t until_ms; /* of the last second that was counted */
    _Atomic int64_t first_ms; /* when the first of these invocations was sent; 0: none yet */
    _Atomic int64_t invocations;
    _Atomic int64_t errors;
};

/* All that a rehearsal needs to know; the same for all of them but for the function. */
struct sy_drill_setting {
    const struct sy_cli *cli; /* of the command line, or of the sandbox */
    const struct sy_drill *drill;
    char *const *environment;
    struct sy_drill_traffic *traffic; /* NULL: none is sent from here */
    atomic_bool *stop;
    int64_t turns_bad_ms; /* in the sandbox: when the version of BAD_AT_FULL begins to fail */
};

/* drill_ask.c: the words of a command line; text: of those that are made. */
enum { SY_WORDS_MAX = 48 };
struct sy_words {
    const char *list[SY_WORDS_MAX];
    size_t n;
    char text[512];
    size_t used;
};
/* The verb, on that function and the drill's alias. */
void sy_words_begin(struct sy_words *words, const struct sy_drill_setting *setting,
                    const char *function, const char *verb);
void sy_word(struct sy_words *words, const char *text);
void sy_word_pair(struct sy_words *words, const char *name, const char *value);
/* The same with a value that is made here. */
void sy_word_flag(struct sy_words *words, const char *name, const char *fmt, ...) SY_PRINTF(3, 4);

/* Where the alias is, and whether its release is over, or in its lock-in. */
SY_MUST_USE int sy_drill_look(const struct sy_drill_setting *setting, const char *function,
                              struct sy_routing *ret, bool *ret_over, struct sy_error *error);
bool sy_drill_is_alone(const struct sy_routing *routing, const char *version);

/* drill_rehearse.c: rehearse it, from and to a good version that has all traffic if that can be. In
 * the sandbox each has a function of its own: sy_drill_function(). */
void sy_rehearse(const struct sy_drill_setting *setting, enum sy_rehearsal_kind kind,
                 struct sy_rehearsal *ret);
void sy_drill_function(const struct sy_drill_setting *setting, enum sy_rehearsal_kind kind,
                       char buf[SY_FUNCTION_MAX + 1]);
/* Put the alias on the good version alone, whatever is under way, also after stop; *ret: where it
 * is then. */
SY_MUST_USE int sy_drill_take_back(const struct sy_drill_setting *setting, struct sy_routing *ret,
                                   struct sy_error *error);
SY_MUST_USE int sy_drill_findings(const struct sy_drill_setting *setting, struct sy_findings *ret,
                                  struct sy_error *error);
SY_MUST_USE int sy_drill_send_traffic(const struct sy_drill_setting *setting, struct sy_run *ret,
                                      struct sy_error *error);

/* drill_sandbox.c: a private folder for what the drill and its engines need; and the sandbox in it,
 * with its settings. */
struct sy_drill_place {
    char folder[256];
    char **environment;
    struct sy_run sandbox;
    char endpoint[64];
};
/* The environment of the rehearsals: ours, with TMPDIR in the folder; for the sandbox without
 * anything of AWS, so that nothing can reach an account. */
SY_MUST_USE int sy_drill_place_make(struct sy_drill_place *place, bool in_sandbox,
                                    struct sy_error *error);
SY_MUST_USE int sy_drill_place_sandbox(struct sy_drill_place *place, struct sy_cli *ret_settings,
                                       int64_t *ret_turns_bad_ms, struct sy_error *error);
void sy_drill_place_remove(struct sy_drill_place *place);

#endif
