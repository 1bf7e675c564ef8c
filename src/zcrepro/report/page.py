"""The report: all tables and figures of a run on one page that needs nothing else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from zcrepro import registry, settings
from zcrepro.files.atomic import write_text
from zcrepro.files.text import read_text
from zcrepro.report import comparison, headline
from zcrepro.report._base import Figure, Table
from zcrepro.report._layout import Layout, layout
from zcrepro.report._render import MARKS

TEMPLATE = "page.html.j2"

EXPLAINED = {
    comparison.REPRODUCED: "the paper's figure is within the tolerance of ours or, where ours is of a "
    "random sample of the paper's architectures and its interval is narrow, of that interval",
    comparison.DIFFERS: "the paper's figure is farther from ours than that",
    comparison.NOT_COMPARABLE: "ours is of another population than the paper's, of too small a sample "
    "to tell, or undefined",
    comparison.NO_REFERENCE: "no printed figure belongs to it",
    comparison.MISSING: "the run lacks a file that it needs",
}

CITATIONS = {
    "ZCP": "M. S. Abdelfattah, A. Mehrotra, Ł. Dudziak, N. D. Lane. Zero-Cost Proxies for Lightweight NAS. "
    "ICLR 2021.",
    "EZNAS": "Y. Akhauri, J. P. Munoz, N. Jain, R. Iyer. EZNAS: Evolving Zero-Cost Proxies for Neural "
    "Architecture Scoring. NeurIPS 2022.",
    "SRGP": "Q. M. Phan, N. H. Luong. From Hand-Crafted Metrics to Evolved Training-Free Performance "
    "Predictors for Neural Architecture Search via Genetic Programming. 2025.",
}
"""How to cite the papers, by the name that tables give them."""

SOURCES = {
    "nasbench201": "X. Dong, Y. Yang. NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture "
    "Search. ICLR 2020.",
    "released scores": "A. Krishnakumar, C. White, A. Zela, R. Tu, M. Safari, F. Hutter. "
    "NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost Proxies. NeurIPS 2022 Datasets and Benchmarks.",
}
"""How to cite what the figures are computed from, by a word that their tables hold."""

ACTIVE = ("script", "foreignObject")


@dataclass(frozen=True)
class ReportSettings:
    """``run`` names the results, ``description`` says in a sentence or two what was run."""

    title: str
    run: str
    description: str


@dataclass(frozen=True)
class ShownTable:
    """A table with what is said of it."""

    name: str
    title: str
    caption: str
    layout: Layout


@dataclass(frozen=True)
class ShownFigure:
    """A figure, its ids made its own, with what is said of it."""

    name: str
    title: str
    caption: str
    svg: Markup


def report(
    *, settings_file: Path, tables: Sequence[Path] = (), figures: Sequence[Path] = (), output: Path
) -> None:
    """Make the page of a run.

    Parameters
    ----------
    settings_file
        JSON of ReportSettings.
    tables
        The CSV files of the tables, in the order in which they are shown.
    figures
        The SVG files of the figures, in the order in which they are shown.
    output
        HTML with everything in it.
    """
    chosen = settings.load(settings_file, ReportSettings)
    frames = {path.stem: comparison.read_csv(path) for path in tables}
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template(TEMPLATE).render(
        title=chosen.title,
        run=chosen.run,
        description=chosen.description,
        sentences=headline.sentences(frames),
        headlines=headline.headlines(frames),
        embedded=any(frame["population"].str.contains("embedded").any() for frame in frames.values()),
        tables=[_table(name, frame) for name, frame in frames.items()],
        figures=[_figure(path) for path in figures],
        marks=MARKS,
        explained=EXPLAINED,
        citations=_citations(frames),
    )
    write_text(output, page)


def inlined(svg: str, name: str) -> Markup:
    """An SVG to stand in a page beside others: no prolog, and ids and styles that are its own.

    Raises ValueError where it is no well-formed SVG or could do more than be looked at.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"figure {name} is no well-formed SVG: {error}") from error
    found = {element.tag.rpartition("}")[2] for element in root.iter()} & set(ACTIVE)
    if found:
        raise ValueError(f"figure {name} holds {', '.join(sorted(found))}; a report holds pictures only")
    text = svg[svg.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = text.replace("*{", f"#{name} *{{")  # matplotlib's one rule would hold for the whole page
    return Markup(text.rstrip())  # nosec: checked above, and made by our own stage


def _table(name: str, frame: pd.DataFrame) -> ShownTable:
    described: Table = registry.get("table", name)
    return ShownTable(name, described.title, described.caption, layout(frame, described.note_column))


def _figure(path: Path) -> ShownFigure:
    described: Figure = registry.get("figure", path.stem)
    svg = inlined(read_text(path), f"figure-{path.stem}")
    return ShownFigure(path.stem, described.title, described.caption, svg)


def _citations(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """The papers that the tables are after, then what their figures are computed from."""
    papers = dict.fromkeys(paper for frame in frames.values() for paper in frame["paper"])
    texts = " ".join(text for frame in frames.values() for text in (*frame["population"], *frame["row"]))
    return [CITATIONS[paper] for paper in papers if paper in CITATIONS] + [
        citation for word, citation in SOURCES.items() if word in texts
    ]
