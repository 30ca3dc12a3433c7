"""AWS's own clients against the served sandbox: every operation it offers, called and checked."""

import base64
import datetime
import hashlib
import http.client
import io
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import zipfile

import boto3
import botocore.config
import botocore.exceptions
import botocore.model

HERE = pathlib.Path(__file__).parent
SERVER = None
URL = None
RECORD = None
CONFIG = botocore.config.Config(retries={"max_attempts": 3, "mode": "standard"})
KEYS = {"aws_access_key_id": "AKIDSANDBOX", "aws_secret_access_key": "secret"}


def client(service, **keys):
    return boto3.client(service, endpoint_url=URL, region_name="us-east-1", config=CONFIG,
                        **(keys or KEYS))


def aws(*arguments, check=True):
    """The AWS CLI's answer as JSON, or its error text."""
    environment = {"PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "AKIDSANDBOX",
                   "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
                   "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                   "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(RECORD.parent)}
    done = subprocess.run(["/usr/bin/aws", "--output", "json", "--endpoint-url", URL, *arguments],
                          env=environment, capture_output=True, text=True, timeout=60, check=False)
    if not check:
        return done.returncode, done.stderr
    if done.returncode:
        raise AssertionError(f"aws {arguments}: {done.stderr}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def query(identity, metric, dimensions, stat="Sum", period=60):
    return {"Id": identity, "MetricStat": {
        "Metric": {"Namespace": "AWS/Lambda", "MetricName": metric,
                   "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()]},
        "Period": period, "Stat": stat}}


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders@sha256:" + "0a" * 32
FULL = {"FunctionName": "checkout", "Resource": "checkout:split", "ExecutedVersion": "42"}


class Case(unittest.TestCase):
    def refused(self, code, status, call, *values, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*values, **arguments)
        response = caught.exception.response
        self.assertEqual(response["Error"]["Code"], code)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status)
        self.assertTrue(response["ResponseMetadata"]["RequestId"])
        return response["Error"]["Message"]


class Lambda(Case):
    def setUp(self):
        self.api = client("lambda")

    def test_alias_life(self):
        made = self.api.create_alias(FunctionName="checkout", Name="life", FunctionVersion="41")
        first = made["RevisionId"]
        moved = self.api.update_alias(
            FunctionName="checkout", Name="life", RevisionId=first,
            RoutingConfig={"AdditionalVersionWeights": {"42": 0.1}})
        self.assertEqual(moved["RoutingConfig"], {"AdditionalVersionWeights": {"42": 0.1}})
        self.refused("PreconditionFailedException", 412, self.api.update_alias,
                     FunctionName="checkout", Name="life", RevisionId=first, FunctionVersion="42")
        back = self.api.update_alias(
            FunctionName="checkout", Name="life", RevisionId=moved["RevisionId"],
            FunctionVersion="41", RoutingConfig={"AdditionalVersionWeights": {}})
        self.assertNotIn("RoutingConfig", back)
        got = self.api.get_alias(FunctionName="checkout", Name="life")
        self.assertEqual(got["RevisionId"], back["RevisionId"])
        self.refused("ResourceConflictException", 409, self.api.create_alias,
                     FunctionName="checkout", Name="life", FunctionVersion="41")
        self.api.delete_alias(FunctionName="checkout", Name="life")
        message = self.refused("ResourceNotFoundException", 404, self.api.get_alias,
                               FunctionName="checkout", Name="life")
        self.assertEqual(message, "Cannot find alias arn: arn:aws:lambda:us-east-1:123456789012:"
                                  "function:checkout:life")

    def test_alias_refusals(self):
        def update(**arguments):
            return self.api.update_alias(FunctionName="checkout", Name="production", **arguments)

        self.refused("ResourceNotFoundException", 404, update, FunctionVersion="99")
        for weights, code, status in (({"41": 0.1}, "InvalidParameterValueException", 400),
                                      ({"99": 0.1}, "ResourceNotFoundException", 404),
                                      ({"42": 1.5}, "ValidationException", 400)):
            self.refused(code, status, update,
                         RoutingConfig={"AdditionalVersionWeights": weights})
        self.refused("ResourceNotFoundException", 404, self.api.get_alias, FunctionName="nope",
                     Name="production")

    def test_configuration(self):
        got = self.api.get_function_configuration(FunctionName="checkout", Qualifier="41")
        self.assertEqual((got["Version"], got["State"]), ("41", "Active"))
        got = self.api.get_function_configuration(FunctionName=got["FunctionArn"][:-3],
                                                  Qualifier="43")
        self.assertEqual((got["Version"], got["State"]), ("43", "Pending"))
        self.assertEqual(
            self.api.get_function(FunctionName="checkout")["Configuration"]["Version"], "$LATEST")

    def test_pages(self):
        pages = self.api.get_paginator("list_versions_by_function").paginate(
            FunctionName="checkout", PaginationConfig={"PageSize": 2})
        versions = [v["Version"] for page in pages for v in page["Versions"]]
        self.assertEqual(versions[:4], ["$LATEST", "41", "42", "43"])

    def test_retries_reach_the_answer(self):
        """The first call is throttled, the second one cut: the SDK's third try is answered."""
        names = [a["Name"] for a in self.api.list_aliases(FunctionName="checkout")["Aliases"]]
        self.assertIn("production", names)

    def test_publish_and_delete(self):
        same = self.api.publish_version(FunctionName="checkout")
        act({"do": "update-code", "function": "checkout", "error_rate": 0})
        new = self.api.publish_version(FunctionName="checkout", Description="new")
        self.assertEqual(int(new["Version"]), int(same["Version"]) + 1)
        self.assertEqual(self.api.publish_version(FunctionName="checkout")["Version"],
                         new["Version"])
        self.refused("InvalidParameterValueException", 400, self.api.publish_version,
                     FunctionName="checkout", CodeSha256="x")
        self.api.delete_function(FunctionName="checkout", Qualifier=new["Version"])
        self.api.delete_function(FunctionName="checkout", Qualifier=new["Version"])
        self.refused("ResourceConflictException", 409, self.api.delete_function,
                     FunctionName="checkout", Qualifier="41")

    def test_invoke(self):
        seen = set()
        for _ in range(40):
            got = self.api.invoke(FunctionName="checkout", Qualifier="split", Payload=b"{}")
            self.assertEqual(got["StatusCode"], 200)
            self.assertEqual("FunctionError" in got, got["ExecutedVersion"] == "42")
            json.loads(got["Payload"].read())
            seen.add(got["ExecutedVersion"])
        self.assertEqual(seen, {"41", "42"})
        got = self.api.invoke(FunctionName="checkout", Qualifier="41", InvocationType="Event")
        self.assertEqual(got["StatusCode"], 202)

    def test_code_to_version(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as bundle:
            bundle.writestr("app.py", "def handler(event, context): return event")
        before = self.api.get_function_configuration(FunctionName="orders")
        got = self.api.update_function_code(FunctionName="orders", ZipFile=archive.getvalue(),
                                            RevisionId=before["RevisionId"])
        digest = base64.b64encode(hashlib.sha256(archive.getvalue()).digest()).decode()
        self.assertEqual((got["CodeSha256"], got["LastUpdateStatus"]), (digest, "InProgress"))
        self.refused("ResourceConflictException", 409, self.api.publish_version,
                     FunctionName="orders")
        self.api.get_waiter("function_updated_v2").wait(FunctionName="orders",
                                                        WaiterConfig={"Delay": 1, "MaxAttempts": 9})
        self.refused("PreconditionFailedException", 412, self.api.update_function_code,
                     FunctionName="orders", S3Bucket="builds", S3Key="k",
                     RevisionId=before["RevisionId"])
        self.refused("InvalidParameterValueException", 400, self.api.update_function_code,
                     FunctionName="orders", ZipFile=b"#!/bin/sh")
        new = self.api.publish_version(FunctionName="orders", CodeSha256=digest)
        self.assertEqual((new["State"], new["SnapStart"]["OptimizationStatus"]), ("Pending", "Off"))
        self.assertIn("TargetArn", new["DeadLetterConfig"])
        self.api.get_waiter("published_version_active").wait(
            FunctionName="orders", Qualifier=new["Version"],
            WaiterConfig={"Delay": 1, "MaxAttempts": 9})
        got = self.api.update_function_code(FunctionName="orders", ImageUri=IMAGE)
        self.assertEqual(got["CodeSha256"], IMAGE[-64:])
        self.api.get_waiter("function_updated_v2").wait(FunctionName="orders",
                                                        WaiterConfig={"Delay": 1, "MaxAttempts": 9})
        self.api.delete_function(FunctionName="orders", Qualifier=new["Version"])
        self.assertIn("one of the whole function", self.refused(
            "InvalidParameterValueException", 400, self.api.delete_function, FunctionName="orders"))

    def test_what_stands_around(self):
        own = json.loads(self.api.get_policy(FunctionName="orders")["Policy"])
        self.assertEqual([s["Principal"]["Service"] for s in own["Statement"]],
                         ["apigateway.amazonaws.com"])
        of_alias = json.loads(self.api.get_policy(FunctionName="orders", Qualifier="live")["Policy"])
        self.assertEqual(of_alias["Statement"][0]["Action"], "lambda:InvokeFunction")
        self.refused("ResourceNotFoundException", 404, self.api.get_policy, FunctionName="checkout")
        held = self.api.get_provisioned_concurrency_config(FunctionName="orders", Qualifier="live")
        self.assertEqual((held["Status"], held["RequestedProvisionedConcurrentExecutions"],
                          held["AvailableProvisionedConcurrentExecutions"]), ("IN_PROGRESS", 5, 0))
        self.refused("ProvisionedConcurrencyConfigNotFoundException", 404,
                     self.api.get_provisioned_concurrency_config, FunctionName="checkout",
                     Qualifier="production")
        rules = self.api.get_function_event_invoke_config(FunctionName="orders", Qualifier="live")
        self.assertEqual(rules["MaximumRetryAttempts"], 1)
        self.assertIsInstance(rules["LastModified"], datetime.datetime)
        self.refused("ResourceNotFoundException", 404, self.api.get_function_event_invoke_config,
                     FunctionName="checkout")
        self.refused("InvalidParameterValueException", 400, self.api.update_alias,
                     FunctionName="orders", Name="live",
                     RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})

    def test_keys(self):
        stranger = client("lambda", aws_access_key_id="AKIDOTHER", aws_secret_access_key="x")
        self.refused("UnrecognizedClientException", 403, stranger.get_alias,
                     FunctionName="checkout", Name="production")
        abroad = boto3.client("lambda", endpoint_url=URL, region_name="eu-west-1", config=CONFIG,
                              **KEYS)
        self.refused("InvalidSignatureException", 403, abroad.get_alias, FunctionName="checkout",
                     Name="production")


class Ssm(Case):
    def setUp(self):
        self.api = client("ssm")

    def test_life(self):
        put = self.api.put_parameter(Name="/t/life", Value="1", Type="String", Overwrite=False)
        self.assertEqual(put["Version"], 1)
        self.refused("ParameterAlreadyExists", 400, self.api.put_parameter, Name="/t/life",
                     Value="2", Type="String", Overwrite=False)
        self.assertEqual(
            self.api.put_parameter(Name="/t/life", Value="2", Overwrite=True)["Version"], 2)
        self.assertEqual(self.api.get_parameter(Name="/t/life")["Parameter"]["Value"], "2")
        old = self.api.get_parameter(Name="/t/life:1")["Parameter"]
        self.assertEqual((old["Value"], old["Version"], old["Selector"]), ("1", 1, ":1"))
        self.assertIsInstance(old["LastModifiedDate"], datetime.datetime)
        self.refused("ParameterVersionNotFound", 400, self.api.get_parameter, Name="/t/life:9")
        history = self.api.get_parameter_history(Name="/t/life")["Parameters"]
        self.assertEqual([(p["Version"], p["Value"]) for p in history], [(1, "1"), (2, "2")])
        many = self.api.get_parameters(Names=["/t/life", "/t/none"])
        self.assertEqual(many["Parameters"][0]["Value"], "2")
        self.assertEqual(many["InvalidParameters"], ["/t/none"])
        self.api.delete_parameter(Name="/t/life")
        self.refused("ParameterNotFound", 400, self.api.get_parameter, Name="/t/life")
        self.refused("ParameterNotFound", 400, self.api.delete_parameter, Name="/t/life")

    def test_limits(self):
        self.api.put_parameter(Name="/t/big", Value="x" * 4096, Type="String")
        self.refused("ValidationException", 400, self.api.put_parameter, Name="/t/big",
                     Value="x" * 4097, Type="String", Overwrite=True)
        self.refused("ValidationException", 400, self.api.put_parameter, Name="/t/typeless",
                     Value="x")

    def test_paths_and_a_lost_answer(self):
        for name in "abc":
            self.api.put_parameter(Name=f"/path/{name}", Value=name, Type="String")
        pages = self.api.get_paginator("get_parameters_by_path").paginate(
            Path="/path", PaginationConfig={"PageSize": 2})
        names = [p["Name"] for page in pages for p in page["Parameters"]]
        self.assertEqual(names, ["/path/a", "/path/b", "/path/c"])
        # The first answer is lost, though not the effect: the retry finds nothing to delete.
        gone = self.api.delete_parameters(Names=["/path/a"])
        self.assertEqual(gone["InvalidParameters"], ["/path/a"])


class CloudWatch(Case):
    """boto3 speaks JSON 1.0 here."""

    def setUp(self):
        self.api = client("cloudwatch")
        # Old enough that all of it can be seen, however often one looks.
        self.end = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=5)
        self.start = self.end - datetime.timedelta(minutes=5)

    def ask(self, *queries, **more):
        return self.api.get_metric_data(MetricDataQueries=list(queries), StartTime=self.start,
                                        EndTime=self.end, **more)

    def test_counts(self):
        got = self.ask(query("n", "Invocations", FULL), query("e", "Errors", FULL))
        n, e = got["MetricDataResults"]
        self.assertEqual((n["Id"], n["StatusCode"]), ("n", "Complete"))
        self.assertEqual(n["Values"], e["Values"])
        self.assertGreater(sum(n["Values"]), 4 * 60 * 20 / 2)
        self.assertEqual(n["Timestamps"], sorted(n["Timestamps"], reverse=True))
        self.assertEqual({t.second for t in n["Timestamps"]}, {0})

    def test_the_patterns_dimensions_are_empty(self):
        got = self.ask(query("n", "Invocations", {"FunctionName": "checkout",
                                                  "ExecutedVersion": "42"}))
        result = got["MetricDataResults"][0]
        self.assertEqual((result["Values"], result["StatusCode"]), ([], "Complete"))

    def test_pages(self):
        queries = [query("n", "Invocations", FULL, period=1), query("e", "Errors", FULL, period=1)]
        whole = self.ask(*queries, ScanBy="TimestampAscending")
        paged = self.api.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=self.start, EndTime=self.end,
            ScanBy="TimestampAscending", PaginationConfig={"PageSize": 100})
        values = {"n": [], "e": []}
        pages = 0
        for page in paged:
            pages += 1
            for result in page["MetricDataResults"]:
                values[result["Id"]] += result["Values"]
        self.assertGreater(pages, 4)
        for result in whole["MetricDataResults"]:
            self.assertEqual(values[result["Id"]], result["Values"])

    def test_refusals(self):
        self.refused("ValidationError", 400, self.ask,
                     *[query(f"q{i}", "Errors", FULL) for i in range(501)])
        self.refused("ValidationError", 400, self.ask, query("q", "Errors", FULL),
                     query("q", "Errors", FULL))
        self.refused("ValidationError", 400, self.ask, query("q", "Errors", FULL, period=7))

    def test_statistics(self):
        got = self.api.get_metric_statistics(
            Namespace="AWS/Lambda", MetricName="Errors", StartTime=self.start, EndTime=self.end,
            Period=60, Statistics=["Sum", "SampleCount", "Average"],
            Dimensions=[{"Name": k, "Value": v} for k, v in FULL.items()])
        self.assertGreaterEqual(len(got["Datapoints"]), 4)
        for point in got["Datapoints"]:
            self.assertEqual((point["Sum"], point["Average"]), (point["SampleCount"], 1.0))


