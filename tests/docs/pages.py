"""The pages a person reads, run: pages.py STEELYARD ROOT [PAGE…]

Every fenced ```console block of README.md and docs/*.md is run, with `steelyard` in PATH, and what it prints is compared to
what the page shows. Each sandbox that a page starts begins a part of it: one bash, in a directory of its own. The parts of
all pages run beside each other; assignments (`name=...`) that stand before a part hold in it too.

    $ command                a command; lines that begin with "> " go on with it
    output                   what it prints, both streams
    ...                      any lines, none too
    $ echo $?                shows the exit code of the command before; one that no echo follows must exit with 0

What differs from run to run is equal to anything of its kind: times, release ids, owners, fingerprints, ports,
milliseconds, the time left of a lock-in, and how many of how many invocations failed (VARIES, below). All else is compared to the letter.

Directives are HTML comments, on lines of their own before a block:

    <!-- sandbox: examples/healthy.json -->   from here on in a new sandbox of that scenario
    <!-- act: {"do": …} -->                   does an action of docs/sandbox.md in it
    <!-- first: command -->                   runs a command that the reader does not need to see; it must exit with 0
    <!-- not run: reason -->                  the next block is shown only; reasons are printed
    <!-- file: NAME -->                       the next block becomes the file of that name

docs/terraform.md is run when STEELYARD_TERRAFORM names a Terraform command line; `terraform init` finds the provider in
a mirror.

STEELYARD_DOCS=write puts what was printed into the page in place of what is not equal: look at the difference before
you commit it. Python's standard library only.
"""
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

PART_SECONDS = 50
COMMAND_SECONDS = 25

