"""`steelyard drill` and `steelyard traffic`: every rehearsal passes where all is well, and fails, with what is to be done
about it, where something is not."""

import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from world import World, function, main, scenario, wait_for

TESTS = []
DRILL = "checkout-drill"
ON = ["--function", DRILL, "--alias", "live"]
WORDS = ["drill", *ON, "--version", "41", "--bad-version", "42"]
SHORT = ["--stages", "10%/3s,50%/3s", "--window", "3s", "--period", "1s", "--poll", "1s", "--lock-in", "20s", "--rate", "100/s"]
REHEARSALS = ["healthy-release", "bad-in-stage", "bad-at-full", "abort", "rollback", "gradual-rollback", "interrupt", "killed",
              "pause-promote", "refused-again"]
RECORD = f"/lambda/{DRILL}/steelyard/live"
BACK = '"FunctionVersion":"41","RoutingConfig":{"AdditionalVersionWeights":{}}'


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def drill_scenario(good=0.0, bad=0.5, **more):
    return scenario(function(DRILL, aliases=[{"name": "live", "version": "41"}], traffic=[],
                             versions=[{"version": "41", "error_rate": good}, {"version": "42", "error_rate": bad},
                                       {"version": "43"}]), **more)


def alias(world):
    return world.alias("live", of=DRILL)


def by_name(run):
    return {e["rehearsal"]: e for e in run.events if e["event"] == "rehearsal"}


def summary(run):
    last = run.events[-1]
    assert last["event"] == "drill", run.out
    return last


def drill(world, *words, code, seconds=150, **more):
    run = world.start(*WORDS, *SHORT, "--output", "json", *words, **more).end(seconds)
    assert run.code == code, (run.code, run.out, run.err)
    return run


# ---- in its own sandbox ----

@test("without a function: all pass, in a sandbox, and nothing is left of it")
def in_sandbox():
    with World(drill_scenario()) as world:
        report = world.path("report.md")
        run = world.run("drill", "--markdown", report, env={"TMPDIR": world.directory}, seconds=90)
        assert run.code == 0 and run.err == "", (run.out, run.err)
        lines = run.out.splitlines()
        assert sorted(line.split()[1] for line in lines if line.startswith("  passed ")) == sorted(REHEARSALS), run.out
        assert lines[-1] == "Nothing to fix." and lines[-2].startswith("10 of 10 passed in "), run.out
        page = pathlib.Path(report).read_text()
        assert page.startswith("## Drill: 10 of 10 rehearsals passed\n") and page.count("| passed |") == 10, page
        assert world.asked("") == 0, "it asked the account"
        assert not [name for name in os.listdir(world.directory) if name.startswith("steelyard-")], os.listdir(world.directory)


@test("without a function, as JSON: each with its figures")
def in_sandbox_json():
    with World() as world:
        run = world.run("drill", "--output", "json", seconds=90)
        assert run.code == 0, (run.out, run.err)
        found = by_name(run)
        assert sorted(found) == sorted(REHEARSALS)
        for name, event in found.items():
            assert event["result"] == "passed" and event["took_ms"] > 0, event
            goes_back = name not in ("healthy-release", "pause-promote", "refused-again")
            assert ("switch_ms" in event) == ("exposed_ms" in event) == goes_back, event
            assert 0 <= event.get("switch_ms", 0) < 5000, event
        assert found["bad-in-stage"]["failed_requests_at_least"] > 0
        end = summary(run)
        assert end["sandbox"] and end["passed"] == 10 and end["fix"] == [], end


@test("without a function: Ctrl-C ends it, and its sandbox")
def in_sandbox_interrupted():
    with World() as world:
        run = world.start("drill", "--output", "json", env={"TMPDIR": world.directory})
        wait_for("the first rehearsals", lambda: by_name(run))
        os.kill(run.pid, signal.SIGINT)
        run.end(60)
        assert run.code == 130, (run.code, run.out, run.err)
        assert summary(run)["not_run"] > 0
        assert not [name for name in os.listdir(world.directory) if name.startswith("steelyard-")], os.listdir(world.directory)


# ---- on a function ----

