#!/usr/bin/env python3
"""changelog.py VERSION MAINTAINER EPOCH <CHANGELOG.md: print its newest section as Debian writes a changelog."""

import email.utils
import re
import sys


def main():
    version, maintainer, epoch = sys.argv[1:]
    sections = re.split(r"^## .*\n", sys.stdin.read(), flags=re.M)
    if len(sections) < 2 or not re.search(r"^- ", sections[1], re.M):
        sys.exit("CHANGELOG.md: no section \"## …\" with a list")
    items = [re.sub(r"\s+", " ", item).strip().replace("`", "")
             for item in re.split(r"^- ", sections[1], flags=re.M)[1:]]
    print(f"steelyard ({version}) unstable; urgency=medium\n")
    for item in items:
        line = "  *"
        for word in item.split(" "):
            if len(line) + 1 + len(word) > 80:
                print(line)
                line = "   "
            line += " " + word
        print(line)
    print(f"\n -- {maintainer}  {email.utils.formatdate(int(epoch)).replace('-0000', '+0000')}")


if __name__ == "__main__":
    main()
