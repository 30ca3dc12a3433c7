/* Inputs of a CI job: STEELYARD_INPUT_<FLAG>, by the one table of flags. */
#include "base/memory.h"
#include "base/text.h"
#include "cli/ci.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "STEELYARD_INPUT_"

/* How a command is named in CI, and which one it is. */
static const struct {
    const char *name, *command;
    const char *flag; /* that it implies; NULL: none */
} names[] = {
    {"apply", "apply", NULL},          {"plan", "plan", NULL},
    {"resume", "resume", NULL},        {"settle", "resume", "--settle"},
    {"recover", "resume", "--settle"}, {"verify", "verify", NULL},
    {"rollback", "rollback", NULL},    {"abort", "abort", NULL},
    {"status", "status", NULL},        {"check", "check", NULL},
    {"drill", "drill", NULL},
};

/* What is the program's own business, or the platform's, is no input. */
static bool is_input(const struct sy_flag_facts *flag) {
    static const char *const others[] = {"engine", "output", "help", "plan", "markdown"};
    for (size_t i = 0; i < SY_COUNT(others); i++)
        if (strcmp(flag->name, others[i]) == 0)
            return false;
    return !flag->is_word;
}

/* Does the entry of environ, "NAME=value", belong to the flag? */
static bool is_of(const char *entry, const char *flag) {
    char name[64];
    size_t n = strlen(sy_variable_name(PREFIX, flag, name));
    return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

static bool takes(const struct sy_command *command, const char *entry, struct sy_flag_facts *flag) {
    for (size_t at = 0; sy_flags_next(command, &at, flag);)
        if (is_input(flag) && is_of(entry, flag->name))
            return true;
    return false;
}

static bool any_takes(const char *entry) {
    struct sy_flag_facts flag;
    for (size_t i = 0; i < SY_COUNT(names); i++)
        if (takes(sy_command_find(names[i].command), entry, &flag))
            return true;
    return is_of(entry, "command");
}

static void add_word(struct sy_ci_words *words, char *word) {
    words->argv = sy_realloc(words->argv, (size_t)(words->argc + 1) * sizeof *words->argv);
    words->argv[words->argc++] = word;
}

static int add_flag(struct sy_ci_words *words, const struct sy_flag_facts *flag, const char *value,
                    struct sy_error *error) {
    char shown[64];
    if (flag->value)
        add_word(words, sy_asprintf("--%s=%s", flag->name, value));
    else if (strcmp(value, "true") == 0)
        add_word(words, sy_asprintf("--%s", flag->name));
    else if (strcmp(value, "false") != 0)
        return sy_fail_field(error, flag->name, "%s: \"%s\" is neither true nor false", flag->name,
                             sy_text_clean(value, strlen(value), shown, sizeof shown));
    return 0;
}

static void note_unused(struct sy_ci_words *words, const char *entry) {
    size_t n = strlen(words->unused);
    (void)snprintf(words->unused + n, sizeof words->unused - n, "%s%.*s", n ? ", " : "",
                   (int)strcspn(entry, "="), entry);
}

static int take_entry(struct sy_ci_words *words, const char *entry, struct sy_error *error) {
    struct sy_flag_facts flag;
    char shown[80];
    const char *value = strchr(entry, '=');
    if (strncmp(entry, PREFIX, strlen(PREFIX)) != 0 || !value || !value[1])
        return 0; /* empty is as if it were absent */
    if (words->settles && (is_of(entry, "wait") || is_of(entry, "on-interrupt"))) {
        note_unused(words, entry); /* settling has neither, and resume has both */
        return 0;
    }
    if (takes(words->command, entry, &flag))
        return add_flag(words, &flag, value + 1, error);
    if (!any_takes(entry))
        return sy_fail_field(error, "", "%s is no input of any command (adapters/CONTRACT.md)",
                             sy_text_clean(entry, (size_t)(value - entry), shown, sizeof shown));
    if (!is_of(entry, "command"))
        note_unused(words, entry);
    return 0;
}

static int choose_command(struct sy_ci_words *words, struct sy_error *error) {
    const char *asked = getenv(PREFIX "COMMAND");
    char shown[64];
    if (!asked || !asked[0])
        asked = "apply";
    for (size_t i = 0; i < SY_COUNT(names); i++) {
        if (strcmp(names[i].name, asked) != 0)
            continue;
        words->name = names[i].name;
        words->command = sy_command_find(names[i].command);
        words->settles = names[i].flag != NULL;
        if (words->settles)
            add_word(words, sy_strdup(names[i].flag));
        return 0;
    }
    return sy_fail_field(error, "command",
                         "command: \"%s\" is not known; use apply, plan, resume, settle, recover, "
                         "verify, rollback, abort, status, check or drill",
                         sy_text_clean(asked, strlen(asked), shown, sizeof shown));
}

int sy_ci_words_read(struct sy_ci_words *ret, struct sy_error *error) {
    extern char **environ;
    *ret = (struct sy_ci_words){0};
    int failed = choose_command(ret, error);
    for (char **entry = environ; !failed && *entry; entry++)
        failed = take_entry(ret, *entry, error);
    return failed;
}

void sy_ci_words_finish(struct sy_ci_words *words) {
    for (int i = 0; i < words->argc; i++)
        free(words->argv[i]);
    free(words->argv);
    *words = (struct sy_ci_words){0};
}
