#!/usr/bin/env python3
"""What Terraform and OpenTofu see of the provider: behaviour_test.py STEELYARD CLI [CASE…]

Every case runs on the command line named (clis.py), against a sandbox of its own.
"""
import json
import os
import signal
import sys
import time

from workspace import FAST, STAGES, Workspace, clis, function, main, release, scenario, wait_for

CLI = next((row for row in clis() if row[0] == sys.argv[2]), None)
TESTS = []
QUICK = 'stages = [{ weight = 20, bake = "2s" }]'


def test(name):
    def add(body):
        TESTS.append((name, body))
        return body
    return add


def world(**more):
    return Workspace(CLI, **more)


def bad():
    """Version 42 fails half of its invocations."""
    return scenario(function(error_rate=0.5))


@test("adopt: an alias that serves the version already is taken over without a move")
def adopt():
    with world() as w:
        w.write(release("41"))
        plan = w.plan()
        assert plan.code == 0 and "1 to add" in plan.text and "serves the version already" in plan.text, plan.text
        before = w.state()
        applied = w.apply()
        assert applied.code == 0, applied.text
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
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
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
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
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
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
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
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42"))
        applied = w.apply()
        assert applied.code == 1, applied.text
        w.write(release("42", 'retry_token = "1"'))
        assert "Version 42 was rolled back" in w.apply().text
        again = w.plan()
        assert again.code == 1 and "ROLLED_BACK_BEFORE" in again.text, again.text
        w.write(release("42", 'retry_token = "2"'))
        assert w.plan().code == 0


@test("drift: an error at version that names both; accepted, released from there, or adopted")
def drift():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.act("update-alias", function="checkout", alias="production", version="43")
        plan = w.plan()
        assert plan.code == 1, plan.text
        for part in ("moved outside of Terraform", "left on version 41", "on version 43 now", 'version = "41"'):
            assert part in plan.text, (part, plan.text)
        applied = w.apply()
        assert applied.code == 1 and w.alias() == ("43", {}), applied.text
        w.write(release("43"))
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("43", {}), applied.text
        w.write(release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text


@test("drift, on_drift = release: back by a canary")
def drift_release():
    with world() as w:
        w.write(release("41", 'on_drift = "release"', stages=QUICK))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.act("update-alias", function="checkout", alias="production", version="43")
        plan = w.plan()
        assert plan.code == 0 and '"43" -> "41"' in plan.text and "20% for 2s" in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("41", {}), applied.text


@test("drift, on_drift = adopt: stays where others put it, and the next version goes from there")
def drift_adopt():
    with world() as w:
        w.write(release("41", 'on_drift = "adopt"', stages=QUICK))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.act("update-alias", function="checkout", alias="production", version="43")
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}
        refreshed = w.apply()
        assert refreshed.code == 0 and w.alias() == ("43", {}), refreshed.text
        assert w.state_of()["live_version"] == "43" and w.state_of()["version"] == "41"
        w.write(release("42", 'on_drift = "adopt"', stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text
        assert w.state_of()["previous_version"] == "43"


@test("drift found under error, then adopt: nothing moves")
def drift_then_adopt():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.act("update-alias", function="checkout", alias="production", version="43")
        w.write(release("41", 'on_drift = "adopt"'))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("43", {}), applied.text
        assert w.state_of()["version"] == "41"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("a weight that somebody else put on the alias is waited out by Read, and refused by a release")
def foreign_split():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.act("update-alias", function="checkout", alias="production", version="41", additional={"version": "43", "weight": 0.1})
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}
        w.write(release("42"))
        plan = w.plan()
        assert plan.code == 1 and "FOREIGN_SPLIT" in plan.text, plan.text


@test("settings alone: no move, no release, no call that writes")
def settings():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        before = w.state()
        w.write(release("41", 'lock_in = "30m"\n  on_interrupt = "hold"\n  timeouts = { update = "1h" }'))
        assert w.changes() == {"steelyard_release.checkout": ("update",)}
        applied = w.apply()
        assert applied.code == 0 and w.state() == before, applied.text
        assert w.state_of()["lock_in"] == "30m"
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0 and w.state_of()["lock_in"] == "60m" and w.state_of()["timeouts"] is None, applied.text
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("import: FUNCTION:ALIAS, then no change; what is no id, or not there, is told")
def imports():
    with world() as w:
        w.write(release("41"))
        done = w.tf("import", "-no-color", "steelyard_release.checkout", "checkout:production")
        assert done.code == 0, done.text
        assert w.state_of()["version"] == "41"
        w.write(release("41"))
        before = w.state()
        applied = w.apply()
        assert applied.code == 0 and w.state() == before, applied.text
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}
        w.tf("state", "rm", "steelyard_release.checkout")
        wrong = w.tf("import", "-no-color", "steelyard_release.checkout", "checkout")
        assert wrong.code == 1 and "is not FUNCTION:ALIAS" in wrong.text, wrong.text
        absent = w.tf("import", "-no-color", "steelyard_release.checkout", "checkout:nothing")
        assert absent.code == 1 and "non-existent" in absent.text, absent.text


