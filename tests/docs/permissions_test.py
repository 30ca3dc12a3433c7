"""What docs/permissions.md says is what each verb asks for: permissions_test.py STEELYARD [VERB…]. Each verb runs in sandboxes
of its own, in every way that asks for something else; the IAM actions of the requests that came are those of its policy,
no more and no less. An action is optional when the verb still does its work without it: that is tried too."""
import base64
import concurrent.futures
import fnmatch
import json
import pathlib
import re
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent / "cli"))

from world import CHECKOUT, FAST, World, function, main, scenario, wait_for  # noqa: E402

PAGE = HERE.parent.parent.parent / "docs" / "permissions.md"
VERSION = ["--version", "42"]
LATEST = {"error_rate": 0.0, "code_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
RECORD = "/lambda/checkout/steelyard/production"
JUDGED = ["--window", "4s", "--period", "1s"]

# Lambda: the method and the path after the function's name -> the action
LAMBDA = {
    ("GET", r"/aliases/[^/]+$"): "GetAlias",
    ("PUT", r"/aliases/[^/]+$"): "UpdateAlias",
    ("POST", r"/aliases$"): "CreateAlias",
    ("GET", r"/aliases$"): "ListAliases",
    ("GET", r"/configuration$"): "GetFunctionConfiguration",
    ("GET", r"/versions$"): "ListVersionsByFunction",
    ("POST", r"/versions$"): "PublishVersion",
    ("PUT", r"/code$"): "UpdateFunctionCode",
    ("GET", r"/policy$"): "GetPolicy",
    ("GET", r"/event-invoke-config$"): "GetFunctionEventInvokeConfig",
    ("GET", r"/provisioned-concurrency$"): "GetProvisionedConcurrencyConfig",
    ("DELETE", r"$"): "DeleteFunction",
    ("POST", r"/invocations$"): "InvokeFunction",
}


def action_of(request):
    url, headers = request["url"], {k.lower(): v for k, v in request["headers"].items()}
    target = headers.get("x-amz-target", "")
    if target.startswith("AmazonSSM."):
        return "ssm:" + target.split(".")[1]
    if target.startswith("GraniteServiceVersion20100801."):
        return "cloudwatch:" + target.split(".")[1]
    path = re.match(r"(?:https?://[^/]+)?/20\d\d-\d\d-\d\d/functions/[^/?]+([^?]*)", url)
    for (method, pattern), action in LAMBDA.items():
        if path and request["method"] == method and re.match(pattern, path[1]):
            return "lambda:" + action
    raise AssertionError(f"an action of no known name: {request['method']} {url} {target}")


MEASURED = "AKIDMEASURED"  # the key of what is measured; what prepares it has another


def measured(world):
    whole, _, _ = pathlib.Path(world.requests).read_text("utf-8", "replace").rpartition("\n")  # the sandbox is still writing
    lines = whole.splitlines()
    return [request for request in map(json.loads, lines) if f"Credential={MEASURED}/" in json.dumps(request["headers"])]


def body(request):
    return base64.b64decode(request["body_base64"]).decode("utf-8", "replace")


class Measured(World):
    """The measured runs of one verb, in one sandbox."""

    def does(self, code, *words):
        run = self.run(*words, env={"AWS_ACCESS_KEY_ID": MEASURED})
        assert run.code == code, (words, run.code, run.out, run.err)
        return run

    def quietly(self, *words):
        run = self.run(*words)
        assert run.code in (0, 3), (words, run.code, run.out, run.err)

    def hand_over(self, stages="10%/60s", *words):
        self.quietly("apply", *CHECKOUT, *VERSION, *FAST, "--stages", stages, "--wait", "none", *words)


WAYS = {}


def way(*verbs, what=None):
    """One way to run each of the verbs: a function of a world, and the scenario of it."""
    def register(fn):
        for verb in verbs:
            WAYS.setdefault(verb, []).append((fn, what))
        return fn
    return register


@way("plan")
def plan(world):
    world.does(0, "plan", *CHECKOUT, *VERSION, *FAST)


@way("apply")
def healthy(world):
    world.does(0, "apply", *CHECKOUT, *VERSION, *FAST, "--lock-in", "10s", "--wait", "lock-in")


@way("apply", what=scenario(function(error_rate=0.5)))
def unhealthy(world):
    world.does(3, "apply", *CHECKOUT, *VERSION, *FAST)


@way("apply")
def take_over(world):
    world.hand_over("10%/2s")
    world.does(0, "apply", *CHECKOUT, *VERSION, *FAST, "--stages", "10%/2s")


@way("apply, first release", what=scenario(function(aliases=[], traffic=[])))
def first_release(world):
    world.does(0, "apply", *CHECKOUT, *VERSION, *FAST)


@way("apply --publish", what=scenario(function(latest=LATEST, publish_pending="1s")))
def publish(world):
    world.does(0, "apply", *CHECKOUT, *FAST, "--publish")


@way("apply --code", what=scenario(function(latest=LATEST, update_pending="1s", publish_pending="1s")))
def code(world):
    world.does(0, "apply", *CHECKOUT, *FAST, "--code", "s3://builds/checkout.zip")


@way("resume")
def resume(world):
    world.hand_over("10%/2s,50%/2s")
    world.does(0, "resume", *CHECKOUT)


@way("resume")
def resume_settles(world):
    world.hand_over()
    world.does(0, "resume", *CHECKOUT, "--settle")


@way("resume")
def resume_unhealthy(world):
    world.hand_over()
    world.act("set-error-rate", function="checkout", version="42", rate=0.9)
    world.does(3, "resume", *CHECKOUT)


@way("pause")
def pause_undriven(world):
    world.hand_over()
    world.does(0, "pause", *CHECKOUT)


@way("promote")
def promote(world):
    world.hand_over()
    world.does(0, "promote", *CHECKOUT)


@way("abort")
def abort(world):
    world.hand_over()
    world.does(0, "abort", *CHECKOUT)


@way("rollback")
def rollback(world):
    world.hand_over()
    world.does(0, "rollback", *CHECKOUT)


@way("rollback")
def rollback_gradual(world):
    world.quietly("apply", *CHECKOUT, *VERSION, *FAST, "--stages", "instant")
    world.does(0, "rollback", *CHECKOUT, "--gradual", "50%/1s")


@way("rollback")
def rollback_named(world):
    world.does(0, "rollback", *CHECKOUT, "--version", "43")


@way("verify")
def verify(world):
    world.does(0, "verify", *CHECKOUT, *JUDGED)


@way("verify")
def verify_released(world):
    world.hand_over()
    world.does(4, "verify", *CHECKOUT, "--at", "30m")


@way("verify --rollback")
def verify_rolls_back(world):
    world.quietly("apply", *CHECKOUT, *VERSION, *FAST, "--stages", "instant")
    world.act("set-error-rate", function="checkout", version="42", rate=0.9)
    wait_for("an unhealthy version", lambda: world.run("verify", *CHECKOUT).code == 6)
    world.does(3, "verify", *CHECKOUT, "--rollback")


@way("watch")
def watch(world):
    driver = world.apply("--stages", "10%/3s")
    wait_for("a split alias", world.split)
    world.does(0, "watch", *CHECKOUT)
    assert driver.end().code == 0


@way("history")
def history(world):
    world.hand_over()
    world.does(0, "history", *CHECKOUT)


@way("report")
def report(world):
    world.hand_over()
    world.does(0, "report", *CHECKOUT)


@way("status --no-settle")
def status_looks(world):
    world.hand_over()
    world.does(0, "status", *CHECKOUT, "--no-settle")


@way("status")
def status(world):
    world.does(0, "status", *CHECKOUT)


@way("status")
def status_moves_on(world):
    world.hand_over("10%/2s,50%/60s")
    wait_for("the second stage", lambda: (world.does(0, "status", *CHECKOUT), world.alias()[1].get("42") == 0.5)[1])


@way("status")
def status_takes_back(world):
    world.hand_over()
    world.act("set-error-rate", function="checkout", version="42", rate=0.9)
    wait_for("a rollback", lambda: (world.does(0, "status", *CHECKOUT), not world.split())[1])


@way("check")
def check(world):
    world.does(0, "check", *CHECKOUT, *VERSION)


@way("check", what=scenario(parameters=[{"name": "/lambda/checkout/current-version", "value": "41"}]))
def check_proves(world):
    world.does(0, "check", *CHECKOUT, *VERSION)


@way("cleanup")
def cleanup(world):
    world.does(0, "cleanup", "--function", "checkout", "--keep", "0")


@way("cleanup --dry-run")
def cleanup_dry(world):
    world.does(0, "cleanup", "--function", "checkout", "--keep", "0", "--dry-run")



@way("traffic")
def traffic(world):
    world.does(0, "traffic", *CHECKOUT, "--rate", "20/s", "--for", "2s")


def drills(only):
    """A rehearsal; the function is not called so, but the alias is."""
    @way("drill", what=scenario(function(error_rate=0.5, aliases=[{"name": "drill", "version": "41"}], traffic=[])))
    def drill(world):
        world.does(0, "drill", "--function", "checkout", "--alias", "drill", "--version", "41", "--bad-version", "42", *FAST,
                   "--stages", "10%/3s", "--lock-in", "20s", "--rate", "100/s", "--only", only)


for each in ("healthy-release", "bad-at-full", "abort", "killed", "pause-promote", "gradual-rollback"):
    drills(each)


@way("pause", "resume", "promote", "abort", "rollback")
def by_a_word(world, verb):
    """A word to a release that another process drives."""
    driver = world.apply("--stages", "10%/60s")
    wait_for("a split alias", world.split)
    if verb == "resume":
        world.quietly("pause", *CHECKOUT)
    world.does(0, verb, *CHECKOUT)
    if verb in ("pause", "resume"):
        world.quietly("abort", *CHECKOUT)
    assert driver.end().code in (0, 3)


@way("pause", "resume", "promote", "abort", "rollback", "status", "apply", "verify --rollback")
def at_the_same_moment(world, verb):
    """Another writes the record between the verb's look and its word: what was written then is read again."""
    driving = verb in ("apply", "resume", "status")
    world.hand_over("10%/2s,50%/60s" if driving else "10%/60s", "--window", "60s", "--poll", "60s")  # no poll sees it first
    words = [verb, *CHECKOUT]
    if verb == "apply":
        words += [*VERSION, *FAST]
    if verb == "verify --rollback":
        words = ["verify", *CHECKOUT, "--rollback"]
        world.act("set-error-rate", function="checkout", version="42", rate=0.9)
        wait_for("an unhealthy version", lambda: world.run("verify", *CHECKOUT).code == 6)
    if verb == "status":
        wait_for("the end of the stage", lambda: world.record()["stage_until_unix_ms"] < time.time() * 1000)
    slow = "PutParameter" if verb == "pause" else "UpdateAlias"
    world.fault(slow, "delay", nth=1, delay_ms=1000, arrival_ms=900)
    run = world.start(*words, env={"AWS_ACCESS_KEY_ID": MEASURED})
    wait_for("what is slow", lambda: any(action_of(request).endswith(slow) for request in measured(world)))
    world.act("put-parameter", name=RECORD, value=world.parameters()[RECORD])
    wait_for("a second look", lambda: "ssm:GetParameter" in {action_of(request) for request in measured(world)})
    if verb not in ("pause", "status"):
        run.process.send_signal(signal.SIGINT)
    run.end()


def one(verb):
    """The requests of a verb, in all its ways."""
    def go(fn, what):
        with Measured(what or scenario()) as world:
            fn(*(world, verb)[:fn.__code__.co_argcount])
            return measured(world)
    with concurrent.futures.ThreadPoolExecutor(len(WAYS[verb])) as pool:
        return [request for found in pool.map(lambda a: go(*a), WAYS[verb]) for request in found]


class Denying(Measured):
    """Denies actions from the first measured run on."""

    denied = ()

    def does(self, code, *words):
        for action in self.denied:
            self.fault(action.split(":")[1], "status", status=403, code="AccessDeniedException",
                       message=f"not authorized to perform: {action}")
        return super().does(code, *words)


# ---- what the page says ----

def sections():
    """{verb: (needed, optional, statements, others')} from the page: a heading names verbs, the block below it their policy;
    others' are the actions that are needed too and stand with another verb."""
    found = {}
    for names, text in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), flags=re.M | re.S):
        blocks = re.findall(r"^```json\n(.*?)^```", text, flags=re.M | re.S)
        if not blocks:
            continue
        assert len(blocks) == 1, f"{names}: one policy a section"
        policy = json.loads(blocks[0])
        assert policy["Version"] == "2012-10-17" and set(policy) == {"Version", "Statement"}, names
        statements = list(policy["Statement"])
        beside = re.search(r"In addition to `(.*?)`", text)
        base = found[beside[1]] if beside else (set(), set(), [], set())
        needed, optional = set(), set()
        for statement in statements:
            assert statement["Effect"] == "Allow" and set(statement) == {"Sid", "Effect", "Action", "Resource"}, statement
            (optional if statement["Sid"].startswith("Optional") else needed).update(statement["Action"])
        assert not needed & optional, (names, needed & optional)
        for verb in re.findall(r"`(.*?)`", names):
            assert verb not in found, verb
            found[verb] = needed, optional, statements + base[2], base[0] | base[1]
    return found


