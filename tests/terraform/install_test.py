"""install_test.py STEELYARD SOURCE: `terraform init` installs the provider as scripts/package lays it out.

From a filesystem mirror, and from a registry on loopback: HTTPS with an authority and a signing key that live as long as the test. The
registry's protocol: https://developer.hashicorp.com/terraform/internals/provider-registry-protocol."""

import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time

STEELYARD, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
sys.path[1:1] = [str(SOURCE / "tests/package"), str(SOURCE / "packaging")]
import clis  # noqa: E402 - their folders are named above
import provider_zip  # noqa: E402
from signing_key import SigningKey  # noqa: E402

VERSION = re.match(r"steelyard (\S+)\n", subprocess.run([STEELYARD, "--version"], check=True, capture_output=True,
                                                        text=True).stdout).group(1)
LICENSES = SOURCE / "README.md"  # what is in it is nothing to Terraform
PLATFORM = provider_zip.PLATFORM.split("_")
# Settings by which the host of a provider is asked, and nothing else.
DIRECT = "provider_installation {\n  direct {}\n}\n"
PATH = "/v1/providers/steelyard/steelyard"


class Authority:
    """A certificate for 127.0.0.1, signed by itself."""

    def __init__(self, folder):
        self.key, self.certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=registry", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out",
                        self.certificate], check=True, capture_output=True)


class Registry:
    """Serves the files of a release, as long as a with statement. `changed` answers other bytes than those of the file."""

    def __init__(self, release, authority, key):
        self.asked, self.changed = [], {}
        self.files = {path.name: path for path in release.iterdir()}
        self.key = key
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 - its name in http.server
                registry.asked.append(self.path)
                body = registry.answer(self.path)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", "application/json" if not self.path.startswith("/files/") else "application/octet-stream")
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate, authority.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, path):
        if path.startswith("/files/"):
            name = path.removeprefix("/files/")
            return self.changed.get(name, self.files[name].read_bytes() if name in self.files else None)
        answers = {
            "/.well-known/terraform.json": lambda: {"providers.v1": "/v1/providers/"},
            f"{PATH}/versions": lambda: {"versions": [{"version": VERSION, "protocols": self.protocols(),
                                                       "platforms": [dict(zip(("os", "arch"), PLATFORM))]}]},
            f"{PATH}/{VERSION}/download/{'/'.join(PLATFORM)}": self.download,
        }
        return json.dumps(answers[path]()).encode() if path in answers else None

    def one(self, ending):
        return next(name for name in self.files if name.endswith(ending))

    def protocols(self):
        """A registry knows them by the manifest alone."""
        return json.loads(self.files[self.one("_manifest.json")].read_text())["metadata"]["protocol_versions"]

    def download(self):
        archive, sums = self.one(".zip"), self.one("_SHA256SUMS")
        shasum = dict(line.split("  ")[::-1] for line in self.files[sums].read_text().splitlines())[archive]
        return {"protocols": self.protocols(), "os": PLATFORM[0], "arch": PLATFORM[1], "filename": archive,
                "download_url": f"/files/{archive}", "shasum": shasum, "shasums_url": f"/files/{sums}",
                "shasums_signature_url": f"/files/{sums}.sig",
                "signing_keys": {"gpg_public_keys": [{"key_id": self.key.long_id(), "ascii_armor": self.key.public()}]}}


# ---- a run of `terraform init` ----

def configuration(folder, host, settings):
    """A folder that wants the provider of this host, and what runs there."""
    folder.mkdir()
    (folder / "main.tf").write_text(
        f'terraform {{\n  required_providers {{\n    steelyard = {{\n      source  = "{host}/steelyard/steelyard"\n'
        f'      version = "{VERSION}"\n    }}\n  }}\n}}\n\n'
        # What it cannot do without: the provider itself says whether this is right.
        'resource "steelyard_release" "checkout" {\n  function_name = "checkout"\n  alias = "production"\n  version = "42"\n}\n')
    (folder / "terraformrc").write_text(settings)
    return folder


def init(cli, folder, **env):
    return clis.run(cli, ["init", "-no-color"], folder, clis.environment(folder, TF_CLI_CONFIG_FILE=folder / "terraformrc", **env))


def is_installed(cli, folder, host, done):
    assert done.returncode == 0 and f"Installed {host}/steelyard/steelyard v{VERSION}" in done.stdout, (done.stdout, done.stderr)
    (program,) = (folder / ".terraform/providers").rglob("terraform-provider-steelyard*")
    assert program.name == f"terraform-provider-steelyard_v{VERSION}", program
    assert program.read_bytes() == STEELYARD.read_bytes() and os.access(program, os.X_OK), program
    # It starts under the name that it has there, and answers.
    env = clis.environment(folder, TF_CLI_CONFIG_FILE=folder / "terraformrc")
    valid = clis.run(cli, ["validate", "-no-color"], folder, env)
    assert valid.returncode == 0 and "The configuration is valid." in valid.stdout, (valid.stdout, valid.stderr)
    (folder / "main.tf").write_text((folder / "main.tf").read_text().replace('"42"', '"latest"'))
    invalid = clis.run(cli, ["validate", "-no-color"], folder, env)
    assert invalid.returncode == 1 and "version" in invalid.stderr, (invalid.stdout, invalid.stderr)


