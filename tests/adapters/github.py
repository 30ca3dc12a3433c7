"""The action as GitHub's runner and act see it: its steps, taken out of action.yml, and repositories that use it."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from world import ACCESS_KEY, SECRET, STEELYARD, TOKEN, Run, World, function, main, scenario, wait_for  # noqa: E402, F401

FOLDER = ROOT / "adapters" / "github-action"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text())
FAST = {"stages": "10%/4s,50%/4s", "window": "4s", "period": "1s", "poll": "1s"}
CHECKOUT = {"function": "checkout", "alias": "production"}


def step(name):
    return next(each for each in ACTION["runs"]["steps"] if each["name"] == name)


def step_env(name, inputs, known):
    """What the runner makes of a step's env: an input by its value or its default, a longer expression as `known` says."""
    unknown = set(inputs) - set(ACTION["inputs"])
    assert not unknown, f"no inputs of the action: {unknown}"

    def value_of(match):
        expression = match[1].strip()
        found = re.fullmatch(r"inputs\.([a-z0-9-]+)(?: \|\| '([^']*)')?", expression)
        if found:
            return str(inputs.get(found[1], ACTION["inputs"][found[1]].get("default", ""))) or found[2] or ""
        return known[expression]

    return {key: re.sub(r"\$\{\{(.*?)\}\}", value_of, str(value)) for key, value in step(name)["env"].items()}


def git(folder, *words):
    subprocess.run(["git", "-C", folder, "-c", "user.name=test", "-c", "user.email=test@example.com", *words], check=True,
                   stdout=subprocess.DEVNULL)


def write(folder, files):
    for name, text in files.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def repository(folder):
    git(folder, "init", "-q", "-b", "main", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")


class Github(World):
    """A world, and a repository whose workflows act runs in it. Use it in a with statement."""

    def __init__(self, what=None):
        super().__init__(what)
        self.action = self.path("steelyard")
        shutil.copytree(FOLDER, os.path.join(self.action, "adapters", "github-action"))
        repository(self.action)

    def act(self, workflow, event="push", env=None, files=None, payload=None):
        """Run it to its end in a repository with these files; the log is .out, without colours."""
        folder, cache = self.path("repository"), self.path("cache")
        path = pathlib.Path(folder, ".github", "workflows", "release.yml")
        path.parent.mkdir(parents=True)
        path.write_text(workflow)
        write(folder, files or {})
        repository(folder)
        git(folder, "remote", "add", "origin", "https://github.com/shop/checkout.git")
        given = dict({"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN,
                      "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.url, "TEST_WORLD": self.id,
                      "STEELYARD_BIN": STEELYARD}, **(env or {}))
        words = ["act", event, "-P", "ubuntu-latest=-self-hosted", "--local-repository", f"steelyard/steelyard@v1={self.action}"]
        if payload:
            path = pathlib.Path(self.path("event.json"))
            path.write_text(json.dumps(payload))
            words += ["--eventpath", path]
        for name, value in given.items():
            if value is not None:
                words += ["--env", f"{name}={value}"]
        self.tool_cache = os.path.join(cache, "act", "tool_cache")
        return Run(self, words, self.env(XDG_CACHE_HOME=cache, NO_COLOR="1"), cwd=folder).end(120)


def uses(inputs, more=""):
    """A step that uses the action as it is published."""
    given = "".join(f"\n          {name}: '{value}'" for name, value in inputs.items())
    return f"""
      - id: canary
        uses: steelyard/steelyard/adapters/github-action@v1
        {more}
        with:{given}"""