# What varies -> the word that stands for it in a comparison.
VARIES = [
    (r"\b\d{8}T\d{6}-[0-9a-f]{8}\b", "<id>"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"),
    (r"\b[\w.-]+:\d+:[0-9a-f]{8}-[0-9a-f]{4}(/\d+)?", "<owner>"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<revision>"),
    (r"(?<=fingerprint )\S+|(?<=\"fingerprint\":\")[^\"]+", "<fingerprint>"),
    (r"(?<=127\.0\.0\.1:)\d+", "<port>"),
    (r"\b\d+ ms\b", "<ms>"),
    (r"\b(about )?\d+ invocations?\b", "<n> invocations"),
    (r"\b\d+ errors?\b", "<n> errors"),
    (r"\(\d+ of \d+\)", "(<n> of <n>)"),
    (r"\berror rate [\d.]+%", "error rate <percent>"),
    (r"(?<=invocations, )[\d.]+%", "<percent>"),
    (r"(?<=lock-in for )(\d+[hms])+", "<left>"),
    (r"(?<=traffic seen \()\d+(?=/h)", "<n>"),
    (r"(?<=omplete after )\d+s", "<seconds>"),
]
FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\w*)\s*$")
DIRECTIVE = re.compile(r"^<!--\s*(?P<word>sandbox|act|first|not run|file):\s*(?P<rest>.*?)\s*-->$")
LOOKS_RUNNABLE = re.compile(r"^(\$ |steelyard )")
END = "\x01"


def same_kind(line):
    for pattern, word in VARIES:
        line = re.sub(pattern, word, line)
    return line.rstrip()


def equal(shown, printed):
    """Whether the lines are what the page shows, where "..." stands for any lines."""
    reached = {0}  # how much of `printed` the lines of `shown` so far may have used up
    for line in shown:
        if line == "...":
            reached = set(range(min(reached), len(printed) + 1)) if reached else reached
        else:
            reached = {i + 1 for i in reached if i < len(printed) and same_kind(printed[i]) == same_kind(line)}
    return len(printed) in reached


class Problem(Exception):
    pass


class Step:
    """One command: where it stands, what it is, what the page shows below it."""

    def __init__(self, line, command):
        self.line, self.command, self.shown, self.end = line, command, [], line + 1


def parse(lines):
    """[(kind, line, value)]: directives, blocks to run (a list of Step), blocks that are shown only (the reason)."""
    found, at, why_not, file = [], 0, None, None
    while at < len(lines):
        directive, fence = DIRECTIVE.match(lines[at]), FENCE.match(lines[at])
        if directive and directive["word"] == "not run":
            if not directive["rest"]:
                raise Problem(f"line {at + 1}: a block that is not run needs a reason")
            why_not = directive["rest"]
        elif directive and directive["word"] == "file":
            file = directive["rest"]
        elif directive:
            found.append((directive["word"], at, directive["rest"]))
        elif lines[at].startswith("<!--") and re.match(r"<!--\s*(sandbox|act|first|not.run|skip|file)\b", lines[at]):
            raise Problem(f"line {at + 1}: no directive: {lines[at]}")
        elif fence:
            end = next((i for i in range(at + 1, len(lines)) if lines[i].rstrip() == fence["fence"]), None)
            if end is None:
                raise Problem(f"line {at + 1}: the block does not end")
            if why_not:
                found.append(("not run", at, why_not))
            elif file:
                found.append(("file", at, (file, "\n".join(lines[at + 1:end]) + "\n")))
            elif fence["language"] == "console":
                found.append(("block", at, steps_of(lines, at + 1, end)))
            elif any(LOOKS_RUNNABLE.match(line) for line in lines[at + 1:end]):
                raise Problem(f"line {at + 1}: a command in a block that is neither ```console nor marked "
                              "<!-- not run: reason -->")
            why_not, file, at = None, None, end
        elif lines[at].strip() and (why_not or file):
            raise Problem(f"line {at + 1}: between the directive and its block stands something else")
        at += 1
    return found


def steps_of(lines, begin, end):
    steps = []
    for at in range(begin, end):
        if lines[at].startswith("$ "):
            steps.append(Step(at, lines[at][2:]))
        elif not steps:
            raise Problem(f"line {at + 1}: a console block begins with a command: $ …")
        elif lines[at].startswith("> ") and not steps[-1].shown:
            steps[-1].command += "\n" + lines[at][2:]
        else:
            steps[-1].shown.append(lines[at])
        steps[-1].end = at + 1
    if not steps:
        raise Problem(f"line {begin}: an empty console block")
    return steps


def prepare_terraform(directory, tools, steelyard):
    """A `terraform` in PATH and a mirror with the provider in it; the environment that they need."""
    command = os.environ.get("STEELYARD_TERRAFORM")
    if not command:
        return {}
    script = pathlib.Path(tools, "terraform")
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    script.chmod(0o755)
    version = subprocess.run([steelyard, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    mirror = pathlib.Path(directory, "mirror")
    place = mirror / "registry.terraform.io" / "steelyard" / "steelyard" / version / "linux_amd64"
    place.mkdir(parents=True)
    (place / f"terraform-provider-steelyard_v{version}").symlink_to(steelyard)
    rc = pathlib.Path(directory, "terraform.rc")
    rc.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    return {"TF_CLI_CONFIG_FILE": str(rc), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0",
            "TF_CLI_ARGS": "-no-color"}


class Shell:
    """One bash; the state of a page is in it."""

    def __init__(self, directory, root, steelyard):
        tools = os.path.join(directory, "bin")
        os.mkdir(tools)
        os.symlink(steelyard, os.path.join(tools, "steelyard"))
        terraform = prepare_terraform(directory, tools, steelyard)
        self.work = os.path.join(directory, "work")
        os.mkdir(self.work)
        os.symlink(os.path.join(root, "examples"), os.path.join(self.work, "examples"))
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "STEELYARD_", "NO_COLOR"))}
        env.update(PATH=f"{tools}:{env['PATH']}", HOME=self.work, TERM="dumb", AWS_REGION="us-east-1",
                   AWS_ACCESS_KEY_ID="AKIDSANDBOX", AWS_SECRET_ACCESS_KEY="sandbox", LC_ALL="C.UTF-8", **terraform)
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=self.work, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, text=True, errors="replace")

    def run(self, command, seconds):
        """(exit code, printed lines). A group of its own in bash keeps what it starts within reach."""
        quoted = "'" + command.replace("'", "'\\''") + "'"
        self.process.stdin.write(f"eval {quoted} </dev/null\n_code=$?; printf '{END}%d\\n' $_code; (exit $_code)\n")
        self.process.stdin.flush()
        late = []

        def give_up():
            late.append(True)
            os.killpg(self.process.pid, signal.SIGKILL)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            reading = pool.submit(self._read)
            try:
                return reading.result(seconds)
            except concurrent.futures.TimeoutError:
                give_up()
                raise Problem(f"not done within {seconds:.0f} s: {command}")

    def _read(self):
        text = ""
        for line in self.process.stdout:
            text += line
            if END in line:
                text, code = text.rsplit(END, 1)
                return int(code), text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []
        raise Problem("the shell ended")

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(10)


