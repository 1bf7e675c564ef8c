"""``zcrepro summary``: the results of a run in a short table."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from zcrepro.report import comparison, headline
from zcrepro.report.headline import Best

INVITATION = (
    "Open the report to see each architecture behind these numbers, what every proxy costs, the formulas as "
    "mathematics, and the searches:"
)


def summary(results: Path, /) -> None:
    """Show the best proxies and searches of a run by problem, what it found, and where the report is.

    Parameters
    ----------
    results
        The folder of a run, for example ``results/quickstart``.
    """
    files = [results / "tables" / f"{name}.csv" for name in (headline.CORRELATION, headline.SEARCH)]
    tables = {path.stem: comparison.read_csv(path) for path in files if path.is_file()}
    if not tables:
        raise ValueError(
            f"{results.absolute()} has no tables yet ({files[0].name} is not there); name the folder "
            "results/<run> of a run, or run snakemake first"
        )
    shown = Table(title=results.name)
    for heading in ("problem", "hand-crafted", "evolved", "search"):
        shown.add_column(heading, overflow="fold")  # a narrow terminal loses no part of a name
    for one in headline.headlines(tables):
        texts = _text(one.handcrafted, ".3f"), _text(one.evolved, ".3f"), _text(one.search, ".2f", " %")
        shown.add_row(one.problem, *texts)
    console = Console()
    console.print(shown)
    console.print("Kendall's tau with accuracy; accuracy of the best model that a search found.")
    for sentence in headline.sentences(tables):
        console.print(f"- {sentence}", soft_wrap=True, markup=False, highlight=False)
    page = results / "report.html"
    if page.is_file():
        console.print(INVITATION, soft_wrap=True, markup=False)
        console.print(page.absolute().as_uri(), soft_wrap=True, markup=False, style="bold")
    where = str(page) if page.is_file() else f"not made yet: snakemake makes {page}"
    console.print("Report:", where, soft_wrap=True, markup=False)


def _text(best: Best | None, digits: str, unit: str = "") -> str:
    return f"{best.name}\n{best.value:{digits}}{unit}" if best else ""
