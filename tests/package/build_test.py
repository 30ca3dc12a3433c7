"""build_test.py SOURCE OUT: scripts/package in two folders of different names makes the same bytes; and what is in them.

The first result stays in OUT, for the tests that install it. Packages are made of the commit that is checked out."""

import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

from signing_key import SigningKey

SOURCE, OUT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
DIST = OUT / "dist"


def run(*words, **more):
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    done = subprocess.run([str(word) for word in words], text=True, **more)
    assert done.returncode == 0, (words, done.stdout[-3000:], (done.stderr or "")[-3000:])
    return done.stdout


def one(pattern):
    found = list(DIST.glob(pattern))
    assert len(found) == 1, (pattern, list(DIST.iterdir()))
    return found[0]


def clone(folder):
    run("git", "clone", "-q", SOURCE, folder)
    head = run("git", "rev-parse", "HEAD", cwd=SOURCE).strip()
    run("git", "checkout", "-q", "--detach", head, cwd=folder)


def same_bytes():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="steelyard-package-") as folder, SigningKey() as key:
        trees = [pathlib.Path(folder, "a"), pathlib.Path(folder, "in a folder of quite another name/b")]
        # Neither the folder, nor the zone, language, umask, job count and key of who builds are in the result.
        settings = [({}, 0o022), ({"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "CMAKE_BUILD_PARALLEL_LEVEL": "1",
                                   "STEELYARD_SIGNING_KEY": key.id, "GNUPGHOME": key.home}, 0o077)]
        told = []
        for tree, (env, umask) in zip(trees, settings):
            clone(tree)
            without = {name: value for name, value in os.environ.items() if name != "STEELYARD_SIGNING_KEY"}
            told.append(run(tree / "scripts/package", env={**without, **env}, umask=umask, stderr=subprocess.STDOUT))
        first, second = ({path.name: path.read_bytes() for path in (tree / "dist").iterdir()} for tree in trees)
        sums = next(name for name in first if re.fullmatch(r"terraform-provider-steelyard_[\d.]+_SHA256SUMS", name))
        unsigned = f"{sums} is unsigned: STEELYARD_SIGNING_KEY names no key\n"
        assert told[0].count(unsigned) == 1 and "unsigned" not in told[1], told
        key.verify(trees[1] / "dist" / f"{sums}.sig", trees[1] / "dist" / sums)
        assert not second.pop(f"{sums}.sig").startswith(b"-----BEGIN")
        assert len(first) == 7 and set(first) == set(second), (set(first), set(second))
        differing = [name for name in first if first[name] != second[name]]
        shutil.copytree(trees[0] / "dist", DIST)
        shutil.copy(trees[0] / "build/release/steelyard.map", OUT)
        if differing:
            shutil.copytree(trees[1] / "dist", OUT / "other")
        assert not differing, f"{differing} differ; look into {OUT}/dist and {OUT}/other"


def checksums():
    listed = [line.split("  ")[1] for line in (DIST / "SHA256SUMS").read_text().splitlines()]
    assert sorted(listed) == sorted(path.name for path in DIST.iterdir() if path.name != "SHA256SUMS"), listed
    run("sha256sum", "-c", "SHA256SUMS", cwd=DIST)


