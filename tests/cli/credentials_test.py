"""--profile, and every variable and file that credentials, region and endpoints come from: what is taken, and what is
refused, with one sentence and no secret in it."""

import os
import pathlib
import tempfile

from bad_input import FAILED, TESTS, USAGE, bad, check_json, check_text, test
from world import ACCESS_KEY, CHECKOUT, SECRET, TOKEN, World, main, scenario

STATUS = ("status", *CHECKOUT)
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}
KEYS = f"aws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/deploy\n"
SSO = "sso_account_id = 123456789012\nsso_role_name = deploy\n"
FOLDER = tempfile.TemporaryDirectory()
FILES = 0


def file(text):
    global FILES
    FILES += 1
    path = os.path.join(FOLDER.name, str(FILES))
    pathlib.Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def config(text, **more):
    """An environment whose only source of credentials is this file."""
    return {**NO_KEYS, "AWS_CONFIG_FILE": file(text), "HOME": FOLDER.name, **more}


# ---- what is taken ----


@test("--profile gives keys, region and endpoint")
def profile():
    with World(scenario(access_key=ACCESS_KEY)) as world:
        env = config(f"[profile p]\nregion = us-east-1\nendpoint_url = {world.url}\n" + KEYS, AWS_REGION=None,
                     AWS_ENDPOINT_URL=None)
        for words in (("--profile", "p"), ("--profile=p",)):
            run = world.run(*STATUS, *words, env=env)
            assert run.code == 0 and "41" in run.out, (run.code, run.out, run.err)
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            run = world.run(*STATUS, env={**env, name: "p"})
            assert run.code == 0 and "41" in run.out, (name, run.code, run.out, run.err)


@test("the flag's profile counts before keys in variables")
def profile_first():
    with World(scenario(access_key=ACCESS_KEY)) as world:
        env = {**config("[profile p]\n" + KEYS), "AWS_ACCESS_KEY_ID": "AKIDWRONG", "AWS_SECRET_ACCESS_KEY": "wrong"}
        assert world.run(*STATUS, env=env).code == FAILED
        run = world.run(*STATUS, "--profile", "p", env=env)
        assert run.code == 0, (run.code, run.out, run.err)


@test("credential_process")
def process():
    with World(scenario(access_key=ACCESS_KEY)) as world:
        script = file('printf \'{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "SessionToken": "%s"}\' '
                      f"'{ACCESS_KEY}' '{SECRET}' '{TOKEN}'\n")
        run = world.run(*STATUS, env=config(f'[default]\ncredential_process = sh "{script}"\n'))
        assert run.code == 0, (run.code, run.out, run.err)


@test("a standing engine has its own profile")
def standing():
    with World() as world:
        words = (*STATUS, "--engine", "unix:/nonexistent/socket", "--profile", "p")
        check_text(world.run(*words), "profile and engine", USAGE, "--profile and --engine exclude each other")
        check_json(world.run(*words, "--output", "json"), "profile and engine", USAGE, "exclude each other")


@test("an engine with a profile that is not there")
def engine():
    with World() as world:
        run = world.run("engine", "--listen", f"unix:{FOLDER.name}/s", "--profile", "nope")
        check_text(run, "engine", USAGE, '"nope" is neither in')


# ---- what is refused ----

