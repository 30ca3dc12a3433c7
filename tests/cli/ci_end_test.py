#!/usr/bin/env python3
"""How jobs end that do not end well: signals at any moment, kills, files of others, releases of others."""

import json
import os
import pathlib
import signal
import time

from ci_test import QUICK, Job
from world import CHECKOUT, World, function, main, scenario, wait_for

TESTS = []
SLOW = dict(QUICK, stages="10%/1h")


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def written(job):
    wait_for("the reports", lambda: os.path.exists(os.path.join(job.folder, "outputs.env")))


@test("recover: what was killed is taken back; what was handed over, paused or is driven is left alone")
def recover():
    with World() as world:
        job = Job(world, version="42", **SLOW)
        wait_for("a split alias", world.split)
        beside = Job(world, command="recover", wait="none").end(0)
        assert "No release was left behind" in beside.out and beside.outputs["outcome"] == "UNCHANGED" and world.split()
        world.kill()
        job.run.process.wait(10)
        back = Job(world, command="recover").end(3)
        assert world.alias() == ("41", {}) and back.outputs["outcome"] == "CANCELLED", back.outputs
        again = Job(world, command="recover").end(0)
        assert not again.annotations("error") and set(again.cases().values()) == {None}, again.out
        # A stage whose bake is over is due, and yet no job that failed may move it on.
        assert Job(world, version="43", wait="none", **dict(QUICK, stages="10%/1s,50%/1h")).end(0)
        time_until = json.loads(world.run("status", *CHECKOUT, "--no-settle", "--output", "json").out)
        wait_for("its bake is over", lambda: time.time() * 1000 > time_until["release"]["stage_until_unix_ms"])
        before = world.state()
        Job(world, command="recover").end(0)
        refused = Job(world, version="41", **QUICK).end(5)
        assert refused.report["error"]["reason"] == "RELEASE_RUNNING" and "settled" not in refused.out, refused.out
        assert world.state() == before


@test("killed between a move and its record, or between its intent and the move: settling takes back, and never moves on")
def killed_in_a_move():
    for operation, match, moved in (("PutParameter", "baking", True), ("UpdateAlias", "", False)):
        with World() as world:
            world.fault(operation, "status", status=503, code="ServiceUnavailable", match=match)
            job = Job(world, version="42", **SLOW)
            record = "/lambda/checkout/steelyard/production"
            wait_for("its intent is on record", lambda: record in world.parameters() and world.record()["phase"] == "intent")
            wait_for("the move is made, or is not", lambda: world.split() == moved)
            world.kill()
            job.run.process.wait(10)
            world.act("clear-faults")
            Job(world, command="recover").end(3)
            assert world.alias() == ("41", {}) and world.record()["outcome"] == "CANCELLED", (operation, world.record())


@test("a pause outlives its driver: the next job leaves it alone")
def pause_outlives():
    with World() as world:
        job = Job(world, version="42", **SLOW)
        wait_for("a split alias", world.split)
        assert world.run("pause", *CHECKOUT, "--reason", "looking").code == 0
        world.kill()
        job.run.process.wait(10)
        Job(world, command="recover").end(0)
        Job(world, version="43", **QUICK).end(5)
        assert world.alias() == ("41", {"42": 0.1})
        assert Job(world, command="status", no_settle="true").end(0).outputs["outcome"] == "PAUSED"


@test("a signal while nothing is followed: told in every file, whatever the command")
def while_asking():
    for command, operation in (("plan", "GetAlias"), ("check", "GetAlias"), ("verify", "GetMetricData"), ("status", "GetAlias"),
                               ("apply", "GetAlias")):
        with World() as world:
            world.fault(operation, "delay", delay_ms=1500)
            job = Job(world, command=command, version="42" if command != "status" else "", **QUICK)
            wait_for("it asks", lambda: world.asked("/aliases/production") or world.asked("GetMetricData"))
            job.run.process.send_signal(signal.SIGTERM)
            job.end(143)
            assert job.outputs["outcome"] and job.report["exit_code"] == 143, (command, job.report)
            assert world.alias() == ("41", {}), command


@test("stopped before anything moved: nothing was taken back, and no retry is needed")
def not_begun():
    with World() as world:
        world.fault("PutParameter", "delay", delay_ms=1500)
        job = Job(world, version="42", **SLOW)
        wait_for("it takes the lease", lambda: world.asked("PutParameter"))
        job.run.process.send_signal(signal.SIGINT)
        job.end(130)
        assert "stopped before anything moved" in job.annotations("error")[0] and "retry" not in job.file("report.md"), job.out
        assert job.cases()["apply"] == "failure" and world.alias() == ("41", {})
        Job(world, version="42", **dict(QUICK, stages="10%/2s")).end(0)


@test("two signals while a version is published: the reports are there")
def publishing():
    with World(scenario(function(latest={"code_sha256": "k" * 43 + "="}))) as world:
        world.fault("PublishVersion", "delay", delay_ms=1500)
        job = Job(world, publish="true", **QUICK)
        wait_for("it publishes", lambda: world.asked("/versions"))
        job.run.process.send_signal(signal.SIGTERM)
        written(job)
        job.run.process.send_signal(signal.SIGTERM)
        job.end(143)
        assert "interrupted" in job.report["why"] and world.alias() == ("41", {}), job.report


