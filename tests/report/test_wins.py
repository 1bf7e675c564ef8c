"""Problems that a formula wins: by value, surely, and not at all."""

import numpy as np
import pandas as pd

from zcrepro.generalization.table import MINUS_COUNT, MINUS_HANDCRAFTED
from zcrepro.problems.problem import Problem
from zcrepro.report._formulas import Formulas
from zcrepro.report._wins import Wins, of_one, wins


def leads(*rows: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["value", "ci_low", "ci_high"])


def test_leads_are_won_surely_won_undecided_or_surely_lost() -> None:
    found = wins(
        leads(
            (0.3, 0.1, 0.5),  # surely won
            (0.1, -0.1, 0.3),  # won, but undecided
            (0.0, -0.1, 0.1),  # even, which is not won
            (-0.1, -0.3, 0.1),  # behind, but undecided
            (-0.3, -0.5, -0.1),  # surely lost
        )
    )
    assert found == Wins(won=2, surely_won=1, surely_lost=1, problems=5)
    assert found.interval == (1, 4)


def test_a_formula_without_a_value_has_lost() -> None:
    found = wins(leads((np.nan, np.nan, np.nan), (0.2, 0.1, 0.3)))
    assert (found.won, found.interval, found.problems) == (1, (1, 1), 2)


def test_a_lead_without_an_interval_is_undecided() -> None:
    found = wins(leads((0.2, np.nan, np.nan), (-0.2, np.nan, np.nan)))
    assert (found.won, found.interval) == (1, (0, 2))


def test_each_kind_of_rival_is_counted_on_the_problems_that_have_one() -> None:
    surely = pd.Series({"value": 0.2, "ci_low": 0.1, "ci_high": 0.3})
    lost = pd.Series({"value": -0.2, "ci_low": -0.3, "ci_high": -0.1})
    first, second = {MINUS_HANDCRAFTED: surely}, {MINUS_HANDCRAFTED: lost, MINUS_COUNT: lost}
    nothing = Formulas("srgp", pd.DataFrame({"method": []}), [])
    found = of_one(nothing, "formula", {Problem("a", "x"): first, Problem("b", "y"): second})
    assert [(entry.column, entry.value, entry.interval, entry.n) for entry in found] == [
        ("wins over hand-crafted", 1, (1, 1), 2),
        ("wins over counts", 0, (0, 0), 1),
    ]
