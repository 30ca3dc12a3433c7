#!/usr/bin/env python3
"""See check.py fail: tampers with good requests (a file of JSON lines) in every way it must notice.

The signature is computed anew after a change of meaning, so that each case is caught by the part
that it is for.
"""

import base64
import contextlib
import io
import json
import os
import sys
import tempfile

import check
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CREDENTIALS = Credentials(
    os.environ["AWS_ACCESS_KEY_ID"],
    os.environ["AWS_SECRET_ACCESS_KEY"],
    os.environ["AWS_SESSION_TOKEN"],
)


def sign(record):
    """Sign the record again, over the same headers."""
    old = check.AUTHORIZATION.fullmatch(record["headers"]["Authorization"])
    access_key, day, region, service, signed, signature = old.groups()
    headers = {n: v for n, v in record["headers"].items() if n.lower() in signed.split(";")}
    request = AWSRequest(
        method=record["method"],
        url=record["url"],
        headers=headers,
        data=base64.b64decode(record["body_base64"]),
    )
    request.context["timestamp"] = record["headers"]["X-Amz-Date"]
    signer = SigV4Auth(CREDENTIALS, service, region)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    record["headers"]["Authorization"] = record["headers"]["Authorization"].replace(
        signature, signer.signature(to_sign, request)
    )
    return record


def body(record, change):
    value = json.loads(base64.b64decode(record["body_base64"]))
    change(value)
    record["body_base64"] = base64.b64encode(json.dumps(value).encode()).decode()
    return sign(record)


def url(record, old, new):
    assert old in record["url"], record["url"]
    record["url"] = record["url"].replace(old, new)
    return sign(record)


def header(record, name, value):
    record["headers"][name] = value
    return record


def weights(value):
    return value["RoutingConfig"]["AdditionalVersionWeights"]


# operation, what is done to it, what the check must say
CASES = [
    ("UpdateAlias", lambda r: header(r, "X-Amz-Date", "20150830T123601Z"), "signature differs"),
    ("UpdateAlias", lambda r: r | {"method": "PATCH"}, "exactly one operation"),
    (
        "UpdateAlias",
        lambda r: r | {"body_base64": base64.b64encode(b"{}").decode()},
        "signature differs",
    ),
    ("UpdateAlias", lambda r: r | {"url": r["url"].replace("live", "dead")}, "signature differs"),
    (
        "UpdateAlias",
        lambda r: header(r, "Authorization", "Bearer x"),
        "no well-formed Authorization",
    ),
    (
        "UpdateAlias",
        lambda r: header(r, "X-Amz-Security-Token", "other"),
        "session token is another",
    ),
    (
        "UpdateAlias",
        lambda r: header(
            r, "Authorization", r["headers"]["Authorization"].replace("/lambda/", "/ssm/")
        ),
        "signed for ssm, not for lambda",
    ),
    (
        "UpdateAlias",
        lambda r: header(
            r, "Authorization", r["headers"]["Authorization"].replace("content-type;", "")
        ),
        "content-type is not signed",
    ),
    ("UpdateAlias", lambda r: body(r, lambda b: b.update(Revision="x")), "no member Revision"),
    ("UpdateAlias", lambda r: body(r, lambda b: b.update(FunctionVersion=2)), "FunctionVersion"),
    ("UpdateAlias", lambda r: body(r, lambda b: weights(b).update({"2": "0.1"})), "refuses"),
    (
        "UpdateAlias",
        lambda r: body(r, lambda b: b["RoutingConfig"].update(Weights={})),
        "no member Weights",
    ),
    ("UpdateAlias", lambda r: sign(header(r, "Content-Type", "text/plain")), "text/plain"),
    ("CreateAlias", lambda r: body(r, lambda b: b.pop("Name")), "Missing required parameter"),
    (
        "ListVersionsByFunction",
        lambda r: url(r, "MaxItems=50", "MaxItems=many"),
        "not of type integer",
    ),
    (
        "ListVersionsByFunction",
        lambda r: url(r, "MaxItems", "Maxitems"),
        "no query parameter Maxitems",
    ),
    ("ListVersionsByFunction", lambda r: url(r, "MaxItems=50", "MaxItems=50&MaxItems=51"), "twice"),
    ("GetAlias", lambda r: url(r, "/aliases/", "/alias/"), "exactly one operation"),
    ("PutParameter", lambda r: body(r, lambda b: b.update(Type="Text")), "not one of String"),
    ("PutParameter", lambda r: body(r, lambda b: b.update(Overwrite="false")), "not a boolean"),
    (
        "PutParameter",
        lambda r: sign(header(r, "X-Amz-Target", "AmazonSSM.Put")),
        "no operation Put",
    ),
    (
        "PutParameter",
        lambda r: sign(header(r, "Content-Type", "application/x-amz-json-1.0")),
        "json-1.0",
    ),
    ("PutParameter", lambda r: url(r, "amazonaws.com/", "amazonaws.com/x"), "is POST / without"),
    ("GetParameters", lambda r: body(r, lambda b: b.update(Names="x")), "refuses"),
    ("GetMetricData", lambda r: body(r, lambda b: b.update(ScanBy="Up")), "not one of"),
    (
        "GetMetricData",
        lambda r: body(r, lambda b: b["MetricDataQueries"][0]["MetricStat"].update(Period="60")),
        "not an integer",
    ),
    (
        "GetMetricData",
        lambda r: sign(r | {"body_base64": base64.b64encode(b"{").decode()}),
        "not JSON",
    ),
]


def run(lines):
    """check.py's exit code and what it printed."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        printed = io.StringIO()
        sys.argv = ["check.py", file.name]
        with contextlib.redirect_stdout(printed):
            return check.main(), printed.getvalue()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = file.read().splitlines()
    models = check.Models("")
    by_operation = {}
    for line in lines:
        operation = models.find(check.Request(line))[1].name
        by_operation.setdefault(operation, line)
    failed = 0
    for number, (operation, tamper, says) in enumerate(CASES):
        tampered = tamper(json.loads(by_operation[operation]))
        code, printed = run([json.dumps(tampered)])
        if code != 1 or says not in printed:
            failed += 1
            print(f"case {number}, {operation}: exit {code}, expected {says!r} in\n{printed}")
        if CREDENTIALS.secret_key in printed or CREDENTIALS.token in printed:
            failed += 1
            print(f"case {number}, {operation}: a secret was printed")
    for bad in ([], ["not json"], ["{}"], lines[:1] + ["[]"]):
        code, printed = run(bad)
        if code != 1:
            failed += 1
            print(f"{bad}: exit {code}\n{printed}")
    code, printed = run([json.dumps(sign(json.loads(line))) for line in lines])
    if code != 0:
        failed += 1
        print(f"signed again without a change: exit {code}\n{printed}")
    print(f"tampered: {len(CASES) + 5 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
