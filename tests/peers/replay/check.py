#!/usr/bin/env python3
"""Hold requests that Steelyard sent against botocore, AWS's own client.

Reads JSON lines {"method", "url", "headers": {}, "body_base64"} as a server saw them. For each one
- the signature is computed again by botocore's signer;
- the operation is found in botocore's service models, the parameters are parsed from path, query,
  headers and body, validated, and serialised again by botocore: what it would have sent must mean
  the same.

The credentials are those that the requests were signed with: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Exit 0: all agree; 1: a difference; 2: usage.
"""

import argparse
import base64
import datetime
import difflib
import json
import os
import re
import sys
from urllib.parse import parse_qsl, unquote, urlsplit

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator

SERVICES = ("lambda", "ssm", "cloudwatch")
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


class Difference(Exception):
    """What is wrong with a request, for people."""


def diff(what, expected, actual):
    lines = difflib.unified_diff(
        expected.splitlines(), actual.splitlines(), "botocore", "steelyard", lineterm="", n=3
    )
    return f"{what} differs\n" + "\n".join("    " + line for line in lines)


def pretty(value):
    return json.dumps(value, indent=1, sort_keys=True, default=str)


class Request:
    def __init__(self, line):
        record = json.loads(line)
        self.method = record["method"]
        self.headers = {name.lower(): value for name, value in record["headers"].items()}
        self.body = base64.b64decode(record.get("body_base64") or "", validate=True)
        url = record["url"]
        if url.startswith("/"):
            url = f"http://{self.headers.get('host', '')}{url}"
        self.url = url
        self.parts = urlsplit(url)

    def __str__(self):
        return f"{self.method} {self.url} {self.headers.get('x-amz-target', '')}".rstrip()


class Models:
    def __init__(self, prefix):
        session = botocore.session.get_session()
        self.services = {name: session.get_service_model(name) for name in SERVICES}
        self.prefix = prefix  # path of an endpoint, in front of every request's

    def find(self, request):
        """The service's and the operation's model, and the labels of a REST path."""
        target = request.headers.get("x-amz-target")
        if target:
            return self._by_target(target)
        return self._by_path(request)

    def _by_target(self, target):
        prefix, _, name = target.rpartition(".")
        for service in self.services.values():
            if service.metadata.get("targetPrefix") == prefix:
                if name not in service.operation_names:
                    raise Difference(f"{service.service_name} has no operation {name}")
                return service, service.operation_model(name), {}
        raise Difference(f"no service has the target prefix {prefix!r}")

    def _by_path(self, request):
        service = self.services["lambda"]
        path = request.parts.path
        if not path.startswith(self.prefix):
            raise Difference(f"the path does not begin with {self.prefix!r}")
        path = path[len(self.prefix) :]
        found = []
        for name in service.operation_names:
            operation = service.operation_model(name)
            labels = self._match(operation, request.method, path, request.parts.query)
            if labels is not None:
                found.append((operation, labels))
        if len(found) != 1:
            names = ", ".join(operation.name for operation, _ in found) or "none"
            raise Difference(f"exactly one operation should have this method and path: {names}")
        return service, *found[0]

    @staticmethod
    def _match(operation, method, path, query):
        template, _, literal = operation.http["requestUri"].partition("?")
        if operation.http["method"] != method:
            return None
        # "?List=ALL" of a model is part of what names the operation.
        if literal and literal not in query.split("&"):
            return None
        pattern = re.sub(
            r"\\\{(\w+)(\\\+)?\\\}",
            lambda m: f"(?P<{m[1]}>.+)" if m[2] else f"(?P<{m[1]}>[^/]+)",
            re.escape(template),
        )
        match = re.fullmatch(pattern, path)
        return None if match is None else match.groupdict()