class CloudWatchCbor(CloudWatch):
    """The same over Smithy RPC v2, which other SDKs prefer and boto3 can speak."""

    def setUp(self):
        super().setUp()
        protocols = ("smithy-rpc-v2-cbor", "json", "rest-json", "query")
        with unittest.mock.patch.object(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS",
                                        protocols):
            self.api = client("cloudwatch")


class Cli(unittest.TestCase):
    def test_lambda(self):
        alias = aws("lambda", "create-alias", "--function-name", "checkout", "--name", "cli",
                    "--function-version", "41")
        moved = aws("lambda", "update-alias", "--function-name", "checkout", "--name", "cli",
                    "--revision-id", alias["RevisionId"], "--routing-config",
                    '{"AdditionalVersionWeights":{"42":0.25}}')
        self.assertEqual(moved["RoutingConfig"]["AdditionalVersionWeights"], {"42": 0.25})
        code, text = aws("lambda", "update-alias", "--function-name", "checkout", "--name", "cli",
                         "--revision-id", alias["RevisionId"], "--function-version", "42",
                         check=False)
        self.assertNotEqual(code, 0)
        self.assertIn("PreconditionFailedException", text)
        got = aws("lambda", "get-alias", "--function-name", "checkout", "--name", "cli")
        self.assertEqual(got["RevisionId"], moved["RevisionId"])
        self.assertEqual(aws("lambda", "get-function-configuration", "--function-name", "checkout",
                             "--qualifier", "41")["State"], "Active")
        versions = aws("lambda", "list-versions-by-function", "--function-name", "checkout",
                       "--page-size", "1")
        self.assertIn("42", [v["Version"] for v in versions["Versions"]])
        ran = aws("lambda", "invoke", "--function-name", "checkout", "--qualifier", "42",
                  str(RECORD.parent / "payload"))
        self.assertEqual((ran["ExecutedVersion"], ran["FunctionError"]), ("42", "Unhandled"))

    def test_ssm(self):
        aws("ssm", "put-parameter", "--name", "/cli", "--value", "1", "--type", "String")
        code, text = aws("ssm", "put-parameter", "--name", "/cli", "--value", "2", "--type",
                         "String", check=False)
        self.assertNotEqual(code, 0)
        self.assertIn("ParameterAlreadyExists", text)
        aws("ssm", "put-parameter", "--name", "/cli", "--value", "2", "--overwrite")
        self.assertEqual(aws("ssm", "get-parameter", "--name", "/cli")["Parameter"]["Version"], 2)
        history = aws("ssm", "get-parameter-history", "--name", "/cli")["Parameters"]
        self.assertEqual([p["Value"] for p in history], ["1", "2"])
        aws("ssm", "delete-parameter", "--name", "/cli")

    def test_cloudwatch(self):
        """The CLI of Debian 12 speaks the query protocol here."""
        end = datetime.datetime.now(datetime.timezone.utc)
        start = end - datetime.timedelta(minutes=5)
        times = ["--start-time", start.isoformat(timespec="seconds"), "--end-time",
                 end.isoformat(timespec="seconds")]
        got = aws("cloudwatch", "get-metric-data", *times, "--metric-data-queries",
                  json.dumps([query("n", "Invocations", FULL), query("e", "Errors", FULL)]))
        n, e = got["MetricDataResults"]
        self.assertEqual(n["Values"], e["Values"])
        self.assertGreater(sum(n["Values"]), 0)
        got = aws("cloudwatch", "get-metric-statistics", *times, "--namespace", "AWS/Lambda",
                  "--metric-name", "Errors", "--period", "60", "--statistics", "Sum",
                  "--dimensions", *[f"Name={k},Value={v}" for k, v in FULL.items()])
        self.assertGreater(len(got["Datapoints"]), 0)
        code, text = aws("cloudwatch", "get-metric-data", *times, "--metric-data-queries",
                         json.dumps([query("n", "Errors", FULL, period=7)]), check=False)
        self.assertNotEqual(code, 0)
        self.assertIn("ValidationError", text)


