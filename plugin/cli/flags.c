/* The one table of flags: parsing, --help, completions, and which command takes which. */
#include "cli/cli.h"
#include "cli/flag_value.h"

#include "base/memory.h"
#include "base/text.h"

#include "core/cleanup.h"

#include <stdio.h>
#include <string.h>

enum kind {
    KIND_NAME,     /* into a fixed array of the spec */
    KIND_TEXT,     /* const char * */
    KIND_BOOL,     /* no value */
    KIND_DURATION, /* int64_t ms */
    KIND_PERCENT,  /* int32_t bp */
    KIND_INTEGER,  /* int64_t */
    KIND_SPECIAL,  /* by its own parser */
};

struct flag {
    const char *name;  /* without -- */
    const char *value; /* what help shows for the value; NULL: none */
    uint32_t commands;
    enum kind kind;
    size_t offset; /* of the field in struct sy_cli */
    int64_t size;  /* KIND_NAME: of the array; KIND_INTEGER: the largest value */
    int (*parse)(const char *value, struct sy_cli *cli, struct sy_error *error);
    const char *help;
    const char *const *choices; /* KIND_SPECIAL: all words that parse takes, if they are few */
    bool is_file;               /* its value can be a file, though it is not called FILE */
    bool is_word;               /* given as a word alone, without --name */
};

#define AT(field) offsetof(struct sy_cli, field)
#define NAME_FLAG(field) KIND_NAME, AT(spec.field), sizeof((struct sy_cli *)0)->spec.field, NULL
#define RELEASES (SY_CMD_PLAN | SY_CMD_APPLY)
#define PERSONS (SY_CMD_ROLLBACK | SY_CMD_ABORT | SY_CMD_PAUSE | SY_CMD_PROMOTE | SY_CMD_RESUME)
#define ALIASED                                                                                    \
    (RELEASES | PERSONS | SY_CMD_STATUS | SY_CMD_VERIFY | SY_CMD_WATCH | SY_CMD_HISTORY |          \
     SY_CMD_CHECK | SY_CMD_REPORT)
#define CALLS (ALIASED | SY_CMD_CLEANUP)
#define DRILL SY_CMD_DRILL
#define SENDS (SY_CMD_DRILL | SY_CMD_TRAFFIC) /* no plugin of theirs: they join no engine */

/* The sandbox takes no --region and no --endpoint-url: it serves the region of its scenario, on the
 * endpoint that it prints; both would do nothing. */
