"""A layout as Markdown and as LaTeX."""

from zcrepro.report._layout import Layout, Line
from zcrepro.report.comparison import DIFFERS, MISSING, NO_REFERENCE, NOT_COMPARABLE, REPRODUCED

MARKS = {REPRODUCED: "✓", DIFFERS: "✗", NOT_COMPARABLE: "~", NO_REFERENCE: "", MISSING: "", "": ""}
LATEX_MARKS = MARKS | {REPRODUCED: r"$\surd$", DIFFERS: r"$\times$", NOT_COMPARABLE: r"$\sim$"}

LEGEND = (
    "✓ reproduced, ✗ differs, ~ not comparable (another population, or too small a sample), "
    "no mark: no reference."
)

MARKDOWN_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\|*_`[]<>"})
LATEX_WORDS = {"\\": "backslash", "~": "asciitilde", "^": "asciicircum", "<": "less", ">": "greater"}
LATEX_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"} | {c: rf"\text{word}{{}}" for c, word in LATEX_WORDS.items()}
)


def markdown(layout: Layout, title: str, caption: str) -> str:
    """A heading, the caption, the table, the legend and the footnotes."""
    header = _headings(layout, "row")
    lines = [
        f"# {_markdown(title)}",
        "",
        _markdown(caption),
        "",
        _piped([_markdown(name) for name in header]),
        _piped(["---"] * len(header)),
        *(_piped(_markdown_cells(line, layout)) for line in layout.lines),
        "",
        LEGEND,
        "",
        *(f"- {_markdown(note)}" for note in layout.notes),
    ]
    return "\n".join(lines).rstrip() + "\n"


def latex(layout: Layout, title: str, caption: str) -> str:
    r"""A ``table`` environment to ``\input``; it needs the package booktabs."""
    header = _headings(layout, "")
    columns = "l" * (1 + layout.series) + "r" * len(layout.columns) + "l" * bool(layout.note_column)
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}",
        rf"\caption{{{_latex(title)}. {_latex(caption)} Marks: {_latex_legend()}.}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _ampersands([_latex(name) for name in header]),
        r"\midrule",
        *(_ampersands(_latex_cells(line, layout)) for line in layout.lines),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par {{\footnotesize {_latex(note)}}}" for note in layout.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _headings(layout: Layout, first: str) -> list[str]:
    series, note = [""] * layout.series, [layout.note_column] * bool(layout.note_column)
    return [first, *series, *layout.columns, *note]


def _markdown_cells(line: Line, layout: Layout) -> list[str]:
    cells = [_markdown(cell.text) + f" {MARKS[cell.verdict]}".rstrip() for cell in line.cells]
    note = [f"`{line.note}`"] if layout.note_column else []
    return [_markdown(line.label), *([_markdown(line.series)] * layout.series), *cells, *note]


def _latex_cells(line: Line, layout: Layout) -> list[str]:
    cells = [_latex(cell.text) + f" {LATEX_MARKS[cell.verdict]}".rstrip() for cell in line.cells]
    note = [rf"\texttt{{{_latex(line.note)}}}"] if layout.note_column else []
    return [_latex(line.label), *([_latex(line.series)] * layout.series), *cells, *note]


def _piped(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ampersands(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _markdown(text: str) -> str:
    return text.translate(MARKDOWN_SPECIAL)


def _latex(text: str) -> str:
    return text.translate(LATEX_SPECIAL)


def _latex_legend() -> str:
    return ", ".join(f"{mark} {verdict}" for verdict, mark in LATEX_MARKS.items() if mark)
