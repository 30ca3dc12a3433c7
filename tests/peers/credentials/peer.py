"""A loopback peer that gives credentials in every way AWS does: STS, SSO, a container's endpoint, instance metadata.

The access key that it gives is made of what it was asked, so that two programs which get the same key have asked the
same. A path that begins with /denied, /garbage, /half or /expired fails in that way."""
import datetime
import hashlib
import http.server
import json
import re
import threading
import urllib.parse


def key(*asked):
    return "ASIA" + hashlib.sha1(json.dumps(asked).encode()).hexdigest()[:16].upper()


def later(seconds=3600):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


STS = ("<{0}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{0}Result><Credentials>"
       "<AccessKeyId>{1}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
       "<Expiration>{2}</Expiration></Credentials></{0}Result></{0}Response>")
DENIED = ("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message></Error>"
          "</ErrorResponse>")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, text, status=200, kind="application/json", half=False):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) * (2 if half else 1)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = half

    def bad(self, path):
        if path.startswith("/denied"):
            self.answer(DENIED, 403, "text/xml")
        elif path.startswith("/garbage"):
            self.answer("\0\1 this is not it")
        elif path.startswith("/half"):
            self.answer('{"AccessKeyId": "AKIA', half=True)
        else:
            return False
        return True

    def sts(self, fields):
        session = fields.get("RoleSessionName", "")
        if re.fullmatch(r"(steelyard|botocore)-(session-)?\d+", session):
            fields["RoleSessionName"] = "default"
        signer = re.search(r"Credential=([^/]+)/\d+/([^/]+)", self.headers.get("Authorization", ""))
        token = self.headers.get("X-Amz-Security-Token")
        self.answer(STS.format(fields["Action"], key(sorted(fields.items()), signer and signer.groups(), token),
                               later()), kind="text/xml")

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.bad(self.path):
            self.answer("the-session-token", kind="text/plain")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.bad(self.path):
            return
        if self.path.endswith("/token"):
            asked = json.loads(body)
            self.answer(json.dumps({"accessToken": "renewed by " + asked["refreshToken"], "expiresIn": 28800,
                                    "refreshToken": "next", "tokenType": "Bearer"}))
            return
        self.sts(dict(urllib.parse.parse_qsl(body)))

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if self.bad(path):
            return
        if path.endswith("/federation/credentials"):
            asked = dict(urllib.parse.parse_qsl(query))
            end = datetime.datetime.now(datetime.timezone.utc).timestamp() * 1000 + 3600000
            self.answer(json.dumps({"roleCredentials": {
                "accessKeyId": key(sorted(asked.items()), self.headers.get("x-amz-sso_bearer_token")),
                "secretAccessKey": "s", "sessionToken": "t", "expiration": int(end)}}))
        elif path.startswith("/latest/meta-data"):
            if self.headers.get("X-aws-ec2-metadata-token") != "the-session-token":
                self.answer("", 401)
            elif path.endswith("/security-credentials/"):
                self.answer("the-role", kind="text/plain")
            else:
                self.answer(json.dumps({"Code": "Success", "AccessKeyId": key(path), "SecretAccessKey": "s",
                                        "Token": "t", "Expiration": later()}))
        elif path.startswith("/oidc"):
            asked = urllib.parse.parse_qs(query)
            good = self.headers.get("Authorization") == "Bearer github" and asked["audience"] == ["sts.amazonaws.com"]
            self.answer(json.dumps({"value": "token-of-github"} if good else {}), 200 if good else 403)
        else:
            self.answer(json.dumps({"AccessKeyId": key(path, self.headers.get("Authorization")),
                                    "SecretAccessKey": "s", "Token": "t",
                                    "Expiration": later(-60 if path.startswith("/expired") else 3600)}))


def start():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"
