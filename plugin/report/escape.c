#include "report/escape.h"

#include "base/text.h"

#include <string.h>

/* The text without controls; the caller frees it. */
static char *clean(const char *text) {
    size_t len = strlen(text);
    char *copy = sy_calloc(len + 1, 1);
    (void)sy_text_clean(text, len, copy, len + 1);
    return copy;
}

/* Each character that stands in what becomes the entry beside it. */
struct replacement {
    char what;
    const char *by;
};

static void put(struct sy_buffer *to, const char *text, const struct replacement *table, size_t n) {
    SY_AUTO_FREE char *copy = clean(text);
    for (const char *c = copy; *c; c++) {
        const char *by = NULL;
        for (size_t i = 0; i < n && !by; i++)
            if (table[i].what == *c)
                by = table[i].by;
        if (by)
            sy_buffer_puts(to, by);
        else
            sy_buffer_append(to, c, 1);
    }
}

void sy_put_xml(struct sy_buffer *to, const char *text) {
    static const struct replacement table[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    put(to, text, table, SY_COUNT(table));
}

/* Numeric character references: Markdown takes none of them for markup, and no autolinker, mention
 * or reference begins inside one. Letters and digits stay readable in the source. */
void sy_put_markdown(struct sy_buffer *to, const char *text) {
    static const struct replacement table[] = {
        {'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},   {'|', "&#124;"}, {'`', "&#96;"},
        {'*', "&#42;"},  {'_', "&#95;"},  {'[', "&#91;"},  {']', "&#93;"},  {'!', "&#33;"},
        {'#', "&#35;"},  {'@', "&#64;"},  {'~', "&#126;"}, {'\\', "&#92;"}, {'$', "&#36;"},
        {'"', "&quot;"}, {'\'', "&#39;"}, {'=', "&#61;"},  {'{', "&#123;"}, {'}', "&#125;"},
        {':', "&#58;"}};
    put(to, text, table, SY_COUNT(table));
}

/* https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions; the runner
 * unescapes these. */
void sy_put_command(struct sy_buffer *to, const char *text) {
    static const struct replacement table[] = {{'%', "%25"}};
    put(to, text, table, SY_COUNT(table)); /* CR and LF are controls, and gone */
}

void sy_put_command_property(struct sy_buffer *to, const char *text) {
    static const struct replacement table[] = {{'%', "%25"}, {':', "%3A"}, {',', "%2C"}};
    put(to, text, table, SY_COUNT(table));
}

/* GitHub's runner takes "##[command]" for one anywhere in a line, and "::command::" at its start
 * behind blanks; GitLab's sections begin with an escape character, which is a control. */
void sy_put_log(struct sy_buffer *to, const char *text) {
    SY_AUTO_FREE char *copy = clean(text);
    const char *rest = copy;
    if (strncmp(rest + strspn(rest, " "), "::", 2) == 0)
        sy_buffer_puts(to, ".");
    for (const char *at; (at = strstr(rest, "##[")); rest = at + 2) {
        sy_buffer_append(to, rest, (size_t)(at + 2 - rest));
        sy_buffer_puts(to, " ");
    }
    sy_buffer_puts(to, rest);
}
