"""report.json and junit.xml as programs read them: each end of each command against docs/report.schema.json and the schema of
Jenkins, by validators and a reader that nobody here wrote, and `steelyard report` of the same release as well."""
import copy
import json
import os
import pathlib
import signal
import sys

import jsonschema
import junitparser
from lxml import etree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from ci_test import HOSTILE, QUICK, Job  # noqa: E402
from world import CHECKOUT, World, function, main, scenario, wait_for  # noqa: E402

TESTS = []
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
JUNIT = etree.XMLSchema(etree.parse(os.environ["STEELYARD_JUNIT_XSD"]))
NOW = ["--window", "4s", "--period", "1s", "--threshold", "5%"]
SLOW = dict(QUICK, stages="10%/1h")
# Exit codes that go with an outcome: docs/runbook.md. What was cancelled may be what was asked for, or the end of an interrupt.
EXITS = {"ROLLED_BACK": {3}, "CANCELLED": {0, 3, 130}, "PAUSED": {0, 4}, "INCONCLUSIVE": {4}, "REFUSED": {2, 5}, "UNHEALTHY": {6}, "HALTED": {7},
         "FAILED": {1}, "INTERRUPTED": None}  # as things stand: it has none yet
SEEN = {"outcome": set(), "event": set()}  # of the words that the schema lists


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def errors_of(document):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def check_json(report):
    assert not errors_of(report), (errors_of(report), report)
    exits = EXITS.get(report["outcome"], {0})
    assert not exits or report["exit_code"] in exits, (report["outcome"], report["exit_code"])
    SEEN["outcome"].add(report["outcome"])
    SEEN["event"].update(event["event"] for event in report.get("events", []))


def expected_cases(report):
    """[(name, kind)] of the stages, as the report has them."""
    stages = report["stages"] if "release_id" in report else []
    for i, stage in enumerate(stages):
        last = i == len(stages) - 1
        there = "started_unix_ms" in stage
        kind = (junitparser.Failure if stage["decision"] == "unhealthy"
                else junitparser.Skipped if not there or stage["decision"] == "inconclusive" or (stage["decision"] == "none" and not last)
                else None)
        yield "all traffic" if last else f"stage {stage['stage']} at {stage['weight_bp'] / 100:g}%", kind


def counts(suite):
    return suite.tests, suite.failures, suite.errors, suite.skipped


def check_junit(text, report):
    JUNIT.assertValid(etree.fromstring(text.encode()))
    suites = list(junitparser.JUnitXml.fromstring(text.encode()))
    assert len(suites) == 1, text
    told = counts(suites[0])
    suites[0].update_statistics()
    assert told == counts(suites[0]), (told, counts(suites[0]), text)
    whole, *cases = [(case.name, type(case.result[0]) if case.result else None) for case in suites[0]]
    assert whole[0] == report["command"] and cases == list(expected_cases(report)), (whole, cases, report)
    failed = [kind for _, kind in [whole, *cases]].count(junitparser.Failure)
    bad = report["outcome"] in ("ROLLED_BACK", "HALTED", "FAILED", "REFUSED", "UNHEALTHY")
    assert bool(failed) == bad or report["outcome"] == "CANCELLED", (report["outcome"], text)


def ended(job, code, outcome, seconds=40):
    """The job ended so, and its files are valid."""
    job.end(code, seconds)
    report = job.report
    assert report["outcome"] == outcome and report["exit_code"] == code, report
    check_json(report)
    check_junit(job.file("junit.xml"), report)
    return report


def later(world, outcome, *words):
    """What `steelyard report` makes of the release is valid too."""
    run = world.run("report", *CHECKOUT, *words, "--format", "json")
    report = json.loads(run.out)
    assert report["outcome"] == outcome, report
    check_json(report)
    check_junit(world.run("report", *CHECKOUT, *words, "--format", "junit").out, report)
    return report


def job(world, **inputs):
    return Job(world, "files", **inputs)


