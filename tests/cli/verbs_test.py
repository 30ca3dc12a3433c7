"""The verbs of the operator, against the sandbox: what a person says while another process drives, and what is
done about a release that somebody left."""

import json
import os
import pathlib
import signal
import time

from world import CHECKOUT, World, function, main, scenario, wait_for

TESTS = []
SLOW_STAGES = ["--stages", "10%/60s,50%/60s"]


def test(name):
    def register(fn):
        TESTS.append((name, fn))
        return fn
    return register


def kill_both(run):
    """The command line and its engine, as when a machine dies: neither gets to do anything."""
    engine = run.engine()
    os.kill(engine, signal.SIGSTOP)
    os.kill(engine, signal.SIGKILL)  # first: an engine whose host is gone rolls back
    os.kill(run.pid, signal.SIGKILL)
    run.process.wait(10)


@test("pause, resume and promote reach the driver through the record")
def through_the_record():
    with World() as world:
        driver = world.apply(*SLOW_STAGES)
        wait_for("a split alias", world.split)
        pause = world.run("pause", *CHECKOUT, "--reason", "looking at the logs")
        assert pause.code == 0 and "paused, driven by" in pause.out, pause.out + pause.err
        assert world.record()["paused_unix_ms"] > 0 and "control" not in world.record()
        assert [e["text"] for e in driver.events if e["event"] == "paused"] == ["looking at the logs"]
        again = world.run("pause", *CHECKOUT)
        assert again.code == 0, again.err
        status = world.run("status", *CHECKOUT, "--no-settle")
        assert " paused since 20" in status.out, status.out
        resume = world.run("resume", *CHECKOUT)
        assert resume.code == 0 and "going on" in resume.out, resume.out + resume.err
        assert world.record()["paused_unix_ms"] == 0
        promote = world.run("promote", *CHECKOUT, "--output", "json")
        answer = json.loads(promote.out)
        assert promote.code == 0 and answer["taken"] and answer["event"] == "promote", promote.out
        assert driver.end().code == 0
        assert driver.events[-1]["outcome"] == "PROMOTED_UNPROVEN"
        assert world.alias() == ("42", {})
        late = world.run("promote", *CHECKOUT)
        assert late.code == 5 and "already" in late.err, late.err


@test("pause is refused without a release, and nothing is changed")
def nothing_to_pause():
    with World() as world:
        before = world.state()
        for verb in ("pause", "promote", "abort", "resume"):
            run = world.run(verb, *CHECKOUT, "--output", "json")
            error = json.loads(run.out)
            assert run.code == 5 and error["reason"] == "NO_RELEASE", (verb, run.out)
        settle = world.run("resume", *CHECKOUT, "--settle")
        assert settle.code == 0 and "UNCHANGED" in settle.out, settle.out + settle.err
        assert world.state() == before


@test("abort: the driver ends CANCELLED, exit 3; abort itself exits 0")
def abort():
    with World() as world:
        driver = world.apply(*SLOW_STAGES)
        wait_for("a split alias", world.split)
        run = world.run("abort", *CHECKOUT, "--reason", "wrong build")
        assert run.code == 0, run.err
        assert world.alias() == ("41", {})
        assert driver.end().code == 3 and driver.events[-1]["outcome"] == "CANCELLED"
        assert world.record()["reason"] == "wrong build"
        again = world.run("abort", *CHECKOUT)
        assert again.code == 5 and "nothing to abort" in again.err


@test("a paused release that turns bad is rolled back")
def paused_and_bad():
    with World(scenario(function(error_rate=0.0))) as world:
        driver = world.apply(*SLOW_STAGES)
        wait_for("a split alias", world.split)
        assert world.run("pause", *CHECKOUT).code == 0
        world.act("set-error-rate", function="checkout", version="42", rate=1.0)
        assert driver.end().code == 3 and driver.events[-1]["outcome"] == "ROLLED_BACK"
        assert world.alias() == ("41", {})


@test("resume on the machine of a driver that was killed goes on at once")
def resume_after_kill():
    with World() as world:
        driver = world.apply()
        wait_for("a split alias", world.split)
        kill_both(driver)
        started = time.monotonic()
        run = world.run("resume", *CHECKOUT, "--output", "json")
        assert run.code == 0 and run.events[-1]["outcome"] == "PROMOTED", (run.code, run.out, run.err)
        assert run.names()[0] == "resumed" and time.monotonic() - started < 30, run.names()
        assert world.alias() == ("42", {})
        again = world.run("resume", *CHECKOUT, "--wait", "none", "--output", "json")
        assert again.code == 0 and again.events[-1]["outcome"] == "PROMOTED", again.out


