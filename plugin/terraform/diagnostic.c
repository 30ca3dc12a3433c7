#include "terraform/diagnostic.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_STEPS_MAX = 8, DETAIL_MAX = 4096 };

static Tfplugin6__AttributePath__Step *add_step(Tfplugin6__AttributePath *path,
                                                struct sy_arena *arena) {
    Tfplugin6__AttributePath__Step *step = sy_arena_alloc(arena, 1, sizeof *step);
    tfplugin6__attribute_path__step__init(step);
    path->steps[path->n_steps++] = step;
    return step;
}

Tfplugin6__AttributePath *sy_path_make(const char *text, struct sy_arena *arena) {
    Tfplugin6__AttributePath *path = sy_arena_alloc(arena, 1, sizeof *path);
    tfplugin6__attribute_path__init(path);
    path->steps = sy_arena_alloc(arena, PATH_STEPS_MAX, sizeof(void *));
    while (*text && path->n_steps < PATH_STEPS_MAX) {
        Tfplugin6__AttributePath__Step *step = add_step(path, arena);
        size_t len = strcspn(text, ".[");
        if (len) {
            step->selector_case = TFPLUGIN6__ATTRIBUTE_PATH__STEP__SELECTOR_ATTRIBUTE_NAME;
            step->attribute_name = sy_arena_copy(arena, text, len);
        } else {
            step->selector_case = TFPLUGIN6__ATTRIBUTE_PATH__STEP__SELECTOR_ELEMENT_KEY_INT;
            step->element_key_int = strtoll(text + 1, NULL, 10);
            len = strcspn(text, "]") + 1;
        }
        text += len;
        text += *text == '.';
    }
    return path;
}

/* A table in a detail has lines; nothing else that a terminal would obey may be in it. */
static char *clean(struct sy_arena *arena, const char *text) {
    char *out = sy_arena_alloc(arena, strlen(text) + 1, 1);
    size_t done = 0;
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        (void)sy_text_clean(line, len, out + done, len + 1);
        done += strlen(out + done);
        line += len;
        if (*line) {
            out[done++] = '\n';
            line++;
        }
    }
    return out;
}

static void add(struct sy_diagnostics *d, Tfplugin6__Diagnostic__Severity severity,
                const char *path, const char *summary, const char *detail_fmt, va_list args) {
    char detail[DETAIL_MAX];
    d->has_errors |= severity == TFPLUGIN6__DIAGNOSTIC__SEVERITY__ERROR;
    if (d->n == SY_DIAGNOSTICS_MAX)
        return;
    (void)vsnprintf(detail, sizeof detail, detail_fmt, args);
    Tfplugin6__Diagnostic *diagnostic = sy_arena_alloc(d->arena, 1, sizeof *diagnostic);
    tfplugin6__diagnostic__init(diagnostic);
    diagnostic->severity = severity;
    diagnostic->summary = clean(d->arena, summary);
    diagnostic->detail = clean(d->arena, detail);
    if (path)
        diagnostic->attribute = sy_path_make(path, d->arena);
    d->list[d->n++] = diagnostic;
}

void sy_diagnose(struct sy_diagnostics *diagnostics, const char *path, const char *summary,
                 const char *detail_fmt, ...) {
    va_list args;
    va_start(args, detail_fmt);
    add(diagnostics, TFPLUGIN6__DIAGNOSTIC__SEVERITY__ERROR, path, summary, detail_fmt, args);
    va_end(args);
}

void sy_diagnose_warning(struct sy_diagnostics *diagnostics, const char *path, const char *summary,
                         const char *detail_fmt, ...) {
    va_list args;
    va_start(args, detail_fmt);
    add(diagnostics, TFPLUGIN6__DIAGNOSTIC__SEVERITY__WARNING, path, summary, detail_fmt, args);
    va_end(args);
}
