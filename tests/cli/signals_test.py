"""What signals, kills and closed outputs leave behind: an alias as it was meant, and no process."""

import os
import signal
import time

from world import CHECKOUT, FAST, STEELYARD, Run, World, main, wait_for

TESTS = []
WHOLE, SPLIT, PROMOTED = ("41", {}), ("41", {"42": 0.1}), ("42", {})
LOCK = "/lambda/checkout/steelyard/production/lock"
LONG = ["--stages", "10%/30s"]


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def interrupted(world, run, number, within=5.0):
    """Send the signal; the run must end with its exit code in time."""
    started = time.monotonic()
    os.kill(run.pid, number)
    run.end(within + 5)
    took = time.monotonic() - started
    assert run.code == 128 + number, (run.code, run.out, run.err)
    assert took < within, f"took {took:.1f} s"
    assert run.err == "", run.err


def outcome(run):
    return run.events[-1].get("outcome")


def rolls_back(number):
    @test(f"{signal.Signals(number).name} in a stage rolls back")
    def run():
        with World() as world:
            apply = world.apply(*LONG)
            wait_for("the stage", lambda: "observed" in apply.names())
            interrupted(world, apply, number)
            assert world.alias() == WHOLE, world.alias()
            assert outcome(apply) == "CANCELLED", apply.events[-1]
            assert world.record()["phase"] == "closed", world.record()
            assert LOCK not in world.parameters() or "until_ms" in world.parameters()[LOCK]


def holds(number):
    @test(f"{signal.Signals(number).name} in a stage holds, and apply goes on")
    def run():
        with World() as world:
            apply = world.apply("--on-interrupt", "hold")
            wait_for("the stage", lambda: "observed" in apply.names())
            interrupted(world, apply, number)
            assert world.alias() == SPLIT, world.alias()
            assert world.record()["phase"] != "closed", world.record()
            again = world.apply().end()
            assert again.code == 0 and world.alias() == PROMOTED, (again.out, again.err, world.alias())
            assert "resumed" in again.names(), again.names()
            assert again.events[0]["release_id"] == apply.events[0]["release_id"]


for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    rolls_back(each)
    holds(each)


def leaves(standing):
    @test(f"a second signal leaves the rollback to {'a standing' if standing else 'its own'} engine, at once")
    def run():
        with World() as world:
            words = list(LONG)
            if standing:
                path = world.path("engine.sock")
                engine = world.start("engine", "--listen", f"unix:{path}")
                wait_for("the socket", lambda: os.path.exists(path))
                words += ["--engine", f"unix:{path}"]
            apply = world.apply(*words)
            wait_for("the stage", lambda: "observed" in apply.names())
            driver = engine.pid if standing else apply.engine()
            world.fault("UpdateAlias", "status", status=503, code="ServiceException", message="not now")
            os.kill(apply.pid, signal.SIGINT)
            wait_for("the rollback, which cannot end", lambda: "rollback_started" in apply.names())
            started = time.monotonic()
            os.kill(apply.pid, signal.SIGTERM)
            apply.end(5)
            assert apply.code == 143 and time.monotonic() - started < 2, (apply.code, apply.err)
            assert apply.err.count("\n") == 1 and apply.err.startswith("steelyard: "), apply.err
            assert "rolling back to 41" in apply.err or "the rollback's move failed" in apply.err, apply.err
            for part in ("the engine goes on with checkout:production",
                         "`steelyard status --function checkout --alias production`",
                         "`steelyard rollback --function checkout --alias production`"):
                assert part in apply.err, (part, apply.err)
            assert world.alias() == SPLIT and os.path.exists(f"/proc/{driver}"), world.alias()
            world.act("clear-faults")
            wait_for("the engine's rollback", lambda: world.record()["phase"] == "closed", 30)
            assert world.alias() == WHOLE, world.alias()
            if standing:
                os.kill(engine.pid, signal.SIGTERM)
                assert engine.end(10).code == 0
            wait_for("the engine is gone", lambda: not os.path.exists(f"/proc/{driver}"), 10)


leaves(False)
leaves(True)


@test("SIGINT to the whole group, as a terminal sends it")
def group():
    with World() as world:
        apply = world.apply(*LONG, start_new_session=True)
        wait_for("the stage", lambda: "observed" in apply.names())
        os.killpg(apply.pid, signal.SIGINT)
        assert apply.end(10).code == 130 and world.alias() == WHOLE, (apply.code, apply.out, apply.err)


