"""The same environments (variables, files, --profile) resolved by Steelyard and by botocore, against one loopback
peer: the same kind of source, and the same access key, which says that the same was asked with the same."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

RESOLVE = sys.argv[1]
HOME = tempfile.mkdtemp()
for name in [n for n in os.environ if n.startswith(("AWS_", "ACTIONS_", "STEELYARD_"))]:
    del os.environ[name]
os.environ["HOME"] = HOME  # before botocore, which makes up its mind about ~ when it is imported
ENV = dict(os.environ)

import botocore.exceptions  # noqa: E402
import botocore.parsers  # noqa: E402
import botocore.session  # noqa: E402
import peer  # noqa: E402

SERVER, URL = peer.start()
ARN = "arn:aws:iam::123456789012:role/"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": f"{HOME}/token", "AWS_ROLE_ARN": ARN + "web"}
IMDS = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": URL + "/"}
FULL = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": URL + "/container"}
DEFAULT_KEYS = "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n"
SSO = ("[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = deploy\n"
       "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n")
LEGACY = ("[profile sso]\nsso_account_id = 123456789012\nsso_role_name = deploy\nsso_region = eu-west-1\n"
          "sso_start_url = https://corp.example/start\n")
PROCESS = "[profile p]\ncredential_process = "


def token(key, seconds=3600 * 4, **more):
    return {hashlib.sha1(key.encode()).hexdigest() + ".json": json.dumps(
        {"startUrl": "https://corp.example/start", "region": "eu-west-1", "accessToken": "token-of-" + key,
         "expiresAt": peer.later(seconds), **more})}


def printed(**fields):
    return "printf '%s' '" + json.dumps({"Version": 1, "AccessKeyId": "AKIAPROC", "SecretAccessKey": "s",
                                         **fields}).replace(" ", "") + "'"


RENEWABLE = {"refreshToken": "r1", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": peer.later(86400)}

# name, kind of source ("error": none), variables, config file, credentials file, more
CASES = [
    ("variables", "env", KEYS, "", ""),
    ("variables with a token", "env", {**KEYS, "AWS_SESSION_TOKEN": "t"}, "", ""),
    ("the old name of the token", "env", {**KEYS, "AWS_SECURITY_TOKEN": "t"}, "", ""),
    ("variables before the file", "env", KEYS, "", DEFAULT_KEYS),
    ("variables and AWS_PROFILE", "env", {**KEYS, "AWS_PROFILE": "x"}, "[profile x]\nregion=eu-west-2\n",
     "[x]\naws_access_key_id=AKIAX\naws_secret_access_key=s\n"),
    ("a key without its secret", "error", {"AWS_ACCESS_KEY_ID": "AKIAENV"}, "", DEFAULT_KEYS),
    ("a secret without its key", "shared-credentials-file", {"AWS_SECRET_ACCESS_KEY": "s"}, "", DEFAULT_KEYS),
    ("the profile flag before variables", "shared-credentials-file", KEYS, "",
     "[x]\naws_access_key_id=AKIAX\naws_secret_access_key=s\n", {"profile": "x"}),
    ("the credentials file", "shared-credentials-file", {}, "", DEFAULT_KEYS),
    ("the credentials file with its token", "shared-credentials-file", {}, "", DEFAULT_KEYS + "aws_session_token = t\n"),
    ("an odd credentials file", "shared-credentials-file", {},
     "", "# comment\n[default]  \nAWS_Access_Key_ID:AKIAODD\naws_secret_access_key=s  \n; end\n"),
    ("the credentials file before the config file", "shared-credentials-file", {},
     "[default]\naws_access_key_id = AKIACONFIG\naws_secret_access_key = s\n", DEFAULT_KEYS),
    ("the config file", "config-file", {}, "[default]\naws_access_key_id = AKIACONFIG\naws_secret_access_key = s\n", ""),
    ("the config file's [DEFAULT]", "config-file", {},
     "[DEFAULT]\naws_secret_access_key = s\n[default]\naws_access_key_id = AKIACONFIG\n", ""),
    ("a profile of the config file", "config-file", {"AWS_PROFILE": "x y"},
     "[profile 'x y']\naws_access_key_id = AKIAXY\naws_secret_access_key = s\nregion = ap-south-1\n", ""),
    ("AWS_DEFAULT_PROFILE before AWS_PROFILE", "config-file", {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
     "[profile a]\naws_access_key_id=AKIAA\naws_secret_access_key=s\n"
     "[profile b]\naws_access_key_id=AKIAB\naws_secret_access_key=s\n", ""),
    ("a profile that is not there", "error", {"AWS_PROFILE": "nope"}, "", DEFAULT_KEYS),
    ("a profile flag that is not there", "error", KEYS, "", DEFAULT_KEYS, {"profile": "nope"}),
    ("a file that is none", "error", KEYS, "aws_access_key_id = x\n", ""),
    ("a section twice", "error", KEYS, "[default]\n[default]\n", ""),
    ("role by source_profile", "assume-role", {}, f"[default]\nrole_arn={ARN}a\nsource_profile=base\n"
     "[profile base]\naws_access_key_id=AKIABASE\naws_secret_access_key=s\n", ""),
    ("role with all it can have", "assume-role", {"AWS_PROFILE": "r"},
     f"[profile r]\nrole_arn={ARN}a\nsource_profile=base\nexternal_id=a b+c/&=\nrole_session_name=me@here\n"
     "duration_seconds=1800\n", "[base]\naws_access_key_id=AKIABASE\naws_secret_access_key=s\naws_session_token=bt\n"),
    ("role by its own keys", "assume-role", {}, f"[default]\nrole_arn={ARN}a\nsource_profile=default\n", DEFAULT_KEYS),
    ("role by a role", "assume-role", {"AWS_PROFILE": "r"},
     f"[profile r]\nrole_arn={ARN}a\nsource_profile=s\n[profile s]\nrole_arn={ARN}b\nsource_profile=base\n",
     "[base]\naws_access_key_id=AKIABASE\naws_secret_access_key=s\n"),
    ("roles in a circle", "error", {"AWS_PROFILE": "r"},
     f"[profile r]\nrole_arn={ARN}a\nsource_profile=s\n[profile s]\nrole_arn={ARN}b\nsource_profile=r\n", ""),
    ("role by variables", "assume-role", {"AWS_PROFILE": "r", **KEYS}, f"[profile r]\nrole_arn={ARN}a\n"
     "credential_source=Environment\n", "", {"profile": "r"}),
    ("role by a container", "assume-role", {"AWS_PROFILE": "r", **FULL}, f"[profile r]\nrole_arn={ARN}a\n"
     "credential_source=EcsContainer\n", ""),
    ("role by the instance", "assume-role", {"AWS_PROFILE": "r", **IMDS}, f"[profile r]\nrole_arn={ARN}a\n"
     "credential_source=Ec2InstanceMetadata\n", ""),
    ("role by an unknown source", "error", {"AWS_PROFILE": "r"}, f"[profile r]\nrole_arn={ARN}a\n"
     "credential_source=Moon\n", ""),
    ("role without a source", "error", {"AWS_PROFILE": "r"}, f"[profile r]\nrole_arn={ARN}a\n", ""),
    ("role with both sources", "error", {"AWS_PROFILE": "r", **KEYS}, f"[profile r]\nrole_arn={ARN}a\n"
     "credential_source=Environment\nsource_profile=r\n", "", {"profile": "r"}),
    ("role by a profile that is not there", "error", {"AWS_PROFILE": "r"},
     f"[profile r]\nrole_arn={ARN}a\nsource_profile=nope\n", ""),
    ("role by SSO", "assume-role", {"AWS_PROFILE": "r"}, f"[profile r]\nrole_arn={ARN}a\nsource_profile=sso\n" + SSO,
     "", {"cache": token("corp")}),
    ("role by web identity", "assume-role", {"AWS_PROFILE": "r"},
     f"[profile r]\nrole_arn={ARN}a\nsource_profile=w\n[profile w]\nrole_arn={ARN}b\n"
     f"web_identity_token_file={HOME}/token\n", ""),
    ("role by a process", "assume-role", {"AWS_PROFILE": "r"},
     f"[profile r]\nrole_arn={ARN}a\nsource_profile=p\n" + PROCESS + printed() + "\n", ""),
    ("role that is denied", "error", {"AWS_ENDPOINT_URL_STS": URL + "/denied"},
     f"[default]\nrole_arn={ARN}a\nsource_profile=default\n", DEFAULT_KEYS),
    ("web identity", "assume-role-with-web-identity", WEB, "", DEFAULT_KEYS),
    ("web identity with its session", "assume-role-with-web-identity", {**WEB, "AWS_ROLE_SESSION_NAME": "me"}, "", ""),
    ("web identity behind variables", "env", {**WEB, **KEYS}, "", ""),
    ("web identity of a profile", "assume-role-with-web-identity", {},
     f"[default]\nrole_arn={ARN}b\nweb_identity_token_file={HOME}/token\nrole_session_name=pr\n", ""),
    ("web identity without its role", "error", {"AWS_WEB_IDENTITY_TOKEN_FILE": f"{HOME}/token"}, "", DEFAULT_KEYS),
    ("web identity without its file", "error", {**WEB, "AWS_WEB_IDENTITY_TOKEN_FILE": f"{HOME}/none"}, "", ""),
    ("web identity that is denied", "error", {**WEB, "AWS_ENDPOINT_URL_STS": URL + "/denied"}, "", DEFAULT_KEYS),
    ("SSO", "sso", {"AWS_PROFILE": "sso"}, SSO, "", {"cache": token("corp")}),
    ("SSO before keys", "sso", {"AWS_PROFILE": "sso"}, SSO, "[sso]\naws_access_key_id=AKIAX\naws_secret_access_key=s\n",
     {"cache": token("corp")}),
    ("SSO, the old form", "sso", {"AWS_PROFILE": "sso"}, LEGACY, "", {"cache": token("https://corp.example/start")}),
    ("SSO, renewed", "sso", {"AWS_PROFILE": "sso"}, SSO, "", {"cache": token("corp", 60, **RENEWABLE)}),
    ("SSO, ended and renewed", "sso", {"AWS_PROFILE": "sso"}, SSO, "", {"cache": token("corp", -60, **RENEWABLE)}),
    ("SSO that ended", "error", {"AWS_PROFILE": "sso"}, SSO, "", {"cache": token("corp", -60)}),
    ("SSO, the old form, ended", "error", {"AWS_PROFILE": "sso"}, LEGACY, "",
     {"cache": token("https://corp.example/start", -60, **RENEWABLE)}),
    ("SSO without a token", "error", {"AWS_PROFILE": "sso"}, SSO, ""),
    ("SSO without its session", "error", {"AWS_PROFILE": "sso"}, SSO.replace("[sso-session corp]", "[sso-session x]"),
     "", {"cache": token("corp")}),
    ("SSO without its region", "error", {"AWS_PROFILE": "sso"}, SSO.replace("sso_region", "other"), "",
     {"cache": token("corp")}),
    ("a process", "custom-process", {"AWS_PROFILE": "p"}, PROCESS + printed() + "\n", ""),
    ("a process with an end", "custom-process", {"AWS_PROFILE": "p"},
     PROCESS + printed(SessionToken="t", Expiration=peer.later()) + "\n", ""),
    ("a process behind keys in the credentials file", "shared-credentials-file", {"AWS_PROFILE": "p"},
     PROCESS + printed() + "\n", "[p]\naws_access_key_id=AKIAX\naws_secret_access_key=s\n"),
    ("a process before keys in the config file", "custom-process", {"AWS_PROFILE": "p"},
     PROCESS + printed() + "\naws_access_key_id=AKIAX\naws_secret_access_key=s\n", ""),
    ("a process that fails", "error", {"AWS_PROFILE": "p"}, PROCESS + "false\n", ""),
    ("a process that is not there", "error", {"AWS_PROFILE": "p"}, PROCESS + "/nonexistent/program\n", ""),
    ("a process of another version", "error", {"AWS_PROFILE": "p"}, PROCESS + printed(Version=2) + "\n", ""),
    ("a process that prints no key", "error", {"AWS_PROFILE": "p"}, PROCESS + "printf '{\"Version\":1}'\n", ""),
    ("a container", "container-role", FULL, "", ""),
    ("a container with a token", "container-role", {**FULL, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc"}, "", ""),
    ("a container with a token's file", "container-role",
     {**FULL, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{HOME}/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "x"}, "", ""),
    ("a container behind the file", "shared-credentials-file", FULL, "", DEFAULT_KEYS),
    ("a container elsewhere", "error", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"}, "", ""),
    ("a container before the instance", "container-role", {**FULL, **IMDS}, "", ""),
    ("the instance", "iam-role", IMDS, "", ""),
    ("the instance's address in the profile", "iam-role", {"AWS_EC2_METADATA_DISABLED": "false"},
     f"[default]\nec2_metadata_service_endpoint = {URL}/\n", ""),
    ("nothing", "error", {}, "", ""),
    ("the profile's endpoint", "assume-role", {"AWS_ENDPOINT_URL": None},
     f"[default]\nrole_arn={ARN}a\nsource_profile=default\nendpoint_url={URL}/of/profile\n", DEFAULT_KEYS),
    ("the profile's endpoint of the service", "assume-role", {"AWS_ENDPOINT_URL": None},
     f"[default]\nrole_arn={ARN}a\nsource_profile=default\nendpoint_url={URL}/denied\nservices=mine\n"
     f"[services mine]\nsts =\n  endpoint_url = {URL}\nssm =\n  endpoint_url = {URL}/garbage\n", DEFAULT_KEYS),
    ("the variable of the service before all", "assume-role",
     {"AWS_ENDPOINT_URL": URL + "/denied", "AWS_ENDPOINT_URL_STS": URL},
     f"[default]\nrole_arn={ARN}a\nsource_profile=default\nendpoint_url={URL}/denied\n", DEFAULT_KEYS),
    ("a services section that is not there", "error", {"AWS_ENDPOINT_URL": None},
     f"[default]\nrole_arn={ARN}a\nsource_profile=default\nservices=mine\n", DEFAULT_KEYS),
    ("FIPS with an own endpoint", "assume-role", {"AWS_USE_FIPS_ENDPOINT": "true"},
     f"[default]\nrole_arn={ARN}a\nsource_profile=default\n", DEFAULT_KEYS),
    ("STS that is garbage", "error", {**WEB, "AWS_ENDPOINT_URL_STS": URL + "/garbage"}, "", ""),
    ("STS that breaks off", "error", {**WEB, "AWS_ENDPOINT_URL_STS": URL + "/half"}, "", ""),
    ("STS that is not there", "error", {**WEB, "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}, "", ""),
    ("SSO that is denied", "error", {"AWS_PROFILE": "sso", "AWS_ENDPOINT_URL_SSO": URL + "/denied"}, SSO, "",
     {"cache": token("corp")}),
    ("an instance without an answer", "error",
     {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1/"}, "", ""),
]

# What botocore has no source for: the job's token of GitHub and GitLab.
ROLE = {"AWS_ROLE_ARN": ARN + "ci"}
GITHUB = {**ROLE, "ACTIONS_ID_TOKEN_REQUEST_URL": URL + "/oidc?v=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "github"}
CI_CASES = [
    ("GitHub's token", "token-of-github", GITHUB),
    ("GitLab's token", "token-of-gitlab", {**ROLE, "STEELYARD_WEB_IDENTITY_TOKEN": "token-of-gitlab"}),
    ("GitLab's before GitHub's", "token-of-gitlab", {**GITHUB, "STEELYARD_WEB_IDENTITY_TOKEN": "token-of-gitlab"}),
    ("the standard file before both", "token-of-the-file",
     {**GITHUB, "STEELYARD_WEB_IDENTITY_TOKEN": "token-of-gitlab", "AWS_WEB_IDENTITY_TOKEN_FILE": f"{HOME}/token"}),
    ("a bearer token that GitHub refuses", None, {**GITHUB, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "no"}),
    ("a token without a role", None, {"STEELYARD_WEB_IDENTITY_TOKEN": "token-of-gitlab"}),
]


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def set_up(variables, config, credentials, cache):
    shutil.rmtree(f"{HOME}/.aws", ignore_errors=True)
    write(f"{HOME}/token", "token-of-the-file")
    for path, text in ((".aws/config", config), (".aws/credentials", credentials)):
        if text:
            write(f"{HOME}/{path}", text)
    for name, text in cache.items():
        write(f"{HOME}/.aws/sso/cache/{name}", text)
    env = {**ENV, "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": URL,
           "AWS_MAX_ATTEMPTS": "1", **variables}
    env = {k: v for k, v in env.items() if v is not None}
    if "region" in config and "AWS_DEFAULT_REGION" not in variables and "sso_region" not in config:
        del env["AWS_DEFAULT_REGION"]
    return env


def theirs(env, profile):
    os.environ.clear()
    os.environ.update(env)
    session = botocore.session.Session(profile=profile)
    try:
        credentials = session.get_credentials()
        if not credentials:
            return ["error", "none"]
        return [credentials.method, credentials.get_frozen_credentials().access_key,
                session.get_config_variable("region")]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, OSError, ValueError,
            botocore.parsers.ResponseParserError) as error:
        return ["error", str(error)]


def ours(env, profile):
    run = subprocess.run([RESOLVE, "credentials", *([profile] if profile else [])], env=env, capture_output=True,
                         text=True, timeout=30, check=False)
    lines = run.stdout.splitlines()
    assert run.returncode == 0 and len(lines) == 1, (run.returncode, run.stdout, run.stderr)
    return lines[0].split("\t")


def main():
    wrong = 0
    for name, kind, variables, config, credentials, *rest in CASES:
        more = rest[0] if rest else {}
        got = []
        for resolve in (ours, theirs):
            env = set_up(variables, config, credentials, more.get("cache", {}))  # SSO rewrites its token
            got.append(resolve(env, more.get("profile")))
        mine, want = got
        same = mine == want or (mine[0] == want[0] == "error")
        if not same or mine[0] != kind:
            wrong += 1
            print(f"{name}: expected {kind}\n  ours     {mine}\n  botocore {want}")
        elif os.environ.get("SHOW"):
            print(f"{name}: {mine}")
    for name, want, variables in CI_CASES:
        mine = ours(set_up(variables, "", "", {}), None)
        fields = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": ARN + "ci",
                  "RoleSessionName": "default", "WebIdentityToken": want}
        if mine[:2] != ["assume-role-with-web-identity", peer.key(sorted(fields.items()), None, None)] if want else \
                mine[0] != "error":
            wrong += 1
            print(f"{name}: {mine}")
    print(f"{len(CASES) + len(CI_CASES)} environments, {wrong} differ")
    return wrong > 0


try:
    code = main()
finally:
    SERVER.shutdown()
    shutil.rmtree(HOME, ignore_errors=True)
sys.exit(code)
