"""Releases from the outside: what a person or a pipeline sees of them."""

import json
import os
import re
import signal
import stat

from world import CHECKOUT, CONTROL, FAST, SECRET, TOKEN, World, function, main, scenario, wait_for

TESTS = []
WHOLE, PROMOTED = ("41", {}), ("42", {})
CURRENT, LAST_KNOWN_GOOD = "/lambda/checkout/current-version", "/lambda/checkout/last-known-good-version"


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def check_stream(events):
    """Every event in order: numbers rise, one release, one end, which is last."""
    numbers = [event["sequence"] for event in events]
    assert all(a < b for a, b in zip(numbers, numbers[1:])), numbers
    assert len({event["release_id"] for event in events}) == 1
    assert [event["event"] for event in events].count("finished") == 1
    assert events[-1]["event"] == "finished" and events[-1]["outcome"]
    times = [event["at_unix_ms"] for event in events]
    assert times == sorted(times), times


def kinds(events):
    """The events without those that come at every poll, or when a machine under load has too little traffic."""
    return [event["event"] for event in events if event["event"] not in ("observed", "note")
            and event.get("decision") != "inconclusive"]


def shares(events):
    return [event["to"].get("additional_bp", 0 if event["to"]["primary"] == "41" else 10000)
            for event in events if event["event"] == "alias_moved"]


def status(world, *words, of="checkout"):
    run = world.run("status", "--function", of, "--alias", "production", "--output", "json", *words)
    assert run.code == 0, (run.code, run.out, run.err)
    return json.loads(run.out)


@test("healthy: exit 0 and every event in order")
def healthy():
    with World() as world:
        run = world.apply().end()
        events = run.events
        assert run.code == 0 and run.err == "", (run.code, run.out, run.err)
        check_stream(events)
        assert kinds(events) == [
            "planned", "prepared", "alias_moved", "stage_started", "stage_verdict", "alias_moved", "stage_started",
            "stage_verdict", "alias_moved", "lock_in_started", "finished"], kinds(events)
        assert shares(events) == [1000, 5000, 10000], shares(events)
        decisions = [e["decision"] for e in events if e["event"] == "stage_verdict"]
        assert [d for d in decisions if d != "inconclusive"] == ["healthy", "healthy"], decisions
        assert events[-1]["outcome"] == "PROMOTED" and world.alias() == PROMOTED
        assert world.parameters()[CURRENT] == "42"
        about = status(world)
        assert about["release"]["phase"] == "lock-in" and about["routing"] == {"primary": "42"}, about
        again = world.apply().end()  # looks at its lock-in, and leaves it
        assert again.code == 0 and again.events[-1]["outcome"] == "PROMOTED" and not shares(again.events), again.out


@test("failing: exit 3, the alias is back, and the version is refused until asked for again")
def failing():
    with World(scenario(function(error_rate=0.5))) as world:
        run = world.apply().end()
        check_stream(run.events)
        assert run.code == 3 and world.alias() == WHOLE, (run.code, run.out)
        assert run.events[-1]["outcome"] == "ROLLED_BACK" and shares(run.events) == [1000, 0]
        assert "rollback_started" in run.names() and "rollback_verified" in run.names(), run.names()
        verdict = [e for e in run.events if e["event"] == "stage_verdict"][-1]
        assert verdict["decision"] == "unhealthy" and verdict["canary"]["errors"] > 0, verdict
        assert world.parameters()[CURRENT] == "41" and world.parameters()[LAST_KNOWN_GOOD] == "41"
        assert "ROLLED_BACK" in world.run("status", *CHECKOUT).out
        refused = world.apply().end()
        assert refused.code == 5 and "--retry" in refused.out, (refused.code, refused.out)
        world.act("set-error-rate", function="checkout", version="42", rate=0)
        again = world.apply("--retry", "--stages", "50%/2s").end()
        assert again.code in (0, 3), again.out  # 3: the window still holds what failed before
        assert again.events[0]["event"] == "planned", again.out


@test("a first release creates the alias and says that nothing was judged")
def first():
    with World() as world:
        run = world.start("apply", "--function", "checkout", "--alias", "staging", "--version", "42", *FAST, "--output",
                          "json").end()
        assert run.code == 0 and world.alias("staging") == PROMOTED, (run.code, run.out, run.err)
        assert world.alias() == WHOLE