static const struct flag flags[] = {
    {"shell", "SHELL", SY_CMD_COMPLETION, KIND_SPECIAL, 0, 0, sy_flag_shell, "bash, zsh or fish",
     sy_shell_choices, false, true},
    {"platform", "PLATFORM", SY_CMD_CI, KIND_SPECIAL, 0, 0, sy_flag_platform,
     "github, gitlab, or files (the reports alone)", sy_platform_choices, false, true},
    {"function", "NAME", CALLS | SY_CMD_TRAFFIC, NAME_FLAG(function), "the Lambda function"},
    {"function", "NAME", DRILL, NAME_FLAG(function),
     "a function made for drills (default: all in a sandbox, without AWS)"},
    {"alias", "NAME", ALIASED | SENDS, NAME_FLAG(alias), "its alias that callers use"},
    {"version", "N", DRILL, NAME_FLAG(version), "its healthy version"},
    {"bad-version", "N", DRILL, KIND_NAME, AT(bad_version), SY_VERSION_MAX + 1, NULL,
     "its version that fails"},
    {"version", "N", RELEASES, NAME_FLAG(version), "the published version to release"},
    {"version", "N", SY_CMD_CHECK, NAME_FLAG(version),
     "the version to release (default: none yet)"},
    {"publish", NULL, SY_CMD_APPLY, KIND_BOOL, AT(publish), 0, NULL,
     "instead of --version: publish the code in $LATEST first"},
    {"code", "WHAT", SY_CMD_APPLY, KIND_SPECIAL, 0, 0, sy_flag_code,
     "instead of --version: upload FILE.zip, s3://bucket/key[?versionId=V] or repo@sha256:…", NULL,
     true},
    {"description", "TEXT", SY_CMD_APPLY, KIND_TEXT, AT(description), 0, NULL,
     "of the version that --publish or --code makes (default: that of $LATEST)"},
    {"code-sha256", "HASH", SY_CMD_APPLY, KIND_TEXT, AT(code_sha256), 0, NULL,
     "with --publish: refuse unless $LATEST has this code"},
    {"version", "N", SY_CMD_ROLLBACK, NAME_FLAG(version),
     "the version to go back to (default: the baseline in the record)"},
    {"version", "N", SY_CMD_VERIFY, NAME_FLAG(version),
     "the version to judge (default: the one being released, or the alias's)"},
    {"stages", "LIST", DRILL, KIND_SPECIAL, 0, 0, sy_flag_stages,
     "of the rehearsed releases (default 50%/3m)"},
    {"stages", "LIST", RELEASES, KIND_SPECIAL, 0, 0, sy_flag_stages,
     "10%/15m,50%/15m (default), canary(10%,15m), linear(10%,5m), or instant"},
    {"primary", "WHICH", RELEASES, KIND_SPECIAL, 0, 0, sy_flag_primary,
     "the version that the alias names while it is split: old (default) or new",
     sy_primary_choices},
    {"plan", "FILE", SY_CMD_APPLY, KIND_TEXT, AT(plan_file), 0, NULL,
     "apply this plan, as plan --output json printed it, or nothing"},
    {"threshold", "PERCENT", RELEASES | SY_CMD_VERIFY | DRILL, KIND_PERCENT, AT(spec.threshold_bp),
     0, NULL, "roll back when the error rate is above this (default 5%)"},
    {"min-invocations", "N", RELEASES | SY_CMD_VERIFY | DRILL, KIND_INTEGER,
     AT(spec.min_invocations), 1000000000, NULL,
     "invocations in the window that a verdict needs (default 5)"},
    {"window", "TIME", RELEASES | SY_CMD_VERIFY, KIND_DURATION, AT(spec.window_ms), 0, NULL,
     "the rolling window that is judged (default 5m)"},
    {"window", "TIME", DRILL, KIND_DURATION, AT(spec.window_ms), 0, NULL,
     "the rolling window that is judged (default 3m)"},
    {"lock-in", "TIME", DRILL, KIND_DURATION, AT(spec.lock_in_ms), 0, NULL,
     "within which a version that fails with all traffic is to be taken back (default 8m)"},
    {"lock-in", "TIME", RELEASES, KIND_DURATION, AT(spec.lock_in_ms), 0, NULL,
     "how long after its first traffic a version may be rolled back by itself (default 1h)"},
    {"period", "TIME", RELEASES | SY_CMD_VERIFY | DRILL, KIND_DURATION, AT(spec.period_ms), 0, NULL,
     "length of a telemetry datapoint (default 60s, what AWS publishes)"},
    {"poll", "TIME", DRILL, KIND_DURATION, AT(spec.poll_ms), 0, NULL,
     "how often telemetry is read (default 15s)"},
    {"poll", "TIME", RELEASES, KIND_DURATION, AT(spec.poll_ms), 0, NULL,
     "how often telemetry is read (default 60s)"},
    {"rate", "N/s", SY_CMD_TRAFFIC, KIND_SPECIAL, 0, 0, sy_flag_rate,
     "how often to invoke, such as 5/s (default) or 30/m"},
    {"rate", "N/s", DRILL, KIND_SPECIAL, 0, 0, sy_flag_rate,
     "of the traffic that is sent (default 5/s); 0: somebody else sends it"},
    {"payload", "JSON", SENDS, KIND_SPECIAL, 0, 0, sy_flag_payload,
     "what to invoke it with (default {})"},
    {"for", "TIME", SY_CMD_TRAFFIC, KIND_DURATION, AT(for_ms), 0, NULL,
     "how long (default: until stopped by a signal)"},
    {"only", "NAME", DRILL, KIND_SPECIAL, 0, 0, sy_flag_only,
     "rehearse this one alone, as the report calls it (default: all)", sy_only_choices},
    {"markdown", "FILE", DRILL, KIND_TEXT, AT(markdown), 0, NULL,
     "write the report there, too, as Markdown"},
    {"wait", "WHAT", RELEASES | SY_CMD_RESUME, KIND_SPECIAL, 0, 0, sy_flag_wait,
     "return after: stages (default), lock-in, or none (the first move)", sy_wait_choices},
    {"on-interrupt", "WHAT", RELEASES, KIND_SPECIAL, 0, 0, sy_flag_on_interrupt,
     "when stopped in mid-release: rollback (default) or hold", sy_interrupt_choices},
    {"on-interrupt", "WHAT", SY_CMD_RESUME, KIND_SPECIAL, 0, 0, sy_flag_on_interrupt,
     "when stopped in mid-release: rollback or hold (default: as it was begun with)",
     sy_interrupt_choices},
    {"settle", NULL, SY_CMD_RESUME, KIND_BOOL, AT(settle), 0, NULL,
     "do only what is due, and let go; take back what a driver left that died"},
    {"on-inconclusive", "WHAT", RELEASES, KIND_SPECIAL, 0, 0, sy_flag_on_inconclusive,
     "when a stage has too little data twice: auto (default), proceed, pause or rollback",
     sy_inconclusive_choices},
    {"retry", NULL, RELEASES, KIND_BOOL, AT(spec.retry), 0, NULL,
     "release a version again that was rolled back before"},
    {"mirror-alias", NULL, RELEASES, KIND_BOOL, AT(spec.mirror_alias), 0, NULL,
     "let the function's four parameters follow this alias from now on"},
    {"fingerprint", "TEXT", SY_CMD_APPLY, KIND_TEXT, AT(fingerprint), 0, NULL,
     "refuse unless everything is still as in the plan that printed it"},
    {"gradual", "LIST", SY_CMD_ROLLBACK, KIND_SPECIAL, 0, 0, sy_flag_gradual,
     "step the weight down first, such as 25%/1m,10%/1m (default: at once)"},
    {"at", "TIME", SY_CMD_VERIFY, KIND_SPECIAL, 0, 0, sy_flag_at,
     "the end of the window: 2026-01-02T03:04:05Z, or 30m ago (default: now)"},
    {"rollback", NULL, SY_CMD_VERIFY, KIND_BOOL, AT(rolls_back), 0, NULL,
     "send all traffic back when the version is unhealthy"},
    {"reason", "TEXT", PERSONS, KIND_TEXT, AT(reason), 0, NULL, "why, for the record"},
    {"no-settle", NULL, SY_CMD_STATUS, KIND_BOOL, AT(no_settle), 0, NULL,
     "only look: do not judge, move or close what nobody drives"},
    {"format", "FORMAT", SY_CMD_REPORT, KIND_SPECIAL, 0, 0, sy_flag_format,
     "text (default), json, junit, markdown, html, dotenv, outputs, github or gitlab",
     sy_format_choices},
    {"release", "ID", SY_CMD_REPORT, KIND_TEXT, AT(release), 0, NULL,
     "which one, as history shows it (default: the last)"},
    {"keep", "N", SY_CMD_CLEANUP, KIND_INTEGER, AT(keep), SY_KEEP_MAX, NULL,
     "how many of the newest versions stay in any case (default 10)"},
    {"dry-run", NULL, SY_CMD_CLEANUP, KIND_BOOL, AT(dry_run), 0, NULL,
     "delete nothing, and tell what would be"},
    {"listen", "unix:PATH", SY_CMD_ENGINE, KIND_TEXT, AT(listen), 0, NULL,
     "stand on this socket instead of being started by a host"},
    {"scenario", "FILE", SY_CMD_SANDBOX, KIND_TEXT, AT(scenario), 0, NULL,
     "the world to serve, JSON (docs/sandbox.md)"},
    {"port", "N", SY_CMD_SANDBOX, KIND_INTEGER, AT(port), 65535, NULL,
     "the loopback port (default: a free one)"},
    {"record", "FILE", SY_CMD_SANDBOX, KIND_TEXT, AT(record), 0, NULL,
     "append each request as one JSON line"},
    {"region", "NAME", CALLS | SENDS | SY_CMD_ENGINE, KIND_TEXT, AT(region), 0, NULL,
     "the AWS region (default: AWS_REGION, AWS_DEFAULT_REGION, the profile's)"},
    {"endpoint-url", "URL", CALLS | SENDS | SY_CMD_ENGINE, KIND_TEXT, AT(endpoint), 0, NULL,
     "another endpoint for every service (default: AWS_ENDPOINT_URL…, AWS's own)"},
    {"profile", "NAME", CALLS | SENDS | SY_CMD_ENGINE, KIND_TEXT, AT(profile), 0, NULL,
     "the AWS profile, instead of credentials in variables (docs/credentials.md)"},
    {"engine", "unix:PATH", CALLS, KIND_TEXT, AT(engine), 0, NULL,
     "join a standing engine (default: start one)"},
    {"output", "FORMAT", (CALLS & ~SY_CMD_REPORT) | SENDS, KIND_SPECIAL, 0, 0, sy_flag_output,
     "text (default) or json, one object a line", sy_output_choices},
    {"output", "FORMAT",
     SY_CMD_ENGINE | SY_CMD_SANDBOX | SY_CMD_COMPLETION | SY_CMD_REPORT | SY_CMD_CI, KIND_SPECIAL,
     0, 0, sy_flag_output, "how an error is shown: text (default) or json", sy_output_choices},
    {"help", NULL, UINT32_MAX, KIND_BOOL, AT(help), 0, NULL, "this text"},
};

