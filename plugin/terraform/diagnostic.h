/* What Terraform shows to people when something is wrong: a summary, a detail, and the attribute.
 */
#ifndef SY_TERRAFORM_DIAGNOSTIC_H
#define SY_TERRAFORM_DIAGNOSTIC_H

#include "base/arena.h"
#include "tfplugin6/tfplugin6.pb-c.h"

#include <stdbool.h>

enum { SY_DIAGNOSTICS_MAX = 32 };

/* Those of one answer; a message's fields point into it. What is beyond the maximum is left out:
 * the first ones say enough. */
struct sy_diagnostics {
    struct sy_arena *arena;
    Tfplugin6__Diagnostic *list[SY_DIAGNOSTICS_MAX];
    size_t n;
    bool has_errors;
};

/* path: "verdict.window", "stages[1].bake"; NULL: about the whole. Both texts are made clean. */
void sy_diagnose(struct sy_diagnostics *diagnostics, const char *path, const char *summary,
                 const char *detail_fmt, ...) SY_PRINTF(4, 5);
void sy_diagnose_warning(struct sy_diagnostics *diagnostics, const char *path, const char *summary,
                         const char *detail_fmt, ...) SY_PRINTF(4, 5);
/* A path as the protocol has it, in the arena. */
Tfplugin6__AttributePath *sy_path_make(const char *path, struct sy_arena *arena);

#endif
