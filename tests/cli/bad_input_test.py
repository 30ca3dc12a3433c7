"""Whatever is wrong: one clear sentence, the documented exit code, nothing changed, no secret anywhere.

Every case runs twice against a sandbox of its own: as text, and as JSON with STEELYARD_LOG=debug."""

import json
import os
import re
import socket
import threading

from bad_input import FAILED, REFUSED, TESTS, USAGE, bad, check_json, check_sentence, check_text, test
from world import CHECKOUT, CONTROL, FAST, World, function, main, scenario, wait_for


def apply(*words, version="42"):
    return ["apply", *CHECKOUT, "--version", version, *FAST, *words]


# ---- the words themselves ----

bad("unknown command", "deploy", code=USAGE, says='"deploy"')
bad("control characters in the command", b"de\x1b[31m\xff", code=USAGE, says="no command")
bad("unknown flag", *apply("--force"), code=USAGE, says='"--force"')
bad("a stray word", *apply("now"), code=USAGE, says='"now"')
bad("control characters in a flag's name", *apply(b"--\x1b]0;x\x07\xc3"), code=USAGE, says="not a flag")
bad("a value for a flag without", *apply("--retry=yes"), code=USAGE, says="--retry takes no value")
for flag in ("function", "alias", "version"):
    words = [word for pair in zip(apply()[1::2], apply()[2::2]) if pair[0] != f"--{flag}" for word in pair]
    bad(f"missing --{flag}", "apply", *words, code=USAGE, says=f"--{flag} is missing")
bad("cleanup without a function", "cleanup", code=USAGE, says="--function is missing")
bad("check without an alias", "check", "--function", "checkout", code=USAGE, says="--alias is missing")
bad("rollback without a function", "rollback", "--alias", "production", code=USAGE, says="--function is missing")
bad("status without an alias", "status", "--function", "checkout", code=USAGE, says="--alias is missing")


@test("missing value")
def missing_value():
    with World() as world:
        for flag in ("--version", "--stages", "--output", "--engine", "--wait"):
            check_text(world.run("apply", *CHECKOUT, flag), flag, USAGE, f"{flag} needs a value")
        check_text(world.run("status", *CHECKOUT, "--output", "yaml"), "format", USAGE, '"yaml" is not known')
        run = world.run()
        assert run.code == USAGE and "Usage:" in run.err and run.out == ""


STRINGS = ["function", "alias", "version", "stages", "threshold", "min-invocations", "window", "lock-in", "period",
           "poll", "wait", "on-interrupt", "on-inconclusive", "fingerprint", "region", "endpoint-url", "profile", "engine",
           "output"]


@test("control characters, broken UTF-8, nothing, too much in every flag")
def strings():
    values = [b"x\x1b[31mred", b"x\ny", b"x\xff\xfe", b"x\xc2\x9bz", b"\xed\xa0\x80", b"", b"x" * 70000]
    with World() as world:
        was = world.state()
        for command, flags, more in (
                ("apply", STRINGS, apply()[1:]), ("rollback", ["reason"], CHECKOUT), ("status", ["alias"], CHECKOUT),
                ("apply", ["code", "description", "code-sha256"], [*CHECKOUT, "--publish"]),
                ("check", ["function", "alias", "version", "output", "engine"], CHECKOUT),
                ("cleanup", ["function", "keep", "output", "engine"], ["--function", "checkout"]),
                ("engine", ["listen", "region", "endpoint-url"], []),
                ("sandbox", ["scenario", "record", "port"], ["--scenario", "/dev/null"])):
            for flag in flags:
                for value in values:
                    if flag in ("region", "endpoint-url", "fingerprint", "record") and value == values[-1]:
                        continue  # long values of these are judged below, with a host that could take them
                    check_text(world.run(command, *more, f"--{flag}", value), f"{command} --{flag} {value[:20]!r}",
                               USAGE, "")
        assert world.state() == was


# ---- what a release may ask for ----

