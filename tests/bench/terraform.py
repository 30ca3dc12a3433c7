"""The provider beside one in Go, hashicorp/time: how soon it says its handshake, what CPU and memory an apply
takes. Terraform starts a launcher (terraform.c) in the place of either, which notes what that used alone."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "release"
MODULE, VERSION = "github.com/hashicorp/terraform-provider-time", "v0.14.2"
RESOURCES = 20
# No registry is asked: both providers are overrides.
SOURCE = "registry.example.com/bench/%s"
CONFIGURATION = """
terraform {
  required_providers {
    %s = { source = "%s" }
  }
}
"""
RELEASES = """
resource "steelyard_release" "it" {
  count         = %d
  function_name = "checkout-${count.index}"
  alias         = "production"
  version       = "41"
}
""" % RESOURCES
TIMES = """
resource "time_static" "it" {
  count = %d
}
""" % RESOURCES


def peer():
    """The Go provider, built from its module on the first run as its releases are: stripped, trimmed."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "steelyard"
    program = cache / f"terraform-provider-time-{VERSION}" / "terraform-provider-time"
    program.parent.mkdir(parents=True, exist_ok=True)
    with open(program.parent / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if program.exists():
            return program
        told = subprocess.run(["go", "mod", "download", "-json", f"{MODULE}@{VERSION}"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        source = program.parent / "source"
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(json.loads(told)["Dir"], source)
        for path in [source, *source.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)  # the module's directory is read-only
        subprocess.run(["go", "build", "-p", "2", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o",
                        f"{program}.new", "."], cwd=source, check=True,
                       env={**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"})
        os.rename(f"{program}.new", program)
        shutil.rmtree(source)
    return program


def command_line():
    """Terraform where the machine has it, else OpenTofu."""
    found = shutil.which("terraform")
    return found or subprocess.run([HERE.parent / "terraform" / "tofu"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.strip()


def client_certificate(folder):
    """As go-plugin makes one for each plugin that it starts."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-nodes",
                    "-keyout", "client.key", "-out", "client.pem", "-subj", "/CN=localhost", "-days", "2",
                    "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True, cwd=folder)
    return (folder / "client.pem").read_text(encoding="ascii")


def handshake(program, env):
    start = time.monotonic_ns()
    process = subprocess.Popen([program], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    line = process.stdout.readline()
    end = time.monotonic_ns()
    process.kill()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    process.stdout.close()
    if line.count(b"|") != 5:
        raise SystemExit(f"{program} said no handshake but {line!r}")
    return {"handshake": (end - start) / 1e6, "cpu": (used.ru_utime + used.ru_stime) * 1e3}


class Provider:
    """A configuration of one provider, with the launcher in its place."""

    def __init__(self, folder, name, program, resources):
        self.folder = folder / name
        self.configuration = CONFIGURATION % (name, SOURCE % name) + resources
        self.used = self.folder / "plugins" / "used"
        self.program = self.folder / "plugins" / "measured" / f"terraform-provider-{name}"
        self.program.parent.mkdir(parents=True)
        self.program.symlink_to(program)
        shutil.copy(BUILD / "tests" / "bench" / "bench_terraform", self.folder / "plugins" / self.program.name)
        self.settings = self.folder / "rc"
        self.settings.write_text('provider_installation {\n  dev_overrides {\n    "%s" = "%s"\n  }\n}\n' % (
            SOURCE % name, self.folder / "plugins"), encoding="utf-8")

    def notes(self):
        """(how many were started, [(CPU in µs, peak in KiB) of each that has ended])."""
        lines = self.used.read_text(encoding="ascii").splitlines()
        return lines.count("+"), [tuple(map(int, line.split())) for line in lines if line != "+"]

    def all_notes(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            started, ended = self.notes()
            if started == len(ended):
                return ended
            time.sleep(0.01)
        raise SystemExit(f"{started} providers were started, {len(ended)} ended by themselves")

    def apply(self, command, env):
        """From no state: every resource is created."""
        work = self.folder / "work"
        work.mkdir()
        (work / "main.tf").write_text(self.configuration, encoding="utf-8")
        self.used.unlink(missing_ok=True)
        done = subprocess.run([command, "apply", "-auto-approve", "-no-color"], cwd=work,
                              env={**env, "TF_CLI_CONFIG_FILE": str(self.settings), "CHECKPOINT_DISABLE": "1"},
                              capture_output=True, text=True, check=False)
        if f"{RESOURCES} added, 0 changed" not in done.stdout:
            raise SystemExit(f"{command} apply:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        shutil.rmtree(work)
        ended = self.all_notes()
        return {"cpu": sum(cpu for cpu, _ in ended) / 1e3, "memory": max(peak for _, peak in ended) / 1024,
                "processes": len(ended)}


class Sandbox:
    """RESOURCES functions whose aliases serve what the configuration wants."""

    def __init__(self, folder):
        functions = [{"name": f"checkout-{i}", "versions": [{"version": "41"}],
                      "aliases": [{"name": "production", "version": "41"}]} for i in range(RESOURCES)]
        path = folder / "scenario.json"
        path.write_text(json.dumps({"functions": functions}), encoding="utf-8")
        self.process = subprocess.Popen([BUILD / "steelyard", "sandbox", "--scenario", path], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def versions():
    """A line that tells what was measured beside it."""
    told = json.loads(subprocess.run([command_line(), "version", "-json"], check=True, text=True,
                                     env={**os.environ, "CHECKPOINT_DISABLE": "1"}, stdout=subprocess.PIPE).stdout)
    go = subprocess.run(["go", "env", "GOVERSION"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    return f"- {pathlib.Path(command_line()).name} {told['terraform_version']}; hashicorp/time {VERSION}, built by {go}"


def measure(folder, rounds, environment, pair):
    """environment(home, url): what the programs see; pair: the class that runs both in turn."""
    folder.mkdir()
    command = command_line()
    ours = Provider(folder, "steelyard", BUILD / "steelyard", RELEASES)
    theirs = Provider(folder, "time", peer(), TIMES)
    sandbox = Sandbox(folder)
    try:
        env = environment(folder, sandbox.url)
        host = {**env, "PLUGIN_MIN_PORT": "10000", "PLUGIN_MAX_PORT": "25000", "PLUGIN_PROTOCOL_VERSIONS": "5,6",
                "PLUGIN_CLIENT_CERT": client_certificate(folder), "TF_PLUGIN_MAGIC_COOKIE":
                "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"}
        start = pair(rounds, lambda: handshake(ours.program, host), lambda: handshake(theirs.program, host))
        apply = pair(max(3, rounds // 3), lambda: ours.apply(command, env), lambda: theirs.apply(command, env))
    finally:
        sandbox.close()
    applied = f"provider in an apply of {RESOURCES} resources"
    processes = {sample["processes"] for sample in apply.ours + apply.peer}
    if len(processes) != 1:
        raise SystemExit(f"not the same number of processes in each apply: {processes}")
    return [
        start.row("provider: exec → handshake (peer: a provider in Go)", "handshake", "ms", "below the peer"),
        start.row("provider: exec → handshake, fastest (peer: the same)", "handshake", "ms", "below the peer",
                  best=True),
        apply.row(f"{applied}: CPU, all {processes.pop()} processes (peer: the same)", "cpu", "ms", "below the peer"),
        apply.row(f"{applied}: peak memory of a process (peer: the same)", "memory", "MiB", "below the peer"),
    ]
