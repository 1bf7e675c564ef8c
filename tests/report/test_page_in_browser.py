"""The page as a reader meets it: in a real Chromium, at the width of a phone and of a desk, in both themes."""

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from zcrepro import registry
from zcrepro.report import comparison

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
"""The names of Chromium."""

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

VIEWS = [(width, theme) for width in (390, 1440) for theme in ("light", "dark")]

LARGEST = 8_000_000
"""Bytes that a page may have."""


SAMPLE = Path(__file__).parents[2] / "docs" / "reproduction" / "sample" / "report.html"

FIGURES = registry.names("figure")


REQUIRED = "ZCREPRO_BROWSER_REQUIRED"
"""The environment variable that makes a missing browser a failure."""


def chromium() -> str:
    """The path of Chromium. Without it the tests are skipped, but fail where it is required."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), "")
    if not found:
        give_up = pytest.fail if os.environ.get(REQUIRED) else pytest.skip
        give_up("Chromium is not installed (on Debian: apt install chromium)")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # The sandbox needs rights that a container seldom has; the page is our own file.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page that is open, and what it asked for and said."""

    def __init__(self, browser: Browser, file: Path, width: int, theme: str) -> None:
        self.theme, self.has_touch = theme, width < 640
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, has_touch=self.has_touch
        )
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = file.as_uri()
        self.open("")

    def open(self, place: str) -> Page:
        """Open a place of the page anew, and wait until what stands above it is drawn."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}{place}")
        self.page.wait_for_selector("html[data-ready]")
        return self.page

    def draw(self, name: str) -> Any:
        """Scroll to a figure and wait until it is drawn."""
        figure = self.page.locator(f"#figure-{name}")
        figure.scroll_into_view_if_needed()
        self.page.wait_for_selector(f"#figure-{name}[data-drawn]")
        return figure

    def draw_all(self) -> None:
        """Draw every figure, one after the other."""
        charts = self.page.locator("figure.chart:has(.packed)")
        for name in charts.evaluate_all("(all) => all.map((each) => each.dataset.name)"):
            self.draw(name)

    def point(self, box: Any) -> None:
        """Tap the middle of a box, or move the mouse there."""
        at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        if self.has_touch:
            self.page.touchscreen.tap(*at)
        else:
            self.page.mouse.move(*at)

    def close(self) -> None:
        self.page.context.close()


@pytest.fixture(scope="module")
def file(full: Any) -> Path:
    return full.page()


@pytest.fixture(scope="module", params=VIEWS, ids=[f"{width}-{theme}" for width, theme in VIEWS])
def visit(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Visit]:
    """The page in each view."""
    visit = Visit(browser, file, *request.param)
    yield visit
    visit.close()


@pytest.fixture
def desk(browser: Browser, file: Path) -> Iterator[Visit]:
    """A fresh page on a desk."""
    visit = Visit(browser, file, 1440, "light")
    yield visit
    visit.close()


@pytest.fixture(params=VIEWS, ids=[f"{width}-{theme}" for width, theme in VIEWS])
def fresh(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Visit]:
    """A fresh page in each view, whose state a test may change."""
    visit = Visit(browser, file, *request.param)
    yield visit
    visit.close()


@pytest.mark.parametrize(("required", "ends"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_chromium_is_a_failure_where_it_is_required_and_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch, required: str, ends: type[BaseException]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv(REQUIRED, required)
    with pytest.raises(ends, match="apt install chromium"):
        chromium()


def test_it_loads_without_errors_and_asks_for_nothing_else(visit: Visit, file: Path) -> None:
    visit.draw_all()
    assert visit.said == []
    assert {url for url in visit.asked if url != "about:blank"} == {visit.url}
    assert file.stat().st_size < LARGEST


def test_it_fits_the_width(visit: Visit) -> None:
    visit.draw_all()
    assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_axe_finds_nothing_and_a_reason_open_neither(visit: Visit) -> None:
    visit.draw_all()
    assert _violations(visit.page) == []
    visit.page.locator("#table-zcp_table1 button.cell").first.click()
    visit.page.wait_for_selector("#reason:popover-open")
    assert _violations(visit.page) == []
    visit.page.keyboard.press("Escape")


def _violations(page: Page) -> list[str]:
    """What axe finds, one line each."""
    # The policy of the page forbids scripts from outside, but not those that the debugger evaluates.
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def test_text_has_enough_contrast_to_the_ground_that_it_stands_on(visit: Visit) -> None:
    lowest = visit.page.evaluate(
        """() => {
          const parse = (text) => text.match(/[\\d.]+/g).map(Number);
          const luminance = (rgb) => rgb.slice(0, 3).map((each) => each / 255)
            .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
            .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0);
          const ground = (element) => {
            for (let each = element; each; each = each.parentElement) {
              const colour = parse(getComputedStyle(each).backgroundColor);
              if (colour.length === 3 || colour[3] > 0) return colour;
            }
            return [255, 255, 255];
          };
          const texts = [...document.querySelectorAll("td, th, small, .mark, .tile, .caption, p, a, dt, dd")]
            .filter((element) => element.checkVisibility() && element.textContent.trim());
          return Math.min(...texts.map((element) => {
            const pair = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))];
            return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
          }));
        }"""
    )
    assert lowest >= 4.5


@pytest.mark.parametrize("name", FIGURES)
def test_a_chart_has_ink_and_a_label_of_its_own(visit: Visit, name: str) -> None:
    figure = visit.draw(name)
    label = figure.locator(".scroller").get_attribute("aria-label")
    assert figure.locator("h3").inner_text() in label
    if figure.locator("canvas").count():
        kinds = figure.locator("canvas").evaluate(
            """(canvas) => new Set(new Uint32Array(canvas.getContext("2d")
              .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
        )
        assert kinds > 20
    else:
        assert figure.locator("svg path[fill], svg path[stroke]").count() > 3
    box = figure.locator(".drawing").bounding_box()
    assert box["height"] > 100
    assert box["width"] > 250


def test_tables_keep_their_first_column_in_view(visit: Visit) -> None:
    wide = visit.page.locator("#table-srgp_runs .wide")
    wide.scroll_into_view_if_needed()
    wide.evaluate("(element) => { element.scrollLeft = 400; }")
    left = wide.locator("tbody th").first.bounding_box()["x"] - wide.bounding_box()["x"]
    assert 0 <= left <= 2
    room = wide.bounding_box()["width"]
    assert wide.locator("tbody th").first.bounding_box()["width"] < 0.45 * room


def column(page: Page, table: str, place: int) -> list[str]:
    """The texts of a column, in the order of the page, without signs, marks of notes and intervals."""
    cells = page.locator(f"{table} tbody tr:not([hidden]) > :nth-child({place})").all_inner_texts()
    return [number[0] if (number := re.match(r"-?[\d,]*\.?\d+", text)) else text for text in cells]


def test_a_table_sorts_numbers_with_blanks_last_and_texts(fresh: Visit) -> None:
    page, table = fresh.page, "#table-srgp_correlation"
    heading = page.locator(f"{table} thead th").nth(1)
    for order, sign in (("descending", -1), ("ascending", 1)):
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == order
        shown = column(page, table, 2)
        numbers = [float(text.replace(",", "")) for text in shown if re.match(r"[-\d]", text)]
        assert len(numbers) > 10
        assert numbers == sorted(numbers, key=lambda value: sign * value)
        assert not any(re.match(r"[-\d]", text) for text in shown[len(numbers) :])
    page.locator(f"{table} thead th button").first.click()
    names = page.locator(f"{table} tbody th").all_inner_texts()
    assert names[0].lower() <= names[len(names) // 2].lower() <= names[-1].lower()
    assert heading.get_attribute("aria-sort") is None


def test_a_table_filters_by_text_and_by_verdict(fresh: Visit) -> None:
    page, table = fresh.page, "#table-zcp_table1"
    page.locator(f"{table} [data-filter]").fill("synflow")
    rows = page.locator(f"{table} tbody tr:not([hidden])")
    assert rows.count() > 0
    assert all("synflow" in text for text in rows.all_inner_texts())
    assert page.locator(f"{table} .count").inner_text().startswith(f"{rows.count()} of ")
    page.locator(f"{table} [data-filter]").fill("")
    page.locator(f"{table} [data-verdict]").select_option("differs")
    assert rows.count() > 0
    assert rows.count() == page.locator(f"{table} tbody tr:has(td.differs)").count()


def test_a_tile_shows_as_many_comparisons_as_it_counts(desk: Visit) -> None:
    page = desk.page
    for tile in page.locator("[data-tile]").all():
        tile.click()
        shown = page.locator("#comparisons tbody tr:not([hidden])").count()
        assert shown == int(tile.locator("strong").inner_text())


def test_numbers_on_the_page_equal_those_of_the_file(desk: Visit, full: Any) -> None:
    frame = comparison.read_csv(full.results / "tables" / "srgp_correlation.csv")
    table = desk.page.locator("#table-srgp_correlation")
    headings = [text.rstrip() for text in table.locator("thead button").all_inner_texts()]
    checked = 0
    for line in table.locator("tbody tr").all():
        name = line.locator("th").inner_text().split("\n")[0]
        cells = line.locator("td").all_inner_texts()
        for column, text in zip(headings[1:], cells, strict=True):
            rows = frame[
                (frame["row"] == name) & (frame["column"] == column) & (frame["metric"] == "kendall")
            ]
            if len(rows) == 1 and rows["value"].notna().all():
                assert float(re.match(r"-?[\d.]+", text)[0]) == pytest.approx(rows["value"].iloc[0], abs=6e-4)
                checked += 1
    assert checked > 20


def test_a_download_has_all_rows_of_the_table(desk: Visit, full: Any) -> None:
    with desk.page.expect_download() as started:
        desk.page.locator("#table-zcp_search [data-download=csv]").click()
    downloaded = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text())))
    kept = list(csv.DictReader(io.StringIO((full.results / "tables" / "zcp_search.csv").read_text())))
    assert [row["row"] for row in downloaded] == [row["row"] for row in kept]
    assert [float(row["value"] or "nan") for row in downloaded] == pytest.approx(
        [float(row["value"] or "nan") for row in kept], nan_ok=True
    )
    desk.draw("evolution")
    with desk.page.expect_download() as started:
        desk.page.locator("#figure-evolution [data-download=svg]").click()
    picture = Path(started.value.path()).read_text()
    assert picture.startswith("<svg")
    assert "var(--" not in picture


