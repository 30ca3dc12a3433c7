/* From what a rehearsal showed to what has to be done: the first rule that fits. */
#include "report/drill.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* The IAM action that the error says is missing: "lambda:UpdateAlias" in "… allow the IAM action
 * lambda:UpdateAlias: AccessDenied…". */
static bool missing_action(const char *message, char ret[64]) {
    static const char mark[] = "allow the IAM action ";
    const char *at = strstr(message, mark);
    size_t n = 0;
    if (!at)
        return false;
    at += sizeof mark - 1;
    while (n < 63 && (isalnum((unsigned char)at[n]) || (at[n] == ':' && at[n + 1] != ' ')))
        n++;
    memcpy(ret, at, n);
    ret[n] = '\0';
    return n > 0;
}

static bool has(const char *text, const char *part) {
    return strstr(text, part) != NULL;
}

static bool is_throttled(const struct sy_error *error) {
    return error->code == SY_RESOURCE_EXHAUSTED || has(error->message, "Throttl") ||
           has(error->message, "TooManyRequests");
}

/* What any call to AWS can fail with, whichever rehearsal it was for. */
static bool fix_error(const struct sy_error *error, char ret[SY_DRILL_TEXT_MAX]) {
    char action[64];
    if (missing_action(error->message, action))
        (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                       "allow the IAM action %s for whoever releases (docs/permissions.md)",
                       action);
    else if (is_throttled(error))
        (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                       "AWS throttled the drill: have the account's request quota raised, or drill "
                       "when less is going on: %s",
                       error->message);
    else if (error->code == SY_UNAUTHENTICATED)
        (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                       "get credentials that last for the whole drill (docs/credentials.md): %s",
                       error->message);
    else
        return false;
    return true;
}

/* Telemetry had nothing, or too little, of the version. */
static bool fix_telemetry(const struct sy_drill *drill, const struct sy_rehearsal *rehearsal,
                          const char *version, char ret[SY_DRILL_TEXT_MAX]) {
    int64_t seen = rehearsal->judged.invocations;
    int64_t sent = rehearsal->answered.invocations;
    if (seen >= drill->min_invocations)
        return false;
    if (seen == 0 && sent > 0)
        (void)snprintf(
            ret, SY_DRILL_TEXT_MAX,
            "no metrics of version %s arrived, though it answered %lld invocations: give --stages "
            "and --window more time (CloudWatch is minutes late), and check that --region is the "
            "function's and that Lambda publishes ExecutedVersion for this alias",
            version, (long long)sent);
    else if (seen == 0)
        (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                       "no traffic of version %s was seen: send some to the alias (`steelyard "
                       "traffic`, or leave out --rate 0), and give --stages and --window the "
                       "minutes by which CloudWatch is late",
                       version);
    else
        (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                       "only %lld invocations of version %s were seen within the window, and a "
                       "verdict needs %lld: raise --rate or give --window more time",
                       (long long)seen, version, (long long)drill->min_invocations);
    return true;
}

/* The version that is meant to fail does not. */
static bool fix_bad_version(const struct sy_drill *drill, const struct sy_rehearsal *rehearsal,
                            char ret[SY_DRILL_TEXT_MAX]) {
    const struct sy_counts *counts =
        rehearsal->judged.invocations ? &rehearsal->judged : &rehearsal->answered;
    char threshold[16];
    if (counts->invocations < drill->min_invocations ||
        counts->errors * 10000 > counts->invocations * drill->threshold_bp)
        return false;
    (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                   "version %s, which is meant to fail, does not: %lld of %lld invocations failed, "
                   "which is not above %s; name with --bad-version one that fails (docs/drill.md)",
                   drill->bad, (long long)counts->errors, (long long)counts->invocations,
                   sy_percent_format(drill->threshold_bp, threshold));
    return true;
}

static bool fix_good_version(const struct sy_drill *drill, const struct sy_rehearsal *rehearsal,
                             char ret[SY_DRILL_TEXT_MAX]) {
    const struct sy_counts *counts = &rehearsal->judged;
    if (counts->invocations < drill->min_invocations ||
        counts->errors * 10000 <= counts->invocations * drill->threshold_bp)
        return false;
    (void)snprintf(
        ret, SY_DRILL_TEXT_MAX,
        "version %s, which is meant to be healthy, fails: %lld of %lld invocations; name "
        "a healthy one with --version",
        drill->good, (long long)counts->errors, (long long)counts->invocations);
    return true;
}

