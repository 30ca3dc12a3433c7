#!/usr/bin/env python3
"""provider_zip.py EXECUTABLE LICENSES VERSION TIME FOLDER: the Terraform provider as registries and mirrors want it, in FOLDER

    terraform-provider-steelyard_V_linux_amd64.zip   the executable terraform-provider-steelyard_vV, and LICENSE.txt,
                                                     which is the file LICENSES
    terraform-provider-steelyard_V_manifest.json     which plugin protocol it speaks
    terraform-provider-steelyard_V_SHA256SUMS        of both
    terraform-provider-steelyard_V_SHA256SUMS.sig    with STEELYARD_SIGNING_KEY alone, which names a key of gpg

TIME (seconds since 1970) is what the zip tells, so that the same executable makes the same bytes on any day. The layout:
https://developer.hashicorp.com/terraform/registry/providers/publishing. Python's standard library only.
"""
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import zipfile

NAME = "terraform-provider-steelyard"
PLATFORM = "linux_amd64"
PROTOCOLS = ["6.0"]


def write_zip(executable, licenses, version, time, path):
    # A time of day without a zone: UTC, so that no zone of who packages is in it.
    when = datetime.datetime.fromtimestamp(time, datetime.timezone.utc)
    with zipfile.ZipFile(path, "w") as archive:
        for file, name, mode in ((licenses, "LICENSE.txt", 0o100644), (executable, f"{NAME}_v{version}", 0o100755)):
            entry = zipfile.ZipInfo(name, when.timetuple()[:6])
            entry.create_system = 3  # Unix: the mode is one
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, pathlib.Path(file).read_bytes(), compresslevel=9)


def write(executable, licenses, version, time, folder):
    """Returns the zip, the manifest and the checksums, without a signature."""
    folder = pathlib.Path(folder)
    archive = folder / f"{NAME}_{version}_{PLATFORM}.zip"
    manifest = folder / f"{NAME}_{version}_manifest.json"
    sums = folder / f"{NAME}_{version}_SHA256SUMS"
    write_zip(executable, licenses, version, time, archive)
    manifest.write_text(json.dumps({"version": 1, "metadata": {"protocol_versions": PROTOCOLS}}, separators=(",", ":")) + "\n")
    sums.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in (archive, manifest)))
    return archive, manifest, sums


def sign(sums, key, env=None):
    """A detached signature beside the checksums, by the gpg of this environment; registries want it in binary, not in armour."""
    signature = sums.with_name(sums.name + ".sig")
    subprocess.run(["gpg", "--batch", "--yes", "--quiet", "--local-user", key, "--output", signature, "--detach-sign", sums],
                   check=True, env=env)
    return signature


def main():
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    executable, licenses, version, time, folder = sys.argv[1:]
    _, _, sums = write(executable, licenses, version, int(time), folder)
    key = os.environ.get("STEELYARD_SIGNING_KEY")
    if not key:
        print(f"{sums.name} is unsigned: STEELYARD_SIGNING_KEY names no key", file=sys.stderr)
        return
    try:
        sign(sums, key)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"provider_zip.py: {sums.name} could not be signed with the key {key}: {error}")


if __name__ == "__main__":
    main()
