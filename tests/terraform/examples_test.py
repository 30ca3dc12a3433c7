"""examples_test.py STEELYARD [NAME…]: every example of adapters/terraform/examples is applied, against a sandbox.

An example stands beside examples/provider/provider.tf, as a reader would put it. Durations of an example are real, so its
alias is on the version already, or its variables make a release of seconds of it. What belongs to the AWS provider is stood in for:
there is none here."""

import itertools
import pathlib
import re
import shlex
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import clis  # noqa: E402 - their folders are named above
from world import STEELYARD, World, function, main, scenario  # noqa: E402

EXAMPLES = HERE.parents[1] / "adapters/terraform/examples"
RELEASE = "resources/steelyard_release"
DATA = "data-sources/steelyard_release/data-source.tf"
ROLLBACK = "actions/steelyard_rollback/action.tf"
VERIFY = "actions/steelyard_verify/action.tf"
BEFORE = "actions/steelyard_verify/action_before_release.tf"
# Time enough for datapoints of a minute: the actions of examples have CloudWatch's own period.
MINUTES = dict(running_for="40m")
# A release of seconds; only a sandbox has datapoints of one second.
FAST = {"role": "arn:aws:iam::123456789012:role/checkout",
        "stages": '[{weight=10,bake="4s"},{weight=50,bake="4s"}]',
        "verdict": '{window="4s",period="1s",poll="1s"}'}
# Traffic enough to judge within seconds; version 43 is bad.
VERSIONS = [{"version": "41", "error_rate": 0.0}, {"version": "42", "error_rate": 0.0}, {"version": "43", "error_rate": 0.5}]
BUSY = scenario(function(requests_per_second=200, versions=VERSIONS))
LIBRARY, *_ = clis.terraforms()