@test("the schema is one of its draft")
def schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    broken = copy.deepcopy(SCHEMA)
    broken["properties"]["headline"]["type"] = "sentence"
    try:
        jsonschema.Draft202012Validator.check_schema(broken)
    except jsonschema.SchemaError:
        return
    raise AssertionError("a type that there is not was not noticed")


@test("promoted, and superseded by an instant release in its lock-in, which is gone on with")
def promoted():
    with World() as world:
        first = ended(job(world, version="42", **QUICK), 0, "PROMOTED")
        later(world, "PROMOTED")
        ended(job(world, version="43", **dict(QUICK, stages="instant")), 0, "PROMOTED")
        assert later(world, "SUPERSEDED", "--release", first["release_id"])["version"] == "42"
        ended(job(world, version="43", **QUICK), 0, "PROMOTED")


def spoilt(report):
    """[(what, document)] that the schema must refuse."""
    def changed(what, change):
        document = copy.deepcopy(report)
        change(document)
        return what, document

    yield changed("a field too many", lambda d: d.update(more=1))
    yield changed("a field too many in a stage", lambda d: d["stages"][0].update(more=1))
    yield changed("a field too many in counts", lambda d: d["stages"][0]["canary"].update(more=1))
    yield changed("a field too few", lambda d: d.pop("headline"))
    yield changed("an outcome that there is not", lambda d: d.update(outcome="DONE"))
    yield changed("an event that there is not", lambda d: d["events"][0].update(event="begun"))
    yield changed("a time as text", lambda d: d.update(made_unix_ms="now"))
    yield changed("another format", lambda d: d.update(format=2))


@test("rolled back, and refused after that; a document that is spoilt is invalid")
def rolled_back():
    with World(scenario(function(error_rate=0.6))) as world:
        report = ended(job(world, version="42", **QUICK), 3, "ROLLED_BACK")
        for what, document in spoilt(report):
            assert len(errors_of(document)) == 1, (what, errors_of(document))
        later(world, "ROLLED_BACK")
        refused = ended(job(world, version="42", **QUICK), 5, "REFUSED")
        assert refused["error"]["reason"] == "ROLLED_BACK_BEFORE", refused


@test("handed over, running, paused, gone on with to the end of its lock-in")
def handed_over():
    with World() as world:
        ended(job(world, version="42", wait="none", **dict(QUICK, lock_in="8s")), 0, "HANDED_OFF")
        later(world, "HANDED_OFF")
        assert world.run("pause", *CHECKOUT, "--reason", "looking").code == 0
        ended(job(world, command="status", no_settle="true"), 0, "PAUSED")
        assert world.run("resume", *CHECKOUT, "--settle").code in (0, 4)
        assert world.run("resume", *CHECKOUT, "--wait", "none").code == 0
        report = ended(job(world, command="resume", wait="lock-in"), 0, "PROMOTED")
        later(world, "PROMOTED")
        assert report["ended_unix_ms"] > report["begun_unix_ms"], report


@test("too little data: paused; promoted unproven")
def thin():
    with World(scenario(function(requests_per_second=0))) as world:
        ended(job(world, command="verify"), 4, "INCONCLUSIVE")
        ended(job(world, version="42", on_inconclusive="pause", **dict(QUICK, stages="10%/2s")), 4, "PAUSED")
        ended(job(world, command="rollback", reason="nobody comes"), 0, "CANCELLED")
        ended(job(world, version="43", on_inconclusive="proceed", **dict(QUICK, stages="10%/2s")), 0, "PROMOTED_UNPROVEN")
        later(world, "PROMOTED_UNPROVEN")


@test("running, seen from elsewhere; a drill")
def running():
    with World() as world:
        driver = job(world, version="42", **SLOW)
        wait_for("a split alias", world.split)
        later(world, "RUNNING")
        assert world.run("abort", *CHECKOUT).code == 0
        driver.end(3)
        drilled = job(world, command="drill", function="", alias="", only="abort").end(0, 60).report
        check_json(drilled)
        assert drilled["outcome"] == "PASSED" and len(drilled["drill"]["rehearsals"]) == 1, drilled


