"""What is linked into the static executable, from the linker's map of it: libraries as Debian source packages with
version, maintainer, licence. Versions come from dpkg, and from the source packages that scripts/deps built."""

import pathlib
import re
import subprocess

# Under which licence the part of a source package stands that is linked in, in the words of SPDX; read from its
# copyright file. A library that is new in the map has to be added here before it ships.
LICENCES = {
    "abseil": "Apache-2.0",
    "c-ares": "MIT",
    "curl": "curl",
    "expat": "MIT",
    "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
    "grpc": "Apache-2.0 AND BSD-3-Clause",  # upb, in the same package, is the BSD part
    "json-c": "MIT",
    "libmicrohttpd": "LGPL-2.1-or-later",
    "msgpack-c": "BSL-1.0",
    "openssl": "Apache-2.0",
    "protobuf-c": "BSD-2-Clause",
    "re2": "BSD-3-Clause",
    "zlib": "Zlib",
}


class Library:
    def __init__(self, source, version, maintainer, copyright_path):
        self.source, self.version, self.maintainer = source, version, maintainer
        self.copyright_path = copyright_path
        self.archives = set()
        if source not in LICENCES:
            raise SystemExit(f"{source} is linked in, and packaging/linked.py does not know its licence")
        self.licence = LICENCES[source]


def files(map_path):
    """Paths of the archives of which a member was taken, and of the compiler's own start and end files."""
    text = pathlib.Path(map_path).read_text(errors="replace")
    taken = text.split("\nDiscarded input sections", 1)[0].split("\nMemory Configuration", 1)[0]
    found = set(re.findall(r"^(/\S+\.a)\(", taken, re.M)) | set(re.findall(r"^LOAD (/usr/\S+\.o)$", text, re.M))
    if not any(path.endswith("/libc.a") for path in found):
        raise SystemExit(f"{map_path} is not the map of a static program: no libc.a in it")
    return sorted({str(pathlib.Path(path).resolve()) for path in found})


def dpkg(path):
    # Where /lib and /usr/lib are one folder, the package may name the file by the other.
    for name in (path, path.removeprefix("/usr")):
        run = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True)
        if run.returncode == 0:
            package = run.stdout.split(": ")[0]
            shown = subprocess.run(
                ["dpkg-query", "-W", "-f", "${source:Package}\n${source:Version}\n${Maintainer}\n${Package}\n", package],
                check=True, capture_output=True, text=True).stdout
            source, version, maintainer, name = shown.splitlines()[:4]
            return Library(source, version, maintainer, f"/usr/share/doc/{name}/copyright")
    raise SystemExit(f"{path} is linked in, and belongs to no package")


def built(path, deps):
    """Of libNAME.a in the folder that scripts/deps made."""
    name = pathlib.Path(path).stem
    for candidate in (name, name.removeprefix("lib")):
        folder = pathlib.Path(deps, "sources", candidate)
        if folder.is_dir():
            field = dict(re.findall(r"^(Source|Version|Maintainer): (.*)$", (folder / "dsc").read_text(), re.M))
            return Library(field["Source"], field["Version"], field["Maintainer"], str(folder / "copyright"))
    raise SystemExit(f"{path} is linked in, and scripts/deps did not say from which source package")


def libraries(map_path, deps):
    """By name of the source package."""
    found = {}
    for path in files(map_path):
        inside = pathlib.Path(path).is_relative_to(pathlib.Path(deps).resolve())
        library = built(path, deps) if inside else dpkg(path)
        known = found.setdefault(library.source, library)
        known.archives.add(pathlib.Path(path).name)
    return [found[name] for name in sorted(found)]
