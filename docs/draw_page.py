"""Draw the published page in Chromium, wide and narrow, light and dark: ``python docs/draw_page.py``."""

from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

Theme = Literal["light", "dark"]

CHROMIUM = "/usr/bin/chromium"
DOCS = Path(__file__).parent
PAGE = DOCS / "reproduction/sample/report.html"

SIZES = {"wide": (1440, 960), "phone": (390, 844)}
THEMES: tuple[Theme, ...] = ("light", "dark")


def draw(browser: Browser, name: str, theme: Theme) -> None:
    """Write ``docs/report-<size>-<theme>.png``: what a reader sees first."""
    width, height = SIZES[name]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(PAGE.as_uri())
    page.wait_for_selector("html[data-ready]")
    page.screenshot(path=DOCS / f"report-{name}-{theme}.png")
    page.close()


def main() -> None:
    """Draw the page in every size and theme."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in SIZES:
            for theme in THEMES:
                draw(browser, name, theme)
        browser.close()


if __name__ == "__main__":
    main()
