#!/usr/bin/env python3
"""Releases that were left unfinished, and hands of others in between: unfinished_test.py STEELYARD CLI [CASE…]"""
import os
import signal
import time

from workspace import bad, cases, function, QUICK, release, run, scenario, wait_for, world

TESTS, test = cases()
CHECKOUT = ["--function", "checkout", "--alias", "production"]
LONG = 'stages = [{ weight = 10, bake = "1h" }]'
OTHERS = ["--window", "4s", "--period", "1s", "--poll", "1s"]


def hold(w, stages=LONG):
    """42 is split off at 10 % by an apply that was interrupted to hold it."""
    w.adopt()
    w.write(release("42", 'on_interrupt = "hold"', stages=stages))
    apply = w.start_apply()
    w.interrupt(apply)
    assert w.alias() == ("41", {"42": 0.1}), apply.out + apply.err


@test("a take-back that was planned does not hit the release that came after")
def stale_take_back():
    with world() as w:
        hold(w)
        w.write(release("41"))
        file = w.path("plan")
        plan = w.plan(f"-out={file}")
        assert plan.code == 0 and "takes the release of version 42 back" in plan.text, plan.text
        assert w.run("abort", *CHECKOUT).code == 0
        assert w.run("apply", *CHECKOUT, "--version", "43", "--stages", "10%/1h", *OTHERS, "--wait", "none").code == 0
        refused = w.tf("apply", "-no-color", file)
        assert refused.code == 1 and "STALE_PLAN" in refused.text, refused.text
        assert w.alias() == ("41", {"43": 0.1}) and w.record()["phase"] == "baking"


@test("a take-back does not hit what a person promoted meanwhile")
def promoted_meanwhile():
    with world() as w:
        hold(w)
        w.write(release("41"))
        file = w.path("plan")
        assert w.plan(f"-out={file}").code == 0
        assert w.run("promote", *CHECKOUT).code == 0
        refused = w.tf("apply", "-no-color", file)
        assert refused.code == 1 and "STALE_PLAN" in refused.text and w.alias() == ("42", {}), refused.text


@test("a take-back that cannot move the alias ends at its timeout, and says where to look")
def take_back_fails():
    with world() as w:
        hold(w)
        w.write(release("41", 'timeouts = { update = "5s" }', stages=QUICK))
        w.fault("UpdateAlias", "status", status=500)
        began = time.monotonic()
        failed = w.apply()
        assert failed.code == 1 and time.monotonic() - began < 30, failed.text
        assert "before the alias was taken back" in failed.text and "steelyard status" in failed.text, failed.text
        w.act("clear-faults")


@test("a held release goes neither up nor down because a plan looks; its configuration decides")
def held():
    with world() as w:
        hold(w, stages='stages = [{ weight = 10, bake = "2s" }]')
        time.sleep(2.5)  # its bake is over by now
        w.write(release("41"))
        plan = w.plan()
        assert plan.code == 0 and "takes the release of version 42 back" in plan.text, plan.text
        assert w.alias() == ("41", {"42": 0.1})
        w.done()
        assert w.alias() == ("41", {}) and w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("a held release that a person resumed to its end is no drift")
def resumed_by_a_person():
    with world() as w:
        hold(w, stages='stages = [{ weight = 10, bake = "4s" }]')
        assert w.run("resume", *CHECKOUT, "--wait", "stages").code == 0 and w.alias() == ("42", {})
        w.write(release("43", stages=QUICK))
        w.done()
        assert w.alias() == ("43", {}) and w.state_of()["previous_version"] == "42"


@test("wait = none, and the configuration goes back: taken back")
def none_reverted():
    with world() as w:
        w.adopt()
        w.write(release("42", 'wait = "none"', stages=LONG))
        w.done()
        w.write(release("41", 'wait = "none"', stages=LONG))
        w.done()
        assert w.alias() == ("41", {}) and w.record()["outcome"] == "CANCELLED"


@test("a release of somebody else that nobody drives is not taken back")
def of_somebody_else():
    with world() as w:
        w.adopt('on_drift = "adopt"')
        assert w.run("apply", *CHECKOUT, "--version", "43", "--stages", "10%/1h", *OTHERS, "--wait", "none").code == 0
        w.done()
        assert w.alias() == ("41", {"43": 0.1}) and w.changes() == {"steelyard_release.checkout": ("no-op",)}
        plan = w.plan()
        assert "Warning: A release is under way" in plan.text and "driven by nobody at present" in plan.text, plan.text


@test("our release, driven by somebody else: waiting for more is refused, and says by whom")
def driven_by_another():
    with world() as w:
        w.adopt()
        w.write(release("42", 'wait = "none"', stages=LONG))
        w.done()
        driver = w.start("resume", *CHECKOUT, "--output", "json")
        wait_for("it is driven", lambda: "resumed" in driver.names())
        w.write(release("42", stages=LONG))
        refused = w.plan()
        assert refused.code == 1 and "RELEASE_RUNNING" in refused.text, refused.text
        os.kill(driver.pid, signal.SIGINT)
        driver.end()


