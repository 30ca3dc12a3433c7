"""The page of a report, as a browser shows it: page_test.py WRITE_PAGES. Debian's Chromium, driven by Playwright; accessibility by
axe-core. What the checks would find is planted first, so that none of them is blind."""
import io
import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

# Nothing of its own in the background, as the root of a container too.
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-default-apps"]
WIDTHS = (320, 360, 700, 1200)
SCHEMES = ("light", "dark")
CASES = {"healthy", "rolled-back", "seconds", "ten-stages", "days", "telemetry", "squeezed", "first", "unseen", "one-point",
         "paused", "hostile", "plan", "findings", "verify", "error"}

# What sticks out of the window, and which texts of the timeline lie upon one another.
OVERFLOW = """() => [...document.querySelectorAll('body *')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && (box.right > innerWidth + 0.5 || box.left < -0.5) && !e.closest('svg svg, symbol, thead');
}).map(e => e.outerHTML.slice(0, 120))"""
OVERLAPS = """() => {
    const texts = [...document.querySelectorAll('#timeline text')].filter(e => e.getClientRects().length);
    const boxes = texts.map(e => [e.textContent, e.getBoundingClientRect()]);
    const found = [];
    boxes.forEach(([a, x], i) => boxes.slice(i + 1).forEach(([b, y]) => {
        if (x.left < y.right - 1 && y.left < x.right - 1 && x.top < y.bottom - 3 && y.top < x.bottom - 3)
            found.push(a + ' / ' + b);
    }));
    return found;
}"""
PLANTED = """<!DOCTYPE html><html lang="en"><head><title>planted</title></head><body><h1>Planted</h1>
<p style="color:#ccc">pale</p><div style="width:2000px">wide</div><img src="http://127.0.0.1:9/x.png" alt="">
<svg id="timeline"><text y="20">one</text><text y="21" x="3">two</text></svg><script>console.error('planted')</script></body></html>"""