@test("on a function: all pass, one after the other, and the alias is on the good version")
def on_function():
    with World(drill_scenario()) as world:
        run = drill(world, code=0, env={"AWS_SESSION_TOKEN": None})
        began = [e["rehearsal"] for e in run.events if e["event"] == "began"]
        assert began == list(by_name(run)) == REHEARSALS, began
        end = summary(run)
        assert end["passed"] == 10 and end["fix"] == [] and end["left_on"] == "41 100%", end
        assert alias(world) == ("41", {}), alias(world)
        found = by_name(run)
        for name in ("bad-in-stage", "bad-at-full", "gradual-rollback"):
            assert found[name]["failed_requests"] > 0, found[name]
        assert found["abort"]["exposed_ms"] < found["bad-in-stage"]["exposed_ms"], found
        assert world.asked("/invocations") > 500


@test("on a function that somebody else invokes, and that is not where it should be")
def somebody_else():
    with World(drill_scenario()) as world:
        world.act("update-alias", function=DRILL, alias="live", version="43", additional={"version": "42", "weight": 0.2})
        traffic = world.start("traffic", *ON, "--rate", "100/s")
        run = drill(world, "--rate", "0", "--only", "rollback", code=0)
        os.kill(traffic.pid, signal.SIGTERM)
        assert traffic.end().code == 0
        assert alias(world) == ("41", {}) and summary(run)["passed"] == 1
        assert "failed_requests" not in by_name(run)["rollback"], "nobody told it"


@test("Ctrl-C and SIGTERM in mid-stage: the alias is on the good version")
def interrupted():
    for number in (signal.SIGINT, signal.SIGTERM):
        with World(drill_scenario()) as world:
            run = world.start(*WORDS, *SHORT, "--output", "json")
            wait_for("a split alias", lambda: split(world), 30)
            os.kill(run.pid, number)
            run.end(60)
            assert run.code == 128 + number, (run.code, run.out, run.err)
            assert alias(world) == ("41", {}), alias(world)
            end = summary(run)
            assert end["left_on"] == "41 100%" and end["not_run"] >= 9, end


@test("a second signal leaves at once, and says how to put the alias right")
def interrupted_twice():
    with World(drill_scenario()) as world:
        run = world.start(*WORDS, *SHORT, "--output", "json", "--only", "abort")
        wait_for("a split alias", lambda: split(world), 30)
        world.fault("UpdateAlias", "delay", delay_ms=3000)
        asked = world.asked('"PUT"')
        os.kill(run.pid, signal.SIGINT)
        wait_for("the way back", lambda: world.asked('"PUT"') > asked)
        os.kill(run.pid, signal.SIGINT)
        run.end(10)
        assert run.code == 130 and f"`steelyard rollback --function {DRILL} --alias live --version 41`" in run.err, run.err
        wait_for("its releases are taken back all the same", lambda: alias(world) == ("41", {}), 30)


@test("kill -9 of the drill: its release is taken back, and no process is left")
def killed():
    with World(drill_scenario()) as world:
        run = world.start(*WORDS, *SHORT, "--output", "json", "--only", "abort", env={"TMPDIR": world.directory})
        wait_for("a split alias", lambda: split(world), 30)
        os.kill(run.pid, signal.SIGKILL)
        run.end(10)
        wait_for("its release is taken back", lambda: alias(world) == ("41", {}))
        wait_for("that is written down", lambda: world.record(DRILL, "live").get("outcome") == "CANCELLED")
        wait_for("no process is left", lambda: not world.processes(), 20)


@test("kill -9 of a drill in a sandbox: no process is left")
def killed_in_sandbox():
    with World() as world:
        run = world.start("drill", "--output", "json", env={"TMPDIR": world.directory})
        wait_for("the first rehearsals", lambda: by_name(run))
        os.kill(run.pid, signal.SIGKILL)
        run.end(10)
        wait_for("no process is left", lambda: not world.processes(), 5)


# ---- each rehearsal fails ----

def after(world, condition, do):
    """In the background: do it once the condition holds."""
    def run():
        wait_for("what the fault waits for", condition, 60)
        do()
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def split(world):
    return bool((alias(world) or (0, 0))[1])


