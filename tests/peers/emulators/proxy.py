"""A recording reverse proxy: passes every request on to a peer as it came, and writes it down as one
JSON line {method, url, headers, body_base64} for tests/peers/replay/check.py."""

import base64
import http.client
import http.server
import json
import threading


class Proxy:
    def __init__(self, peer_port, record_path):
        outer = self
        self.peer_port = peer_port
        self.record = open(record_path, "w", encoding="utf-8")
        self.lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # one segment for head and body

            def log_message(self, *args):
                pass

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.write(self, body)
                peer = http.client.HTTPConnection("127.0.0.1", outer.peer_port, timeout=30)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
                peer.request(self.command, self.path, body=body or None, headers=headers)
                answer = peer.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                self.wfile.flush()
                peer.close()

            do_GET = do_POST = do_PUT = do_DELETE = do

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def write(self, handler, body):
        line = {
            "method": handler.command,
            "url": f"{self.url}{handler.path}",
            "headers": dict(handler.headers.items()),
            "body_base64": base64.b64encode(body).decode(),
        }
        with self.lock:
            self.record.write(json.dumps(line) + "\n")
            self.record.flush()

    def close(self):
        self.server.shutdown()
        self.record.close()