class Seen:
    """A tab, with what its page said and asked for."""

    def __init__(self, browser, width=1200, scheme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.console, self.asked = [], []
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def goto(self, url):
        self.console.clear()
        self.asked.clear()
        self.page.goto(url)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def style(self, selector, name):
        return self.page.evaluate("([s, n]) => getComputedStyle(document.querySelector(s)).getPropertyValue(n)", [selector, name])

    def texts(self, selector):
        return [" ".join(text.split()) for text in self.page.locator(selector).all_inner_texts()]

    def violations(self):
        self.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        results = Axe().run(self.page)
        return [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in results.response["violations"]]


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        subprocess.run([WRITE_PAGES, cls.folder], check=True, timeout=60)
        pathlib.Path(cls.folder, "planted.html").write_text(PLANTED)
        driver = cls.enterClassContext(sync_playwright())
        cls.browser = driver.chromium.launch(executable_path=CHROMIUM_PATH, args=CHROMIUM)
        cls.addClassCleanup(cls.browser.close)

    def url(self, name):
        return pathlib.Path(self.folder, f"{name}.html").as_uri()

    def open(self, name, **how):
        return Seen(self.browser, **how).goto(self.url(name))

    def each(self, check, names=CASES, widths=WIDTHS, schemes=SCHEMES):
        for width, scheme in itertools.product(widths, schemes):
            with Seen(self.browser, width, scheme) as seen:
                for name in sorted(names):
                    with self.subTest(page=name, width=width, scheme=scheme):
                        check(seen.goto(self.url(name)))

    def test_what_is_planted_is_found(self):
        with self.open("planted", width=360) as seen:
            self.assertEqual(seen.asked[1:], ["http://127.0.0.1:9/x.png"])
            self.assertIn("planted", seen.console)
            self.assertTrue(seen.page.evaluate(OVERFLOW))
            self.assertEqual(seen.page.evaluate(OVERLAPS), ["one / two"])
            self.assertIn("color-contrast", [name for name, _ in seen.violations()])

    def test_every_case_is_looked_at(self):
        self.assertEqual({path.stem for path in pathlib.Path(self.folder).glob("*.html")} - {"planted"}, CASES)

    def test_is_quiet_and_fits(self):
        def check(seen):
            self.assertEqual(seen.console, [])
            self.assertEqual(seen.asked, [seen.page.url])
            self.assertEqual(seen.page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0)
            self.assertEqual(seen.page.evaluate(OVERFLOW), [])
            self.assertEqual(seen.page.evaluate(OVERLAPS), [])
        self.each(check, schemes=("light",))

    def test_is_accessible(self):
        for width, scheme in ((360, "light"), (1200, "dark")):  # the structure is the width's, the contrast the scheme's
            self.each(lambda seen: self.assertEqual(seen.violations(), []), widths=(width,), schemes=(scheme,))

    def test_loads_nothing_even_when_told_to(self):
        """The policy stands in the page itself: it holds also for what an escape might have let through."""
        with self.open("healthy") as seen:
            with seen.page.expect_event("requestfailed") as failed:
                seen.page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))")
            self.assertEqual(failed.value.failure, "csp")

    def test_tells_a_rollback(self):
        with self.open("rolled-back") as seen:
            self.assertEqual(seen.page.title(), "checkout:production – ROLLED_BACK 42")
            self.assertEqual(seen.texts("h1"), ["Version 42 was rolled back: all traffic is on 41"])
            self.assertEqual(seen.texts(".badge"), ["ROLLED_BACK"])
            self.assertEqual(seen.texts("h2"), ["Timeline", "Stages", "What happened", "Error rate over time"])
            self.assertEqual(seen.texts(".cards tbody tr:nth-child(2) > *"), [
                "Stage 2", "50%", "15m", "1,760", "161", "9.14% 7.8–11%", "0.86% 15 of 1,742",
                "unhealthy error rate 9.14% (161 of 1760) within 5m exceeds 5%"])
            shown = seen.page.locator("#timeline text").all_text_contents()
            for text in ("Traffic to version 42", "10%", "50%", "back to 41", "limit 5%", "Error rate within 5m", "11:20",
                         "24 Nov 2026 UTC"):
                self.assertIn(text, shown)
            self.assertEqual(seen.page.locator("#timeline use.bad").count(), 1)
            self.assertEqual(seen.page.locator("#timeline use.good").count(), 1)

    def test_is_heard(self):
        with self.open("rolled-back", width=360) as seen:
            heard = seen.page.locator("main").aria_snapshot()
            self.assertIn('img "Version 42 was rolled back: all traffic is on 41"', heard)
            self.assertIn('table "Stages"', heard)  # a card on a phone, and a table still
            self.assertIn('rowheader "Stage 2"', heard)
            self.assertIn('columnheader "Invocations"', heard)
            self.assertIn('cell "1,760"', heard)  # without the label of the card, which the column's head says
            # Chromium keeps a table's roles when it is shown as cards; Safari needs them told.
            for element, role in (("table", "table"), ("thead", "rowgroup"), ("tbody", "rowgroup"), ("tr", "row"), ("td", "cell"),
                                  ("thead th", "columnheader"), ("tbody th", "rowheader")):
                told = seen.page.locator(f".cards {element}" if element != "table" else "table.cards")
                self.assertGreater(told.count(), 0)
                self.assertEqual({one.get_attribute("role") for one in told.all()}, {role})
            words = seen.page.locator("#timeline-words").text_content()
            self.assertIn("Its error rate was 9.29% at its highest (33 of 355, at 2026-11-24T11:40:40Z).", words)
            self.assertEqual(seen.page.locator("#timeline").get_attribute("aria-labelledby"), "timeline-title")
            self.assertEqual(seen.page.locator("#timeline").get_attribute("aria-describedby"), "timeline-words")

    def test_a_phone_shows_cards(self):
        with self.open("rolled-back", width=360) as phone, self.open("rolled-back") as wide:
            self.assertEqual((phone.style(".cards tr", "display"), wide.style(".cards tbody tr", "display")), ("block", "table-row"))
            label = "getComputedStyle(document.querySelector('.cards td'), '::before').content"
            self.assertEqual((phone.page.evaluate(label), wide.page.evaluate(label)), ('"Weight" / ""', "none"))
            sizes = [seen.page.evaluate("document.querySelector('#timeline text').getBoundingClientRect().height")
                     for seen in (phone, wide)]
            self.assertEqual(*sizes)  # the text of the timeline keeps its size
            self.assertGreaterEqual(sizes[0], 12)

    def test_words_from_outside_are_text(self):
        with self.open("hostile") as seen:
            self.assertEqual(seen.page.locator("img, script, .cards b").count(), 0)
            self.assertIn("</script><img src=x onerror=alert(1)>", seen.page.locator(".cards").inner_text())

    def test_dark_is_dark(self):
        colours = {}
        for scheme in SCHEMES:
            with self.open("rolled-back", scheme=scheme) as seen:
                colours[scheme] = [seen.style("html", "background-color"), seen.style("html", "color"),
                                   seen.style("#timeline .line", "stroke"), seen.style(".badge", "color")]
        self.assertFalse(set(colours["light"]) & set(colours["dark"]))
        self.assertEqual(colours["light"][0], "rgb(255, 255, 255)")

    def test_paper_is_white_and_whole(self):
        with self.open("rolled-back", scheme="dark") as seen:
            seen.page.emulate_media(media="print")
            self.assertEqual((seen.style("html", "background-color"), seen.style("html", "color")),
                             ("rgb(255, 255, 255)", "rgb(0, 0, 0)"))
            reader = PdfReader(io.BytesIO(seen.page.pdf(format="A4")))
            pages = [page.extract_text() for page in reader.pages]
        self.assertIn(len(pages), (2, 3))
        self.assertTrue(all(len(text) > 100 for text in pages))
        text = unicodedata.normalize("NFKC", " ".join(" ".join(pages).split()))  # ligatures
        for part in ("Version 42 was rolled back", "back to 41", "161", "version 42 gets no traffic any more",
                     "33 of 355", "exit code 3"):  # the rates over time too, which are folded on a screen
            self.assertIn(part, text)


if __name__ == "__main__":
    WRITE_PAGES = sys.argv.pop(1)
    CHROMIUM_PATH = shutil.which("chromium")
    if not CHROMIUM_PATH:
        sys.exit("chromium is not there: install Debian's package of that name")
    unittest.main()
