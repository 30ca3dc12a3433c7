/* The completions of three shells, made from the tables of commands and flags alone: a new flag is
 * completed without a line here. Each script is for its shell to source, or to load from the folder
 * where packages put it. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* The text with a backslash before each of these characters; inside single quotes of zsh and fish,
 * where a quote itself is written by its own rule. */
static void print_escaped(const char *text, const char *special, const char *quote) {
    for (; *text; text++) {
        if (*text == '\'') {
            (void)fputs(quote, stdout);
            continue;
        }
        if (strchr(special, *text))
            (void)putchar('\\');
        (void)putchar(*text);
    }
}

static void print_choices(const struct sy_flag_facts *flag) {
    for (size_t i = 0; flag->choices && flag->choices[i]; i++)
        (void)printf("%s%s", i ? " " : "", flag->choices[i]);
}

/* ---- bash: words alone; it shows no help ---- */

static void bash_command(const struct sy_command *command) {
    struct sy_flag_facts flag;
    for (size_t at = 0; sy_flags_next(command, &at, &flag);) {
        if (!flag.value || flag.is_word)
            continue;
        (void)printf("    '%s --%s') ", command->name, flag.name);
        if (flag.choices) {
            (void)fputs("words='", stdout);
            print_choices(&flag);
            (void)puts("' ;;");
        } else {
            (void)puts(flag.is_file ? "files=yes ;;" : "return ;;");
        }
    }
    (void)printf("    '%s '*) words='", command->name);
    for (size_t at = 0; sy_flags_next(command, &at, &flag);) {
        if (flag.is_word) {
            print_choices(&flag);
            (void)putchar(' ');
        } else {
            (void)printf("--%s ", flag.name);
        }
    }
    (void)puts("' ;;");
}

static void print_bash(void) {
    (void)fputs("# bash completion for steelyard: source <(steelyard completion bash)\n"
                "_steelyard() {\n"
                "    local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}\n"
                "    local words='' files=''\n"
                "    COMPREPLY=()\n"
                "    # --flag=value comes as three words.\n"
                "    if [[ $word == = ]]; then\n"
                "        word=\n"
                "    elif [[ $flag == = ]]; then\n"
                "        flag=${COMP_WORDS[COMP_CWORD - 2]}\n"
                "    fi\n"
                "    local where=\"${COMP_WORDS[1]} $flag\"\n"
                "    ((COMP_CWORD > 1)) || where=\n"
                "    case $where in\n"
                "    '') words='",
                stdout);
    for (size_t i = 0; i < sy_n_commands; i++)
        (void)printf("%s ", sy_commands[i].name);
    (void)puts("--help --version' ;;");
    for (size_t i = 0; i < sy_n_commands; i++)
        bash_command(&sy_commands[i]);
    (void)fputs("    esac\n"
                "    if [[ $files ]]; then\n"
                "        compopt -o filenames 2>/dev/null\n"
                "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
                "    else\n"
                "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                "    fi\n"
                "}\n"
                "complete -F _steelyard steelyard\n",
                stdout);
}

/* ---- zsh ---- */

/* One argument of _arguments: '--flag=[help]:VALUE:action'; "=" takes both --flag=value and
 * --flag value. */
static void zsh_flag(const struct sy_flag_facts *flag) {
    if (flag->is_word)
        (void)fputs(" \\\n            '1", stdout);
    else
        (void)printf(" \\\n            '--%s%s[", flag->name, flag->value ? "=" : "");
    if (!flag->is_word) {
        print_escaped(flag->help, "\\[]:", "'\\''");
        (void)putchar(']');
    }
    if (flag->value) {
        (void)putchar(':');
        print_escaped(flag->value, "\\:", "'\\''");
        (void)putchar(':');
        if (flag->choices) {
            (void)putchar('(');
            print_choices(flag);
            (void)putchar(')');
        } else {
            (void)fputs(flag->is_file ? "_files" : " ", stdout);
        }
    }
    (void)putchar('\'');
}

static void print_zsh(void) {
    struct sy_flag_facts flag;
    (void)fputs("#compdef steelyard\n"
                "# zsh completion for steelyard: source <(steelyard completion zsh)\n"
                "_steelyard() {\n"
                "    local -a commands\n"
                "    commands=(\n",
                stdout);
    for (size_t i = 0; i < sy_n_commands; i++) {
        (void)printf("        '%s:", sy_commands[i].name);
        print_escaped(sy_commands[i].summary, "\\:", "'\\''");
        (void)puts("'");
    }
    (void)fputs("    )\n"
                "    if ((CURRENT == 2)); then\n"
                "        _describe -t commands command commands\n"
                "        _arguments '--help[show the commands]' '--version[show the version]'\n"
                "        return\n"
                "    fi\n"
                "    local name=$words[2]\n"
                "    shift words\n"
                "    ((CURRENT--))\n"
                "    case $name in\n",
                stdout);
    for (size_t i = 0; i < sy_n_commands; i++) {
        (void)printf("    %s)\n        _arguments", sy_commands[i].name);
        for (size_t at = 0; sy_flags_next(&sy_commands[i], &at, &flag);)
            zsh_flag(&flag);
        (void)puts("\n        ;;");
    }
    (void)fputs("    esac\n"
                "}\n"
                "# Loaded from a folder of fpath this file is the function itself.\n"
                "if [[ ${funcstack[1]-} == _steelyard ]]; then\n"
                "    _steelyard \"$@\"\n"
                "else\n"
                "    compdef _steelyard steelyard\n"
                "fi\n",
                stdout);
}

/* ---- fish ---- */

static void fish_help(const char *help) {
    (void)fputs(" -d '", stdout);
    print_escaped(help, "\\", "\\'");
    (void)puts("'");
}

static void fish_command(const struct sy_command *command) {
    struct sy_flag_facts flag;
    for (size_t at = 0; sy_flags_next(command, &at, &flag);) {
        (void)printf("complete -c steelyard -n '__steelyard_is %s'", command->name);
        if (!flag.is_word)
            (void)printf(" -l %s", flag.name);
        if (flag.value && flag.is_file)
            (void)fputs(" -r -F", stdout);
        else if (flag.value && !flag.is_word)
            (void)fputs(" -x", stdout);
        if (flag.choices) {
            (void)fputs(" -a '", stdout);
            print_choices(&flag);
            (void)putchar('\'');
        }
        fish_help(flag.help);
    }
}

static void print_fish(void) {
    (void)fputs("# fish completion for steelyard: steelyard completion fish | source\n"
                "function __steelyard_is\n"
                "    set -l words (commandline -opc)\n"
                "    test (count $words) -gt 1; and test $words[2] = $argv[1]\n"
                "end\n"
                "function __steelyard_first\n"
                "    test (count (commandline -opc)) -eq 1\n"
                "end\n"
                "complete -c steelyard -f\n"
                "complete -c steelyard -n __steelyard_first -l help -d 'show the commands'\n"
                "complete -c steelyard -n __steelyard_first -l version -d 'show the version'\n",
                stdout);
    for (size_t i = 0; i < sy_n_commands; i++) {
        (void)printf("complete -c steelyard -n __steelyard_first -a %s", sy_commands[i].name);
        fish_help(sy_commands[i].summary);
    }
    for (size_t i = 0; i < sy_n_commands; i++)
        fish_command(&sy_commands[i]);
}

int sy_cli_completion(const struct sy_cli *cli) {
    static void (*const print[])(void) = {
        [SY_SHELL_BASH] = print_bash, [SY_SHELL_ZSH] = print_zsh, [SY_SHELL_FISH] = print_fish};
    print[cli->shell]();
    return SY_EXIT_OK;
}