@test("--wait none hands over, and status settles")
def hand_over():
    with World() as world:
        run = world.apply("--wait", "none", "--stages", "10%/3s", "--lock-in", "1s").end()
        assert run.code == 0 and world.alias() == ("41", {"42": 0.1}), (run.code, run.out)
        assert kinds(run.events)[-1] == "finished" and shares(run.events) == [1000], kinds(run.events)
        looked = status(world, "--no-settle")
        assert looked["release"]["phase"] == "baking" and world.alias() == ("41", {"42": 0.1}), looked
        wait_for("status promotes what has baked", lambda: status(world) and world.alias() == PROMOTED, 20)
        wait_for("status closes what has passed its lock-in",
                 lambda: status(world)["release"]["phase"] == "closed", 25)
        about = status(world)
        assert about["release"]["outcome"].startswith("PROMOTED"), about
        assert world.parameters()[LAST_KNOWN_GOOD] == "42", world.parameters()


@test("--wait lock-in waits for it")
def lock_in():
    with World() as world:
        run = world.apply("--wait", "lock-in", "--stages", "50%/2s", "--lock-in", "2s").end()
        check_stream(run.events)
        assert run.code == 0 and kinds(run.events)[-3:] == ["lock_in_started", "lock_in_ended", "finished"], run.out
        assert world.parameters()[LAST_KNOWN_GOOD] == "42"
        assert status(world)["release"]["phase"] == "closed"
        again = world.apply().end()
        assert again.code == 0 and again.events[-1]["outcome"] == "UNCHANGED", again.out


@test("a bad version is found in the lock-in, too")
def bad_lock_in():
    with World() as world:
        run = world.apply("--wait", "lock-in", "--stages", "50%/2s", "--lock-in", "60s")
        wait_for("the lock-in", lambda: "lock_in_started" in run.names())
        world.act("set-error-rate", function="checkout", version="42", rate=0.9)
        run.end()
        assert run.code == 3 and world.alias() == WHOLE, (run.code, run.out)


@test("pause by --on-inconclusive: exit 4, then rollback: exit 0")
def pause():
    with World(scenario(function(requests_per_second=0))) as world:
        run = world.apply("--on-inconclusive", "pause", "--stages", "10%/2s").end()
        assert run.code == 4 and world.alias() == ("41", {"42": 0.1}), (run.code, run.out)
        assert run.events[-1]["outcome"] == "PAUSED" and "paused" in run.names(), run.names()
        assert "paused" in world.run("status", *CHECKOUT).out
        back = world.run("rollback", *CHECKOUT, "--reason", "nobody comes", "--output", "json")
        assert back.code == 0 and world.alias() == WHOLE, (back.code, back.out, back.err)
        check_stream(back.events)
        assert "nobody comes" in world.run("status", *CHECKOUT).out
        twice = world.run("rollback", *CHECKOUT, "--output", "json")
        assert twice.code == 0 and twice.events[-1]["outcome"] == "UNCHANGED", twice.out


@test("rolled back by another process while one drives")
def rolled_back_elsewhere():
    with World() as world:
        run = world.apply("--stages", "10%/20s")
        wait_for("the stage", lambda: "observed" in run.names())
        back = world.run("rollback", *CHECKOUT, "--reason", "a customer called")
        assert back.code == 0 and world.alias() == WHOLE, (back.code, back.out, back.err)
        run.end(15)
        check_stream(run.events)
        assert run.code == 3 and run.events[-1]["outcome"] == "CANCELLED", (run.code, run.events[-1])
        assert world.alias() == WHOLE and world.record()["outcome"] == "CANCELLED", world.record()


@test("somebody else moves the alias: exit 7, and it stays as they left it")
def foreign():
    with World() as world:
        run = world.apply()
        wait_for("the stage", lambda: "observed" in run.names())
        world.act("update-alias", function="checkout", alias="production", version="43")
        run.end()
        assert run.code == 7 and run.events[-1]["outcome"] == "HALTED", (run.code, run.events[-1])
        assert world.alias() == ("43", {}), world.alias()


@test("a plan changes nothing; its fingerprint is what apply takes")
def plan():
    with World() as world:
        was = world.state()
        words = [*CHECKOUT, "--version", "42", *FAST]
        text = world.run("plan", *words)
        about = json.loads(world.run("plan", *words, "--output", "json").out)
        assert text.code == 0 and world.state() == was
        assert about["fingerprint"] in text.out and about["baseline"] == "41", (about, text.out)
        assert [stage["weight_bp"] for stage in about["stages"]] == [1000, 5000], about
        run = world.apply("--fingerprint", about["fingerprint"], "--wait", "none").end()
        assert run.code == 0, (run.code, run.out)
        stale = world.apply("--fingerprint", about["fingerprint"]).end()
        assert stale.code == 5, (stale.code, stale.out)


