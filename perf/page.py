"""Measure a report page in Chromium: ``python perf/page.py results/<run>/report.html``.

For a wide and a narrow window: the seconds until the page can be used, those until every chart is drawn while
it is scrolled to its end, and the memory of its scripts.
"""

import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

CHROMIUM = "/usr/bin/chromium"
PUBLISHED = Path(__file__).parents[1] / "docs/reproduction/sample/report.html"
WIDTHS = (1440, 390)


def measure(browser: Browser, file: Path, width: int) -> tuple[float, float, float]:
    """Return the seconds until it can be used and until all charts are drawn, and the MB of its scripts."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    start = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]")
    ready = time.perf_counter() - start
    charts = page.locator("figure.chart:has(.packed)")
    for place in charts.evaluate_all("(all) => all.map((each) => each.id)"):
        page.locator(f"#{place}").scroll_into_view_if_needed()
        page.wait_for_selector(f"#{place}[data-drawn]")
    drawn = time.perf_counter() - start
    memory = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    page.close()
    return ready, drawn, memory


def main() -> None:
    """Measure, and print a table."""
    file = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PUBLISHED
    table = Table("width", "ready, s", "all charts drawn, s", "scripts, MB")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width in WIDTHS:
            numbers = measure(browser, file, width)
            table.add_row(str(width), *(f"{number:.1f}" for number in numbers))
        browser.close()
    console = Console()
    console.print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
    console.print(table)


if __name__ == "__main__":
    main()
