"""A section per paper: what it claims, the proxies in a line each, and its tables."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from zcrepro import provenance
from zcrepro.report.citations import PAPERS, URLS
from zcrepro.report.page.tables import Shown

TITLES = {
    "ZCP": "Zero-cost proxies for lightweight NAS",
    "EZNAS": "EZNAS: evolved programs",
    "SRGP": "SRGP: evolved formulas",
    "zcrepro": "Beyond the papers",
}


@dataclass(frozen=True)
class Section:
    """The section of a paper; ``key`` is the name that tables give it. ``cited`` is how to cite it."""

    key: str
    title: str
    cited: str
    link: str
    tables: list[Shown]
    proxies: list[tuple[str, str]]


def papers(tables: Sequence[Shown], proxies: Sequence[str]) -> list[Section]:
    """Return the sections that have tables. The first one, which introduces them, explains the proxies."""
    found: list[Section] = []
    for key, title in TITLES.items():
        of_paper = [table for table in tables if table.described.paper == key]
        if of_paper:
            explained = [] if found else [(name, _in_a_line(name)) for name in proxies]
            found.append(Section(key, title, PAPERS.get(key, ""), URLS.get(key, ""), of_paper, explained))
    return found


def _in_a_line(proxy: str) -> str:
    """Return the first line of a proxy's file, without its name; nothing is imported for it."""
    source = provenance.source(f"{provenance.PLUGINS['proxies']}.{proxy}")
    first = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return first.partition(": ")[2] or first
