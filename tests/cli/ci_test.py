#!/usr/bin/env python3
"""steelyard ci and steelyard report: inputs from the environment, and what each platform is given."""

import json
import os
import pathlib
import re
import signal
import xml.etree.ElementTree

from world import CHECKOUT, FAST, World, function, main, scenario, wait_for

TESTS = []
QUICK = {"stages": "10%/4s,50%/4s", "window": "4s", "period": "1s", "poll": "1s"}
HOSTILE = "feat/x'\"$(id)`id`;&&|<img src=x onerror=alert(1)>]]>%0A::error::no ##[error]no | **b** @all ${{ x }} %25"
FILES = ["junit.xml", "outputs.env", "report.html", "report.json", "report.md"]


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


class Job:
    """One run of `steelyard ci` with these inputs, as a job of the platform has it."""

    def __init__(self, world, platform="github", env=None, **inputs):
        self.output, self.summary = world.path("output"), world.path("summary")
        self.folder = world.path("reports")
        pathlib.Path(self.output).write_text("earlier=1\n")
        variables = {"GITHUB_OUTPUT": self.output, "GITHUB_STEP_SUMMARY": self.summary} if platform == "github" else {}
        variables["STEELYARD_REPORT_DIR"] = self.folder
        for name, value in dict({"function": "checkout", "alias": "production"}, **inputs).items():
            variables["STEELYARD_INPUT_" + name.upper()] = value
        variables.update(env or {})
        self.run = world.start("ci", platform, env=variables)

    def end(self, code, seconds=40):
        self.run.end(seconds)
        assert self.run.code == code, (self.run.code, self.run.out, self.run.err)
        self.out = self.run.out
        return self

    def file(self, name):
        return pathlib.Path(self.folder, name).read_text("utf-8")

    @property
    def report(self):
        return json.loads(self.file("report.json"))

    @property
    def dotenv(self):
        lines = self.file("outputs.env").splitlines()
        assert all(re.fullmatch(r"STEELYARD_[A-Z_]+=[^\s\"'\\$]*", line) for line in lines), lines
        return dict(line.split("=", 1) for line in lines)

    @property
    def outputs(self):
        """As GitHub's runner reads the file."""
        found, lines = {}, iter(pathlib.Path(self.output).read_text("utf-8").splitlines())
        for line in lines:
            name, heredoc, end = re.fullmatch(r"([^=<]+)(=|<<)(.*)", line).groups()
            value = []
            if heredoc == "<<":
                while (line := next(lines)) != end:
                    value.append(line)
            found[name] = "\n".join(value) if heredoc == "<<" else end
        return found

    @property
    def commands(self):
        """The workflow commands that the runner sees: [(command, properties, message)]."""
        found = []
        for line in self.out.splitlines():
            match = re.match(r"\s*::([\w-]+)(?: ([^:]*))?::(.*)", line)
            assert match or "##[" not in line, line
            if match:
                text = match.group(3)
                for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
                    text = text.replace(code, char)
                found.append((match.group(1), match.group(2) or "", text))
        return found

    def annotations(self, kind):
        return [message for command, _, message in self.commands if command == kind]

    def cases(self):
        """{name: None, "failure" or "skipped"} of the JUnit file."""
        suites = xml.etree.ElementTree.fromstring(self.file("junit.xml").encode())
        suite = suites.find("testsuite")
        found = {}
        for case in suite.findall("testcase"):
            found[case.get("name")] = next((e.tag for e in case if e.tag in ("failure", "skipped")), None)
        for kind, attribute in (("failure", "failures"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == list(found.values()).count(kind), self.file("junit.xml")
        assert int(suite.get("tests")) == len(found)
        return found


@test("github: a healthy release, its groups, outputs, summary, reports")
def healthy():
    with World() as world:
        job = Job(world, version="42", **QUICK).end(0)
        assert world.alias() == ("42", {})
        outputs = job.outputs
        assert outputs.pop("earlier") == "1"
        assert outputs["outcome"] == "PROMOTED" and outputs["version"] == "42" and outputs["previous-version"] == "41"
        assert outputs["failed-stage"] == "" and outputs["error-rate"] == "0.00", outputs
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", outputs["resume-at"]), outputs
        assert outputs["report"] == os.path.join(job.folder, "report.html")
        assert json.loads(outputs["result-json"]) == job.report
        assert outputs["release-id"] == world.record()["release_id"] == job.report["release_id"]
        groups = [message for command, _, message in job.commands if command == "group"]
        assert groups == ["Release of version 42", "Stage 1 of 2: 10% for 4s", "Stage 2 of 2: 50% for 4s",
                          "All traffic on version 42: lock-in"], groups
        assert sum(command == "endgroup" for command, _, _ in job.commands) == 4
        assert len(job.annotations("notice")) == 1 and not job.annotations("error")
        summary = pathlib.Path(job.summary).read_text("utf-8")
        assert summary == job.file("report.md") and "| 1 | 10% | 4s |" in summary and "```mermaid" in summary
        assert sorted(os.listdir(job.folder)) == FILES
        assert job.cases() == {"apply": None, "stage 1 at 10%": None, "stage 2 at 50%": None, "all traffic": None}
        assert {k: v for k, v in job.dotenv.items() if k != "STEELYARD_REPORT"} == {
            "STEELYARD_" + name.upper().replace("-", "_"): value
            for name, value in outputs.items() if name not in ("report", "result-json")}


@test("github: a failing release is rolled back: exit 3, one ::error, the failed stage")
def failing():
    with World(scenario(function(error_rate=0.6))) as world:
        job = Job(world, version="42", **QUICK).end(3)
        assert world.alias() == ("41", {})
        errors = job.annotations("error")
        assert len(errors) == 1 and "rolled back" in errors[0] and world.record()["reason"] in errors[0], errors
        assert job.outputs["outcome"] == "ROLLED_BACK" and job.outputs["failed-stage"] == "1"
        assert job.outputs["resume-at"] == "" and float(job.outputs["error-rate"]) > 5
        assert job.cases()["stage 1 at 10%"] == "failure" and job.cases()["stage 2 at 50%"] == "skipped"
        assert "again needs `retry`" in pathlib.Path(job.summary).read_text("utf-8")
        again = Job(world, version="42", **QUICK).end(5)
        assert again.outputs["outcome"] == "REFUSED" and again.cases() == {"apply": "failure"}
        assert "rolled back" in again.annotations("error")[0]
        retried = Job(world, version="42", retry="true", **QUICK).end(3)
        assert retried.report["release_id"] != job.report["release_id"]


@test("gitlab: sections, dotenv and JUnit, and nothing of GitHub's")
def gitlab():
    with World() as world:
        job = Job(world, "gitlab", version="42", **QUICK).end(0)
        starts = re.findall(r"\x1b\[0Ksection_start:(\d+):(\w+)\r\x1b\[0K", job.out)
        ends = re.findall(r"\x1b\[0Ksection_end:(\d+):(\w+)\r\x1b\[0K", job.out)
        assert [name for _, name in starts] == [name for _, name in ends] and len(starts) == 4, job.out
        assert len({name for _, name in starts}) == 4 and all(int(a) <= int(b) for (a, _), (b, _) in zip(starts, ends))
        assert "::" not in job.out.replace("checkout::", "") and not os.path.exists(job.summary)
        assert job.dotenv["STEELYARD_OUTCOME"] == "PROMOTED"
        files = Job(world, "files", command="status").end(0)
        assert "\x1b" not in files.out and "::" not in files.out and sorted(os.listdir(files.folder)) == FILES


@test("handed over and gone on with: the second job's report has the whole release")
def hand_off():
    with World() as world:
        first = Job(world, "gitlab", version="42", wait="none", **QUICK).end(0)
        assert first.dotenv["STEELYARD_OUTCOME"] == "HANDED_OFF" and world.split()
        assert first.dotenv["STEELYARD_RESUME_AT"] and first.cases()["stage 1 at 10%"] == "skipped"
        second = Job(world, command="resume", wait="stages", **QUICK).end(0)
        assert "Not used by resume: STEELYARD_INPUT_" in second.out
        assert second.outputs["outcome"] == "PROMOTED" and world.alias() == ("42", {})
        report = second.report
        assert report["release_id"] == first.report["release_id"]
        assert [event["event"] for event in report["events"]][:2] == ["planned", "alias_moved"], report["events"][:2]
        assert [stage["decision"] for stage in report["stages"]] == ["healthy", "healthy", "none"]
        assert report["stages"][0]["started_unix_ms"] == first.report["stages"][0]["started_unix_ms"]
        times = [event["at_unix_ms"] for event in report["events"]]
        assert times == sorted(times)
        # The rates are of the whole time, also of that between the jobs, when nobody looked.
        assert "observed" not in [event["event"] for event in report["events"]]
        rates = report["rates"]
        assert len(rates) >= 6 and rates[0]["at_unix_ms"] < report["stages"][0]["ended_unix_ms"] - 2000, rates


@test("plan, check, verify, status and rollback report too")
def others():
    with World(scenario(function(error_rate=0.6))) as world:
        plan = Job(world, command="plan", version="42", **QUICK).end(0)
        assert plan.outputs["outcome"] == "PLANNED" and "about" in plan.file("report.md")
        assert plan.report["plan"]["fingerprint"] in plan.out
        check = Job(world, command="check", version="42").end(0)
        assert check.outputs["outcome"] == "CHECKED" and check.report["findings"]
        assert not check.annotations("error")
        missing = Job(world, command="check", version="77").end(5)
        assert missing.outputs["outcome"] == "REFUSED" and "77" in " ".join(missing.annotations("error"))
        assert world.apply("--wait", "none").end().code == 0
        wait_for("an unhealthy version", lambda: world.run("verify", *CHECKOUT).code == 6)
        verify = Job(world, command="verify").end(6)
        assert verify.outputs["outcome"] == "UNHEALTHY" and float(verify.outputs["error-rate"]) > 5
        assert "steelyard rollback" in verify.file("report.md")
        status = Job(world, command="status", no_settle="true").end(0)
        assert status.report["release_id"] == world.record()["release_id"], status.report
        back = Job(world, command="rollback", reason="enough").end(0)
        assert back.outputs["outcome"] == "CANCELLED" and world.alias() == ("41", {})
        assert back.annotations("notice") and not back.annotations("error")
        nothing = Job(world, command="settle").end(0)  # it was over: told, and no failure
        assert not nothing.annotations("error"), nothing.out
        assert nothing.outputs["outcome"] == "CANCELLED" and nothing.outputs["previous-version"] == "41"
    with World() as world:
        job = Job(world, command="settle", wait="none", on_interrupt="hold").end(0)
        assert job.outputs["outcome"] == "UNCHANGED" and "STEELYARD_INPUT_WAIT" in job.out


@test("a hostile reason stays text in every format, later too")
def hostile():
    with World() as world:
        driver = Job(world, version="42", **dict(QUICK, stages="10%/30s"))
        wait_for("a split alias", world.split)
        assert world.run("abort", *CHECKOUT, "--reason", HOSTILE).code == 0
        driver.end(3)
        assert driver.outputs["outcome"] == "CANCELLED"
        errors = driver.annotations("error")
        assert len(errors) == 1 and HOSTILE in errors[0], (errors, driver.out)
        for name, text in [(name, driver.file(name)) for name in FILES] + [("log", driver.out)]:
            assert "\n::error::no" not in text and (name == "report.json" or "<img" not in text or name == "log"), name
        assert HOSTILE in driver.report["why"] and driver.cases()["apply"] == "failure"
        suite = xml.etree.ElementTree.fromstring(driver.file("junit.xml").encode())
        assert HOSTILE in suite.find(".//failure").get("message")
        page = driver.file("report.md")
        assert "**b**" not in page and "@all" not in page and "${{" not in page and "<img" not in page, page
        for face in ("text", "json", "junit", "markdown", "html", "dotenv", "outputs", "github", "gitlab"):
            later = world.run("report", *CHECKOUT, "--format", face)
            assert later.code == 0 and later.out, (face, later.err)
            assert "\n::error::no" not in later.out and (face in ("text", "json", "outputs", "github", "gitlab")
                                                         or "<img" not in later.out), face
            if face in ("text", "gitlab"):
                assert "##[" not in later.out, face


@test("names that are none are refused before anything is asked, and told as text")
def hostile_names():
    with World() as world:
        before = world.state()
        for name in (HOSTILE, "x y", "a" * 65, "../etc", "f\n::error::no"):
            job = Job(world, version="42", function=name).end(2)
            assert job.outputs["outcome"] == "REFUSED" and len(job.annotations("error")) == 1, job.out
            assert "function" in job.report["error"]["field"], job.report
        job = Job(world, version="42", alias=HOSTILE).end(2)
        assert job.report["error"]["field"] == "alias"
        assert world.state() == before


@test("bad inputs: one clear sentence, exit 2, nothing changes")
def bad_inputs():
    with World() as world:
        before = world.state()
        cases = [
            ({"command": "aply"}, "command: \"aply\" is not known; use apply, plan,"),
            ({"stagse": "10%/1m"}, "STEELYARD_INPUT_STAGSE is no input of any command"),
            ({"engine": "unix:/x"}, "STEELYARD_INPUT_ENGINE is no input"),
            ({"publish": "yes"}, "publish: \"yes\" is neither true nor false"),
            ({"version": "42", "stages": "10"}, "stages"),
            ({"version": "42", "wait": "ever"}, "wait"),
            ({"version": ""}, "--version is missing"),
            ({"version": "42", "function": ""}, "--function is missing"),
            ({"version": "42", "publish": "true"}, "exclude each other"),
        ]
        for inputs, sentence in cases:
            job = Job(world, **inputs).end(2)
            told = job.annotations("error")
            assert len(told) == 1 and sentence in told[0], (inputs, job.out, job.run.err)
            assert job.outputs["outcome"] == "REFUSED" and job.report["exit_code"] == 2
        assert Job(world, version="42", publish="false", command="plan").end(0)
        assert world.state() == before


@test("where nothing can be written nothing is moved; what fails later is a warning")
def unwritable():
    with World() as world:
        before = world.state()
        file = world.path("file")
        pathlib.Path(file).write_text("")
        for env, sentence in (({"STEELYARD_REPORT_DIR": file + "/x"}, "STEELYARD_REPORT_DIR: cannot write"),
                              ({"STEELYARD_REPORT_DIR": "/proc/x"}, "STEELYARD_REPORT_DIR: cannot write"),
                              ({"STEELYARD_REPORT_DIR": "x\ny"}, "STEELYARD_REPORT_DIR: contains control characters"),
                              ({"STEELYARD_REPORT_DIR": "x" * 1024}, "has 1024 bytes; at most 1023 are taken"),
                              ({"GITHUB_OUTPUT": world.directory}, "GITHUB_OUTPUT: cannot write"),
                              ({"GITHUB_OUTPUT": None}, "GITHUB_OUTPUT is not set"),
                              ({"GITHUB_STEP_SUMMARY": ""}, "GITHUB_STEP_SUMMARY is not set"),
                              ({"GITHUB_OUTPUT": "/nowhere/x"}, "GITHUB_OUTPUT: cannot write /nowhere/x")):
            job = Job(world, version="42", env=env, **QUICK).end(2)
            assert sentence in job.run.err and job.run.err.count("\n") == 1, (env, job.run.err)
        assert world.run("ci", "jenkins").code == 2 and world.run("ci").code == 2
        assert world.state() == before
        job = Job(world, version="42", **dict(QUICK, stages="10%/2s"))
        wait_for("a split alias", world.split)
        os.rmdir(job.folder)
        job.end(0)
        assert "warning: cannot write" in job.run.err and job.outputs["outcome"] == "PROMOTED"


@test("the first signal is acted on, the next ones change nothing; the reports say how it ended")
def signals():
    with World() as world:
        world.fault("UpdateAlias", "delay", delay_ms=300)
        job = Job(world, version="42", **dict(QUICK, stages="10%/30s"))
        wait_for("a split alias", world.split)
        world.fault("UpdateAlias", "delay", delay_ms=2000)
        job.run.process.send_signal(signal.SIGINT)
        wait_for("the reports as things stood", lambda: os.path.exists(os.path.join(job.folder, "outputs.env")))
        assert job.outputs["outcome"] == "INTERRUPTED", job.outputs
        job.run.process.send_signal(signal.SIGTERM)
        job.run.process.send_signal(signal.SIGINT)
        job.end(130)
        assert world.alias() == ("41", {}) and world.record()["outcome"] == "CANCELLED"
        assert job.outputs["outcome"] == "CANCELLED" and job.report["exit_code"] == 130
        assert job.cases()["apply"] == "failure"
        assert len(job.annotations("error")) == 1


@test("apply settles what a killed job left, and goes through")
def after_a_kill():
    with World() as world:
        job = Job(world, version="42", **dict(QUICK, stages="10%/1h"))
        wait_for("a split alias", world.split)
        world.kill()
        job.run.process.wait(10)
        assert world.split()
        again = Job(world, version="43", **dict(QUICK, stages="10%/2s")).end(0)
        assert world.alias() == ("43", {}) and again.outputs["previous-version"] == "41", again.outputs
        assert "left by whoever drove it" in again.out
        handed = Job(world, version="41", wait="none", **dict(QUICK, stages="10%/1h")).end(0)
        assert handed.outputs["outcome"] == "HANDED_OFF"
        refused = Job(world, version="42", retry="true", **QUICK).end(5)  # in good order, so in the way
        assert refused.report["error"]["reason"] == "RELEASE_RUNNING" and world.split()


@test("a drill is a job, too: a case a rehearsal, what to fix as errors")
def drill():
    with World() as world:
        job = Job(world, command="drill", function="", alias="").end(0, 90)
        assert job.outputs["outcome"] == "PASSED" and "10 of 10 rehearsals passed" in job.annotations("notice")[0]
        cases = job.cases()
        assert len(cases) == 11 and set(cases.values()) == {None} and "killed" in cases, cases
        assert "Nothing to fix." in job.file("report.md") and "Nothing to fix." in job.file("report.html")
        assert len(job.report["drill"]["rehearsals"]) == 10 and job.report["drill"]["fix"] == []
    with World(scenario(function("checkout-drill"))) as world:  # 42 does not fail, as a bad version should
        fast = {"stages": "50%/3s", "window": "3s", "period": "1s", "poll": "1s", "lock_in": "6s", "rate": "0"}
        job = Job(world, command="drill", function="checkout-drill", version="41", bad_version="42", only="bad-in-stage",
                  **fast).end(1, 90)
        assert job.outputs["outcome"] == "FAILED" and job.cases()["bad-in-stage"] == "failure", job.out
        errors = job.annotations("error")
        assert len(errors) == 2 and "0 of 1 rehearsals passed" in errors[0], errors
        assert world.alias(of="checkout-drill") == ("41", {}) and job.report["drill"]["fix"]


@test("report: of a release that goes on, of an earlier one, of none")
def report():
    with World() as world:
        none = world.run("report", *CHECKOUT)
        assert none.code == 5 and "has no release on record" in none.err
        first = world.apply().end()
        assert first.code == 0
        second = world.apply("--wait", "none", version="43").end()
        going = json.loads(world.run("report", *CHECKOUT, "--format", "json").out)
        assert going["outcome"] == "HANDED_OFF" and going["version"] == "43" and going["until_unix_ms"]
        earlier = world.run("report", *CHECKOUT, "--format", "json", "--release", first.events[0]["release_id"])
        told = json.loads(earlier.out)
        assert told["version"] == "42" and told["outcome"] in ("SUPERSEDED", "PROMOTED"), told["outcome"]
        assert [stage["decision"] for stage in told["stages"]][:2] == ["healthy", "healthy"]
        assert told["rates"] and any(point["baseline_counts"]["invocations"] for point in told["rates"])
        assert second.events[0]["release_id"] == going["release_id"]
        bad = world.run("report", *CHECKOUT, "--release", "2026-nope")
        assert bad.code == 5 and "no release 2026-nope on record" in bad.err
        world.fault("GetMetricData", "status", status=403, code="AccessDenied")
        blind = world.run("report", *CHECKOUT, "--format", "json")
        assert blind.code == 0 and "no error rates over time" in blind.err and json.loads(blind.out)["stages"]


if __name__ == "__main__":
    main(TESTS, 4)