@test("resume --settle takes back what a killed driver left split, and keeps what it held")
def settle_after_kill():
    for policy, code, alias in (("rollback", 3, ("41", {})), ("hold", 0, ("41", {"42": 0.1}))):
        with World() as world:
            driver = world.apply(*SLOW_STAGES, "--on-interrupt", policy)
            wait_for("a split alias", world.split)
            kill_both(driver)
            run = world.run("resume", *CHECKOUT, "--settle")
            assert run.code == code, (policy, run.out + run.err)
            assert world.alias() == alias, policy
            again = world.run("resume", *CHECKOUT, "--settle")
            assert again.code == code, (policy, again.out + again.err)


@test("resume tells how a release ended that was taken back meanwhile")
def resume_after_end():
    with World() as world:
        handed = world.apply("--wait", "none")
        assert handed.end().code == 0 and handed.events[-1]["outcome"] == "HANDED_OFF"
        assert handed.events[-1]["until_unix_ms"] > 0
        assert world.run("rollback", *CHECKOUT).code == 0
        run = world.run("resume", *CHECKOUT)
        assert run.code == 3 and "CANCELLED" in run.out, run.out + run.err


@test("resume and promote drive a release that was handed over")
def hand_over():
    with World() as world:
        assert world.apply(*SLOW_STAGES, "--wait", "none").end().code == 0
        settled = world.run("resume", *CHECKOUT, "--settle")
        assert settled.code == 0 and world.split(), settled.out + settled.err
        other = world.apply(version="43").end()
        assert other.code == 5 and "go on with: steelyard resume, or" in other.out, other.out
        assert world.run("pause", *CHECKOUT).code == 0
        paused = world.apply(*SLOW_STAGES)
        assert paused.end().code == 4 and paused.events[-1]["outcome"] == "PAUSED", paused.out
        run = world.run("promote", *CHECKOUT)
        assert run.code == 0 and "PROMOTED_UNPROVEN" in run.out, run.out + run.err
        assert world.alias() == ("42", {})


@test("verify: healthy 0, inconclusive 4, unhealthy 6; it changes nothing")
def verify():
    with World(scenario(function(error_rate=0.5))) as world:
        before = world.state()
        now = world.run("verify", *CHECKOUT, "--window", "10s", "--period", "1s", "--output", "json")
        answer = json.loads(now.out)
        assert now.code == 0 and answer["decision"] == "healthy" and answer["version"] == "41", now.out
        assert answer["canary"]["invocations"] > 100 and answer["to_unix_ms"] - answer["from_unix_ms"] == 10000
        absent = world.run("verify", *CHECKOUT, "--version", "42", "--window", "10s", "--period", "1s")
        assert absent.code == 4 and "inconclusive" in absent.out, absent.out + absent.err
        past = world.run("verify", *CHECKOUT, "--at", "30s", "--window", "10s", "--period", "1s", "--output", "json")
        then = json.loads(past.out)
        assert past.code == 0 and answer["to_unix_ms"] - then["to_unix_ms"] > 25000, past.out
        assert world.state() == before
        world.act("set-error-rate", function="checkout", version="41", rate=0.9)
        bad = wait_for("an unhealthy verdict", lambda: (run := world.run(
            "verify", *CHECKOUT, "--window", "4s", "--period", "1s")).code == 6 and run)
        assert "exceeds" in bad.out, bad.out
        refused = world.run("verify", *CHECKOUT, "--window", "4s", "--period", "1s", "--rollback")
        assert refused.code == 5 and "nothing to take back" in refused.err, refused.out + refused.err
        assert world.state() == before


@test("verify --rollback takes an unhealthy version back, exit 3")
def verify_rolls_back():
    with World() as world:
        assert world.apply("--lock-in", "1h").end().code == 0
        healthy = world.run("verify", *CHECKOUT, "--rollback")
        assert healthy.code == 0 and world.alias() == ("42", {}), healthy.out + healthy.err
        world.act("set-error-rate", function="checkout", version="42", rate=0.9)
        run = wait_for("a rollback", lambda: (run := world.run("verify", *CHECKOUT, "--rollback")).code == 3 and run)
        assert "unhealthy" in run.out and world.alias() == ("41", {}), run.out + run.err
        assert world.record()["reason"].startswith("verify: error rate"), world.record()["reason"]