@test("a creation has no token that another one could differ from: a bad version stays refused")
def token_at_creation():
    with world(what=bad()) as w:
        w.write(release("42", 'retry_token = "always"'))
        assert w.apply().code == 1
        again = w.apply()
        assert again.code == 1 and "ROLLED_BACK_BEFORE" in again.text and "adopt the alias first" in again.text, again.text
        assert w.alias() == ("41", {})


@test("an alias that is gone in mid-canary is not created with all traffic on it because a token stands there")
def token_and_halted():
    with world() as w:
        w.adopt('retry_token = "long ago"')
        w.write(release("42", 'retry_token = "long ago"'))
        apply = w.start_apply()
        w.act("delete-alias", function="checkout", alias="production")
        apply.end(40)
        again = w.apply()
        assert again.code == 1 and "HALTED_BEFORE" in again.text and w.alias() is None, again.text


@test("halted with a split alias: every plan says so, whatever version it wants, and destroy too")
def halted_split():
    with world(what=bad()) as w:
        w.adopt()
        w.write(release("42"))
        apply = w.start_apply()
        w.fault("UpdateAlias", "status", status=403, code="AccessDeniedException")
        apply.end(60)
        assert apply.code == 1 and w.record()["outcome"] == "HALTED", apply.out + apply.err
        for version in ("42", "41", "43"):
            w.write(release(version))
            plan = w.plan()
            assert plan.code == 1 and "A halted release still gets traffic" in plan.text, plan.text
        kept = w.tf("destroy", "-no-color", "-auto-approve", "-refresh=false")
        assert kept.code == 1 and w.state_of() is not None, kept.text
        w.act("clear-faults")
        assert w.run("rollback", *CHECKOUT).code == 0
        w.write(release("41"))
        w.done()


@test("a split of others cannot be accepted; nor what moved on after the plan that accepts")
def accept():
    with world() as w:
        w.adopt()
        w.act("update-alias", function="checkout", alias="production", version="43", additional={"version": "41", "weight": 0.5})
        w.write(release("43"))
        refused = w.plan()
        assert refused.code == 1 and "FOREIGN_SPLIT" in refused.text, refused.text
        w.act("update-alias", function="checkout", alias="production", version="43")
        file = w.path("plan")
        assert w.plan(f"-out={file}").code == 0
        w.act("update-alias", function="checkout", alias="production", version="42")
        stale = w.tf("apply", "-no-color", file)
        assert stale.code == 1 and "STALE_PLAN" in stale.text, stale.text


@test("adopt, a failed release, and back in the configuration: the alias stays where others put it")
def adopt_after_failure():
    with world(what=bad()) as w:
        w.adopt('on_drift = "adopt"')
        w.act("update-alias", function="checkout", alias="production", version="43")
        w.done()
        w.write(release("42", 'on_drift = "adopt"'))
        assert w.apply().code == 1 and w.alias() == ("43", {})
        w.write(release("41", 'on_drift = "adopt"'))
        w.done()
        assert w.alias() == ("43", {})


@test("-refresh=false after a take-back plans nothing again")
def no_refresh():
    with world() as w:
        hold(w)
        w.write(release("41"))
        w.done()
        again = w.plan("-refresh=false", "-detailed-exitcode")
        assert again.code == 0, again.text


@test("a lock-in that ends between the plan and its apply: stale, in our words")
def lock_in_ends():
    with world() as w:
        w.adopt()
        w.write(release("42", 'lock_in = "12s"', stages=QUICK))
        w.done()
        w.write(release("42", 'lock_in = "12s"\n  wait = "lock-in"', stages=QUICK))
        file = w.path("plan")
        assert w.plan(f"-out={file}").code == 0
        assert w.run("resume", *CHECKOUT, "--wait", "lock-in").code == 0 and w.record()["phase"] == "closed"
        stale = w.tf("apply", "-no-color", file)
        assert stale.code == 1 and "STALE_PLAN" in stale.text and "bug in the provider" not in stale.text, stale.text


@test("a person's pause, ended by another retry_token: goes on to its end")
def paused_by_a_person():
    with world(what=scenario(function(requests_per_second=200))) as w:
        w.adopt()
        stages = 'stages = [{ weight = 50, bake = "3s" }]'
        w.write(release("42", 'wait = "none"', stages=stages))
        w.done()
        assert w.run("pause", *CHECKOUT).code == 0
        w.write(release("42", 'retry_token = "go on"', stages=stages))
        w.done()
        assert w.alias() == ("42", {})


if __name__ == "__main__":
    run(TESTS)