def test_every_table_filters_sorts_and_is_offered_as_csv(desk: Visit) -> None:
    tables = desk.page.locator("main table:not(details.data table)")
    sections = desk.page.locator("main .table")
    assert sections.count() == tables.count() > 6
    for section in sections.all():
        assert section.locator("[data-filter]").count() == 1
        assert section.locator("thead .sort").count() == section.locator("thead th").count()
        rows = section.locator("tbody tr").count()
        section.locator("[data-filter]").fill("no row has this text")
        assert section.locator(".count").inner_text() == f"0 of {rows} rows"
        with desk.page.expect_download() as started:
            section.locator("[data-download=csv]").click()
        lines = list(csv.DictReader(io.StringIO(Path(started.value.path()).read_text())))
        assert len(lines) >= (rows if section.locator(":scope > .packed").count() == 0 else 1)
        assert all(None not in line for line in lines)


def test_the_csv_of_a_small_table_is_what_it_shows(desk: Visit) -> None:
    with desk.page.expect_download() as started:
        desk.page.locator("#datasets [data-download=csv]").click()
    (row,) = csv.DictReader(io.StringIO(Path(started.value.path()).read_text()))
    assert row["file"] == "nasbench201/cifar10.csv"
    assert row["source"] == "https://example.org/cifar10.csv"
    assert (row["size"], row["what it is"]) == ("2.4 MB", "Dong and Yang, ICLR 2020")
    with desk.page.expect_download() as started:
        desk.page.locator("[data-name=best] [data-download=csv]").click()
    found = csv.DictReader(io.StringIO(Path(started.value.path()).read_text()))
    assert "zen Kendall 0.600" in {row["best hand-crafted proxy"] for row in found}


