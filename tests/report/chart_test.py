"""The chart of report.md, drawn by mermaid itself in Debian's Chromium: without an error, and with what the release did in it."""
import os
import pathlib
import re
import shutil
import sys

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from ci_test import QUICK, Job  # noqa: E402
from world import World, function, main, scenario  # noqa: E402

TESTS = []
# Nothing of its own in the background, as the root of a container too.
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-default-apps"]
DRAW = """async text => {
    mermaid.initialize({startOnLoad: false});
    try {
        document.body.innerHTML = (await mermaid.render('chart', text)).svg;
    } catch (error) {
        return {error: String(error)};
    }
    const words = [...document.querySelectorAll('text[class*=taskText]')].map(e => e.textContent.trim());
    const bars = [...document.querySelectorAll('rect.task')];
    return {error: null, sections: [...document.querySelectorAll('text.sectionTitle')].map(e => e.textContent), words,
            kinds: bars.map(e => ['crit', 'done', 'active', 'milestone'].filter(k => e.getAttribute('class').includes(k)).join(' ')),
            thin: bars.filter(e => !(e.getBBox().width > 0)).length};
}"""


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


def draw(*charts):
    """What mermaid makes of each chart: its error, or what it shows."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        try:
            page = browser.new_page()
            page.set_content("<!DOCTYPE html><html><body></body></html>")
            page.add_script_tag(path=os.environ["STEELYARD_MERMAID"])
            return [page.evaluate(DRAW, chart) for chart in charts]
        finally:
            browser.close()


def chart_of(page):
    found = re.findall(r"^```mermaid\n(.*?)^```$", page, re.M | re.S)
    assert len(found) == 1, page
    return found[0]


def released(error_rate=0.0, code=0, **more):
    """What the chart of such a release shows: {words of its bars: kinds of them}, in order."""
    with World(scenario(function(error_rate=error_rate))) as world:
        page = Job(world, "files", version="42", **{**QUICK, "lock_in": "20s", **more}).end(code, 60).file("report.md")
    chart = chart_of(page)
    seen, = draw(chart)
    assert not seen["error"] and seen["sections"] == ["version 42"] and not seen["thin"], (seen, chart)
    assert len(seen["words"]) == len(seen["kinds"]), (seen, chart)
    return dict(zip(seen["words"], seen["kinds"]))


@test("promoted: a bar a stage, and the lock-in that goes on")
def promoted():
    bars = released()
    assert [*bars.values()] == ["done", "done", "active"], bars
    assert all(word in bar for word, bar in zip(("10% healthy", "50% healthy", "100% in lock-in"), bars)), bars


@test("rolled back: the bad stage is critical, and a milestone says when the alias was back")
def rolled_back():
    bars = released(0.6, 3)
    assert [*bars.values()] == ["crit", "crit milestone"] and "10% unhealthy" in [*bars][0] and "back on 41" in [*bars][1], bars


@test("ten stages are ten bars, and the lock-in")
def ten():
    weights = range(10, 100, 9)
    bars = released(stages=",".join(f"{weight}%/1s" for weight in weights), window="2s", on_inconclusive="proceed")
    assert [re.search(r"\d+%", words)[0] for words in bars] == [f"{weight}%" for weight in [*weights, 100]], bars


@test("a few percent are a bar too")
def few():
    """A line of mermaid's that begins with one character and a percent sign is a comment."""
    for weight in ("1%", "5%", "0.5%"):
        bars = released(stages=f"{weight}/1s", window="2s", on_inconclusive="proceed")
        assert len(bars) == 2 and weight in list(bars)[0], (weight, bars)


@test("instant: the lock-in alone")
def instant():
    bars = released(stages="instant")
    assert [*bars.values()] == ["active"] and "100% in lock-in" in [*bars][0], bars


GOOD = """gantt
    dateFormat x
    axisFormat %H:%M:%S
    section version 42
    10% healthy :done, 1795540123653, 1795540124657
"""


@test("a chart that is none is noticed, and a bar that is not drawn")
def broken():
    spoilt = [GOOD.replace(good, bad) for good, bad in (
        ("gantt", "gant"), ("1795540123653", "yesterday"), ("dateFormat x", "dateFormat: x"), ("healthy :done", "healthy done"))]
    good, comment, *seen = draw(GOOD, GOOD.replace("10%", "%%"), *spoilt)
    assert not good["error"] and good["words"] == ["10% healthy"] and good["kinds"] == ["done"], good
    assert not comment["error"] and not comment["words"], comment
    assert all(each["error"] for each in seen), seen


if __name__ == "__main__":
    main(TESTS, 3)