def resources_of(request):
    """The ARNs that a request is about."""
    text = json.loads(body(request) or "{}") if request["method"] == "POST" and "x-amz-target" in str(
        request["headers"]).lower() else {}
    names = text.get("Names") or [name for name in (text.get("Name"), text.get("Path")) if name]
    if names:
        return [f"arn:aws:ssm:us-east-1:123456789012:parameter{re.sub(':[0-9]+$', '', name)}" for name in names]
    path = re.search(r"/functions/([^/?]+)(?:.*[?&]Qualifier=([^&]+))?", request["url"])
    if path:
        return [f"arn:aws:lambda:us-east-1:123456789012:function:{path[1]}" + (f":{path[2]}" if path[2] else "")]
    return ["*"]


def allowed(statements, action, resource):
    for statement in statements:
        patterns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for pattern in patterns:
            for name, value in (("REGION", "us-east-1"), ("ACCOUNT", "123456789012"), ("FUNCTION", "checkout")):
                pattern = pattern.replace(name, value)
            if action in statement["Action"] and fnmatch.fnmatchcase(resource, pattern):
                return True
    return False


# ---- the tests ----

def exactly(verb):
    def check_verb():
        needed, optional, statements, others = sections()[verb]
        requests = one(verb)
        used = {action_of(request) for request in requests}
        if not used:
            raise AssertionError("it asked for nothing")
        said = needed | optional
        assert not said & others, f"{verb}: said twice: {said & others}"
        used -= others
        assert used == said, f"{verb}: only used {sorted(used - said)}, only on the page {sorted(said - used)}"
        for request in requests:
            for resource in resources_of(request):
                assert allowed(statements, action_of(request), resource), (verb, action_of(request), resource)
    return check_verb


