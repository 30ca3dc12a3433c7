"""Whatever is wrong with an operator's verb, its flags and its plan file: one clear sentence, the documented exit
code, nothing changed."""

import json
import pathlib

from bad_input import FAILED, REFUSED, TESTS, USAGE, bad, check_text, test
from world import CHECKOUT, FAST, World, main

# ---- flags ----

for verb in ("rollback", "abort", "pause", "promote", "resume", "verify", "watch", "history"):
    bad(f"{verb} without a function", verb, "--alias", "production", code=USAGE, says="--function is missing")
    bad(f"{verb} without an alias", verb, "--function", "checkout", code=USAGE, says="--alias is missing")
    bad(f"{verb} with an ARN", verb, "--function", "arn:aws:lambda:eu:1:function:f", "--alias", "a", code=USAGE,
        says="not an ARN")
for verb, limit in (("rollback", 200), ("abort", 200), ("pause", 120), ("promote", 120), ("resume", 120)):
    bad(f"{verb} with an endless reason", verb, *CHECKOUT, "--reason", "x" * (limit + 1), code=USAGE,
        says=f"at most {limit}")
    bad(f"{verb} with control characters in its reason", verb, *CHECKOUT, "--reason", b"\x1b[31m", code=USAGE,
        says="reason: contains control characters")
for verb in ("pause", "promote", "abort", "watch", "history"):
    bad(f"{verb} --version", verb, *CHECKOUT, "--version", "42", code=USAGE, says='"--version" is not a flag')
bad("rollback to $LATEST", "rollback", *CHECKOUT, "--version", "$LATEST", code=USAGE, says="cannot be released")
bad("rollback to a name", "rollback", *CHECKOUT, "--version", "old", code=USAGE, says="not a version number")
bad("verify of a name", "verify", *CHECKOUT, "--version", "v42", code=USAGE, says="not a version number")

for value in ("", "now", "50%", "50%/1m,", "instant", "50%/1m,x", b"\x1b"):
    bad(f"gradual {value!r}", "rollback", *CHECKOUT, "--gradual", value, code=USAGE, says="gradual:")
for value in ("10%/1m,50%/1m", "50%/1m,50%/1m", "100%/1m", "50%/0s", "0%/1m"):
    bad(f"gradual {value!r}", "rollback", *CHECKOUT, "--gradual", value, code=USAGE, says="weights that fall")
for value in ("", "yesterday", "2026-02-31T00:00:00Z", "2026-01-02T03:04:05", "-5m", b"\xff"):
    bad(f"at {value!r}", "verify", *CHECKOUT, "--at", value, code=USAGE, says="at:")
bad("verify of the future", "verify", *CHECKOUT, "--at", "2126-01-02T03:04:05Z", code=USAGE, says="future")
bad("verify --rollback of the past", "verify", *CHECKOUT, "--at", "10m", "--rollback", code=USAGE,
    says="exclude each other")
bad("verify with a window too short", "verify", *CHECKOUT, "--window", "1s", code=USAGE, says="window:")
bad("verify with a window too long", "verify", *CHECKOUT, "--window", "300d", code=USAGE, says="window:")
bad("verify with a strange period", "verify", *CHECKOUT, "--period", "7s", code=USAGE, says="period:")
bad("verify with a threshold above 100%", "verify", *CHECKOUT, "--threshold", "101%", code=USAGE, says="threshold")
bad("verify without invocations", "verify", *CHECKOUT, "--min-invocations", "0", code=USAGE, says="min-invocations")
bad("resume --wait for ever", "resume", *CHECKOUT, "--wait", "ever", code=USAGE, says='"ever" is not known')
bad("resume --on-interrupt maybe", "resume", *CHECKOUT, "--on-interrupt", "maybe", code=USAGE, says='"maybe"')
bad("resume --settle --wait", "resume", *CHECKOUT, "--settle", "--wait", "none", code=USAGE, says="exclude each other")
bad("resume --settle --on-interrupt", "resume", *CHECKOUT, "--settle", "--on-interrupt", "hold", code=USAGE,
    says="exclude each other")
bad("primary both", "plan", *CHECKOUT, "--version", "42", "--primary", "both", code=USAGE, says='"both"')
for value in ("canary(10%)", "canary(10%,15m", "linear(5%,1m)", "linear(0%,1m)", "canary(100%,1m)", "canary(0%,1m)"):
    bad(f"stages {value}", "plan", *CHECKOUT, "--version", "42", "--stages", value, code=USAGE, says="stages:")

bad("verify of a version that is not there", "verify", *CHECKOUT, "--version", "99", code=REFUSED,
    says="version 99 of function checkout does not exist")

# ---- states ----

