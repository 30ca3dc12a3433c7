"""The drill on an emulator that nobody here wrote, with real handlers: drill_test.py STEELYARD

MiniStack runs a healthy and a failing handler. `steelyard traffic` invokes them and counts what MiniStack says of the version and
of errors. MiniStack shares no traffic by an alias's weights and publishes no metrics, so during the drill the traffic driver
of this folder does both, and the drill sends none (--rate 0)."""
import json
import os
import subprocess
import sys

import boto3
from botocore.config import Config

import release_test
from release_test import KEYS, free_port, publish, start
from traffic import Traffic

release_test.FUNCTION = FUNCTION = "checkout-drill"
ALIAS = release_test.ALIAS
GOOD, BAD = "2", "3"
SHORT = ["--stages", "50%/10s", "--window", "10s", "--period", "1s", "--poll", "1s", "--lock-in", "60s"]


def check(what, good, detail=""):
    if not good:
        sys.exit(f"FAILED: {what} {detail}")
    print(f"ok  {what}", flush=True)


def run(steelyard, url, *words):
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env.update(AWS_ACCESS_KEY_ID=KEYS["aws_access_key_id"], AWS_SECRET_ACCESS_KEY=KEYS["aws_secret_access_key"])
    done = subprocess.run([steelyard, words[0], "--function", FUNCTION, "--alias", ALIAS, "--region", "us-east-1", "--endpoint-url", url,
                           "--output", "json", *words[1:]], env=env, capture_output=True, text=True, timeout=600)
    print(done.stdout, done.stderr, flush=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def counted(steelyard, url, clients):
    """What `traffic` counts of a real handler: (version, invocations, errors)."""
    code, lines = run(steelyard, url, "traffic", "--rate", "5/s", "--for", "4s", "--payload", '{"order": 1}')
    total = lines[-1]
    check("traffic is answered", code == 0 and total["event"] == "ended" and len(total["versions"]) == 1, total)
    return [(v["version"], v["invocations"], v["errors"]) for v in total["versions"]][0]


def behave(steelyard, url, clients):
    version, invocations, errors = counted(steelyard, url, clients)
    check("a healthy handler is counted", invocations >= 10 and errors == 0 and version in ("1", ""), (version, invocations, errors))
    clients("lambda").update_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion=BAD)
    version, invocations, errors = counted(steelyard, url, clients)
    check("a failing handler is counted", errors == invocations >= 10 and version in (BAD, ""), (version, invocations, errors))
    traffic = Traffic(clients, FUNCTION, ALIAS)
    try:
        code, lines = run(steelyard, url, "drill", "--version", GOOD, "--bad-version", BAD, "--rate", "0", *SHORT)
    finally:
        traffic.stop()
    found = {line["rehearsal"]: line["result"] for line in lines if line["event"] == "rehearsal"}
    check("all rehearsals pass with real handlers", code == 0 and set(found.values()) == {"passed"} and len(found) == 10, found)
    alias = clients("lambda").get_alias(FunctionName=FUNCTION, Name=ALIAS)
    check("the alias is on the good version alone", alias["FunctionVersion"] == GOOD and not (
        alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"), alias)


def main():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    peer = start("ministack", port)

    def clients(service):
        return boto3.client(service, endpoint_url=url, region_name="us-east-1", **KEYS,
                            config=Config(retries={"max_attempts": 10, "mode": "standard"}))

    try:
        publish(clients)
        behave(os.path.abspath(sys.argv[1]), url, clients)
    finally:
        peer.terminate()
        peer.wait(20)


if __name__ == "__main__":
    main()
