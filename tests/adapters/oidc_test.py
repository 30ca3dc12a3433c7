"""A role by the job's own token, with no step and no key beside it: the action in act and the component in gitlab-ci-local. A loopback
peer issues GitHub's token and is STS (tests/peers/credentials); the rest of AWS is the sandbox, which knows the role's access
key alone."""
import pathlib
import sys

from act_test import HEAD, said
from github import CHECKOUT, FAST, ROOT, Github, main, scenario, uses
from gitlab import RELEASE, Gitlab
from gitlab_test import artifacts

sys.path.insert(0, str(ROOT / "tests" / "peers" / "credentials"))
import peer  # noqa: E402

TESTS = []
ROLE = "arn:aws:iam::123456789012:role/deploy"
BEARER = "b34r3rOfThisRun"  # what GitHub's runner gives to a job with id-token: write
TOKENS = {"github": f"github.{BEARER}", "gitlab": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJnaXRsYWIifQ.c2lnbmF0dXJl"}
NO_KEYS = {name: None for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}

NONE = 'test -z "$AWS_ACCESS_KEY_ID$AWS_SECRET_ACCESS_KEY$AWS_SESSION_TOKEN" && echo "no keys here"'
LOOK = f"""
look:
  stage: build
  script:
    - {NONE}
"""


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def access_key(platform, role="deploy"):
    """The peer's, for the role and this token."""
    return f"ASIA{role}WEB{TOKENS[platform].replace('.', '')}"


def strict(platform):
    return scenario(access_key=access_key(platform))


def token(platform, aws):
    """What the platform gives to a job that asks for its token, and no key."""
    if platform == "gitlab":  # gitlab-ci-local issues none: the variable that GitLab makes of id_tokens is given
        return {**NO_KEYS, "AWS_ENDPOINT_URL_STS": aws.url, "STEELYARD_WEB_IDENTITY_TOKEN": TOKENS["gitlab"]}
    return {**NO_KEYS, "AWS_ENDPOINT_URL_STS": aws.url, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{aws.url}/github?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER}


def no_keys(world):
    """Neither are they in the environment that the runner is started in."""
    whole = world.env
    world.env = lambda **more: whole(**{**NO_KEYS, **more})
    return world


def kept(run, platform, *files):
    """No secret is in what the job shows and leaves."""
    key = access_key(platform)
    texts = [run.out, run.err, *(path.read_text() for path in files)]
    for secret in (BEARER, TOKENS[platform], peer.secret_of(key), peer.token_of(key)):
        assert not any(secret in text for text in texts), (secret, texts)


class Peer:
    """In a with statement."""

    def __enter__(self):
        self.server = peer.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def workflow(role, reports):
    return HEAD.replace("contents: read", "id-token: write") + """
      - run: %s
""" % NONE + uses({**CHECKOUT, "version": "42", **FAST, "role-to-assume": role, "report-dir": reports})


@test("GitHub: role-to-assume and id-token: write are all that a job needs")
def github():
    with Peer() as aws, no_keys(Github(strict("github"))) as world:
        given = token("github", aws)
        other = world.act(workflow("arn:aws:iam::123456789012:role/other", world.path("reports")), env=given)
        assert other.code == 1 and world.alias() == ("41", {}), other.out
        said(other, "UnrecognizedClientException")
        kept(other, "github")
        folder = pathlib.Path(world.path("reports"))
        run = world.act(workflow(ROLE, folder), env=given)
        assert run.code == 0 and world.alias() == ("42", {}), run.out
        said(run, "no keys here$")
        said(run, "outcome=PROMOTED$")
        kept(run, "github", *folder.iterdir())


@test("GitLab: role and the job's id_token are all that a job needs")
def gitlab():
    """gitlab-ci-local issues no id_tokens: the variable that GitLab makes of them is given. That every job of the component asks
    for it is what lint_test.py looks at."""
    with Peer() as aws, no_keys(Gitlab(strict("gitlab"))) as world:
        given = token("gitlab", aws)
        run = world.run_pipeline(world.project({**RELEASE, "role": ROLE.replace("deploy", "other")}), variables=given)
        assert run.code != 0 and world.alias() == ("41", {}), (run.out, run.err)
        said(run, "UnrecognizedClientException")
        folder = world.project({**RELEASE, "role": ROLE}, LOOK)
        run = world.run_pipeline(folder, variables=given)
        assert run.code == 0 and world.alias() == ("42", {}), (run.out, run.err)
        said(run, "no keys here$")
        place, dotenv, _ = artifacts(folder)
        assert dotenv["STEELYARD_OUTCOME"] == "PROMOTED", dotenv
        kept(run, "gitlab", *place.iterdir())


# What comes before the job's token (docs/credentials.md): another login step's keys, an EKS runner's token, a profile's role.
OTHERS = {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "other", "AWS_SESSION_TOKEN": "other", "AWS_SECURITY_TOKEN": "other",
          "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_PROFILE": "other", "AWS_DEFAULT_PROFILE": "other",
          "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/other"}


@test("a role that is given is the one that is used, whatever else is there")
def explicit():
    for platform, world in (("github", Github(strict("github"))), ("gitlab", Gitlab(strict("gitlab")))):
        with Peer() as aws, world:
            config = pathlib.Path(world.path("config"))
            config.write_text("[default]\nrole_arn = arn:aws:iam::123456789012:role/other\nsource_profile = other\n"
                              "[profile other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n")
            for others in (*({name: value} for name, value in OTHERS.items()), OTHERS, {"AWS_CONFIG_FILE": config}):
                given = {**token(platform, aws), **others}
                if platform == "github":
                    run = world.act(HEAD + uses({**CHECKOUT, "command": "plan", "version": "42", "role-to-assume": ROLE}), env=given)
                else:
                    folder = world.project({**CHECKOUT, "version": "42", "role": ROLE, "rule": "$CI"}, name="plan")
                    run = world.run_pipeline(folder, variables={**given, "CI": "true"})
                assert run.code == 0, (others, run.out, run.err)


if __name__ == "__main__":
    main(TESTS, 2)