def provider():
    """The provider in the layout of a Terraform registry."""
    path = one("terraform-provider-steelyard_*.zip")
    version = re.fullmatch(r"terraform-provider-steelyard_(\d+\.\d+\.\d+)_linux_amd64\.zip", path.name).group(1)
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        assert list(entries) == ["LICENSE.txt", f"terraform-provider-steelyard_v{version}"], entries
        licenses, program = entries.values()
        assert (program.create_system, program.external_attr >> 16) == (3, 0o100755), program
        commit_time = int(run("git", "show", "-s", "--format=%ct", "HEAD", cwd=SOURCE))
        for entry in entries.values():
            zipped = datetime.datetime(*entry.date_time, tzinfo=datetime.timezone.utc).timestamp()
            assert commit_time - 2 < zipped <= commit_time, (zipped, commit_time)  # a zip counts in steps of two seconds
        assert archive.read(program) == executable()
        text = archive.read(licenses).decode()
        assert "msgpack" in text and "GNU LESSER GENERAL PUBLIC LICENSE" in text, text[:2000]
    manifest = one("terraform-provider-steelyard_*_manifest.json")
    assert manifest.name == f"terraform-provider-steelyard_{version}_manifest.json"
    assert json.loads(manifest.read_text()) == {"version": 1, "metadata": {"protocol_versions": ["6.0"]}}
    sums = one("terraform-provider-steelyard_*_SHA256SUMS")
    assert sums.name == f"terraform-provider-steelyard_{version}_SHA256SUMS"
    assert sums.read_text() == "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
                                       for file in (path, manifest))


def deb():
    package = one("*.deb")
    control = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", package).splitlines() if line[0] != " ")
    assert control["Package"] == "steelyard" and control["Architecture"] == "amd64", control
    assert package.name == f"steelyard_{control['Version']}_amd64.deb", package
    assert {"Description", "Section", "Maintainer"} <= set(control), control
    assert not {"Depends", "Pre-Depends", "Recommends"} & set(control), control
    listed = [line.split(None, 5) for line in run("dpkg-deb", "-c", package).splitlines()]
    assert all(owner == "root/root" for _, owner, *_ in listed), listed
    assert all(mode in ("drwxr-xr-x", "-rw-r--r--") or name == "./usr/bin/steelyard" for mode, *_, name in listed), listed
    names = {name for *_, name in listed}
    assert {"./usr/bin/steelyard", "./usr/share/man/man1/steelyard.1.gz", "./usr/share/man/man1/steelyard-apply.1.gz",
            "./usr/share/doc/steelyard/copyright", "./usr/share/doc/steelyard/changelog.gz",
            "./usr/share/bash-completion/completions/steelyard", "./usr/share/zsh/vendor-completions/_steelyard",
            "./usr/share/fish/vendor_completions.d/steelyard.fish", "./usr/share/steelyard/proto/steelyard/v1/release.proto",
            "./usr/share/doc/steelyard/examples/healthy.json"} <= names, names
    run("lintian", "--allow-root", "--fail-on", "error,warning", package)
    # What is overridden is really there: an override that nothing needs is told here.
    assert "unused-override" not in run("lintian", "--allow-root", "--tags", "unused-override,mismatched-override", package)


def unpacked(folder):
    run("dpkg-deb", "-x", one("*.deb"), folder)
    return pathlib.Path(folder)


def executable():
    with tempfile.TemporaryDirectory() as folder:
        binary = unpacked(folder) / "usr/bin/steelyard"
        sections = run("readelf", "-SW", binary)
        assert ".symtab" not in sections and ".debug_info" not in sections, sections
        assert "INTERP" not in run("readelf", "-lW", binary) and "(NEEDED)" not in run("readelf", "-dW", binary)
        head = run("git", "rev-parse", "HEAD", cwd=SOURCE).strip()
        assert f"commit: {head}\n" in run(binary, "--version")
        text = binary.read_bytes()
        # No path of the machine that built it.
        for path in (b"steelyard-package-", b".cache/steelyard", str(SOURCE).encode()):
            assert path not in text, path
        with tempfile.TemporaryDirectory() as other:
            run("tar", "-xzf", one("*.tar.gz"), "-C", other)
            tree = next(pathlib.Path(other).iterdir())
            assert (tree / "bin/steelyard").read_bytes() == text
            assert f"{tree.name}.tar.gz" == one("*.tar.gz").name
            for licence in ("LGPL-2.1", "GPL-3", "Apache-2.0"):
                assert (tree / "share/doc/steelyard/licenses" / licence).stat().st_size > 1000
        return text


