"""The adapters' files: what their platforms' own linters say, and that they have the program's flags and nothing else."""
import itertools
import os
import pathlib
import re
import subprocess
import tempfile

import yaml

from act_test import HEAD, NEXT, RELEASE as ACTION_RELEASE
from github import ACTION, FOLDER, ROOT, STEELYARD, main, repository, step, uses
from gitlab import CHECKOUT, RELEASE, TEMPLATES, Gitlab, component, job

TESTS = []
COMMANDS = ["apply", "plan", "resume", "verify", "rollback", "abort", "status", "check", "drill"]
# No inputs (CONTRACT.md), and settle, which is a command there.
OTHERS = {"engine", "output", "help", "plan", "settle", "markdown"}


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def run(*words, text=None, cwd=None):
    return subprocess.run([str(word) for word in words], input=text, cwd=cwd, capture_output=True, text=True, timeout=120)


def clean(*words, **more):
    done = run(*words, **more)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"


def flags():
    found = set()
    for command in COMMANDS:
        found |= set(re.findall(r"^  --([a-z0-9-]+)", run(STEELYARD, command, "--help").stdout, re.M))
    return found - OTHERS


def shellcheck(script, shell):
    return run("shellcheck", "--shell", shell, "--severity", "style", "-", text=script)


@test("action-validator takes action.yml, and refuses one that is broken")
def action_validator():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "action.yml")
        path.write_text((FOLDER / "action.yml").read_text())
        clean("action-validator", path)
        path.write_text(path.read_text().replace("using: composite", "using: nothing"))
        assert run("action-validator", path).returncode != 0


@test("actionlint takes workflows that use the action, and knows its inputs and outputs")
def actionlint():
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, ".github", "workflows"))
        os.symlink(FOLDER, os.path.join(folder, "action"))
        path = pathlib.Path(folder, ".github", "workflows", "release.yml")
        text = (HEAD + uses(ACTION_RELEASE) + NEXT).replace("steelyard/steelyard/adapters/github-action@v1", "./action")
        path.write_text(text)
        repository(folder)
        clean("actionlint", "-no-color", cwd=folder)
        path.write_text(text.replace("stages:", "stagse:").replace("outputs.result-json", "outputs.resultjson"))
        done = run("actionlint", "-no-color", cwd=folder)
        assert 'input "stagse" is not defined' in done.stdout and '"resultjson" is not defined' in done.stdout, done.stdout


@test("shellcheck takes every script, those inside YAML too")
def scripts():
    files = [FOLDER / "install", FOLDER / "run", ROOT / "tests" / "adapters" / "tools", ROOT / "tests" / "adapters" / "run"]
    clean("shellcheck", *files)
    for each in ACTION["runs"]["steps"]:
        done = shellcheck(each["run"], "bash")
        assert done.returncode == 0, (each["name"], done.stdout)
    for name in os.listdir(TEMPLATES):
        jobs = component(dict(CHECKOUT, version="42"), name)
        for each in jobs:
            for part in ("script", "after_script"):
                text = "\n".join(job(jobs, each).get(part, []))
                done = shellcheck(text, "sh")
                assert done.returncode == 0, (name, each, part, done.stdout)
    assert shellcheck("echo $unquoted", "sh").returncode != 0