@test("import with the defaults of the provider plans no change at all")
def import_defaults():
    with world() as w:
        w.write("""
import {
  to = steelyard_release.checkout
  id = "checkout:production"
}
resource "steelyard_release" "checkout" {
  function_name = "checkout"
  alias         = "production"
  version       = "41"
}
""")
        plan = w.plan()
        assert plan.code == 0 and "1 to import, 0 to add, 0 to change, 0 to destroy" in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0, applied.text


@test("destroy leaves the alias as it is; while a release is under way it is refused")
def destroy():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        before = w.state()
        gone = w.tf("destroy", "-no-color", "-auto-approve")
        assert gone.code == 0 and w.state() == before and w.state_of() is None, gone.text
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", 'wait = "none"', stages='stages = [{ weight = 10, bake = "1h" }]'))
        applied = w.apply()
        assert applied.code == 0 and w.split(), applied.text
        refused = w.tf("destroy", "-no-color", "-auto-approve")
        assert refused.code == 1 and "A release is under way" in refused.text, refused.text
        assert w.split() and w.state_of() is not None
        assert w.run("rollback", "--function", "checkout", "--alias", "production").code == 0
        w.write(release("41"))
        assert w.tf("destroy", "-no-color", "-auto-approve").code == 0


@test("another alias is another resource: replaced, and the old alias is left")
def replace():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("41", alias='"canary"'))
        assert w.changes() == {"steelyard_release.checkout": ("delete", "create")}
        applied = w.apply()
        assert applied.code == 0 and w.alias("canary") == ("41", {}) and w.alias() == ("41", {}), applied.text


@test("unknown values: in every attribute, at plan; known at apply")
def unknown():
    with world() as w:
        attributes = {
            "version": 'terraform_data.x.output["version"]', "alias": 'terraform_data.x.output["alias"]',
            "function_name": 'terraform_data.x.output["function"]', "lock_in": 'terraform_data.x.output["time"]',
            "on_drift": 'terraform_data.x.output["drift"]', "on_inconclusive": 'terraform_data.x.output["inconclusive"]',
            "on_interrupt": 'terraform_data.x.output["interrupt"]', "primary": 'terraform_data.x.output["primary"]',
            "retry_token": 'terraform_data.x.output["version"]', "wait": 'terraform_data.x.output["wait"]',
            "mirror_alias": 'terraform_data.x.output["mirror"]',
            "stages": '[{ weight = terraform_data.x.output["weight"], bake = terraform_data.x.output["bake"] }]',
            "verdict": '{ window = terraform_data.x.output["window"], period = "1s", poll = "1s" }',
            "timeouts": '{ update = terraform_data.x.output["time"] }',
        }
        known = {"version": "41", "alias": "production", "function": "checkout", "time": "1h", "drift": "error",
                 "inconclusive": "auto", "interrupt": "hold", "primary": "old", "wait": "stages", "weight": 20,
                 "bake": "2s", "window": "4s", "mirror": False}
        base = {"function_name": '"checkout"', "alias": '"production"', "version": '"41"'}

        def write(chosen):
            lines = "\n".join(f"  {k} = {v}" for k, v in dict(base, **chosen).items())
            w.write(f"resource \"terraform_data\" \"x\" {{ input = {json.dumps(known).replace(': ', ' = ')} }}\n"
                    f"resource \"steelyard_release\" \"checkout\" {{\n{lines}\n}}\n")

        for name, value in attributes.items():
            write({name: value})
            plan = w.plan()
            assert plan.code == 0 and "2 to add" in plan.text, (name, plan.text)
        write(attributes)
        applied = w.apply()
        assert applied.code == 0, applied.text
        assert w.state_of()["version"] == "41" and w.state_of()["lock_in"] == "1h"
        known["version"], known["weight"] = "42", 30
        write(attributes)
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text
        assert w.state_of()["planned_stages"] == ["30% for 2s", "100%, lock-in 1h"], w.state_of()["planned_stages"]


