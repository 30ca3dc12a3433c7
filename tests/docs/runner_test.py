"""The runner of pages must see what is wrong: runner_test.py STEELYARD. Each case is a page in a folder of its own."""
import os
import pathlib
import subprocess
import sys
import tempfile

STEELYARD = os.path.abspath(sys.argv[1])
PAGES = pathlib.Path(__file__).resolve().parent / "pages.py"
SCENARIO = '{"functions": [{"name": "f", "versions": [{"version": "1"}], "aliases": [{"name": "a", "version": "1"}]}]}'
SANDBOX = "<!-- sandbox: examples/one.json -->\n"


def console(text):
    return f"```console\n{text}\n```\n"


# what it is, the page, what is said; None: nothing is wrong
CASES = [
    ("output that is equal", console("$ echo a; echo b >&2\na\nb"), None),
    ("output that differs", console("$ echo a\nb"), "README.md:2: $ echo a"),
    ("output that is not shown", console("$ echo a"), "+a"),
    ("output that does not come", console("$ true\na"), "-a"),
    ("a code that is not shown", console("$ false"), "exit code 1"),
    ("a code that is shown", console("$ (exit 3)\n$ echo $?\n3"), None),
    ("a code that is another", console("$ (exit 3)\n$ echo $?\n4"), "README.md:3: $ echo $?"),
    ("a code after one that was right", console("$ true\n$ echo $?\n0\n$ false"), "exit code 1"),
    ("dots for no line", console("$ true\n..."), None),
    ("dots between lines", console("$ seq 5\n1\n...\n4\n5"), None),
    ("dots that end too early", console("$ seq 5\n1\n...\n4"), "README.md:2: $ seq 5"),
    ("dots twice", console("$ seq 9\n1\n...\n4\n...\n9"), None),
    ("times and ids are of a kind", console(
        "$ echo 2026-01-02T03:04:05Z 20260102T030405-0123abcd\n2025-11-12T13:14:15Z 20251112T131415-ffffffff"), None),
    ("a weight is no such thing", console("$ echo 41 90%, 42 10%\n41 90%, 42 20%"), "README.md:2"),
    ("a line that goes on", console("$ echo a \\\n> b\na b"), None),
    ("what one block sets, the next has", console("$ x=1") + console("$ echo $x\n1"), None),
    ("a block without a command", console("a"), "begins with a command"),
    ("an empty block", console("# a remark"), "begins with a command"),
    ("a block that does not end", "```console\n$ true\n", "does not end"),
    ("a command in another block", "```\n$ false\n```\n", "neither ```console nor marked"),
    ("a command without a prompt", "```sh\nsteelyard status\n```\n", "neither ```console nor marked"),
    ("what is not run", "<!-- not run: because -->\n" + console("$ false"), None),
    ("what is not run without a reason", "<!-- not run: -->\n" + console("$ false"), "needs a reason"),
    ("what is not run, and text before it", "<!-- not run: because -->\nText\n" + console("$ false"), "stands something else"),
    ("a directive that is none", "<!-- skip -->\n" + console("$ true"), "no directive"),
    ("the sandbox", SANDBOX + console("$ steelyard status --function f --alias a\nf:a\n  alias       1 100%\n..."), None),
    ("a sandbox of nothing", "<!-- sandbox: examples/none.json -->\n", "there is no examples/none.json"),
    ("a sandbox that refuses its scenario", "<!-- sandbox: README.md -->\n", "said ''"),
    ("an assignment before a sandbox holds in it", console("$ x='1'\n$ y=2") + SANDBOX + console("$ echo $x$y\n12"), None),
    ("a folder of its own for each sandbox", SANDBOX + console("$ touch a; ls\n...\na\n...") + SANDBOX +
     console("$ ls\nexamples"), None),
    ("a link that leads", "[a](README.md#one-two) [b](#one-two)\n# One: two\n", None),
    ("a link to no file", "[a](docs/none.md)\n", "a link to docs/none.md, and there is no such file"),
    ("a link to no heading", "[a](#two)\n# One\n", "a link to #two, and there is no such heading"),
    ("an act", SANDBOX + '<!-- act: {"do": "delete-alias", "function": "f", "alias": "a"} -->\n' +
     console("$ steelyard status --function f --alias a\n...\n$ echo $?\n1"), "$ echo $?"),
    ("an act that is none", SANDBOX + '<!-- act: {"do": "dance"} -->\n', "HTTP Error 400"),
    ("an act without a sandbox", '<!-- act: {"do": "dance"} -->\n', "without a sandbox"),
    ("a first command that fails", "<!-- first: echo no; false -->\n", "exit code 1 of: echo no; false\nno"),
    ("the shell that is left", console("$ exit 0"), "the shell ended"),
]


def run(page):
    with tempfile.TemporaryDirectory(prefix="steelyard-docs-") as directory:
        root = pathlib.Path(directory)
        (root / "docs").mkdir()
        (root / "examples").mkdir()
        (root / "examples" / "one.json").write_text(SCENARIO)
        (root / "README.md").write_text(page)
        done = subprocess.run([sys.executable, "-B", PAGES, STEELYARD, directory], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr


def main():
    failed = 0
    for name, page, says in CASES:
        code, out = run(page)
        good = code == 0 if says is None else code == 1 and says in out
        print("ok  " if good else "FAIL", name, "" if good else f"\n{out}")
        failed += not good
    code, out = run("<!-- not run: because of the moon -->\n" + console("$ false"))
    if "README.md:2 not run: because of the moon" not in out:
        print(f"FAIL a reason is not printed\n{out}")
        failed += 1
    print(f"{len(CASES) + 1} cases, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
