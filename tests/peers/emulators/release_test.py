"""The main job on emulators that nobody here wrote: release_test.py STEELYARD PEER RECORD

A healthy version of a real handler goes through 10 %, 50 %, 100 %; a failing one is found and rolled
back, and from the decision to the switched alias it takes less than a second. Then one is published from
an archive and released, and the versions that nothing names are cleaned up."""

import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

import boto3
from botocore.config import Config

from proxy import Proxy
from traffic import Traffic

HERE = pathlib.Path(__file__).parent
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
FUNCTION, ALIAS = "checkout", "production"

# What a peer cannot do, and so what is not asked of it; see peers.md of the design.
SKIPS = {
    "ministack": {},
    "moto": {
        "invoke": "moto runs handlers in Docker only: versions fail by drawn lots instead",
        "stale-revision": "moto does not check RevisionId, so no 412 can be seen",
        "unchanged": "moto publishes a new version each time, whether anything changed or not",
        "provisioned-concurrency": "moto has no GetProvisionedConcurrencyConfig: a plan warns that it was not checked",
    },
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(peer, port):
    scripts = pathlib.Path(sys.executable).parent
    env = dict(os.environ, BIND_HOST="127.0.0.1", GATEWAY_PORT=str(port))
    command = {
        "ministack": [scripts / "ministack"],
        "moto": [scripts / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
    }[peer]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            if process.poll() is not None or time.time() > deadline:
                sys.exit(f"{peer} did not start")
            time.sleep(0.1)


def archive(handler, more=""):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as z:
        z.writestr("app.py", (HERE / handler).read_text() + more)
    return data.getvalue()


def publish(clients):
    """Versions 1 and 2 healthy, 3 failing; the alias on 1."""
    iam, lambda_ = clients("iam"), clients("lambda")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                         "Principal": {"Service": "lambda.amazonaws.com"}}]})
    role = iam.create_role(RoleName="checkout", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    lambda_.create_function(FunctionName=FUNCTION, Runtime="python3.11", Role=role, Handler="app.handler",
                            Code={"ZipFile": archive("handler_healthy.py")})
    versions = []
    for number, handler in enumerate(("handler_healthy.py", "handler_healthy.py", "handler_failing.py"), 1):
        data = archive(handler)
        lambda_.update_function_code(FunctionName=FUNCTION, ZipFile=data)
        lambda_.update_function_configuration(FunctionName=FUNCTION, Description=f"build {number}")
        versions.append(lambda_.publish_version(FunctionName=FUNCTION)["Version"])
        lambda_.get_waiter("published_version_active").wait(
            FunctionName=FUNCTION, Qualifier=versions[-1], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    if versions != ["1", "2", "3"]:
        sys.exit(f"expected versions 1, 2, 3; the peer published {versions}")
    lambda_.create_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion="1")


class Suite:
    def __init__(self, steelyard, url, clients):
        self.steelyard, self.url, self.clients = steelyard, url, clients
        self.passed = 0

    def check(self, what, good, detail=""):
        if not good:
            sys.exit(f"FAILED: {what} {detail}")
        self.passed += 1
        print(f"ok  {what}", flush=True)

    def run(self, *words):
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(AWS_ACCESS_KEY_ID=KEYS["aws_access_key_id"], AWS_SECRET_ACCESS_KEY=KEYS["aws_secret_access_key"])
        alias = [] if words[0] == "cleanup" else ["--alias", ALIAS]
        done = subprocess.run(
            [self.steelyard, *words, "--function", FUNCTION, *alias, "--region", "us-east-1",
             "--endpoint-url", self.url, "--output", "json"],
            env=env, capture_output=True, text=True, timeout=180)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines:
            print("    ", line.get("event", ""), line.get("decision", ""), line.get("text", line.get("message", "")))
        if done.stderr:
            print(done.stderr, file=sys.stderr)
        return done.returncode, lines

    def release(self, *words):
        return self.run("apply", "--stages", "10%/10s,50%/10s", "--window", "10s", "--period", "1s", "--poll", "1s",
                        *words)

    def apply(self, version):
        return self.release("--version", version)

    def alias(self):
        alias = self.clients("lambda").get_alias(FunctionName=FUNCTION, Name=ALIAS)
        return alias["FunctionVersion"], (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}

    def parameter(self, name):
        return self.clients("ssm").get_parameter(Name=f"/lambda/{FUNCTION}/{name}")["Parameter"]["Value"]


def moves(events):
    return [e for e in events if e.get("event") == "alias_moved"]


def healthy(suite, peer):
    touched = threading.Event()

    def touch():
        """Somebody edits the description in mid-stage: a new revision, the same routing."""
        suite.clients("lambda").update_alias(FunctionName=FUNCTION, Name=ALIAS, Description="touched")
        touched.set()

    timer = threading.Timer(5, touch)
    if "stale-revision" not in SKIPS[peer]:
        timer.start()
    code, events = suite.apply("2")
    if "stale-revision" not in SKIPS[peer]:
        suite.check("healthy: went on over a changed revision (412)", touched.is_set())
    suite.check("healthy: exit 0", code == 0, code)
    shares = [e["to"].get("additional_bp", 10000) for e in moves(events)]
    suite.check("healthy: 10 %, 50 %, 100 %", shares == [1000, 5000, 10000], shares)
    verdicts = [e["decision"] for e in events if e["event"] == "stage_verdict" and e["decision"] != "inconclusive"]
    suite.check("healthy: a healthy verdict for both stages", verdicts == ["healthy", "healthy"], verdicts)
    suite.check("healthy: the alias is wholly on 2", suite.alias() == ("2", {}), suite.alias())
    suite.check("healthy: current-version is 2", suite.parameter("current-version") == "2")
    suite.check("healthy: previous-version is 1", suite.parameter("previous-version") == "1")


def failing(suite):
    code, events = suite.apply("3")
    suite.check("failing: exit 3", code == 3, code)
    verdict = [e for e in events if e["event"] == "stage_verdict"][-1]
    suite.check("failing: found unhealthy", verdict["decision"] == "unhealthy", verdict)
    back = moves(events)[-1]
    suite.check("failing: moved back to 2", back["to"] == {"primary": "2"}, back)
    took = back["at_unix_ms"] - verdict["at_unix_ms"]
    suite.check(f"failing: decision to switched alias took {took} ms, under a second", 0 <= took < 1000)
    suite.check("failing: the alias is wholly on 2", suite.alias() == ("2", {}), suite.alias())
    suite.check("failing: current-version is 2", suite.parameter("current-version") == "2")
    outcome = events[-1].get("outcome")
    suite.check("failing: ROLLED_BACK", outcome == "ROLLED_BACK", outcome)


def refusals(suite, peer):
    code, events = suite.apply("3")
    suite.check("rolled back before: refused with exit 5", code == 5 and events[-1]["reason"] == "ROLLED_BACK_BEFORE",
                (code, events))
    code, events = suite.apply("99")
    suite.check("unknown version: refused with exit 5", code == 5 and events[-1]["reason"] == "VERSION_NOT_FOUND",
                (code, events))
    code, events = suite.apply("2")
    suite.check("same version: UNCHANGED, exit 0", code == 0 and events[-1]["outcome"] == "UNCHANGED", (code, events))
    code, events = suite.run("rollback")
    suite.check("rollback on the baseline already: UNCHANGED, exit 0",
                code == 0 and events[-1]["outcome"] == "UNCHANGED", (code, events))
    suite.check("nothing moved", suite.alias() == ("2", {}), suite.alias())


def operators(suite):
    """What a person does by hand; it ends where it began, wholly on 2 with version 1 as the baseline."""
    code, events = suite.run("verify", "--window", "10s", "--period", "1s")
    suite.check("verify: version 2 is healthy, exit 0",
                code == 0 and (events[0]["version"], events[0]["decision"]) == ("2", "healthy"), (code, events))
    code, events = suite.run("rollback", "--version", "1", "--gradual", "50%/2s,20%/2s")
    shares = [e["to"].get("additional_bp", 0) for e in moves(events)]
    suite.check("gradual rollback: 50 %, 20 %, gone", code == 0 and shares == [5000, 2000, 0], (code, shares))
    suite.check("gradual rollback: the alias is wholly on 1", suite.alias() == ("1", {}), suite.alias())
    code, events = suite.release("--version", "2", "--retry", "--stages", "10%/60s", "--lock-in", "0s", "--wait", "none")
    suite.check("wait none: handed over, exit 0", code == 0 and events[-1]["outcome"] == "HANDED_OFF", (code, events))
    code, events = suite.run("pause", "--reason", "looking")
    suite.check("pause: taken, exit 0", code == 0 and events[0]["taken"], (code, events))
    code, events = suite.run("promote")
    suite.check("promote: exit 0, wholly on 2", code == 0 and suite.alias() == ("2", {}), (code, events))
    code, events = suite.run("resume", "--wait", "lock-in")
    suite.check("resume: the lock-in is watched to its end", code == 0 and events[-1]["outcome"] == "PROMOTED",
                (code, events))
    code, events = suite.run("history")
    outcomes = [e["outcome"] for e in events if e["event"] == "finished"]
    suite.check("history: the last release first, and how each ended",
                code == 0 and outcomes[0] == "PROMOTED" and "ROLLED_BACK" in outcomes, (code, outcomes))
    code, events = suite.run("resume", "--settle")
    suite.check("settle: nothing is due, exit 0", code == 0, (code, events))


def from_code(suite, peer):
    code, events = suite.run("check", "--version", "3")
    suite.check("check: exit 0 and no error", code == 0 and events[0]["errors"] == 0, (code, events))
    unknown = {f["text"].split(" ")[0] for f in events[0]["findings"]
               if f["severity"] == "unknown" and f["id"].startswith("PERMISSION")}
    expected = {"lambda:GetProvisionedConcurrencyConfig"} if "provisioned-concurrency" in SKIPS[peer] else set()
    suite.check("check: all else could be asked", unknown == expected, unknown)
    with tempfile.NamedTemporaryFile(suffix=".zip") as bundle:
        bundle.write(archive("handler_healthy.py", "# build 4\n"))
        bundle.flush()
        code, events = suite.release("--code", bundle.name, "--description", "build 4")
    suite.check("code: exit 0", code == 0, code)
    published = [e for e in events if e["event"] == "published"]
    suite.check("code: version 4 was published", [e["version"] for e in published] == ["4"], published)
    suite.check("code: the alias is wholly on 4", suite.alias() == ("4", {}), suite.alias())
    described = suite.clients("lambda").get_function_configuration(FunctionName=FUNCTION, Qualifier="4")
    suite.check("code: the description is the release note", described["Description"] == "build 4", described)
    if "unchanged" not in SKIPS[peer]:
        code, events = suite.release("--publish", "--description", "build 4")
        again = [e for e in events if e["event"] == "published"]
        suite.check("publish: nothing changed, so it is version 4 again, and the alias stays",
                    code == 0 and again[0]["unchanged"] and again[0]["version"] == "4" and suite.alias() == ("4", {}),
                    (code, events))


def cleanup(suite):
    """Version 1 was left two releases ago; 2 is the baseline, 3 was rolled back, 4 has the traffic."""
    code, events = suite.run("cleanup", "--keep", "0", "--dry-run")
    fates = {e["version"]: e["fate"] for e in events if e["event"] == "version"}
    suite.check("cleanup: a dry run", code == 0 and fates == {"1": "would-go", "2": "kept", "3": "kept", "4": "kept"},
                (code, fates))
    code, events = suite.run("cleanup", "--keep", "0")
    suite.check("cleanup: exit 0, one deleted", code == 0 and events[-1]["deleted"] == 1, (code, events))
    pages = suite.clients("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=FUNCTION)
    left = [v["Version"] for page in pages for v in page["Versions"]]
    suite.check("cleanup: the function and what is named are there", left == ["$LATEST", "2", "3", "4"], left)
    suite.check("cleanup: the alias is as it was", suite.alias() == ("4", {}), suite.alias())


def main():
    steelyard, peer, record = sys.argv[1:]
    port = free_port()
    process = start(peer, port)
    proxy = Proxy(port, record)
    traffic = None

    def clients(service):
        return boto3.client(service, region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}",
                            config=Config(retries={"max_attempts": 1}), **KEYS)

    try:
        publish(clients)
        for what, why in SKIPS[peer].items():
            print(f"skip {what}: {why}")
        rates = {"1": 0.0, "2": 0.0, "3": 0.5, "4": 0.0} if "invoke" in SKIPS[peer] else None
        traffic = Traffic(clients, FUNCTION, ALIAS, rates)
        suite = Suite(steelyard, proxy.url, clients)
        healthy(suite, peer)
        failing(suite)
        refusals(suite, peer)
        operators(suite)
        from_code(suite, peer)
        traffic.stop()
        cleanup(suite)
        print(f"traffic by version (invocations, errors): {traffic.counts}")
        print(f"{suite.passed} passed, 0 failed")
    finally:
        if traffic:
            traffic.stopping.set()
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    main()