void sy_rehearsal_fix(const struct sy_drill *drill, enum sy_rehearsal_kind kind,
                      char ret[SY_DRILL_TEXT_MAX]) {
    const struct sy_rehearsal *rehearsal = &drill->rehearsals[kind];
    bool judges_good = kind == SY_REHEARSAL_HEALTHY;
    bool judges_bad = kind == SY_REHEARSAL_BAD_IN_STAGE || kind == SY_REHEARSAL_BAD_AT_FULL;
    const char *why = rehearsal->error.message[0] ? rehearsal->error.message : rehearsal->happened;
    if (drill->in_sandbox) { /* nobody's function or permission is to blame */
        (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                       "%s was not as expected (%s): run it alone, when this machine is less busy: "
                       "`steelyard drill --only %s`",
                       sy_rehearsal_word(kind), why, sy_rehearsal_word(kind));
        return;
    }
    if (fix_error(&rehearsal->error, ret))
        return;
    if (judges_good && fix_good_version(drill, rehearsal, ret))
        return;
    if (judges_bad && fix_bad_version(drill, rehearsal, ret))
        return;
    if ((judges_good || judges_bad) &&
        fix_telemetry(drill, rehearsal, judges_good ? drill->good : drill->bad, ret))
        return;
    (void)snprintf(ret, SY_DRILL_TEXT_MAX,
                   "%s was not as expected (%s): look at `steelyard history "
                   "--function %s --alias %s`",
                   sy_rehearsal_word(kind), why, drill->function, drill->alias);
}

/* ---- all of them ---- */

static void add(struct sy_drill_fixes *fixes, const char *sentence) {
    for (size_t i = 0; i < fixes->n; i++)
        if (strcmp(fixes->list[i], sentence) == 0)
            return;
    if (fixes->n < SY_DRILL_FIXES_MAX)
        (void)snprintf(fixes->list[fixes->n++], SY_DRILL_TEXT_MAX, "%s", sentence);
}

static void add_finding(struct sy_drill_fixes *fixes, const struct sy_finding *finding) {
    char sentence[SY_DRILL_TEXT_MAX];
    /* What could not be looked at, and nobody can do anything about, the rehearsals show. */
    if (finding->severity == SY_SEVERITY_OK ||
        (finding->severity == SY_SEVERITY_UNKNOWN && !finding->fix[0]))
        return;
    (void)snprintf(sentence, sizeof sentence, "%s%s%s", finding->text, finding->fix[0] ? ": " : "",
                   finding->fix);
    add(fixes, sentence);
}

static void add_alias(struct sy_drill_fixes *fixes, const struct sy_drill *drill) {
    char sentence[SY_DRILL_TEXT_MAX];
    char routing[80] = "not known";
    if (drill->left.primary[0])
        (void)sy_routing_format(&drill->left, routing);
    (void)snprintf(sentence, sizeof sentence,
                   "the alias is not on version %s alone (it is %s%s): `steelyard rollback "
                   "--function %s --alias %s --version %s`",
                   drill->good, drill->left.primary[0] ? "on " : "", routing, drill->function,
                   drill->alias, drill->good);
    add(fixes, sentence);
}

void sy_drill_fix(const struct sy_drill *drill, struct sy_drill_fixes *ret) {
    char sentence[SY_DRILL_TEXT_MAX];
    ret->n = 0;
    for (uint32_t i = 0; i < drill->findings.n; i++)
        add_finding(ret, &drill->findings.list[i]);
    if (drill->traffic.code != SY_OK) {
        if (!fix_error(&drill->traffic, sentence))
            (void)snprintf(sentence, sizeof sentence, "no traffic reached the alias: %s",
                           drill->traffic.message);
        add(ret, sentence);
    }
    if (drill->nameless)
        add(ret,
            "the answers to invocations have no X-Amz-Executed-Version, so nobody can count by "
            "version: look for a proxy that takes it out, or another endpoint than Lambda's");
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        if (drill->rehearsals[i].result == SY_REHEARSAL_FAILED) {
            sy_rehearsal_fix(drill, (enum sy_rehearsal_kind)i, sentence);
            add(ret, sentence);
        }
    if (!sy_drill_is_back(drill) && fix_error(&drill->back, sentence))
        add(ret, sentence);
    if (!sy_drill_is_back(drill))
        add_alias(ret, drill);
}
