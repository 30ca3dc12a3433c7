"""A Terraform configuration, the command line that the test's second argument names, and a sandbox behind it."""
import json
import os
import pathlib
import re
import shutil
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from world import STEELYARD, Run, World, function, main, scenario, wait_for  # noqa: E402, F401

from clis import clis  # noqa: E402

SOURCE = "registry.example.com/steelyard/steelyard"  # no registry is asked: the provider is an override
HEAD = """
terraform {
  required_providers {
    steelyard = { source = "%s" }
  }
}
"""
FAST = 'verdict = { window = "4s", period = "1s", poll = "1s" }'
QUICK = 'stages = [{ weight = 20, bake = "2s" }]'
STAGES = 'stages = [{ weight = 10, bake = "4s" }, { weight = 50, bake = "4s" }]'
CLI = sys.argv[2]
TOLD = re.compile(r"[│╷╵]")
BOX = re.compile(r"\x1b\[[0-9;]*m")


def release(version="42", more="", stages=STAGES, function_name='"checkout"', alias='"production"', name="checkout"):
    """A resource block; `version` is quoted unless it is an expression."""
    quoted = f'"{version}"' if re.fullmatch(r"\d+", version) else version
    return f"""
resource "steelyard_release" "{name}" {{
  function_name = {function_name}
  alias         = {alias}
  version       = {quoted}
  {stages}
  {FAST}
  {more}
}}
"""


class Workspace(World):
    """Use it in a with statement."""

    def __init__(self, what=None):
        super().__init__(what)
        self.cli_name, self.cli = next(row for row in clis() if row[0] == CLI)
        self.folder = self.path("work")
        plugins = self.path("plugins")
        os.mkdir(self.folder)
        os.mkdir(plugins)
        os.symlink(STEELYARD, os.path.join(plugins, "terraform-provider-steelyard"))
        self.rc = self.path("rc")
        pathlib.Path(self.rc).write_text(
            f'provider_installation {{\n  dev_overrides {{\n    "{SOURCE}" = "{plugins}"\n  }}\n}}\n')

    def __exit__(self, kind, value, trace):
        said = [path.read_text() for path in pathlib.Path(self.directory).glob("sanitizer.*")] if kind is None else []
        super().__exit__(kind, value, trace)
        assert not said, "\n".join(said)

    def env(self, **more):
        # Nobody sees what a provider writes at its end, so the sanitizers of that preset write into files.
        logs = f"log_path={self.directory}/sanitizer"
        keep = {"ASAN_OPTIONS": logs, "UBSAN_OPTIONS": f"{logs}:print_stacktrace=1",
                "TF_CLI_CONFIG_FILE": self.rc, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        return super().env(**dict(keep, **more))

    def write(self, *blocks, provider='provider "steelyard" {}'):
        text = HEAD % SOURCE + provider + "\n" + "\n".join(blocks)
        pathlib.Path(self.folder, "main.tf").write_text(text)

    def start_tf(self, *words, env=None):
        return Run(self, [*self.cli, *words], self.env(**(env or {})), cwd=self.folder)

    def start_apply(self):
        """An apply in mid-canary: the alias is split."""
        run = self.start_tf("apply", "-no-color", "-auto-approve")
        wait_for("a split alias", self.split)
        return run

    @staticmethod
    def interrupt(run):
        """As Ctrl-C does; to its end."""
        os.kill(run.pid, signal.SIGINT)
        return run.end(20)

    def tf(self, *words, env=None, seconds=60.0):
        """Run to the end; what it says is in .text, without colours, frames and line breaks."""
        run = self.start_tf(*words, env=env).end(seconds)
        run.text = re.sub(r"\s+", " ", TOLD.sub("", BOX.sub("", run.out + run.err)))
        return run

    def plan(self, *words, **more):
        return self.tf("plan", "-no-color", *words, **more)

    def apply(self, *words, **more):
        return self.tf("apply", "-no-color", "-auto-approve", *words, **more)

    def done(self):
        """An apply that must end well."""
        applied = self.apply()
        assert applied.code == 0, applied.text

    def adopt(self, more="", **block):
        """Begin with version 41, which the alias serves."""
        self.write(release("41", more, **block))
        self.done()

    def state_of(self, address="steelyard_release.checkout"):
        """The attributes in state; None: it is not there. Tainted: an error."""
        path = pathlib.Path(self.folder, "terraform.tfstate")
        state = json.loads(path.read_text()) if path.exists() else {"resources": []}
        for resource in state["resources"]:
            for instance in resource["instances"]:
                if f'{resource["type"]}.{resource["name"]}' == address and resource["mode"] == "managed":
                    assert instance.get("status") != "tainted", "the resource is tainted"
                    return instance["attributes"]
        return None

    def changes(self, *words):
        """The plan's actions by address, from its JSON: ("update",), ("no-op",)…"""
        file = self.path("plan")
        made = self.plan(f"-out={file}", *words)
        assert made.code == 0, made.text
        shown = self.tf("show", "-json", file)
        plan = json.loads(shown.out)
        return {change["address"]: tuple(change["change"]["actions"]) for change in plan.get("resource_changes", [])}


world = Workspace


def bad():
    """Version 42 fails half of its invocations."""
    return scenario(function(error_rate=0.5))


def cases():
    """A list, and the decorator by which a case enters it under its name."""
    tests = []

    def test(name):
        def add(body):
            tests.append((name, body))
            return body
        return add
    return tests, test


def run(tests, threads=4):
    """All, or those that the arguments behind the command line's name choose."""
    del sys.argv[2]
    if CLI not in (row[0] for row in clis()):
        print(f"skipped: there is no {CLI} on this machine")
        sys.exit(77)
    main(tests, threads)
