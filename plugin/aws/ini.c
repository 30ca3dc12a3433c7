#include "aws/ini.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct span {
    const char *at;
    size_t len;
};

struct parser {
    const char *name;
    size_t line;
    struct sy_ini ini;
    struct sy_ini_section defaults;
    struct sy_ini_section *section; /* NULL before the first */
    struct sy_ini_entry *entry;     /* that an indented line goes on with */
    struct sy_buffer value;         /* of it, so far */
    size_t indent;                  /* of that entry, or of the last line that began something */
};

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span strip(struct span span) {
    while (span.len > 0 && is_space(span.at[0])) {
        span.at++;
        span.len--;
    }
    while (span.len > 0 && is_space(span.at[span.len - 1]))
        span.len--;
    return span;
}

static int fault(const struct parser *p, const char *what, struct sy_error *error) {
    return sy_fail_field(error, "profile", "%s, line %zu: %s", p->name, p->line, what);
}

static int stands_twice(const struct parser *p, const char *kind, struct span name,
                        struct sy_error *error) {
    char shown[64];
    return sy_fail_field(error, "profile", "%s, line %zu: the %s \"%s\" stands twice; remove one",
                         p->name, p->line, kind,
                         sy_text_clean(name.at, name.len, shown, sizeof shown));
}

static bool equals(const char *text, struct span span) {
    return strlen(text) == span.len && memcmp(text, span.at, span.len) == 0;
}

/* The value of the entry is complete: it ends at its last word. */
static void end_entry(struct parser *p) {
    size_t len = p->value.len;
    while (p->entry && len > 0 && is_space(p->value.data[len - 1]))
        len--;
    if (p->entry)
        p->entry->value = sy_strndup(p->value.data, len);
    p->entry = NULL;
    p->value.len = 0;
}

static int begin_section(struct parser *p, struct span name, struct sy_error *error) {
    struct sy_ini *ini = &p->ini;
    end_entry(p);
    if (equals("DEFAULT", name)) {
        p->section = &p->defaults;
        return 0;
    }
    for (size_t i = 0; i < ini->n_sections; i++)
        if (equals(ini->sections[i].name, name))
            return stands_twice(p, "section", name, error);
    if (ini->n_sections == SY_INI_SECTIONS_MAX)
        return fault(p, "the file has more sections than this program reads", error);
    ini->sections = sy_realloc(ini->sections, (ini->n_sections + 1) * sizeof *ini->sections);
    p->section = &ini->sections[ini->n_sections++];
    *p->section = (struct sy_ini_section){.name = sy_strndup(name.at, name.len)};
    return 0;
}

static struct sy_ini_entry *find(const struct sy_ini_section *section, const char *key) {
    for (size_t i = 0; section && i < section->n_entries; i++)
        if (strcmp(section->entries[i].key, key) == 0)
            return &section->entries[i];
    return NULL;
}

static struct sy_ini_entry *add(struct sy_ini_section *section, char *key, char *value) {
    section->entries =
        sy_realloc(section->entries, (section->n_entries + 1) * sizeof *section->entries);
    struct sy_ini_entry *entry = &section->entries[section->n_entries++];
    *entry = (struct sy_ini_entry){key, value};
    return entry;
}

static int begin_entry(struct parser *p, struct span text, struct sy_error *error) {
    size_t at = 0;
    end_entry(p);
    while (at < text.len && text.at[at] != '=' && text.at[at] != ':')
        at++;
    if (at == text.len)
        return fault(p, "neither a [section] nor \"key = value\"", error);
    struct span key = strip((struct span){text.at, at});
    struct span value = strip((struct span){text.at + at + 1, text.len - at - 1});
    if (key.len == 0)
        return fault(p, "a value without a key", error);
    SY_AUTO_FREE char *name = sy_strndup(key.at, key.len);
    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    if (find(p->section, name))
        return stands_twice(p, "key", key, error);
    if (p->section->n_entries == SY_INI_ENTRIES_MAX)
        return fault(p, "the section has more keys than this program reads", error);
    p->entry = add(p->section, SY_STEAL(name), NULL);
    sy_buffer_append(&p->value, value.at, value.len);
    return 0;
}

static void go_on(struct parser *p, struct span text) {
    sy_buffer_append(&p->value, "\n", 1);
    sy_buffer_append(&p->value, text.at, text.len);
}

