"""A sandbox, the real program run against it, and what every such run must keep: no secret in any output, no
process left behind."""

import concurrent.futures
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
import traceback
import urllib.error
import urllib.parse
import urllib.request
import uuid

STEELYARD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
ACCESS_KEY = "AKIDSTEELYARDTEST"
SECRET = "s3cr3t+wJalrXUtnFEMIwK7MDENGbPxRfiCYzz"
TOKEN = "t0k3nIQoJb3JpZ2luX2VjEXAMPLETOKENzz"
CHECKOUT = ["--function", "checkout", "--alias", "production"]
FAST = ["--stages", "10%/4s,50%/4s", "--window", "4s", "--period", "1s", "--poll", "1s"]
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def function(name="checkout", error_rate=0.0, requests_per_second=100, **more):
    """Version 41 behind the alias production, version 42 to be released; 43 is healthy too. The traffic is random: at
    this rate 10 % of it is enough for a verdict in every window of FAST but for one in a million."""
    return dict({
        "name": name,
        "versions": [{"version": "41", "error_rate": 0.0}, {"version": "42", "error_rate": error_rate},
                     {"version": "43", "error_rate": 0.0}],
        "aliases": [{"name": "production", "version": "41"}],
        "traffic": [{"alias": "production", "requests_per_second": requests_per_second}],
    }, **more)


def scenario(*functions, **more):
    return dict({
        "seed": 7,
        "running_for": "1m",
        "functions": list(functions) or [function()],
        "metrics": {"resolution": "1s", "delay_ms": 200},
        "latency_ms": {"default": 2},
    }, **more)