for stages, says in {
    "0%/4s": "above 0%", "100%/4s": "below 100%", "120%/4s": "is not a stage", "-10%/4s": "is not a stage",
    "50%/4s,10%/4s": "must increase", "10%/4s,10%/4s": "must increase",
    ",".join(f"{i}%/4s" for i in range(1, 12)): "more than 10", "garbage": "is not a stage", "": "is not a stage",
    "10%/4s,": "is not a stage", "10%": "is not a stage", "10%/": "is not a stage", "/4s": "is not a stage",
    "10%/0s": "stages: 0s is outside", "10%/-4s": "is not a stage", "10%/99999999999999999999m": "is not a stage",
    "10%/9223372036854775807ms": "400 days", "10%/4": "is not a stage", "10%/4 s": "is not a stage",
    "10.125%/4s": "is not a stage", "1e1%/4s": "is not a stage", "10%/4s;50%/4s": "is not a stage",
    "10%/500ms": "is outside", "nan%/4s": "is not a stage", "0x10%/4s": "is not a stage", "10%/4s/4s": "is not a stage",
}.items():
    bad(f"stages {stages[:40]!r}", *apply("--stages", stages), code=USAGE, says=says)

for words, says in {
    ("--window", "1s"): "window", ("--window", "0s"): "window", ("--window", "4"): "window",
    ("--window", "500d"): "window", ("--window", "6m"): "periods", ("--window", "-4s"): "window",
    ("--period", "2s"): "period", ("--period", "0s"): "period", ("--period", "90s", "--window", "5m"): "period",
    ("--poll", "5s"): "longer than the window", ("--poll", "0s"): "poll", ("--poll", "10ms"): "poll",
    ("--lock-in", "401d"): "lock-in", ("--lock-in", "soon"): "lock-in",
    ("--threshold", "101%"): "threshold", ("--threshold", "-1%"): "threshold", ("--threshold", "x"): "threshold",
    ("--threshold", "5.001%"): "threshold", ("--threshold", "99999999999999999999%"): "threshold",
    ("--min-invocations", "0"): "min-invocations", ("--min-invocations", "-1"): "min-invocations",
    ("--min-invocations", "1000000001"): "min-invocations", ("--min-invocations", "5.5"): "min-invocations",
    ("--wait", "forever"): "stages, lock-in, none", ("--on-interrupt", "explode"): "rollback, hold",
    ("--on-inconclusive", "ask"): "auto, proceed, pause, rollback",
    ("--version", "$LATEST"): "cannot be released", ("--version", "0"): "version number",
    ("--version", "042"): "version number", ("--version", "-1"): "version number",
    ("--version", "4x"): "version number", ("--version", "99999999999999999999999"): "version",
    ("--function", "arn:aws:lambda:us-east-1:1:function:checkout"): "not an ARN",
    ("--function", "check out"): "function name", ("--function", "../checkout"): "function name",
    ("--alias", "42"): "not digits alone", ("--alias", "a/b"): "alias name",
    ("--region", "us east 1"): "region", ("--region", "us-east-1/../x"): "region",
    ("--endpoint-url", "ftp://127.0.0.1"): "not an endpoint", ("--endpoint-url", "127.0.0.1:1"): "not an endpoint",
    ("--endpoint-url", "http://"): "not an endpoint", ("--endpoint-url", "http://127.0.0.1:99999"): "not an endpoint",
    ("--endpoint-url", "http://user:pass@127.0.0.1"): "endpoint",
    ("--engine", "tcp:127.0.0.1:1"): "no address", ("--engine", "unix:relative"): "no address",
    ("--engine", "unix:/" + "x" * 200): "no address", ("--engine", "/tmp/x.sock"): "no address",
}.items():
    bad(" ".join(words)[:50], *apply(*words), code=USAGE, says=says)


# ---- from code to version ----

HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/checkout"


def made(*words):
    return ["apply", *CHECKOUT, *FAST, *words]


