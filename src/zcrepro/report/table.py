"""One table: its rows beside the papers', as CSV, and the same for people as Markdown and LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcrepro import registry, settings
from zcrepro.files.atomic import write_text
from zcrepro.report import _render, comparison
from zcrepro.report._base import Bootstrap, Table
from zcrepro.report._inputs import Inputs
from zcrepro.report._layout import layout


@dataclass(frozen=True)
class TableSettings:
    """Which table, what it reads (paths in the results, without ending), and its intervals."""

    table: str
    reads: list[str]
    seed: int
    resamples: int
    level: float


def table(
    *,
    settings_file: Path,
    inputs: Sequence[Path] = (),
    references: Path | None = None,
    csv: Path,
    markdown: Path,
    latex: Path,
) -> None:
    """Make one table.

    Parameters
    ----------
    settings_file
        JSON of TableSettings.
    inputs
        The result files that the settings name under reads, in the same order.
    references
        CSV of the paper's figures, none where there are no figures to compare with.
    csv
        One row for each figure and reference: value, interval, population, verdict, note.
    markdown
        The table as people read it.
    latex
        The same for a paper.
    """
    chosen = settings.load(settings_file, TableSettings)
    described: Table = registry.get("table", chosen.table)
    bootstrap = Bootstrap(chosen.seed, chosen.resamples, chosen.level)
    figures = described.measure(Inputs(chosen.reads, inputs), bootstrap)
    known = comparison.read_references(references, chosen.table) if references else []
    frame = comparison.compare(described.paper, chosen.table, figures, known)
    lines = layout(frame, described.note_column)
    write_text(markdown, _render.markdown(lines, described.title, described.caption))
    write_text(latex, _render.latex(lines, described.title, described.caption))
    comparison.write_csv(csv, frame)
