"""Runs the benchmarks, ours and the peer's in turn, and prints one Markdown table; see ./run."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import loopback
import terraform

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "release"
STEELYARD = str(BUILD / "steelyard")
AWS = "/usr/bin/aws"
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: tests/bench/run --write -->", "<!-- end of what was measured -->"
ROLLBACK = [STEELYARD, "rollback", "--function", "checkout", "--alias", "production"]
UPDATE_ALIAS = [AWS, "lambda", "update-alias", "--function-name", "checkout", "--name", "production",
                "--function-version", "41", "--routing-config", '{"AdditionalVersionWeights":{}}']


def environment(home, url="", ca=""):
    """Nothing of the caller's, so that no profile or proxy changes what is measured."""
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(home), "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url, "AWS_CA_BUNDLE": ca}
    return {name: value for name, value in clean.items() if value}


def run_process(command, env):
    """(start in ns, end in ns, CPU in ms); the CPU of children that were waited for is in it."""
    start = time.monotonic_ns()
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    end = time.monotonic_ns()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with exit status {process.returncode}")
    return start, end, (used.ru_utime + used.ru_stime) * 1e3


def rollback(world, command, env):
    world.reset()
    start, end, cpu = run_process(command, env)
    times = world.times()
    return {"first": (times["first"] - start) / 1e6, "update": (times["update"] - start) / 1e6,
            "whole": (end - start) / 1e6, "cpu": cpu}


def descendants(pid):
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as children:
                    found += map(int, children.read().split())
        except OSError:
            pass  # it has ended
    return found


def proportional_memory(pid):
    """(command line, KiB), a page that n processes share counted as 1/n for each; 0 after the end."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as line, \
                open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as sums:
            return line.read(), next((int(s.split()[1]) for s in sums if s.startswith("Pss:")), 0)
    except OSError:
        return b"", 0


def memory_now(pid):
    """Of a process and its descendants. One that has not come to its exec yet still shows its starter's
    command line, and its starter's memory: that is counted once, and ours not at all."""
    found = dict(map(proportional_memory, descendants(pid)))
    found.pop(proportional_memory("self")[0], None)
    return sum(found.values())


def peak_memory(command, env):
    """The most memory that its processes have together, seen by looking all the time. ru_maxrss would
    not do: it is one process's alone, and counts what the starter had mapped before exec; and peaks
    that were not at one time must not be added (the CLI starts short-lived helpers)."""
    peak = 0
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, memory_now(process.pid))
    return {"memory": peak / 1024}