for words, says in {
    (): "--version is missing: --version N, or --publish, or --code WHAT",
    ("--version", "42", "--publish"): "exclude each other",
    ("--version", "42", "--code", "s3://builds/k"): "exclude each other",
    ("--publish", "--code", "s3://builds/k"): "exclude each other",
    ("--publish=yes",): "--publish takes no value",
    ("--version", "42", "--description", "x"): "--description is of a version",
    ("--version", "42", "--code-sha256", HASH): "--code-sha256 goes with --publish alone",
    ("--code", "s3://builds/k", "--code-sha256", HASH): "--code-sha256 goes with --publish alone",
    ("--publish", "--code-sha256", "abc"): "44 characters of base64",
    ("--publish", "--code-sha256", HASH[:-1] + "A"): "44 characters of base64",
    ("--publish", "--description", "x" * 257): "at most 256",
    ("--publish", "--fingerprint", "v1-0123456789abcdef"): "--fingerprint is of a plan",
    ("--code", "/no/such/bundle.zip"): "No such file",
    ("--code", "/tmp/"): "no regular file",
    ("--code", "/dev/zero"): "no regular file",
    ("--code", "/etc/hosts"): "no zip archive",
    ("--code", "/etc/shadow/x"): "cannot be read",
    ("--code", "https://example.com/bundle.zip"): "no place that Lambda takes code from",
    ("--code", "s3://"): "no S3 bucket name", ("--code", "s3://builds"): "no key",
    ("--code", "s3://Builds_/k"): "no S3 bucket name", ("--code", "s3://builds/k?versionId="): "empty versionId",
    ("--code", "s3://builds/" + "k" * 1025): "longer than 1024",
    ("--code", IMAGE): "names no digest", ("--code", f"{IMAGE}:42"): "a tag may name another image",
    ("--code", f"{IMAGE}@sha256:abc"): "64 hexadecimal digits",
    ("--code", f"{IMAGE}:42@sha256:{'0' * 64}"): "no tag",
    ("--code", f"{IMAGE}@sha256:{'0' * 64}/../x"): "64 hexadecimal digits",
    ("--publish", "--stages", "garbage"): "is not a stage",
    ("--publish", "--function", "a b"): "function name",
}.items():
    bad(("code: " + " ".join(words))[:50], *made(*words), code=USAGE, says=says)

for words in (["--publish"], ["--code", "s3://builds/k"], ["--description", "x"], ["--code-sha256", HASH]):
    bad(f"a saved plan and {words[0]}", "apply", "--plan", "/etc/hosts", *words, code=USAGE, says="exclude each other")
bad("a plan of what is not published yet", "plan", *CHECKOUT, "--publish", code=USAGE, says="plan with --version N")
bad("a plan of code", "plan", *CHECKOUT, "--code=s3://builds/k", code=USAGE, says="plan takes no --code")
bad("other code in $LATEST", *made("--publish", "--code-sha256", HASH), code=REFUSED, says="nothing was published")
bad("publishing an unknown function", *made("--publish", "--function", "nope"), code=REFUSED, says="nope")
for operation, words in (("PublishVersion", ["--publish"]), ("UpdateFunctionCode", ["--code", "s3://builds/k"])):
    bad(f"{operation} 403", *made(*words), code=FAILED, says=f"lambda:{operation}",
        faults=[{"operation": operation, "kind": "status", "status": 403, "code": "AccessDeniedException",
                 "message": "no"}])
    bad(f"{operation} 400", *made(*words), code=REFUSED, says="no such thing",
        faults=[{"operation": operation, "kind": "status", "status": 400, "code": "InvalidParameterValueException",
                 "message": "no such thing"}])
    bad(f"{operation} answers garbage", *made(*words), code=FAILED, says="", faults=[{"operation": operation, "kind": "garbage"}])


@test("an archive that is larger than Lambda takes directly")
def large():
    with World() as world:
        path = world.path("large.zip")
        with open(path, "wb") as archive:
            archive.truncate(50 * 1024 * 1024 + 1)  # sparse: it takes no room
        check_text(world.run(*made("--code", path)), "large", USAGE, "50 MB")
        check_json(world.run(*made("--code", path, "--output", "json")), "large", USAGE, "s3://bucket/key")
        assert world.asked("/code") == 0


# ---- check and cleanup ----

