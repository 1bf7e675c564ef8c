"""Make the report: all tables and figures of a run on one page that needs no other file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from zcrepro import provenance, settings
from zcrepro.files import markup
from zcrepro.report import citations, comparison
from zcrepro.report.entry import INTERVAL_KINDS
from zcrepro.report.page import (
    charts,
    comparisons,
    origins,
    overview,
    papers,
    security,
    stages,
    tables,
    theme,
)
from zcrepro.report.page.origins import Dataset
from zcrepro.report.page.stages import Stage
from zcrepro.report.verdict import VERDICTS

TEMPLATE = "stage.html.j2"


@dataclass(frozen=True)
class ReportSettings:
    """Settings of the page.

    Parameters
    ----------
    title, run, description
        The title, the name of the results, and a sentence or two on what was run.
    table, figure
        What it shows, in the order in which it shows them.
    proxies
        The proxies that it explains.
    datasets
        The fetched files that the results are made from.
    tracked
        The files of the repository that the results are made from.
    configuration
        The whole configuration of the run.
    """

    title: str
    run: str
    description: str
    table: list[str]
    figure: list[str]
    proxies: list[str]
    datasets: list[Dataset]
    tracked: list[str]
    configuration: dict[str, Any]


def report(
    *,
    settings_file: Path,
    tables: Sequence[Path] = (),
    figures: Sequence[Path] = (),
    benchmarks: Path | None = None,
    output: Path,
) -> None:
    """Make the page of a run.

    Parameters
    ----------
    settings_file
        JSON of ReportSettings.
    tables
        The CSV files of the tables that the settings name, in their order.
    figures
        The specifications of the figures that the settings name, in their order.
    benchmarks
        The folder of Snakemake's benchmark files, which hold time and memory of each job.
    output
        HTML with everything in it.
    """
    chosen = settings.load(settings_file, ReportSettings)
    made = provenance.metadata("report", settings.as_mapping(chosen))
    _check_shown("tables", chosen.table, [path.stem for path in tables])
    _check_shown("figures", chosen.figure, [path.name.partition(".")[0] for path in figures])
    frames = {path.stem: comparison.read_csv(path) for path in tables}
    page = _rendered(chosen, frames, figures, stages.stages(benchmarks), made)
    markup.write(output, security.guarded(page), made)


def _rendered(
    chosen: ReportSettings,
    frames: Mapping[str, Any],
    figures: Sequence[Path],
    taken: Sequence[Stage],
    made: Mapping[str, str],
) -> str:
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"breakable": tables.breakable, "slug": tables.slug}
    shown = [tables.shown(name, frame) for name, frame in frames.items()]
    cited = {key for frame in frames.values() for text in frame["cites"] for key in text.split()}
    named = (paper for frame in frames.values() for paper in frame["paper"])
    return environment.get_template(TEMPLATE).render(
        title=chosen.title,
        run=chosen.run,
        description=chosen.description,
        overview=overview.overview(frames, cited),
        comparisons=comparisons.comparisons(frames),
        papers=papers.papers(shown, chosen.proxies),
        sections=charts.by_section(figures),
        origins=origins.origins(chosen.datasets, chosen.tracked, chosen.configuration, made),
        stages=taken,
        verdicts=VERDICTS,
        interval_kinds=INTERVAL_KINDS,
        citations=citations.citations(named, cited),
        colours=theme.properties(),
        vega=charts.vega() if figures else "",
    )


def _check_shown(what: str, named: Sequence[str], given: Sequence[str]) -> None:
    if list(given) != list(named):
        raise ValueError(f"the page shows the {what} {list(named)}, but was given {list(given)}")