def act(action):
    connection = http.client.HTTPConnection(URL[len("http://"):], timeout=10)
    connection.request("POST", "/_steelyard/act", json.dumps(action))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise AssertionError(body)


class Rough(unittest.TestCase):
    """What no client should send, and what must not break the server for the others."""

    def exchange(self, data, timeout=10, ends=False):
        """All that comes back; ends: close our side behind the data, as a crashing client does."""
        answer = b""
        with socket.create_connection(("127.0.0.1", int(URL.rsplit(":", 1)[1])), timeout) as peer:
            try:
                peer.sendall(data)
                if ends:
                    peer.shutdown(socket.SHUT_WR)
                while piece := peer.recv(65536):
                    answer += piece
            except OSError as error:
                self.assertNotIsInstance(error, TimeoutError)
        return answer

    def tearDown(self):
        self.assertIn(b"ok", self.exchange(b"GET /_steelyard/health HTTP/1.0\r\n\r\n"))

    def test_garbage(self):
        for data in (b"\x00\xff" * 500, b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n"
                     b"Content-Length: 99999999999999999999\r\n\r\n", b"{}" * 100000,
                     b"GET /%00%zz HTTP/1.0\r\n\r\n", b"GET /2015-03-31/functions/%00 HTTP/1.0\r\n"
                     b"\r\n", b"A" * 200000):
            self.exchange(data, ends=True)

    def test_unsigned(self):
        answer = self.exchange(b"GET /2015-03-31/functions/checkout/aliases/production HTTP/1.0"
                               b"\r\n\r\n")
        self.assertIn(b" 403 ", answer.splitlines()[0])
        self.assertIn(b"MissingAuthenticationToken", answer)

    def test_large_bodies(self):
        connection = http.client.HTTPConnection(URL[len("http://"):], timeout=30)
        try:
            connection.request("POST", "/", b"x" * 100_000_000)
            self.assertEqual(connection.getresponse().status, 413)
        except (BrokenPipeError, ConnectionResetError):
            pass
        connection.close()

        def pieces():
            for _ in range(100):
                yield b"x" * 1_000_000

        with self.assertRaises((OSError, http.client.HTTPException)):
            connection.request("POST", "/", pieces(), {"Transfer-Encoding": "chunked"},
                               encode_chunked=True)
            connection.getresponse()
        connection.close()

    def test_slow_clients(self):
        port = int(URL.rsplit(":", 1)[1])
        slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(100)]
        for peer in slow:
            peer.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx")
        client("lambda").get_alias(FunctionName="checkout", Name="production")
        for peer in slow:
            peer.close()

    def test_bad_actions(self):
        for action in ({"do": "dance"}, {"do": "update-alias"}, {"do": "clear-faults", "x": 1}):
            with self.assertRaises(AssertionError):
                act(action)


