"""``zcrepro publish``: keep the tables and figures of a run in the documentation."""

import shutil
from pathlib import Path

from zcrepro.files.atomic import write_text
from zcrepro.files.text import read_text

REPRODUCTION = "docs/reproduction"


def publish(results: Path, /) -> None:
    """Keep the tables and figures of a run in docs/reproduction/<run>/, with a page that shows them.

    No rule writes a tracked file: what is worth publishing is copied by this command.

    Parameters
    ----------
    results
        The folder of the run, for example ``results/sample``; its repository is the one that is written to.
    """
    results = results.resolve()
    tables = sorted((results / "tables").glob("*.md"))
    if not tables:
        raise ValueError(f"{results} has no tables; name the folder results/<run> of a finished run")
    if results.parent.name != "results":
        raise ValueError(f"{results} is not the folder results/<run> of a repository, whose docs it goes to")
    target = results.parents[1] / REPRODUCTION / results.name
    shutil.rmtree(target, ignore_errors=True)
    for folder, suffixes in {"tables": (".csv", ".md"), "figures": (".svg",)}.items():
        (target / folder).mkdir(parents=True)
        for path in sorted((results / folder).glob("*")):
            if path.suffix in suffixes:
                shutil.copyfile(path, target / folder / path.name)
    write_text(target / "README.md", _page(results, tables))


def _page(results: Path, tables: list[Path]) -> str:
    run = results.name
    titles = {path.name: read_text(path).splitlines()[0].lstrip("# ") for path in tables}
    parts = [
        f"# The run `{run}`",
        f"Made by `snakemake --cores 2 --configfile config/{run}.yaml`, "
        f"kept by `zcrepro publish results/{run}`.",
        "Every value beside the paper's, with its interval and a verdict, is in "
        "[tables/deviations.csv](tables/deviations.csv).",
        "\n".join(f"- [{title}](tables/{name})" for name, title in titles.items()),
        *(f"![{path.stem}](figures/{path.name})" for path in sorted((results / "figures").glob("*.svg"))),
    ]
    return "\n\n".join(parts) + "\n"