def without_optional(verb):
    """Its first way, while all that is optional is denied."""
    def check_verb():
        _, optional, _, _ = sections()[verb]
        fn, what = WAYS[verb][0]
        with Denying(what or scenario()) as world:
            world.denied = sorted(optional)
            fn(*(world, verb)[:fn.__code__.co_argcount])
            assert measured(world)
    return check_verb


def every_verb():
    """The page has every verb that asks AWS for something, and no other."""
    assert set(sections()) == set(WAYS), set(sections()) ^ set(WAYS)
    with World() as world:
        listed = re.findall(r"^  (\w+) ", world.run("--help").out, flags=re.M)
    actions = {verb: needed | optional for verb, (needed, optional, _, _) in sections().items()}
    for verb in ("resume", "pause", "promote", "abort", "rollback", "status"):
        assert actions[verb] <= actions["apply"], f"{verb} takes more than apply: {actions[verb] - actions['apply']}"
    for verb in ("status --no-settle", "watch", "history", "report"):
        assert all(":Get" in action for action in actions[verb]), f"{verb} writes: {actions[verb]}"
    verbs = {re.match(r"\w+", name)[0] for name in WAYS}
    assert set(listed) - {"engine", "sandbox", "completion", "ci"} == verbs, set(listed) ^ verbs


def tests():
    yield "every verb", every_verb
    for verb in WAYS:
        yield verb, exactly(verb)
    for verb, (_, optional, _, _) in sections().items():
        if optional:
            yield f"{verb} without what is optional", without_optional(verb)


if __name__ == "__main__":
    main(list(tests()), 8)
