"""The component in pipelines, run by gitlab-ci-local's shell executor against a sandbox."""
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import yaml

from github import ROOT, function, git, main, repository, scenario, write
from gitlab import RELEASE, Gitlab
from releases import NAME, VERSION, Releases, archive
from world import CHECKOUT, FAST

TESTS = []


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def artifacts(folder, name="release"):
    place = pathlib.Path(folder, ".gitlab-ci-local", "artifacts", name, "steelyard", name)
    dotenv = dict(line.split("=", 1) for line in (place / "outputs.env").read_text().splitlines())
    junit = place / "junit.xml"
    return place, dotenv, xml.etree.ElementTree.parse(junit).getroot()


@test("healthy: promoted; a later job has the dotenv")
def healthy():
    with Gitlab() as world:
        folder = world.project(RELEASE, """
tell:
  stage: deploy
  needs: [release]
  script:
    - echo "got $STEELYARD_OUTCOME of $STEELYARD_VERSION"
""")
        run = world.run_pipeline(folder)
        assert run.code == 0, (run.out, run.err)
        assert world.alias() == ("42", {}), world.alias()
        assert "got PROMOTED of 42" in run.out, run.out
        place, dotenv, junit = artifacts(folder)
        assert dotenv["STEELYARD_OUTCOME"] == "PROMOTED" and dotenv["STEELYARD_VERSION"] == "42", dotenv
        assert junit.iter("testcase") and not list(junit.iter("failure")), place
        for name in ("report.html", "report.json", "report.md"):
            assert (place / name).stat().st_size, name
        assert not (place / "recover").exists(), "it recovered after a success"


@test("bad: rolled back with exit 3, its artifacts are kept, and after_script finds nothing left")
def bad():
    with Gitlab(scenario(function(error_rate=0.5))) as world:
        folder = world.project(RELEASE)
        run = world.run_pipeline(folder)
        assert run.code != 0 and re.search(r"^release .* FAIL 3 *$", run.out + run.err, re.M), (run.out, run.err)
        assert world.alias() == ("41", {}), world.alias()
        place, dotenv, junit = artifacts(folder)
        assert dotenv["STEELYARD_OUTCOME"] == "ROLLED_BACK" and dotenv["STEELYARD_FAILED_STAGE"] == "1", dotenv
        assert list(junit.iter("failure")), "no failed case"
        assert "No release was left behind." in run.out, run.out


@test("mode delayed: the first job hands over; one job a stage, the lock-in, a manual rollback")
def delayed():
    with Gitlab() as world:
        folder = world.project(dict(RELEASE, mode="delayed", bakes=2, bake_1="5 seconds", lock_in="10s"))
        listed = world.run_pipeline(folder, "--list")
        rows = {line.split()[0]: line for line in listed.out.splitlines() if line.startswith("release")}
        assert set(rows) == {"release", "release-rollback", "release-bake-1", "release-bake-2", "release-lock-in"}, listed.out
        assert all("delayed" in rows[name] for name in ("release-bake-1", "release-bake-2", "release-lock-in")), listed.out
        assert " manual " in rows["release-rollback"] and " true " in rows["release-rollback"], listed.out
        run = world.run_pipeline(folder, "release")
        assert run.code == 0 and world.alias() == ("41", {"42": 0.1}), (run.out, run.err, world.alias())
        assert artifacts(folder)[1]["STEELYARD_OUTCOME"] == "HANDED_OFF"
        assert artifacts(folder)[1]["STEELYARD_RESUME_AT"], "no time to resume at"
        back = world.run_pipeline(folder, "release-rollback")
        assert back.code == 0 and world.alias() == ("41", {}), (back.out, back.err, world.alias())


@test("a branch that is not the default one releases nothing, unless the rule says so")
def branches():
    for mode in ("blocking", "delayed"):
        for rule, there in (("", False), ('$CI_COMMIT_BRANCH == "feature"', True)):
            with Gitlab() as world:
                folder = world.project(dict(RELEASE, mode=mode, **({"rule": rule} if rule else {})))
                git(folder, "checkout", "-q", "-b", "feature")
                listed = world.run_pipeline(folder, "--list")
                assert ("\nrelease " in listed.out) == there == ("release-rollback" in listed.out), (mode, rule, listed.out)
                assert ("release-bake-1" in listed.out) == (there and mode == "delayed"), (mode, rule, listed.out)


@test("mode delayed: the jobs end the release")
def delayed_to_the_end():
    with Gitlab() as world:
        folder = world.project(dict(RELEASE, mode="delayed", bakes=1, stages="10%/2s", window="2s", lock_in="6s", bake_1="3 seconds",
                                    lock_in_after="1 second"))
        run = world.run_pipeline(folder)
        assert run.code == 0, (run.out, run.err)
        assert world.alias() == ("42", {}) and world.record()["phase"] == "closed", (run.out, world.record())


