"""A section per paper: what it claims, the proxies in a line each, and its tables."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from zcrepro import provenance
from zcrepro.proxies.suite_zero import SUITE_ZERO
from zcrepro.report import _zcp
from zcrepro.report.citations import PAPERS, URLS
from zcrepro.report.page.tables import Shown

TITLES = {
    "ZCP": "Zero-cost proxies for lightweight NAS",
    "EZNAS": "EZNAS: evolved programs",
    "SRGP": "SRGP: evolved formulas",
    "zcrepro": "Beyond the papers",
}

INTRODUCED = {"ZCP": {*_zcp.PROXIES.values(), *_zcp.STAND_INS.values()}, "SRGP": set(SUITE_ZERO)}
"""The proxies of a paper. Those of two papers are introduced with the first."""

PROGRAMS = "eznas_"
"""How the names of the programs of EZNAS begin."""


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
    """Return the sections that have tables. Each explains its own proxies, the last one all others."""
    shown = [key for key in TITLES if any(table.described.paper == key for table in tables)]
    owners = {name: key if (key := _paper(name)) in shown else shown[-1] for name in proxies if shown}
    found: list[Section] = []
    for key, title in TITLES.items():
        of_paper = [table for table in tables if table.described.paper == key]
        if of_paper:
            explained = [(name, _in_a_line(name)) for name, owner in owners.items() if owner == key]
            found.append(Section(key, title, PAPERS.get(key, ""), URLS.get(key, ""), of_paper, explained))
    return found


def _paper(proxy: str) -> str:
    """Return the key of the section that introduces a proxy."""
    if proxy.startswith(PROGRAMS):
        return "EZNAS"
    return next((key for key, names in INTRODUCED.items() if proxy in names), "zcrepro")


def _in_a_line(proxy: str) -> str:
    """Return the first line of a proxy's file, without its name; nothing is imported for it."""
    source = provenance.source(f"{provenance.PLUGINS['proxies']}.{proxy}")
    first = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return first.partition(": ")[2] or first