static int set_name(const struct flag *flag, const char *value, char *field,
                    struct sy_error *error) {
    size_t n = strlen(value);
    char shown[64];
    if (n == 0)
        return sy_fail_field(error, flag->name, "%s: is empty", flag->name);
    if (n >= (size_t)flag->size)
        return sy_fail_field(error, flag->name, "%s: \"%s\" is longer than %lld characters",
                             flag->name, sy_text_clean(value, n, shown, sizeof shown),
                             (long long)flag->size - 1);
    memcpy(field, value, n + 1);
    return 0;
}

static int set_text(const struct flag *flag, const char *value, const char **field,
                    struct sy_error *error) {
    if (!value[0])
        return sy_fail_field(error, flag->name, "%s: is empty", flag->name);
    if (!sy_text_is_clean(value, strlen(value)))
        return sy_fail_field(error, flag->name, "%s: contains control characters or broken UTF-8",
                             flag->name);
    *field = value;
    return 0;
}

static int set(const struct flag *flag, const char *value, struct sy_cli *cli,
               struct sy_error *error) {
    void *field = (char *)cli + flag->offset;
    bool in_spec = flag->offset >= AT(spec) && flag->offset < AT(spec) + sizeof cli->spec;
    bool special = flag->kind == KIND_SPECIAL && strcmp(flag->name, "output") != 0 &&
                   strcmp(flag->name, "only") != 0;
    if ((in_spec || special) && !cli->spec_flag)
        cli->spec_flag = flag->name;
    switch (flag->kind) {
    case KIND_NAME:
        return set_name(flag, value, field, error);
    case KIND_TEXT:
        return set_text(flag, value, field, error);
    case KIND_BOOL:
        *(bool *)field = true;
        return 0;
    case KIND_DURATION:
        return sy_duration_parse(flag->name, value, field, error);
    case KIND_PERCENT:
        return sy_percent_parse(flag->name, value, field, error);
    case KIND_INTEGER:
        return sy_integer_parse(flag->name, value, 0, flag->size, field, error);
    default:
        return flag->parse(value, cli, error);
    }
}

