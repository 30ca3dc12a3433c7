"""docs_test.py STEELYARD SOURCE: adapters/terraform/docs says what this executable says of itself, and is what the generator makes."""

import copy
import difflib
import importlib.machinery
import importlib.util
import pathlib
import re
import sys
import tempfile

STEELYARD, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
ADAPTER = SOURCE / "adapters/terraform"
DOCS = ADAPTER / "docs"

loader = importlib.machinery.SourceFileLoader("generate", str(ADAPTER / "generate"))
generator = importlib.util.module_from_spec(importlib.util.spec_from_loader("generate", loader))
loader.exec_module(generator)
TOLD = generator.schema(STEELYARD)


def pages():
    """page -> the block of the schema that it is about."""
    ours = TOLD["provider_schemas"]["steelyard"]
    found = {"index.md": ours["provider"]["block"]}
    for kind, folder in (("resource", "resources"), ("data_source", "data-sources"), ("action", "actions")):
        for name, schema in ours[f"{kind}_schemas"].items():
            found[f"{folder}/{name.removeprefix('steelyard_')}.md"] = schema["block"]
    return found


def attributes(block, path=""):
    for name, attribute in block["attributes"].items():
        yield path, name, attribute
        if "nested_type" in attribute:
            yield from attributes(attribute["nested_type"], f"{path}.{name}".lstrip("."))


def every_attribute():
    """Needs no generator: each attribute has its line, with its description, in the section of what it is part of."""
    seen = 0
    for page, block in pages().items():
        text = (DOCS / page).read_text()
        assert block["description"] in text, (page, block["description"])
        sections = dict(re.findall(r"^### Nested Schema for `(.*?)`\n(.*?)(?=^<a id|\Z)", text, re.M | re.S))
        sections[""] = text.split("\n## Schema\n")[1].split("<a id=")[0]
        for path, name, attribute in attributes(block):
            # Its type is in the brackets; behind it stands where a nested one goes on.
            line = rf"^- `{name}` \([A-Z][\w ]*\) {re.escape(attribute['description'])}( \(see \[below.*)?$"
            assert re.search(line, sections.get(path, ""), re.M), f"{page}: nothing of {path}.{name}: run adapters/terraform/generate"
            seen += 1
    assert seen > 70, seen


def texts(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def faults(told):
    """What differs between docs/ and what the generator makes of this schema."""
    with tempfile.TemporaryDirectory() as folder:
        generator.generate(told, pathlib.Path(folder, "docs"))
        fresh = texts(pathlib.Path(folder, "docs"))
    stored = texts(DOCS)
    return [line for name in sorted({*fresh, *stored})
            for line in difflib.unified_diff(stored.get(name, "").splitlines(), fresh.get(name, "").splitlines(), f"docs/{name}",
                                             "generated", lineterm="", n=1)]


def up_to_date():
    differing = faults(TOLD)
    assert not differing, "\n".join([*differing, f"write them anew: adapters/terraform/generate {STEELYARD}"])


def a_change_is_seen():
    other = copy.deepcopy(TOLD)
    attribute = other["provider_schemas"]["steelyard"]["resource_schemas"]["steelyard_release"]["block"]["attributes"]["lock_in"]
    attribute["description"] += " Changed."
    changed = [line for line in faults(other) if re.match(r"[-+]- `", line)]
    assert len(changed) == 2 and changed[1].startswith("+- `lock_in` (String) ") and changed[1].endswith(" Changed."), changed


for test in (every_attribute, up_to_date, a_change_is_seen):
    test()
    print("ok  ", test.__name__, flush=True)
