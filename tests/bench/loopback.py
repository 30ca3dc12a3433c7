"""The loopback world in a process of its own, with a certificate authority made for it."""

import http.client
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def make_certificates(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=bench CA",
            "-days", "2", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "server.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "2", "-extfile", "server.ext")


class Loopback:
    def __init__(self, folder):
        make_certificates(folder)
        self.process = subprocess.Popen(
            [sys.executable, HERE / "world.py", folder / "server.pem", folder / "server.key"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        plain, tls = map(int, self.process.stdout.readline().split())
        self.port = plain
        self.http = f"http://127.0.0.1:{plain}"
        self.https = f"https://127.0.0.1:{tls}"
        self.ca = str(folder / "ca.pem")

    def ask(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def reset(self):
        self.ask("POST", "/bench/reset")

    def times(self):
        return self.ask("GET", "/bench/times")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
