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


def access_key(platform):
    """The peer's, for the role and this token."""
    return f"ASIAdeployWEB{TOKENS[platform].replace('.', '')}"


def strict(platform):
    return scenario(access_key=access_key(platform))


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
        given = {**NO_KEYS, "AWS_ENDPOINT_URL_STS": aws.url, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{aws.url}/github?api-version=2.0",
                 "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER}
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
        given = {**NO_KEYS, "AWS_ENDPOINT_URL_STS": aws.url, "STEELYARD_WEB_IDENTITY_TOKEN": TOKENS["gitlab"]}
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


if __name__ == "__main__":
    main(TESTS, 2)
