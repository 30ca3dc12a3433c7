"""man_test.py STEELYARD SOURCE PAGES: the man pages are complete and render without a warning."""

import os
import pathlib
import re
import subprocess
import sys

STEELYARD, SOURCE, PAGES = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
ENVIRONMENT = {**os.environ, "MANWIDTH": "1000", "LC_ALL": "C.UTF-8"}


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, env=ENVIRONMENT)


def program(*words):
    told = run(STEELYARD, *words)
    assert told.returncode == 0, told
    return told.stdout


def commands():
    return re.findall(r"^  ([a-z-]+) +(.*)$", program("--help"), re.M)


def rendered(name):
    shown = run("man", "-l", PAGES / f"{name}.1")
    assert shown.returncode == 0, shown
    return shown.stdout


def no_warning():
    pages = sorted(PAGES.glob("*.1"))
    assert pages
    for page in pages:
        for command in (["groff", "-K", "utf8", "-man", "-Tutf8", "-ww", "-z", page],
                        ["man", "--warnings", "-l", page]):
            told = run(*command)
            assert told.returncode == 0 and told.stderr == "", (page, told.stderr)


def one_page_a_command():
    names = {f"steelyard-{name}.1" for name, _ in commands()} | {"steelyard.1"}
    assert {page.name for page in PAGES.glob("*.1")} == names
    prose = {path.stem for path in (SOURCE / "man").glob("*.scd")}
    missing = {name for name, _ in commands()} - prose
    assert not missing, f"man/{min(missing)}.scd is missing: a section DESCRIPTION, and what the exit codes mean there"
    assert prose - {name for name, _ in commands()} == {"steelyard"}
    top = rendered("steelyard")
    for name, summary in commands():
        assert f"steelyard-{name}(1)\n" in top and f" {summary}\n" in top, name
        page = rendered(f"steelyard-{name}")
        assert f"steelyard-{name} - {summary}\n" in page, page
        # A paragraph of its own prose, an example, and what the exit codes mean.
        assert re.search(r"^DESCRIPTION\n       \S", page, re.M), page
        assert re.search(rf"^EXAMPLES\n +steelyard {name} ", page, re.M), page
        assert re.search(r"^EXIT STATUS\n       \S", page, re.M), page


def every_flag():
    seen = 0
    for name, _ in commands():
        page = rendered(f"steelyard-{name}")
        for line in program(name, "--help").split("Flags:\n")[1].splitlines():
            match = re.match(r"  (--\S+(?: [A-Zu]\S*)?|[A-Z]+) +(\S.*)$", line)
            assert match, line
            head, text = match.groups()
            assert re.search(rf"^       {re.escape(head)}\n +{re.escape(text)}$", page, re.M), (name, head, text, page)
            seen += 1
    assert seen > 100, seen


def environment():
    """Each variable that the program reads and a person may set."""
    found = set()
    for path in (SOURCE / "plugin").rglob("*.[ch]"):
        text = path.read_text()
        found |= set(re.findall(r'"((?:AWS|SSL|STEELYARD|ACTIONS)_[A-Z0-9_]*[A-Z])"', text))
        found |= set(re.findall(r'(?:getenv|sy_variable)\("([A-Z0-9_]+)"\)', text))
    found.remove("STEELYARD_PLUGIN_MAGIC_COOKIE")  # a host's word to its engine
    found.remove("STEELYARD_DRILL")  # a drill's word to its runs
    assert len(found) > 10, found
    page = rendered("steelyard") + rendered("steelyard-ci")
    assert "STEELYARD_INPUT_FLAG" in page  # stands for one of each flag
    missing = [name for name in found if name not in page and not name.startswith("STEELYARD_INPUT_")]
    assert not missing, missing


def exit_codes():
    page = rendered("steelyard")
    section = re.search(r"^EXIT STATUS\n(.*?)^\S", page, re.M | re.S).group(1)
    listed = set(re.findall(r"\b\d+\b", " ".join(re.findall(r"^       (\d[\d, ]*)$", section, re.M))))
    text = (SOURCE / "plugin/core/event.h").read_text() + (SOURCE / "plugin/cli/cli.h").read_text()
    codes = set(re.findall(r'X\([A-Z_]+, "[A-Z_]+", (\d+)\)', text)) | set(re.findall(r"SY_EXIT_[A-Z]+ = (\d+)", text))
    assert len(codes) >= 8 and codes | {"129", "130", "143"} == {*listed}, (codes, listed)


for test in (no_warning, one_page_a_command, every_flag, environment, exit_codes):
    test()
    print("ok  ", test.__name__)
