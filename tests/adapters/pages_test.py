"""The examples in the adapters' READMEs: each is a workflow that actionlint takes, or a pipeline that GitLab's schema takes."""
import os
import pathlib
import re
import tempfile

import yaml

from github import FOLDER, main, repository
from gitlab import TEMPLATES, Gitlab
from lint_test import clean

TESTS = []
README = "README.md"


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def examples(path):
    found = re.findall(r"^```yaml\n(.*?)^```$", path.read_text(), re.M | re.S)
    assert found, f"{path} has no example"
    return found


@test("the action's examples are workflows, with inputs and outputs that there are")
def workflows():
    for text in examples(FOLDER / README):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, ".github", "workflows"))
            os.symlink(FOLDER, os.path.join(folder, "action"))
            here, count = re.subn(r"steelyard/steelyard/adapters/github-action@v\S+", "./action", text)
            assert count
            pathlib.Path(folder, ".github", "workflows", "release.yml").write_text(here)
            repository(folder)
            clean("actionlint", "-no-color", cwd=folder)


@test("the components' examples are pipelines, with inputs that there are")
def pipelines():
    for text in examples(TEMPLATES.parent / README):
        here, count = re.subn(r"component: \S+/(\w+)@\S+", r"local: templates/\1/template.yml", text)
        assert count
        with Gitlab() as world:
            folder = world.project({"function": "f", "alias": "a"})
            pathlib.Path(folder, ".gitlab-ci.yml").write_text(here)
            done = world.run_pipeline(folder, "--preview", variables={"CI_PIPELINE_SOURCE": "merge_request_event"})
            assert done.code == 0 and "\nrelease:\n" in done.out, (done.out[:900], done.err)
            path = pathlib.Path(world.path("expanded.yml"))
            path.write_text(done.out.removeprefix("---\n"))
            clean("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path)


@test("the action's page has all outputs")
def outputs():
    text = (FOLDER / README).read_text()
    for name in yaml.safe_load((FOLDER / "action.yml").read_text())["outputs"]:
        assert f"`{name}`" in text, name


@test("links lead somewhere")
def links():
    for page in (FOLDER / README, TEMPLATES.parent / README):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)


if __name__ == "__main__":
    main(TESTS, 3)