static const struct flag *find(const struct sy_command *command, const char *name, size_t n) {
    for (size_t i = 0; i < SY_COUNT(flags); i++)
        if ((flags[i].commands & command->flag) && !flags[i].is_word &&
            strlen(flags[i].name) == n && memcmp(flags[i].name, name, n) == 0)
            return &flags[i];
    return NULL;
}

static const struct flag *find_word(const struct sy_command *command) {
    for (size_t i = 0; i < SY_COUNT(flags); i++)
        if ((flags[i].commands & command->flag) && flags[i].is_word)
            return &flags[i];
    return NULL;
}

/* One flag at argv[*at]; moves *at behind it and its value. */
static int take_flag(const struct sy_command *command, int argc, char **argv, int *at,
                     struct sy_cli *cli, struct sy_error *error) {
    const char *word = argv[(*at)++];
    char shown[64];
    const struct flag *bare = word[0] == '-' ? NULL : find_word(command);
    if (bare)
        return set(bare, word, cli, error);
    const char *name = strncmp(word, "--", 2) == 0 ? word + 2 : "";
    const char *equals = strchr(name, '=');
    const struct flag *flag = find(command, name, equals ? (size_t)(equals - name) : strlen(name));
    if (!flag && command->flag == SY_CMD_PLAN &&
        (strcmp(word, "--publish") == 0 || strncmp(word, "--code", 6) == 0))
        return sy_fail_field(error, "version",
                             "version: a plan is made for a version that exists, so plan takes no "
                             "%s; publish it (aws lambda publish-version) and plan with --version "
                             "N, or let apply do both",
                             sy_text_clean(word, strcspn(word, "="), shown, sizeof shown));
    if (!flag)
        return sy_fail_field(error, "", "\"%s\" is not a flag of %s; see steelyard %s --help",
                             sy_text_clean(word, strlen(word), shown, sizeof shown), command->name,
                             command->name);
    if (!flag->value) {
        if (equals)
            return sy_fail_field(error, flag->name, "--%s takes no value", flag->name);
        return set(flag, "", cli, error);
    }
    if (equals)
        return set(flag, equals + 1, cli, error);
    if (*at == argc)
        return sy_fail_field(error, flag->name, "--%s needs a value: --%s %s", flag->name,
                             flag->name, flag->value);
    return set(flag, argv[(*at)++], cli, error);
}