@test("unknown provider configuration: planned without looking, applied when it is known")
def unknown_provider():
    with world() as w:
        w.write('resource "terraform_data" "region" { input = "us-east-1" }', release("42", stages=QUICK),
                provider='provider "steelyard" { region = terraform_data.region.output }')
        plan = w.plan()
        assert plan.code == 0 and "2 to add" in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text


@test("a stale plan is refused and moves nothing")
def stale():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42"))
        file = w.path("plan")
        assert w.plan(f"-out={file}").code == 0
        w.act("update-alias", function="checkout", alias="production", version="43")
        refused = w.tf("apply", "-no-color", file)
        assert refused.code == 1 and "STALE_PLAN" in refused.text, refused.text
        assert w.alias() == ("43", {})


@test("SIGINT: the alias goes back within a moment, and state says so")
def interrupt():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", stages='stages = [{ weight = 10, bake = "1h" }]'))
        run = w.start_tf("apply", "-no-color", "-auto-approve")
        wait_for("a split alias", w.split)
        os.kill(run.pid, signal.SIGINT)
        run.end(20)
        assert run.code != 0 and w.alias() == ("41", {}), run.out + run.err
        assert "the run was interrupted" in run.err + run.out, run.out + run.err
        assert w.state_of()["version"] == "41"


@test("SIGINT with on_interrupt = hold: stays split, and the next apply goes on")
def hold():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        more = 'on_interrupt = "hold"'
        w.write(release("42", more, stages='stages = [{ weight = 10, bake = "6s" }]'))
        run = w.start_tf("apply", "-no-color", "-auto-approve")
        wait_for("a split alias", w.split)
        os.kill(run.pid, signal.SIGINT)
        run.end(20)
        assert run.code != 0 and w.alias() == ("41", {"42": 0.1}), run.out + run.err
        assert w.state_of()["version"] == "41"
        plan = w.plan()
        assert plan.code == 0 and "goes on with release" in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text


@test("timeouts: when the time is over the release is treated as on_interrupt says")
def timeout():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
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
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", 'timeouts = { update = "6s" }\n  wait = "lock-in"', stages=QUICK))
        applied = w.apply()
        assert applied.code == 1 and "the time that timeouts allows is over" in applied.text, applied.text
        assert w.alias() == ("42", {}) and w.state_of()["version"] == "42"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("wait = none: handed over after the first move, and refreshes move it on")
def wait_none():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", 'wait = "none"'))
        began = time.monotonic()
        applied = w.apply()
        assert applied.code == 0 and time.monotonic() - began < 4 and w.alias() == ("41", {"42": 0.1}), applied.text
        state = w.state_of()
        assert state["version"] == "42" and state["live_version"] == "41", state

        def moves_on():
            applied = w.apply()
            assert applied.code == 0, applied.text
            return w.alias() == ("42", {})
        wait_for("refreshes promote it", moves_on, 40)
        assert w.state_of()["live_version"] == "42"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("wait = none, and the version is bad: the next refresh takes it back, the plan says so")