@pytest.mark.parametrize(("width", "how"), [(1440, "Enter"), (390, "tap")])
def test_a_reason_names_paper_tolerance_and_why_and_gives_the_focus_back(
    browser: Browser, file: Path, width: int, how: str
) -> None:
    visit = Visit(browser, file, width, "light")
    cell = visit.page.locator("#table-zcp_table1 td.differs button.cell").first
    if how == "tap":
        cell.tap()
    else:
        cell.focus()
        visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("#reason:popover-open")
    said = visit.page.locator("#reason").inner_text()
    for text in ("differs: paper,", "paper's value", "± ", "why so wide", "source", "95 % interval"):
        assert text in said
    visit.page.keyboard.press("Escape")
    assert not visit.page.locator("#reason").is_visible()
    assert cell.evaluate("(element) => element === document.activeElement")
    visit.close()


def test_the_pointer_a_tap_and_the_keys_show_the_architecture(fresh: Visit) -> None:
    figure = fresh.draw("scatter")
    figure.locator(".scroller").focus()
    fresh.page.keyboard.press("ArrowRight")
    first = figure.locator(".panel h4").first.inner_text()
    assert re.fullmatch(r"arch-\d\d", first)
    fresh.page.keyboard.press("ArrowRight")
    second = figure.locator(".panel h4").first.inner_text()
    assert second != first
    assert figure.locator(".panel .rank").count() > 5
    # A tap or the pointer, at the ring of the second mark, finds the same one.
    figure.locator(".ring").scroll_into_view_if_needed()
    box = figure.locator(".ring").bounding_box()
    fresh.page.keyboard.press("ArrowRight")
    fresh.point(box)
    expect(figure.locator(".panel h4").first).to_have_text(second)
    accuracy = 10 + 80 / 59 * int(second.removeprefix("arch-"))
    assert f"{accuracy:.4g}" in figure.locator(".panel").inner_text().replace(",", "")


