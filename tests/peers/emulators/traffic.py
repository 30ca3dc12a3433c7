"""Traffic that is real: what Lambda itself does with an alias's weights, which emulators do not.
Reads the alias, draws a version by its weights, invokes that version, and publishes what AWS would:
AWS/Lambda Invocations and Errors with FunctionName, Resource=fn:alias, ExecutedVersion."""

import datetime
import json
import random
import threading
import time


class Traffic:
    def __init__(self, clients, function, alias, outcome=None, seed=1):
        """outcome: version -> error rate, for an emulator that cannot run code; None: invoke."""
        self.lambda_, self.cloudwatch = clients("lambda"), clients("cloudwatch")
        self.function, self.alias, self.outcome = function, alias, outcome
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.counts = {}
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def draw(self):
        alias = self.lambda_.get_alias(FunctionName=self.function, Name=self.alias)
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        for version, weight in weights.items():
            if self.random.random() < weight:
                return version
        return alias["FunctionVersion"]

    def invoke(self, version, order):
        if self.outcome is not None:
            time.sleep(0.03)
            return self.random.random() < self.outcome[version]
        answer = self.lambda_.invoke(
            FunctionName=self.function, Qualifier=version, Payload=json.dumps({"order": order}).encode()
        )
        answer["Payload"].read()
        return bool(answer.get("FunctionError"))

    def publish(self, version, failed, started):
        dimensions = [
            {"Name": "FunctionName", "Value": self.function},
            {"Name": "Resource", "Value": f"{self.function}:{self.alias}"},
            {"Name": "ExecutedVersion", "Value": version},
        ]
        at = datetime.datetime.fromtimestamp(int(started), datetime.timezone.utc)
        data = []
        for dims in (dimensions, dimensions[:2]):
            for name, value in (("Invocations", 1.0), ("Errors", 1.0 if failed else 0.0)):
                data.append({"MetricName": name, "Dimensions": dims, "Timestamp": at, "Value": value})
        self.cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)

    def run(self):
        order = 0
        try:
            while not self.stopping.is_set():
                started = time.time()
                version = self.draw()
                failed = self.invoke(version, order)
                self.publish(version, failed, started)
                order += 1
                n, x = self.counts.get(version, (0, 0))
                self.counts[version] = (n + 1, x + failed)
        except Exception as error:  # noqa: BLE001 - told by stop()
            self.failure = error

    def stop(self):
        self.stopping.set()
        self.thread.join(30)
        if self.failure:
            raise self.failure