@test("watch from another process tells what happens, and history what happened")
def watch_and_history():
    with World() as world:
        driver = world.apply()
        wait_for("a split alias", world.split)
        watch = world.start("watch", *CHECKOUT, "--output", "json")
        assert driver.end().code == 0
        assert watch.end().code == 0, watch.err
        names = watch.names()
        assert names[0] == "planned" and names[-1] == "finished" and "lock_in_started" in names, names
        assert names.count("alias_moved") == 3 and names.count("stage_verdict") >= 2, names
        assert world.run("rollback", *CHECKOUT).code == 0
        history = world.run("history", *CHECKOUT)
        assert history.code == 0, history.err
        head, *moves = history.out.splitlines()
        assert head.endswith("41 -> 42  CANCELLED"), head
        assert sum("alias moved" in move for move in moves) == 4 and "CANCELLED" in moves[-1], history.out
        lines = world.run("history", *CHECKOUT, "--output", "json").events
        assert lines[0]["event"] == "planned" and lines[-1]["outcome"] == "CANCELLED"
        assert all(line["release_id"] == lines[0]["release_id"] for line in lines)


@test("Ctrl-C of a watch ends the watch alone")
def watch_interrupted():
    with World() as world:
        driver = world.apply(*SLOW_STAGES)
        wait_for("a split alias", world.split)
        watch = world.start("watch", *CHECKOUT)
        wait_for("something to see", lambda: "stage 1 of 2" in watch.out)
        os.kill(watch.pid, signal.SIGINT)
        assert watch.end().code == 130, watch.err
        assert world.split()
        assert world.run("abort", *CHECKOUT).code == 0
        assert driver.end().code == 3


@test("rollback --gradual steps the weight down; --version names where to")
def gradual():
    with World() as world:
        assert world.apply("--stages", "instant").end().code == 0
        run = world.run("rollback", *CHECKOUT, "--gradual", "50%/1s,20%/1s", "--output", "json")
        moves = [event["to"].get("additional_bp", 0) for event in run.events if event["event"] == "alias_moved"]
        assert run.code == 0 and moves == [5000, 2000, 0], run.out + run.err
        assert world.alias() == ("41", {})
        again = world.apply()
        assert again.end().code == 5 and "--retry" in again.out, again.out
        named = world.run("rollback", *CHECKOUT, "--version", "43")
        assert named.code == 0 and world.alias() == ("43", {}), named.out + named.err
        same = world.run("rollback", *CHECKOUT, "--version", "43")
        assert same.code == 0 and "UNCHANGED" in same.out, same.out + same.err
        absent = world.run("rollback", *CHECKOUT, "--version", "99")
        assert absent.code == 5 and "does not exist" in absent.err and world.alias() == ("43", {}), absent.out + absent.err


@test("strategies: canary, linear; primary new is split the other way round")
def strategies():
    with World() as world:
        plan = world.run("plan", *CHECKOUT, "--version", "42", "--stages", "linear(25%, 10s)", "--output", "json")
        weights = [stage["weight_bp"] for stage in json.loads(plan.out)["stages"]]
        assert plan.code == 0 and weights == [2500, 5000, 7500], plan.out + plan.err
        driver = world.apply("--stages", "canary(20%,4s)", "--primary", "new")
        wait_for("a split alias", world.split)
        assert world.alias() == ("42", {"41": 0.8})
        assert driver.end().code == 0 and world.alias() == ("42", {})


@test("apply --plan: what was planned, or nothing")
def saved_plan():
    with World() as world:
        plan = world.run("plan", *CHECKOUT, "--version", "42", "--stages", "20%/3s", "--window", "4s", "--period", "1s",
                         "--poll", "1s", "--output", "json")
        path = world.path("plan.json")
        pathlib.Path(path).write_text(plan.out)
        run = world.run("apply", "--plan", path, "--output", "json")
        assert run.code == 0 and run.events[-1]["outcome"] == "PROMOTED", run.out + run.err
        assert [e["weight_bp"] for e in run.events if e["event"] == "stage_started"] == [2000]
        assert world.run("rollback", *CHECKOUT).code == 0
        before = world.state()
        stale = world.run("apply", "--plan", path)
        assert stale.code == 5 and world.state() == before, stale.out + stale.err


@test("apply --plan within the lock-in of the release before: settling that does not make the plan stale")
def saved_plan_in_lock_in():
    with World() as world:
        assert world.apply("--stages", "20%/2s", "--wait", "stages").end().code == 0
        plan = world.run("plan", *CHECKOUT, "--version", "43", "--stages", "20%/2s", "--window", "4s", "--period", "1s",
                         "--poll", "1s", "--output", "json")
        path = world.path("plan.json")
        pathlib.Path(path).write_text(plan.out)
        run = world.run("apply", "--plan", path, "--output", "json")
        assert run.code == 0 and world.alias() == ("43", {}), run.out + run.err


if __name__ == "__main__":
    main(TESTS, 5)