def figures(command, env):
    done = subprocess.run([*map(str, command)], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with exit status {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


class Pair:
    """What was measured of ours and of the peer's, a sample of each in turn."""

    def __init__(self, rounds, ours, peer=None):
        self.ours, self.peer = [], []
        ours()  # what the disk's cache lacks is nobody's figure
        if peer:
            peer()
        for _ in range(rounds):
            self.ours.append(ours())
            if peer:
                self.peer.append(peer())

    def row(self, work, key, unit, reach="–", best=False):
        """The medians and the median of the rounds' ratios; with best, the least of each side."""
        def show(value):
            return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"

        pick = min if best else statistics.median
        mine = pick(sample[key] for sample in self.ours)
        if not self.peer:
            return f"| {work} | {show(mine)} {unit} | – | – | {reach} |"
        theirs = pick(sample[key] for sample in self.peer)
        ratio = theirs / mine if best else statistics.median(
            p[key] / o[key] for o, p in zip(self.ours, self.peer))
        return f"| {work} | {show(mine)} {unit} | {show(theirs)} {unit} | 1/{ratio:.1f} | {reach} |"


def measure_rollback(world, home, rounds):
    rows = []
    for name, url, ca in (("TLS", world.https, world.ca), ("http", world.http, "")):
        env = environment(home, url, ca)
        peer = [*UPDATE_ALIAS, "--endpoint-url", url]
        pair = Pair(rounds, lambda: rollback(world, ROLLBACK, env), lambda: rollback(world, peer, env))
        reach = "≤ 1/20" if name == "TLS" else "–"
        rows.append(pair.row(f"rollback over {name}: CPU, all processes", "cpu", "ms"))
        rows.append(pair.row(f"rollback over {name}: exec → first request", "first", "ms", reach))
        rows.append(pair.row(f"rollback over {name}: exec → first request, fastest", "first", "ms", reach,
                             best=True))
        rows.append(pair.row(f"rollback over {name}: exec → `UpdateAlias`", "update", "ms"))
        if name == "TLS":
            def memory(command):
                world.reset()
                return peak_memory(command, env)

            pair = Pair(max(3, rounds // 3), lambda: memory(ROLLBACK), lambda: memory(peer))
            rows.append(pair.row("rollback over TLS: peak memory, all processes", "memory", "MiB"))
    return rows


def measure_start(home, rounds):
    def start(program):
        begin, end, cpu = run_process([program, "--version"], environment(home))
        return {"cpu": cpu, "whole": (end - begin) / 1e6}

    pair = Pair(rounds, lambda: start(STEELYARD), lambda: start(AWS))
    return [pair.row("`--version`: CPU", "cpu", "ms"), pair.row("`--version`: exec → exit", "whole", "ms")]


def measure_cpu(world, home, rounds):
    env = environment(home, world.http)
    programs = BUILD / "tests" / "bench"
    peer = [sys.executable]
    calls = Pair(rounds, lambda: figures([programs / "bench_calls", 5000], env),
                 lambda: figures([*peer, HERE / "calls.py", 500], env))
    sigv4 = Pair(rounds, lambda: figures([programs / "bench_sigv4", 100000], env),
                 lambda: figures([*peer, HERE / "sigv4.py", 5000], env))
    if sigv4.ours[0]["signature"] != sigv4.peer[0]["signature"]:
        raise SystemExit("the two signatures differ: it was not the same request that was signed")
    releases = Pair(rounds, lambda: figures([programs / "bench_releases", 10000], env))
    progress = Pair(rounds, lambda: figures(
        [programs / "bench_progress", BUILD / "tests" / "fake_steelyard", 10], env))
    return [
        calls.row("a signed `GetAlias`, CPU (peer: boto3)", "cpu_us_each", "µs", "≤ 1/20"),
        sigv4.row("SigV4 of an `UpdateAlias`, CPU (peer: botocore)", "cpu_us_each", "µs", "≤ 3 µs"),
        releases.row("10,000 releases under way, CPU a second", "cpu_us_per_second_polling_every_60s", "µs",
                     "≤ 200 µs"),
        releases.row("10,000 releases under way, memory each at the start", "bytes_each", "B", "≤ 6,144 B"),
        releases.row("10,000 releases under way, memory each after ten polls", "bytes_each_after_ten_polls", "B",
                     "≤ 6,144 B"),
        progress.row("a progress message, CPU of engine and host", "cpu_us_each", "µs"),
        progress.row("a progress message, CPU of the host", "host_us_each", "µs"),
    ]


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def machine(rounds):
    import boto3
    import botocore
    model = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                 if line.startswith("model name"))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return [f"- {datetime.date.today()}, {rounds} rounds; load averages at the end {load}",
            f"- {os.cpu_count()} cores, {model}; Linux {platform.release().split('-')[0]}",
            f"- {said(STEELYARD, '--version').splitlines()[0]}, commit {said('git', '-C', str(ROOT), 'rev-parse', '--short', 'HEAD')}",
            f"- {' '.join(said(AWS, '--version').split()[:2])}; boto3 {boto3.__version__}, "
            f"botocore {botocore.__version__} on Python {platform.python_version()}", terraform.versions()]


def write(text):
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="run")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        world = loopback.Loopback(home)
        try:
            rows = measure_rollback(world, home, options.rounds)
            rows += measure_start(home, options.rounds)
            rows += measure_cpu(world, home, max(3, options.rounds // 3))
            rows += terraform.measure(home / "terraform", options.rounds, environment, Pair)
        finally:
            world.close()
    table = ["| work | Steelyard | peer (the AWS CLI where none is named) | ratio | to reach |",
             "|---|--:|--:|--:|--:|", *rows]
    text = "\n".join([*machine(options.rounds), "", *table])
    print(text)
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
