"""Cancelled jobs: the steps as action.yml and template.yml have them, signalled as the real runners do it, which neither act nor
gitlab-ci-local does."""
import json
import os
import pathlib
import signal
import subprocess

from github import CHECKOUT, FOLDER, Run, STEELYARD, World, main, step, step_env, wait_for
from gitlab import component, job, wrapped

TESTS = []
WHOLE, SPLIT, PROMOTED = ("41", {}), ("41", {"42": 0.1}), ("42", {})
SLOW = dict(CHECKOUT, version="42", stages="10%/60s", window="4s")
QUICK = dict(CHECKOUT, version="42", stages="10%/4s", window="4s", wait="lock-in")
QUICK["lock-in"] = "60s"
TELEMETRY = {"period": "1s", "poll": "1s"}


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


class Job:
    """A job of one platform: its step, how it is cancelled, and what is run after that."""

    def __init__(self, world, inputs):
        self.world = world
        self.reports = world.path("reports")

    def report(self, *below):
        return json.loads(pathlib.Path(self.reports, *below, "report.json").read_text())

    def kill(self):
        self.world.kill()
        self.run.end()


class GithubJob(Job):
    name = "github"
    cancelled = 130  # what the step ends with

    def __init__(self, world, inputs):
        super().__init__(world, inputs)
        self.inputs = {**inputs, **TELEMETRY}
        self.run = self.start("Release", self.reports)

    def start(self, name, reports):
        env = step_env(name, self.inputs, {
            "steps.install.outputs.path": STEELYARD,
            "inputs.report-dir || steps.install.outputs.reports": self.reports,
        })
        assert env["STEELYARD_REPORT_DIR"] == reports, env
        self.outputs, self.summary = self.world.path("output"), self.world.path("summary")
        for path in (self.outputs, self.summary):
            pathlib.Path(path).touch()
        script = self.world.path("step.sh")
        pathlib.Path(script).write_text(step(name)["run"])
        return Run(self.world, ["bash", "--noprofile", "--norc", "-eo", "pipefail", script], self.world.env(
            GITHUB_ACTIONS="true", GITHUB_OUTPUT=self.outputs, GITHUB_STEP_SUMMARY=self.summary,
            TMPDIR=self.world.directory, GITHUB_ACTION_PATH=FOLDER, **env), start_new_session=True)

    def cancel(self):
        """SIGINT to the entry process alone, 7.5 s later SIGTERM, 2.5 s later SIGKILL."""
        for number, patience in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 10)):
            os.kill(self.run.pid, number)
            try:
                self.run.process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self.run.end()

    def recover(self):
        """The step that is run when the release's failed; when that is, is looked at in lint_test.py."""
        return self.start("Recover", os.path.join(self.reports, "recover")).end()

    def check_outputs(self, outcome):
        written = pathlib.Path(self.outputs).read_text()
        assert f"{outcome}\n" in written and "release-id" in written, written
        assert "42" in pathlib.Path(self.summary).read_text()


class GitlabJob(Job):
    name = "gitlab"
    shell = "bash"
    cancelled = 143

    @staticmethod
    def form(lines):
        return "set -e\n" + "\n".join(lines)

    def __init__(self, world, inputs):
        super().__init__(world, inputs)
        known = {key.replace("-", "_"): value for key, value in inputs.items()}
        self.job = job(component(known), "release")
        self.run = self.start(self.job["script"])

    def start(self, lines, **more):
        script = self.world.path("job.sh")
        pathlib.Path(script).write_text(self.form(lines))
        env = {key: "" if value is None else str(value) for key, value in self.job["variables"].items()}
        env.update({f"STEELYARD_INPUT_{key.upper()}": value for key, value in TELEMETRY.items()})
        env.update(STEELYARD_REPORT_DIR=self.reports, GITLAB_CI="true", CI_PROJECT_DIR=self.world.directory,
                   STEELYARD_BIN=STEELYARD, TMPDIR=self.world.directory, **more)
        return Run(self.world, [self.shell, script], self.world.env(**env), start_new_session=True, cwd=self.world.directory)

    def cancel(self):
        """SIGTERM to the whole group; the runner then reads the output to its end."""
        os.killpg(self.run.pid, signal.SIGTERM)
        self.run.end()
        wait_for("the end of the job's output", lambda: not self.world.processes(), 10)

    def recover(self):
        return self.start(self.job["after_script"], CI_JOB_STATUS="canceled").end()

    def check_outputs(self, outcome):
        written = pathlib.Path(self.reports, "outputs.env").read_text()
        assert f"STEELYARD_OUTCOME={outcome}\n" in written, written


