"""What a run finds, in sentences: their numbers are cells of the tables, and what has no cell is not said."""

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zcrepro.report import comparison
from zcrepro.report.findings import FINDINGS, Cells, findings
from zcrepro.report.reproduction import reproduction

ROOT = Path(__file__).parents[2]
TABLES = {
    path.stem: comparison.read_kept_csv(path)
    for path in sorted((ROOT / "docs/reproduction/sample/tables").glob("*.csv"))
}

NAMES = re.compile(
    r"NAS-Bench-\d+|TransNAS-Bench-101|CIFAR-\d+|3x3|all 13 problems|the 13 scores|3,000|1 point|31 form"
)
"""Numbers in sentences that are names, sizes of experiments, or what a paper says."""


def numbers(sentence: str) -> list[str]:
    text = re.sub(r"(?<=\d),(?=\d{3})", "", NAMES.sub("", sentence))
    return re.findall(r"-?\d+(?:\.\d+)?", text)


def cells() -> set[str]:
    """Every number of the tables, as a sentence may write it."""
    columns = [
        pd.to_numeric(rows[name])
        for rows in TABLES.values()
        for name in ("value", "paper_value", "ci_low", "ci_high", "n")
    ]
    values = pd.concat(columns).dropna().to_numpy(np.float64)
    shares = values[(values > 0) & (values < 1)]
    return {
        f"{value:.{digits}f}"
        for digits in range(4)
        for value in (*np.unique(values), *(2 * np.unique(shares) - 1))
    }


def test_each_number_of_a_sentence_is_a_cell_of_the_published_tables() -> None:
    known = cells()
    sentences = findings(TABLES)
    assert len(sentences) >= len(FINDINGS) - 1
    for sentence in sentences:
        assert numbers(sentence)
        assert [number for number in numbers(sentence) if number not in known] == [], sentence


def test_a_sentence_follows_its_cells() -> None:
    """With every value of the tables another one, no sentence has a number that it had before."""
    others = {
        name: rows.assign(
            value=rows["value"] + 3, ci_low=rows["ci_low"] + 3, paper_value=rows["paper_value"] / 2
        )
        for name, rows in TABLES.items()
    }
    for before, after in zip(findings(TABLES), findings(others), strict=True):
        assert before != after


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.__name__)
def test_what_has_no_cell_is_not_said(finding: Any) -> None:
    assert findings({}) == []
    empty = {name: rows.assign(value=np.nan) for name, rows in TABLES.items()}
    with pytest.raises(Exception, match=r"^$"):
        finding(Cells(empty))


def test_the_tracked_text_is_that_of_the_published_tables() -> None:
    written = runpy.run_path(str(ROOT / "docs/write_reproduction.py"))["written"]
    assert (ROOT / "REPRODUCTION.md").read_text(encoding="utf-8") == written()


def row(verdict: str, **changes: Any) -> dict[str, Any]:
    return (
        dict.fromkeys(comparison.COLUMNS, "")
        | {
            "paper": "ZCP",
            "row": "fisher",
            "column": "cifar10",
            "reference": "printed",
            "paper_value": 0.36,
            "value": 0.5471,
            "ci_low": 0.4651,
            "ci_high": 0.6209,
            "verdict": verdict,
        }
        | changes
    )


def test_each_paper_has_what_is_reproduced_what_differs_and_what_is_missing() -> None:
    note = "missing: images; missing: labels"
    rows = [
        row("reproduced", row="snip", value=0.58123),
        row("differs", series="our scores"),
        row("undecided"),
        row("missing input", value=np.nan, ci_low=np.nan, note=note),
        row("missing input", value=np.nan, ci_low=np.nan, reference="none", note="missing: images"),
        row("differs", paper="EZNAS"),
    ]
    tables = {
        "zcp_table1": pd.DataFrame(rows[:5]),
        "eznas_nasbench201": pd.DataFrame(rows[5:]),
    }
    text = reproduction(tables, "one", "docs/one")
    zcp, eznas = (text.split(f"## {paper}\n")[1].split("\n## ")[0] for paper in ("ZCP", "EZNAS"))
    assert (
        "| [ZCP, Table 1: six proxies and their vote on NAS-Bench-201](docs/one/tables/zcp_table1.md) | 1 | 1 | 1 |"
        in zcp
    )
    assert (
        "### Reproduced\n- `zcp_table1`, snip, cifar10: 0.5812 [0.4651, 0.6209], paper 0.36 (printed)" in zcp
    )
    assert "### Differs\n- `zcp_table1`, fisher, cifar10, our scores: 0.5471 [0.4651, 0.6209]" in zcp
    assert "### Missing\n- images: `zcp_table1` 2\n- labels: `zcp_table1` 1" in zcp
    assert ("### Differs" in eznas, "### Reproduced" in eznas, "zcp_table1" in eznas) == (True, False, False)