for words, says in {
    ("check", *CHECKOUT, "--version", "4x"): "version number",
    ("check", *CHECKOUT, "--publish"): '"--publish" is not a flag of check',
    ("cleanup", "--function", "checkout", "--alias", "production"): '"--alias" is not a flag of cleanup',
    ("cleanup", "--function", "checkout", "--keep", "-1"): "keep",
    ("cleanup", "--function", "checkout", "--keep", "10001"): "keep",
    ("cleanup", "--function", "checkout", "--keep", "1.5"): "keep",
    ("cleanup", "--function", "checkout", "--keep", ""): "keep",
    ("cleanup", "--function", "checkout", "--dry-run=yes"): "--dry-run takes no value",
    ("cleanup", "--function", "checkout:1"): "function name",
    ("cleanup", "--function", ""): "function",
}.items():
    bad(" ".join(words)[:60], *words, code=USAGE, says=says)
bad("check of an unknown function", "check", "--function", "nope", "--alias", "production", code=REFUSED, says="nope")
bad("cleanup of an unknown function", "cleanup", "--function", "nope", code=REFUSED, says="nope")
for operation in ("ListVersionsByFunction", "ListAliases", "GetParametersByPath"):
    bad(f"cleanup, {operation} 403", "cleanup", "--function", "checkout", "--keep", "0", code=FAILED, says=operation,
        faults=[{"operation": operation, "kind": "status", "status": 403, "code": "AccessDeniedException",
                 "message": "no"}])
    bad(f"cleanup, {operation} answers garbage", "cleanup", "--function", "checkout", "--keep", "0", code=FAILED,
        says="", faults=[{"operation": operation, "kind": "garbage"}])

bad("an engine that is not there", *apply("--engine", "unix:/tmp/steelyard-none.sock"), code=FAILED,
    says="steelyard engine --listen")
bad("an engine that is a file", *apply("--engine", "unix:/etc/hosts"), code=FAILED, says="no engine serves")
bad("a region for a standing engine", *apply("--engine", "unix:/tmp/x.sock", "--region", "eu-west-1"), code=USAGE,
    says="exclude each other")
bad("nobody at the endpoint", *apply("--endpoint-url", "http://127.0.0.1:1"), code=FAILED, says="127.0.0.1:1")


# ---- what AWS knows better ----

bad("unknown function", *apply("--function", "nope"), code=REFUSED, says="function nope does not exist")
bad("unknown function, status", "status", "--function", "nope", "--alias", "production", code=REFUSED, says="nope")
bad("unknown function, rollback", "rollback", "--function", "nope", "--alias", "production", code=REFUSED, says="nope")
bad("unknown alias, rollback", "rollback", "--function", "checkout", "--alias", "staging", code=REFUSED,
    says="no alias staging")
bad("no release to roll back", "rollback", *CHECKOUT, code=REFUSED, says="no baseline")
bad("unknown version", *apply("--version", "77"), code=REFUSED, says="77")
bad("stale fingerprint", *apply("--fingerprint", "v1-0123456789abcdef"), code=REFUSED, says="plan is stale")
bad("a fingerprint that is none", *apply("--fingerprint", "yes"), code=REFUSED, says="plan is stale")
bad("a split that is not ours", *apply(), code=REFUSED, says="production",
    before=lambda world: world.act("update-alias", function="checkout", alias="production", version="41",
                                   additional={"version": "43", "weight": 0.2}))
bad("a version that failed to start", *apply(), code=REFUSED, says="42", what=scenario(function(versions=[
    {"version": "41"}, {"version": "42", "state": "Failed"}])))
bad("a wrong access key", *apply(), code=FAILED, says="AWS_ACCESS_KEY_ID", what=scenario(access_key="AKIDSOMEBODYELSE"))

