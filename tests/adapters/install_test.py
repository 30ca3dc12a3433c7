"""How the adapters place the program: what is taken, what is refused and with which words, and that nothing is left behind."""
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

from act_test import HEAD
from github import FOLDER, ROOT, STEELYARD, Github, git, main, uses
from gitlab import CHECKOUT, TEMPLATES, component, job, wrapped
from releases import NAME, TAMPERED, VERSION, Releases, archive

TESTS = []
SAYS = archive('#!/bin/sh\necho "placed: $*"\n')


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


class Machine:
    """Folders of one runner. Use it in a with statement."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="steelyard-install-")
        for name in ("cache", "temp", "project", "bin"):
            os.mkdir(os.path.join(self.directory, name))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def folder(self, name):
        return pathlib.Path(self.directory, name)

    def left(self, name):
        return sorted(str(path.relative_to(self.folder(name))) for path in self.folder(name).rglob("*") if not path.is_dir())

    def env(self, more):
        env = {"PATH": f"{self.folder('bin')}:{os.environ['PATH']}", "HOME": self.directory}
        return {**env, **{key: value for key, value in more.items() if value is not None}}

    def pretend(self, system, machine):
        uname = self.folder("bin") / "uname"
        uname.write_text(f'#!/bin/sh\n[ "$1" = -s ] && echo {system} || echo {machine}\n')
        uname.chmod(0o755)

    def github(self, **more):
        given = {"RUNNER_TOOL_CACHE": str(self.folder("cache")), "RUNNER_TEMP": str(self.folder("temp")), "STEELYARD_INSTALL_VERSION": VERSION,
                 "STEELYARD_INSTALL_CHECKSUM": "", "STEELYARD_INSTALL_BASE": "", **more}
        return subprocess.run([FOLDER / "install"], env=self.env(given), capture_output=True, text=True, timeout=60)

    def gitlab(self, **more):
        """The whole script: what it places says with which words it was run."""
        script = self.folder("temp") / "job.sh"
        jobs = component(CHECKOUT)
        script.write_text(wrapped(job(jobs, "release")["script"]))
        given = {"CI_PROJECT_DIR": str(self.folder("project")), "STEELYARD_INSTALL_VERSION": VERSION, "STEELYARD_INSTALL_CHECKSUM": "",
                 "STEELYARD_INSTALL_BASE": "", "STEELYARD_ROLE": "", **more}
        return subprocess.run(["bash", script], env=self.env(given), capture_output=True, text=True, timeout=60)


PLATFORMS = {"github": ("temp", Machine.github), "gitlab": ("project", Machine.gitlab)}


def each(name):
    """A test on both platforms: it is given the machine, the folder where the program will be, and what runs the adapter."""
    def register(fn):
        for platform, (folder, run) in PLATFORMS.items():
            def one(folder=folder, run=run):
                with Machine() as machine:
                    fn(machine, folder, lambda **more: run(machine, **more))
            TESTS.append((f"{platform}: {name}", one))
    return register


def refused(run, *parts):
    assert run.returncode == 1, (run.returncode, run.stdout, run.stderr)
    told = run.stderr.strip().splitlines()[-1]
    for part in parts:
        assert part in told, (part, run.stderr)
    assert "placed" not in run.stdout, run.stdout


@each("a release with the right checksum")
def good(machine, folder, run):
    with Releases(machine.directory, SAYS) as releases:
        done = run(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert releases.asked == [f"/v{VERSION}/{NAME}.tar.gz"], releases.asked
    [place] = machine.left(folder)
    assert re.fullmatch({"temp": r"steelyard\.\w{6}/whole/bin/steelyard", "project": r"\.steelyard/bin/steelyard"}[folder], place), place
    assert os.access(machine.folder(folder) / place, os.X_OK)
    assert done.stdout == {"temp": f"{machine.folder(folder) / place}\n", "project": "placed: ci gitlab\n"}[folder], done.stdout


@each("an archive that was tampered with is refused, and nothing of it stays")
def tampered(machine, folder, run):
    with Releases(machine.directory, TAMPERED) as releases:
        expected = "0" * 64
        done = run(STEELYARD_INSTALL_CHECKSUM=expected, STEELYARD_INSTALL_BASE=releases.url)
    refused(done, "is not the archive that was pinned", f"sha256 {expected} was expected, {releases.sum} was found", "SHA256SUMS")
    assert machine.left(folder) == [] and not list(machine.folder(folder).iterdir()), list(machine.folder(folder).rglob("*"))


@each("a release that is not there is refused")
def absent(machine, folder, run):
    with Releases(machine.directory, SAYS) as releases:
        done = run(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url, STEELYARD_INSTALL_VERSION="1.1.1")
    refused(done, "v1.1.1/steelyard-1.1.1-linux-amd64.tar.gz cannot be downloaded")
    assert "404" in done.stderr and len(releases.asked) == 1, (done.stderr, releases.asked)
    assert not list(machine.folder(folder).iterdir()), list(machine.folder(folder).iterdir())


@each("a server that is busy is asked again")
def busy(machine, folder, run):
    with Releases(machine.directory, SAYS, busy=2) as releases:
        done = run(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url)
    assert done.returncode == 0 and len(releases.asked) == 3, (done.stderr, releases.asked)


@each("an archive of something else is refused")
def other(machine, folder, run):
    with Releases(machine.directory, archive(path=f"{NAME}/bin/other")) as releases:
        done = run(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url)
    refused(done, "has no bin/steelyard")
    assert not list(machine.folder(folder).iterdir()), list(machine.folder(folder).iterdir())


@each("no checksum is pinned: the input is asked for")
def unpinned(machine, folder, run):
    refused(run(STEELYARD_INSTALL_BASE="http://127.0.0.1:9"), "checksum is missing", "SHA256SUMS")


@each("another platform is refused")
def platform(machine, folder, run):
    machine.pretend("Darwin", "arm64")
    refused(run(STEELYARD_INSTALL_CHECKSUM="0" * 64, STEELYARD_INSTALL_BASE="http://127.0.0.1:9"), "Darwin-arm64")


@each("STEELYARD_BIN is used as it is")
def given(machine, folder, run):
    program = machine.folder("bin") / "steelyard"
    program.write_text('#!/bin/sh\necho "placed: $*"\n')
    program.chmod(0o755)
    done = run(STEELYARD_BIN=str(program))
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert done.stdout == {"temp": f"{program}\n", "project": "placed: ci gitlab\n"}[folder], done.stdout
    assert not list(machine.folder(folder).iterdir())


def kept(releases):
    return f"steelyard/{releases.sum}.tar.gz"


@test("github: what is in the tool cache is not downloaded again, and no job has the program of another")
def cached():
    with Machine() as machine, Releases(machine.directory, SAYS) as releases:
        first = machine.github(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url)
        again = machine.github(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE="http://127.0.0.1:9")
        assert again.returncode == 0 and again.stdout != first.stdout and len(releases.asked) == 1, (again.stderr, releases.asked)
        assert machine.left("cache") == [kept(releases)], machine.left("cache")


@test("github: what somebody planted in the tool cache is not used")
def planted():
    with Machine() as machine, Releases(machine.directory, SAYS) as releases:
        place = machine.folder("cache") / kept(releases)
        place.parent.mkdir()
        place.write_bytes(TAMPERED)
        done = machine.github(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url)
        assert done.returncode == 0 and len(releases.asked) == 1, (done.stderr, releases.asked)
        told = subprocess.run([done.stdout.strip()], capture_output=True, text=True)
        assert told.stdout.startswith("placed"), told
        assert place.read_bytes() == SAYS and machine.left("cache") == [kept(releases)], machine.left("cache")


@test("github: another checksum of the same version is another program")
def another():
    with Machine() as machine, Releases(machine.directory, SAYS) as releases:
        machine.github(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url)
        refused(machine.github(STEELYARD_INSTALL_CHECKSUM="0" * 64, STEELYARD_INSTALL_BASE=releases.url), "is not the archive that was pinned")


@test("github: a tool cache that cannot be written is done without")
def no_cache():
    with Machine() as machine, Releases(machine.directory, SAYS) as releases:
        (machine.folder("cache") / "steelyard").write_text("a file")
        done = machine.github(STEELYARD_INSTALL_CHECKSUM=releases.sum, STEELYARD_INSTALL_BASE=releases.url)
        assert done.returncode == 0 and machine.left("cache") == ["steelyard"], (done.stderr, machine.left("cache"))


@test("github: jobs that install at the same time all get the program")
def together():
    with Machine() as machine, Releases(machine.directory, SAYS) as releases:
        env = machine.env({"RUNNER_TOOL_CACHE": str(machine.folder("cache")), "RUNNER_TEMP": str(machine.folder("temp")),
                           "STEELYARD_INSTALL_VERSION": VERSION, "STEELYARD_INSTALL_CHECKSUM": releases.sum,
                           "STEELYARD_INSTALL_BASE": releases.url})
        jobs = [subprocess.Popen([FOLDER / "install"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(6)]
        ends = [(*each.communicate(timeout=60), each.returncode) for each in jobs]
        assert all(code == 0 for _, _, code in ends) and len({out for out, _, _ in ends}) == 6, ends
        assert machine.left("cache") == [kept(releases)], machine.left("cache")


class Server(http.server.ThreadingHTTPServer):
    """Remembers which path was asked for with which token; serves the archive, or sends on. Use it in a with statement."""

    def __init__(self, content=b"", to=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.asked.append((self.path, self.headers.get("JOB-TOKEN")))
                self.send_response(302 if to else 200)
                if to:
                    self.send_header("Location", to)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


@test("gitlab: the job's token goes to GitLab's own server, and nowhere else")
def token():
    path, given = f"/v{VERSION}/{NAME}.tar.gz", {"STEELYARD_INSTALL_CHECKSUM": hashlib.sha256(SAYS).hexdigest(), "CI_JOB_TOKEN": "t0k3n"}
    with Machine() as machine, Server(SAYS) as store, Server(to=f"{store.url}/object") as lab, Server(SAYS) as own:
        for server in (own, lab):
            done = machine.gitlab(STEELYARD_INSTALL_BASE=f"{server.url}/api/v4/packages", CI_API_V4_URL=f"{server.url}/api/v4", **given)
            assert done.stdout == "placed: ci gitlab\n" and server.asked == [(f"/api/v4/packages{path}", "t0k3n")], (done, server.asked)
        assert store.asked == [("/object", None)], store.asked
        done = machine.gitlab(STEELYARD_INSTALL_BASE=store.url, CI_API_V4_URL=f"{own.url}/api/v4", **given)
        assert done.stdout == "placed: ci gitlab\n" and store.asked[1:] == [(path, None)], (done, store.asked)


def malformed(name, words, *parts):
    @test(f"github: {name} is refused")
    def run():
        with Machine() as machine:
            refused(machine.github(**words), *parts)


malformed("a version that is none", {"STEELYARD_INSTALL_VERSION": "../1", "STEELYARD_INSTALL_CHECKSUM": "0" * 64}, 'steelyard-version: "../1"')
malformed("a checksum that is none", {"STEELYARD_INSTALL_CHECKSUM": "md5"}, 'checksum: "md5"')
malformed("a STEELYARD_BIN that is not there", {"STEELYARD_BIN": "/nowhere/steelyard"}, 'STEELYARD_BIN: "/nowhere/steelyard"')
malformed("a value with a line's end, in one annotation,", {"STEELYARD_INSTALL_CHECKSUM": "50%\nx"}, 'checksum: "50%25%0Ax"')


def used(inputs):
    """What becomes of these inputs of an action that is pinned: the exit code, the log, and the server that was asked."""
    with Github() as world, Releases(world.directory, archive()) as releases:
        releases.pin(world.action)
        git(world.action, "commit", "-qam", "pinned")
        given = dict(CHECKOUT, command="plan", version="42", **inputs, **{"download-base": releases.url})
        run = world.act(HEAD + uses(given), env={"STEELYARD_BIN": None})
        return run.code, run.out, releases


@test("github: an input that is empty is as one that is not given, the pinned version and checksum")
def empty():
    for inputs in ({"steelyard-version": "", "checksum": ""}, {}):
        code, told, releases = used(inputs)
        assert code == 0 and " outcome=PLANNED" in told, told
        assert releases.asked == [f"/v{VERSION}/{NAME}.tar.gz"], releases.asked


@test("github: a version and a checksum that are given are used instead of what is pinned")
def instead():
    code, told, releases = used({"checksum": "0" * 64})
    assert code == 1 and f"sha256 {'0' * 64} was expected, {releases.sum} was found" in told, told
    code, told, releases = used({"steelyard-version": "1.1.1"})
    assert code == 1 and releases.asked == ["/v1.1.1/steelyard-1.1.1-linux-amd64.tar.gz"], (told, releases.asked)


# ---- scripts/pin ----

class Copy:
    """A copy of what scripts/pin writes. Use it in a with statement."""

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="steelyard-pin-")
        shutil.copytree(FOLDER.parent, os.path.join(self.directory, "adapters"))
        os.mkdir(os.path.join(self.directory, "scripts"))
        shutil.copy(ROOT / "scripts" / "pin", os.path.join(self.directory, "scripts"))
        self.sums = os.path.join(self.directory, "SHA256SUMS")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def texts(self):
        folder = pathlib.Path(self.directory, "adapters")
        return {path.relative_to(folder): path.read_text() for path in folder.rglob("*.yml")}

    def pin(self, *words):
        return subprocess.run([os.path.join(self.directory, "scripts", "pin"), *words], capture_output=True, text=True)


@test("pin writes version and checksum, and nothing else")
def pins():
    with Copy() as copy:
        pathlib.Path(copy.sums).write_text(f"{'b' * 64}  steelyard-1.2.3.spdx.json\n{'a' * 64}  steelyard-1.2.3-linux-amd64.tar.gz\n")
        before = copy.texts()
        done = copy.pin("1.2.3", copy.sums)
        assert done.returncode == 0, done.stderr
        written = [path for path, text in copy.texts().items() if text != before[path]]
        assert len(written) == 1 + len(list(TEMPLATES.iterdir())), written
        for path in written:
            changed = [new.strip() for old, new in zip(before[path].splitlines(), copy.texts()[path].splitlines()) if old != new]
            if path.name == "action.yml":
                expected = ["STEELYARD_INSTALL_VERSION: ${{ inputs.steelyard-version || '1.2.3' }} # scripts/pin: version",
                            f"STEELYARD_INSTALL_CHECKSUM: ${{{{ inputs.checksum || '{'a' * 64}' }}}} # scripts/pin: checksum"]
            else:
                expected = ["default: '1.2.3' # scripts/pin: version", f"default: '{'a' * 64}' # scripts/pin: checksum"]
            assert changed == expected, changed
        again = copy.pin("1.2.3", copy.sums)
        assert again.returncode == 0, again.stderr


@test("pin refuses a release that SHA256SUMS does not have, and writes nothing")
def pin_refuses():
    with Copy() as copy:
        pathlib.Path(copy.sums).write_text(f"{'a' * 64}  steelyard-1.2.3-linux-amd64.tar.gz\n")
        before = copy.texts()
        for words in (("1.2.4", copy.sums), ("latest", copy.sums), ()):
            done = copy.pin(*words)
            assert done.returncode != 0 and len(done.stderr.splitlines()) == 1, done
        assert copy.texts() == before


@test("pin refuses a file whose lines it does not find")
def pin_unmarked():
    with Copy() as copy:
        pathlib.Path(copy.sums).write_text(f"{'a' * 64}  steelyard-1.2.3-linux-amd64.tar.gz\n")
        path = next(pathlib.Path(copy.directory, "adapters", "gitlab").rglob("template.yml"))
        path.write_text(path.read_text().replace("# scripts/pin: checksum", ""))
        before = copy.texts()
        done = copy.pin("1.2.3", copy.sums)
        assert done.returncode != 0 and "template.yml has 0 lines" in done.stderr, done
        assert copy.texts() == before


if __name__ == "__main__":
    assert STEELYARD
    main(TESTS, 4)