class Part:
    """What of a page happens in one sandbox, or before the first one."""

    def __init__(self, page, scenario=None, where=""):
        self.page, self.scenario, self.where = page, scenario, where
        self.items, self.assignments = [], []
        self.url, self.said, self.problems, self.new, self.commands = None, [], [], {}, 0

    def run(self):
        self.deadline = time.monotonic() + PART_SECONDS
        directory = tempfile.mkdtemp(prefix="steelyard-docs-")
        shell = Shell(directory, self.page.root, self.page.steelyard)
        sandbox = None
        try:
            if self.scenario:
                sandbox = self.start_sandbox(shell)
            for command in self.assignments:
                shell.run(command, 5)
            for kind, line, value in self.items:
                self.one(shell, kind, line, value)
        except Problem as problem:
            self.problems.append(f"{self.page.name}: {problem}")
        finally:
            shell.close()
            if sandbox:
                sandbox.terminate()
                sandbox.wait(10)
                sandbox.stdout.close()
            shutil.rmtree(directory, ignore_errors=True)

    def start_sandbox(self, shell):
        path = self.page.root / self.scenario
        if not path.is_file():
            raise Problem(f"{self.where}: there is no {self.scenario}")
        sandbox = subprocess.Popen([self.page.steelyard, "sandbox", "--scenario", path], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = sandbox.stdout.readline().strip()
        if self.url.startswith("http://127.0.0.1:"):
            shell.run(f"export AWS_ENDPOINT_URL={self.url}", 5)
            return sandbox
        sandbox.kill()
        sandbox.wait(10)
        sandbox.stdout.close()
        raise Problem(f"{self.where}: the sandbox of {self.scenario} said {self.url!r}")

    def one(self, shell, kind, line, value):
        where = f"line {line + 1}"
        if kind == "not run":
            self.said.append(f"{self.page.name}:{line + 1} not run: {value}")
        elif kind == "act":
            self.act(where, value)
        elif kind == "file":
            pathlib.Path(shell.work, value[0]).write_text(value[1])
        elif kind == "first":
            code, printed = shell.run(value, self.left())
            if code:
                raise Problem(f"{where}: exit code {code} of: {value}\n" + "\n".join(printed))
        else:
            self.block(shell, value)

    def left(self):
        return max(0.1, min(COMMAND_SECONDS, self.deadline - time.monotonic()))

    def act(self, where, text):
        if not self.url:
            raise Problem(f"{where}: an act without a sandbox")
        try:
            with urllib.request.urlopen(f"{self.url}/_steelyard/act", data=text.encode(), timeout=5) as answer:
                answer.read()
        except OSError as error:
            raise Problem(f"{where}: {text}: {error}")

    def block(self, shell, steps):
        for i, step in enumerate(steps):
            code, printed = shell.run(step.command, self.left())
            self.commands += 1
            where = f"{self.page.name}:{step.line + 1}: $ {step.command}"
            shows_code = i + 1 < len(steps) and steps[i + 1].command == "echo $?"
            if code and not shows_code:
                self.problems.append(f"{where}\n  exit code {code}; a page shows one that is not 0 by $ echo $?\n" +
                                     "\n".join("  | " + line for line in printed))
            if not equal(step.shown, printed):
                self.problems.append(f"{where}\n" + "\n".join("  " + line for line in difflib.unified_diff(
                    step.shown, printed, "the page", "printed", lineterm="", n=1)))
                self.new[step.end - len(step.shown)] = (len(step.shown), printed)


class Page:
    def __init__(self, path, root, steelyard):
        self.path, self.root, self.steelyard = path, root, steelyard
        self.name = str(path.relative_to(root))
        self.lines = path.read_text().split("\n")
        self.parts, self.problems = [Part(self)], []
        try:
            self.divide(parse(self.lines))
        except Problem as problem:
            self.problems.append(f"{self.name}: {problem}")
        self.problems += [f"{self.name}: {problem}" for problem in broken_links(self)]

    def divide(self, items):
        assignments = []
        for kind, line, value in items:
            if kind == "sandbox":
                self.parts.append(Part(self, value, f"line {line + 1}"))
                self.parts[-1].assignments = list(assignments)
                continue
            self.parts[-1].items.append((kind, line, value))
            if kind == "block":
                assignments += [step.command for step in value if re.match(r"\w+=\S*$|\w+=\"[^\"]*\"$", step.command)]

    def write(self):
        new = {at: what for part in self.parts for at, what in part.new.items()}
        for at in sorted(new, reverse=True):
            count, printed = new[at]
            self.lines[at:at + count] = printed
        if new:
            self.path.write_text("\n".join(self.lines))


def anchors(text):
    """Of the headings, as GitHub names them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.M):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower()).replace(" ", "-")
        found.add(name)
    return found


def broken_links(page):
    text = re.sub(r"^```.*?^```", "", "\n".join(page.lines), flags=re.M | re.S)
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        file = (page.path.parent / path) if path else page.path
        if not file.exists():
            yield f"a link to {target}, and there is no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            yield f"a link to {target}, and there is no such heading"


def main():
    steelyard, root = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    chosen = sys.argv[3:]
    paths = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    if not os.environ.get("STEELYARD_TERRAFORM"):
        paths = [path for path in paths if path.name != "terraform.md"]
    pages = [Page(path, root, steelyard) for path in paths if not chosen or path.name in chosen]
    if not pages:
        sys.exit(f"no page is named {' '.join(chosen)}")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(Part.run, [part for page in pages for part in page.parts]))
    problems = []
    for page in pages:
        print(f"{page.name}: {sum(part.commands for part in page.parts)} commands")
        print("".join(f"  {line}\n" for part in page.parts for line in part.said), end="")
        problems += page.problems + [problem for part in page.parts for problem in part.problems]
        if os.environ.get("STEELYARD_DOCS") == "write":
            page.write()
    print("\n".join(problems))
    print(f"{len(pages)} pages, {sum(part.commands for page in pages for part in page.parts)} commands, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