@pytest.mark.parametrize(("pixels", "finds"), [(10, True), (30, False)])
def test_a_tap_or_the_pointer_beside_a_mark_finds_it_but_not_from_afar(
    fresh: Visit, pixels: int, finds: bool
) -> None:
    figure = fresh.draw("scatter")
    figure.locator(".scroller").focus()
    fresh.page.keyboard.press("ArrowRight")
    leftmost = figure.locator(".panel h4").first.inner_text()
    figure.locator(".ring").scroll_into_view_if_needed()
    box = figure.locator(".ring").bounding_box()
    fresh.page.keyboard.press("PageDown")
    fresh.point(box | {"x": box["x"] - pixels})
    shown = expect(figure.locator(".panel h4").first)
    (shown.to_have_text if finds else shown.not_to_have_text)(leftmost)


def test_a_formula_is_shown_as_mathematics(desk: Visit) -> None:
    figure = desk.draw("front")
    figure.locator(".scroller").focus()
    desk.page.keyboard.press("ArrowRight")
    desk.page.keyboard.press("ArrowRight")
    assert figure.locator(".panel math").text_content() == "synflow+nwot"
    assert "add(a, b) = a + b" in figure.locator(".panel").inner_text()


def test_charts_follow_the_theme(fresh: Visit) -> None:
    other = "light" if fresh.theme == "dark" else "dark"
    figure = fresh.draw("evolution")
    line = figure.locator("svg .mark-line path").first
    before = line.get_attribute("stroke")
    fresh.page.locator(f'.theme input[value="{other}"]').check(force=True)
    fresh.page.wait_for_selector(f'#figure-evolution[data-drawn="{other}"]')
    assert figure.locator("svg .mark-line path").first.get_attribute("stroke") != before
    fresh.open("")
    assert fresh.page.evaluate("document.documentElement.dataset.theme") == other


def test_a_link_restores_every_control(desk: Visit) -> None:
    figure = desk.draw("scatter")
    figure.locator("select[name=proxy]").select_option("zen")
    figure.locator("select[name=across]").select_option("value")
    desk.page.locator("#table-zcp_table1 [data-verdict]").select_option("differs")
    desk.page.locator("#table-srgp_correlation thead button").nth(1).click()
    expect(desk.page).to_have_url(re.compile("across"))
    place = desk.page.evaluate("location.hash")
    page = desk.open(place)
    assert page.evaluate("location.hash") == place
    figure = desk.draw("scatter")
    assert figure.locator("select[name=proxy]").input_value() == "zen"
    assert figure.locator("select[name=across]").input_value() == "value"
    assert page.locator("#table-zcp_table1 [data-verdict]").input_value() == "differs"
    heading = page.locator("#table-srgp_correlation thead th").nth(1)
    assert heading.get_attribute("aria-sort") == "descending"
    assert desk.said == []


