#!/usr/bin/env python3
"""A release from its plan to its end, and what a failed one leaves: release_test.py STEELYARD CLI [CASE…]"""
import os
import signal

from workspace import cases, bad, function, QUICK, release, run, scenario, wait_for, world

TESTS, test = cases()


@test("adopt: an alias that serves the version already is taken over without a move")
def adopt():
    with world() as w:
        w.write(release("41"))
        plan = w.plan()
        assert plan.code == 0 and "1 to add" in plan.text and "serves the version already" in plan.text, plan.text
        before = w.state()
        w.done()
        assert w.state() == before, "something was changed"
        state = w.state_of()
        assert state["id"] == "checkout:production" and state["live_version"] == "41", state
        assert state["arn"].endswith(":function:checkout:production"), state
        assert state["invoke_arn"] == ("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
                                       f"{state['arn']}/invocations"), state
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("release: update by stages, then nothing to do; what plan says is what happens")
def update():
    with world() as w:
        w.adopt()
        w.write(release("42"))
        plan = w.plan()
        assert '"10% for 4s"' in plan.text and '"100%, lock-in 1h"' in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0 and "1 changed" in applied.text, applied.text
        state = w.state_of()
        assert w.alias() == ("42", {}) and state["version"] == state["live_version"] == "42", state
        assert state["previous_version"] == "41" and state["last_known_good_version"] == "41", state
        last = state["last_release"]
        assert last["outcome"] == "PROMOTED" and last["version"] == "42", last
        assert [(s["weight"], s["decision"]) for s in last["stages"]][:2] == [(10, "healthy"), (50, "healthy")], last
        assert last["stages"][0]["invocations"] > 0, last
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("create with another version: released by stages, the alias adopted")
def create_releases():
    with world() as w:
        w.write(release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text
        assert w.state_of()["previous_version"] == "41"


@test("first release: no alias yet, created at 100 %")
def first():
    with world() as w:
        w.write(release("41", alias='"canary"'))
        plan = w.plan()
        assert "the first release of the alias" in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0 and w.alias("canary") == ("41", {}), applied.text
        assert w.state_of()["previous_version"] is None
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("a failed create returns no state: the next plan creates, and nothing is tainted")
def create_fails():
    with world(what=bad()) as w:
        w.write(release("42"))
        applied = w.apply()
        assert applied.code == 1 and "Version 42 was rolled back" in applied.text, applied.text
        assert w.alias() == ("41", {}) and w.state_of() is None
        again = w.plan()
        assert again.code == 1 and "ROLLED_BACK_BEFORE" in again.text, again.text
        w.write(release("41"))
        assert w.changes() == {"steelyard_release.checkout": ("create",)}
        applied = w.apply()
        assert applied.code == 0 and w.state_of()["version"] == "41", applied.text


@test("a failed update: an error with the stage table, the live version in state, not tainted")
def update_fails():
    with world(what=bad()) as w:
        w.adopt()
        w.write(release("42"))
        applied = w.apply()
        assert applied.code == 1, applied.text
        for part in ("Error: Version 42 was rolled back", "checkout:production is at 41 100%", "Outcome: ROLLED_BACK",
                     "weight invocations errors rate verdict", "unhealthy", "set retry_token"):
            assert part in applied.text, (part, applied.text)
        assert "inconsistent" not in applied.text, applied.text
        state = w.state_of()
        assert state["version"] == state["live_version"] == "41", state
        assert state["last_release"]["outcome"] == "ROLLED_BACK", state
        assert w.alias() == ("41", {})


@test("a version that was rolled back is refused at plan, with its reason, until retry_token changes")
def retry():
    with world(what=bad()) as w:
        w.adopt()
        w.write(release("42"))
        applied = w.apply()
        assert applied.code == 1, applied.text
        plan = w.plan()
        assert plan.code == 1 and "version = \"42\"" in plan.text and "ROLLED_BACK_BEFORE" in plan.text, plan.text
        assert "error rate" in plan.text and "exceeds 5%" in plan.text, plan.text
        w.act("set-error-rate", function="checkout", version="42", rate=0.0)
        w.write(release("42", 'retry_token = "fixed the database"'))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text
        w.write(release("41", 'retry_token = "fixed the database"', stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("41", {}), applied.text


@test("a retry that fails too uses its token up")
def retry_fails():
    with world(what=bad()) as w:
        w.adopt()
        w.write(release("42"))
        applied = w.apply()
        assert applied.code == 1, applied.text
        w.write(release("42", 'retry_token = "1"'))
        assert "Version 42 was rolled back" in w.apply().text
        again = w.plan()
        assert again.code == 1 and "ROLLED_BACK_BEFORE" in again.text, again.text
        w.write(release("42", 'retry_token = "2"'))
        assert w.plan().code == 0


@test("SIGINT: the alias goes back within a moment, and state says so")
def interrupt():
    with world() as w:
        w.adopt()
        w.write(release("42", stages='stages = [{ weight = 10, bake = "1h" }]'))
        run = w.start_apply()
        w.interrupt(run)
        assert run.code != 0 and w.alias() == ("41", {}), run.out + run.err
        assert "the run was interrupted" in run.err + run.out, run.out + run.err
        assert w.state_of()["version"] == "41"


@test("SIGINT with on_interrupt = hold: stays split, and the next apply goes on")
def hold():
    with world() as w:
        w.adopt()
        more = 'on_interrupt = "hold"'
        w.write(release("42", more, stages='stages = [{ weight = 10, bake = "6s" }]'))
        run = w.start_apply()
        w.interrupt(run)
        assert run.code != 0 and w.alias() == ("41", {"42": 0.1}), run.out + run.err
        assert w.state_of()["version"] == "41"
        plan = w.plan()
        assert plan.code == 0 and "goes on with release" in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text


@test("timeouts: when the time is over the release is treated as on_interrupt says")
def timeout():
    with world() as w:
        w.adopt()
        w.write(release("42", 'timeouts = { update = "3s" }', stages='stages = [{ weight = 10, bake = "1h" }]'))
        shorter = w.tf("validate", "-no-color")
        assert shorter.code == 1 and "is over before the stages have baked" in shorter.text, shorter.text
        w.write(release("42", 'timeouts = { update = "3s" }\n  on_inconclusive = "pause"', stages=QUICK))
        w.act("set-traffic", function="checkout", alias="production", requests_per_second=0)
        applied = w.apply()
        assert applied.code == 1 and "the time that timeouts allows is over" in applied.text, applied.text
        assert w.alias() == ("41", {}) and w.state_of()["version"] == "41"


@test("timeouts in the lock-in: the version stays, and that the lock-in was not waited for is an error")
def timeout_lock_in():
    with world() as w:
        w.adopt()
        w.write(release("42", 'timeouts = { update = "10s" }\n  wait = "lock-in"', stages=QUICK))
        applied = w.apply()
        assert applied.code == 1 and "the time that timeouts allows is over" in applied.text, applied.text
        assert "Version 42 has all traffic, but its lock-in was not waited for" in applied.text, applied.text
        assert w.alias() == ("42", {}) and w.state_of()["version"] == "42"
        assert w.changes() == {"steelyard_release.checkout": ("update",)}
        w.write(release("42", 'timeouts = { update = "6s" }', stages=QUICK))
        w.done()
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("wait = none: handed over after the first move, and refreshes move it on")
def wait_none():
    with world() as w:
        w.adopt()
        w.write(release("42", 'wait = "none"'))
        w.done()
        assert w.alias() == ("41", {"42": 0.1})
        state = w.state_of()
        assert state["version"] == "42" and state["live_version"] == "41", state

        def moves_on():
            w.done()
            return w.alias() == ("42", {})
        wait_for("refreshes promote it", moves_on, 40)
        assert w.state_of()["live_version"] == "42"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("wait = none, and the version is bad: the next refresh takes it back, the plan says so")
def wait_none_bad():
    with world(what=bad()) as w:
        w.adopt()
        w.write(release("42", 'wait = "none"'))
        applied = w.apply()
        assert applied.code == 0 and w.split(), applied.text

        def refused():
            plan = w.plan()
            return plan.code == 1 and "ROLLED_BACK_BEFORE" in plan.text
        wait_for("a plan refuses it", refused, 30)
        assert w.alias() == ("41", {})


@test("wait = none, then stages: the next apply drives it to its end")
def wait_picked_up():
    with world() as w:
        w.adopt()
        stages = 'stages = [{ weight = 10, bake = "4s" }]'
        w.write(release("42", 'wait = "none"', stages=stages))
        applied = w.apply()
        assert applied.code == 0 and w.split(), applied.text
        w.write(release("42", stages=stages))
        plan = w.plan()
        assert plan.code == 0 and "goes on with release" in plan.text, plan.text
        w.done()
        assert w.alias() == ("42", {}) and w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("wait = lock-in, set while the lock-in is open: the apply waits for its end")
def lock_in_picked_up():
    with world() as w:
        w.adopt()
        w.write(release("42", 'lock_in = "8s"', stages=QUICK))
        w.done()
        assert w.record()["phase"] == "lock-in"
        w.write(release("42", 'lock_in = "8s"\n  wait = "lock-in"', stages=QUICK))
        w.done()
        assert w.record()["phase"] == "closed" and w.record()["outcome"] == "PROMOTED"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("wait = none, and it pauses: the plan is open, an apply says so, another retry_token goes on")
def wait_none_pauses():
    with world(what=scenario(function(requests_per_second=0))) as w:
        w.adopt()
        stages = 'stages = [{ weight = 50, bake = "2s" }]'
        more = 'wait = "none"\n  on_inconclusive = "pause"'
        w.write(release("42", more, stages=stages))
        w.done()
        wait_for("it is paused", lambda: w.plan().code == 0 and w.record()["paused_unix_ms"] > 0, 30)
        assert w.changes() == {"steelyard_release.checkout": ("update",)}
        told = w.apply()
        assert told.code == 1 and "is paused" in told.text and w.split(), told.text
        w.act("set-traffic", function="checkout", alias="production", requests_per_second=40)
        w.write(release("42", 'on_inconclusive = "pause"\n  retry_token = "go on"', stages=stages))
        w.done()
        assert w.alias() == ("42", {})


@test("a canary that was left unfinished, and a configuration that goes back: the apply takes it back")
def reverted():
    with world() as w:
        w.adopt()
        w.write(release("42", 'on_interrupt = "hold"', stages='stages = [{ weight = 10, bake = "1h" }]'))
        run = w.start_apply()
        w.interrupt(run)
        assert w.split()
        w.write(release("41"))
        plan = w.plan()
        assert plan.code == 0 and "takes the release of version 42 back, at once" in plan.text, plan.text
        w.done()
        assert w.alias() == ("41", {}) and w.record()["outcome"] == "CANCELLED"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("a rollback by a person is no drift: the plan tells what is open")
def person_rolls_back():
    with world() as w:
        w.adopt()
        w.write(release("42", stages=QUICK))
        w.done()
        back = w.run("rollback", "--function", "checkout", "--alias", "production", "--reason", "pages are slow")
        assert back.code == 0 and w.alias() == ("41", {})
        plan = w.plan()
        assert plan.code == 1 and "ROLLED_BACK_BEFORE" in plan.text, plan.text
        assert "outside of Terraform" not in plan.text, plan.text


@test("kill -9 of Terraform in mid-canary: no orphan, and the alias goes back")
def killed():
    with world() as w:
        w.adopt()
        w.write(release("42", stages='stages = [{ weight = 10, bake = "1h" }]'))
        run = w.start_apply()
        os.kill(run.pid, signal.SIGKILL)
        run.process.wait(10)
        wait_for("the alias is back", lambda: w.alias() == ("41", {}), 20)
        wait_for("no provider is left", lambda: not w.processes(), 20)
        assert w.record()["outcome"] == "CANCELLED"


@test("kill -9 of Terraform and of its provider: the next plan settles what they left")
def killed_both():
    with world() as w:
        w.adopt()
        w.write(release("42", stages='stages = [{ weight = 10, bake = "1h" }]'))
        run = w.start_apply()
        w.kill()
        run.process.wait(10)
        assert w.split()
        os.path.exists(os.path.join(w.folder, ".terraform.tfstate.lock.info")) and os.remove(
            os.path.join(w.folder, ".terraform.tfstate.lock.info"))
        w.write(release("41"))
        assert w.plan().code == 0 and w.alias() == ("41", {})
        assert w.record()["outcome"] in ("CANCELLED", "ROLLED_BACK"), w.record()


@test("a missing permission is told with its IAM action, and moves nothing")
def denied():
    with world() as w:
        w.adopt()
        w.fault("UpdateAlias", "status", status=403, code="AccessDeniedException")
        w.write(release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 1 and "lambda:UpdateAlias" in applied.text, applied.text
        assert w.alias() == ("41", {}) and w.state_of()["version"] == "41"


@test("progress: one line of the log for each stage")
def progress():
    with world() as w:
        w.write(release("42"))
        log = w.path("log")
        applied = w.apply(env={"TF_LOG_PROVIDER": "INFO", "TF_LOG_PATH": log})
        assert applied.code == 0, applied.text
        with open(log, encoding="utf-8") as file:
            lines = [line for line in file if "stage_verdict" in line]
        assert len(lines) == 2 and all("[INFO]" in line for line in lines), lines
        assert all(f"stage {stage} error rate" in line for stage, line in zip((1, 2), lines)), lines


@test("promoted without enough traffic to judge: done, with a warning that says so")
def unproven():
    with world(what=scenario(function(requests_per_second=0))) as w:
        w.write(release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text
        assert "Warning: Promoted without enough traffic to judge" in applied.text, applied.text
        assert w.state_of()["last_release"]["outcome"] == "PROMOTED_UNPROVEN"


@test("paused for want of traffic: an error, stays split; another retry_token goes on")
def paused():
    with world(what=scenario(function(requests_per_second=0))) as w:
        w.adopt()
        w.write(release("42", 'on_inconclusive = "pause"', stages='stages = [{ weight = 50, bake = "2s" }]'))
        applied = w.apply()
        assert applied.code == 1 and "Version 42 is paused on its way" in applied.text, applied.text
        assert w.alias() == ("41", {"42": 0.5}) and w.state_of()["version"] == "41"
        w.act("set-traffic", function="checkout", alias="production", requests_per_second=40)
        again = w.apply()
        assert again.code == 1 and "is paused" in again.text and w.split(), again.text
        w.write(release("42", 'on_inconclusive = "pause"\n  retry_token = "there is traffic now"',
                        stages='stages = [{ weight = 50, bake = "2s" }]'))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text


@test("somebody moves the alias in mid-canary: HALTED is an error that shows where it is")
def halted():
    with world() as w:
        w.adopt()
        w.write(release("42"))
        run = w.start_apply()
        w.act("update-alias", function="checkout", alias="production", version="43")
        run.end(40)
        text = run.out + run.err
        assert run.code == 1 and "halted on its way: a person is needed now" in text and "at 43 100%" in text, text
        assert w.alias() == ("43", {}) and w.state_of()["version"] == "43"
        again = w.apply()
        assert again.code == 1 and "left on version 41 and is on version 43" in again.text, again.text
        assert w.alias() == ("43", {})


@test("somebody deletes the alias in mid-canary: it is not created anew with all traffic on the canary")
def halted_without_alias():
    with world() as w:
        w.adopt()
        w.write(release("42"))
        run = w.start_apply()
        w.act("delete-alias", function="checkout", alias="production")
        run.end(40)
        assert run.code == 1 and "halted on its way" in run.out + run.err, run.out + run.err
        again = w.apply()
        assert again.code == 1 and "HALTED_BEFORE" in again.text and w.alias() is None, again.text
        w.write(release("41"))
        w.done()
        assert w.alias() == ("41", {})


@test("the last look fails: no \"inconsistent result\", and the ARN stays")
def blind_at_the_end():
    with world() as w:
        w.adopt()
        arn = w.state_of()["arn"]
        w.write(release("42", stages=QUICK))
        run = w.start_tf("apply", "-no-color", "-auto-approve")
        wait_for("promoted", lambda: w.alias() == ("42", {}))
        w.fault("GetAlias", "status", status=500)
        run.end(60)
        w.act("clear-faults")
        text = run.out + run.err
        assert "inconsistent" not in text and "bug in the provider" not in text, text
        state = w.state_of()
        assert state["arn"] == arn and state["version"] == "42" and w.alias() == ("42", {}), state


@test("another driver has the alias: refused at plan with who it is")
def driven():
    with world() as w:
        w.adopt()
        driver = w.start("apply", "--function", "checkout", "--alias", "production", "--version", "42", "--stages", "10%/1h",
                         "--window", "4s", "--period", "1s", "--poll", "1s")
        wait_for("a split alias", w.split)
        plan = w.plan()
        assert plan.code == 0 and "Warning: A release is under way" in plan.text, plan.text
        w.write(release("43"))
        plan = w.plan()
        assert plan.code == 1 and "RELEASE_RUNNING" in plan.text, plan.text
        os.kill(driver.pid, signal.SIGINT)
        driver.end()
        assert w.plan().code == 0


@test("superseded while it waits for its lock-in: an error")
def superseded():
    with world() as w:
        w.adopt()
        w.write(release("42", 'wait = "lock-in"', stages=QUICK))
        run = w.start_tf("apply", "-no-color", "-auto-approve")
        wait_for("42 is promoted", lambda: w.alias() == ("42", {}))
        other = w.run("apply", "--function", "checkout", "--alias", "production", "--version", "43", "--stages", "20%/2s",
                      "--window", "4s", "--period", "1s", "--poll", "1s", "--wait", "stages")
        assert other.code == 0, other.out + other.err
        run.end(40)
        assert run.code == 1 and "superseded" in run.out + run.err, run.out + run.err
        assert w.alias() == ("43", {}) and w.state_of()["version"] in ("42", "43")
        w.write(release("43"))
        applied = w.apply()
        assert applied.code == 0 and w.state_of()["version"] == "43", applied.text


if __name__ == "__main__":
    run(TESTS)
