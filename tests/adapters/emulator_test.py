"""The action and the component on an AWS that nobody here wrote, with real handlers: MiniStack runs a healthy and a failing
version, and the traffic driver invokes what the alias says and publishes what Lambda would (tests/peers/emulators)."""
import json
import pathlib
import re
import sys

import boto3
from botocore.config import Config

from act_test import HEAD, NEXT, output, said
from github import CHECKOUT, ROOT, Github, main, uses
from gitlab import Gitlab
from gitlab_test import artifacts

sys.path.insert(0, str(ROOT / "tests" / "peers" / "emulators"))  # before tests/cli, which has a release_test too
from release_test import ALIAS, FUNCTION, KEYS, Suite, free_port, publish, start  # noqa: E402
from traffic import Traffic  # noqa: E402

TESTS = []
# MiniStack answers about ten invocations a second: at 20 % a window of this length holds three times what a verdict needs.
STAGES = {"stages": "20%/10s,50%/5s", "window": "10s"}
GOOD, BAD = "2", "3"


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


class Emulator:
    """MiniStack, the function on it, and its traffic. Use it in a with statement."""

    def __enter__(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.peer, self.traffic = start("ministack", port), None
        try:
            publish(self.client)
            self.traffic = Traffic(self.client, FUNCTION, ALIAS)
        except BaseException:
            self.__exit__()
            raise
        self.env = {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
                    "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"], "AWS_SESSION_TOKEN": None}
        return self

    def __exit__(self, *_):
        try:
            if self.traffic:
                self.traffic.stop()
        finally:
            self.peer.terminate()
            self.peer.wait(20)

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **KEYS,
                            config=Config(retries={"max_attempts": 10, "mode": "standard"}))

    def alias(self):
        return Suite("", self.url, self.client).alias()


def nothing_of_the_sandbox(world):
    assert not world.asked(""), "the sandbox was asked instead of the emulator"


def judged(report, decisions):
    stages = report["stages"][:len(decisions)]
    assert [stage["decision"] for stage in stages] == decisions, stages
    assert all(stage["canary"]["invocations"] >= 5 for stage in stages), stages


@test("GitHub: a healthy version is promoted, a failing one rolled back with exit 3 and one annotation")
def github():
    with Emulator() as aws, Github() as world:
        def release(version):
            folder = pathlib.Path(world.path("reports"))
            inputs = dict(CHECKOUT, version=version, **STAGES, period="1s", poll="1s")
            run = world.act(HEAD + uses({**inputs, "report-dir": folder}) + NEXT, env=aws.env)
            return run, json.loads((folder / "report.json").read_text())

        run, report = release(GOOD)
        assert run.code == 0 and "::error" not in run.out, run.out
        assert [output(run, name) for name in ("outcome", "version", "previous-version")] == ["PROMOTED", GOOD, "1"], run.out
        judged(report, ["healthy", "healthy"])
        assert aws.alias() == (GOOD, {}), aws.alias()

        run, report = release(BAD)
        assert run.code == 1, run.out
        said(run, "exit status 3")
        assert [output(run, name) for name in ("outcome", "version", "failed-stage")] == ["ROLLED_BACK", BAD, "1"], run.out
        judged(report, ["unhealthy"])
        told = re.findall(r"::error.*", run.out)
        assert len(told) == 1 and report["why"].replace("%", "%25") in told[0], (told, report["why"])
        assert aws.alias() == (GOOD, {}), aws.alias()
        nothing_of_the_sandbox(world)


@test("GitLab: a healthy version is promoted, a failing one rolled back with exit 3, its dotenv and a failed case")
def gitlab():
    with Emulator() as aws, Gitlab() as world:
        def release(version):
            folder = world.project(dict(CHECKOUT, version=version, **STAGES))
            run = world.run_pipeline(folder, variables=aws.env)
            place, dotenv, junit = artifacts(folder)
            return run, json.loads((place / "report.json").read_text()), dotenv, [case.get("name") for case in junit.iter("testcase")
                                                                                  if case.find("failure") is not None]

        run, report, dotenv, failed = release(GOOD)
        assert run.code == 0 and not failed, (run.out, run.err, failed)
        assert dotenv["STEELYARD_OUTCOME"] == "PROMOTED" and dotenv["STEELYARD_VERSION"] == GOOD, dotenv
        judged(report, ["healthy", "healthy"])
        assert aws.alias() == (GOOD, {}), aws.alias()

        run, report, dotenv, failed = release(BAD)
        assert run.code != 0 and re.search(r"^release .* FAIL 3 *$", run.out + run.err, re.M), (run.out, run.err)
        assert dotenv["STEELYARD_OUTCOME"] == "ROLLED_BACK" and dotenv["STEELYARD_FAILED_STAGE"] == "1", dotenv
        judged(report, ["unhealthy"])
        assert failed == ["stage 1 at 20%"], failed
        assert aws.alias() == (GOOD, {}), aws.alias()
        nothing_of_the_sandbox(world)


if __name__ == "__main__":
    main(TESTS, 2)
