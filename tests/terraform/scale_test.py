#!/usr/bin/env python3
"""Many resources, and large ones: scale_test.py STEELYARD CLI"""
import json
import pathlib

from workspace import FAST, function, release, run, scenario, world

MANY = 200


def many():
    """200 functions are adopted by one apply, and released by the next; each alias ends where it was meant to."""
    functions = [function(f"f{i}", requests_per_second=20) for i in range(MANY)]
    with world(scenario(*functions)) as w:
        def write(version):
            w.write(f"""
resource "steelyard_release" "many" {{
  count         = {MANY}
  function_name = "f${{count.index}}"
  alias         = "production"
  version       = "{version}"
  stages        = [{{ weight = 50, bake = "3s" }}]
  {FAST}
}}
""")
        write("41")
        adopted = w.apply(seconds=120)
        assert adopted.code == 0 and f"{MANY} added" in adopted.text, adopted.text[-2000:]
        write("42")
        released = w.apply(f"-parallelism={MANY}", seconds=180)
        assert released.code == 0 and f"{MANY} changed" in released.text, released.text[-2000:]
        wrong = [i for i in range(MANY) if w.alias(of=f"f{i}") != ("42", {})]
        assert not wrong, wrong
        again = w.plan("-detailed-exitcode", seconds=120)
        assert again.code == 0, again.text[-2000:]


def large():
    """A value of 6 MB passes through plan, apply, state and the next plan as it is."""
    with world() as w:
        value = "0123456789abcde\n" * (6 << 20 >> 4)
        pathlib.Path(w.folder, "large").write_text(value)
        w.write(release("41", 'retry_token = file("${path.module}/large")'))
        applied = w.apply(seconds=120)
        assert applied.code == 0, applied.text[-2000:]
        assert w.state_of()["retry_token"] == value
        again = w.plan("-detailed-exitcode", seconds=120)
        assert again.code == 0, again.text[-2000:]
        state = json.loads(pathlib.Path(w.folder, "terraform.tfstate").read_text())
        assert len(json.dumps(state)) > 6 << 20


if __name__ == "__main__":
    run([("200 resources in one apply", many), ("a value of 6 MB", large)], 1)
