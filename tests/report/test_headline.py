"""What came out of a run, in sentences."""

import pandas as pd
import pytest

from zcrepro.report import headline


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            {"reproduced": 3, "differs": 1, "undecided": 2, "missing input": 4},
            "Of 10 comparisons with values of the papers, 4 (3 reproduced, 1 differs) are decided, "
            "6 (2 undecided, 4 missing input) are not.",
        ),
        ({"reproduced": 2}, "Of 2 comparisons with values of the papers, 2 (2 reproduced) are decided."),
        (
            {"not comparable": 5},
            "Of 5 comparisons with values of the papers, none is decided, 5 (5 not comparable) are not.",
        ),
    ],
    ids=["all kinds", "all are decided", "none is decided"],
)
def test_comparisons_are_counted_by_whether_they_are_decided(monkeypatch, counts, said):
    monkeypatch.setattr(headline, "verdicts", lambda _: counts)
    assert headline.compared({"zcp_table1": pd.DataFrame()}) == said


def test_searches_without_a_common_budget_have_no_best_one():
    rows = pd.DataFrame(
        {"name": ["a", "b"], "column": ["10 models", "50 models"], "value": [70.0, 80.0], "problem": "p"}
    )
    assert headline._search(rows) is None
    both = pd.concat([rows, rows[:1].assign(name="b", value=60.0)])
    assert headline._search(both).name == "a"
