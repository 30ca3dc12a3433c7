#include "aws/words.h"

#include "base/memory.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One quoted part; *text stands behind its opening quote, and ends behind the closing one. */
static const char *take_quoted(const char **text, char quote, struct sy_buffer *word) {
    const char *p = *text;
    for (; *p && *p != quote; p++) {
        if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
            p++;
        else if (quote == '"' && *p == '\\' && !p[1])
            return "a backslash stands at its end";
        sy_buffer_append(word, p, 1);
    }
    if (!*p)
        return "a quote is not closed";
    *text = p + 1;
    return NULL;
}

static const char *take_word(const char **text, struct sy_buffer *word) {
    const char *p = *text;
    const char *wrong = NULL;
    while (*p && !is_blank(*p) && !wrong) {
        char c = *p++;
        if (c == '\'' || c == '"')
            wrong = take_quoted(&p, c, word);
        else if (c == '\\' && !*p)
            wrong = "a backslash stands at its end";
        else
            sy_buffer_append(word, c == '\\' ? p++ : p - 1, 1);
    }
    *text = p;
    return wrong;
}

const char *sy_words_split(const char *text, struct sy_words *ret) {
    struct sy_words words = {.list = sy_calloc(SY_WORDS_MAX + 1, sizeof *words.list)};
    const char *wrong = NULL;
    for (;;) {
        while (is_blank(*text))
            text++;
        if (!*text || wrong)
            break;
        struct sy_buffer word = {0};
        sy_buffer_append(&word, "", 0); /* '' is a word, too */
        wrong = words.count == SY_WORDS_MAX ? "it has too many words" : take_word(&text, &word);
        if (wrong)
            sy_buffer_finish(&word);
        else
            words.list[words.count++] = word.data;
    }
    if (wrong)
        sy_words_finish(&words);
    else
        *ret = words;
    return wrong;
}

void sy_words_finish(struct sy_words *words) {
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    *words = (struct sy_words){0};
}