def wait_none_bad():
    with world(what=bad()) as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
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
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", 'wait = "none"', stages='stages = [{ weight = 10, bake = "4s" }]'))
        applied = w.apply()
        assert applied.code == 0 and w.split(), applied.text
        done = w.run("resume", "--function", "checkout", "--alias", "production", "--wait", "stages")
        assert done.code == 0 and w.alias() == ("42", {}), done.out + done.err
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("a rollback by a person is no drift: the plan tells what is open")
def person_rolls_back():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 0, applied.text
        back = w.run("rollback", "--function", "checkout", "--alias", "production", "--reason", "pages are slow")
        assert back.code == 0 and w.alias() == ("41", {})
        plan = w.plan()
        assert plan.code == 1 and "ROLLED_BACK_BEFORE" in plan.text, plan.text
        assert "outside of Terraform" not in plan.text, plan.text


@test("kill -9 of Terraform in mid-canary: no orphan, and the alias goes back")
def killed():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", stages='stages = [{ weight = 10, bake = "1h" }]'))
        run = w.start_tf("apply", "-no-color", "-auto-approve")
        wait_for("a split alias", w.split)
        os.kill(run.pid, signal.SIGKILL)
        run.process.wait(10)
        wait_for("the alias is back", lambda: w.alias() == ("41", {}), 20)
        wait_for("no provider is left", lambda: not w.processes(), 20)
        assert w.record()["outcome"] == "CANCELLED"


@test("kill -9 of Terraform and of its provider: the next plan settles what they left")
def killed_both():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.write(release("42", stages='stages = [{ weight = 10, bake = "1h" }]'))
        run = w.start_tf("apply", "-no-color", "-auto-approve")
        wait_for("a split alias", w.split)
        for pid in w.processes():
            os.kill(pid, signal.SIGKILL)
        run.process.wait(10)
        assert w.split()
        os.path.exists(os.path.join(w.folder, ".terraform.tfstate.lock.info")) and os.remove(
            os.path.join(w.folder, ".terraform.tfstate.lock.info"))
        w.write(release("41"))
        assert w.plan().code == 0 and w.alias() == ("41", {})
        assert w.record()["outcome"] in ("CANCELLED", "ROLLED_BACK"), w.record()


@test("an alias or function that is gone is created anew, or told")
def gone():
    with world() as w:
        w.write(release("41", alias='"canary"'))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.act("delete-alias", function="checkout", alias="canary")
        assert w.changes() == {"steelyard_release.checkout": ("create",)}
        again = w.apply()
        assert again.code == 0 and w.alias("canary") == ("41", {}), again.text
        w.write(release("41", function_name='"nothing"'))
        plan = w.plan()
        assert plan.code == 1 and "function_name = \"nothing\"" in plan.text, plan.text
        w.write(release("77"))
        plan = w.plan()
        assert plan.code == 1 and 'version = "77"' in plan.text and "VERSION_NOT_FOUND" in plan.text, plan.text


