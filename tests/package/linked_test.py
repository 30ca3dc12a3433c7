"""linked_test.py SOURCE: what scripts/package refuses: it ships nothing whose origin or licence is not known."""

import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(sys.argv[1]).resolve()
sys.path.insert(0, str(SOURCE / "packaging"))
import linked  # noqa: E402 - found by the line above

LIBC = "/usr/lib/x86_64-linux-gnu/libc.a"
END = "\nDiscarded input sections\n\n/usr/lib/x86_64-linux-gnu/libz.a(not.o)\n"


def of(text, deps="/nonexistent"):
    """What is found in this map: name -> archives, or the refusal."""
    with tempfile.NamedTemporaryFile("w", suffix=".map") as file:
        file.write(text + END)
        file.flush()
        try:
            return {library.source: library.archives for library in linked.libraries(file.name, deps)}
        except SystemExit as refusal:
            return str(refusal)


def found():
    head = f"Archive member included\n\n{LIBC}(printf.o)\n  main.o (printf)\nlibsy_core.a(plan.c.o)\n"
    # A member's name that is long stands alone on its line; a path may go through a folder and back.
    assert of(head + "/usr/lib/gcc/../x86_64-linux-gnu/libjson-c.a(json_object.c.o)\n          main.o (x)\n"
              "LOAD /tmp/cc1.ltrans0.ltrans.o\nLOAD /usr/lib/x86_64-linux-gnu/crti.o\n") == \
        {"glibc": {"libc.a", "crti.o"}, "json-c": {"libjson-c.a"}}


def refused():
    assert "is not the map of a static program" in of("libsy_core.a(plan.c.o)\n")
    head = f"{LIBC}(printf.o)\n"
    assert of(head + "/opt/other/libnew.a(a.o)\n") == "/opt/other/libnew.a is linked in, and belongs to no package"
    with tempfile.TemporaryDirectory() as deps:
        said = of(head + f"{deps}/lib/libnew.a(a.o)\n", deps)
        assert said.endswith("and scripts/deps did not say from which source package"), said
        folder = pathlib.Path(deps, "sources/new")
        folder.mkdir(parents=True)
        (folder / "dsc").write_text("Source: new\nVersion: 1.0-1\nMaintainer: A <a@b>\n")
        said = of(head + f"{deps}/lib/libnew.a(a.o)\n", deps)
        assert said == "new is linked in, and packaging/linked.py does not know its licence", said


def changelog():
    for text in ("", "# Changelog\n", "## 1.0.0\n\nno list\n"):
        done = subprocess.run([sys.executable, "-B", SOURCE / "packaging/changelog.py", "1.0.0", "A <a@b>", "0"], input=text,
                              capture_output=True, text=True)
        assert done.returncode == 1 and done.stdout == "" and "no section" in done.stderr, done
    done = subprocess.run([sys.executable, "-B", SOURCE / "packaging/changelog.py", "1.0.0", "A <a@b>", "0"],
                          input="# Changelog\n\n## 1.0.0\n\n- One\n  `word`.\n- Two.\n\n## 0.9\n\n- Old.\n",
                          capture_output=True, text=True)
    assert done.stdout == ("steelyard (1.0.0) unstable; urgency=medium\n\n  * One word.\n  * Two.\n\n"
                           " -- A <a@b>  Thu, 01 Jan 1970 00:00:00 +0000\n"), done.stdout


def arguments():
    done = subprocess.run([SOURCE / "scripts/package", "--help"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr == "usage: ./scripts/package\n", done


for test in (found, refused, changelog, arguments):
    test()
    print("ok  ", test.__name__)
