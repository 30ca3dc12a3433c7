#!/usr/bin/env python3
"""copyright.py MAP DEPS VERSION COMMIT [TEXTS]: print what the copyright file of a package says: about the program, and the
licences of all that is linked into it. Into the folder TEXTS go the licences that those refer to."""

import pathlib
import re
import shutil
import sys

from linked import libraries

HEAD = """Steelyard {version}, built from commit {commit}

Licence of Steelyard itself
===========================

Not decided.

What is linked in
=================

The program is one static executable. It contains parts of the libraries below, all from Debian. The source of
each is Debian's source package of that name and version; their copyright files follow.

{table}
Relinking
=========

{lgpl} are under the GNU Lesser General Public License, version 2.1 or later, and are
linked in statically. Whoever wants to use the program with a changed version of one of them can link it anew: the source
of Steelyard of this commit is complete; scripts/deps says where each library comes from, and
./scripts/build release links the program with the libraries that are then installed.
"""


def read(library):
    return pathlib.Path(library.copyright_path).read_text("utf-8").rstrip() + "\n"


def main():
    map_path, deps, version, commit, *texts = sys.argv[1:]
    found = libraries(map_path, deps)
    lgpl = [library.source for library in found if "LGPL" in library.licence]
    table = "".join(f"    {x.source:14} {x.version:22} {x.licence}\n" for x in found)
    print(HEAD.format(version=version, commit=commit, table=table, lgpl=" and ".join(lgpl)))
    for library in found:
        title = f"{library.source} {library.version}"
        print(f"{title}\n{'=' * len(title)}\n\n{read(library)}")
    for folder in texts:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        named = {name for x in found for name in re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.-]*[A-Za-z0-9])",
                                                            read(x))}
        for name in sorted(named):
            shutil.copyfile(pathlib.Path("/usr/share/common-licenses", name), pathlib.Path(folder, name))


if __name__ == "__main__":
    main()
