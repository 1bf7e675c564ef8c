"""Make one table: its rows beside the papers' as CSV, and the same for people as Markdown and LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcrepro import provenance, registry, settings
from zcrepro.files.atomic import write_text
from zcrepro.ranking.intervals import Options
from zcrepro.report import _render, comparison
from zcrepro.report._base import Table
from zcrepro.report._inputs import Inputs
from zcrepro.report._layout import layout
from zcrepro.report.context import Context


@dataclass(frozen=True, kw_only=True)
class TableSettings(Options):
    """Settings of a table: its name, the names of its inputs, and how its intervals are made.

    ``reads`` holds paths below the results without ending.
    """

    table: str
    reads: list[str]
    seed: int


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
        CSV of the paper's values; None if the paper gives none.
    csv
        One row per value and reference: value, interval, population, verdict, note. The JSON beside it is the
        record of the three files.
    markdown
        The table as people read it.
    latex
        The same for a paper.
    """
    chosen = settings.load(settings_file, TableSettings)
    described: Table = registry.get("table", chosen.table)
    made = provenance.metadata("table", settings.as_mapping(chosen))
    context = Context(Inputs(chosen.reads, inputs), chosen.seed, chosen.resamples, chosen.level)
    entries = list(described.measure(context))
    known = comparison.read_references(references, chosen.table) if references else []
    frame = comparison.compare(
        described.paper,
        chosen.table,
        entries,
        known,
        level=chosen.level,
        promoted=context.inputs.promoted(),
    )
    lines = layout(frame, described.note_column)
    write_text(markdown, _render.markdown(lines, described.title, described.caption))
    write_text(latex, _render.latex(lines, described.title, described.caption))
    comparison.write_csv(csv, frame, made, [markdown, latex])
