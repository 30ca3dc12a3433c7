"""Made-up files of profiles and lines of words: ours reads each as botocore does, or refuses it as botocore does."""
import os
import random
import shlex
import subprocess
import sys
import tempfile

from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import ConfigParseError

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
PIECES = ["[default]", "[profile a]", "[profile 'b c']", "[DEFAULT]", "[sso-session x]", "[]", "[ a ]", "[a]b", "[a", "[[a]]",
          "key = value", "key=", "key:v", "KEY = V", "key = a = b", "key : a # b", "# note", "; note", "  more", "\tmore",
          "  sub = x", "  sub:x", "    deep = y", "", " ", "x", "= x", "k2 = v ; c", "k3 =", "k4 = é", " key = in", "rem x",
          "k5 = %(x)s", "[default] # x", "  [in]", "k6 = 'q'", "key\t=\tv", "k7=\\"]
FIRST = ["[z]", "[z]\nk0 = v", "[z]\n\nk0 =", "[z]\n  k0 = v", "# note\n[z]\nk0 = v", "[z]\nk0 = v\n\n", "key = v"]
WORDS = ["a", "b c", " ", "  ", "'", '"', "\\", "\\\\", "'a b'", '"a\'b"', '"\\""', '"\\x"', "''", '""', "x=y", "$HOME", "#", "\n", "\t",
         "é", "a'b'c", "*", "|"]


def documents(mode, texts):
    run = subprocess.run([sys.argv[1], mode], input="".join(t + "\x1d" for t in texts).encode(), capture_output=True,
                         timeout=60, check=True)
    got = run.stdout.decode().split("\x1d")[:-1]
    assert len(got) == len(texts), (len(got), len(texts), run.stderr)
    return got


def read_ini(path, text):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    try:
        raw_config_parse(path)  # nested settings, too
        load_config(path)
        sections = raw_config_parse(path, parse_subsections=False)
    except ConfigParseError:
        return "!"
    return sorted([name] for name in sections) + sorted(
        [name, key, value] for name, entries in sections.items() for key, value in entries.items())


def split(text):
    if text == "!":
        return text
    rows = [row.split("\x1f")[:-1] for row in text.split("\x1e")[:-1]]
    return sorted(r for r in rows if len(r) == 1) + sorted(r for r in rows if len(r) == 3)


def words(text):
    try:
        return "".join(word + "\x1f" for word in shlex.split(text))
    except ValueError:
        return "!"


def main():
    rng = random.Random(SEED)
    print(f"SEED={SEED}")
    files = ["\n".join(rng.sample(FIRST, 1) + rng.sample(PIECES, rng.randint(1, 5))) + rng.choice(["", "\n", "\r\n"])
             for _ in range(4000)]
    files += [t.replace("\n", "\r\n") for t in files[:500]]
    lines = ["".join(rng.choices(WORDS, k=rng.randint(1, 7))) for _ in range(4000)]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for text, mine in zip(files, documents("ini", files)):
            want = read_ini(os.path.join(folder, "config"), text)
            if split(mine) != want:
                wrong += 1
                print(f"{text!r}\n  ours     {split(mine)}\n  botocore {want}")
    for text, mine in zip(lines, documents("words", lines)):
        if mine != words(text):
            wrong += 1
            print(f"{text!r}\n  ours  {mine!r}\n  shlex {words(text)!r}")
    refused = documents("ini", files).count("!")
    assert 500 < refused < 3500, refused
    print(f"{len(files)} files ({refused} refused) and {len(lines)} lines, {wrong} differ")
    return wrong > 0


sys.exit(main())
