"""The components' jobs, whole: each with all that it has but its script, and each input where it arrives, in one table. An input
is given its own name as its value, <threshold> for threshold, so that one that goes astray is seen."""
import re

import yaml

from github import main
from gitlab import TEMPLATES, component, job

TESTS = []


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def flags(*names):
    return {f"STEELYARD_INPUT_{name.upper()}": f"<{name}>" for name in names}


EVERY = {
    "stage": "<stage>",
    "image": "<image>",
    "inherit": {"default": ["tags"]},
    "timeout": "<timeout> 10m",
    "id_tokens": {"STEELYARD_WEB_IDENTITY_TOKEN": {"aud": "sts.amazonaws.com"}},
    "artifacts": {"when": "always", "paths": ["steelyard/<as>/"],
                  "reports": {"dotenv": "steelyard/<as>/outputs.env", "junit": "steelyard/<as>/junit.xml"}},
    "variables": {
        "STEELYARD_INSTALL_VERSION": "<steelyard_version>",
        "STEELYARD_INSTALL_CHECKSUM": "<checksum>",
        "STEELYARD_INSTALL_BASE": "<download_base>",
        "STEELYARD_ROLE": "<role>",
        "STEELYARD_REPORT_DIR": "$CI_PROJECT_DIR/steelyard/<as>",
        "RUNNER_SCRIPT_TIMEOUT": "<timeout>",
        "RUNNER_AFTER_SCRIPT_TIMEOUT": "5m",
        **flags("function", "alias", "region"),
    },
}
PLANNED = flags("version", "stages", "threshold", "min_invocations", "window", "lock_in")
ALONE = {"interruptible": False, "resource_group": "release/<function>/<alias>", "after_script": True}
ACCESS = {"name": "<environment>", "action": "access"}


def row(more=None, variables=None, **facts):
    return {**EVERY, "after_script": False, **(more or {}), **facts, "variables": {**EVERY["variables"], **(variables or {})}}


def command(name, **more):
    return {"STEELYARD_INPUT_COMMAND": name, **more}


def later(condition, after):
    return [{"if": f"(<rule>) && {condition}", "when": "delayed", "start_in": f"<{after}>"}]


def after(*names, **more):
    return [{"job": name, "artifacts": False, **more} for name in names]


def resumed(needs, rules, wait="none"):
    return row(ALONE, command("resume", STEELYARD_INPUT_WAIT=wait), environment=ACCESS, needs=needs, rules=rules)


DELAYED = '"<mode>" == "delayed"'
BAKES = [f"<as>-bake-{n}" for n in (1, 2, 3, 4)]
TABLE = {
    "release": {
        "<as>": row(ALONE, {**command("apply"), **PLANNED, **flags("code", "wait", "on_interrupt", "on_inconclusive")},
                    environment={"name": "<environment>"}, dependencies=["<from>"],
                    rules=[{"if": f"(<rule>) && {DELAYED}", "variables": {"STEELYARD_INPUT_WAIT": "none"}}, {"if": "<rule>"}]),
        "<as>-rollback": row({"interruptible": False}, command("rollback"), environment=ACCESS, needs=[],
                             rules=[{"if": "<rule>", "when": "manual", "allow_failure": True}]),
        **{name: resumed(after(f"<as>-bake-{n - 1}" if n > 1 else "<as>"),
                         later(f'"<mode> <bakes>" =~ /^delayed {"[1234] [234] [34] 4".split()[n - 1]}$/', f"bake_{n}"))
           for n, name in enumerate(BAKES, 1)},
        "<as>-lock-in": resumed(after(*BAKES, optional=True), later(DELAYED, "lock_in_after"), "lock-in"),
    },
    "plan": {
        "<as>": row(None, {**command("plan"), **PLANNED}, dependencies=["<from>"], rules=[{"if": "<rule>"}], artifacts={
            "expose_as": "<as>",
            **EVERY["artifacts"], "reports": {"dotenv": "steelyard/<as>/outputs.env"}}),
    },
    "drill": {
        "<as>": row({"interruptible": False}, {**command("drill"), **flags("version", "bad_version", "stages", "window", "rate")},
                    resource_group="drill/<as>", dependencies=[], rules=[{"if": "<rule>"}]),
    },
}
# Which jobs of the release there are, and which it is after; the rollback's is always there.
CHAINS = {("blocking", bakes): {"release": []} for bakes in (1, 2, 3, 4)} | {
    ("delayed", bakes): {"release": [], **{f"release-bake-{n}": [f"release-bake-{n - 1}" if n > 1 else "release"]
                                           for n in range(1, bakes + 1)},
                         "release-lock-in": [f"release-bake-{n}" for n in range(1, bakes + 1)]} for bakes in (1, 2, 3, 4)}