for verb in ("pause", "promote", "abort", "resume", "watch"):
    bad(f"{verb} without a release", verb, *CHECKOUT, code=REFUSED, says="no release of checkout:production")
bad("verify of an alias that is not there", "verify", "--function", "checkout", "--alias", "beta", code=REFUSED,
    says="has no alias beta")
bad("rollback to a version that is not there", "rollback", *CHECKOUT, "--version", "99", code=REFUSED,
    says="version 99 of function checkout does not exist")
bad("rollback without a baseline", "rollback", *CHECKOUT, code=REFUSED, says="steelyard rollback --version N")
bad("pause while AWS is down", "pause", *CHECKOUT, code=FAILED, says="",
    faults=[{"operation": "GetParameters", "kind": "status", "status": 500}], seconds=60)
bad("history without permission", "history", *CHECKOUT, code=FAILED, says="ssm:GetParameterHistory",
    faults=[{"operation": "GetParameterHistory", "kind": "status", "status": 400, "code": "AccessDeniedException"}])
bad("verify without permission", "verify", *CHECKOUT, code=FAILED, says="cloudwatch:GetMetricData",
    faults=[{"operation": "GetMetricData", "kind": "status", "status": 400, "code": "AccessDeniedException"}])


def nonsense(world):
    world.act("put-parameter", name="/lambda/checkout/steelyard/production", value="{}")


for verb in ("pause", "promote", "resume", "watch", "verify", "abort"):
    bad(f"{verb} over a record that is nonsense", verb, *CHECKOUT, code=REFUSED, says="delete-parameter",
        before=nonsense)

# ---- plan files ----


def plan_text(world, **changes):
    run = world.run("plan", *CHECKOUT, "--version", "42", *FAST, "--output", "json")
    assert run.code == 0, run.err
    plan = json.loads(run.out)
    plan.update(changes)
    return json.dumps({key: value for key, value in plan.items() if value is not None})


def refuse_file(world, name, content, says, *more):
    path = world.path("plan")
    pathlib.Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())
    was = world.state()
    check_text(world.run("apply", "--plan", path, *more), name, USAGE, says)
    assert world.state() == was, name


@test("plan files that are none")
def plan_files():
    with World() as world:
        good = plan_text(world)
        refuse_file(world, "empty", b"", "not a plan")
        refuse_file(world, "text", "hello", "not a plan")
        refuse_file(world, "binary", bytes(range(256)), "not a plan")
        refuse_file(world, "two plans", good + good, "not a plan")
        refuse_file(world, "half a plan", good[:len(good) // 2], "not a plan")
        refuse_file(world, "a list", "[" + good + "]", "not a plan")
        refuse_file(world, "huge", b" " * 70000, "larger than any plan")
        for key in ("function", "alias", "version", "stages", "fingerprint", "window_ms", "retry", "primary", "wait"):
            refuse_file(world, f"without {key}", plan_text(world, **{key: None}), key)
        for key, value in (("function", 7), ("alias", "a/b"), ("version", "$LATEST"), ("stages", "10%"),
                           ("stages", [{"weight_bp": 0, "bake_ms": 1}]), ("stages", [{}]),
                           ("stages", [{"weight_bp": 1000, "bake_ms": 5000}] * 11),
                           ("threshold_bp", -1), ("threshold_bp", 5.5), ("window_ms", 1e30), ("period_ms", 7000),
                           ("wait", "ever"), ("on_interrupt", ""), ("primary", "both"), ("retry", "yes"),
                           ("fingerprint", ""), ("fingerprint", "x" * 100)):
            refuse_file(world, f"{key} {value!r}", plan_text(world, **{key: value}), "plan: ")
        refuse_file(world, "with a version besides", good, "exclude each other", "--version", "43")
        refuse_file(world, "with stages besides", good, "exclude each other", "--stages", "instant")
        refuse_file(world, "with a function besides", good, "exclude each other", "--function", "checkout")
        refuse_file(world, "with a fingerprint besides", good, "exclude each other", "--fingerprint", "v1-0")
        check_text(world.run("apply", "--plan", world.path("absent")), "absent", USAGE, "cannot read")
        check_text(world.run("apply", "--plan", "/"), "a directory", USAGE, "cannot read")
        check_text(world.run("plan", "--plan", "x"), "plan --plan", USAGE, "not a flag")


@test("a plan of other settings than it was made with is stale")
def changed_plan():
    with World() as world:
        path = world.path("plan")
        was = world.state()
        for change in (dict(threshold_bp=9000), dict(retry=True), dict(version="43"), dict(primary="new")):
            pathlib.Path(path).write_text(plan_text(world, **change))
            check_text(world.run("apply", "--plan", path), "changed", REFUSED, "the plan is stale")
        assert world.state() == was


if __name__ == "__main__":
    main(TESTS, 4)