@test("cancelled with a hostile reason")
def hostile():
    with World() as world:
        driver = job(world, version="42", **SLOW)
        wait_for("a split alias", world.split)
        assert world.run("abort", *CHECKOUT, "--reason", HOSTILE).code == 0
        assert HOSTILE in ended(driver, 3, "CANCELLED")["why"]
        later(world, "CANCELLED")


@test("interrupted: as things stand, and as it ended")
def interrupted():
    with World() as world:
        driver = job(world, version="42", **SLOW)
        wait_for("a split alias", world.split)
        world.fault("UpdateAlias", "delay", delay_ms=2000)
        driver.run.process.send_signal(signal.SIGINT)
        wait_for("the reports as things stood", lambda: os.path.exists(os.path.join(driver.folder, "outputs.env")))
        report = driver.report
        assert report["outcome"] == "INTERRUPTED", report
        check_json(report)
        check_junit(driver.file("junit.xml"), report)
        ended(driver, 130, "CANCELLED")


@test("halted: somebody else moved the alias")
def halted():
    with World() as world:
        driver = job(world, version="42", **SLOW)
        wait_for("a split alias", world.split)
        world.act("update-alias", function="checkout", alias="production", version="43")
        ended(driver, 7, "HALTED")
        later(world, "HALTED")


@test("plan, check, verify: well and not")
def looks():
    with World(scenario(function(error_rate=0.6))) as world:
        ended(job(world, command="plan", version="42", **QUICK), 0, "PLANNED")
        ended(job(world, command="plan", version="41", **QUICK), 0, "UNCHANGED")
        ended(job(world, command="check", version="42"), 0, "CHECKED")
        ended(job(world, command="check", version="77"), 5, "REFUSED")
        ended(job(world, command="verify"), 0, "HEALTHY")
        assert world.apply("--stages", "50%/1h", "--threshold", "100%", "--wait", "none").end().code == 0
        wait_for("an unhealthy version", lambda: world.run("verify", *CHECKOUT, *NOW).code == 6)
        ended(job(world, command="verify", window="4s", period="1s", threshold="5%"), 6, "UNHEALTHY")
        ended(job(world, command="rollback", gradual="20%/1s"), 0, "CANCELLED")


@test("a first release; settle of none; a report of none is none")
def first():
    with World() as world:
        assert world.run("report", *CHECKOUT, "--format", "json").code == 5
        ended(job(world, command="settle"), 0, "UNCHANGED")
        ended(job(world, version="41", **QUICK), 0, "UNCHANGED")
        report = ended(job(world, alias="staging", version="42", **QUICK), 0, "PROMOTED")
        assert "baseline" not in report, report


@test("errors of usage, of AWS, and of names that are none")
def errors():
    with World() as world:
        for inputs in ({"version": "42", "stages": "10"}, {"command": "aply"}, {"version": ""}, {"version": "42", "function": HOSTILE},
                       {"version": "42", "alias": "a" * 200}, {"stagse": "10%/1m"}):
            ended(job(world, **inputs), 2, "REFUSED")
        ended(job(world, version="77", **QUICK), 5, "REFUSED")
        world.fault("GetAlias", "status", status=403, code="AccessDeniedException")
        report = ended(job(world, version="42", **QUICK), 1, "FAILED")
        assert report["error"]["code"] == "PERMISSION_DENIED", report


def unseen():
    """The words that the schema lists and no case had: a report of them was not looked at."""
    listed = {"outcome": SCHEMA["properties"]["outcome"]["enum"],
              "event": SCHEMA["properties"]["events"]["items"]["properties"]["event"]["enum"]}
    return [f"{kind} {word}" for kind, words in listed.items() for word in words if word not in SEEN[kind]]


if __name__ == "__main__":
    try:
        main(TESTS, 4)
    except SystemExit as end:
        if not end.code and not sys.argv[2:] and unseen():
            sys.exit(f"FAILED: no case had {', '.join(unseen())}")
        raise
