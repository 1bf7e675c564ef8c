"""``zcrepro summary``: what a run came to, in a short table."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from zcrepro.report import _comparison, _headline
from zcrepro.report._headline import Best


def summary(results: Path, /) -> None:
    """Show what a run came to: the best proxies and searches by problem, and where the report is.

    Parameters
    ----------
    results
        The folder of a run, for example ``results/quickstart``.
    """
    files = [results / "tables" / f"{name}.csv" for name in (_headline.CORRELATION, _headline.SEARCH)]
    tables = {path.stem: _comparison.read_csv(path) for path in files if path.is_file()}
    if not tables:
        raise ValueError(f"{results} has no tables yet ({files[0]} is not there); run snakemake first")
    shown = Table("problem", "best hand-crafted", "evolved", "best search", title=f"{results.name}")
    for one in _headline.headlines(tables):
        shown.add_row(
            one.problem, _text(one.handcrafted, 3), _text(one.evolved, 3), _text(one.search, 2, " %")
        )
    console = Console()
    console.print(shown)
    console.print("Kendall's tau with accuracy; accuracy of the best model found at the end of the budget.")
    page = results / "report.html"
    where = str(page) if page.is_file() else f"not made yet: snakemake makes {page}"
    console.print("Report:", where, soft_wrap=True, markup=False)


def _text(best: Best | None, digits: int, unit: str = "") -> str:
    return f"{best.name} {best.value:.{digits}f}{unit}" if best else ""