def spec(name):
    return yaml.safe_load((TEMPLATES / name / "template.yml").read_text().split("\n---\n")[0])["spec"]["inputs"]


def marked(name):
    return {key: ["<from>"] if facts.get("type") == "array" else f"<{key}>" for key, facts in spec(name).items()}


def visible(jobs):
    return {name: job(jobs, name) for name in jobs if not name.startswith(".")}


def holds(condition, variables):
    """GitLab's rules:if, as far as the components use it."""
    text = re.sub(r"\$(\w+)", lambda match: f'"{variables.get(match[1], "")}"' if match[1] in variables else match[0], condition)
    text = re.sub(r'"([^"]*)" =~ /([^/]*)/', lambda match: str(bool(re.search(match[2], match[1]))), text)
    text = re.sub(r'"([^"]*)" == "([^"]*)"', lambda match: str(match[1] == match[2]), text)
    parts = text.split(" && ")
    assert all(part in ("True", "False", "(True)", "(False)") for part in parts), f"not understood: {condition}: {text}"
    return all("True" in part for part in parts)


def rule_of(each, variables):
    return next((rule for rule in each["rules"] if holds(rule["if"], variables)), None)


def whole(name):
    @test(f"{name}: its jobs have what the table says, and every input arrives at its own place alone")
    def run():
        jobs = visible(component(marked(name), name))
        assert set(jobs) == set(TABLE[name]), set(jobs) ^ set(TABLE[name])
        for key, found in jobs.items():
            assert found.pop("script"), key
            found["after_script"] = bool(found.get("after_script"))
            expected = TABLE[name][key]
            wrong = {field: (found.get(field), expected.get(field)) for field in {**found, **expected}
                     if found.get(field) != expected.get(field) or (field in found) != (field in expected)}
            assert not wrong, f"{key}: (found, expected): {wrong}"
        # With the table this is: and none is forgotten in it.
        missing = {key for key in spec(name) if f"<{key}>" not in str(TABLE[name])}
        assert not missing, missing


for each_name in TABLE:
    whole(each_name)


@test("every component is in the table")
def components():
    assert set(TABLE) == {path.name for path in TEMPLATES.iterdir()}


@test("release: which jobs there are for which mode and number of bakes, and in which order")
def chains():
    main_branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    for (mode, bakes), chain in CHAINS.items():
        jobs = visible(component({"function": "checkout", "alias": "production", "mode": mode, "bakes": bakes}))
        rules = {key: rule for key, each in jobs.items() if (rule := rule_of(each, main_branch))}
        assert set(rules) == {*chain, "release-rollback"}, (mode, bakes, set(rules))
        for key, earlier in chain.items():
            needs = jobs[key].get("needs", [])
            assert [need["job"] for need in needs if need["job"] in rules] == earlier, (mode, bakes, key, needs)
            assert all(need["job"] in rules or need.get("optional") for need in needs), (mode, bakes, key, needs)
            assert (rules[key].get("when") == "delayed") == (key != "release"), (mode, bakes, key, rules[key])
        wait = {**jobs["release"]["variables"], **rules["release"].get("variables", {})}["STEELYARD_INPUT_WAIT"]
        assert wait == ("none" if mode == "delayed" else "stages"), (mode, wait)
        feature = {"CI_COMMIT_BRANCH": "feature", "CI_DEFAULT_BRANCH": "main"}
        assert not [key for key, each in jobs.items() if rule_of(each, feature)], mode


@test("plan is of merge requests alone, drill of schedules alone")
def sources():
    for name, source in (("plan", "merge_request_event"), ("drill", "schedule")):
        inputs = {"function": "checkout", "alias": "production", "version": "42"}
        [each] = visible(component(inputs, name)).values()
        found = [word for word in ("push", "web", "schedule", "merge_request_event", "trigger")
                 if rule_of(each, {"CI_PIPELINE_SOURCE": word})]
        assert found == [source], (name, found)


@test("every default of a timeout is one, and GitLab's is longer than the script's and what is done after it")
def timeouts():
    def minutes(text):
        return sum(int(number) * {"h": 60, "m": 1}[unit] for number, unit in re.findall(r"(\d+)([hm])", text))

    for name in TABLE:
        assert re.fullmatch(spec(name)["timeout"]["regex"], spec(name)["timeout"]["default"]), name
        for key, each in visible(component({"function": "f", "alias": "a", "version": "1"}, name)).items():
            script, later_on = (each["variables"][f"RUNNER_{part}_TIMEOUT"] for part in ("SCRIPT", "AFTER_SCRIPT"))
            assert minutes(script) and minutes(each["timeout"]) > minutes(script) + minutes(later_on), (name, key, each["timeout"])


if __name__ == "__main__":
    main(TESTS, 1)
