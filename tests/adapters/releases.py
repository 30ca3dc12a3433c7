"""A release of Steelyard on a loopback server, as scripts/package makes one: its executable hands over to the real program."""
import functools
import hashlib
import http.server
import io
import os
import pathlib
import re
import tarfile
import threading

from github import STEELYARD

VERSION = "9.8.7"
NAME = f"steelyard-{VERSION}-linux-amd64"


def archive(executable=f"#!/bin/sh\nexec '{STEELYARD}' \"$@\"\n", path=f"{NAME}/bin/steelyard"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        info = tarfile.TarInfo(path)
        info.mode, info.size = 0o755, len(executable)
        tar.addfile(info, io.BytesIO(executable.encode()))
    return out.getvalue()


class Releases:
    """Serves what it is given as vVERSION/NAME.tar.gz, after as many 503 as `busy` says. Use it in a with statement."""

    def __init__(self, directory, content, busy=0):
        self.content = content
        self.asked = []
        place = pathlib.Path(directory, "releases", f"v{VERSION}")
        place.mkdir(parents=True)
        (place / f"{NAME}.tar.gz").write_bytes(content)
        releases = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                releases.asked.append(self.path)
                if len(releases.asked) <= busy:
                    self.send_error(503)
                else:
                    super().do_GET()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=os.path.join(directory, "releases")))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.sum = hashlib.sha256(content).hexdigest()

    def pin(self, folder):
        """As scripts/pin does it, in all that is below."""
        for path in pathlib.Path(folder).rglob("*.yml"):
            text = path.read_text()
            for what, value in (("version", VERSION), ("checksum", self.sum)):
                text = re.sub(rf"'[^'\n]*'(.* # scripts/pin: {what})$", rf"'{value}'\1", text, flags=re.M)
            path.write_text(text)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


TAMPERED = archive("#!/bin/sh\necho tampered\n")