@test("GitLab's schema takes the pipelines that the components become")
def schema():
    with Gitlab() as world:
        for name, inputs in (("release", RELEASE), ("release", dict(RELEASE, mode="delayed", bakes=4)),
                             ("plan", dict(CHECKOUT, version="42")), ("drill", {"function": "checkout-drill"})):
            done = world.run_pipeline(world.project(inputs, name=name), "--preview")
            assert done.code == 0, (done.out, done.err)
            path = pathlib.Path(world.path("expanded.yml"))
            path.write_text(done.out.removeprefix("---\n"))
            clean("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path)
        path.write_text(path.read_text().replace("id_tokens:", "id_token:"))
        assert run("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path).returncode != 0


@test("the action's inputs are the program's flags, each under its name")
def inputs():
    own = {"command", "role-to-assume", "report-dir", "steelyard-version", "checksum", "download-base"}
    assert set(ACTION["inputs"]) - own == flags(), set(ACTION["inputs"]) - own ^ flags()
    for each in ACTION["runs"]["steps"]:
        for variable, value in each["env"].items():
            if variable.startswith("STEELYARD_INPUT_") and "inputs." in str(value):
                name = variable.removeprefix("STEELYARD_INPUT_").lower().replace("_", "-")
                assert value == f"${{{{ inputs.{name} }}}}", (variable, value)
    release = next(each for each in ACTION["runs"]["steps"] if each["name"] == "Release")
    given = {name.removeprefix("STEELYARD_INPUT_").lower().replace("_", "-") for name in release["env"] if "_INPUT_" in name}
    assert given == flags() | {"command"}, given ^ flags()


@test("the action's outputs are those of CONTRACT.md")
def outputs():
    contract = (ROOT / "adapters" / "CONTRACT.md").read_text().split("| output | dotenv | meaning |")[1].split("\n## ")[0]
    names = {name for line in contract.splitlines() if line.startswith("| `") for name in re.findall(r"`([a-z-]+)`", line.split("|")[1])}
    assert set(ACTION["outputs"]) == names and len(names) == 9, (names, set(ACTION["outputs"]))
    for name, facts in ACTION["outputs"].items():
        assert facts["value"] == f"${{{{ steps.release.outputs.{name} }}}}", facts


@test("the components' variables are the program's flags")
def variables():
    for name in os.listdir(TEMPLATES):
        jobs = component(dict(CHECKOUT, version="42"), name)
        for each in jobs:
            for variable in job(jobs, each)["variables"]:
                if variable.startswith("STEELYARD_INPUT_"):
                    flag = variable.removeprefix("STEELYARD_INPUT_").lower().replace("_", "-")
                    assert flag in flags() | {"command"}, (each, variable)


@test("no expression of a platform is in a script")
def expressions():
    for each in ACTION["runs"]["steps"]:
        assert "${{" not in each["run"], each
    for name in os.listdir(TEMPLATES):
        jobs = yaml.safe_load((TEMPLATES / name / "template.yml").read_text().split("\n---\n")[1])
        for each in jobs.values():
            for part in ("before_script", "script", "after_script"):
                assert "$[[" not in "".join(each.get(part, [])), each


@test("every input of a component is described, and used")
def described():
    for name in os.listdir(TEMPLATES):
        spec, jobs = (TEMPLATES / name / "template.yml").read_text().split("\n---\n")
        for key, facts in yaml.safe_load(spec)["spec"]["inputs"].items():
            assert facts["description"].endswith("."), (name, key, facts)
            assert f"$[[ inputs.{key} ]]" in jobs, (name, key)


@test("the release's jobs exclude each other, are not interrupted, and keep their reports")
def shape():
    jobs = component(dict(RELEASE, mode="delayed", **{"as": "canary"}))
    names = {"canary", "canary-bake-1", "canary-bake-2", "canary-bake-3", "canary-bake-4", "canary-lock-in", "canary-rollback"}
    assert {name for name in jobs if not name.startswith(".")} == names, set(jobs)
    for name in names:
        each = job(jobs, name)
        assert each["interruptible"] is False, name
        assert each["id_tokens"] == {"STEELYARD_WEB_IDENTITY_TOKEN": {"aud": "sts.amazonaws.com"}}, name
        assert each["artifacts"] == {"when": "always", "paths": ["steelyard/canary/"], "reports": {
            "dotenv": "steelyard/canary/outputs.env", "junit": "steelyard/canary/junit.xml"}}, name
        assert each["variables"]["STEELYARD_REPORT_DIR"] == "$CI_PROJECT_DIR/steelyard/canary", name
        assert each["environment"]["name"] == "production", name
    for name in names - {"canary-rollback"}:
        assert job(jobs, name)["resource_group"] == "release/checkout/production" and "after_script" in job(jobs, name), name
    for name in ("canary-bake-1", "canary-bake-4"):
        assert job(jobs, name)["variables"]["STEELYARD_INPUT_COMMAND"] == "resume", name
        assert job(jobs, name)["variables"]["STEELYARD_INPUT_WAIT"] == "none", name
    back = job(jobs, "canary-rollback")
    assert "resource_group" not in back and back["needs"] == [], back
    assert [(each["when"], each["allow_failure"]) for each in back["rules"]] == [("manual", True)], back


@test("the components place the program by the same script")
def same():
    release = job(component(CHECKOUT), "release")["script"]
    assert release == job(component(dict(CHECKOUT, version="42"), "plan"), "release-plan")["script"]
    assert release == job(component({}, "drill"), "drill")["script"]


@test("the version that is pinned is the same everywhere")
def versions():
    texts = [path.read_text() for path in (FOLDER / "action.yml", *TEMPLATES.glob("*/template.yml"))]
    for what in ("version", "checksum"):
        found = {re.search(rf"('[^'\n]*').* # scripts/pin: {what}$", text, re.M)[1] for text in texts}
        assert len(found) == 1, (what, found)


@test("Recover: after each failure of a release, and never else")
def recover():
    condition = step("Recover")["if"]
    for command, outcome in itertools.product(["", "apply", "resume", "plan", "settle", "rollback", "drill"],
                                              ["", "success", "failure", "cancelled", "skipped"]):
        text = condition.replace("always()", "True").replace("steps.release.outcome", repr(outcome)).replace("inputs.command", repr(command))
        found = eval(text.replace("&&", "and").replace("||", "or"), {"__builtins__": {}})
        assert found == (outcome in ("failure", "cancelled") and command in ("", "apply", "resume")), (command, outcome)
    assert condition.startswith("always()"), "without it the step is left out after a failure"
    same = ("STEELYARD", "STEELYARD_ROLE", "STEELYARD_INPUT_FUNCTION", "STEELYARD_INPUT_ALIAS", "STEELYARD_INPUT_REGION",
            "STEELYARD_INPUT_ENDPOINT_URL", "STEELYARD_INPUT_PROFILE")
    for name in same:
        assert step("Recover")["env"][name] == step("Release")["env"][name], name


@test("no variable of a component has the name of a dotenv output")
def names():
    contract = (ROOT / "adapters" / "CONTRACT.md").read_text()
    outputs = set(re.findall(r"`(STEELYARD_[A-Z_]+)`", contract.split("| output | dotenv | meaning |")[1].split("\n## ")[0]))
    assert len(outputs) == 8, outputs
    for name in os.listdir(TEMPLATES):
        jobs = component(dict(CHECKOUT, version="42"), name)
        for each in jobs:
            assert not outputs & set(job(jobs, each)["variables"]), (each, outputs)


@test("a value may have quotes, colons and hashes, and a number stays as it is written")
def texts():
    for value in ("042", "it's", 'say "x"', "a: b # c", "", "{x}", "$X == \"y\" && $Z =~ /^rel: /", "- x", "back\\slash"):
        jobs = component(dict(CHECKOUT, version=value, stages=value, rule=value, environment=value))
        each = job(jobs, "release")
        assert each["variables"]["STEELYARD_INPUT_VERSION"] == value == each["variables"]["STEELYARD_INPUT_STAGES"], value
        assert each["rules"][1]["if"] == value == each["environment"]["name"], (value, each["rules"])


if __name__ == "__main__":
    main(TESTS, 3)