def versions():
    """source package -> version, of all that dpkg knows and of what scripts/deps built."""
    known = dict(line.split("\t") for line in
                 run("dpkg-query", "-W", "-f", "${source:Package}\t${source:Version}\n").splitlines())
    deps = re.search(r"'(.*)'", run(SOURCE / "scripts/deps")).group(1)
    for dsc in pathlib.Path(deps, "sources").glob("*/dsc"):
        field = dict(re.findall(r"^(Source|Version): (.*)$", dsc.read_text(), re.M))
        known[field["Source"]] = field["Version"]
    return known


def bill_of_materials():
    path = one("*.spdx.json")
    python = run("bash", SOURCE / "tests/peers/venv", SOURCE / "tests/package/requirements.txt").strip()
    run(python, "-m", "spdx_tools.spdx.clitools.pyspdxtools", "-i", path)
    bill = json.loads(path.read_text())
    assert bill["spdxVersion"] == "SPDX-2.3"
    packages = {package["name"]: package for package in bill["packages"]}
    ours = packages.pop("steelyard")
    assert ours["licenseDeclared"] == "NOASSERTION"
    known = versions()
    for name, package in packages.items():
        assert package["versionInfo"] == known[name], (name, package["versionInfo"], known[name])
        assert package["licenseDeclared"] != "NOASSERTION" and package["supplier"].startswith("Organization: Debian ")
        purl = package["externalRefs"][0]["referenceLocator"]
        assert re.fullmatch(rf"pkg:deb/debian/{re.escape(name)}@[\w.%~-]+\?arch=source", purl), purl
    linked = {relation["relatedSpdxElement"] for relation in bill["relationships"]
              if relation["relationshipType"] == "STATIC_LINK" and relation["spdxElementId"] == ours["SPDXID"]}
    assert linked == {package["SPDXID"] for package in packages.values()}, linked
    # Each archive of which the linker took a member, but for our own.
    taken = {os.path.basename(name) for name in re.findall(r"^(\S+\.a)\(", (OUT / "steelyard.map").read_text(errors="replace"),
                                                           re.M)}
    told = {word for package in packages.values() for word in re.findall(r"[\w.+-]+\.a\b", package["comment"])}
    assert told == {name for name in taken if not name.startswith("libsy_")} and len(told) > 30, told ^ taken
    assert {"glibc", "openssl", "curl", "libmicrohttpd", "grpc", "zlib"} <= set(packages), set(packages)
    sums = {entry["algorithm"]: entry["checksumValue"] for entry in bill["files"][0]["checksums"]}
    binary = executable()
    assert sums == {"SHA1": hashlib.sha1(binary).hexdigest(), "SHA256": hashlib.sha256(binary).hexdigest()}, sums


def copyright_file():
    bill = json.loads(one("*.spdx.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        text = (unpacked(folder) / "usr/share/doc/steelyard/copyright").read_text()
    assert re.search(r"^Licence of Steelyard itself\n=+\n\nNot decided\.$", text, re.M), text[:2000]
    assert re.search(r"^Relinking\n=+\n\nglibc and libmicrohttpd are ", text, re.M), text[:3000]
    for package in bill["packages"]:
        if package["name"] != "steelyard":
            title = f"{package['name']} {package['versionInfo']}"
            body = text.split(f"\n{title}\n{'=' * len(title)}\n\n")
            assert len(body) == 2 and len(body[1]) > 500, title


def refusals():
    """Nothing is packaged that no commit holds."""
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        clone(tree)
        shutil.rmtree(tree / ".git")
        done = subprocess.run([tree / "scripts/package"], capture_output=True, text=True)
        assert done.returncode == 1 and "tells no commit" in done.stderr and not (tree / "dist").exists(), done
        shutil.rmtree(tree)
        clone(tree)
        (tree / "README.md").write_text("changed\n")
        done = subprocess.run([tree / "scripts/package"], capture_output=True, text=True)
        assert done.returncode == 1 and "in no commit" in done.stderr and not (tree / "dist").exists(), done


for test in (same_bytes, checksums, provider, deb, bill_of_materials, copyright_file, refusals):
    test()
    print("ok  ", test.__name__, flush=True)