/* Where the version comes from: exactly one of three, and what goes with each. */
static int check_version_source(const struct sy_cli *cli, struct sy_error *error) {
    bool code = cli->package.kind != SY_PACKAGE_LATEST;
    int sources = !!cli->spec.version[0] + cli->publish + code;
    if (sources == 0)
        return sy_fail_field(error, "version",
                             "--version is missing: --version N, or --publish, or --code WHAT");
    if (sources > 1)
        return sy_fail_field(
            error, "version",
            "--version, --publish and --code exclude each other: give one of them");
    if (cli->description && !cli->publish && !code)
        return sy_fail_field(error, "description",
                             "--description is of a version that --publish or --code makes");
    if (cli->code_sha256 && !cli->publish)
        return sy_fail_field(error, "code-sha256",
                             "--code-sha256 goes with --publish alone: it guards the code that is "
                             "there already");
    if (cli->fingerprint && (cli->publish || code))
        return sy_fail_field(error, "fingerprint",
                             "--fingerprint is of a plan, and a plan is of a --version that "
                             "exists: give that one");
    return (cli->description && sy_description_check(cli->description, error)) ||
                   (cli->code_sha256 && sy_code_sha256_check(cli->code_sha256, error))
               ? -1
               : 0;
}

static int check_release(const struct sy_command *command, const struct sy_cli *cli,
                         struct sy_error *error) {
    struct sy_spec spec = cli->spec;
    if (command->flag == SY_CMD_APPLY && check_version_source(cli, error))
        return -1;
    if (!spec.version[0]) /* it will be one */
        (void)snprintf(spec.version, sizeof spec.version, "1");
    return sy_spec_check(&spec, error);
}

static int fail_excludes(const char *a, const char *b, const char *why, struct sy_error *error) {
    return sy_fail_field(error, a, "--%s and --%s exclude each other: %s", a, b, why);
}

static int check_together(const struct sy_cli *cli, struct sy_error *error) {
    if (cli->plan_file && cli->spec_flag)
        return fail_excludes("plan", cli->spec_flag, "the plan says it all", error);
    const char *makes = cli->publish       ? "publish"
                        : cli->description ? "description"
                        : cli->code_sha256 ? "code-sha256"
                                           : NULL;
    if (cli->plan_file && makes)
        return fail_excludes("plan", makes, "the plan is of a version that exists", error);
    if (cli->plan_file && cli->fingerprint)
        return fail_excludes("plan", "fingerprint", "the plan has its own", error);
    bool says_wait = cli->spec.wait < SY_WAIT_COUNT;
    if (cli->settle && (says_wait || cli->spec.on_interrupt < SY_INTERRUPT_COUNT))
        return fail_excludes("settle", says_wait ? "wait" : "on-interrupt",
                             "settling waits for nothing, and does as the release was begun with",
                             error);
    if (cli->rolls_back && (cli->at_ms || cli->ago_ms))
        return fail_excludes("rollback", "at", "the past is no reason to move traffic now", error);
    return 0;
}

