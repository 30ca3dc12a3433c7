"""The component as GitLab's runner and gitlab-ci-local see it: its jobs, taken out of template.yml, and pipelines that include
it."""
import json
import os
import pathlib
import shlex
import shutil

import yaml

from github import ROOT, STEELYARD, Run, World, git, repository, write
from world import ACCESS_KEY, SECRET, TOKEN  # noqa: F401

TEMPLATES = ROOT / "adapters" / "gitlab" / "templates"
CHECKOUT = {"function": "checkout", "alias": "production"}
# The variables of a person's pipeline: what the component has no input for.
FAST = {"STEELYARD_INPUT_PERIOD": "1s", "STEELYARD_INPUT_POLL": "1s"}
RELEASE = dict(CHECKOUT, version="42", stages="10%/4s,50%/4s", window="4s")


def expanded(inputs, name="release"):
    """The text of the template's jobs, as GitLab makes it: an input is put in as text, before it is read as YAML."""
    spec, jobs = (TEMPLATES / name / "template.yml").read_text().split("\n---\n")
    known = yaml.safe_load(spec)["spec"]["inputs"]
    unknown = set(inputs) - set(known)
    assert not unknown, f"no inputs of the component: {unknown}"
    for key, facts in known.items():
        value = inputs[key] if key in inputs else facts["default"]
        jobs = jobs.replace(f"$[[ inputs.{key} ]]", json.dumps(value) if isinstance(value, list) else str(value))
    assert "$[[" not in jobs, jobs
    return jobs


def component(inputs, name="release"):
    """The jobs of the template, as GitLab expands them."""
    return yaml.safe_load(expanded(inputs, name))


def merged(below, above):
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {key: merged(below[key], above[key]) if key in below and key in above else above.get(key, below.get(key))
            for key in {**below, **above}}


def job(jobs, name):
    """A job with all that it extends."""
    own = dict(jobs[name])
    base = own.pop("extends", None)
    return merged(job(jobs, base), own) if base else own


def wrapped(lines):
    """What the runner gives to bash: the job's script is evaluated in a pipe, with a shell around it that catches nothing."""
    return ("#!/usr/bin/env bash\n\nset -o pipefail; set -o errexit; set +o noclobber\n"
            f": | eval {shlex.quote(chr(10).join(lines))}\nexit 0\n")


class Gitlab(World):
    """A world, and projects whose pipelines gitlab-ci-local runs in it. Use it in a with statement."""

    def project(self, inputs, more="", name="release"):
        """One that includes a component."""
        given = "".join(f"\n      {key}: {value!r}" for key, value in inputs.items())
        return self.project_of(
            f"stages: [build, test, deploy]\ninclude:\n  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/{name}@$CI_COMMIT_SHA\n"
            f"    inputs:{given}\n{more}")

    def project_of(self, pipeline, files=None):
        folder = self.path("project")
        shutil.copytree(TEMPLATES, os.path.join(folder, "templates"))
        for path in pathlib.Path(folder, "templates").rglob("*.yml"):  # with an image, CI_PROJECT_DIR is a folder of a container
            path.write_text(path.read_text().replace("  image: |-\n    $[[ inputs.image ]]\n", ""))
        write(folder, {".gitlab-ci.yml": pipeline, ".gitignore": ".gitlab-ci-local\n", **(files or {})})
        repository(folder)
        git(folder, "remote", "add", "origin", "git@gitlab.example.com:shop/checkout.git")
        git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        return folder

    def run_pipeline(self, folder, *words, variables=None):
        given = dict({"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
                      "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.url, "TEST_WORLD": self.id,
                      "STEELYARD_BIN": STEELYARD}, **FAST, **(variables or {}))
        command = ["gitlab-ci-local", "--force-shell-executor", "--no-color", *words]
        for key, value in given.items():
            if value is not None:
                command += ["--variable", f"{key}={value}"]
        return Run(self, command, self.env(GCL_IGNORE_PREDEFINED_VARS="CI_PIPELINE_SOURCE"), cwd=folder).end(120)
