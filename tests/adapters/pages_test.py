"""The examples in the adapters' READMEs and in docs/ci.md: each is a workflow that actionlint takes, or a pipeline that
GitLab's schema takes."""
import os
import pathlib
import re
import tempfile

import yaml

from github import FOLDER, ROOT, git, main, repository
from gitlab import TEMPLATES, Gitlab, component
from lint_test import clean

TESTS = []
ACTION = re.compile(r"steelyard/steelyard/adapters/github-action@v\S+")
COMPONENT = re.compile(r"component: \S+/(\w+)@\S+")
PAGES = [FOLDER / "README.md", TEMPLATES.parent / "README.md", ROOT / "docs" / "ci.md"]


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def examples(used):
    """Those of all pages that use it."""
    texts = [text for page in PAGES for text in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.M | re.S)]
    found = [text for text in texts if used.search(text)]
    assert len(found) >= 4, f"{len(found)} examples have {used.pattern}"
    return found


@test("the action's examples are workflows, with inputs and outputs that there are")
def workflows():
    for text in examples(ACTION):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, ".github", "workflows"))
            os.symlink(FOLDER, os.path.join(folder, "action"))
            pathlib.Path(folder, ".github", "workflows", "release.yml").write_text(ACTION.sub("./action", text))
            repository(folder)
            clean("actionlint", "-no-color", cwd=folder)


@test("the components' examples are pipelines, with inputs that there are")
def pipelines():
    for text in examples(COMPONENT):
        for each in yaml.safe_load(text)["include"]:
            component(each["inputs"], COMPONENT.match(f"component: {each['component']}")[1])  # refuses one that it does not know
        with Gitlab() as world:
            folder = world.project_of(COMPONENT.sub(r"local: templates/\1/template.yml", text))
            git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")  # rules:changes compares with it
            scheduled = "/drill@" in text or '"schedule"' in text
            done = world.run_pipeline(folder, "--preview", variables={"CI_PIPELINE_SOURCE": "schedule" if scheduled else "merge_request_event"})
            assert done.code == 0 and "\n  script:\n" in done.out, (done.out[:900], done.err)
            path = pathlib.Path(world.path("expanded.yml"))
            path.write_text(done.out.removeprefix("---\n"))
            clean("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path)


@test("the action's page has all outputs")
def outputs():
    text = (FOLDER / "README.md").read_text()
    for name in yaml.safe_load((FOLDER / "action.yml").read_text())["outputs"]:
        assert f"`{name}`" in text, name


@test("links lead somewhere")
def links():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)
            if page.parent == TEMPLATES.parent:  # this folder is published as a project of its own
                assert TEMPLATES.parent in (page.parent / target).resolve().parents, (page, target)


@test("a merge request links to its plan's report")
def exposed():
    artifacts = component({"function": "checkout", "alias": "production", "version": "42"}, "plan")["release-plan"]["artifacts"]
    assert re.fullmatch(r"\w[-\w ]*", artifacts["expose_as"]), artifacts  # GitLab takes no other name
    assert all("$" not in path and path.endswith("/") for path in artifacts["paths"]), artifacts  # and shows no other path


if __name__ == "__main__":
    main(TESTS, 3)