class Zrecord(unittest.TestCase):
    """Runs last: the record holds what was sent."""

    def test_record(self):
        lines = [json.loads(line) for line in RECORD.read_text().splitlines()]
        self.assertGreater(len(lines), 100)
        urls = {line["url"][len(URL):] for line in lines}
        targets = {line["headers"].get("X-Amz-Target") for line in lines}
        self.assertIn("GraniteServiceVersion20100801.GetMetricData", targets)
        self.assertIn("/service/GraniteServiceVersion20100801/operation/GetMetricData", urls)
        forms = [base64.b64decode(line["body_base64"]) for line in lines
                 if line["headers"].get("Content-Type", "").startswith("application/x-www-form")]
        self.assertTrue(any(b"Action=GetMetricData" in form for form in forms))
        puts = [line for line in lines if line["method"] == "PUT"]
        self.assertIn("AdditionalVersionWeights", base64.b64decode(puts[0]["body_base64"]).decode())
        self.assertTrue(puts[0]["url"].startswith(URL + "/2015-03-31/functions/checkout/aliases/"))
        self.assertIn("Authorization", puts[0]["headers"])
        self.assertEqual(os.stat(RECORD).st_mode & 0o777, 0o600)


def main():
    global URL, RECORD
    with tempfile.TemporaryDirectory() as folder:
        RECORD = pathlib.Path(folder) / "record"
        with subprocess.Popen([sys.argv.pop(1), HERE / "scenario.json", RECORD],
                              stdout=subprocess.PIPE, text=True) as server:
            URL = server.stdout.readline().strip()
            program = unittest.main(exit=False, verbosity=2)
            server.send_signal(signal.SIGTERM)
            status = server.wait(timeout=30)
        if status:
            print(f"the server ended with {status}", file=sys.stderr)
        return int(bool(status) or not program.result.wasSuccessful())


if __name__ == "__main__":
    sys.exit(main())