for name, words, env, code, says in (
        ("a profile that is not there", ("--profile", "nope"), {}, USAGE, '"nope" is neither in'),
        ("an empty profile", ("--profile", ""), {}, USAGE, "profile"),
        ("a profile of control characters", ("--profile", b"x\x1b[31m"), {}, USAGE, "profile"),
        ("AWS_PROFILE that is not there", (), {"AWS_PROFILE": "nope"}, USAGE, '"nope" is neither in'),
        ("AWS_PROFILE of control characters", (), {"AWS_PROFILE": "x\x1b[31m"}, USAGE, "is neither in"),
        ("a profile's name with a colour", (), config("[profile x\x1b[31m]\n" + KEYS, AWS_PROFILE="x\x1b[31m"), USAGE,
         "profile"),
        ("a long profile", ("--profile", "x" * 5000), {}, USAGE, "is neither in"),
        ("a file that is none", (), config("hello\n"), USAGE, "line 1"),
        ("a file with a section twice", (), config("[a]\n[a]\n"), USAGE, '"a" stands twice'),
        ("a file with a key twice", (), config("[a]\nb=1\nb=2\n"), USAGE, '"b" stands twice'),
        ("a binary file", (), config(b"\x00\x01\xff"), USAGE, "not text in UTF-8"),
        ("a huge file", (), config("#" * 1100000), USAGE, "more than the"),
        ("a bad region", (), config("[default]\nregion = nowhere\n", AWS_REGION=None), USAGE, '"nowhere"'),
        ("a bad endpoint", (), config("[default]\nendpoint_url = ftp://x\n", AWS_ENDPOINT_URL=None), USAGE, '"ftp://x"'),
        ("a services section that is not there", (), config("[default]\nservices = s\n", AWS_ENDPOINT_URL=None), USAGE,
         'the services section "s"'),
        ("a key without its secret", (), config("[default]\naws_access_key_id = AKIA\n"), FAILED,
         "aws_secret_access_key of profile default"),
        ("a secret with a blank", (), config("[default]\naws_access_key_id = AKIA\naws_secret_access_key = s3cr3t x\n"),
         FAILED, "at byte 7"),
        ("a role without a source", (), config("[default]\n" + ROLE), USAGE, "neither source_profile nor"),
        ("a role that is none", (), config("[default]\nrole_arn = admin\ncredential_source = Environment\n"), USAGE,
         "not the ARN of a role"),
        ("a role by an unknown source", (), config(f"[default]\n{ROLE}credential_source = Moon\n"), USAGE, '"Moon"'),
        ("a role by an empty environment", (), config(f"[default]\n{ROLE}credential_source = Environment\n"), FAILED,
         "has no credentials"),
        ("a role for ever", (), config(f"[default]\n{ROLE}source_profile = default\nduration_seconds = 99999\n{KEYS}"),
         USAGE, "duration_seconds"),
        ("a role in a circle", (), config(f"[default]\n{ROLE}source_profile = default\n"), USAGE, "leads back"),
        ("a role that wants a code", (), config(f"[default]\n{ROLE}source_profile = default\nmfa_serial = x\n{KEYS}"),
         FAILED, "mfa_serial"),
        ("SSO without a session", (), config("[default]\nsso_session = corp\n" + SSO), USAGE, 'the sso-session "corp"'),
        ("SSO without a URL", (), config("[default]\nsso_region = eu-west-1\n" + SSO), USAGE, "no sso_start_url"),
        ("SSO without a login", (), config("[default]\nsso_region = eu-west-1\nsso_start_url = https://x\n" + SSO),
         FAILED, "aws sso login --profile default"),
        ("aws login", (), config("[default]\nlogin_session = x\n"), FAILED, "aws login"),
        ("a process with an open quote", (), config("[default]\ncredential_process = 'x\n"), USAGE, "a quote"),
        ("a process that is empty", (), config("[default]\ncredential_process =\n"), USAGE, "it is empty"),
        ("a process that is not there", (), config("[default]\ncredential_process = /nonexistent/x\n"), FAILED,
         "could not be started"),
        ("a process that fails", (), config("[default]\ncredential_process = false\n"), FAILED, "exit status 1"),
        ("a process that is killed", (), config("[default]\ncredential_process = sh -c 'kill -9 $$'\n"), FAILED,
         "signal 9"),
        ("a process that prints something", (), config("[default]\ncredential_process = echo " + SECRET + "\n"), FAILED,
         '"Version": 1'),
        ("a process that prints too much", (), config("[default]\ncredential_process = yes\n"), FAILED, "more than 64 KiB"),
        ("no token file", (), {**NO_KEYS, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent", "AWS_ROLE_ARN": "arn:x"},
         FAILED, "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("a token file without a role", (), {**NO_KEYS, "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/null"}, FAILED,
         "AWS_ROLE_ARN"),
        ("a token file for no role", (), {**NO_KEYS, "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/null", "AWS_ROLE_ARN": "x\x1b"},
         USAGE, "AWS_ROLE_ARN"),
        ("a token without a role", (), {**NO_KEYS, "STEELYARD_WEB_IDENTITY_TOKEN": SECRET}, FAILED, "AWS_ROLE_ARN"),
        ("a token of two words", (), {**NO_KEYS, "STEELYARD_WEB_IDENTITY_TOKEN": SECRET + " x", "AWS_ROLE_ARN": "arn:x"},
         FAILED, "it is no token"),
        ("GitHub that is not there", (),
         {**NO_KEYS, "AWS_ROLE_ARN": "arn:x", "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/?a",
          "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET}, FAILED, "GitHub's token service"),
        ("GitHub at no URL", (),
         {**NO_KEYS, "AWS_ROLE_ARN": "arn:x", "ACTIONS_ID_TOKEN_REQUEST_URL": "file:///etc/passwd?a",
          "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET}, FAILED, "GitHub's token service"),
        ("a container elsewhere", (), {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"}, USAGE,
         "192.0.2.1"),
        ("a container at no URL", (), {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "x\x1b"}, USAGE,
         "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ("a container at half a path", (), {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "@evil.example/"}, USAGE,
         "must begin with /"),
        ("a container that is not there", (), {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
                                               "AWS_CONTAINER_AUTHORIZATION_TOKEN": SECRET}, FAILED, "container"),
        ("a token file of a container", (), {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
                                             "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nonexistent"}, FAILED,
         "cannot be read"),
        ("an instance that is not there", (),
         {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"}, FAILED,
         "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"),
        ("an instance at no URL", (),
         {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "x"}, USAGE,
         "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
        ("an instance of another kind", (),
         {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipx"}, USAGE, "IPv6"),
        ("a timeout of words", (),
         {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None, "AWS_METADATA_SERVICE_TIMEOUT": "long"}, USAGE,
         "AWS_METADATA_SERVICE_TIMEOUT"),
        ("no end of tries", (),
         {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "1000000"}, USAGE,
         "AWS_METADATA_SERVICE_NUM_ATTEMPTS"),
        ("an end that is no time", (), {"AWS_CREDENTIAL_EXPIRATION": "soon"}, FAILED, "AWS_CREDENTIAL_EXPIRATION"),
        ("credentials that have ended", (), {"AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}, FAILED, "have ended"),
        ("STS of another kind", (), {"AWS_STS_REGIONAL_ENDPOINTS": "global"}, USAGE, "AWS_STS_REGIONAL_ENDPOINTS")):
    bad(name, *STATUS, *words, code=code, says=says, env=env)

if __name__ == "__main__":
    main(TESTS, 4)