@test("a merge request's plan moves nothing, and only a merge request has it")
def plan():
    with Gitlab() as world:
        was = world.state()
        folder = world.project(RELEASE, name="plan")
        merge_request = {"CI_PIPELINE_SOURCE": "merge_request_event"}
        run = world.run_pipeline(folder, variables=merge_request)
        assert run.code == 0 and world.state() == was, (run.out, run.err)
        assert artifacts(folder, "release-plan")[1]["STEELYARD_OUTCOME"] == "PLANNED"
        listed = world.run_pipeline(folder, "--list", variables={"CI_PIPELINE_SOURCE": "push"})
        assert "release-plan" not in listed.out, listed.out


@test("two functions in successive stages: what the first tells in its dotenv is no version of the program for the second")
def successive():
    def include(name, stage, **more):
        inputs = dict(RELEASE, function=name, stage=stage, **more, download_base=releases.url, checksum=releases.sum,
                      steelyard_version=VERSION, **{"as": name})
        given = "".join(f"\n      {key}: {value!r}" for key, value in inputs.items())
        return f"  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/release@$CI_COMMIT_SHA\n    inputs:{given}\n"

    with Gitlab(scenario(function(), function("cart"))) as world, Releases(world.directory, archive()) as releases:
        # That the second releases the version that the first one tells shows that the dotenv is there.
        folder = world.project_of("stages: [first, second]\ninclude:\n" + include("checkout", "first") +
                                  include("cart", "second", version="$STEELYARD_VERSION", **{"from": ["checkout"]}))
        run = world.run_pipeline(folder, variables={"STEELYARD_BIN": None})
        assert run.code == 0, (run.out, run.err)
        assert releases.asked == [f"/v{VERSION}/{NAME}.tar.gz"] * 2, releases.asked
        for name in ("checkout", "cart"):
            assert world.alias(of=name) == ("42", {}), (name, world.alias(of=name))
            dotenv = artifacts(folder, name)[1]
            assert dotenv["STEELYARD_OUTCOME"] == "PROMOTED" and dotenv["STEELYARD_VERSION"] == "42", (name, dotenv)


@test("the archives that docs/ci.md makes are the same for the same tree: released once, the second is UNCHANGED")
def same_archive():
    def texts(value):
        """Every text in what YAML became."""
        if isinstance(value, str):
            return [value]
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [text for each in inner for text in texts(each)]

    page = (ROOT / "docs" / "ci.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S)
    scripts = [text for block in blocks for text in texts(yaml.safe_load(block)) if "zip -" in text]
    assert len(scripts) == 4, scripts
    with Gitlab() as world:
        origin = world.path("origin")
        write(origin, {f"{folder}/{name}": f"{folder} {name}" for folder in ("src", "checkout", "cart")
                       for name in ("index.js", "lib/cart.js")})
        repository(origin)
        for script in scripts:
            made = []
            for date, zone in (("2011-02-03", "UTC"), ("2023-07-05 12:34", "Asia/Tokyo")):
                clone = pathlib.Path(world.path("clone"))
                git(world.directory, "clone", "-q", origin, str(clone))
                for path in clone.rglob("*.js"):
                    subprocess.run(["touch", "-d", date, path], check=True)
                subprocess.run(["bash", "-ec", script], cwd=clone, env={**os.environ, "FUNCTION": "checkout", "TZ": zone}, check=True)
                made.append({path.name: path for path in clone.glob("*.zip")})
            first, second = made
            assert first and set(first) == set(second), (script, first, second)
            assert all(path.read_bytes() == second[name].read_bytes() for name, path in first.items()), script
        for path, outcome in ((first["checkout.zip"], "PROMOTED"), (second["checkout.zip"], "UNCHANGED")):
            run = world.run("apply", *CHECKOUT, *FAST, "--lock-in", "9s", "--wait", "lock-in", "--code", path, "--output", "json")
            assert run.code == 0 and run.events[-1]["outcome"] == outcome, (outcome, run.out, run.err)
            assert world.alias() == ("44", {}), world.alias()


def refused(name, inputs, text):
    @test(f"{name} is refused")
    def run():
        with Gitlab() as world:
            run = world.run_pipeline(world.project(dict(RELEASE, **inputs)), "--list")
            assert run.code != 0 and text in run.out + run.err, (run.code, run.out, run.err)


refused("a word for a number", {"min_invocations": "few"}, "`min_invocations` input: provided value is not a number")
refused("a mode that there is not", {"mode": "later"}, "`mode` input: `later` cannot be used")
refused("an interrupt that there is not", {"on_interrupt": "continue"}, "`on_interrupt` input: `continue` cannot be used")


@test("a value is no part of a script")
def values():
    with Gitlab() as world:
        planted = world.path("planted")
        folder = world.project(dict(RELEASE, stages=f'x"; touch {planted}; `touch {planted}` $(touch {planted})'))
        run = world.run_pipeline(folder)
        assert "FAIL 2" in run.err and not os.path.exists(planted), (run.out, run.err)
        assert "stages: " in run.out, run.out
        assert world.alias() == ("41", {}), world.alias()


if __name__ == "__main__":
    main(TESTS, 3)
