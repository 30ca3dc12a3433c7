"""A loopback AWS that hands out credentials: STS, SSO, a container's endpoint, instance metadata, GitHub's tokens. The
access key tells who gave it and to whom, so that two who ask the same get the same."""
import http.server
import json
import re
import threading
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

END = "2099-01-01T00:00:00Z"


def secret_of(access_key):
    return "secret/of/" + access_key


def token_of(access_key):
    return "token//of==" + access_key


def sts_answer(action, access_key):
    return (f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><AssumedRoleUser><Arn>'
            f"arn:aws:sts::123456789012:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>"
            f"<Credentials><AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>{secret_of(access_key)}"
            f"</SecretAccessKey><SessionToken>{token_of(access_key)}</SessionToken><Expiration>{END}</Expiration>"
            f"</Credentials></{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
            f"</{action}Response>").encode()


def json_answer(access_key):
    return json.dumps({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": access_key, "SecretAccessKey": secret_of(access_key),
                       "Token": token_of(access_key), "Expiration": END, "LastUpdated": END}).encode()


def signer_of(handler, body):
    """The access key of a signature that botocore's signer would have made; None: it is wrong."""
    found = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/sts/aws4_request, SignedHeaders=([^,]+), "
                     r"Signature=([0-9a-f]{64})$", handler.headers.get("Authorization", ""))
    if not found:
        return None
    access_key, region, names, signature = found.groups()
    request = AWSRequest("POST", f"http://{handler.headers['Host']}{handler.path}", data=body,
                         headers={name: handler.headers[name] for name in names.split(";")})
    request.context["timestamp"] = handler.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(access_key, secret_of(access_key)), "sts", region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return access_key if signer.signature(text, request) == signature else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        role = form.get("RoleArn", "").rsplit("/", 1)[-1]
        if form.get("Action") == "AssumeRole":
            by = signer_of(self, body)
            name = f"ASIA{role}BY{by}X{form.get('ExternalId', '')}D{form.get('DurationSeconds', '')}"
            if by:
                return self.send(200, sts_answer("AssumeRole", name.replace("secret", "")), "text/xml")
        if form.get("Action") == "AssumeRoleWithWebIdentity":
            name = f"ASIA{role}WEB{form['WebIdentityToken'].strip().replace('.', '')}"
            return self.send(200, sts_answer("AssumeRoleWithWebIdentity", name), "text/xml")
        self.send(403, b"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error></ErrorResponse>",
                  "text/xml")

    def do_PUT(self):
        ours = self.path == "/latest/api/token" and self.headers.get("x-aws-ec2-metadata-token-ttl-seconds")
        self.send(200 if ours else 404, b"imds-token", "text/plain")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/federation/credentials" and self.headers.get("x-amz-sso_bearer_token") == "sso-token":
            key = f"ASIASSO{query['role_name']}{query['account_id']}"
            return self.send(200, json.dumps({"roleCredentials": {
                "accessKeyId": key, "secretAccessKey": secret_of(key), "sessionToken": token_of(key),
                "expiration": 4070908800000}}).encode())
        if url.path == "/container":
            return self.send(200, json_answer("ASIACONTAINER" + self.headers.get("Authorization", "")))
        if url.path == "/github" and query.get("audience") == "sts.amazonaws.com":
            return self.send(200, json.dumps({"value": "github." + self.headers["Authorization"].split()[-1]}).encode())
        if url.path.startswith("/latest/meta-data/iam/security-credentials/"):
            if self.headers.get("x-aws-ec2-metadata-token") != "imds-token":
                return self.send(401, b"")
            role = url.path.rsplit("/", 1)[-1]
            return self.send(200, json_answer("ASIAINSTANCE" + role) if role else b"the-role")
        self.send(404, b"{}")


def start():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