CELL = "|avg_pool_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|skip_connect~1|none~2|"
CHAIN = "|conv_3x3|depthwise_3x3|conv_1x1|max_pool_3x3|max_pool_3x3|identity|"
VERTICES = "maxpool3x3~0|conv3x3~1|conv3x3~2|maxpool3x3~0|maxpool3x3~4|output~1235"


@pytest.mark.parametrize(
    ("architecture", "nodes", "edges"),
    [(CELL, 4, 4), (CHAIN, 7, 6), (VERTICES, 7, 9), ("output~0", 2, 1), ("64-41414-3_22_110", 0, 0)],
)
def test_the_network_of_an_architecture_is_drawn(
    desk: Visit, architecture: str, nodes: int, edges: int
) -> None:
    drawn = desk.page.evaluate("(text) => network(text)?.outerHTML ?? ''", architecture)
    assert (drawn.count("<circle"), drawn.count("<line") + drawn.count("<path")) == (nodes, edges)


def test_a_copied_link_leads_to_what_was_changed_last(desk: Visit) -> None:
    for name, control in (("figure-scatter", "select[name=proxy]"), ("table-zcp_table1", "[data-verdict]")):
        if name.startswith("figure"):
            desk.draw("scatter")
        chosen = desk.page.locator(f"#{name} {control}")
        chosen.select_option(chosen.locator("option").last.get_attribute("value"))
        expect(desk.page).to_have_url(re.compile(f"#{name}[?]"))


def test_a_link_that_is_opened_in_the_open_page_restores_its_controls(desk: Visit) -> None:
    figure = desk.draw("scatter")
    normal = figure.locator("select[name=proxy]").input_value()
    desk.page.goto(f"{desk.url}#figure-scatter?scatter.proxy=zen")
    expect(desk.page.locator("#figure-scatter select[name=proxy]")).to_have_value("zen")
    desk.page.go_back()
    expect(desk.page.locator("#figure-scatter select[name=proxy]")).to_have_value(normal)


def test_the_heading_of_each_section_is_a_link_to_it(desk: Visit) -> None:
    page = desk.page
    # A figure that is drawn while a link is pressed moves the link away from under the pointer.
    desk.draw_all()
    assert page.locator("main h2").count() == page.locator("main h2 > a.anchor").count() > 8
    links = page.locator("main h2 > a.anchor")
    places = links.evaluate_all("(all) => all.map((each) => each.hash)")
    assert len(set(places)) == len(places)
    for place, link in zip(places, links.all(), strict=True):
        link.click()
        expect(page).to_have_url(re.compile(f"{place}$"))
        assert -5 <= page.locator(place).bounding_box()["y"] <= 120 or place == places[-1]


@pytest.mark.parametrize(("name", "marks"), [("agreement", "mark-symbol"), ("search", "mark-line")])
def test_an_entry_of_a_legend_is_singled_out_by_the_keyboard_and_by_a_link(
    desk: Visit, name: str, marks: str
) -> None:
    def opacities() -> set[str]:
        paths = desk.draw(name).locator(f"svg .{marks}.role-mark path")
        return set(paths.evaluate_all("(all) => all.map((each) => each.getAttribute('opacity'))"))

    assert len(opacities()) == 1
    desk.draw(name).locator("select[name=single]").focus()
    desk.page.keyboard.press("ArrowDown")
    expect(desk.page).to_have_url(re.compile(f"{name}.single"))
    assert len(opacities()) == 2
    desk.open(desk.page.evaluate("location.hash"))
    assert len(opacities()) == 2
    assert desk.said == []


def test_a_link_leads_to_its_place(desk: Visit) -> None:
    page = desk.open("#table-srgp_runs")
    top = page.locator("#table-srgp_runs").bounding_box()["y"]
    assert -5 <= top <= 120


def test_without_scripts_the_tables_are_there(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("#table-zcp_table1 tbody tr").count() > 20
    assert page.locator("#table-zcp_table1 td").first.is_visible()
    assert "lies beside the page" in page.locator("#figure-search").inner_text()
    context.close()


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_the_page_of_the_sample_loads_alone_and_fits_the_width(
    browser: Browser, width: int, theme: str
) -> None:
    visit = Visit(browser, SAMPLE, width, theme)
    visit.draw_all()
    assert visit.said == []
    assert {url for url in visit.asked if url != "about:blank"} == {visit.url}
    assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert SAMPLE.stat().st_size < LARGEST
    visit.close()