def spoil(world, name):
    """What makes this rehearsal fail."""
    def deny(operation, **more):
        world.fault(operation, "status", status=403, code="AccessDeniedException", message="no", **more)

    def forget():
        wait_for("its record is closed", lambda: world.record(DRILL, "live")["phase"] == "closed")
        world.act("delete-parameter", name=RECORD)
    if name == "healthy-release":
        world.act("set-error-rate", function=DRILL, version="41", rate=0.9)
    elif name in ("bad-in-stage", "bad-at-full"):
        world.act("set-error-rate", function=DRILL, version="42", rate=0.0)
    elif name in ("abort", "interrupt"):
        return after(world, lambda: split(world), lambda: deny("UpdateAlias", match=BACK))
    elif name == "rollback":
        deny("PutParameter")
    elif name == "gradual-rollback":
        return after(world, lambda: alias(world) == ("41", {"42": 0.5}),
                     lambda: world.act("update-alias", function=DRILL, alias="live", version="43"))
    elif name == "killed":
        return after(world, lambda: split(world), lambda: deny("GetParameters"))
    elif name == "pause-promote":
        return after(world, lambda: split(world) and world.record(DRILL, "live")["phase"] == "baking",
                     lambda: deny("PutParameter", nth=1, count=1))
    elif name == "refused-again":
        return after(world, lambda: alias(world) == ("42", {}), lambda: after(world, lambda: alias(world) == ("41", {}), forget))
    return None


FIXES = {
    "healthy-release": "version 41, which is meant to be healthy, fails: ",
    "bad-in-stage": "version 42, which is meant to fail, does not: ",
    "bad-at-full": "version 42, which is meant to fail, does not: ",
    "abort": "allow the IAM action lambda:UpdateAlias for",
    "rollback": "allow the IAM action ssm:PutParameter for",
    "gradual-rollback": "look at `steelyard history",
    "interrupt": "allow the IAM action lambda:UpdateAlias for",
    "killed": "allow the IAM action ssm:GetParameters for",
    "pause-promote": "allow the IAM action ssm:PutParameter for",
    "refused-again": "look at `steelyard history",
}


def fails_by(name):
    @test(f"{name} fails when something is wrong, and says what to do")
    def run_it():
        with World(drill_scenario()) as world:
            run = world.start(*WORDS, *SHORT, "--output", "json", "--only", name)
            wait_for(f"{name} begins", lambda: any(e["event"] == "began" for e in run.events), 40)
            thread = spoil(world, name)
            wait_for(f"{name} ends", lambda: name in by_name(run), 90)
            world.act("clear-faults")
            if thread:
                thread.join()
            run.end(60)
            event, end = by_name(run)[name], summary(run)
            assert run.code == 1 and end["failed"] == 1 and end["not_run"] == 0, (run.code, run.out, run.err)
            assert event["result"] == "failed" and FIXES[name] in event["fix"] and event["fix"] in end["fix"], event
            assert alias(world) == ("41", {}), alias(world)


for each in REHEARSALS:
    fails_by(each)


def fails(title, says, *words, code=1, what=None, before=None, rehearsed=True):
    """A drill of a function where one thing is wrong from the start."""
    @test(f"what to fix: {title}")
    def run_it():
        with World(what or drill_scenario()) as world:
            if before:
                before(world)
            run = drill(world, *words, code=code)
            assert any(says in fix for fix in summary(run)["fix"]), (says, summary(run)["fix"])
            assert bool(by_name(run)) == rehearsed, by_name(run)
            assert alias(world) == ("41", {}), alias(world)


fails("no metrics arrive", "no metrics of version 42 arrived, though it answered ", "--only", "bad-in-stage",
      what=drill_scenario(metrics={"resolution": "1s", "delay_ms": 3600000}))
fails("no traffic", "no traffic of version 42 was seen: send some to the alias", "--rate", "0", "--only", "bad-in-stage")
fails("too little traffic", "raise --rate or give --window more time", "--rate", "2/s", "--min-invocations", "50", "--only", "healthy-release")
fails("the right to invoke", "allow the IAM action lambda:InvokeFunction for", rehearsed=False,
      before=lambda world: world.fault("Invoke", "status", status=403, code="AccessDeniedException", message="no"))
fails("the right to move the alias", "lambda:UpdateAlias", code=5, rehearsed=False,
      before=lambda world: world.fault("UpdateAlias", "status", status=403, code="AccessDeniedException", message="no"))


@test("an alias that cannot be put back: exit 7, and how to")
def not_back():
    with World(drill_scenario()) as world:
        run = world.start(*WORDS, *SHORT, "--output", "json", "--only", "abort")
        wait_for("a split alias", lambda: split(world), 30)
        world.fault("UpdateAlias", "status", status=403, code="AccessDeniedException", message="not any more")
        run.end(150)
        assert run.code == 7, (run.code, run.out)
        for says in ("`steelyard rollback --function checkout-drill", "allow the IAM action lambda:UpdateAlias for"):
            assert any(says in fix for fix in summary(run)["fix"]), (says, summary(run))


