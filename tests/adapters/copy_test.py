"""The workflows and pipelines of docs/ci.md, run against a sandbox as they are copied: the program is downloaded, the role is taken with
the job's token, and there is no key. Only the sandbox's quick time is put in, and what other actions would do is left out."""
import contextlib
import json
import os
import pathlib
import re
import sys

import yaml

import oidc_test
from github import ROOT, Github, function, git, main, scenario, wait_for
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
    return "actions/upload" not in step.get("uses", "")


def workflow(heading, quick=None, before=()):
    text = example(heading)
    text["on"] = text.pop(True)  # what YAML 1.1 makes of the word
    for job in text["jobs"].values():
        job["steps"] = [*before, *(step for step in job["steps"] if is_there(step))]
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


# GitHub's command line as far as it is used here: what is said of a pull request is in a file.
GH = """#!{python}
import json, pathlib, sys
import jq
words, place = sys.argv[1:], pathlib.Path({place!r})
comments = json.loads(place.read_text())
if words[:2] == ["pr", "comment"] and words[2:4] == ["7", "--body-file"]:
    comments.append(dict(id=len(comments) + 1, user=dict(login="github-actions[bot]"), body=pathlib.Path(words[4]).read_text()))
elif words[:3] == ["api", "--paginate", "repos/shop/checkout/issues/7/comments"] and words[3] == "--jq":
    print(*jq.compile(words[4]).input_value(comments).all(), sep="\\n")
elif words[:4] == ["api", "--silent", "--method", "PATCH"] and words[5] == "--field":
    key, _, path = words[6].partition("=@")
    comments[int(words[4].removeprefix("repos/shop/checkout/issues/comments/")) - 1][key] = pathlib.Path(path).read_text()
else:
    sys.exit(f"gh: {{words}}")
place.write_text(json.dumps(comments))
"""


class Comments:
    """Those of pull request 7."""

    def __init__(self, world, *first):
        self.place, program = pathlib.Path(world.path("comments")), pathlib.Path(world.path("bin"), "gh")
        self.place.write_text(json.dumps([{"id": i + 1, "user": {"login": who}, "body": body} for i, (who, body) in enumerate(first)]))
        program.parent.mkdir()
        program.write_text(GH.format(python=sys.executable, place=os.fspath(self.place)))
        program.chmod(0o755)
        self.step = {"run": f"echo '{program.parent}' >>\"$GITHUB_PATH\""}

    def bodies(self):
        return [each["body"] for each in json.loads(self.place.read_text())]


class Copied:
    """A world where the platform's token is worth one role alone, and releases are downloaded from loopback."""

    def __init__(self, platform, role, what=None):
        what = dict(what or scenario(), access_key=oidc_test.access_key(platform, role))
        self.platform, self.stack = platform, contextlib.ExitStack()
        self.aws = self.stack.enter_context(oidc_test.Peer())
        self.world = self.stack.enter_context(oidc_test.no_keys({"github": Github, "gitlab": Gitlab}[platform](what)))
        self.releases = self.stack.enter_context(Releases(self.world.directory, archive()))

    def run(self, heading, quick=None, event="push", variables=None, words=(), payload=None, before=(), merged="release/checkout.version"):
        given = {**oidc_test.token(self.platform, self.aws), "STEELYARD_BIN": None, **(variables or {})}
        if self.platform == "github":
            self.releases.pin(self.world.action)
            git(self.world.action, "commit", "-qam", "pinned", "--allow-empty")
            text = workflow(heading, {"download-base": self.releases.url, **(quick or QUICK)}, before)
            run = self.world.act(text, event=event, files=FILES, env=given, payload=payload)
        else:
            folder = self.world.project_of(pipeline(heading, {"download_base": self.releases.url, **(quick or QUICK)}), FILES)
            self.releases.pin(folder + "/templates")
            git(folder, "rm", "-q", "--cached", merged)  # what the branch had before
            git(folder, "commit", "-q", "-m", "before")
            git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
            git(folder, "reset", "-q", "HEAD~1")
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


@test("github: a release on merge")
def merged():
    with Copied("github", "deploy") as copied:
        run = copied.run("A release on merge")
        assert run.code == 0 and copied.world.alias() == ("42", {}), run.out
    assert example("A release on merge")[True]["push"]["paths"] == ["release/checkout.version"]  # act does not look at it


@test("gitlab: a release on merge, and on no other")
def gitlab_merged():
    with Copied("gitlab", "deploy") as copied:
        other = copied.run("A release on merge in GitLab", merged="src/index.js", words=["--list"])
        names = {line.split()[0] for line in other.out.splitlines() if line}
        assert other.code == 0 and "release-rollback" in names and not names & {"wanted", "release"}, (other.out, other.err)
        run = copied.run("A release on merge in GitLab")
        assert run.code == 0 and copied.world.alias() == ("42", {}), (run.out, run.err)


def settles(platform, release, heading, variables):
    @test(f"{platform}: {heading}")
    def run():
        with Copied(platform, "deploy") as copied:
            quick = {**QUICK, **({"wait": "none"} if platform == "github" else {})}
            handed = copied.run(release, quick, variables={"STEELYARD_INPUT_WAIT": "none"} if platform == "gitlab" else None)
            assert handed.code == 0 and copied.world.split(), (handed.out, handed.err)

            def due():
                done = copied.run(heading, {}, event="schedule", variables=variables)
                assert done.code == 0, (done.out, done.err)
                return copied.world.alias() == ("42", {})

            wait_for("the stage's end", due)


settles("github", "A release on merge", "What is due", None)
settles("gitlab", "A release on merge in GitLab", "What is due in GitLab", {"CI_PIPELINE_SOURCE": "schedule"})


@test("github: a plan on every pull request")
def plan():
    with Copied("github", "plan") as copied:
        was = copied.world.state()
        first = ("github-actions[bot]", "another tool's"), ("somebody", "<!-- steelyard checkout -->\nnot ours")
        comments = Comments(copied.world, *first)

        def asked(repository):
            payload = {"number": 7, "pull_request": {"number": 7, "head": {"repo": {"full_name": repository}}}}
            return copied.run("A plan on every pull request", event="pull_request", payload=payload, before=[comments.step])

        fork = asked("somebody/checkout")
        assert fork.code == 0 and "outcome=" not in fork.out, fork.out
        for _ in range(2):  # the second one edits the comment of the first
            run = asked("shop/checkout")
            assert run.code == 0 and "outcome=PLANNED" in run.out and "version=42" in run.out, run.out
            *others, ours = comments.bodies()
            assert others == [body for _, body in first], others
            assert ours.startswith("<!-- steelyard checkout -->\n") and ours.count("42"), ours
            place = comments.place
            place.write_text(place.read_text().replace("42", "old"))
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