static int check_required(const struct sy_command *command, const struct sy_cli *cli,
                          struct sy_error *error) {
    static const char *const required[] = {"function", "alias", "version", "scenario"};
    const char *values[] = {cli->spec.function, cli->spec.alias, cli->spec.version,
                            cli->scenario ? cli->scenario : ""};
    if (check_together(cli, error))
        return -1;
    if (cli->plan_file)
        return 0;
    if (command->flag == SY_CMD_DRILL)
        return sy_cli_drill_check(cli, error);
    if (command->flag == SY_CMD_COMPLETION && cli->shell == SY_SHELL_COUNT)
        return sy_fail_field(error, "shell",
                             "shell is missing: steelyard completion SHELL, such as bash");
    if (command->flag == SY_CMD_CI && cli->platform == SY_PLATFORM_COUNT)
        return sy_fail_field(error, "platform",
                             "platform is missing: steelyard ci PLATFORM, such as github");
    for (size_t i = 0; i < SY_COUNT(required); i++) {
        const struct flag *flag = find(command, required[i], strlen(required[i]));
        bool is_required = command->flag == SY_CMD_PLAN || strcmp(required[i], "version") != 0;
        if (flag && is_required && !values[i][0])
            return sy_fail_field(error, flag->name, "--%s is missing: --%s %s", flag->name,
                                 flag->name, flag->value);
    }
    if (command->flag & RELEASES)
        return check_release(command, cli, error);
    const char *version = cli->spec.version;
    if (command->flag & (CALLS | SY_CMD_TRAFFIC))
        return sy_names_check(cli->spec.function,
                              command->flag & SY_CMD_CLEANUP ? "a" : cli->spec.alias,
                              version[0] ? version : NULL, error);
    return 0;
}

/* What a command takes from elsewhere, unless it is told. */
static void leave_open(const struct sy_command *command, struct sy_spec *spec) {
    if (command->flag & (SY_CMD_RESUME | SY_CMD_PROMOTE)) {
        spec->on_interrupt = SY_INTERRUPT_COUNT;
        spec->wait = SY_WAIT_COUNT;
    }
    if (command->flag & SY_CMD_VERIFY) {
        spec->window_ms = spec->min_invocations = spec->period_ms = -1;
        spec->threshold_bp = -1;
    }
    if (command->flag & SY_CMD_DRILL)
        sy_cli_drill_defaults(spec);
}

enum sy_output_format sy_flags_output(int argc, char **argv) {
    enum sy_output_format format = SY_FORMAT_TEXT;
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--output=json") == 0 ||
            (strcmp(argv[i], "--output") == 0 && i + 1 < argc && strcmp(argv[i + 1], "json") == 0))
            format = SY_FORMAT_JSON;
    return format;
}

int sy_flags_parse(const struct sy_command *command, int argc, char **argv, struct sy_cli *ret,
                   struct sy_error *error) {
    *ret = (struct sy_cli){.command = command->name,
                           .keep = SY_KEEP_DEFAULT,
                           .shell = SY_SHELL_COUNT,
                           .platform = SY_PLATFORM_COUNT,
                           .only = -1,
                           .rate_per_minute = INT64_C(5) * 60,
                           .payload = "{}"};
    sy_spec_init(&ret->spec);
    leave_open(command, &ret->spec);
    for (int at = 0; at < argc;)
        if (take_flag(command, argc, argv, &at, ret, error))
            return -1;
    return ret->help ? 0 : check_required(command, ret, error);
}

bool sy_flags_next(const struct sy_command *command, size_t *at, struct sy_flag_facts *ret) {
    while (*at < SY_COUNT(flags)) {
        const struct flag *flag = &flags[(*at)++];
        if (!(flag->commands & command->flag))
            continue;
        *ret = (struct sy_flag_facts){
            .name = flag->name,
            .value = flag->value,
            .help = flag->help,
            .choices = flag->choices,
            .is_file = flag->is_file || (flag->value && strcmp(flag->value, "FILE") == 0),
            .is_word = flag->is_word,
        };
        return true;
    }
    return false;
}

void sy_flags_help(const struct sy_command *command) {
    struct sy_flag_facts flag;
    (void)printf("steelyard %s: %s\n\nExample:\n  steelyard %s %s\n\nFlags:\n", command->name,
                 command->summary, command->name, command->example);
    for (size_t at = 0; sy_flags_next(command, &at, &flag);) {
        char left[64];
        (void)snprintf(left, sizeof left, "%s%s%s%s", flag.is_word ? "" : "--",
                       flag.is_word ? "" : flag.name, flag.value && !flag.is_word ? " " : "",
                       flag.value ? flag.value : "");
        (void)printf("  %-24s %s\n", left, flag.help);
    }
}
