"""Writes REPRODUCTION.md from the tables of the published run: ``python docs/write_reproduction.py``."""

from pathlib import Path

from zcrepro.report import comparison
from zcrepro.report.reproduction import reproduction

ROOT = Path(__file__).parents[1]
RUN = "sample"
FOLDER = f"docs/reproduction/{RUN}"
WRITTEN = ROOT / "REPRODUCTION.md"


def written() -> str:
    """Return the text."""
    tables = {
        path.stem: comparison.read_kept_csv(path) for path in sorted((ROOT / FOLDER).glob("tables/*.csv"))
    }
    return reproduction(tables, RUN, FOLDER)


if __name__ == "__main__":
    WRITTEN.write_text(written(), encoding="utf-8")
