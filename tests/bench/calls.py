"""The peer of calls.c: calls.py COUNT makes as many GetAlias calls with boto3."""

import json
import os
import resource
import sys

import boto3


def cpu_us():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


def main(count):
    client = boto3.client("lambda", endpoint_url=os.environ["AWS_ENDPOINT_URL"])

    def call():
        answer = client.get_alias(FunctionName="checkout", Name="production")
        assert answer["FunctionVersion"] == "41"

    for _ in range(50):
        call()
    start = cpu_us()
    for _ in range(count):
        call()
    print(json.dumps({"calls": count, "cpu_us_each": (cpu_us() - start) / count}))


main(int(sys.argv[1]))
