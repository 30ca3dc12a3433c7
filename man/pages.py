#!/usr/bin/env python3
"""pages.py STEELYARD OUT: write steelyard.1 and steelyard-COMMAND.1 for each command into the folder OUT.

What the commands and their flags are called and do is taken from the program itself, as its --help prints it; the
prose around them stands in COMMAND.scd beside this file: a section DESCRIPTION, and the sections that follow the
flags. Rendered by scdoc; SOURCE_DATE_EPOCH dates the pages."""

import pathlib
import re
import subprocess
import sys

PROSE = pathlib.Path(__file__).parent


def program(steelyard, *words):
    return subprocess.run([steelyard, *words], check=True, capture_output=True, text=True).stdout


def plain(text):
    """The text as scdoc shows it unchanged."""
    text = re.sub(r"([\\*_`])", r"\\\1", text)
    return re.sub(r"^([-.#\[\]|:+])", r"\\\1", text)


def entries(help_text, pattern):
    return [(match.group(1), match.group(2) or "", match.group(3)) for match in re.finditer(pattern, help_text, re.M)]


def commands(steelyard):
    return [(name, summary) for name, _, summary in
            entries(program(steelyard, "--help"), r"^  ([a-z-]+)()? +(.*)$")]


def flag_list(help_text):
    lines = []
    for name, value, text in entries(help_text.split("Flags:\n")[1], r"^  (\S+)(?: (\S+))? +(.*)$"):
        head = f"*{plain(name)}*" + (f" _{plain(value)}_" if value else "")
        lines += [head, "\t" + plain(text), ""]
    return "\n".join(lines)


def prose(name):
    """(DESCRIPTION, what follows the flags)"""
    path = PROSE / f"{name}.scd"
    text = path.read_text() if path.exists() else "# DESCRIPTION\n"
    head, *rest = re.split(r"^(?=# )", text, flags=re.M)
    if head.strip() or not rest or not rest[0].startswith("# DESCRIPTION\n"):
        sys.exit(f"{path}: begins with \"# DESCRIPTION\"")
    return rest[0].rstrip() + "\n", "".join(rest[1:]).rstrip() + "\n"


def main_page(steelyard, version):
    description, after = prose("steelyard")
    listed = "\n".join(f"*steelyard-{name}*(1)\n\t{plain(summary)}\n" for name, summary in commands(steelyard))
    return f"""steelyard(1) "{version}" "Steelyard"

# NAME

steelyard - releases AWS Lambda functions by canary

# SYNOPSIS

*steelyard* _COMMAND_ [_FLAGS_]++
*steelyard* *--version*++
*steelyard* [_COMMAND_] *--help*

{description}
# COMMANDS

{listed}
{after}"""


def command_page(steelyard, version, name, summary):
    description, after = prose(name)
    help_text = program(steelyard, name, "--help")
    example = re.search(r"^Example:\n  steelyard (.*)$", help_text, re.M).group(1)
    word = re.search(r"^  ([A-Z]+) ", help_text, re.M)
    after = after.removeprefix("# EXAMPLES\n").lstrip("\n")
    return f"""steelyard-{name}(1) "{version}" "Steelyard"

# NAME

steelyard-{name} - {plain(summary)}

# SYNOPSIS

*steelyard {name}* {f"_{word.group(1)}_ " if word else ""}[_FLAGS_]

{description}
# FLAGS

A value may follow its flag as the next word or behind *=*.

{flag_list(help_text)}
# EXAMPLES

```
steelyard {example}
```

{after}
# SEE ALSO

*steelyard*(1): the exit codes of all commands, the environment
"""


def main():
    steelyard, out = sys.argv[1], pathlib.Path(sys.argv[2])
    version = program(steelyard, "--version").splitlines()[0]
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.1"):
        old.unlink()
    pages = {"steelyard": main_page(steelyard, version)}
    for name, summary in commands(steelyard):
        pages[f"steelyard-{name}"] = command_page(steelyard, version, name, summary)
    for name, text in pages.items():
        made = subprocess.run(["scdoc"], input=text.encode(), capture_output=True)
        if made.returncode:
            sys.exit(f"{name}: scdoc: {made.stderr.decode()}")
        (out / f"{name}.1").write_bytes(made.stdout)


if __name__ == "__main__":
    main()
