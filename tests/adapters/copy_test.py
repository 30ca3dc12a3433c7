"""The workflows and pipelines of docs/ci.md, run against a sandbox: with its quick time, and without what other actions and
programs of the platform would do."""
import re

import yaml

from github import ROOT, Github, function, main, scenario
from gitlab import Gitlab

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


def promoted(world, *functions):
    for name in functions:
        assert world.alias(of=name) == ("44", {}), (name, world.alias(of=name))


# A drill as short as the sandbox's metrics let it be, of the rehearsal that needs no traffic of its own.
DRILL = {"version": "41", "bad-version": "42", "stages": "50%/3s", "window": "3s", "only": "bad-in-stage", "rate": "0"}
TO_DRILL = scenario(function("checkout-drill", error_rate=0.6, aliases=[{"name": "live", "version": "41"}],
                             traffic=[{"alias": "live", "requests_per_second": 100}]))
TWO = scenario(function(), function("cart"))


@test("GitHub: one function, from its code")
def one():
    with Github() as world:
        run = world.act(workflow("One function, from its code"), files=FILES)
        assert run.code == 0, run.out
        promoted(world, "checkout")


@test("GitHub: many functions")
def many():
    with Github(TWO) as world:
        run = world.act(workflow("Many functions"), files=FILES)
        assert run.code == 0, run.out
        promoted(world, "checkout", "cart")


@test("GitHub: a plan on every pull request")
def plan():
    with Github() as world:
        was = world.state()
        run = world.act(workflow("A plan on every pull request"), event="pull_request", files=FILES)
        assert run.code == 0 and "outcome=PLANNED" in run.out and "version=42" in run.out, run.out
        assert world.state() == was, world.state()


@test("GitLab: one function, from its code")
def gitlab_one():
    with Gitlab() as world:
        run = world.run_pipeline(world.project_of(pipeline("The same in GitLab"), FILES))
        assert run.code == 0, (run.out, run.err)
        promoted(world, "checkout")


@test("GitLab: many functions")
def gitlab_many():
    with Gitlab(TWO) as world:
        run = world.run_pipeline(world.project_of(pipeline("Many functions in GitLab"), FILES))
        assert run.code == 0, (run.out, run.err)
        promoted(world, "checkout", "cart")


@test("GitLab: a plan on every merge request")
def gitlab_plan():
    with Gitlab() as world:
        was = world.state()
        run = world.run_pipeline(world.project_of(pipeline("A plan on every merge request"), FILES),
                                 variables={"CI_PIPELINE_SOURCE": "merge_request_event"})
        assert run.code == 0 and "version 42" in run.out.lower(), (run.out, run.err)
        assert world.state() == was, world.state()


@test("GitHub: a drill every week")
def drill():
    with Github(TO_DRILL) as world:
        run = world.act(workflow("A drill every week", DRILL), event="schedule")
        assert run.code == 0 and "outcome=PASSED" in run.out, run.out
        assert world.alias("live", "checkout-drill") == ("41", {})


@test("GitLab: a drill every week, and in no other pipeline")
def gitlab_drill():
    with Gitlab(TO_DRILL) as world:
        folder = world.project_of(pipeline("A drill every week in GitLab", {"version": "41", "bad_version": "42", "stages": "50%/3s",
                                                                            "window": "3s", "rate": "0"}))
        listed = world.run_pipeline(folder, "--list", variables={"CI_PIPELINE_SOURCE": "push"})
        assert "drill" not in listed.out.splitlines()[-1], listed.out
        run = world.run_pipeline(folder, variables={"CI_PIPELINE_SOURCE": "schedule", "STEELYARD_INPUT_ONLY": "bad-in-stage"})
        assert run.code == 0 and "1 of 1 rehearsals passed" in run.out, (run.out, run.err)
        assert world.alias("live", "checkout-drill") == ("41", {})


if __name__ == "__main__":
    main(TESTS, 3)
