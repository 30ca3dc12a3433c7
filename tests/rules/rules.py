#!/usr/bin/env python3
"""Rules of the house that no compiler knows.

    rules.py includes ROOT        who may include whom (ARCHITECTURE.md, layers)
    rules.py lengths ROOT         functions fit a screen, files stay small
    rules.py names ROOT           no utils, common, helpers, misc
    rules.py symbols CORE BASE    libsy_core.a needs no clock, no I/O, no allocation ($NM: the nm)
    rules.py generated FILE COMMAND…   FILE is what the command prints

Each first proves on a planted violation that it would be seen. Python's standard library only.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# folder -> what it may include: folders, or single headers of a folder.
LAYERS = {
    "base": set(),
    "core": {"base"},
    "aws": {"base"},
    "target": {"base", "core", "aws"},
    "telemetry": {"base", "core", "aws"},
    "state": {"base", "core", "aws"},
    "engine": {"base", "core", "target/target.h", "target/function.h", "telemetry/source.h", "state/store.h"},
    "rpc": {"base", "core", "engine"},
    "report": {"base", "core"},
    "terraform": {"base", "core", "engine", "report", "rpc"},
    "sandbox": {"base"},
    "cli": None,  # wires everything
}
# Generated from proto/, by the folder it is generated into.
GENERATED = {"steelyard", "grpc", "google", "plugin", "tfplugin6"}
GENERATED_IN = {"rpc", "cli", "terraform"}

# Headers of other libraries -> the folders, or files, that may know them.
LIBRARIES = {
    "grpc": {"rpc"},
    "protobuf-c": {"rpc", "cli"},
    "msgpack": {"terraform"},
    "curl": {"aws"},
    "expat.h": {"aws"},
    "openssl": {"aws", "rpc", "sandbox/world_code.c"},
    "microhttpd.h": {"sandbox"},
    "json-c": {"base/json.h", "base/json.c", "base/log.c", "aws", "target", "telemetry", "state",
               "sandbox", "rpc", "report", "cli", "terraform"},
}
# All that the deterministic core may know of the C library's headers.
CORE_HEADERS = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "string.h"}

FUNCTION_LINES = 70
FILE_LINES = 500
TEST_FUNCTION_LINES = 80  # a list of cases is read one at a time
TEST_FILE_LINES = 750
LONG_FILES = {}  # name: reason
FORBIDDEN = {"util", "utils", "common", "helper", "helpers", "misc"}
NAMED_FOLDERS = ("plugin", "proto", "tests", "adapters", "scripts", "cmake", "packaging", "man")

# What the core may need from outside: it computes, compares and formats.
CORE_SYMBOLS = {
    "memchr", "memcmp", "memcpy", "memmove", "memset", "snprintf", "strcmp", "strncmp", "strchr",
    "strcspn", "strlen", "strnlen", "strspn", "strstr", "vsnprintf", "log", "log1p", "exp", "expm1",
    "__stack_chk_fail", "__divti3", "__modti3", "__muloti4", "_GLOBAL_OFFSET_TABLE_",
}
CORE_SYMBOL_PATTERNS = (r"__(mem|str|v?sn)\w+_chk", r"__(asan|ubsan|tsan)_\w+", r"__gcov_\w+")
BASE_OBJECTS_FOR_CORE = {"text.c.o", "error.c.o"}  # pure; base's others allocate, or keep time


def sources(root, folders):
    for folder in folders:
        for path in sorted(Path(root, folder).rglob("*.[ch]")):
            yield path, path.relative_to(root).as_posix()


# ---- includes ----

def own_include_fault(folder, target):
    allowed = LAYERS[folder]
    top = target.split("/")[0]
    if "/" not in target:
        return "is included without its folder"
    if top in GENERATED and top not in LAYERS:
        return None if folder in GENERATED_IN else "is generated for rpc/"
    if top == folder or allowed is None or top in allowed or target in allowed:
        return None
    return "is not above it"


def library_fault(folder, file, header):
    top = header.split("/")[0]
    users = LIBRARIES.get(top)
    if users is not None and folder not in users and file not in users:
        return "belongs to " + ", ".join(sorted(users))
    if folder == "core" and header not in CORE_HEADERS:
        return "is nothing for the core, which has no clock, no I/O and no allocation"
    return None


def check_includes(root):
    faults = []
    for path, name in sources(root, ["plugin"]):
        parts = name.split("/")
        folder, file = parts[1], "/".join(parts[1:])
        if len(parts) < 3 or folder not in LAYERS:
            faults.append(f"{name}: not in a folder that the table of layers knows")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
            if not match:
                continue
            own, library = match.groups()
            fault = own_include_fault(folder, own) if own else library_fault(folder, file, library)
            if fault:
                faults.append(f"{name}:{number}: {own or library} {fault}")
    return faults


# ---- lengths ----

def functions(text):
    """(name, first line, lines) of each function, in clang-format's layout: the head begins in
    column 0 and its body ends with a brace in column 0."""
    start, head = None, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line == "}" and start is not None:
            match = re.match(r"[^={]*?(\w+)\s*\(", head)
            if match:
                yield match.group(1), start, number - start + 1
            start, head = None, ""
        elif start is None or head.rstrip().endswith(";"):
            start, head = (number, line) if re.match(r"[A-Za-z_]", line) else (None, "")
        elif "{" not in head:
            head += " " + line.strip()


def check_lengths(root):
    faults = []
    for path, name in sources(root, ["plugin", "tests"]):
        text = path.read_text()
        lines = text.count("\n")
        ours = name.startswith("plugin/")
        limit = FILE_LINES if ours else TEST_FILE_LINES
        function_limit = FUNCTION_LINES if ours else TEST_FUNCTION_LINES
        if lines > limit and name not in LONG_FILES:
            faults.append(f"{name}: {lines} lines, more than {limit}: split it, or give a reason "
                          f"in LONG_FILES of {Path(__file__).name}")
        if lines <= limit and name in LONG_FILES:
            faults.append(f"{name}: short again; take it out of LONG_FILES")
        for function, start, length in functions(text):
            if length > function_limit:
                faults.append(f"{name}:{start}: {function} has {length} lines, more than "
                              f"{function_limit}")
    return faults


# ---- names ----

def check_names(root):
    faults = []
    for folder in NAMED_FOLDERS:
        for path in sorted(Path(root, folder).rglob("*")):
            words = re.split(r"[^a-z]+", path.name.split(".")[0].lower())
            if FORBIDDEN & set(words):
                faults.append(f"{path.relative_to(root)}: name it after its noun")
    return faults


# ---- symbols ----

def nm(archive, *options):
    command = [os.environ.get("NM", "nm"), *options, str(archive)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def defined(archive, objects=None):
    names, current = set(), ""
    for line in nm(archive, "--defined-only").splitlines():
        if line.endswith(":"):
            current = line[:-1]
        elif line.split() and (objects is None or current in objects):
            names.add(line.split()[-1])
    return names


def check_symbols(core, base):
    known = CORE_SYMBOLS | defined(core) | defined(base, BASE_OBJECTS_FOR_CORE)
    faults, current = [], ""
    for line in nm(core, "--undefined-only").splitlines():
        if line.endswith(":"):
            current = line[:-1]
        name = line.split()[-1] if line.split() and not line.endswith(":") else ""
        if name and name not in known and not any(
                re.fullmatch(pattern, name) for pattern in CORE_SYMBOL_PATTERNS):
            faults.append(f"{current}: {name} is not for the core")
    return faults


# ---- generated files ----

def check_generated(file, *command):
    fresh = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    path = Path(file)
    stored = path.read_text() if path.exists() else ""
    if stored == fresh:
        return []
    diff = difflib.unified_diff(stored.splitlines(), fresh.splitlines(), str(file), "generated",
                                lineterm="", n=1)
    return [*diff, f"{file} is out of date; write it anew: {' '.join(command)} > {file}"]


# ---- each rule is seen to fail ----

def plant(root, name, text):
    path = Path(root, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def prove(check, files, expected):
    """The check finds exactly the expected faults (by how they begin) among the planted files."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            plant(root, name, text)
        found = check(root)
    missing = [e for e in expected if not any(f.startswith(e) for f in found)]
    if missing or len(found) != len(expected):
        sys.exit(f"{check.__name__} does not see what was planted: expected {expected}, "
                 f"found {found}")


