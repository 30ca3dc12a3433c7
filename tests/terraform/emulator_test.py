#!/usr/bin/env python3
"""The provider on an AWS that nobody here wrote, with real handlers: emulator_test.py STEELYARD CLI

MiniStack runs a healthy and a failing version; the traffic driver invokes what the alias says and publishes what Lambda
would (tests/peers/emulators). The provider adopts, releases, finds the failing version and takes it back.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers" / "emulators"))
import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from release_test import ALIAS, FUNCTION, KEYS, free_port, publish, start  # noqa: E402
from traffic import Traffic  # noqa: E402

from clis import clis  # noqa: E402

CONFIGURATION = """
terraform {
  required_providers {
    steelyard = { source = "registry.example.com/steelyard/steelyard" }
  }
}
provider "steelyard" {
  region   = "us-east-1"
  endpoint = "%s"
}
variable "release" { type = string }
resource "steelyard_release" "checkout" {
  function_name = "checkout"
  alias         = "production"
  version       = var.release
  stages        = [{ weight = 10, bake = "10s" }, { weight = 50, bake = "10s" }]
  verdict       = { window = "10s", period = "1s", poll = "1s" }
}
"""


class Work:
    def __init__(self, steelyard, cli, url):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="steelyard-terraform-"))
        (self.folder / "plugins").mkdir()
        (self.folder / "plugins" / "terraform-provider-steelyard").symlink_to(steelyard)
        (self.folder / "rc").write_text("provider_installation {\n  dev_overrides {\n    \"registry.example.com/steelyard/"
                                        f"steelyard\" = \"{self.folder}/plugins\"\n  }}\n}}\n")
        (self.folder / "main.tf").write_text(CONFIGURATION % url)
        self.cli = cli
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env.update(TF_CLI_CONFIG_FILE=str(self.folder / "rc"), CHECKPOINT_DISABLE="1",
                        AWS_ACCESS_KEY_ID=KEYS["aws_access_key_id"], AWS_SECRET_ACCESS_KEY=KEYS["aws_secret_access_key"])

    def run(self, verb, version):
        words = ["-auto-approve"] if verb == "apply" else []
        done = subprocess.run([*self.cli, verb, "-no-color", *words, f"-var=release={version}"], cwd=self.folder, env=self.env,
                              capture_output=True, text=True, timeout=180)
        return done.returncode, done.stdout + done.stderr

    def state(self):
        state = json.loads((self.folder / "terraform.tfstate").read_text())
        return state["resources"][0]["instances"][0]["attributes"]


def check(what, good, detail=""):
    if not good:
        sys.exit(f"FAILED: {what}\n{detail}")
    print(f"ok  {what}", flush=True)


def behave(work, alias):
    code, text = work.run("apply", "1")
    check("version 1 is adopted", code == 0 and alias() == ("1", {}), text)
    code, text = work.run("apply", "2")
    state = work.state()
    check("a healthy version of a real handler is promoted", code == 0 and alias() == ("2", {}), text)
    check("both stages were judged by real invocations",
          [s["decision"] for s in state["last_release"]["stages"]][:2] == ["healthy", "healthy"]
          and all(s["invocations"] >= 5 for s in state["last_release"]["stages"][:2]), state)
    check("the ARN is the emulator's", state["arn"].endswith(f":function:{FUNCTION}:{ALIAS}"), state)
    code, text = work.run("apply", "3")
    state = work.state()
    check("a failing version is an error that says so", code == 1 and "Version 3 was rolled back" in text, text)
    check("the alias is back, and state has what is live",
          alias() == ("2", {}) and state["version"] == "2" and state["last_release"]["outcome"] == "ROLLED_BACK", state)
    code, text = work.run("plan", "3")
    check("the next plan refuses it", code == 1 and "ROLLED_BACK_BEFORE" in text, text)
    code, text = work.run("plan", "2")
    check("and has nothing to do for the live one", code == 0 and "No changes" in text, text)


def main():
    steelyard, name = sys.argv[1:]
    cli = next(row[1] for row in clis() if row[0] == name)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    peer = start("ministack", port)
    traffic = work = None

    def clients(service):
        return boto3.client(service, endpoint_url=url, region_name="us-east-1", **KEYS,
                            config=Config(retries={"max_attempts": 10, "mode": "standard"}))

    def alias():
        answer = clients("lambda").get_alias(FunctionName=FUNCTION, Name=ALIAS)
        return answer["FunctionVersion"], (answer.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}

    try:
        publish(clients)
        traffic = Traffic(clients, FUNCTION, ALIAS)
        work = Work(os.path.abspath(steelyard), cli, url)
        behave(work, alias)
    finally:
        if traffic:
            traffic.stop()
        peer.terminate()
        peer.wait(20)
        if work:
            shutil.rmtree(work.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
