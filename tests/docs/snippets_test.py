"""What the pages show in other languages is at least well formed: snippets_test.py ROOT. JSON and YAML are parsed, CloudFormation
and SAM templates go through cfn-lint, HCL through python-hcl2, Python is compiled, bash reads what is for a shell. TypeScript and
JavaScript are not checked: that would take CDK, a compiler and Node."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import hcl2
import yaml


def check_json(text):
    json.loads(text)


def lint(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([pathlib.Path(sys.executable).parent / "cfn-lint", "--regions", "us-east-1", "--", file.name],
                              capture_output=True, text=True, timeout=100)
    if done.returncode:
        raise ValueError(done.stdout + done.stderr)


def check_yaml(text):
    if re.search(r"^Resources:", text, flags=re.M):
        lint(text)  # its tags (!Sub) are its own
    else:
        yaml.safe_load(text)


def check_hcl(text):
    hcl2.loads(text)


def check_python(text):
    compile(text, "snippet", "exec")


def check_sh(text):
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise ValueError(done.stderr)


CHECKS = {"json": check_json, "yaml": check_yaml, "hcl": check_hcl, "python": check_python, "sh": check_sh}
UNCHECKED = {"", "console", "c", "mermaid", "typescript", "javascript"}
BROKEN = {
    "json": ['{"a": 1,}'],
    "yaml": ["a: [", "Resources:\n  A:\n    Type: AWS::Lambda::Alias\n    Properties: {Name: x}\n"],
    "hcl": ['resource "a" "b" {\n'],
    "python": ["def f(:\n"],
    "sh": ["if true; then\n"],
}


def problem(language, text):
    try:
        CHECKS[language](text)
    except Exception as error:  # noqa: BLE001 - each parser has its own
        return str(error) or type(error).__name__
    return None


def main():
    root, failed, count = pathlib.Path(sys.argv[1]), 0, 0
    for language, texts in BROKEN.items():
        for text in texts:
            if not problem(language, text):
                print(f"FAIL a broken {language} is not seen: {text}")
                failed += 1
    for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        text = page.read_text()
        for block in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.M | re.S):
            language, where = block[1], f"{page.name}:{text.count(chr(10), 0, block.start()) + 1}"
            if language == "typescript":
                print(f"{where} typescript is not checked")
            elif language in CHECKS:
                count += 1
                why = problem(language, block[2])
                if why:
                    print(f"FAIL {where} {language}: {why}")
                    failed += 1
            elif language not in UNCHECKED:
                print(f"FAIL {where}: no check for {language}")
                failed += 1
    print(f"{count} snippets, {failed} failed")
    sys.exit(1 if failed or not count else 0)


if __name__ == "__main__":
    main()