def prove_includes():
    prove(check_includes, {
        "plugin/base/a.c": '#include "base/a.h"\n#include "core/b.h"\n',
        "plugin/core/b.c": '#include "base/a.h"\n#include <time.h>\n  #  include "aws/c.h"\n',
        "plugin/core/d.c": '#include <json-c/json.h>\n',
        "plugin/engine/e.c": '#include "state/store.h"\n#include "state/record_json.h"\n',
        "plugin/target/t.c": '#include <curl/curl.h>\n#include <json-c/json.h>\n',
        "plugin/cli/m.c": '#include "sandbox/world.h"\n#include <grpc/grpc.h>\n',
        "plugin/rpc/s.c": '#include <grpc/grpc.h>\n#include "steelyard/v1/release.pb-c.h"\n',
        "plugin/aws/h.c": '#include "local.h"\n#include "google/rpc/status.pb-c.h"\n',
        "plugin/new/n.c": "",
    }, ["plugin/base/a.c:2", "plugin/core/b.c:2", "plugin/core/b.c:3", "plugin/core/d.c:1",
        "plugin/engine/e.c:2", "plugin/target/t.c:1", "plugin/cli/m.c:2", "plugin/aws/h.c:1",
        "plugin/aws/h.c:2", "plugin/new/n.c"])