def wait_for(what, condition, seconds=15.0):
    """Poll until condition() is true; there is nothing to subscribe to in another process."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.03)


class Run:
    """One run of the program in the background; its output goes to files, so that nothing blocks."""

    def __init__(self, world, words, env, **popen):
        self.world = world
        self.out_path, self.err_path = world.path("out"), world.path("err")
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            popen = dict({"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err}, **popen)
            command = [word if isinstance(word, bytes) else str(word) for word in words]
            self.process = subprocess.Popen(command, env=env, **popen)
        self.pid = self.process.pid

    @property
    def out(self):
        return pathlib.Path(self.out_path).read_bytes().decode("utf-8", "surrogateescape")

    @property
    def err(self):
        return pathlib.Path(self.err_path).read_bytes().decode("utf-8", "surrogateescape")

    @property
    def events(self):
        """The JSON objects that are complete so far."""
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    def names(self):
        return [event.get("event") for event in self.events]

    def engine(self):
        """The pid of the engine that this run started."""
        for pid in self.world.processes():
            try:
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
            except OSError:
                continue
            if int(stat.rsplit(")", 1)[1].split()[1]) == self.pid:
                return pid
        return None

    def end(self, seconds=40.0):
        self.code = self.process.wait(seconds)
        for text in (self.out, self.err):
            for secret in (SECRET, TOKEN):
                assert secret not in text, f"a secret is in the output: {text}"
        return self


class World:
    """One sandbox and the programs run against it. Use it in a with statement."""

    def __init__(self, what=None):
        self.id = uuid.uuid4().hex
        self.directory = tempfile.mkdtemp(prefix="steelyard-cli-")
        self.files = 0
        what = what or scenario()
        self.access_key = what.get("access_key", ACCESS_KEY)
        path = self.path("scenario.json")
        pathlib.Path(path).write_text(json.dumps(what))
        self.requests = self.path("requests")
        self.sandbox = subprocess.Popen(
            [STEELYARD, "sandbox", "--scenario", path, "--record", self.requests], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL)
        self.url = self.sandbox.stdout.readline().decode().strip()
        if not self.url.startswith("http://127.0.0.1:"):
            raise AssertionError(f"the sandbox said {self.url!r}")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                wait_for("every process of the test is gone", lambda: not self.processes(), 10)
        finally:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
            self.sandbox.terminate()
            self.sandbox.wait(10)
            self.sandbox.stdout.close()
            shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        self.files += 1
        return os.path.join(self.directory, f"{self.files}-{name}")

    # ---- the program ----

    def env(self, **more):
        """None for a name: not set."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "STEELYARD_", "NO_COLOR"))}
        env.update(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN,
                   AWS_REGION="us-east-1", AWS_ENDPOINT_URL=self.url, HOME=self.directory,
                   AWS_EC2_METADATA_DISABLED="true", TEST_WORLD=self.id, TERM="dumb")
        env.update(more)
        return {k: v for k, v in env.items() if v is not None}

    def start(self, *words, env=None, **popen):
        return Run(self, [STEELYARD, *words], self.env(**(env or {})), **popen)

    def run(self, *words, env=None, seconds=40.0, **popen):
        return self.start(*words, env=env, **popen).end(seconds)

    def apply(self, *words, version="42", **more):
        return self.start("apply", *CHECKOUT, "--version", version, *FAST, "--output", "json", *words, **more)

    def processes(self):
        """Of this world, from /proc: those that carry its name in their environment and are no zombies."""
        found = []
        mark = f"TEST_WORLD={self.id}".encode()
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if mark in pathlib.Path(f"/proc/{entry}/environ").read_bytes().split(b"\0"):
                    found.append(int(entry))
            except OSError:
                continue
        return found

    def kill(self):
        """Of what runs in this world nothing is left: the machine is gone. Stopped first, and the youngest ends first: an
        engine rolls back when its host is gone, and one that is stopped is woken by that."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in sorted(self.processes(), reverse=True):
                os.kill(pid, number)
        wait_for("every process is gone", lambda: not self.processes())

    def asked(self, text):
        """How many requests with this text have come to the sandbox, answered or not."""
        return sum(text in line for line in pathlib.Path(self.requests).read_text("utf-8", "replace").splitlines())

    # ---- the sandbox's API ----

    def ask(self, method, path, service, body=None, headers=None):
        scope = f"{self.access_key}/20260101/us-east-1/{service}/aws4_request"
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=dict({
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
                             f"Signature={'0' * 64}",
        }, **(headers or {})))
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")

    def act(self, do, **more):
        body = json.dumps(dict({"do": do}, **more)).encode()
        with urllib.request.urlopen(f"{self.url}/_steelyard/act", data=body, timeout=10) as answer:
            answer.read()

    def fault(self, operation, kind, **more):
        self.act("add-fault", fault=dict({"operation": operation, "kind": kind}, **more))

    def alias(self, name="production", of="checkout"):
        """("41", {}) or ("41", {"42": 0.1}); None: there is none."""
        try:
            alias = self.ask("GET", f"/2015-03-31/functions/{of}/aliases/{name}", "lambda")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return alias["FunctionVersion"], (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}

    def split(self, **which):
        alias = self.alias(**which)
        return alias is not None and bool(alias[1])

    def parameters(self):
        found, token = {}, None
        while True:
            body = {"Path": "/", "Recursive": True, "MaxResults": 10}
            if token:
                body["NextToken"] = token
            page = self.ask("POST", "/", "ssm", json.dumps(body).encode(), {
                "X-Amz-Target": "AmazonSSM.GetParametersByPath", "Content-Type": "application/x-amz-json-1.1"})
            found.update((p["Name"], p["Value"]) for p in page["Parameters"])
            token = page.get("NextToken")
            if not token:
                return found

    def record(self, of="checkout", alias="production"):
        return json.loads(self.parameters()[f"/lambda/{of}/steelyard/{alias}"])

    def state(self):
        """All that a release could change, but for the lease: taking it is no change of anything."""
        parameters = {k: v for k, v in self.parameters().items() if not k.endswith("/lock")}
        return self.alias(), parameters


def main(tests, threads):
    """Run the tests in parallel; names after the program's path choose some."""
    chosen = sys.argv[2:]
    tests = [(name, test) for name, test in tests if not chosen or any(part in name for part in chosen)]
    failed = []

    def one(item):
        name, test = item
        started = time.monotonic()
        try:
            skipped = test()
            word, detail = ("skip", f": {skipped}") if isinstance(skipped, str) else ("ok  ", "")
        except Exception:  # noqa: BLE001 - told below
            failed.append(name)
            word, detail = "FAIL", "\n" + traceback.format_exc()
        print(f"{word} {name} ({time.monotonic() - started:.1f} s){detail}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, tests))
    print(f"{len(tests)} tests, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    sys.exit(1 if failed else 0)
