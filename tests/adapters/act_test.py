"""The action in workflows, run by nektos/act on this machine against a sandbox."""
import os
import pathlib
import re

from github import CHECKOUT, FAST, Github, function, main, scenario, uses
from releases import TAMPERED, VERSION, Releases, archive

TESTS = []
HEAD = """
on: [push, pull_request]
permissions:
  contents: read
jobs:
  release:
    runs-on: ubuntu-latest
    outputs:
      outcome: ${{ steps.canary.outputs.outcome }}
      version: ${{ steps.canary.outputs.version }}
      resume-at: ${{ steps.canary.outputs.resume-at }}
    steps:"""
RELEASE = dict(CHECKOUT, version="42", **FAST)
NEXT = """
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.canary.outputs) }}
          RESULT: ${{ steps.canary.outputs.result-json }}
          REPORT: ${{ steps.canary.outputs.report }}
        run: |
          python3 -c 'import json, os; print("outputs", json.dumps(json.loads(os.environ["OUTPUTS"]), separators=(",", ":")))'
          python3 -c 'import json, os; print("result", type(json.loads(os.environ["RESULT"])).__name__)'
          cd "$(dirname "$REPORT")" && echo "reports $(echo *)"
"""


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def said(run, pattern):
    found = re.search(pattern, run.out, re.M)
    assert found, (pattern, run.out)
    return found


def output(run, name):
    return said(run, rf'outputs \{{.*"{name}":"([^"]*)"')[1]


@test("healthy: promoted, with outputs, a summary and reports")
def healthy():
    with Github() as world:
        run = world.act(HEAD + uses(RELEASE) + NEXT)
        assert run.code == 0, run.out
        assert world.alias() == ("42", {}), world.alias()
        assert output(run, "outcome") == "PROMOTED" and output(run, "version") == "42" and output(run, "failed-stage") == "", run.out
        assert output(run, "release-id") == world.record()["release_id"], (run.out, world.record())
        said(run, "Summary - .*42")
        said(run, r"result dict")
        said(run, r"reports .*junit\.xml.*outputs\.env.*report\.html report\.json report\.md")
        assert "::error" not in run.out and "Main Recover" not in run.out, run.out


@test("bad: rolled back, exit 3, one annotation, and the job fails")
def bad():
    with Github(scenario(function(error_rate=0.5))) as world:
        run = world.act(HEAD + uses(RELEASE) + NEXT)
        assert run.code == 1, run.out
        assert world.alias() == ("41", {}), world.alias()
        said(run, r"exit status 3")
        assert output(run, "outcome") == "ROLLED_BACK" and output(run, "failed-stage") == "1", run.out
        assert run.out.count("::error") == 1, run.out
        said(run, "Summary - .*")
        said(run, r"reports .*junit\.xml.*report\.html")


@test("wait none hands over to a second job, which goes on with the outputs of the first")
def hand_off():
    with Github() as world:
        resume = dict(CHECKOUT, command="resume", wait="stages")
        run = world.act(HEAD + uses(dict(RELEASE, wait="none")) + NEXT + """
  resume:
    needs: release
    if: needs.release.outputs.resume-at != ''
    runs-on: ubuntu-latest
    steps:
      - run: echo "goes on with ${{ needs.release.outputs.version }} at ${{ needs.release.outputs.resume-at }}"
""" + uses(resume).lstrip("\n"))
        assert run.code == 0, run.out
        said(run, r"goes on with 42 at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        assert output(run, "outcome") == "HANDED_OFF", run.out
        said(run, r"set-output:: outcome=PROMOTED$")
        assert world.alias() == ("42", {}), world.alias()


@test("a pull request's plan moves nothing")
def plan():
    with Github() as world:
        was = world.state()
        run = world.act(HEAD + uses(dict(RELEASE, command="plan")) + NEXT, event="pull_request")
        assert run.code == 0 and output(run, "outcome") == "PLANNED", run.out
        assert world.state() == was, world.state()
        said(run, "Summary - ")


@test("a value is no part of a script")
def values():
    with Github() as world:
        planted = world.path("planted")
        run = world.act(HEAD + uses(dict(RELEASE, command="plan", reason=f'"; touch {planted}; $(touch {planted}) `touch {planted}`')))
        assert run.code == 0, run.out
        assert not os.path.exists(planted)


def placed(releases, checksum):
    return {"steelyard-version": VERSION, "checksum": checksum, "download-base": releases.url}


@test("the program comes from a release, and from the tool cache the next time")
def installs():
    with Github() as world, Releases(world.directory, archive()) as releases:
        plans = dict(RELEASE, command="plan", **placed(releases, releases.sum))
        run = world.act(HEAD + uses(plans) + uses(plans).replace("id: canary", "id: again"), env={"STEELYARD_BIN": None})
        assert run.code == 0, run.out
        assert run.out.count(" outcome=PLANNED") >= 2 and len(releases.asked) == 1, (run.out, releases.asked)
        assert os.listdir(os.path.join(world.tool_cache, "steelyard")) == [f"{releases.sum}.tar.gz"]


@test("a release that was tampered with is refused before it is unpacked")
def tampered():
    with Github() as world, Releases(world.directory, TAMPERED) as releases:
        was = world.state()
        given = dict(RELEASE, **placed(releases, "0" * 64))
        run = world.act(HEAD + uses(given), env={"STEELYARD_BIN": None})
        assert run.code == 1 and world.state() == was, run.out
        said(run, rf"::error.*sha256 {'0' * 64} was expected, {releases.sum} was found")
        assert "Main Release" not in run.out and "Main Recover" not in run.out, run.out
        assert not os.path.exists(os.path.join(world.tool_cache, "steelyard")), os.listdir(world.tool_cache)


@test("releases are looked for where the action comes from")
def base():
    with Github() as world:
        curl = pathlib.Path(world.path("bin"), "curl")
        curl.parent.mkdir()
        curl.write_text('#!/bin/sh\nfor word; do last=$word; done\necho "asked for $last" >&2\nexit 22\n')
        curl.chmod(0o755)
        given = dict(RELEASE, checksum="0" * 64, **{"steelyard-version": VERSION})
        first = f"""
      - run: echo '{curl.parent}' >>"$GITHUB_PATH"
"""
        run = world.act(HEAD + first + uses(given), env={"STEELYARD_BIN": None})
        said(run, r"asked for https://github\.com/steelyard/steelyard/releases/download/"
                  rf"v{VERSION}/steelyard-{VERSION}-linux-amd64\.tar\.gz\)")
        assert run.code == 1, run.out


@test("role-to-assume is the role, and what the job has in AWS_ROLE_ARN is it otherwise")
def role():
    for inputs, expected in (({"role-to-assume": "arn:aws:iam::123456789012:role/given"}, "given"), ({}, "job")):
        with Github() as world:
            program = pathlib.Path(world.path("program"))
            program.write_text('#!/bin/sh\necho "role $AWS_ROLE_ARN"\n')
            program.chmod(0o755)
            run = world.act(HEAD + uses(dict(RELEASE, **inputs)), env={
                "STEELYARD_BIN": program, "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/job"})
            assert run.code == 0, run.out
            said(run, rf"role arn:aws:iam::123456789012:role/{expected}$")


if __name__ == "__main__":
    main(TESTS, 3)
