"""What concerns a function rather than one release of it: apply --publish and --code, check, cleanup."""

import json
import os
import pathlib
import re
import signal
import zipfile

from world import CHECKOUT, FAST, World, function, main, scenario, wait_for

TESTS = []
DIGEST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/checkout@sha256:" + "0a" * 32
LATEST = {"error_rate": 0.0, "code_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def bundle(world, size=0):
    path = world.path("bundle.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event\n" + "#" * size)
    return path


def publish(world, *words, **more):
    return world.start("apply", *CHECKOUT, *FAST, "--output", "json", *words, **more)


def of(events, name):
    return [event for event in events if event.get("event") == name]


def requests(world, method):
    lines = pathlib.Path(world.requests).read_text("utf-8", "replace").splitlines()
    return [request["url"] for request in map(json.loads, lines) if request["method"] == method]


def deletes_versions_alone(world):
    for url in requests(world, "DELETE"):
        assert re.search(r"/functions/checkout\?Qualifier=[1-9][0-9]*$", url), url


# ---- publish ----

@test("apply --code publishes an archive and releases it")
def code():
    with World(scenario(function(publish_pending="1s", update_pending="1s"))) as world:
        path = bundle(world)
        run = publish(world, "--code", os.path.relpath(path), "--description", "build 7", "--wait", "none").end()
        assert run.code == 0, (run.code, run.out, run.err)
        published = of(run.events, "published")
        assert [event["version"] for event in published] == ["44"], run.out
        assert published[0]["function"] == "checkout" and "unchanged" not in published[0]
        assert any("in progress" in event["text"] for event in of(run.events, "note")), run.out
        assert run.events[-1]["event"] == "finished" and world.alias() == ("41", {"44": 0.1})
        version = world.ask("GET", "/2015-03-31/functions/checkout/configuration?Qualifier=44", "lambda")
        assert version["Description"] == "build 7" and version["CodeSha256"] == published[0]["code_sha256"]


@test("apply --publish, as text; what did not change is released as what it is")
def latest():
    with World(scenario(function(latest=LATEST))) as world:
        run = world.run("apply", *CHECKOUT, *FAST, "--publish", "--code-sha256", LATEST["code_sha256"], "--wait", "none")
        assert run.code == 0 and "published version 44" in run.out, (run.out, run.err)
        assert "version 44 is Active" in run.out and "alias moved: 41 100% -> 41 90%, 44 10%" in run.out
        run = world.run("rollback", *CHECKOUT)
        assert run.code == 0 and world.alias() == ("41", {}), run.out
        # Rolled back before: refused, although it was asked for as new code.
        run = publish(world, "--publish").end()
        assert run.code == 5 and of(run.events, "published")[0]["unchanged"], run.out
        assert run.events[-1]["reason"] == "ROLLED_BACK_BEFORE", run.out
        run = publish(world, "--publish", "--retry", "--wait", "none").end()
        assert run.code == 0 and world.split(), run.out


@test("apply --code names an object of S3, and an image by its digest")
def elsewhere():
    with World() as world:
        for where in ("s3://builds/checkout/42.zip?versionId=v1", DIGEST):
            run = publish(world, "--code", where, "--stages", "instant", "--wait", "none").end()
            assert run.code == 0, (where, run.out, run.err)
        assert world.alias() == ("45", {}) and world.asked("PUT") >= 2
        version = world.ask("GET", "/2015-03-31/functions/checkout/configuration?Qualifier=45", "lambda")
        assert version["CodeSha256"] == "0a" * 32  # longer than that of an archive


@test("a version that fails, and code that does, leave the alias alone and exit 1")
def failing():
    with World(scenario(function(publish_state="Failed", latest=LATEST))) as world:
        run = publish(world, "--publish").end()
        assert run.code == 1 and run.events[-1]["reason"] == "VERSION_FAILED", (run.code, run.out)
        assert "version 44 was published, but nothing moved" in run.events[-1]["message"]
        assert world.alias() == ("41", {})
    with World(scenario(function(update_fails=True))) as world:
        run = publish(world, "--code", "s3://builds/42.zip").end()
        assert run.code == 1 and run.events[-1]["reason"] == "UPDATE_FAILED", (run.code, run.out)
        assert world.alias() == ("41", {}) and world.asked("/versions") == 1  # listed, not published


@test("nothing is published while a release runs or the alias is split by somebody else")
def refused():
    with World(scenario(function(latest=LATEST))) as world:
        first = world.apply("--stages", "10%/20s")
        wait_for("the first move", world.split)
        run = publish(world, "--publish").end()
        assert run.code == 5 and run.events[-1]["reason"] == "RELEASE_RUNNING", run.out
        first.process.send_signal(signal.SIGINT)
        assert first.end().code == 130
        world.act("update-alias", function="checkout", alias="production", version="41",
                  additional={"version": "43", "weight": 0.2})
        run = publish(world, "--code", bundle(world)).end()
        assert run.code == 5 and run.events[-1]["reason"] == "FOREIGN_SPLIT", run.out
        assert not [url for url in requests(world, "PUT") if url.endswith("/code")]
        versions = world.ask("GET", "/2015-03-31/functions/checkout/versions", "lambda")["Versions"]
        assert [version["Version"] for version in versions] == ["$LATEST", "41", "42", "43"]


@test("a signal while a version is awaited: nothing moved, and it says what is published")
def interrupted():
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with World(scenario(function(latest=LATEST, publish_pending="10m"))) as world:
            run = publish(world, "--publish")
            wait_for("the version", lambda: run.names().count("note") > 1)
            run.process.send_signal(number)
            run.end(15)
            assert run.code == code, (run.code, run.out)
            assert "version 44 of checkout is published, and nothing moved" in run.events[-1]["message"], run.out
            assert "--version 44" in run.events[-1]["message"]
            assert world.alias() == ("41", {}) and not of(run.events, "planned")


@test("a signal before anything is published")
def interrupted_early():
    with World(scenario(function(update_pending="10m"))) as world:
        run = world.start("apply", *CHECKOUT, *FAST, "--code", bundle(world))
        wait_for("the upload", lambda: "in progress" in run.out)
        run.process.send_signal(signal.SIGTERM)
        run.end(15)
        assert run.code == 143 and "no version of checkout was seen to be published" in run.err, (run.code, run.err)


@test("an engine that is killed while it publishes")
def engine_killed():
    with World(scenario(function(latest=LATEST, publish_pending="10m"))) as world:
        run = publish(world, "--publish")
        wait_for("the version", lambda: run.names().count("note") > 1)
        os.kill(run.engine(), signal.SIGKILL)
        run.end(20)
        assert run.code == 1 and run.events[-1]["reason"] == "ENGINE_GONE", (run.code, run.out)
        assert world.alias() == ("41", {})


# ---- check ----

def check(world, *words):
    run = world.run("check", *CHECKOUT, "--output", "json", *words)
    return run.code, json.loads(run.out)


def finding(answer, name, says=""):
    found = [f for f in answer["findings"] if f["id"] == name and says in f["text"]]
    assert found, (name, says, answer)
    return found[0]


@test("check of what is as it should be")
def good():
    with World(scenario(parameters=[{"name": "/lambda/checkout/current-version", "value": "41"}])) as world:
        was = world.state()
        code, answer = check(world, "--version", "42")
        assert code == 0 and answer["errors"] == 0 and answer["version"] == "42", answer
        assert requests(world, "DELETE") == []
        for action in ("lambda:UpdateAlias", "ssm:PutParameter", "lambda:GetAlias"):
            assert finding(answer, "PERMISSION", f"{action} is allowed")["severity"] == "ok"
        assert world.state() == was
        run = world.run("check", *CHECKOUT)
        assert run.code == 0 and run.out.startswith("checkout:production\n"), run.out
        for line in run.out.splitlines()[1:]:
            assert line[:11] in ("  ok       ", "  unknown  ", "  warning  ", "           "), line


@test("check of what would spoil a release; plan and apply heed it")
def spoiled():
    versions = [{"version": "41"}, {"version": "42", "role": "arn:aws:iam::123456789012:role/other"},
                {"version": "43", "dead_letter": "arn:aws:sqs:us-east-1:123456789012:dead"}]
    around = {"permissions": [{"principal": "apigateway.amazonaws.com"}],
              "provisioned_concurrency": [{"alias": "production", "requested": 5, "status": "READY"}],
              "event_invoke": [{"alias": "production", "retries": 1}]}
    with World(scenario(function(versions=versions, **around))) as world:
        code, answer = check(world, "--version", "42")
        assert code == 5 and answer["errors"] == 1, answer
        assert finding(answer, "ROLE_DIFFERS")["severity"] == "error" and finding(answer, "ROLE_DIFFERS")["fix"]
        assert "answers 500" in finding(answer, "INVOKE_PERMISSION")["text"]
        assert finding(answer, "CONCURRENCY")["severity"] == "warning"
        assert "after a minute" in finding(answer, "ASYNC_RETRIES")["text"]
        code, answer = check(world, "--version", "43")
        assert code == 5 and finding(answer, "DEAD_LETTER_DIFFERS"), answer
        for version, reason in (("42", "ROLE_DIFFERS"), ("43", "DEAD_LETTER_DIFFERS")):
            for words in (["plan"], ["apply"]):
                run = world.run(*words, *CHECKOUT, "--version", version, *FAST, "--output", "json")
                assert run.code == 5 and run.events[-1]["reason"] == reason, (run.code, run.out)
        assert world.alias() == ("41", {})
        run = world.run("plan", *CHECKOUT, "--version", "42", "--stages", "instant", "--output", "json")
        assert run.code == 0, run.out
        warnings = " ".join(run.events[-1]["warnings"])
        assert "provisioned concurrency" in warnings and "answers 500" in warnings, warnings


@test("check while a release runs names who drives")
def running():
    with World() as world:
        first = world.apply("--stages", "10%/20s")
        wait_for("the first move", world.split)
        code, answer = check(world, "--version", "43")
        assert code == 5 and "driven by" in finding(answer, "RELEASE_RUNNING")["text"], answer
        first.process.send_signal(signal.SIGINT)
        assert first.end().code == 130
        world.act("update-alias", function="checkout", alias="production", version="41",
                  additional={"version": "43", "weight": 0.2})
        code, answer = check(world)
        assert code == 5 and finding(answer, "FOREIGN_SPLIT"), answer


@test("a plan does without what may not be read, and says so")
def unread():
    with World() as world:
        world.fault("GetPolicy", "status", status=403, code="AccessDeniedException", message="no")
        world.fault("GetProvisionedConcurrencyConfig", "status", status=404, code="UnknownOperationException",
                    message="not here")
        run = world.run("plan", *CHECKOUT, "--version", "42", "--output", "json")
        assert run.code == 0, (run.out, run.err)
        warnings = " ".join(run.events[-1]["warnings"])
        assert "no answer to lambda:GetPolicy" in warnings, warnings
        code, answer = check(world, "--version", "42")
        denied = finding(answer, "PERMISSION_DENIED", "lambda:GetPolicy")
        assert code == 0 and denied["severity"] == "unknown" and "lambda:GetPolicy" in denied["fix"], answer
        assert world.apply("--wait", "none").end().code == 0


# ---- cleanup ----

def old(*aliases, count=14, **more):
    return function(versions=[{"version": str(i)} for i in range(1, count + 1)],
                    aliases=[{"name": "production", "version": "13"}, *aliases], **more)


def clean(world, *words):
    run = world.run("cleanup", "--function", "checkout", "--output", "json", *words)
    return run.code, run.events


def fates(events):
    found = {}
    for event in of(events, "version"):
        found.setdefault(event["fate"], []).append(int(event["version"]))
    return found


def versions_of(world):
    page = world.ask("GET", "/2015-03-31/functions/checkout/versions", "lambda")["Versions"]
    return [int(version["Version"]) for version in page[1:]]


@test("cleanup keeps what is named and the newest, deletes the rest, and the function stays")
def cleaned():
    split = {"name": "beta", "version": "2", "additional": {"version": "3", "weight": 0.5}}
    with World(scenario(old(split), parameters=[
            {"name": "/lambda/checkout/last-known-good-version", "value": "4"}])) as world:
        code, events = clean(world, "--keep", "3", "--dry-run")
        assert code == 0 and fates(events) == {"would-go": [1, *range(5, 12)], "kept": [2, 3, 4, 12, 13, 14]}, events
        assert events[-1]["deleted"] == 8 and events[-1]["dry_run"] and len(versions_of(world)) == 14
        code, events = clean(world, "--keep", "3")
        assert code == 0 and fates(events) == {"deleted": [1, *range(5, 12)], "kept": [2, 3, 4, 12, 13, 14]}, events
        assert versions_of(world) == [2, 3, 4, 12, 13, 14]
        run = world.run("cleanup", "--function", "checkout", "--keep", "0")
        assert run.code == 0 and "  14     deleted  nothing names it\n" in run.out, run.out
        assert run.out.endswith("2 versions deleted, 4 kept\n"), run.out
        assert versions_of(world) == [2, 3, 4, 13]
        deletes_versions_alone(world)


@test("cleanup keeps the ten newest unless told otherwise")
def ten():
    with World(scenario(old())) as world:
        code, events = clean(world)
        assert code == 0 and fates(events)["deleted"] == [1, 2, 3, 4], events


@test("cleanup while a release runs, and after it: its version and the one that was left stay")
def while_released():
    with World(scenario(old())) as world:
        first = world.apply("--stages", "10%/20s", version="5")
        wait_for("the first move", world.split)
        code, events = clean(world, "--keep", "0")
        assert code == 0 and fates(events)["kept"] == [5, 13], events
        assert first.process.poll() is None
        first.process.send_signal(signal.SIGINT)
        assert first.end().code == 130 and world.alias() == ("13", {})
        run = world.apply("--stages", "instant", "--retry", "--wait", "none", version="5").end()
        assert run.code == 0 and world.alias() == ("5", {}), run.out
        code, events = clean(world, "--keep", "0")
        assert code == 0 and fates(events) == {"kept": [5, 13]}, events


@test("cleanup stops at an error, says what was done, and exits 1")
def stopped():
    with World(scenario(old())) as world:
        world.fault("DeleteFunction", "status", status=403, code="AccessDeniedException", message="no", nth=2)
        code, events = clean(world, "--keep", "5")
        assert code == 1 and fates(events) == {"deleted": [1], "failed": [2]}, events
        assert "lambda:DeleteFunction" in events[-1]["message"], events
        assert "1 versions were deleted before" in events[-1]["message"], events
        assert versions_of(world) == list(range(2, 15))


@test("a signal stops a cleanup before its next deletion")
def cleanup_interrupted():
    with World(scenario(old(count=40))) as world:
        run = world.start("cleanup", "--function", "checkout", "--keep", "0", "--output", "json")
        wait_for("two deletions", lambda: run.names().count("version") >= 2)
        run.process.send_signal(signal.SIGINT)
        run.end(15)
        done = len(fates(run.events).get("deleted", []))
        assert run.code == 130 and "interrupted" in run.events[-1]["message"], run.out
        assert 40 - len(versions_of(world)) in (done, done + 1) and done < 30


@test("cleanup deletes nothing while a record cannot be read")
def bad_record():
    with World(scenario(old())) as world:
        world.act("put-parameter", name="/lambda/checkout/steelyard/other", value="hello")
        code, events = clean(world, "--keep", "0")
        assert code == 5 and events[-1]["reason"] == "BAD_RECORD", events
        assert len(versions_of(world)) == 14


@test("a standing engine serves all three")
def standing():
    with World(scenario(old(latest=LATEST))) as world:
        path = world.path("engine.sock")
        engine = world.start("engine", "--listen", f"unix:{path}")
        wait_for("the socket", lambda: pathlib.Path(path).exists())
        joined = ("--engine", f"unix:{path}")
        assert clean(world, "--keep", "12", *joined)[0] == 0
        assert check(world, "--version", "14", *joined)[0] == 0
        run = publish(world, "--publish", "--wait", "none", *joined).end()
        assert run.code == 0 and world.alias() == ("13", {"15": 0.1}), run.out
        run = world.run("rollback", *CHECKOUT, *joined)
        assert run.code == 0
        engine.process.terminate()
        assert engine.end().code == 0


if __name__ == "__main__":
    main(TESTS, 4)
