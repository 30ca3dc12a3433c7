"""The peer of sigv4.c: sigv4.py COUNT signs the same request with botocore. Prints the signature, too."""

import datetime
import json
import resource
import sys

import botocore.auth
import botocore.awsrequest
import botocore.credentials

BODY = (b'{"FunctionVersion":"41","RoutingConfig":{"AdditionalVersionWeights":{}},"RevisionId":"r1"}')


def cpu_us():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


def request():
    return botocore.awsrequest.AWSRequest(
        "PUT", "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/checkout/aliases/production",
        headers={"Content-Type": "application/json"}, data=BODY)


def main(count):
    then = datetime.datetime(2026, 1, 2, 3, 4, 5)
    botocore.auth.get_current_datetime = lambda *_: then
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials("AKIDEXAMPLE", "secret"), "lambda",
                                     "us-east-1")
    requests = [request() for _ in range(count)]  # a request can be signed once
    for _ in range(100):
        signer.add_auth(request())
    start = cpu_us()
    for one in requests:
        signer.add_auth(one)
    used = cpu_us() - start
    signature = requests[-1].headers["Authorization"].rpartition("Signature=")[2]
    print(json.dumps({"cpu_us_each": used / count, "signature": signature}))


main(int(sys.argv[1]))
