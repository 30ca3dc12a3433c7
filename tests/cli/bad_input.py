"""How a refusal is judged: one clear sentence, the documented exit code, nothing changed, no secret anywhere."""

import json
import re

from world import CONTROL, World

USAGE, REFUSED, FAILED = 2, 5, 1
TESTS = []

# What gRPC, curl or C would say by themselves; none of it is a sentence for people.
RAW = re.compile(r"0x[0-9a-f]{6}|\(null\)|%[sdlz]|Assertion|Segmentation|AddressSanitizer|runtime error")


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def check_sentence(text, name, says):
    assert says in text, f"{name}: does not say {says!r}: {text!r}"
    assert not CONTROL.search(text) and "\n" not in text, f"{name}: control characters: {text!r}"
    assert not re.search("[\ud800-\udfff]", text), f"{name}: broken UTF-8: {text!r}"
    assert not RAW.search(text), f"{name}: not for people: {text!r}"
    assert len(text) > 15, f"{name}: says too little: {text!r}"


def check_text(run, name, code, says):
    assert run.code == code, f"{name}: exit {run.code}, not {code}: {run.err!r} {run.out!r}"
    lines = run.err.split("\n")
    assert len(lines) == 2 and lines[1] == "", f"{name}: not one line: {run.err!r}"
    assert lines[0].startswith("steelyard: "), f"{name}: {run.err!r}"
    check_sentence(lines[0], name, says)
    assert run.out == "", f"{name}: output besides the error: {run.out!r}"


def check_json(run, name, code, says):
    assert run.code == code, f"{name}: exit {run.code}, not {code}, as JSON: {run.out!r} {run.err!r}"
    lines = run.out.split("\n")
    assert len(lines) == 2 and lines[1] == "", f"{name}: not one JSON line: {run.out!r} {run.err!r}"
    error = json.loads(lines[0])
    assert error["error"] and "event" not in error, f"{name}: {error}"
    check_sentence(error["message"], name, says)
    for line in run.err.splitlines():
        assert "@message" in json.loads(line), f"{name}: {line!r} beside the JSON"


def bad(name, *words, code, says, what=None, env=None, faults=(), before=None, texts=True, seconds=30):
    """A case: the program with these words must be refused as documented."""

    def run():
        with World(what) as world:
            if before:
                before(world)
            was = world.state()
            for fault in faults:
                world.act("add-fault", fault=fault)
            if texts:
                check_text(world.run(*words, env=env, seconds=seconds), name, code, says)
            more = dict(env or {}, STEELYARD_LOG="debug")
            check_json(world.run(*words, "--output", "json", env=more, seconds=seconds), name, code, says)
            if faults:
                world.act("clear-faults")
            assert world.state() == was, f"{name}: changed {was} to {world.state()}"

    TESTS.append((name, run))