@test("SIGTERM during the lock-in leaves the version promoted")
def lock_in():
    with World() as world:
        apply = world.apply("--stages", "10%/3s", "--wait", "lock-in", "--lock-in", "60s")
        wait_for("the lock-in", lambda: "lock_in_started" in apply.names())
        interrupted(world, apply, signal.SIGTERM)
        assert world.alias() == PROMOTED, world.alias()
        assert world.record()["phase"] == "lock-in", world.record()


@test("SIGINT before anything moved")
def early():
    with World() as world:
        was = world.state()
        world.fault("GetAlias", "delay", delay_ms=1500)
        apply = world.apply(*LONG)
        wait_for("the engine", apply.engine)
        interrupted(world, apply, signal.SIGINT)
        world.act("clear-faults")
        assert world.state() == was, world.state()


@test("SIGINT before AWS has said where the alias stands: its one answer is awaited, no more")
def earlier():
    with World() as world:
        was = world.state()
        world.fault("GetAlias", "delay", delay_ms=6000)
        before = world.asked("/aliases/production")
        apply = world.apply(*LONG)
        wait_for("the question", lambda: world.asked("/aliases/production") > before)
        started = time.monotonic()
        os.kill(apply.pid, signal.SIGINT)
        apply.end(20)
        assert apply.code == 130, (apply.code, apply.out, apply.err)
        assert time.monotonic() - started < 9, "it waited for more than the answer"
        world.act("clear-faults")
        assert world.state() == was, world.state()


@test("SIGINT while the first move is under way")
def moving():
    with World() as world:
        world.fault("UpdateAlias", "delay", delay_ms=1000, arrival_ms=100, nth=1)
        apply = world.apply(*LONG)
        wait_for("the move", world.split)
        interrupted(world, apply, signal.SIGINT)
        assert world.alias() == WHOLE, world.alias()


@test("SIGINT when the alias cannot be moved back: exit 7, and it says so")
def stuck():
    with World() as world:
        apply = world.apply(*LONG)
        wait_for("the stage", lambda: "observed" in apply.names())
        world.fault("UpdateAlias", "status", status=403, code="AccessDeniedException", message="not any more")
        os.kill(apply.pid, signal.SIGINT)
        apply.end(30)
        last = apply.events[-1]
        assert apply.code == 7 and last["outcome"] == "HALTED", (apply.code, last)
        assert "update-alias" in last["text"] or "lambda:UpdateAlias" in last["text"], last
        world.act("clear-faults")
        back = world.run("rollback", *CHECKOUT)
        assert back.code == 0 and world.alias() == WHOLE, (back.code, back.out, back.err)


@test("SIGINT to plan and status ends them and their engine")
def reading():
    for words, version in ((["plan", *CHECKOUT, "--version", "42"], None), (["status", *CHECKOUT], None)):
        with World() as world:
            world.fault("GetAlias", "delay", delay_ms=5000)
            run = world.start(*words)
            wait_for("the engine", run.engine)
            os.kill(run.pid, signal.SIGINT)
            assert run.end(5).code in (-signal.SIGINT, 130), run.code


@test("SIGINT to rollback does not stop it")
def rolling_back():
    with World() as world:
        hold = world.apply("--on-interrupt", "hold", *LONG)
        wait_for("the stage", lambda: "observed" in hold.names())
        interrupted(world, hold, signal.SIGINT)
        world.fault("UpdateAlias", "delay", delay_ms=700)
        back = world.start("rollback", *CHECKOUT, "--output", "json")
        wait_for("its events", lambda: back.names())
        os.kill(back.pid, signal.SIGINT)
        back.end(20)
        wait_for("the rollback", lambda: world.alias() == WHOLE, 5)


def host_killed(words, expected):
    @test(f"kill -9 of the host: {' '.join(words) or 'rolls back'}")
    def run():
        with World() as world:
            apply = world.apply(*LONG, *words)
            wait_for("the stage", lambda: "observed" in apply.names())
            engine = apply.engine()
            assert engine, "no engine found"
            os.kill(apply.pid, signal.SIGKILL)
            apply.end()
            wait_for("the engine is gone", lambda: not os.path.exists(f"/proc/{engine}"), 8)
            assert world.alias() == expected, world.alias()


