"""version_test.py STEELYARD SOURCE BUILD: what --version tells, and where the commit in it comes from."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

STEELYARD, SOURCE, BUILD = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
COMMIT = re.compile(r"[0-9a-f]{40}( with changes)?|unknown")


def run(*words, cwd=None):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, cwd=cwd)


def cached(name):
    return re.search(rf"^{name}:\w+=(.*)$", pathlib.Path(BUILD, "CMakeCache.txt").read_text(), re.M).group(1)


def facts():
    told = run(STEELYARD, "--version")
    assert told.stderr == ""
    first, *rest = told.stdout.splitlines()
    version = re.search(r"project\(steelyard VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
    assert first == f"steelyard {version}", first
    told = set(re.findall(r"steelyard[_-](\d+\.\d+\.\d+)", (SOURCE / "README.md").read_text()))
    assert told == {version}, ("README.md names packages of", told)
    found = dict(line.split(": ", 1) for line in rest)
    assert list(found) == ["commit", "compiler", "build", "libcurl", "OpenSSL", "c-ares", "Expat", "gRPC core",
                           "protobuf-c", "json-c", "msgpack-c", "libmicrohttpd"], found
    assert COMMIT.fullmatch(found["commit"]), found
    assert re.fullmatch(r"(GNU|Clang) \d+\.\d+\.\d+", found["compiler"]), found
    link = "static" if cached("STEELYARD_STATIC") == "ON" else "dynamic"
    assert found["build"].split(", ")[:2] == [cached("CMAKE_BUILD_TYPE"), link], found
    for name in list(found)[3:]:
        assert re.fullmatch(r"\d+\.\d+(\.\d+)*\S*", found[name]), (name, found[name])
    # What the libraries say at run time is what was there at build time.
    for name, module in (("json-c", "json-c"), ("protobuf-c", "libprotobuf-c"), ("OpenSSL", "libcrypto"),
                         ("c-ares", "libcares"), ("Expat", "expat")):
        assert found[name] == run("pkg-config", "--modversion", module).stdout.strip(), (name, found[name])


def one_file_knows_the_commit():
    """Else each commit would compile everything anew."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    assert [pathlib.Path(c["file"]).name for c in commands if "SY_COMMIT" in c["command"]] == ["version.c"]


def commit_of(folder):
    """What configuring this tree would take for its commit, and the commit's time."""
    pathlib.Path(folder, "ask.cmake").write_text(
        "include(cmake/commit.cmake)\nmessage(STATUS \"${SY_COMMIT} @${SY_COMMIT_TIME}\")\n")
    return run("cmake", "-P", "ask.cmake", cwd=folder).stdout.removeprefix("-- ").strip()


def commits():
    with tempfile.TemporaryDirectory() as above:
        # A history above the tree is not the tree's own.
        git = ["git", "-c", "user.name=test", "-c", "user.email=test@test.invalid"]
        run(*git, "init", "-q", above)
        tree = pathlib.Path(above, "tree")
        (tree / "cmake").mkdir(parents=True)
        for name in ("cmake/commit.cmake", "cmake/commit.txt", ".gitattributes"):
            (tree / name).write_bytes((SOURCE / name).read_bytes())
        assert commit_of(tree) == "unknown @"
        run(*git, "init", "-q", tree)
        assert commit_of(tree) == "unknown @"
        run(*git, "add", ".", cwd=tree)
        run(*git, "commit", "-q", "-m", "first", cwd=tree)
        head = run("git", "rev-parse", "HEAD", cwd=tree).stdout.strip()
        time = run("git", "show", "-s", "--format=%ct", head, cwd=tree).stdout.strip()
        assert commit_of(tree) == f"{head} @{time}"
        (tree / "cmake/commit.cmake").write_text((tree / "cmake/commit.cmake").read_text() + "# changed\n")
        assert commit_of(tree) == f"{head} with changes @{time}"
        archive = pathlib.Path(above, "archive")
        archive.mkdir()
        run("git", "archive", "-o", f"{above}/a.tar", head, cwd=tree)
        run("tar", "-xf", f"{above}/a.tar", "-C", archive)
        assert commit_of(archive) == f"{head} @{time}"


for test in (facts, one_file_knows_the_commit, commits):
    test()
    print("ok  ", test.__name__)
