"""Make the report: all tables and figures of a run on one page that needs no other file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from zcrepro import provenance, registry, settings
from zcrepro.files import markup
from zcrepro.problems.problem import EMBEDDED
from zcrepro.report import citations, comparison, headline
from zcrepro.report._base import Figure, Table
from zcrepro.report._layout import Layout, layout
from zcrepro.report.entry import INTERVAL_KINDS
from zcrepro.report.verdict import VERDICTS

TEMPLATE = "page.html.j2"

ACTIVE = ("script", "foreignObject")
"""Elements of SVG that can do more than be looked at."""


@dataclass(frozen=True)
class ReportSettings:
    """Settings of the page: its title, the name of the results, and a sentence or two on what was run.

    ``table`` and ``figure`` name what it shows, in the order in which it shows them.
    """

    title: str
    run: str
    description: str
    table: list[str]
    figure: list[str]


@dataclass(frozen=True)
class ShownTable:
    """A table with its title and caption."""

    name: str
    title: str
    caption: str
    layout: Layout


@dataclass(frozen=True)
class ShownFigure:
    """A figure with its title and caption; its ids are unique on the page."""

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
        The CSV files of the tables that the settings name, in their order.
    figures
        The SVG files of the figures that the settings name, in their order.
    output
        HTML with everything in it.
    """
    chosen = settings.load(settings_file, ReportSettings)
    made = provenance.metadata("report", settings.as_mapping(chosen))
    _check_shown("tables", chosen.table, tables)
    _check_shown("figures", chosen.figure, figures)
    frames = {path.stem: comparison.read_csv(path) for path in tables}
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    cited = {key for frame in frames.values() for text in frame["cites"] for key in text.split()}
    page = environment.get_template(TEMPLATE).render(
        title=chosen.title,
        run=chosen.run,
        description=chosen.description,
        sentences=headline.sentences(frames),
        headlines=headline.headlines(frames),
        embedded=EMBEDDED in cited,
        tables=[_table(name, frame) for name, frame in frames.items()],
        figures=[_figure(path) for path in figures],
        verdicts=VERDICTS,
        interval_kinds=INTERVAL_KINDS,
        citations=citations.texts((paper for frame in frames.values() for paper in frame["paper"]), cited),
    )
    markup.write(output, page, made)


def _check_shown(what: str, named: Sequence[str], files: Sequence[Path]) -> None:
    if [path.stem for path in files] != list(named):
        raise ValueError(f"the page shows the {what} {list(named)}, but was given {list(map(str, files))}")


def inlined(svg: str, name: str) -> Markup:
    """Return an SVG for a page with others: without prolog, and with ids and styles of its own.

    Raises ValueError if it is not well-formed, or if it holds elements that can do more than be looked at.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"figure {name} is not well-formed SVG: {error}") from error
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
    svg = inlined(markup.read(path), f"figure-{path.stem}")
    return ShownFigure(path.stem, described.title, described.caption, svg)
