"""What is wrong with a profile, a file or a variable that credentials, region and endpoints come from: one sentence, as
text and as JSON, and no secret in it."""

import pathlib
import tempfile

from bad_input import FAILED, TESTS, USAGE, bad
from world import ACCESS_KEY, CHECKOUT, SECRET, TOKEN, main

STATUS = ("status", *CHECKOUT)
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}
KEYS = f"aws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/deploy\n"
SSO = "sso_account_id = 123456789012\nsso_role_name = deploy\n"
FOLDER = tempfile.TemporaryDirectory()
FILES = []


def config(text, **more):
    """An environment whose only source of credentials is this config file."""
    path = pathlib.Path(FOLDER.name, str(len(FILES)))
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    FILES.append(path)
    return {**NO_KEYS, "AWS_CONFIG_FILE": str(path), "HOME": FOLDER.name, **more}

for name, words, env, code, says in (
        ("an empty profile", ("--profile", ""), {}, USAGE, "profile"),
        ("a profile of control characters", ("--profile", b"x\x1b[31m"), {}, USAGE, "profile"),
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
        ("a bad endpoint", (), config("[default]\nendpoint_url = ftp://x\n" + KEYS, AWS_ENDPOINT_URL=None), USAGE, '"ftp://x"'),
        ("a services section that is not there", (), config("[default]\nservices = s\n" + KEYS, AWS_ENDPOINT_URL=None), USAGE,
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
        ("STS of another kind", (), {"AWS_STS_REGIONAL_ENDPOINTS": "global"}, USAGE, "AWS_STS_REGIONAL_ENDPOINTS")):
    bad(name, *STATUS, *words, code=code, says=says, env=env)

if __name__ == "__main__":
    main(TESTS, 4)