@test("an interrupted job that went on with another's release knows its stages")
def interrupted_resume():
    with World() as world:
        Job(world, version="42", wait="none", **dict(QUICK, stages="10%/1s,50%/1h")).end(0)
        job = Job(world, command="resume")
        wait_for("the second stage", lambda: "Stage 2 of 2" in job.run.out)
        job.run.process.send_signal(signal.SIGTERM)
        job.end(143)
        assert [stage["weight_bp"] for stage in job.report["stages"]] == [1000, 5000, 10000]
        assert "stage 2 at 50%" in job.cases() and world.alias() == ("41", {}), job.cases()


@test("the reports are there before the history is asked for, which may take its time")
def before_history():
    with World() as world:
        Job(world, version="42", wait="none", **SLOW).end(0)
        world.fault("GetParameterHistory", "delay", delay_ms=3000)
        job = Job(world, command="rollback")
        wait_for("all traffic is back", lambda: world.alias() == ("41", {}))
        wait_for("the history is asked for", lambda: world.asked("GetParameterHistory"))
        written(job)
        assert job.outputs["outcome"] == "CANCELLED" and job.report["events"][0]["event"] != "planned"
        job.end(0)
        assert job.report["events"][0]["event"] == "planned"


@test("lines that others write into GitHub's files stay, whenever they came")
def others_lines():
    with World() as world:
        job = Job(world, version="42", **SLOW)
        wait_for("a split alias", world.split)
        with open(job.output, "a", encoding="utf-8") as file:
            file.write("during=1")
        world.fault("UpdateAlias", "delay", delay_ms=1500)
        job.run.process.send_signal(signal.SIGINT)
        written(job)
        with open(job.output, "a", encoding="utf-8") as file:
            file.write("after=1\n")
        job.end(130)
        outputs = job.outputs
        assert (outputs["earlier"], outputs["during"], outputs["after"], outputs["outcome"]) == ("1", "1", "1", "CANCELLED"), outputs
        twice = Job(world, command="status", no_settle="true", env={"GITHUB_OUTPUT": "/dev/null"}).end(0)
        assert twice.run.err == "", twice.run.err


@test("a report that is a link or a pipe of somebody's is not written, and nothing waits for it")
def links():
    with World() as world:
        folder, theirs = world.path("folder"), world.path("theirs")
        os.mkdir(folder)
        pathlib.Path(theirs).write_text("theirs")
        os.symlink(theirs, os.path.join(folder, "report.md"))
        os.mkfifo(os.path.join(folder, "report.json"))
        job = Job(world, command="status", env={"STEELYARD_REPORT_DIR": folder}).end(0)
        assert pathlib.Path(theirs).read_text() == "theirs" and job.run.err.count("warning: cannot write") >= 2, job.run.err
        assert os.path.getsize(os.path.join(folder, "report.html")) > 1000


@test("status and report of a release that goes back by steps, or whose alias somebody moved")
def not_as_promoted():
    with World() as world:
        assert world.apply("--stages", "instant").end().code == 0
        back = world.start("rollback", *CHECKOUT, "--gradual", "50%/30s")
        wait_for("half of the traffic", lambda: world.alias()[1].get("42") == 0.5 or world.alias()[1].get("41") == 0.5)
        status = Job(world, command="status", no_settle="true").end(0)
        assert status.outputs["outcome"] == "RUNNING" and "on its way back" in status.report["headline"], status.report
        assert json.loads(world.run("report", *CHECKOUT, "--format", "json").out)["outcome"] == "RUNNING"
        world.kill()
        back.process.wait(10)
    with World() as world:
        assert world.apply("--stages", "instant").end().code == 0
        world.act("update-alias", function="checkout", alias="production", version="43")
        status = Job(world, command="status", no_settle="true").end(0)
        assert status.outputs["outcome"] == "RUNNING" and "at 43 100%" in status.report["headline"], status.report


@test("a lock-in's verdict is in the report of later")
def lock_in():
    with World() as world:
        assert world.apply("--stages", "50%/2s", "--lock-in", "6s", "--wait", "lock-in").end().code == 0
        report = json.loads(world.run("report", *CHECKOUT, "--format", "json").out)
        assert report["outcome"] == "PROMOTED" and report["exit_code"] == 0, report
        assert report["stages"][1]["decision"] == "healthy" and report["stages"][1]["ended_unix_ms"], report["stages"]
        assert [event["event"] for event in report["events"]][-2:] == ["lock_in_ended", "finished"]


@test("a drill that is interrupted says so, and at once")
def drill():
    with World() as world:
        job = Job(world, command="drill", function="", alias="")
        wait_for("it rehearses", lambda: "drill in a sandbox" in job.run.out)
        job.run.process.send_signal(signal.SIGTERM)
        written(job)
        job.end(143)
        assert job.outputs["outcome"] == "INTERRUPTED" and job.report["exit_code"] == 143, job.report


@test("commands that are advised name the region")
def region():
    with World(scenario(function(error_rate=0.6))) as world:
        assert world.apply("--wait", "none").end().code == 0
        report = json.loads(world.run("report", *CHECKOUT, "--format", "json").out)
        assert report["advised_command"] == "steelyard resume --function checkout --alias production --region us-east-1"
        hostile = Job(world, command="status", no_settle="true", env={"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "x;id"}).end(0)
        assert "x;id" not in hostile.file("report.md")


if __name__ == "__main__":
    main(TESTS, 4)
