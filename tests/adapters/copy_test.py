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


def workflow(heading):
    text = example(heading)
    text["on"] = text.pop(True)  # what YAML 1.1 makes of the word
    for job in text["jobs"].values():
        job["steps"] = [step for step in job["steps"] if is_there(step)]
        for step in job["steps"]:
            if "github-action" in step.get("uses", ""):
                step["uses"] = step["uses"].split("@")[0] + "@v1"  # the one that act is told about
                step["with"] = {**step["with"], **QUICK, "period": "1s", "poll": "1s", "region": "us-east-1"}
    return yaml.safe_dump(text)


def pipeline(heading):
    text = example(heading)
    for each in text["include"]:
        each["component"] = re.sub(r"^\S+/(\w+)@\S+$", r"$CI_SERVER_FQDN/$CI_PROJECT_PATH/\1@$CI_COMMIT_SHA", each["component"])
        each["inputs"] = {**each["inputs"], **QUICK, "region": "us-east-1"}
    return yaml.safe_dump(text)


def promoted(world, *functions):
    for name in functions:
        assert world.alias(of=name) == ("44", {}), (name, world.alias(of=name))


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


if __name__ == "__main__":
    main(TESTS, 3)