@test("a standing engine: two applies, SIGTERM interrupts them")
def standing():
    with World(scenario(function("checkout"), function("basket"))) as world:
        path = world.path("engine.sock")
        engine = world.start("engine", "--listen", f"unix:{path}", env={"STEELYARD_LOG": "debug"})
        wait_for("the socket", lambda: os.path.exists(path))
        about = os.stat(path)
        assert stat.S_ISSOCK(about.st_mode) and stat.S_IMODE(about.st_mode) == 0o600, oct(about.st_mode)
        runs = [world.start("apply", "--function", name, "--alias", "production", "--version", "42", *FAST, "--stages",
                            "10%/20s", "--output", "json", "--engine", f"unix:{path}",
                            env={"AWS_ENDPOINT_URL": None, "AWS_ACCESS_KEY_ID": None, "AWS_REGION": None})
                for name in ("checkout", "basket")]
        for run in runs:
            wait_for("its stage", lambda run=run: "observed" in run.names())
            assert run.engine() is None, "it started one of its own"
        looked = world.run("status", *CHECKOUT, "--engine", f"unix:{path}")
        assert looked.code == 0 and "driven by" in looked.out, (looked.code, looked.out, looked.err)
        os.kill(engine.pid, signal.SIGTERM)
        for run in runs:
            run.end(15)
            check_stream(run.events)
            assert run.code == 3 and run.events[-1]["outcome"] == "CANCELLED", (run.code, run.out, run.err)
        assert engine.end(15).code == 0 and not os.path.exists(path), (engine.code, engine.err)
        assert world.alias() == WHOLE and world.alias(of="basket") == WHOLE


@test("a standing engine that stops takes no release, but goes back and tells")
def stopping():
    with World(scenario(function("checkout"), function("basket"))) as world:
        path = world.path("engine.sock")
        join = ["--engine", f"unix:{path}"]
        basket = ["--function", "basket", "--alias", "production"]
        engine = world.start("engine", "--listen", f"unix:{path}")
        wait_for("the socket", lambda: os.path.exists(path))
        run = world.apply("--stages", "10%/30s", *join)
        wait_for("its stage", lambda: "observed" in run.names())
        world.fault("UpdateAlias", "status", status=503, code="ServiceException", message="not now")
        os.kill(engine.pid, signal.SIGTERM)
        wait_for("its rollback, which cannot end", lambda: "rollback_started" in run.names())
        for words in (["plan"], ["apply", *FAST]):
            refused = world.run(*words, *basket, "--version", "42", *join)
            assert refused.code == 1, (refused.code, refused.out, refused.err)
            assert refused.err == "steelyard: this engine is stopping; start another\n", refused.err
        looked = world.run("status", *CHECKOUT, *join)
        assert looked.code == 0 and "driven by" in looked.out, (looked.code, looked.out, looked.err)
        back = world.start("rollback", *CHECKOUT, *join, "--output", "json")
        wait_for("what the rollback tells", lambda: back.names())
        world.act("clear-faults")
        assert back.end(20).code == 0, (back.code, back.out, back.err)
        assert run.end(20).code == 3 and run.events[-1]["outcome"] == "CANCELLED", (run.code, run.out)
        assert engine.end(15).code == 0 and world.alias() == WHOLE, (engine.code, engine.err)
        assert world.alias(of="basket") == WHOLE


@test("a standing engine: the host's SIGINT ends its release alone, and both go to their end")
def standing_interrupt():
    with World(scenario(function("checkout"), function("basket"))) as world:
        path = world.path("engine.sock")
        engine = world.start("engine", "--listen", f"unix:{path}")
        wait_for("the socket", lambda: os.path.exists(path))
        runs = [world.start("apply", "--function", name, "--alias", "production", "--version", "42", *FAST,
                            "--output", "json", "--engine", f"unix:{path}") for name in ("checkout", "basket")]
        wait_for("its stage", lambda: "observed" in runs[0].names())
        os.kill(runs[0].pid, signal.SIGINT)
        assert runs[0].end(6).code == 130 and world.alias() == WHOLE, (runs[0].code, runs[0].out)
        assert runs[1].end().code == 0 and world.alias(of="basket") == PROMOTED, runs[1].out
        os.kill(engine.pid, signal.SIGINT)
        assert engine.end(10).code == 0


