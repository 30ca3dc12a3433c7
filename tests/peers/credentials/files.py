"""The dialect of ~/.aws/config: ours against the parser that botocore uses, on texts put together at random from what
such files are made of. Both refuse, or both read the same. SEED=… repeats a run, COUNT=… makes it longer."""
import json
import os
import random
import subprocess
import sys
import tempfile

from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigParseError

PIECES = ["[default]\n", "[profile a]\n", "[profile \"a b\"]\n", "[sso-session s]  # x\n", "[DEFAULT]\n", "[x]y]\n", "[]\n",
          "[profile b]\n", "[services t]\n", "  [c]\n", "region = eu\n", "Region: us\n", "key\n", "= v\n", "k = \n", "k2 =\n",
          "k3=a=b:c ; d\n", "k4 : x\n", "  indented = 1\n", "    deeper = 2\n", "  word\n", "\tq=1\n", "\n", "   \n", "# c\n",
          "  ; c\n", "nested =\n  a = 1\n  b = 2\n", "nested2 =\n    a\n", "\r\n", "k5 = v\r\n", "é = ü\n", "[é]\n",
          "a.b/c = 1\n", "k6 = \"quoted\"\n", " k7 = 1\n", "rem = 1\n", "[default", "k8", "k9 = end"]


def theirs(text):
    with tempfile.NamedTemporaryFile("w", suffix=".ini", newline="", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            return raw_config_parse(file.name, parse_subsections=True)
        except ConfigParseError:
            return None


def flat(sections):
    """Nested settings as ours shows them are text: compare what is in them."""
    def value(v):
        if isinstance(v, str) and v.startswith("\n"):
            return {k.strip(): w.strip() for k, w in (line.split("=", 1) for line in v.splitlines() if line.strip())}
        return v
    return {name: {k: value(v) for k, v in section.items()} for name, section in sections.items()}


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
    count = int(os.environ.get("COUNT", 1500))
    chance = random.Random(seed)
    read = refused = 0
    for i in range(count):
        text = "".join(chance.choice(PIECES[:4] if k == 0 and chance.random() < 0.9 else PIECES)
                       for k in range(chance.randrange(1, 9)))
        out = subprocess.run([sys.argv[1], "ini"], input=text.encode(), capture_output=True, check=True).stdout
        ours, expected = json.loads(out), theirs(text)
        wrong = f"seed {seed}, text {i}: {text!r}: ours {ours}, botocore {expected}"
        if expected is None:
            assert "error" in ours and isinstance(ours["error"], str), wrong
            refused += 1
        else:
            assert flat(ours) == expected, wrong
            read += 1
    assert read > count / 10 and refused > count / 10, (read, refused)
    print(f"files: seed {seed}: {read} texts read alike, {refused} refused by both")


if __name__ == "__main__":
    main()
