"""Render a layout as Markdown and as LaTeX."""

from collections.abc import Sequence

from zcrepro.report._footnotes import Note
from zcrepro.report._layout import Cell, Layout, Line
from zcrepro.report.verdict import NO_REFERENCE, VERDICTS

LEGEND = ", ".join(f"{shown.mark} {name}" for name, shown in VERDICTS.items() if shown.mark)

MARKDOWN_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\|*_`[]<>"})
LATEX_WORDS = {"\\": "backslash", "~": "asciitilde", "^": "asciicircum", "<": "less", ">": "greater"}
LATEX_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"} | {c: rf"\text{word}{{}}" for c, word in LATEX_WORDS.items()}
)


def markdown(layout: Layout, title: str, caption: str) -> str:
    """Return a heading, the caption, the table, the legend and the footnotes."""
    header = [
        "row",
        *([""] * layout.series),
        *(_markdown(column.text) + _sup(column.marks) for column in layout.columns),
        *([_markdown(layout.note_column)] * bool(layout.note_column)),
    ]
    lines = [
        f"# {_markdown(title)}",
        "",
        _markdown(caption),
        "",
        _piped(header),
        _piped(["---"] * len(header)),
        *(_piped(_markdown_cells(line, layout)) for line in layout.lines),
        "",
        f"{LEGEND}; no mark: {NO_REFERENCE}.",
        "",
        *(_markdown_note(note) for note in layout.notes),
    ]
    return "\n".join(lines).rstrip() + "\n"


def latex(layout: Layout, title: str, caption: str) -> str:
    r"""Return a ``table`` environment to ``\input``; it needs the package booktabs."""
    columns = "l" * (1 + layout.series) + "r" * len(layout.columns) + "l" * bool(layout.note_column)
    header = [
        "",
        *([""] * layout.series),
        *(_latex(column.text) + _superscript(column.marks) for column in layout.columns),
        *([_latex(layout.note_column)] * bool(layout.note_column)),
    ]
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}",
        rf"\caption{{{_latex(title)}. {_latex(caption)} Marks: {_latex_legend()}.}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _ampersands(header),
        r"\midrule",
        *(_ampersands(_latex_cells(line, layout)) for line in layout.lines),
        r"\bottomrule",
        r"\end{tabular}",
        *(_latex_note(note) for note in layout.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _markdown_cells(line: Line, layout: Layout) -> list[str]:
    names = _names(_markdown(line.label), _markdown(line.series), _sup(line.marks), layout)
    note = [f"`{line.note}`" if line.note else ""] if layout.note_column else []
    return [*names, *(_markdown_cell(cell) for cell in line.cells), *note]


def _markdown_cell(cell: Cell) -> str:
    mark = VERDICTS[cell.verdict].mark if cell.verdict else ""
    return f"{_markdown(cell.text)} {mark}".rstrip() + _sup(cell.marks)


def _latex_cells(line: Line, layout: Layout) -> list[str]:
    names = _names(_latex(line.label), _latex(line.series), _superscript(line.marks), layout)
    note = [rf"\texttt{{{_latex(line.note)}}}" if line.note else ""] if layout.note_column else []
    return [*names, *(_latex_cell(cell) for cell in line.cells), *note]


def _latex_cell(cell: Cell) -> str:
    mark = VERDICTS[cell.verdict].latex if cell.verdict else ""
    return f"{_latex(cell.text)} {mark}".rstrip() + _superscript(cell.marks)


def _names(label: str, series: str, marks: str, layout: Layout) -> list[str]:
    """Return the cells that name a line; its marks stand at the last of them."""
    return [label, series + marks] if layout.series else [label + marks]


def _markdown_note(note: Note) -> str:
    return f"- {_sup([note.mark]) + ' ' if note.mark else ''}{_markdown(note.text)}"


def _latex_note(note: Note) -> str:
    return rf"\par {{\footnotesize {_superscript([note.mark]) if note.mark else ''}{_latex(note.text)}}}"


def _sup(marks: Sequence[str]) -> str:
    return f"<sup>{','.join(marks)}</sup>" if marks else ""


def _superscript(marks: Sequence[str]) -> str:
    return rf"\textsuperscript{{{','.join(marks)}}}" if marks else ""


def _piped(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ampersands(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _markdown(text: str) -> str:
    return text.translate(MARKDOWN_SPECIAL)


def _latex(text: str) -> str:
    return text.translate(LATEX_SPECIAL)


def _latex_legend() -> str:
    return ", ".join(f"{shown.latex} {name}" for name, shown in VERDICTS.items() if shown.latex)