def prove_lengths():
    LONG_FILES["plugin/core/was_long.c"] = "for the proof"

    def body(lines):
        return "{\n" + "    work();\n" * lines + "}\n"
    table = "static const int table[] = {\n" + "    1,\n" * 90 + "};\n"
    prove(check_lengths, {
        "plugin/core/fits.c": "static int fits(int a) " + body(68) + "\n" + table + "struct s {\n"
                              + "    int a;\n" * 80 + "};\n",
        "plugin/core/long.c": "int x;\n\nvoid before(void);\n\nstatic void long_one(int a,\n"
                              "                     int b) " + body(68),
        "plugin/core/big.c": "int x;\n" * 501,
        "plugin/core/just.h": "int x;\n" * 500,
        "tests/unit/core/cases.c": "int x;\n" * 750,
        "plugin/core/was_long.c": "int x;\n",
    }, ["plugin/core/long.c:5: long_one has 71", "plugin/core/big.c: 501 lines",
        "plugin/core/was_long.c: short again"])
    del LONG_FILES["plugin/core/was_long.c"]


def prove_names():
    prove(check_names, {
        "plugin/base/utils.c": "", "plugin/common/text.c": "", "tests/unit/http_helpers.h": "",
        "plugin/core/misc.h": "", "plugin/core/commonplace.c": "",
    }, ["plugin/base/utils.c", "plugin/common:", "tests/unit/http_helpers.h", "plugin/core/misc.h"])


def prove_symbols():
    """Archives of assembler: what is called without being defined."""
    with tempfile.TemporaryDirectory() as folder:
        def archive(name, objects):
            built = []
            for stem, lines in objects.items():
                plant(folder, f"{stem}.s", lines + '\n.section .note.GNU-stack,"",@progbits\n')
                subprocess.run([os.environ.get("CC", "cc"), "-c", f"{stem}.s", "-o", f"{stem}.c.o"],
                               cwd=folder, check=True)
                built.append(f"{stem}.c.o")
            subprocess.run(["ar", "rcs", name, *built], cwd=folder, check=True)
            return Path(folder, name)
        base = archive("libbase.a", {"text": ".globl sy_text_clean\nsy_text_clean: ret",
                                     "memory": ".globl sy_calloc\nsy_calloc: ret"})
        calls = ["strlen", "__vsnprintf_chk", "sy_text_clean", "sy_step", "malloc", "clock_gettime",
                 "sy_calloc", "printf", "gmtime_r"]
        core = archive("libcore.a", {
            "step": ".globl sy_step\nsy_step:\n" + "\n".join(f"call {c}@PLT" for c in calls)})
        found = sorted(f.split()[1] for f in check_symbols(core, base))
    expected = ["clock_gettime", "gmtime_r", "malloc", "printf", "sy_calloc"]
    if found != expected:
        sys.exit(f"check_symbols does not see what was planted: expected {expected}, found {found}")


def prove_generated():
    with tempfile.TemporaryDirectory() as root:
        plant(root, "new.md", "a\n")
        plant(root, "old.md", "b\n")
        results = [bool(check_generated(Path(root, name), "echo", "a"))
                   for name in ("new.md", "old.md", "none.md")]
    if results != [False, True, True]:
        sys.exit(f"check_generated does not see what was planted: {results}")


RULES = {
    "includes": (prove_includes, check_includes),
    "lengths": (prove_lengths, check_lengths),
    "names": (prove_names, check_names),
    "symbols": (prove_symbols, check_symbols),
    "generated": (prove_generated, check_generated),
}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in RULES:
        sys.exit(__doc__)
    prove_rule, check = RULES[sys.argv[1]]
    prove_rule()
    faults = check(*sys.argv[2:])
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
