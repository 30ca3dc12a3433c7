"""install_test.py STEELYARD SOURCE BUILD CMAKE: cmake --install puts everything in its place, below DESTDIR and prefix alone."""

import filecmp
import os
import pathlib
import re
import subprocess
import sys
import tempfile

STEELYARD, SOURCE, BUILD, CMAKE = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
CACHE = pathlib.Path(BUILD, "CMakeCache.txt").read_text()


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    assert done.returncode == 0 and done.stderr == "", (words, done.stdout, done.stderr)
    return done.stdout


def files(folder):
    return {str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if not path.is_dir()}


def expected():
    commands = re.findall(r"^  ([a-z-]+) ", run(STEELYARD, "--help"), re.M)
    names = {"bin/steelyard", "share/bash-completion/completions/steelyard", "share/zsh/site-functions/_steelyard",
             "share/fish/vendor_completions.d/steelyard.fish"}
    if not re.search(r"^SCDOC:\w+=.*NOTFOUND$", CACHE, re.M):
        names |= {"share/man/man1/steelyard.1", *(f"share/man/man1/steelyard-{name}.1" for name in commands)}
    names |= {f"share/doc/steelyard/{name}" for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")}
    names |= {f"share/doc/steelyard/{path.relative_to(SOURCE)}" for path in (SOURCE / "docs").rglob("*.md")}
    names |= {f"share/doc/steelyard/{path.relative_to(SOURCE)}" for path in (SOURCE / "examples").rglob("*") if path.is_file()}
    names |= {f"share/steelyard/{path.relative_to(SOURCE)}" for path in (SOURCE / "proto").rglob("*.proto")}
    assert len(names) > 40, names
    return names


def install(prefix, **env):
    # Its list of what it wrote is a file of the build folder; the next run writes it again.
    return run(CMAKE, "--install", BUILD, "--prefix", prefix, env={**os.environ, **env})


def destdir():
    with tempfile.TemporaryDirectory() as folder:
        install("/opt/steelyard", DESTDIR=folder)
        root = pathlib.Path(folder, "opt/steelyard")
        assert os.listdir(folder) == ["opt"] and not os.path.exists("/opt/steelyard")
        found = files(root)
        assert found == expected(), found ^ expected()
        for name in found:
            mode = (root / name).stat().st_mode & 0o777
            assert mode == (0o755 if name == "bin/steelyard" else 0o644), (name, oct(mode))
        for shell, name in (("bash", "bash-completion/completions/steelyard"), ("zsh", "zsh/site-functions/_steelyard"),
                            ("fish", "fish/vendor_completions.d/steelyard.fish")):
            assert (root / "share" / name).read_text() == run(STEELYARD, "completion", shell)
        for folder_of in ("docs", "examples"):
            for path in filter(pathlib.Path.is_file, (root / "share/doc/steelyard" / folder_of).rglob("*")):
                assert filecmp.cmp(path, SOURCE / path.relative_to(root / "share/doc/steelyard"), shallow=False), path


def prefix():
    with tempfile.TemporaryDirectory() as folder:
        install(folder)
        assert files(folder) == expected()
        program = pathlib.Path(folder, "bin/steelyard")
        assert run(program, "--version") == run(STEELYARD, "--version")
        if "CMAKE_BUILD_TYPE:STRING=Release" in CACHE:
            assert ".symtab" not in run("readelf", "-SW", program)


for test in (destdir, prefix):
    test()
    print("ok  ", test.__name__)