host_killed([], WHOLE)
host_killed(["--on-interrupt", "hold"], SPLIT)


@test("kill -9 of the engine: a clear error, and apply goes on")
def engine_killed():
    with World() as world:
        apply = world.apply(env={"TMPDIR": world.directory})
        wait_for("the stage", lambda: "observed" in apply.names())
        os.kill(apply.engine(), signal.SIGKILL)
        apply.end(10)
        last = apply.events[-1]
        assert apply.code == 7 and "error" in last, (apply.code, last)
        for part in ("the engine is gone", "the alias may be split", "`steelyard status`", "`resume`", "`rollback`"):
            assert part in last["message"], last
        left = [name for name in os.listdir(world.directory) if name.startswith("steelyard-")]
        assert not left, f"the engine's socket was left behind: {left}"
        assert world.alias() == SPLIT, world.alias()
        # Its lease has two minutes to run; but it can be seen from here that its owner is gone.
        again = world.apply().end()
        assert again.code == 0 and world.alias() == PROMOTED, (again.code, again.out)
        assert "resumed" in again.names(), again.names()


@test("kill -9 of the engine before it said anything: the alias is as it was")
def engine_killed_early():
    with World() as world:
        was = world.state()
        world.fault("GetAlias", "delay", delay_ms=6000)
        before = world.asked("/aliases/production")
        apply = world.apply()
        wait_for("the question", lambda: world.asked("/aliases/production") > before)
        os.kill(apply.engine(), signal.SIGKILL)
        apply.end(10)
        last = apply.events[-1]
        assert apply.code == 1 and "nothing was heard" in last["message"], (apply.code, last)
        world.act("clear-faults")
        assert world.state() == was, world.state()


@test("kill -9 of the engine: rollback needs no lease")
def engine_killed_rollback():
    with World() as world:
        apply = world.apply()
        wait_for("the stage", lambda: "observed" in apply.names())
        os.kill(apply.engine(), signal.SIGKILL)
        apply.end(10)
        back = world.run("rollback", *CHECKOUT)
        assert back.code == 0 and world.alias() == WHOLE, (back.code, back.out, back.err)


@test("SIGSTOP of the engine, then SIGINT to the host: bounded")
def engine_stopped():
    return "the host waits 60 s for an engine that hangs: longer than this suite has"


@test("in the background of a shell that ignores SIGINT")
def ignored():
    with World() as world:
        words = ["apply", *CHECKOUT, "--version", "42", *FAST, *LONG, "--output", "json"]
        shell = Run(world, ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", STEELYARD, *words], world.env())
        wait_for("the stage", lambda: "observed" in shell.names())
        interrupted(world, shell, signal.SIGINT)
        assert world.alias() == WHOLE, world.alias()


@test("stdout closed: the release goes on to its end")
def broken_pipe():
    for words in (["--output", "json"], []):
        with World() as world:
            read, write = os.pipe()
            apply = world.start("apply", *CHECKOUT, "--version", "42", *FAST, *words, stdout=write)
            os.close(write)
            assert os.read(read, 10)
            os.close(read)
            apply.end()
            assert not world.split(), world.alias()
            assert world.alias() == PROMOTED and apply.code == 0, (world.alias(), apply.code, apply.err)


@test("stdout full: the release goes on to its end")
def full_disk():
    with World() as world:
        with open("/dev/full", "wb") as full:
            apply = world.start("apply", *CHECKOUT, "--version", "42", *FAST, stdout=full).end()
        assert world.alias() == PROMOTED and apply.code == 0, (world.alias(), apply.code, apply.err)


@test("nobody reads stdout: the release goes on")
def stuck_pipe():
    with World() as world:
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while os.write(write, b"x" * 4096):
                pass
        except BlockingIOError:
            os.set_blocking(write, True)
        apply = world.start("apply", *CHECKOUT, "--version", "42", *FAST, stdout=write)
        os.close(write)
        wait_for("the promotion", lambda: world.alias() == PROMOTED, 20)
        os.close(read)
        apply.end()


@test("stdin, stdout and stderr closed")
def all_closed():
    with World() as world:
        words = ["apply", *CHECKOUT, "--version", "42", *FAST]
        shell = Run(world, ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh", STEELYARD, *words], world.env())
        shell.end()
        assert shell.code == 0 and world.alias() == PROMOTED, (shell.code, world.alias())


if __name__ == "__main__":
    main(TESTS, 6)
