"""The workflows and pipelines of docs/ci.md, run against a sandbox as they are copied: the program is downloaded, the role is taken with
the job's token, and there is no key. Only the sandbox's quick time is put in, and what other actions would do is left out."""
import contextlib
import re

import yaml

import oidc_test
from github import ROOT, Github, function, git, main, scenario
from gitlab import Gitlab
from releases import Releases, archive

TESTS = []
PAGE = (ROOT / "docs" / "ci.md").read_text()
QUICK = {"stages": "10%/4s", "window": "4s"}
FILES = {"src/index.js": "release 1", "checkout/index.js": "release 2", "cart/index.js": "release 3",
         "release/checkout.version": "42\n"}


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def example(heading):
    return yaml.safe_load(re.search(rf"^## {heading}\n.*?^```yaml\n(.*?)^```$", PAGE, re.M | re.S)[1])


def is_there(step):
    return "actions/upload" not in step.get("uses", "") and not step.get("run", "").startswith("gh ")


def workflow(heading, quick=None):
    text = example(heading)
    text["on"] = text.pop(True)  # what YAML 1.1 makes of the word
    for job in text["jobs"].values():
        job["steps"] = [step for step in job["steps"] if is_there(step)]
        for step in job["steps"]:
            if "github-action" in step.get("uses", ""):
                step["uses"] = step["uses"].split("@")[0] + "@v1"  # the one that act is told about
                step["with"] = {**step["with"], **(quick or QUICK), "period": "1s", "poll": "1s", "region": "us-east-1"}
    return yaml.safe_dump(text)


def pipeline(heading, quick=None):
    text = example(heading)
    for each in text["include"]:
        each["component"] = re.sub(r"^\S+/(\w+)@\S+$", r"$CI_SERVER_FQDN/$CI_PROJECT_PATH/\1@$CI_COMMIT_SHA", each["component"])
        each["inputs"] = {**each["inputs"], **(quick or QUICK), "region": "us-east-1"}
    return yaml.safe_dump(text)


class Copied:
    """A world where the platform's token is worth one role alone, and releases are downloaded from loopback."""

    def __init__(self, platform, role, what=None):
        what = dict(what or scenario(), access_key=oidc_test.access_key(platform, role))
        self.platform, self.stack = platform, contextlib.ExitStack()
        self.aws = self.stack.enter_context(oidc_test.Peer())
        self.world = self.stack.enter_context(oidc_test.no_keys({"github": Github, "gitlab": Gitlab}[platform](what)))
        self.releases = self.stack.enter_context(Releases(self.world.directory, archive()))

    def run(self, heading, quick=None, event="push", variables=None, words=(), payload=None):
        given = {**oidc_test.token(self.platform, self.aws), "STEELYARD_BIN": None, **(variables or {})}
        if self.platform == "github":
            self.releases.pin(self.world.action)
            git(self.world.action, "commit", "-qam", "pinned", "--allow-empty")
            run = self.world.act(workflow(heading, {"download-base": self.releases.url, **(quick or QUICK)}), event=event, files=FILES, env=given, payload=payload)
        else:
            folder = self.world.project_of(pipeline(heading, {"download_base": self.releases.url, **(quick or QUICK)}), FILES)
            self.releases.pin(folder + "/templates")
            # A folder for each job that runs at the same time, as a runner has them.
            run = self.world.run_pipeline(folder, "--shell-isolation", *words, variables=given)
        return run

    def __enter__(self):
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)


def promoted(world, *functions):
    for name in functions:
        assert world.alias(of=name) == ("44", {}), (name, world.alias(of=name))


# A drill as short as the sandbox's metrics let it be, of the rehearsal that needs no traffic of its own.
DRILL = {"version": "41", "bad-version": "42", "stages": "50%/3s", "window": "3s", "only": "bad-in-stage", "rate": "0"}
TO_DRILL = scenario(function("checkout-drill", error_rate=0.6, aliases=[{"name": "live", "version": "41"}],
                             traffic=[{"alias": "live", "requests_per_second": 100}]))
TWO = scenario(function(), function("cart"))


def releases(platform, heading, *functions):
    @test(f"{platform}: {heading}")
    def run():
        with Copied(platform, "deploy", TWO) as copied:
            run = copied.run(heading)
            assert run.code == 0, (run.out, run.err)
            promoted(copied.world, *functions)
            assert copied.releases.asked, "the program was not downloaded"


releases("github", "One function, from its code", "checkout")
releases("gitlab", "The same in GitLab", "checkout")
releases("github", "Many functions", "checkout", "cart")
releases("gitlab", "Many functions in GitLab", "checkout", "cart")


@test("github: a plan on every pull request")
def plan():
    with Copied("github", "plan") as copied:
        was = copied.world.state()
        def asked(repository):
            payload = {"pull_request": {"head": {"repo": {"full_name": repository}}}}
            return copied.run("A plan on every pull request", event="pull_request", payload=payload)

        fork = asked("somebody/checkout")
        assert fork.code == 0 and "outcome=" not in fork.out, fork.out
        run = asked("shop/checkout")
        assert run.code == 0 and "outcome=PLANNED" in run.out and "version=42" in run.out, run.out
        assert copied.world.state() == was, copied.world.state()


@test("gitlab: a plan on every merge request")
def gitlab_plan():
    with Copied("gitlab", "plan") as copied:
        was = copied.world.state()
        run = copied.run("A plan on every merge request", variables={"CI_PIPELINE_SOURCE": "merge_request_event"})
        assert run.code == 0 and "version 42" in run.out.lower(), (run.out, run.err)
        assert copied.world.state() == was, copied.world.state()


@test("github: a drill every week")
def drill():
    with Copied("github", "drill", TO_DRILL) as copied:
        run = copied.run("A drill every week", DRILL, event="schedule")
        assert run.code == 0 and "outcome=PASSED" in run.out, run.out
        assert copied.world.alias("live", "checkout-drill") == ("41", {})


@test("gitlab: a drill every week, and in no other pipeline")
def gitlab_drill():
    quick = {"version": "41", "bad_version": "42", "stages": "50%/3s", "window": "3s", "rate": "0"}
    with Copied("gitlab", "drill", TO_DRILL) as copied:
        listed = copied.run("A drill every week in GitLab", quick, variables={"CI_PIPELINE_SOURCE": "push"}, words=["--list"])
        assert "drill" not in listed.out.splitlines()[-1], listed.out
        run = copied.run("A drill every week in GitLab", quick,
                         variables={"CI_PIPELINE_SOURCE": "schedule", "STEELYARD_INPUT_ONLY": "bad-in-stage"})
        assert run.code == 0 and "1 of 1 rehearsals passed" in run.out, (run.out, run.err)
        assert copied.world.alias("live", "checkout-drill") == ("41", {})


if __name__ == "__main__":
    main(TESTS, 3)