def check_signature(request, service, credentials):
    match = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if not match:
        raise Difference("there is no well-formed Authorization header")
    access_key, day, region, name, signed, signature = match.groups()
    date = request.headers.get("x-amz-date", "")
    if access_key != credentials.access_key:
        raise Difference("the access key is another one")
    if name != service.signing_name:
        raise Difference(f"signed for {name}, not for {service.signing_name}")
    if not re.fullmatch(r"\d{8}T\d{6}Z", date) or not date.startswith(day):
        raise Difference(f"X-Amz-Date {date!r} does not belong to the scope's day {day}")
    if request.headers.get("x-amz-security-token") != credentials.token:
        raise Difference("the session token is another one, or one of the two has none")
    signed = signed.split(";")
    for header in ("host", "x-amz-date", "x-amz-security-token", "x-amz-target", "content-type"):
        if header in request.headers and header not in signed:
            raise Difference(f"the header {header} is not signed")
    theirs = AWSRequest(
        method=request.method,
        url=request.url,
        headers={header: request.headers.get(header, "") for header in signed},
        data=request.body,
    )
    theirs.context["timestamp"] = date
    signer = SigV4Auth(credentials, name, region)
    canonical = signer.canonical_request(theirs)
    expected = signer.signature(signer.string_to_sign(theirs, canonical), theirs)
    if expected != signature:
        if credentials.token:
            canonical = canonical.replace(credentials.token, "(token)")
        raise Difference(
            f"the signature differs: {signature}, botocore {expected}; its canonical request is\n"
            + "\n".join("    " + line for line in canonical.splitlines())
        )