for name, env, says in (
        ("no access key", {"AWS_ACCESS_KEY_ID": None}, "AWS_ACCESS_KEY_ID is not set"),
        ("no secret", {"AWS_SECRET_ACCESS_KEY": None}, "AWS_SECRET_ACCESS_KEY is not set"),
        ("no credentials", {"AWS_SECRET_ACCESS_KEY": None, "AWS_ACCESS_KEY_ID": None}, "are not set"),
        ("empty credentials", {"AWS_SECRET_ACCESS_KEY": "", "AWS_ACCESS_KEY_ID": ""}, "are not set"),
        ("control characters in the key", {"AWS_ACCESS_KEY_ID": "AKID\x1b[31m"}, "at byte 5"),
        ("a line end in the secret", {"AWS_SECRET_ACCESS_KEY": "s3cr3t\r\nX-Evil: 1"}, "at byte 7"),
        ("broken UTF-8 in the token", {"AWS_SESSION_TOKEN": b"tok\xff"}, "at byte 4"),
        ("a file as the secret", {"AWS_SECRET_ACCESS_KEY": "x" * 5000}, "5000 bytes")):
    bad(name, *apply(), code=FAILED, says=says, env=env)
bad("a profile that is not there", *apply("--profile", "gone"), code=USAGE, says='profile: "gone" is neither in')
bad("a profile that is not there, of a variable", *apply(), code=USAGE, says='profile: "gone" is neither in', env={"AWS_PROFILE": "gone"})
bad("a profile for a standing engine", "status", *CHECKOUT, "--profile", "x", "--engine", "unix:/nowhere", code=USAGE,
    says="--profile and --engine exclude each other")
bad("a token without its role", *apply(), code=FAILED, says="AWS_ROLE_ARN", env={
    "AWS_ACCESS_KEY_ID": None, "STEELYARD_WEB_IDENTITY_TOKEN": "t"})
bad("a role that is no ARN", *apply(), code=USAGE, says='AWS_ROLE_ARN: "deploy" is not the ARN of a role', env={
    "AWS_ACCESS_KEY_ID": None, "STEELYARD_WEB_IDENTITY_TOKEN": "t", "AWS_ROLE_ARN": "deploy"})
