#!/usr/bin/env python3
"""State, drift, import, unknown and bad values: state_test.py STEELYARD CLI [CASE…]"""
import json
import os

from workspace import cases, bad, function, QUICK, release, run, world

TESTS, test = cases()


@test("drift: an error at version that names both; accepted, released from there, or adopted")
def drift():
    with world() as w:
        w.adopt()
        w.act("update-alias", function="checkout", alias="production", version="43")
        plan = w.plan()
        assert plan.code == 1, plan.text
        for part in ("moved outside of Terraform", "left on version 41", "on version 43 now", 'version = "41"'):
            assert part in plan.text, (part, plan.text)
        applied = w.apply()
        assert applied.code == 1 and w.alias() == ("43", {}), applied.text
        refreshed = w.apply("-refresh-only")
        assert refreshed.code == 0 and w.state_of()["version"] == "43", refreshed.text
        assert "left on version 41" in w.plan().text, "a refresh has accepted it"
        w.write(release("43"))
        accepts = w.plan()
        assert accepts.code == 0 and "accepts version 43, moved there by others" in accepts.text, accepts.text
        w.done()
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("43", {}), applied.text
        w.write(release("42", stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text


@test("drift, on_drift = release: back by a canary")
def drift_release():
    with world() as w:
        w.adopt('on_drift = "release"', stages=QUICK)
        w.act("update-alias", function="checkout", alias="production", version="43")
        plan = w.plan()
        assert plan.code == 0 and '"43" -> "41"' in plan.text and "20% for 2s" in plan.text, plan.text
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("41", {}), applied.text


@test("drift, on_drift = adopt: stays where others put it, and the next version goes from there")
def drift_adopt():
    with world() as w:
        w.adopt('on_drift = "adopt"', stages=QUICK)
        w.act("update-alias", function="checkout", alias="production", version="43")
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}
        refreshed = w.apply()
        assert refreshed.code == 0 and w.alias() == ("43", {}), refreshed.text
        assert w.state_of()["live_version"] == "43" and w.state_of()["version"] == "41"
        w.write(release("42", 'on_drift = "adopt"', stages=QUICK))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("42", {}), applied.text
        assert w.state_of()["previous_version"] == "43"


@test("drift that was adopted, then on_drift = release, or error: one apply goes back, or is told")
def drift_no_longer_adopted():
    with world() as w:
        w.adopt('on_drift = "adopt"')
        w.act("update-alias", function="checkout", alias="production", version="43")
        w.done()
        w.write(release("41"))
        plan = w.plan()
        assert plan.code == 1 and "left on version 41" in plan.text and "on version 43 now" in plan.text, plan.text
        w.write(release("41", 'on_drift = "release"', stages=QUICK))
        w.done()
        assert w.alias() == ("41", {}) and w.state_of()["live_version"] == "41"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("drift found under error, then adopt: nothing moves")
def drift_then_adopt():
    with world() as w:
        w.adopt()
        w.act("update-alias", function="checkout", alias="production", version="43")
        w.write(release("41", 'on_drift = "adopt"'))
        applied = w.apply()
        assert applied.code == 0 and w.alias() == ("43", {}), applied.text
        assert w.state_of()["version"] == "41"
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}


@test("a weight that somebody else put on the alias is waited out by Read, and refused by a release")
def foreign_split():
    with world() as w:
        w.adopt()
        w.act("update-alias", function="checkout", alias="production", version="41", additional={"version": "43", "weight": 0.1})
        plan = w.plan()
        assert plan.code == 0 and "Warning: The alias is split by somebody else" in plan.text, plan.text
        assert w.changes() == {"steelyard_release.checkout": ("no-op",)}
        w.write(release("42"))
        plan = w.plan()
        assert plan.code == 1 and "FOREIGN_SPLIT" in plan.text, plan.text


@test("settings alone: no move, no release, no call that writes")
def settings():
    with world() as w:
        w.adopt()
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
        w.done()


@test("destroy leaves the alias as it is; while a release is under way it is refused")
def destroy():
    with world() as w:
        w.adopt()
        before = w.state()
        gone = w.tf("destroy", "-no-color", "-auto-approve")
        assert gone.code == 0 and w.state() == before and w.state_of() is None, gone.text
        w.done()
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
        w.adopt()
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
        w.done()
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


@test("a stale plan of a creation is refused, by Terraform itself")
def stale_creation():
    with world() as w:
        w.write(release("42"))
        file = w.path("plan")
        assert w.plan(f"-out={file}").code == 0
        w.act("update-alias", function="checkout", alias="production", version="43")
        refused = w.tf("apply", "-no-color", file)
        assert refused.code == 1 and "inconsistent final plan" in refused.text, refused.text
        assert w.alias() == ("43", {}) and w.state_of() is None


@test("null where a value is needed is told at the attribute; what is not known yet is not wrong")
def nulls():
    with world() as w:
        for name in ("version", "alias", "function_name"):
            values = {"function_name": '"checkout"', "alias": '"production"', "version": '"41"'}
            values[name] = "local.nothing"
            w.write("locals { nothing = true ? null : 1 }\nresource \"steelyard_release\" \"checkout\" {\n"
                    + "\n".join(f"  {k} = {v}" for k, v in values.items()) + "\n}\n")
            done = w.plan()
            assert done.code == 1 and f"{name} is null" in done.text or "required" in done.text, done.text
        w.write('variable "stages" { default = [{ weight = 10, bake = "2s" }] }',
                release("41", 'timeouts = { update = "5m" }', stages="stages = var.stages"))
        assert w.tf("validate", "-no-color").code == 0
        w.done()


@test("a stale plan is refused and moves nothing")
def stale():
    with world() as w:
        w.adopt()
        w.write(release("42"))
        file = w.path("plan")
        assert w.plan(f"-out={file}").code == 0
        w.act("update-alias", function="checkout", alias="production", version="43")
        refused = w.tf("apply", "-no-color", file)
        assert refused.code == 1 and "STALE_PLAN" in refused.text, refused.text
        assert w.alias() == ("43", {})


@test("an alias or function that is gone is created anew, or told")
def gone():
    with world() as w:
        w.adopt(alias='"canary"')
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


@test("the data source reads, and settles nothing")
def data_source():
    with world() as w:
        block = 'data "steelyard_release" "now" {\n  function_name = "checkout"\n  alias = "production"\n}\n' \
                'output "now" { value = data.steelyard_release.now }'
        w.write(block)
        w.done()

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


@test("terraform test: the plan can be asserted on")
def tests_of_modules():
    with world() as w:
        w.write(release("42"))
        with open(os.path.join(w.folder, "release.tftest.hcl"), "w") as file:
            file.write("""
run "plan" {
  command = plan
  assert {
    condition     = steelyard_release.checkout.planned_stages[0] == "10% for 4s"
    error_message = "the first stage"
  }
  assert {
    condition     = steelyard_release.checkout.lock_in == "60m"
    error_message = "the default lock-in"
  }
}
""")
        done = w.tf("test", "-no-color")
        assert done.code == 0 and "1 passed" in done.text, done.text


if __name__ == "__main__":
    run(TESTS)
