"""A table of environments, each resolved by ours and by botocore against the same loopback peer: the same access key by
the same method, or refused by both. Where ours differs on purpose the row says what ours answers, and why."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import peer

RESOLVE = os.path.abspath(sys.argv[1])
HERE = pathlib.Path(__file__).resolve().parent


def keys(section, name):
    return f"[{section}]\naws_access_key_id = {name}\naws_secret_access_key = {peer.secret_of(name)}\n"


def env_keys(name="AKIDENV", **more):
    return dict({"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": peer.secret_of(name)}, **more)


def role(profile, name="r", **settings):
    lines = "".join(f"{k} = {v}\n" for k, v in settings.items())
    return f"[profile {profile}]\nrole_arn = arn:aws:iam::123456789012:role/{name}\n{lines}"


SSO = ("[profile dev]\nsso_session = corp\nsso_account_id = 12\nsso_role_name = ro\n"
       "[sso-session corp]\nsso_start_url = https://corp.test\nsso_region = us-west-2\n")
LEGACY = "[profile dev]\nsso_start_url = https://corp.test\nsso_region = us-west-2\nsso_account_id = 12\nsso_role_name = ro\n"
SSO_TOKEN = {"accessToken": "sso-token", "expiresAt": peer.END}
WEB = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/web", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container"}
INSTANCE = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "{url}"}
PROCESS = "credential_process = /bin/cat \"{home}/process.json\"\n"
BAD_PROCESS = "credential_process = /bin/false\n"


def row(what, env=None, config="", credentials="", profile=None, sso=None, ours=None, why=None, kind="credentials"):
    return locals()


ROWS = [
    row("nothing"),
    row("variables", env_keys()),
    row("variables with a token", env_keys(AWS_SESSION_TOKEN="t")),
    row("the old name of the token first", env_keys(AWS_SESSION_TOKEN="t", AWS_SECURITY_TOKEN="old")),
    row("an access key alone", {"AWS_ACCESS_KEY_ID": "AKIDENV"}, credentials=keys("default", "AKIDFILE")),
    row("a secret alone", {"AWS_SECRET_ACCESS_KEY": "x"}, credentials=keys("default", "AKIDFILE")),
    row("empty variables", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, credentials=keys("default", "AKIDFILE")),
    row("variables before all else", dict(env_keys(), **WEB, **CONTAINER), role("x", source_profile="base"), keys("base", "AKIDBASE")),
    row("variables before AWS_PROFILE", env_keys(AWS_PROFILE="other"), credentials=keys("other", "AKIDOTHER")),
    row("a named profile before variables", env_keys(), credentials=keys("other", "AKIDOTHER"), profile="other"),
    row("variables of a profile that is not there", env_keys(AWS_PROFILE="gone")),
    row("a profile that is not there", {"AWS_PROFILE": "gone"}),
    row("AWS_DEFAULT_PROFILE and AWS_PROFILE", {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
        credentials=keys("a", "AKIDA") + keys("b", "AKIDB")),
    row("the credentials file", credentials=keys("default", "AKIDFILE")),
    row("both files", config=keys("default", "AKIDCONFIG"), credentials=keys("default", "AKIDFILE")),
    row("the config file", config=keys("default", "AKIDCONFIG")),
    row("[profile default] and [default]", config=keys("default", "AKIDONE") + keys("profile default", "AKIDTWO")),
    row("[default] and [profile default]", config=keys("profile default", "AKIDTWO") + keys("default", "AKIDONE")),
    row("a section without \"profile\" in the config file", config=keys("dev", "AKIDDEV"), profile="dev"),
    row("a section with \"profile\" in the credentials file", credentials=keys("profile dev", "AKIDDEV"), profile="dev"),
    row("a name in quotes", config=keys("profile \"a b\"", "AKIDAB"), profile="a b"),
    row("[DEFAULT]", config="[DEFAULT]\naws_access_key_id = AKIDALL\naws_secret_access_key = s\n[default]\nregion = us-east-1\n"),
    row("half a pair of keys in a file", credentials="[default]\naws_access_key_id = AKIDFILE\n", config=keys("default", "AKIDCONFIG")),
    row("a file that is no such file", config="nonsense\n"),
    row("a key twice", credentials=keys("default", "AKIDFILE") + "aws_access_key_id = AKIDAGAIN\n"),
    row("other places of the files", {"AWS_CONFIG_FILE": "{home}/none", "AWS_SHARED_CREDENTIALS_FILE": "~/elsewhere"},
        config=keys("default", "AKIDCONFIG")),
    # ---- roles ----
    row("a role", config=role("x", source_profile="base"), credentials=keys("base", "AKIDBASE"), profile="x"),
    row("a role with all its settings", profile="x", credentials=keys("base", "AKIDBASE"),
        config=role("x", source_profile="base", external_id="ext", duration_seconds=3600, role_session_name="name")),
    row("a role of AWS_PROFILE", {"AWS_PROFILE": "x"}, role("x", source_profile="base"), keys("base", "AKIDBASE")),
    row("a role by a role", config=role("x", source_profile="y") + role("y", "s", source_profile="base"),
        credentials=keys("base", "AKIDBASE"), profile="x"),
    row("a role by a profile with keys and a role", config=role("x", source_profile="y") + role("y", "s", source_profile="base"),
        credentials=keys("base", "AKIDBASE") + keys("y", "AKIDY"), profile="x"),
    row("a role by itself", config=role("x", source_profile="x"), credentials=keys("x", "AKIDX"), profile="x"),
    row("a role by itself without keys", config=role("x", source_profile="x"), profile="x"),
    row("roles in a circle", config=role("x", source_profile="y") + role("y", source_profile="x"), profile="x"),
    row("a role by nobody", config=role("x"), credentials=keys("x", "AKIDX"), profile="x"),
    row("a role by two", config=role("x", source_profile="base", credential_source="Environment"),
        credentials=keys("base", "AKIDBASE"), profile="x"),
    row("a role by a profile that is not there", config=role("x", source_profile="gone"), profile="x"),
    row("a role by an empty profile", config=role("x", source_profile="y") + "[profile y]\nregion = us-east-1\n", profile="x"),
    row("a role by variables", env_keys(), role("x", credential_source="Environment"), profile="x"),
    row("a role by variables that are not there", config=role("x", credential_source="Environment"), profile="x"),
    row("a role by a container", CONTAINER, role("x", credential_source="EcsContainer"), profile="x"),
    row("a role by an instance", INSTANCE, role("x", credential_source="Ec2InstanceMetadata"), profile="x"),
    row("a role by something else", config=role("x", credential_source="Moon"), profile="x"),
    row("a role by a process", config=role("x", source_profile="y") + "[profile y]\n" + PROCESS, profile="x"),
    row("a role by SSO", config=role("x", source_profile="dev") + SSO, sso="corp", profile="x"),
    row("a role by a web identity", profile="x",
        config=role("x", source_profile="y") + role("y", "w", web_identity_token_file="{home}/token")),
    row("a duration that is no number", config=role("x", source_profile="base", duration_seconds="long"),
        credentials=keys("base", "AKIDBASE"), profile="x", ours={"error": "duration_seconds"},
        why="botocore takes AWS's default without a word"),
    row("MFA", config=role("x", source_profile="base", mfa_serial="m"), credentials=keys("base", "AKIDBASE"), profile="x"),
    # ---- web identity ----
    row("a web identity", WEB, credentials=keys("default", "AKIDFILE")),
    row("a web identity of a profile", config=role("x", "p", web_identity_token_file="{home}/token"), profile="x"),
    row("a named profile before the variables' web identity", WEB, credentials=keys("other", "AKIDOTHER"), profile="other"),
    row("a token file without a role", {"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token"}),
    row("a token file that is not there", dict(WEB, AWS_WEB_IDENTITY_TOKEN_FILE="{home}/none")),
    row("half from variables", {"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_PROFILE": "x"},
        "[profile x]\nrole_arn = arn:aws:iam::1:role/half\n"),
    row("GitHub's token", {"AWS_ROLE_ARN": "arn:aws:iam::1:role/gh", "ACTIONS_ID_TOKEN_REQUEST_URL": "{url}/github?v=1",
                           "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer"},
        ours={"access_key": "ASIAghWEBgithubbearer"}, why="botocore leaves it to an action"),
    row("GitLab's token", {"AWS_ROLE_ARN": "arn:aws:iam::1:role/gl", "STEELYARD_WEB_IDENTITY_TOKEN": "gitlab"},
        ours={"access_key": "ASIAglWEBgitlab"}, why="botocore wants a file"),
    row("GitHub's token behind a token file", dict(WEB, ACTIONS_ID_TOKEN_REQUEST_URL="{url}/github", ACTIONS_ID_TOKEN_REQUEST_TOKEN="b")),
    # ---- SSO ----
    row("SSO", config=SSO, sso="corp", profile="dev"),
    row("SSO, the legacy form", config=LEGACY, sso="https://corp.test", profile="dev"),
    row("SSO before keys", config=SSO, credentials=keys("dev", "AKIDDEV"), sso="corp", profile="dev"),
    row("SSO, not logged in", config=SSO, credentials=keys("dev", "AKIDDEV"), profile="dev"),
    row("SSO without its session", config=SSO.split("[sso-session")[0], profile="dev"),
    row("SSO without an account", config=SSO.replace("sso_account_id = 12\n", ""), sso="corp", profile="dev"),
    row("SSO whose parts disagree", config=SSO.replace("[sso-session", "sso_region = eu-west-1\n[sso-session"), sso="corp", profile="dev"),
    # ---- process ----
    row("a process", config="[default]\n" + PROCESS),
    row("a process before keys of the config file", config=keys("default", "AKIDCONFIG") + PROCESS),
    row("keys of the credentials file before a process", config="[default]\n" + PROCESS, credentials=keys("default", "AKIDFILE")),
    row("a process in the credentials file", credentials="[default]\n" + PROCESS),
    row("a process that fails", CONTAINER, "[default]\n" + BAD_PROCESS),
    row("a process that cannot be split", config="[default]\ncredential_process = 'x\n"),
    # ---- container, instance ----
    row("a container", CONTAINER),
    row("a container with a token", dict(CONTAINER, AWS_CONTAINER_AUTHORIZATION_TOKEN="abc")),
    row("a container with a token file", dict(CONTAINER, AWS_CONTAINER_AUTHORIZATION_TOKEN="abc",
                                              AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="{home}/token")),
    row("a container before an instance", dict(CONTAINER, **INSTANCE)),
    row("a container elsewhere", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/x"}),
    row("a container that is not there", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/none"}),
    row("an instance", INSTANCE),
    row("an instance, switched off", dict(INSTANCE, AWS_EC2_METADATA_DISABLED="TRUE")),
    row("an instance, the endpoint in the profile", {"AWS_EC2_METADATA_DISABLED": "false"},
        "[default]\nec2_metadata_service_endpoint = {url}\n"),
]

PLAIN = {"AWS_ENDPOINT_URL": None}
REGION = dict(PLAIN, AWS_DEFAULT_REGION="eu-west-1")
SERVICES = "[default]\nservices = s\nendpoint_url = http://all\n[services s]\nlambda =\n  endpoint_url = http://l\nsso_oidc =\n  endpoint_url = http://o\n"
ROWS += [dict(r, kind="settings") for r in (
    row("no region", dict(PLAIN, AWS_DEFAULT_REGION=None), why="botocore has clients without a region", ours={"error": "no AWS region"}),
    row("a region", REGION),
    row("the profile's region", dict(PLAIN, AWS_DEFAULT_REGION=None), "[default]\nregion = ap-south-1\n"),
    row("the variable's region first", REGION, "[default]\nregion = ap-south-1\n"),
    row("the region in the credentials file", dict(PLAIN, AWS_DEFAULT_REGION=None), "[default]\nregion = ap-south-1\n",
        "[default]\nregion = eu-north-1\n"),
    row("AWS_ENDPOINT_URL", dict(REGION, AWS_ENDPOINT_URL="http://e", AWS_ENDPOINT_URL_SSM="http://s:8", AWS_ENDPOINT_URL_SSO_OIDC="http://o")),
    row("endpoints of the profile", REGION, SERVICES),
    row("the variable before the profile's service", dict(REGION, AWS_ENDPOINT_URL="http://e"), SERVICES),
    row("endpoints ignored", dict(REGION, AWS_ENDPOINT_URL="http://e", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="True"), SERVICES),
    row("endpoints ignored by the profile", REGION, SERVICES.replace("services = s", "services = s\nignore_configured_endpoint_urls = true")),
    row("a services section that is not there", REGION, "[default]\nservices = gone\n"),
    row("FIPS", dict(REGION, AWS_USE_FIPS_ENDPOINT="true")),
    row("FIPS of the profile", REGION, "[default]\nuse_fips_endpoint = TRUE\n"),
    row("FIPS that is no word", dict(REGION, AWS_USE_FIPS_ENDPOINT="1")),
    row("dual stack", dict(REGION, AWS_USE_DUALSTACK_ENDPOINT="true")),
    row("both", dict(REGION, AWS_USE_DUALSTACK_ENDPOINT="true", AWS_USE_FIPS_ENDPOINT="true")),
    row("FIPS with an endpoint", dict(REGION, AWS_USE_FIPS_ENDPOINT="true", AWS_ENDPOINT_URL="http://e")),
    row("dual stack with an endpoint", dict(REGION, AWS_USE_DUALSTACK_ENDPOINT="true"), "[default]\nendpoint_url = http://e\n"),
    row("the global STS", dict(REGION, AWS_STS_REGIONAL_ENDPOINTS="legacy")),
    row("the global STS, of a newer region", dict(PLAIN, AWS_DEFAULT_REGION="eu-south-2", AWS_STS_REGIONAL_ENDPOINTS="legacy")),
    row("the global STS of the profile", REGION, "[default]\nsts_regional_endpoints = legacy\n"),
    row("an unknown STS", dict(REGION, AWS_STS_REGIONAL_ENDPOINTS="global")),
    row("China", dict(PLAIN, AWS_DEFAULT_REGION="cn-north-1")),
)]


def prepare(row, home, url):
    home = pathlib.Path(home)
    (home / ".aws/sso/cache").mkdir(parents=True)
    def fill(text):
        return text.replace("{home}", str(home)).replace("{url}", url)
    if row["config"]:
        (home / ".aws/config").write_text(fill(row["config"]))
    if row["credentials"]:
        (home / ".aws/credentials").write_text(fill(row["credentials"]))
    if row["sso"]:
        name = hashlib.sha1(row["sso"].encode()).hexdigest()
        (home / f".aws/sso/cache/{name}.json").write_text(json.dumps(SSO_TOKEN))
    (home / "token").write_text("web.token")
    (home / "elsewhere").write_text(keys("default", "AKIDELSEWHERE"))
    (home / "process.json").write_text(json.dumps({
        "Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": peer.secret_of("AKIDPROCESS")}))
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url,
           "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "*"}
    env.update(row["env"] or {})
    return {k: fill(v) for k, v in env.items() if v is not None}


def ask(command, row, env):
    words = [*command, row["kind"], *([row["profile"]] if row["profile"] else [])]
    out = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert out.returncode == 0 and out.stdout, (row["what"], out.stderr)
    return json.loads(out.stdout)


def compare(row, url):
    """"" or what is wrong."""
    with tempfile.TemporaryDirectory(prefix="steelyard-peers-") as home:
        env = prepare(row, home, url)
        ours, theirs = ask([RESOLVE], row, env), ask([sys.executable, HERE / "botocore_resolve.py"], row, env)
    text = f"{row['kind']}, {row['what']}:\n  ours     {ours}\n  botocore {theirs}"
    if row["ours"]:
        good = all(want in (ours.get(key) or "") for key, want in row["ours"].items()) and ours != theirs
    elif "error" in theirs:
        good = "error" in ours
    else:
        good = ours == theirs
    if os.environ.get("SHOW"):
        print(text)
    secret = "error" in ours and ("secret/of/" in ours["error"] or "token//of" in ours["error"])
    return "" if good and not secret else text


def main():
    server = peer.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            wrong = [text for text in pool.map(lambda row: compare(row, url), ROWS) if text]
    finally:
        server.shutdown()
    for text in wrong:
        print(text)
    kinds = [r["kind"] for r in ROWS]
    print(f"environments: {kinds.count('credentials')} of credentials, {kinds.count('settings')} of settings, "
          f"{sum(bool(r['ours']) for r in ROWS)} of them differ on purpose, {len(wrong)} wrongly")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