@test("a missing permission is told with its IAM action, and moves nothing")
def denied():
    with world() as w:
        w.write(release("41"))
        applied = w.apply()
        assert applied.code == 0, applied.text
        w.fault("UpdateAlias", "status", status=403, code="AccessDeniedException")
        w.write(release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 1 and "lambda:UpdateAlias" in applied.text, applied.text
        assert w.alias() == ("41", {}) and w.state_of()["version"] == "41"


@test("the data source reads, and settles nothing")
def data_source():
    with world() as w:
        block = 'data "steelyard_release" "now" {\n  function_name = "checkout"\n  alias = "production"\n}\n' \
                'output "now" { value = data.steelyard_release.now }'
        w.write(block)
        applied = w.apply()
        assert applied.code == 0, applied.text

        def now():
            return json.loads(w.tf("output", "-json", "now").out)
        got = now()
        assert got["live_version"] == "41" and got["canary_version"] is None and got["canary_weight"] == 0, got
        driver = w.start("apply", "--function", "checkout", "--alias", "production", "--version", "42", "--stages", "10%/1h",
                         "--window", "4s", "--period", "1s", "--poll", "1s", "--wait", "none")
        driver.end()
        before = w.state()
        applied = w.apply()
        assert applied.code == 0 and w.state() == before, applied.text
        got = now()
        assert (got["live_version"], got["canary_version"], got["canary_weight"]) == ("41", "42", 10), got
        assert got["phase"] == "baking" and got["last_release"]["version"] == "42", got
        w.write(block.replace('"production"', '"nothing"'))
        refused = w.plan()
        assert refused.code == 1 and "has no alias nothing" in refused.text, refused.text


@test("bad values: one diagnostic at the attribute, at validate, and nothing is asked of AWS")
def bad_values():
    cases = [
        ('version = "latest"', "version", 'version = "latest"'),
        ('function_name = "a b"', "function_name", 'function_name = "a b"'),
        ('alias = "a/b"', "alias", 'alias = "a/b"'),
        ('stages = [{ weight = 0, bake = "1m" }]', "above 0%", "stages"),
        ('stages = [{ weight = 100, bake = "1m" }]', "below 100%", "stages"),
        ('stages = [{ weight = 10.005, bake = "1m" }]', "10.005 is not a percentage", "weight"),
        ('stages = [{ weight = -1, bake = "1m" }]', "is not a percentage", "weight"),
        ('stages = [{ weight = 10, bake = "soon" }]', '"soon"', "bake"),
        ('stages = [{ weight = 50, bake = "1m" }, { weight = 10, bake = "1m" }]', "must increase", "stages"),
        ('stages = [for w in range(1, 12) : { weight = w, bake = "1m" }]', "at most 10", "stages"),
        ('lock_in = "60"', '"60"', "lock_in"),
        ('lock_in = "-5m"', '"-5m"', "lock_in"),
        ('verdict = { window = "0s" }', "0s is outside", "verdict.window:"),
        ('verdict = { period = "7s" }', "CloudWatch keeps datapoints", "verdict.period:"),
        ('verdict = { threshold = 101 }', "is not a percentage", "threshold"),
        ('verdict = { min_invocations = 1.5 }', "not a whole number", "min_invocations"),
        ('verdict = { poll = "10m" }', "longer than the window", "verdict.poll:"),
        ('wait = "forever"', "stages, lock-in, none", "wait"),
        ('on_interrupt = "panic"', "rollback, hold", "on_interrupt"),
        ('on_drift = "ignore"', "error, adopt, release", "on_drift"),
        ('on_inconclusive = "maybe"', "proceed", "on_inconclusive"),
        ('primary = "both"', "old, new", "primary"),
        ('timeouts = { create = "x" }', '"x"', "timeouts"),
        ('on_drift = ""', "error, adopt, release", "on_drift"),
        ('function_name = "\\u001b[31m"', "control", "function_name"),
    ]
    with world() as w:
        for line, says, where in cases:
            values = {"function_name": '"checkout"', "alias": '"production"', "version": '"42"'}
            name, value = line.split(" = ", 1)
            values[name] = value
            w.write('resource "steelyard_release" "checkout" {\n'
                    + "\n".join(f"  {k} = {v}" for k, v in values.items()) + "\n}\n")
            done = w.tf("validate", "-no-color")
            assert done.code == 1 and says in done.text and where in done.text, (line, done.text)
            # Where the attribute is nested, Terraform shows the resource's line instead.
            assert "on main.tf line" in done.text, (line, done.text)
        assert w.asked("aliases") == 0


@test("provider settings that cannot be used are told at the setting")
def bad_provider():
    with world() as w:
        w.write(release("41"), provider='provider "steelyard" { endpoint = "ftp://nowhere" }')
        plan = w.plan()
        assert plan.code == 1 and "endpoint" in plan.text, plan.text
        w.write(release("41"), provider='provider "steelyard" { profile = "nobody" }')
        plan = w.plan()
        assert plan.code == 1 and "nobody" in plan.text, plan.text


@test("progress: one line of the log for each stage")
def progress():
    with world() as w:
        w.write(release("42"))
        log = w.path("log")
        applied = w.apply(env={"TF_LOG_PROVIDER": "INFO", "TF_LOG_PATH": log})
        assert applied.code == 0, applied.text
        with open(log, encoding="utf-8") as file:
            lines = [line for line in file if "stage_verdict" in line]
        assert len(lines) == 2 and all("[INFO]" in line and "healthy" not in line.split("stage_verdict")[0]
                                       for line in lines), lines


ACTIONS = """
action "steelyard_verify" "checkout" {
  config {
    function_name = "checkout"
    alias         = "production"
    window        = "10s"
    period        = "1s"
  }
}
action "steelyard_rollback" "checkout" {
  config {
    function_name = "checkout"
    alias         = "production"
    reason        = "pages are slow"
  }
}
"""


def has_actions(w):
    """Terraform has them from 1.14 on, OpenTofu has not."""
    shown = w.tf("version", "-json")
    minor = int(json.loads(shown.out)["terraform_version"].split(".")[1])
    return w.cli_name != "tofu" and minor >= 14


@test("actions: streamed messages and an end that tells the truth; elsewhere the block is refused")
def actions():
    with world() as w:
        w.write(ACTIONS, release("41"))
        if not has_actions(w):
            refused = w.plan()
            assert refused.code == 1 and "action" in refused.text, refused.text
            return
        applied = w.apply()
        assert applied.code == 0, applied.text
        verified = w.apply("-invoke=action.steelyard_verify.checkout")
        assert verified.code == 0 and "checkout:production version 41 is healthy" in verified.text, verified.text
        w.write(ACTIONS, release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text
        back = w.apply("-invoke=action.steelyard_rollback.checkout")
        assert back.code == 0 and w.alias() == ("41", {}), back.text
        for part in ("rolling back to 41: pages are slow", "alias moved: 42 100% -> 41 100%", "CANCELLED"):
            assert part in back.text, (part, back.text)
        w.act("set-error-rate", function="checkout", version="41", rate=0.9)
        time.sleep(3)  # until there are invocations that fail; nothing tells of them but what is tested
        before = w.state()
        bad_now = w.apply("-invoke=action.steelyard_verify.checkout")
        assert bad_now.code == 1 and "The version is unhealthy" in bad_now.text, bad_now.text
        assert w.state() == before


@test("actions: bad values are told at the attribute; what cannot be done is an error")
def bad_actions():
    with world() as w:
        w.write(ACTIONS, release("41"))
        if not has_actions(w):
            return "this command line has no actions"
        for line, bad_line, says in (
                ('window        = "10s"', 'window = "soon"', '"soon"'),
                ('period        = "1s"', 'threshold = 200', "is not a percentage"),
                ('period        = "1s"', 'at = "yesterday"', '"yesterday"'),
                ('reason        = "pages are slow"', 'version = "latest"', "latest"),
                ('reason        = "pages are slow"', f'reason = "{"x" * 201}"', "longer than 200 bytes")):
            w.write(ACTIONS.replace(line, bad_line, 1), release("41"))
            done = w.tf("validate", "-no-color")
            assert done.code == 1 and says in done.text, (bad_line, done.text)
        w.write(ACTIONS.replace('"checkout"\n    alias', '"nothing"\n    alias'))
        for action in ("verify", "rollback"):
            done = w.apply(f"-invoke=action.steelyard_{action}.checkout")
            assert done.code == 1 and "FUNCTION_NOT_FOUND" in done.text, done.text


if __name__ == "__main__":
    del sys.argv[2]
    if CLI is None:
        print("skipped: this command line is not on the machine")
        sys.exit(77)
    main(TESTS, 4)