static int take_line(struct parser *p, struct span line, struct sy_error *error) {
    struct span text = strip(line);
    size_t indent = (size_t)(text.at - line.at);
    if (text.len > 0 && (*text.at == '#' || *text.at == ';'))
        return 0;
    if (text.len == 0) {
        if (p->entry)
            go_on(p, text);
        return 0;
    }
    if (p->entry && indent > p->indent) {
        go_on(p, text);
        return 0;
    }
    p->indent = indent;
    const char *close = *text.at == '[' ? memrchr(text.at, ']', text.len) : NULL;
    if (close && close > text.at + 1)
        return begin_section(p, (struct span){text.at + 1, (size_t)(close - text.at) - 1}, error);
    if (!p->section)
        return fault(p, "text in front of the first [section]", error);
    return begin_entry(p, text, error);
}

/* The next line of nested settings, at *text: key and value; false at the end. */
static bool nested_line(const char **text, struct span *key, struct span *value, bool *ret_good) {
    while (**text) {
        struct span line = {*text, strcspn(*text, "\n")};
        *text += line.len + (line.at[line.len] == '\n');
        line = strip(line);
        if (line.len == 0)
            continue;
        const char *equals_sign = memchr(line.at, '=', line.len);
        *ret_good = equals_sign != NULL;
        if (!equals_sign)
            return true;
        size_t at = (size_t)(equals_sign - line.at);
        *key = strip((struct span){line.at, at});
        *value = strip((struct span){equals_sign + 1, line.len - at - 1});
        return true;
    }
    return false;
}

static bool is_nested(const char *value) {
    return *value == '\n';
}

/* Checks nested settings, and spreads the defaults. */
static int end_section(struct parser *p, struct sy_ini_section *section, struct sy_error *error) {
    char shown[64];
    for (size_t i = 0; section != &p->defaults && i < p->defaults.n_entries; i++) {
        const struct sy_ini_entry *entry = &p->defaults.entries[i];
        if (!find(section, entry->key))
            (void)add(section, sy_strdup(entry->key), sy_strdup(entry->value));
    }
    for (size_t i = 0; i < section->n_entries; i++) {
        const char *value = section->entries[i].value;
        bool good = true;
        struct span key;
        struct span ignored;
        const char *at = value;
        while (is_nested(value) && good && nested_line(&at, &key, &ignored, &good))
            ;
        if (!good)
            return sy_fail_field(
                error, "profile", "%s: the indented lines below \"%s\" are not all \"key = value\"",
                p->name,
                sy_text_clean(section->entries[i].key, strlen(section->entries[i].key), shown,
                              sizeof shown));
    }
    return 0;
}

static int parse_lines(struct parser *p, const char *text, size_t len, struct sy_error *error) {
    const char *end = text + len;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    while (text < end) {
        const char *stop = text;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        p->line++;
        if (take_line(p, (struct span){text, (size_t)(stop - text)}, error))
            return -1;
        text = stop + (stop + 1 < end && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
    end_entry(p);
    for (size_t i = 0; i < p->ini.n_sections; i++)
        if (end_section(p, &p->ini.sections[i], error))
            return -1;
    return 0;
}

static void finish_section(struct sy_ini_section *section) {
    for (size_t i = 0; i < section->n_entries; i++) {
        free(section->entries[i].key);
        free(section->entries[i].value);
    }
    free(section->entries);
    free(section->name);
}

int sy_ini_parse(const char *name, const char *text, size_t len, struct sy_ini *ret,
                 struct sy_error *error) {
    struct parser p = {.name = name};
    if (memchr(text, '\0', len) || !sy_text_is_utf8(text, len))
        return sy_fail_field(error, "profile", "%s is not text in UTF-8", name);
    int failed = parse_lines(&p, text, len, error);
    finish_section(&p.defaults);
    sy_buffer_finish(&p.value);
    if (failed)
        sy_ini_finish(&p.ini);
    else
        *ret = p.ini;
    return failed;
}

void sy_ini_finish(struct sy_ini *ini) {
    for (size_t i = 0; i < ini->n_sections; i++)
        finish_section(&ini->sections[i]);
    free(ini->sections);
    *ini = (struct sy_ini){0};
}

bool sy_ini_has(const struct sy_ini_section *section, const char *key) {
    return find(section, key) != NULL;
}

const char *sy_ini_value(const struct sy_ini_section *section, const char *key) {
    const struct sy_ini_entry *entry = find(section, key);
    return entry && !is_nested(entry->value) ? entry->value : NULL;
}

char *sy_ini_nested(const struct sy_ini_section *section, const char *key, const char *inner) {
    const struct sy_ini_entry *entry = find(section, key);
    const char *at = entry && is_nested(entry->value) ? entry->value : "";
    struct span found = {NULL, 0};
    struct span name = {NULL, 0};
    struct span value = {NULL, 0};
    bool good = true;
    while (good && nested_line(&at, &name, &value, &good))
        if (good && equals(inner, name))
            found = value; /* the last one counts */
    return found.at ? sy_strndup(found.at, found.len) : NULL;
}
