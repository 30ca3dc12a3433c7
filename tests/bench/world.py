"""Just enough AWS on loopback for the benchmarks, over http and TLS: one alias that is split between
41 and 42, and Systems Manager's parameters. Notes when requests arrive. Prints its two ports.

POST /bench/reset puts everything back; GET /bench/times answers the monotonic times in ns at which
the first byte of any request and the first alias write since then arrived."""

import json
import re
import socket
import socketserver
import ssl
import sys
import threading
import time

MIRROR = {"current-version": "41", "last-known-good-version": "41"}
ALIAS = {"AliasArn": "arn:aws:lambda:us-east-1:123456789012:function:checkout:production",
         "Name": "production", "FunctionVersion": "41", "Description": "",
         "RoutingConfig": {"AdditionalVersionWeights": {"42": 0.1}}, "RevisionId": "r1"}


class World:
    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.times = {}
        self.alias = dict(ALIAS)
        self.parameters = {f"/lambda/checkout/{k}": (v, 1) for k, v in MIRROR.items()}

    def update_alias(self, body):
        new = {**self.alias, **{k: v for k, v in body.items() if k != "RevisionId"}}
        if not new.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            new.pop("RoutingConfig", None)
        self.alias = {**new, "RevisionId": "r" + str(int(self.alias["RevisionId"][1:]) + 1)}
        return 200, self.alias

    def ssm(self, operation, body):
        if operation == "GetParameters":
            found = [n for n in body["Names"] if n in self.parameters]
            return 200, {"Parameters": [self.show(n) for n in found],
                         "InvalidParameters": [n for n in body["Names"] if n not in found]}
        name = body["Name"]
        if operation == "PutParameter":
            if name in self.parameters and not body.get("Overwrite"):
                return 400, {"__type": "ParameterAlreadyExists", "message": "it exists"}
            self.parameters[name] = (body["Value"], self.parameters.get(name, ("", 0))[1] + 1)
            return 200, {"Version": self.parameters[name][1], "Tier": "Standard"}
        if name.split(":")[0] not in self.parameters:
            return 400, {"__type": "ParameterNotFound", "message": "there is none"}
        if operation == "DeleteParameter":
            del self.parameters[name]
            return 200, {}
        return 200, {"Parameter": self.show(name.split(":")[0])}

    def show(self, name):
        value, version = self.parameters[name]
        return {"Name": name, "Type": "String", "Value": value, "Version": version}

    def answer(self, method, path, head, body):
        if path == "/bench/reset":
            self.reset()
            return 200, {}
        if path == "/bench/times":
            return 200, self.times
        now = time.monotonic_ns()
        self.times.setdefault("first", now)
        if "/aliases/" in path:
            if method == "GET":
                return 200, self.alias
            self.times.setdefault("update", now)
            return self.update_alias(json.loads(body))
        target = re.search(rb"(?im)^x-amz-target: AmazonSSM\.(\w+)", head)
        if target:
            return self.ssm(target[1].decode(), json.loads(body))
        return 404, {"__type": "UnknownOperation", "message": path}


def serve(world, context):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            connection = self.request
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context:
                try:
                    connection = context.wrap_socket(connection, server_side=True)
                except OSError:
                    return
            pending = b""
            try:
                while True:
                    while b"\r\n\r\n" not in pending:
                        data = connection.recv(65536)
                        if not data:
                            return
                        pending += data
                    head, pending = pending.split(b"\r\n\r\n", 1)
                    length = re.search(rb"(?im)^content-length: *(\d+)", head)
                    while length and len(pending) < int(length[1]):
                        pending += connection.recv(65536)
                    body = pending[:int(length[1])] if length else b""
                    pending = pending[len(body):]
                    method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
                    with world.lock:
                        status, said = world.answer(method, path, head, body)
                        said = json.dumps(said).encode()
                    kind = f"x-amzn-ErrorType: {json.loads(said)['__type']}\r\n" if status > 299 else ""
                    connection.sendall(f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{kind}"
                                       f"Content-Length: {len(said)}\r\n\r\n".encode() + said)
            except OSError:
                return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    world = World()
    print(serve(world, None), serve(world, context), flush=True)
    sys.stdin.read()  # until whoever started it is gone


if __name__ == "__main__":
    main(*sys.argv[1:])
