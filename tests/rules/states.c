/* Prints docs/states.md from the transition table of the step function. */
#include "core/release.h"

#include <stdio.h>
#include <string.h>

static bool leads(const struct sy_transition *t, int to) {
    return t->to & (1u << to);
}

/* One arrow a pair of phases, with every reason once. */
static void print_arrow(int from, int to) {
    const char *said[32];
    size_t n_said = 0;
    for (size_t i = 0; i < sy_n_transitions; i++) {
        const struct sy_transition *t = &sy_transitions[i];
        bool again = false;
        if ((int)t->from != from || !leads(t, to))
            continue;
        for (size_t k = 0; k < n_said; k++)
            again |= strcmp(said[k], t->why) == 0;
        if (again || n_said == sizeof said / sizeof said[0])
            continue;
        if (n_said == 0)
            (void)printf("    s%d --> s%d : ", from, to);
        (void)printf("%s%s", n_said ? "<br/>" : "", t->why);
        said[n_said++] = t->why;
    }
    if (n_said)
        (void)printf("\n");
}

static void print_diagram(void) {
    (void)printf("```mermaid\nstateDiagram-v2\n");
    for (int phase = 0; phase < SY_PHASE_COUNT; phase++)
        (void)printf("    state \"%s\" as s%d\n", sy_phase_word((enum sy_phase)phase), phase);
    (void)printf("    [*] --> s%d\n", SY_PHASE_PLANNED);
    for (int from = 0; from < SY_PHASE_COUNT; from++)
        for (int to = 0; to < SY_PHASE_COUNT; to++)
            if (from != to)
                print_arrow(from, to);
    (void)printf("    s%d --> [*]\n```\n", SY_PHASE_CLOSED);
}

static void print_table(void) {
    (void)printf("| in | on | because | stays, or goes to |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sy_n_transitions; i++) {
        const struct sy_transition *t = &sy_transitions[i];
        (void)printf("| %s | %s | %s | ", sy_phase_word(t->from), sy_input_word(t->on), t->why);
        const char *comma = "";
        for (int to = 0; to < SY_PHASE_COUNT; to++) {
            if (!leads(t, to))
                continue;
            (void)printf("%s%s", comma, sy_phase_word((enum sy_phase)to));
            comma = ", ";
        }
        (void)printf("%s |\n", *comma ? "" : "stays");
    }
}

int main(void) {
    (void)printf(
        "# The states of a release\n\n"
        "Generated from `sy_transitions` in `plugin/core/release.c` by `tests/rules`; do not "
        "edit. An input that a\nphase has no row for changes nothing. The words are those "
        "of `plugin/core/record.h` (phases) and\n`plugin/core/release.h` (inputs).\n\n");
    print_diagram();
    (void)printf("\nThe same as a table, with the inputs that move nothing:\n\n");
    print_table();
    return 0;
}