@test("refused: what is not made for drills, and what does not fit together")
def refused():
    cases = [
        (5, 'neither the function checkout nor the alias production has "drill" in its name',
         ["--function", "checkout", "--alias", "production", "--version", "41", "--bad-version", "42"]),
        (2, "--bad-version is missing", [*ON, "--version", "41"]),
        (2, "--version is missing", [*ON, "--bad-version", "42"]),
        (2, "--alias is missing", ["--function", DRILL, "--version", "41", "--bad-version", "42"]),
        (2, "bad-version: it is 41, as --version is", [*ON, "--version", "41", "--bad-version", "41"]),
        (2, "stages: instant has no stage", [*WORDS[1:], "--stages", "instant"]),
        (2, "threshold: no version can fail more than 100%", [*WORDS[1:], "--threshold", "100%"]),
        (2, "--stages is of a drill on a function", ["--stages", "10%/1m"]),
        (2, "--region is of a drill on a function", ["--region", "us-east-1"]),
        (2, "rate: \"5\" is not a rate; write 5/s", [*WORDS[1:], "--rate", "5"]),
        (2, 'only: "abor" is not known; use healthy-release, ', ["--only", "abor"]),
        (2, "markdown: /nowhere/report.md cannot be written", ["--markdown", "/nowhere/report.md"]),
        (5, "does not exist", ["--function", "no-drill", "--alias", "live", "--version", "41", "--bad-version", "42"]),
    ]
    with World() as world:
        was = world.state()
        for code, says, words in cases:
            run = world.run("drill", *words)
            assert run.code == code and (says in run.err or says in run.out), (words, run.code, run.err, run.out)
        assert world.state() == was


# ---- traffic ----

@test("traffic: steady, counted by version and error, as JSON and as text")
def traffic_counts():
    with World(drill_scenario()) as world:
        world.act("update-alias", function=DRILL, alias="live", version="41", additional={"version": "42", "weight": 0.5})
        run = world.run("traffic", *ON, "--rate", "100/s", "--for", "3s", "--payload", '{"a":1}', "--output", "json")
        assert run.code == 0 and run.err == "", (run.out, run.err)
        total = run.events[-1]
        counts = {v["version"]: v for v in total["versions"]}
        assert total["event"] == "ended" and 290 <= total["sent"] <= 301, total
        assert sum(v["invocations"] for v in counts.values()) == total["sent"] == world.asked("/invocations"), total
        assert counts["41"]["errors"] == 0 and 40 < counts["42"]["errors"] < counts["42"]["invocations"], counts
        seconds = [e for e in run.events if e["event"] == "traffic"]
        assert len(seconds) in (2, 3) and all(80 <= e["sent"] <= 120 for e in seconds[1:]), seconds
        assert world.asked("eyJhIjoxfQ") == total["sent"], "the payload"
        text = world.run("traffic", *ON, "--rate", "60/m", "--for", "2s").out
        assert "sent: version 4" in text and text.splitlines()[-1].startswith("in all: 2 sent"), text


@test("traffic ends by a signal, and when nobody reads it")
def traffic_ends():
    with World(drill_scenario()) as world:
        run = world.start("traffic", *ON, "--output", "json")
        wait_for("a second", lambda: run.events)
        os.kill(run.pid, signal.SIGTERM)
        assert run.end().code == 0 and run.events[-1]["event"] == "ended"
        reader, writer = os.pipe()
        unread = world.start("traffic", *ON, stdout=writer)
        os.close(writer)
        os.close(reader)
        unread.end(10)


@test("traffic: what is refused, and what is not answered")
def traffic_refused():
    with World(drill_scenario()) as world:
        for code, says, words in (
                (5, "does not exist", ["--function", "none", "--alias", "live"]),
                (2, "payload: it is not JSON", [*ON, "--payload", "{"]),
                (2, "rate: ", [*ON, "--rate", "5000/s"]),
                (2, "--alias is missing", ["--function", DRILL])):
            run = world.run("traffic", *words)
            assert run.code == code and says in run.err, (words, run.code, run.err)
        world.fault("Invoke", "status", status=403, code="AccessDeniedException", message="no")
        run = world.run("traffic", *ON)
        assert run.code == 1 and "lambda:InvokeFunction" in run.err, (run.code, run.err)
        world.act("clear-faults")
        world.fault("Invoke", "delay", delay_ms=3000)
        run = world.run("traffic", *ON, "--rate", "50/s", "--for", "2s", "--output", "json")
        total = run.events[-1]
        assert total["sent"] == 16 and total["left_out"] >= 80, total


main(TESTS, 6)