class Folder:
    """A folder with examples in it, and one Terraform that is run there against a sandbox of its own."""

    def __init__(self, cli, world, *examples):
        self.cli = cli
        self.path = pathlib.Path(world.path("examples"))
        self.path.mkdir()
        aws = {name: value for name, value in world.env().items() if name.startswith("AWS_") or name == "TEST_WORLD"}
        del aws["AWS_REGION"]  # the example has one
        self.env = clis.environment(world.directory, **aws,
                                    TF_CLI_CONFIG_FILE=clis.override(world.path("own"), STEELYARD))
        self.put("provider/provider.tf", *examples)

    def put(self, *examples):
        for example in examples:
            (self.path / example.replace("/", "-")).write_text((EXAMPLES / example).read_text())

    def stand_in_for_aws(self, example, **values):
        """Its aws_lambda_function becomes local values of the same names."""
        text, n = re.subn(r'^resource "aws_lambda_function" "(\w+)" \{\n.*?^\}\n', "", (EXAMPLES / example).read_text(), flags=re.M | re.S)
        text, uses = re.subn(r"\baws_lambda_function\.", "local.aws_lambda_function.", text)
        assert n == 1 and uses >= 2, (n, uses)
        values = " ".join(f'{name} = "{value}",' for name, value in values.items())
        (self.path / "example.tf").write_text(f"{text}\nlocals {{\n  aws_lambda_function = {{ checkout = {{ {values} }} }}\n}}\n")

    def run(self, *words, ends=0, **variables):
        env = {**self.env, **{f"TF_VAR_{name}": value for name, value in variables.items()}}
        done = clis.run(self.cli, words, self.path, env)
        assert done.returncode == ends, (self.cli[0], words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def apply(self, *words, **more):
        return self.run("apply", "-auto-approve", "-no-color", *words, **more)

    def settles(self, **variables):
        """Applied once, an example plans nothing more (0; 2 were a change)."""
        self.run("plan", "-detailed-exitcode", "-no-color", **variables)


def one_resource(text):
    assert "Apply complete! Resources: 1 added, 0 changed, 0 destroyed." in text, text


# ---- the resource ----

def main_example(cli):
    """A version that aws_lambda_function has just published: a real release."""
    with World(BUSY) as world:
        folder = Folder(cli, world)
        folder.stand_in_for_aws(f"{RELEASE}/resource.tf", function_name="checkout", version="42")
        one_resource(folder.apply(**FAST))
        assert world.alias() == ("42", {}), world.alias()
        released = world.record()["spec"]["stages"]
        assert [stage["weight_bp"] for stage in released] == [1000, 5000], released
        folder.settles(**FAST)


def main_example_of_a_bad_version(cli):
    with World(BUSY) as world:
        folder = Folder(cli, world)
        folder.stand_in_for_aws(f"{RELEASE}/resource.tf", function_name="checkout", version="43")
        text = folder.apply(ends=1, **FAST)
        assert "Version 43 was rolled back" in text and world.alias() == ("41", {}), (text, world.alias())


def pipeline(cli):
    with World(scenario()) as world:
        folder = Folder(cli, world, f"{RELEASE}/resource_pipeline.tf")
        one_resource(folder.apply("-var", "checkout_version=41"))
        assert world.alias() == ("41", {}), world.alias()
        folder.settles(checkout_version="41")


def from_aws_lambda_alias(cli):
    """Without a state that has the other resource: `moved` finds nothing to move, and the alias is adopted."""
    with World(scenario()) as world:
        folder = Folder(cli, world, f"{RELEASE}/resource_from_aws_lambda_alias.tf")
        one_resource(folder.apply())
        assert world.alias() == ("41", {}), world.alias()
        folder.settles()


def import_command(cli):
    with World(scenario()) as world:
        folder = Folder(cli, world, f"{RELEASE}/resource_pipeline.tf")
        terraform, *words = shlex.split((EXAMPLES / RELEASE / "import.sh").read_text())
        assert terraform == "terraform" and words[0] == "import", words
        assert "Import successful!" in folder.run(words[0], "-no-color", *words[1:], checkout_version="41")
        shown = folder.run("state", "show", "-no-color", "steelyard_release.checkout")
        assert re.search(r'^ +live_version +(= "41")$', shown, re.M), shown


def import_block(cli):
    with World(scenario()) as world:
        folder = Folder(cli, world, f"{RELEASE}/resource_pipeline.tf", f"{RELEASE}/import-by-string-id.tf")
        text = folder.apply(checkout_version="41")
        assert "Resources: 1 imported, 0 added, 1 changed, 0 destroyed." in text, text
        folder.settles(checkout_version="41")


# ---- the data source ----

def data_source(cli):
    with World(scenario()) as world:
        text = Folder(cli, world, DATA).apply()
        assert 'live_version = "41"' in text and 'canary = "0 % of the traffic"' in text, text


# ---- actions (Terraform 1.14 or later) ----

def asked(example):
    """The command at the head of the example, as a reader would type it."""
    terraform, command, *words = shlex.split((EXAMPLES / example).read_text().splitlines()[0].removeprefix("# "))
    assert (terraform, command) == ("terraform", "apply"), (terraform, command)
    return words


def rollback(cli):
    with World(scenario()) as world:
        done = world.apply().end()
        assert done.code == 0 and world.alias() == ("42", {}), done.err
        text = Folder(cli, world, ROLLBACK).apply(*asked(ROLLBACK))
        assert world.alias() == ("41", {}), (world.alias(), text)
        assert "orders are missing" in str(world.record()), world.record()


def verify(cli):
    with World(scenario(**MINUTES)) as world:
        text = Folder(cli, world, VERIFY).apply(*asked(VERIFY))
        assert "checkout:production version 41 is healthy" in text and world.alias() == ("41", {}), text


def before_release(cli):
    """What is live is unhealthy: the action says so, and the release is not begun."""
    ill = dict(function(), versions=[{"version": "41", "error_rate": 0.5}, {"version": "42", "error_rate": 0.0}])
    with World(scenario(ill, **MINUTES)) as world:
        folder = Folder(cli, world, BEFORE)
        one_resource(folder.apply(checkout_version="41"))
        text = folder.apply(ends=1, checkout_version="42")
        assert "The version is unhealthy" in text and world.alias() == ("41", {}), text


# ---- all of them ----

APPLIED = {
    f"{RELEASE}/resource.tf": [main_example, main_example_of_a_bad_version],
    f"{RELEASE}/resource_pipeline.tf": [pipeline],
    f"{RELEASE}/resource_from_aws_lambda_alias.tf": [from_aws_lambda_alias],
    f"{RELEASE}/import.sh": [import_command],
    f"{RELEASE}/import-by-string-id.tf": [import_block],
    DATA: [data_source],
}
ACTIONS = {ROLLBACK: rollback, VERIFY: verify, BEFORE: before_release}


def all_are_here():
    found = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*") if path.is_file()}
    assert found == {"provider/provider.tf", *APPLIED, *ACTIONS}, found ^ {"provider/provider.tf", *APPLIED, *ACTIONS}


def formatted():
    with World(scenario()) as world:
        done = clis.run(LIBRARY, ["fmt", "-check", "-recursive", "-diff", EXAMPLES], world.directory, clis.environment(world.directory))
        assert done.returncode == 0 and not done.stdout, done.stdout


def tests():
    yield "all_are_here", all_are_here
    yield "formatted", formatted
    for test in itertools.chain(*APPLIED.values()):
        for cli in clis.terraforms():
            yield f"{cli[0]}/{test.__name__}", lambda test=test, cli=cli: test(cli)
    for test in ACTIONS.values():
        yield f"{LIBRARY[0]}/{test.__name__}", lambda test=test: test(LIBRARY)


if __name__ == "__main__":
    main(list(tests()), threads=4)