class WrappedGitlabJob(GitlabJob):
    """As the shell executor wraps it: the shell around the script catches nothing, and ends at once."""
    name = "gitlab, wrapped"
    cancelled = -signal.SIGTERM
    form = staticmethod(wrapped)


class DashGitlabJob(GitlabJob):
    """In an image without bash the runner takes what is sh there."""
    name = "gitlab, dash"
    shell = "dash"


def cancelled(kind, where, on_interrupt):
    @test(f"{kind.name}: cancelled during {where}, on-interrupt {on_interrupt}")
    def run():
        with World() as world:
            each = kind(world, dict(SLOW if where == "a stage" else QUICK, **{"on-interrupt": on_interrupt}))
            told = "needed for a verdict|is not above" if where == "a stage" else "lock-in for"
            wait_for(where, lambda: any(part in each.run.out for part in told.split("|")), 30)
            each.cancel()
            assert each.run.code == each.cancelled, (each.run.code, each.run.out, each.run.err)
            back = where == "a stage" and on_interrupt == "rollback"
            alias = WHOLE if back else SPLIT if where == "a stage" else PROMOTED
            phase = "closed" if back else "lock-in" if where != "a stage" else "baking"
            outcome = "CANCELLED" if back else "PROMOTED" if where != "a stage" else "HANDED_OFF"
            assert world.alias() == alias, (world.alias(), each.run.out)
            assert world.record()["phase"] == phase, world.record()
            report = each.report()
            assert report["outcome"] == outcome, (report, each.run.out)
            each.check_outputs(outcome)
            for name in ("report.html", "report.md", "junit.xml", "outputs.env"):
                assert pathlib.Path(each.reports, name).exists(), name
            # What the platform runs after it finds nothing that it could change.
            recovered = each.recover()
            assert recovered.code == 0, (recovered.code, recovered.out, recovered.err)
            assert world.alias() == alias and world.record()["phase"] == phase, (world.alias(), world.record(), recovered.out)
            assert each.report() == report, "the release's report was overwritten"


for kind in (GithubJob, GitlabJob):
    for where in ("a stage", "the lock-in"):
        for on_interrupt in ("rollback", "hold"):
            cancelled(kind, where, on_interrupt)
for on_interrupt in ("rollback", "hold"):
    cancelled(WrappedGitlabJob, "a stage", on_interrupt)
    cancelled(DashGitlabJob, "a stage", on_interrupt)


@test("gitlab: a signal that only the script's shell gets does not part it from the program")
def shell_alone():
    with World() as world:
        each = GitlabJob(world, dict(SLOW, stages="10%/4s"))
        wait_for("the stage", lambda: "bakes for" in each.run.out)
        os.kill(each.run.pid, signal.SIGTERM)
        each.run.end()
        assert each.run.code == 0 and world.alias() == PROMOTED, (each.run.code, each.run.out)


def killed(kind, on_interrupt):
    @test(f"{kind.name}: killed, on-interrupt {on_interrupt}; recovering {'takes back' if on_interrupt == 'rollback' else 'holds'}")
    def run():
        with World() as world:
            each = kind(world, dict(SLOW, **{"on-interrupt": on_interrupt}))
            wait_for("the stage", lambda: "bakes for" in each.run.out and world.split())
            each.kill()
            assert world.alias() == SPLIT, world.alias()
            recovered = each.recover()
            assert recovered.code in (0, 3), (recovered.code, recovered.out, recovered.err)
            assert world.alias() == (WHOLE if on_interrupt == "rollback" else SPLIT), (world.alias(), recovered.out)
            assert each.report("recover")["outcome"], recovered.out


def killed_then_apply(kind, version, what):
    @test(f"{kind.name}: killed; the next apply {what}")
    def run():
        with World() as world:
            each = kind(world, dict(SLOW, stages="10%/6s"))
            wait_for("the stage", lambda: "bakes for" in each.run.out and world.split())
            each.kill()
            again = kind(world, dict(SLOW, version=version, stages="10%/4s"))
            again.run.end()
            assert again.run.code == 0, (again.run.code, again.run.out, again.run.err)
            assert world.alias() == (version, {}), (world.alias(), again.run.out)
            assert ("resumed" in again.run.out) == (version == "42"), again.run.out


for kind in (GithubJob, GitlabJob):
    killed(kind, "rollback")
    killed(kind, "hold")
    killed_then_apply(kind, "42", "of that version goes on with it")
    killed_then_apply(kind, "43", "of another version takes it back first")


if __name__ == "__main__":
    main(TESTS, 4)
