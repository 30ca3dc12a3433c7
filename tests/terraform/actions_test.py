#!/usr/bin/env python3
"""The actions, where the command line has them: actions_test.py STEELYARD CLI [CASE…]"""
import json
import os
import signal
import time

from workspace import cases, bad, function, QUICK, release, run, scenario, wait_for, world

TESTS, test = cases()


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
        w.done()
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


@test("an action that is interrupted: Terraform does not crash over what is still told, and the alias is back")
def interrupted():
    slow = scenario(function(), propagation_ms=4000, metrics={"resolution": "1s", "delay_ms": 3000})
    with world(what=slow) as w:
        if not has_actions(w):
            return "this command line has no actions"
        for version in ("41", "42"):
            w.write(ACTIONS, release(version, stages="stages = []"))
            w.done()
        run = w.start_tf("apply", "-no-color", "-auto-approve", "-invoke=action.steelyard_rollback.checkout")
        wait_for("the alias is back", lambda: w.alias() == ("41", {}))
        os.kill(run.pid, signal.SIGINT)
        run.end(40)
        assert "CRASH" not in run.out + run.err and w.alias() == ("41", {}), run.out + run.err


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
    run(TESTS)