def is_refused(folder, done, why):
    assert done.returncode == 1 and re.search(why, re.sub(r"[\s│]+", " ", done.stderr)), (done.stdout, done.stderr)
    assert not list(folder.rglob("terraform-provider-steelyard*")), list(folder.rglob("*"))


# ---- the tests ----

def from_a_mirror(cli, release, work):
    """The packed layout: the zip of the release as it is."""
    host = "mirror.test"
    mirror = work / "mirror"
    place = mirror / host / "steelyard/steelyard"
    place.mkdir(parents=True)
    (archive,) = release.glob("*.zip")
    shutil.copy(archive, place)
    # As the index of the provider's pages shows it.
    shown = re.search(r"^provider_installation \{.*?^\}\n", (SOURCE / "adapters/terraform/docs/index.md").read_text(), re.M | re.S).group()
    settings = shown.replace("/opt/terraform-mirror", str(mirror)).replace("HOST", host)
    folder = configuration(work / "good", host, settings)
    is_installed(cli, folder, host, init(cli, folder))
    # The lock file holds the hash of the zip as it is; another one, of the same name, is not that.
    lock = (folder / ".terraform.lock.hcl").read_text()
    assert f'version     = "{VERSION}"' in lock and "h1:" in lock, lock
    shutil.rmtree(folder / ".terraform")
    other = work / "other"
    other.write_bytes(b"#!/bin/sh\n")
    provider_zip.write_zip(other, LICENSES, VERSION, 0x60000000, place / archive.name)
    is_refused(folder, init(cli, folder), "doesn't match any of the checksums")


def from_a_registry(cli, release, work, authority, key):
    with Registry(release, authority, key) as registry:
        folder = configuration(work / "good", registry.host, DIRECT)
        done = init(cli, folder, SSL_CERT_FILE=authority.certificate)
        is_installed(cli, folder, registry.host, done)
        assert f"(self-signed, key ID {key.long_id()})" in done.stdout, done.stdout
        fetched = [path.rsplit("_", 1)[1] for path in registry.asked if path.startswith("/files/")]
        assert sorted(fetched) == ["SHA256SUMS", "SHA256SUMS.sig", "amd64.zip"], registry.asked
        # The checksums of the zip are in the lock file, as signed.
        lock = (folder / ".terraform.lock.hcl").read_text()
        (archive,) = release.glob("*.zip")
        assert f'"zh:{hashlib.sha256(archive.read_bytes()).hexdigest()}"' in lock, lock


def tampered(cli, release, work, authority, key):
    """A zip of another program; the same with checksums to match, which nobody has signed; and checksums signed by another key."""
    (work / "other").write_bytes(b"#!/bin/sh\n")
    (work / "tampered").mkdir()
    archive, _, sums = provider_zip.write(work / "other", LICENSES, VERSION, 0x60000000, work / "tampered")
    with Registry(release, authority, key) as registry:
        registry.changed = {archive.name: archive.read_bytes()}
        folder = configuration(work / "zip", registry.host, DIRECT)
        is_refused(folder, init(cli, folder, SSL_CERT_FILE=authority.certificate), "archive has incorrect checksum")
    with SigningKey() as other:
        signature = sums.with_name(sums.name + ".sig")
        for name, signed_by, why in (("unsigned", None, "invalid signature"), ("by-another", other, "signature from unknown issuer")):
            if signed_by:
                provider_zip.sign(sums, signed_by.id, signed_by.env)
            else:
                signature.write_bytes((release / signature.name).read_bytes())
            with Registry(work / "tampered", authority, key) as registry:
                folder = configuration(work / name, registry.host, DIRECT)
                is_refused(folder, init(cli, folder, SSL_CERT_FILE=authority.certificate), why)


def unknown_authority(cli, release, work, authority, key):
    """The test's registry is really asked by HTTPS: without its authority nothing is installed."""
    with Registry(release, authority, key) as registry:
        folder = configuration(work / "untrusted", registry.host, DIRECT)
        is_refused(folder, init(cli, folder), "certificate signed by unknown authority")
        assert not registry.asked, registry.asked


def main():
    with tempfile.TemporaryDirectory(prefix="steelyard-install-") as folder, SigningKey() as key:
        folder = pathlib.Path(folder)
        release = folder / "release"
        release.mkdir()
        *_, sums = provider_zip.write(STEELYARD, LICENSES, VERSION, int(time.time()), release)
        provider_zip.sign(sums, key.id, key.env)
        authority = Authority(folder)
        for cli in clis.terraforms():
            for test, more in ((from_a_mirror, ()), (from_a_registry, (authority, key)), (tampered, (authority, key)),
                               (unknown_authority, (authority, key))):
                began = time.monotonic()
                work = folder / f"{cli[0]}-{test.__name__}"
                work.mkdir()
                test(cli, release, work, *more)
                print(f"ok   {cli[0]}/{test.__name__} ({time.monotonic() - began:.1f} s)", flush=True)


main()
