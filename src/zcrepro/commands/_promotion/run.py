"""Promote the report of a run, its tables and its figures to the documentation, with a page of links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from zcrepro.commands._promotion.base import Promotion
from zcrepro.files import markup, record
from zcrepro.files.atomic import write_text
from zcrepro.files.text import read_text

REPORT = "report.html"

PATTERNS = (REPORT, "tables/*.csv", "tables/*.md", "figures/*.svg")
"""The files that are kept, below the folder of a run."""

LEFT_OUT = "tables/deviations.csv"
"""The rows of all tables once more, which would double the size."""


def promote_run(folders: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the page of each run, which is written together with its tables and figures."""
    del root
    for results in map(Path.resolve, folders):
        kept = {
            path.relative_to(results).as_posix(): _verified(path)
            for pattern in PATTERNS
            for path in sorted(results.glob(pattern))
            if path != results / LEFT_OUT
        }
        if not any(name.endswith(".md") for name in kept):
            raise ValueError(f"{results} has no tables; let the run finish")
        name = f"docs/reproduction/{results.name}/README.md"
        kept["README.md"] = _page(results.name, kept)
        yield Promotion(name, partial(_write, texts=kept))


def _verified(path: Path) -> str:
    if path.suffix in (".svg", ".html"):
        return markup.read(path)
    record.check(path)
    return read_text(path)


def _write(page: Path, *, texts: dict[str, str]) -> None:
    """Write each text below the folder of the page, and remove what an earlier promotion left there."""
    for name, text in texts.items():
        write_text(page.parent / name, text)
    for path in page.parent.rglob("*.*"):
        if path.relative_to(page.parent).as_posix() not in texts:
            path.unlink()


def _page(run: str, kept: dict[str, str]) -> str:
    tables = [name for name in kept if name.endswith(".md")]
    figures = [name for name in kept if name.endswith(".svg")]
    report = [f"[The report]({REPORT}) shows all of it: save the file and open it."] if REPORT in kept else []
    parts = [
        f"# The run `{run}`",
        f"Made by `snakemake --cores 2 --configfile config/{run}.yaml`, "
        f"kept by `zcrepro promote results/{run}`.",
        *report,
        "The CSV file beside each table has every value with its interval, and with the paper's value and a "
        "verdict if there is one.",
        "\n".join(f"- [{kept[name].splitlines()[0].lstrip('# ')}]({name})" for name in tables),
        *(f"![{Path(name).stem}]({name})" for name in figures),
    ]
    return "\n\n".join(parts) + "\n"