bad("a token file that is not there", *apply(), code=FAILED, says="AWS_WEB_IDENTITY_TOKEN_FILE", env={
    "AWS_ACCESS_KEY_ID": None, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"})
bad("a container's endpoint elsewhere", *apply(), code=USAGE, says="192.0.2.1", env={
    "AWS_ACCESS_KEY_ID": None, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/"})
bad("a container's endpoint that refuses", *apply(), code=FAILED, says="AWS_CONTAINER_CREDENTIALS_FULL_URI", env={
    "AWS_ACCESS_KEY_ID": None, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"}, seconds=20)
bad("credentials that have ended", *apply(), code=FAILED, says="AWS_CREDENTIAL_EXPIRATION", env={
    "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"})
bad("no region", *apply(), code=USAGE, says="AWS_REGION", env={"AWS_REGION": None})
bad("control characters in AWS_REGION", *apply(), code=USAGE, says="region", env={"AWS_REGION": "us\x1b[1m"})


# ---- AWS does not do what is asked ----

READS = ("GetAlias", "GetFunctionConfiguration", "GetParameters")


def status(operation, code, name, message="no reason given"):
    return {"operation": operation, "kind": "status", "status": code, "code": name, "message": message}


for operation in READS:
    bad(f"{operation} 403", *apply(), code=FAILED, says=operation,
        faults=[status(operation, 403 if operation != "GetParameters" else 400, "AccessDeniedException")])
    bad(f"{operation} 503", *apply(), code=FAILED, says=operation,
        faults=[status(operation, 503, "ServiceUnavailable")])
    bad(f"{operation} cut", *apply(), code=FAILED, says=operation, faults=[{"operation": operation, "kind": "cut"}])
    bad(f"{operation} garbage", *apply(), code=FAILED, says="",
        faults=[{"operation": operation, "kind": "garbage"}])
    bad(f"{operation} answers 64 MB, the most that the sandbox gives", *apply(), code=FAILED, says="",
        faults=[{"operation": operation, "kind": "huge", "size": 64 * 1024 * 1024}])
bad("GetAlias 409", *apply(), code=REFUSED, says="GetAlias", faults=[status("GetAlias", 409, "ResourceConflictException")])
bad("GetAlias throttled for good", *apply(), code=FAILED, says="GetAlias", texts=False, seconds=60,
    faults=[{"operation": "GetAlias", "kind": "throttle"}])


def lies(name, answer, code, says):
    """Something that is no AWS at the endpoint: this one answer to everything."""

    @test(f"the endpoint answers {name}")
    def run():
        with World() as world, socket.create_server(("127.0.0.1", 0)) as server:
            was = world.state()
            threading.Thread(target=serve, args=(server, answer), daemon=True).start()
            address = f"http://127.0.0.1:{server.getsockname()[1]}"
            check_text(world.run(*apply("--endpoint-url", address)), name, code, says)
            check_json(world.run(*apply("--endpoint-url", address, "--output", "json"), env={"STEELYARD_LOG": "debug"}),
                       name, code, says)
            server.shutdown(socket.SHUT_RDWR)
            assert world.state() == was


def serve(server, answer):
    while True:
        try:
            peer = server.accept()[0]
        except OSError:
            return
        threading.Thread(target=serve_one, args=(peer, answer), daemon=True).start()


def serve_one(peer, answer):
    with peer:
        try:
            peer.recv(65536)
            for _ in range(1 if len(answer) < 100000 else 100 * 1024 * 1024 // len(answer)):
                peer.sendall(answer)
        except OSError:
            pass  # hung up on, as it should be


def http(status, body, headers=b"", length=None):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (
        status, len(body) if length is None else length, headers, body)


HTML = b"<!DOCTYPE html><html><body>\x1b[31mWelcome\x9b to the airport's Wi-Fi</body></html>"
lies("HTML", http(b"200 OK", HTML, b"Content-Type: text/html\r\n"), FAILED, "")
lies("HTML and 404", http(b"404 Not Found", HTML), FAILED, "127.0.0.1")
lies("HTML and 502", http(b"502 Bad Gateway", HTML), FAILED, "127.0.0.1")
lies("a redirect", http(b"302 Found", b"", b"Location: http://127.0.0.1:1/\r\n"), FAILED, "127.0.0.1")
lies("control characters in an error", http(
    b"403 Forbidden", b'{"Message":"\\u001b[31mno\\u0000 \x9b entry","Type":"User"}',
    b"x-amzn-ErrorType: Access\x1bDenied\r\n"), FAILED, "GetAlias")
lies("less than it promised", http(b"200 OK", b'{"FunctionVersion"', length=500), FAILED, "")
lies("no HTTP", b"220 mail.example.com ESMTP\r\n", FAILED, "127.0.0.1")
lies("nothing", b"", FAILED, "127.0.0.1")
lies("100 MB of headers", b"X-Header: " + b"a" * 99988 + b"\r\n", FAILED, "")
lies("100 MB without end", http(b"200 OK", b" " * 100000, length=100 << 20), FAILED, "")
lies("chunks of garbage", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n", FAILED, "")


def failed_write(operation, fault, says):
    """The alias is as it was, exit 1; records of what was tried may be there."""

    @test(f"{operation} {fault['kind']} {fault.get('status', '')}")
    def run():
        with World() as world:
            was = world.alias()
            world.act("add-fault", fault=dict(fault, operation=operation))
            run = world.apply(env={"STEELYARD_LOG": "debug"}).end()
            world.act("clear-faults")
            last = run.events[-1]
            text = last.get("text") or last.get("message")
            assert run.code in (FAILED, REFUSED), (run.code, last)
            check_sentence(text, operation, says)
            assert world.alias() == was, world.alias()
            again = world.apply("--wait", "none").end()
            assert again.code == 0, again.out


failed_write("PutParameter", {"kind": "status", "status": 400, "code": "AccessDeniedException",
                              "message": "not authorized"}, "ssm:PutParameter")
failed_write("UpdateAlias", {"kind": "status", "status": 403, "code": "AccessDeniedException",
                             "message": "not authorized"}, "lambda:UpdateAlias")
failed_write("UpdateAlias", {"kind": "status", "status": 404, "code": "ResourceNotFoundException",
                             "message": "gone"}, "")
failed_write("UpdateAlias", {"kind": "status", "status": 400, "code": "InvalidParameterValueException",
                             "message": "no such routing"}, "")


@test("a 412 that is only a changed revision does not end a release")
def stale_revision():
    with World() as world:
        world.fault("UpdateAlias", "status", status=412, code="PreconditionFailedException",
                    message="The RevisionId provided does not match", nth=1)
        run = world.apply("--wait", "none").end()
        assert run.code == 0 and world.alias() == ("41", {"42": 0.1}), (run.out, world.alias())


@test("telemetry that may not be read never promotes")
def no_telemetry():
    with World() as world:
        world.act("add-fault", fault=status("GetMetricData", 403, "AccessDeniedException", "not authorized"))
        run = world.apply().end()
        assert run.code != 0 and world.alias() == ("41", {}), (run.code, run.out, world.alias())
        assert "cloudwatch:GetMetricData" in run.out, run.out


@test("an answer without end")
def endless():
    return "an attempt may take 15 s and there are three: bounded, but longer than this suite has"


# ---- the store holds nonsense ----

RECORD, LOCK = "/lambda/checkout/steelyard/production", "/lambda/checkout/steelyard/production/lock"
for name, value in {
    "no JSON": "hello", "an empty object": "{}", "a list": "[]", "null": "null",
    "a newer version's": '{"format": 99, "release_id": "x"}', "controls": "\x1b[31m{", "deep": "[" * 2000,
}.items():
    bad(f"the record is {name}", *apply(), code=FAILED if name == "never" else REFUSED, says="steelyard/production",
        before=lambda world, value=value: world.act("put-parameter", name=RECORD, value=value))


@test("nonsense in the four parameters stops nothing")
def mirror_nonsense():
    with World() as world:
        for name in ("current-version", "previous-version", "last-known-good-version", "deployment-timestamp"):
            world.act("put-parameter", name=f"/lambda/checkout/{name}", value="\x1b[31m-1; rm -rf /")
        run = world.run("status", *CHECKOUT)
        assert run.code in (0, FAILED, REFUSED) and not CONTROL.search(run.out + run.err), (run.out, run.err)
        run = world.run("status", *CHECKOUT, "--output", "json")
        assert not CONTROL.search(run.out + run.err), (run.out, run.err)
        run = world.apply("--wait", "none").end()
        assert run.code == 0 and world.split(), run.out


@test("a second release while one runs")
def second_release():
    with World() as world:
        first = world.apply("--stages", "10%/5s")
        wait_for("the first move", world.split)
        for version in ("43", "42"):
            check_text(world.run(*apply(version=version)), "second", REFUSED, "checkout")
            check_json(world.run(*apply("--output", "json", version=version)), "second", REFUSED, "checkout")
        assert world.alias() == ("41", {"42": 0.1})
        assert first.end().code == 0 and world.alias() == ("42", {}), (first.out, first.err)


@test("a standing engine's address")
def listen():
    with World() as world:
        for address, says in (("unix:/etc/hosts", "is no socket"), ("unix:/" + "x" * 150, "at most"),
                              ("unix:/no/such/folder/x", "No such file"), ("tcp:1", "no address"),
                              ("unix:relative", "no address"), ("unix:/", ""), (f"unix:{world.directory}", "")):
            check_text(world.run("engine", "--listen", address), address, USAGE, says)
        check_text(world.run("engine"), "engine", REFUSED, "--listen")
        check_json(world.run("engine", "--output", "json"), "engine", REFUSED, "--listen")
        check_json(world.run("sandbox", "--scenario", "/no/such/file", "--output", "json"), "sandbox", USAGE,
                   "/no/such/file")
        path = world.path("engine.sock")
        engine = world.start("engine", "--listen", f"unix:{path}")
        wait_for("the socket", lambda: os.path.exists(path))
        check_text(world.run("engine", "--listen", f"unix:{path}"), "twice", REFUSED, "serves on")
        engine.process.terminate()
        assert engine.end().code == 0 and not os.path.exists(path)


if __name__ == "__main__":
    main(TESTS, 4)
