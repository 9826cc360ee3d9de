"""The report in a real browser: what a hostile run cannot do, and that it can be read.

ANTIPHON_REPORT_HTML is a report of the hostile run, which conftest.py has made by the example `hostile_report`.
ANTIPHON_CHROMIUM is the browser, by default the `chromium` on the path. Needs `playwright` (the library only, no browser download).
"""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def report() -> Path:
    path = Path(os.environ["ANTIPHON_REPORT_HTML"]).resolve(strict=True)
    assert path.stat().st_size > 0, f"{path} is empty"
    return path


@pytest.fixture(scope="module")
def browser():
    executable = os.environ.get("ANTIPHON_CHROMIUM") or shutil.which("chromium")
    assert executable, "no chromium: install it, or say where it is in ANTIPHON_CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """An open report, and everything it tried that a report must not."""

    def __init__(self, browser, report, width=1280, scheme="light"):
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.dialogs, self.requests, self.console = [], [], []
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.url = report.as_uri()
        self.page.goto(self.url, wait_until="load")

    def _dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open_all(self):
        self.page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def sideways(self):
        """Pixels by which the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def colour(self, selector, which):
        return self.page.evaluate(
            "([selector, which]) => getComputedStyle(document.querySelector(selector))[which]", [selector, which]
        )


@pytest.fixture
def visit(browser, report):
    visits = []

    def open_report(**how):
        visits.append(Visit(browser, report, **how))
        return visits[-1]

    yield open_report
    for opened in visits:
        opened.page.close()


def luminance(colour):
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_nothing_runs_and_nothing_is_loaded(visit):
    opened = visit()
    opened.open_all()
    for link in opened.page.query_selector_all("details a, main a")[:20]:
        link.hover(force=True)
    assert opened.dialogs == []
    assert [url for url in opened.requests if url not in (opened.url, "data:,")] == []
    assert opened.console == []
    assert opened.page.evaluate("document.scripts.length") == 0


def test_the_policy_stops_what_escaping_would_miss(visit):
    opened = visit()
    opened.page.evaluate(
        """() => {
            document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="alert(1)"><p id=late style="color:red">x</p>');
            const script = document.createElement('script');
            script.textContent = 'alert(2)';
            document.body.append(script);
        }"""
    )
    opened.page.evaluate("new Promise(done => setTimeout(done, 0))")
    assert opened.dialogs == []
    assert opened.colour("#late", "color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in line for line in opened.console)


@pytest.mark.parametrize("width", [320, 380, 768, 1280])
def test_the_page_never_scrolls_sideways(visit, width):
    opened = visit(width=width)
    assert opened.sideways() <= 0
    opened.open_all()
    assert opened.sideways() <= 0


def test_the_sections_are_there_in_order(visit):
    page = visit().page
    headings = page.eval_on_selector_all("h2", "all => all.map(heading => heading.textContent)")
    assert headings == [
        "How to read this",
        "Where answers disagree",
        "Do the targets know the document?",
        "Targets side by side",
        "Mirrored pairs",
        "Refusal",
        "Extraction",
        "Completeness",
        "What was asked of whom",
        "Scales",
        "Probe by probe",
        "Operations",
    ]
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    for landmark in ["header", "nav", "main", "footer"]:
        assert page.query_selector(landmark), landmark
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(heading => Number(heading.tagName[1]))")
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), "a level of headings is skipped"


def test_links_within_the_page_lead_somewhere(visit):
    page = visit().page
    broken = page.eval_on_selector_all(
        "a[href]", "all => all.map(a => a.getAttribute('href')).filter(href => !document.getElementById(href.slice(1)))"
    )
    assert broken == []
    doubled = page.evaluate(
        "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.length - new Set(ids).size })()"
    )
    assert doubled == 0


def test_hostile_text_stands_where_it_belongs(visit):
    page = visit().page
    asked = page.query_selector("#probe-unkind blockquote.asked .text").text_content()
    assert asked.startswith("<script>alert('script')</script>")
    assert "All probes agree: 1.000" not in page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(h => h.textContent).join()")
    outside = page.eval_on_selector_all(
        "article.probe", "all => all.filter(article => article.parentElement.id !== 'probes').length"
    )
    assert outside == 0


def test_every_chart_has_a_name(visit):
    page = visit().page
    nameless = page.eval_on_selector_all("svg", "all => all.filter(svg => !svg.getAttribute('aria-label')).length")
    assert page.evaluate("document.querySelectorAll('svg').length") > 50
    assert nameless == 0


def test_dark_mode_is_dark_and_both_modes_can_be_read(visit):
    backgrounds = {}
    for scheme in ["light", "dark"]:
        opened = visit(scheme=scheme)
        backgrounds[scheme] = background = opened.colour("body", "backgroundColor")
        for selector in ["body", ".note", "nav a", ".interval", "thead th"]:
            assert contrast(opened.colour(selector, "color"), background) >= 4.5, (scheme, selector)
        banner = opened.colour(".banner", "backgroundColor")
        assert contrast(opened.colour(".banner", "color"), banner) >= 4.5, scheme
        assert contrast(opened.colour("circle.i-estimate", "fill"), background) >= 3, scheme
    assert luminance(backgrounds["light"]) > 0.8
    assert luminance(backgrounds["dark"]) < 0.05


def test_the_table_of_probes_can_be_read_on_a_telephone(visit):
    opened = visit(width=380)
    row = opened.page.query_selector("table.probes tbody tr:nth-child(2)")
    row.scroll_into_view_if_needed()
    for selector in ["th", "td.plot svg", "td .value"]:
        box = row.query_selector(selector).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 380, selector
    assert opened.page.evaluate("parseFloat(getComputedStyle(document.querySelector('table.probes td')).fontSize)") >= 13


def test_the_keyboard_reaches_the_results_first(visit):
    page = visit().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_paper_gets_what_is_folded_away(visit):
    page = visit().page
    page.emulate_media(media="print")
    parts = page.query_selector("article.probe details:not(.transcripts) table")
    assert parts.is_visible()
    assert not page.query_selector("details.transcripts").is_visible()
    assert len(page.pdf()) > 10_000
