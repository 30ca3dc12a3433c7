"""Completions, asked of the real shells and compared with what the program itself takes."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

import shells
from world import STEELYARD, main

TESTS = []
SHELLS = {"bash": shells.bash, "zsh": shells.zsh, "fish": shells.fish}
FILES = ["--plan", "--scenario", "--record", "--code", "--markdown"]


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def program(*words):
    return subprocess.run([STEELYARD, *words], capture_output=True, text=True, timeout=20)


def commands():
    return re.findall(r"^  ([a-z-]+) ", program("--help").stdout, re.M)


def flags(command):
    """--flag -> the value that --help shows for it, or ""."""
    return dict(re.findall(r"^  (--[a-z0-9-]+) (\S*)", program(command, "--help").stdout, re.M))


def words(command, flag):
    """What the parser says that it takes, when it is given what nobody takes; never a command that is then run."""
    told = re.search(r" is not known; use (?:one of )?(.*)", program(command, flag, "no such word", "--no-such-flag").stderr)
    return set(re.split(r", | or ", told.group(1))) if told else set()


def ask(shell, lines):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("deploy.json", "bundle.zip"):
            pathlib.Path(folder, name).write_text("{}")
        script = os.path.join(folder, "script")
        made = program("completion", shell)
        assert made.returncode == 0 and made.stderr == "", made
        pathlib.Path(script).write_text(made.stdout)
        answers = SHELLS[shell](script, lines, folder)
        assert len(answers) == len(lines), (shell, len(answers), len(lines))
        return answers


def questions():
    """(line, what is to be offered): every command, every flag, every value that can be known."""
    yield "steelyard ", set(commands())
    yield "steelyard re", {"resume", "report"}
    yield "steelyard --", {"--help", "--version"}
    yield "steelyard nosuch --", set()
    yield "steelyard apply --wa", {"--wait"}
    yield "steelyard apply --wait lo", {"lock-in"}
    yield "steelyard apply --function plan --on-in", {"--on-interrupt", "--on-inconclusive"}
    yield "steelyard completion ", {"bash", "zsh", "fish"}
    yield "steelyard completion z", {"zsh"}
    for command in commands():
        known = flags(command)
        assert {"--help", "--output"} <= set(known), (command, known)
        yield f"steelyard {command} --", set(known)
        for flag, value in known.items():
            if value and flag in FILES:
                yield f"steelyard {command} {flag} de", {"deploy.json"}
            elif value:
                yield f"steelyard {command} {flag} ", words(command, flag)


for SHELL in SHELLS:
    @test(f"{SHELL}: commands, flags, values, files")
    def offers(shell=SHELL):
        expected = [(line, want) for line, want in questions()]
        assert sum(bool(want) for _, want in expected) > 50, expected
        for (line, want), got in zip(expected, ask(shell, [line for line, _ in expected])):
            # bash and zsh list the flags only once a dash is typed; fish shows none of them before.
            got = {word for word in got if line.endswith("--") or not word.startswith("--") or "--" in line.split(" ")[-1]}
            assert got == want, (shell, line, "missing", want - got, "too much", got - want)


@test("--flag=value is completed as --flag value is")
def equals():
    for shell, prefix in (("bash", ""), ("zsh", ""), ("fish", "--wait=")):
        got = ask(shell, ["steelyard apply --wait=", "steelyard apply --wait=l"])
        assert got == [{prefix + word for word in ("stages", "lock-in", "none")}, {prefix + "lock-in"}], (shell, got)


@test("each value that is offered is taken")
def taken():
    found = 0
    for command in commands():
        for flag in flags(command):
            for word in words(command, flag):
                run = program(command, flag, word, "--help")
                assert run.returncode == 0 and run.stderr == "", (command, flag, word, run.stderr)
                found += 1
    assert found > 40, found


@test("zsh and fish show the help of a flag, whatever characters are in it")
def described():
    help_text = program("apply", "--help").stdout
    script = program("completion", "fish").stdout
    for flag, sentence in re.findall(r"^  --([a-z0-9-]+)(?: [A-Za-z:]+)? +(.*)", help_text, re.M):
        quoted = sentence.replace("\\", "\\\\").replace("'", "\\'")
        assert f"'__steelyard_is apply' -l {flag} " in script and f"-d '{quoted}'\n" in script, flag
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "script")
        path.write_text(script)
        shown = subprocess.run(["fish", "--no-config", "-c", f"source {path}; complete -C 'steelyard apply --mirror'"],
                               capture_output=True, text=True, timeout=20, env={**os.environ, "HOME": folder}).stdout
    assert shown == "--mirror-alias\tlet the function's four parameters follow this alias from now on\n", shown


@test("a shell that is unknown, missing or one too many is a usage error in text and JSON")
def refused():
    for given, said in (
            ([], "shell is missing: steelyard completion SHELL, such as bash"),
            (["tcsh"], 'shell: "tcsh" is not known; use bash, zsh or fish'),
            ([""], 'shell: "" is not known; use bash, zsh or fish'),
            (["ba\x1bsh"], 'is not known; use bash, zsh or fish'),
            (["bash", "zsh"], "shell: more than one is named; take one at a time"),
            (["--shell", "bash"], '"--shell" is not a flag of completion')):
        run = program("completion", *given)
        assert run.returncode == 2 and run.stdout == "" and said in run.stderr and "\x1b" not in run.stderr, run
        run = program("completion", *given, "--output", "json")
        told = json.loads(run.stdout)
        assert run.returncode == 2 and run.stderr == "" and said in told["message"], run
    run = program("apply", "bash")
    assert run.returncode == 2 and '"bash" is not a flag of apply' in run.stderr, run


if __name__ == "__main__":
    main(TESTS, 3)