def parse(shape, value, where):
    """A value as it stands in JSON -> as botocore's callers give it."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not shape.is_document_type:
        members = {m.serialization.get("name", n): (n, m) for n, m in shape.members.items()}
        unknown = sorted(set(value) - set(members))
        if unknown:
            raise Difference(f"{where} has no member {', '.join(unknown)}")
        return {
            members[name][0]: parse(members[name][1], item, f"{where}.{name}")
            for name, item in value.items()
        }
    if kind == "list" and isinstance(value, list):
        return [parse(shape.member, item, f"{where}[{i}]") for i, item in enumerate(value)]
    if kind == "map" and isinstance(value, dict):
        return {key: parse(shape.value, item, f"{where}.{key}") for key, item in value.items()}
    if kind == "timestamp" and type(value) in (int, float):
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    if kind == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if kind in ("integer", "long") and type(value) is not int:
        raise Difference(f"{where} is {value!r}, not an integer")
    if kind == "boolean" and type(value) is not bool:
        raise Difference(f"{where} is {value!r}, not a boolean")
    if kind == "string" and isinstance(value, str):
        enum = getattr(shape, "enum", None)
        if enum and value not in enum:
            raise Difference(f"{where} is {value!r}, not one of {', '.join(enum)}")
    return value


def parse_text(shape, text, where):
    """A value as it stands in a path, a query or a header."""
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text]
    except (ValueError, KeyError):
        raise Difference(f"{where} is {text!r}, not of type {kind}") from None
    return parse(shape, text, where)


def parse_json(request):
    def no_duplicates(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise Difference("a key stands twice in the body")
        return dict(pairs)

    try:
        return json.loads(request.body.decode("utf-8"), object_pairs_hook=no_duplicates)
    except ValueError as error:
        raise Difference(f"the body is not JSON: {error}") from None


def rest_parameters(request, operation, labels):
    shape = operation.input_shape
    members = shape.members if shape else {}
    query = parse_qsl(request.parts.query, keep_blank_values=True)
    params = {}
    in_body = {}
    for name, member in members.items():
        location = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if location == "uri":
            params[name] = parse_text(member, unquote(labels[wire]), wire)
        elif location == "querystring":
            values = [value for key, value in query if key == wire]
            query = [(key, value) for key, value in query if key != wire]
            if len(values) > 1:
                raise Difference(f"{wire} stands twice in the query")
            if values:
                params[name] = parse_text(member, values[0], wire)
        elif location == "header":
            if wire.lower() in request.headers:
                params[name] = parse_text(member, request.headers[wire.lower()], wire)
        else:
            in_body[wire] = (name, member)
    if query:
        unknown = ", ".join(key for key, _ in query)
        raise Difference(f"{operation.name} has no query parameter {unknown}")
    payload = shape.serialization.get("payload") if shape else None
    if payload:
        params[payload] = request.body
    elif request.body:
        body = parse_json(request)
        unknown = sorted(set(body) - set(in_body))
        if unknown:
            raise Difference(f"{operation.name} has no member {', '.join(unknown)}")
        for wire, value in body.items():
            name, member = in_body[wire]
            params[name] = parse(member, value, wire)
    return params


def json_parameters(request, operation, service, prefix):
    if request.method != "POST" or request.parts.path != prefix + "/" or request.parts.query:
        raise Difference(f"a {service.service_name} request is POST {prefix}/ without a query")
    return parse(operation.input_shape, parse_json(request), operation.name)


def check_serialization(request, operation, params, protocol, prefix):
    report = ParamValidator().validate(params, operation.input_shape)
    if report.has_errors():
        raise Difference(f"botocore refuses the parameters: {report.generate_report()}")
    theirs = create_serializer(protocol).serialize_to_request(params, operation)
    path, _, in_path = theirs["url_path"].partition("?")
    query = dict(parse_qsl(in_path, keep_blank_values=True))
    for name, value in dict(theirs["query_string"] or {}).items():
        query[name] = str(value).lower() if isinstance(value, bool) else str(value)
    body = theirs["body"]
    expected = {
        "method": theirs["method"],
        "path": unquote(prefix + path),
        "query": sorted(query.items()),
        "body": json.loads(body) if body else None,
        "headers": {
            name.lower(): value
            for name, value in theirs["headers"].items()
            if name.lower() != "x-amzn-query-mode"  # asks for the error codes of the old protocol
        },
    }
    actual = {
        "method": request.method,
        "path": unquote(request.parts.path),
        "query": sorted(parse_qsl(request.parts.query, keep_blank_values=True)),
        "body": parse_json(request) if request.body else None,
        "headers": {k: request.headers.get(k) for k in expected["headers"]},
    }
    if expected["body"] in (None, {}) and actual["body"] in (None, {}):
        expected["body"] = actual["body"] = None
    if expected != actual:
        raise Difference(diff(operation.name, pretty(expected), pretty(actual)))


def check(request, models, credentials):
    """The name of the operation; Difference when something is wrong."""
    service, operation, labels = models.find(request)
    check_signature(request, service, credentials)
    if service.service_name == "lambda":
        params = rest_parameters(request, operation, labels)
        protocol = "rest-json"
    else:
        params = json_parameters(request, operation, service, models.prefix)
        protocol = "json"
    check_serialization(request, operation, params, protocol, models.prefix)
    return f"{service.service_name} {operation.name}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", help="JSON lines of requests")
    parser.add_argument("--prefix", default="", help="the endpoint's path, such as /aws")
    parser.add_argument(
        "--quiet", action="store_true", help="print differences and the count alone"
    )
    arguments = parser.parse_args()
    try:
        credentials = Credentials(
            os.environ["AWS_ACCESS_KEY_ID"],
            os.environ["AWS_SECRET_ACCESS_KEY"],
            os.environ.get("AWS_SESSION_TOKEN") or None,
        )
    except KeyError as missing:
        parser.error(f"{missing.args[0]} is not set")
    models = Models(arguments.prefix)
    passed = failed = 0
    with open(arguments.file, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            request = None
            try:
                request = Request(line)
                name = check(request, models, credentials)
            except Difference as difference:
                failed += 1
                print(f"line {number}: {request}\n  {difference}")
            except (ValueError, KeyError, TypeError) as error:
                failed += 1
                print(f"line {number}: not a request as this check reads them: {error!r}")
            else:
                passed += 1
                if not arguments.quiet:
                    print(f"line {number}: {name} ok")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
