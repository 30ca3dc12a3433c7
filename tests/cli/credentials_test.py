#!/usr/bin/env python3
"""Credentials that do not come from variables, through the whole program: the host checks them, the engine fetches them,
and no output shows them."""

import json
import os
import pathlib
import sys

from world import ACCESS_KEY, CHECKOUT, SECRET, TOKEN, World, main, scenario

TESTS = []
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}


def test(name):
    def add(function):
        TESTS.append((name, function))
        return function
    return add


def strict():
    """An AWS that knows one access key."""
    return World(scenario(access_key=ACCESS_KEY))


def write(world, name, text):
    path = pathlib.Path(world.directory, ".aws", name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def keys(access_key=ACCESS_KEY):
    return f"aws_access_key_id = {access_key}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"


@test("a profile's keys and region, by the flag and by the variable")
def profile():
    with strict() as world:
        write(world, "credentials", "[ci]\n" + keys())
        write(world, "config", "[profile ci]\nregion = us-east-1\n")
        env = dict(NO_KEYS, AWS_REGION=None)
        for words, more in ((["--profile", "ci"], {}), ([], {"AWS_PROFILE": "ci"})):
            run = world.run("status", *CHECKOUT, *words, env=dict(env, STEELYARD_LOG="debug", **more))
            assert run.code == 0 and "41 100%" in run.out, run.out + run.err


@test("--profile counts before keys in variables")
def before_variables():
    with strict() as world:
        write(world, "credentials", "[ci]\n" + keys("AKIDSOMEBODYELSE"))
        assert world.run("status", *CHECKOUT, env={"AWS_PROFILE": "ci"}).code == 0
        run = world.run("status", *CHECKOUT, "--profile", "ci")
        assert run.code == 1 and "UnrecognizedClientException" in run.err, run.err


@test("a whole release by credential_process, whose words reach standard error")
def process():
    with strict() as world:
        printed = world.path("printed")
        pathlib.Path(printed).write_text(json.dumps({
            "Version": 1, "AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET, "SessionToken": TOKEN}))
        write(world, "config", f"[default]\ncredential_process = /bin/sh -c 'echo hello there >&2; cat \"$0\"' {printed}\n")
        run = world.apply("--stages", "50%/2s", env=dict(NO_KEYS, STEELYARD_LOG="debug")).end()
        assert run.code == 0 and "FINISHED" in run.names()[-1].upper(), run.out + run.err
        assert run.err.count("hello there") == 1, run.err
        write(world, "config", "[default]\ncredential_process = /bin/sh -c 'exit 3'\n")
        run = world.run("plan", *CHECKOUT, "--version", "43", "--output", "json", env=NO_KEYS)
        error = json.loads(run.out)
        assert run.code == 1 and error["reason"] == "NO_CREDENTIALS", error
        assert "credential_process of profile default: it ended with exit status 3" in error["message"], error


@test("a rollback by credentials that are fetched")
def rollback():
    with strict() as world:
        printed = world.path("printed")
        pathlib.Path(printed).write_text(json.dumps({
            "Version": 1, "AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET, "SessionToken": TOKEN}))
        write(world, "config", f"[default]\ncredential_process = cat {printed}\n")
        assert world.apply("--stages", "50%/2s").end().code == 0
        run = world.run("rollback", *CHECKOUT, env=NO_KEYS)
        assert run.code == 0 and world.alias() == ("41", {}), run.out + run.err


if __name__ == "__main__":
    main(TESTS, min(4, os.cpu_count() or 1) if len(sys.argv) < 3 else 1)
