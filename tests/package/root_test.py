"""root_test.py DIST: the packages in DIST on machines that have nothing of this one: the .deb in a fresh Debian, the tarball
there and in a folder that holds the executable alone (as on a distribution without glibc)."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

DIST = pathlib.Path(sys.argv[1]).resolve()
ROOT = [] if os.geteuid() == 0 else ["sudo"]
# A mount of its own goes away with the process.
INSIDE = [*ROOT, "unshare", "--mount", "--propagation", "private", "sh", "-c",
          'mount -t proc proc "$1/proc" && mount --bind /dev/null "$1/dev/null" && exec chroot "$@"', "sh"]
ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "AWS_ACCESS_KEY_ID": "test",
       "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
RELEASE = ["apply", "--function", "checkout", "--alias", "production", "--version", "42", "--stages", "10%/4s,50%/4s",
           "--window", "4s", "--period", "1s", "--poll", "1s"]


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=ENV, timeout=600, **more)
    assert done.returncode == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


def one(pattern):
    found = list(DIST.glob(pattern))
    assert len(found) == 1, (pattern, found)
    return found[0]


def debian(folder):
    sources = [path for path in ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list") if os.path.exists(path)]
    run(*ROOT, "mmdebstrap", "--mode=root", "--variant=essential", "bookworm", folder, sources[0])


def release(root, binary, scenario):
    """A sandbox and a release against it, both inside."""
    sandbox = subprocess.Popen([*INSIDE, root, binary, "sandbox", "--scenario", scenario], stdout=subprocess.PIPE, text=True,
                               env=ENV)
    try:
        url = sandbox.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), url
        done = subprocess.run([*INSIDE, root, binary, *RELEASE], capture_output=True, text=True, timeout=120,
                              env={**ENV, "AWS_ENDPOINT_URL": url})
    finally:
        # As root the process is our own child; sudo passes the signal on.
        sandbox.terminate()
        sandbox.wait(10)
        sandbox.stdout.close()
    assert done.returncode == 0 and " PROMOTED" in done.stdout, done
    assert "alias moved: 41 90%, 42 10% -> 41 50%, 42 50%" in done.stdout, done.stdout


def version(root, binary):
    text = run(*INSIDE, root, binary, "--version")
    assert re.match(r"steelyard \d+\.\d+\.\d+\ncommit: [0-9a-f]{40}\n", text) and "\nbuild: Release, static\n" in text, text


def files(root):
    """All that is there, but for dpkg's own book-keeping and log."""
    listed = run(*ROOT, "find", root, "-xdev", "-printf", "%P\n").splitlines()
    return {name for name in listed if not re.match(r"var/(lib/dpkg|log)/[^/]+$", name)}


def package(root):
    before = files(root)
    shutil.copy(one("*.deb"), f"{root}/tmp/steelyard.deb")
    run(*ROOT, "chroot", root, "dpkg", "-i", "/tmp/steelyard.deb")
    os.remove(f"{root}/tmp/steelyard.deb")
    assert len(files(root) - before) > 40
    assert run(*ROOT, "chroot", root, "dpkg", "-V", "steelyard") == ""
    version(root, "/usr/bin/steelyard")
    release(root, "/usr/bin/steelyard", "/usr/share/doc/steelyard/examples/healthy.json")
    run(*ROOT, "chroot", root, "dpkg", "-r", "steelyard")
    assert files(root) == before, files(root) ^ before
    known = subprocess.run([*ROOT, "chroot", root, "dpkg-query", "-W", "steelyard"], capture_output=True, text=True, env=ENV)
    assert known.returncode == 1, known


def tarball(root):
    run(*ROOT, "tar", "-xzf", one("*.tar.gz"), "-C", f"{root}/opt")
    tree = f"/opt/{one('*.tar.gz').name.removesuffix('.tar.gz')}"
    version(root, f"{tree}/bin/steelyard")
    release(root, f"{tree}/bin/steelyard", f"{tree}/share/doc/steelyard/examples/healthy.json")


def alone(_):
    with tempfile.TemporaryDirectory() as root:
        run("tar", "-xzf", one("*.tar.gz"), "-C", root, "--strip-components=2", "--wildcards", "*/bin/steelyard")
        assert os.listdir(root) == ["steelyard"]
        assert run(*ROOT, "chroot", root, "/steelyard", "--version").startswith("steelyard ")
        # What every system has: /proc, /dev/null, a folder for the socket; and the sandbox's scenario.
        for name in ("proc", "dev", "tmp"):
            os.mkdir(f"{root}/{name}")
        pathlib.Path(root, "dev/null").touch()
        run("tar", "-xzf", one("*.tar.gz"), "-C", root, "--strip-components=5", "--wildcards", "*/examples/healthy.json")
        release(root, "/steelyard", "/healthy.json")


with tempfile.TemporaryDirectory() as above:
    fresh = f"{above}/root"
    debian(fresh)
    try:
        for test in (package, tarball, alone):
            began = time.monotonic()
            test(fresh)
            print(f"ok   {test.__name__} ({time.monotonic() - began:.0f} s)", flush=True)
    finally:
        run(*ROOT, "rm", "-rf", fresh)