@test("plain lines are readable, and so is status")
def plain():
    with World(scenario(function(error_rate=0.5))) as world:
        run = world.run("apply", *CHECKOUT, "--version", "42", *FAST, env={"TERM": "xterm-256color"})
        assert run.code == 3 and run.err == "", (run.code, run.err)
        lines = run.out.splitlines()
        for line in lines:
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Za-z]", line), line
            assert not CONTROL.search(line) and len(line) < 250, line
        assert "ROLLED_BACK" in lines[-1] and "alias moved: 41 100% -> 41 90%, 42 10%" in run.out, run.out
        shown = world.run("status", *CHECKOUT)
        assert shown.code == 0 and not CONTROL.search(shown.out), shown.out
        for part in ("checkout:production", "41 100%", "version 42, baseline 41", "ROLLED_BACK", "unhealthy",
                     "last known good 41"):
            assert part in shown.out, (part, shown.out)
        about = status(world)
        assert about["release"]["outcome"] == "ROLLED_BACK" and about["current_version"] == "41", about
        assert about["routing"] == {"primary": "41"} and about["revision"], about


@test("no secret in the debug log of a whole release")
def secrets():
    with World() as world:
        run = world.apply("--stages", "50%/2s", env={"STEELYARD_LOG": "debug"}).end()
        assert run.code == 0 and len(run.err.splitlines()) > 20, run.err
        for line in run.err.splitlines():
            assert json.loads(line)["@level"] in ("debug", "info", "warn"), line
        assert SECRET not in run.err and TOKEN not in run.err


CALLS = "region endpoint-url profile engine output help"
FLAGS = {
    "plan": "function alias version stages primary threshold min-invocations window lock-in period poll wait "
            f"on-interrupt on-inconclusive retry mirror-alias {CALLS}",
    "apply": "function alias version publish code description code-sha256 stages primary plan threshold "
             "min-invocations window lock-in period poll wait "
             f"on-interrupt on-inconclusive retry mirror-alias fingerprint {CALLS}",
    "rollback": f"function alias version gradual reason {CALLS}",
    "resume": f"function alias wait on-interrupt settle reason {CALLS}",
    "pause": f"function alias reason {CALLS}",
    "promote": f"function alias reason {CALLS}",
    "abort": f"function alias reason {CALLS}",
    "verify": f"function alias version threshold min-invocations window period at rollback {CALLS}",
    "watch": f"function alias {CALLS}",
    "history": f"function alias {CALLS}",
    "status": f"function alias no-settle {CALLS}",
    "check": f"function alias version {CALLS}",
    "cleanup": f"function keep dry-run {CALLS}",
    "report": "function alias format release region endpoint-url profile engine output help",
    "ci": "output help",
    "drill": "function alias version bad-version stages threshold min-invocations window lock-in period poll rate payload "
             "only markdown region endpoint-url profile output help",
    "traffic": "function alias rate payload for region endpoint-url profile output help",
    "engine": "listen region endpoint-url profile output help",
    "sandbox": "scenario port record output help",
    "completion": "output help",
}


@test("--help of each command: an example that works, and every flag")
def help_texts():
    with World() as world:
        top = world.run("--help")
        assert top.code == 0
        assert re.findall(r"^  ([a-z-]+) ", top.out, re.M) == list(FLAGS), top.out
        for command, flags in FLAGS.items():
            assert re.search(rf"^  {command} ", top.out, re.M), top.out
            run = world.run(command, "--help")
            assert run.code == 0 and run.err == "", run.err
            example = re.search(rf"Example:\n  steelyard {command} (.*)\n", run.out)
            assert example, run.out
            for word in example.group(1).split():
                if word.startswith("--"):
                    assert word[2:] in flags.split(), word
            assert re.findall(r"^  --([a-z0-9-]+)", run.out, re.M) == flags.split(), run.out
            assert all(len(line) <= 120 for line in run.out.splitlines()), run.out
        assert re.fullmatch(r"steelyard \d+\.\d+\.\d+\S*", world.run("--version").out.splitlines()[0])


if __name__ == "__main__":
    main(TESTS, 6)
