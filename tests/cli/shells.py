"""What bash, zsh and fish offer behind a line: the real shells, each asked many lines in one process."""

import os
import pathlib
import pty
import select
import subprocess
import tempfile
import time

BASH = r"""
source "$1"
while IFS= read -r line; do
    # As readline does it: words are split at = as well, and a blank at the end begins a new one.
    mapfile -t COMP_WORDS < <(grep -oE '=|[^ =]+' <<<"$line")
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    $(complete -p steelyard | sed -E 's/.*-F ([^ ]+) .*/\1/')
    printf '%s\n' "${COMPREPLY[@]}" '---'
done
"""

FISH = """
source $argv[1]
while read -l line
    complete -C $line | string split -f 1 \\t
    echo ---
end
"""

# compadd is where every completion of zsh ends. With -A, -O or -D it fills an array and adds nothing.
ZSH = r"""
PS1= PS2= RPS1=
unsetopt zle_bracketed_paste beep
autoload -Uz compinit && compinit -u -D
source "$COMPLETION"
compadd() {
    if [[ -z ${argv[(r)-[AOD]]} ]]; then
        local -a offered
        builtin compadd -A offered "$@"
        (($#offered)) && print -rl -- $offered >>$ANSWERS
    fi
    builtin compadd "$@"
}
answered() { print -r -- --- >>$ANSWERS; BUFFER=; zle reset-prompt }
zle -N answered
bindkey '^I' list-choices
bindkey '^G' answered
print -r -- ready >>$ANSWERS
"""


def split(text):
    return [set(filter(None, part.split("\n"))) for part in text.split("---\n")[:-1]]


def piped(command, lines, folder):
    # A home of its own: a person's own settings are not what is tested.
    run = subprocess.run(command, input="".join(line + "\n" for line in lines), capture_output=True, text=True,
                         timeout=60, cwd=folder, env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"})
    assert run.returncode == 0 and run.stderr == "", (run.returncode, run.stderr)
    return split(run.stdout)


def bash(script, lines, folder):
    return piped(["bash", "--norc", "-c", BASH, "bash", script], lines, folder)


def fish(script, lines, folder):
    return piped(["fish", "--no-config", "-c", FISH, script], lines, folder)


def zsh(script, lines, folder):
    """Completion in zsh needs its line editor, and that a terminal."""
    with tempfile.TemporaryDirectory() as apart:
        answers = pathlib.Path(apart, "answers")
        answers.write_text("")
        start = pathlib.Path(apart, "start")
        start.write_text(ZSH)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {
                "PATH": os.environ["PATH"], "HOME": apart, "TERM": "dumb", "LC_ALL": "C.UTF-8", "COLUMNS": "500",
                "LINES": "200", "COMPLETION": script, "ANSWERS": str(answers)})
        seen = b""
        try:
            def wait(what, done):
                nonlocal seen
                deadline = time.monotonic() + 30
                while not done(answers.read_text()):
                    assert time.monotonic() < deadline, f"zsh, {what}: {seen[-2000:]!r}"
                    if select.select([terminal], [], [], 0.02)[0]:
                        seen += os.read(terminal, 65536)
            os.write(terminal, f". {start}\n".encode())
            wait("start", lambda text: "ready\n" in text)
            answers.write_text("")
            for number, line in enumerate(lines, 1):
                os.write(terminal, line.encode() + b"\t\x07")
                wait(line, lambda text, n=number: text.count("---\n") == n)
            return split(answers.read_text())
        finally:
            os.write(terminal, b"\nexit\n")
            os.close(terminal)
            os.waitpid(pid, 0)
