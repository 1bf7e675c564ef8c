"""The function set: hand-computed values, and no infinity or warning from any finite input."""

import math

import numpy as np
import pytest

from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS

BY_HAND = {
    "add": ((2.0, -5.0), -3.0),
    "sub": ((2.0, -5.0), 7.0),
    "mul": ((2.0, -5.0), -10.0),
    "div": ((2.0, 3.0), 2 / math.sqrt(10)),
    "neg": ((2.0,), -2.0),
    "log": ((-3.0,), -math.log(4)),
    "sqrt": ((-9.0,), 3.0),
    "square": ((-3.0,), 9.0),
    "min": ((2.0, -5.0), -5.0),
    "max": ((2.0, -5.0), 2.0),
}

EXTREMES = [0.0, -0.0, 5e-324, -1e-300, 1.0, -1.0, 1e155, -1e200, 1.7e308, -1.7e308]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_by_hand(name: str) -> None:
    operands, expected = BY_HAND[name]
    found = FUNCTIONS[name].compute(*(np.array([operand]) for operand in operands))
    assert found.tolist() == pytest.approx([expected])


def test_every_function_is_covered() -> None:
    assert set(BY_HAND) == set(FUNCTIONS)
    assert all(len(operands) == FUNCTIONS[name].arity for name, (operands, _) in BY_HAND.items())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_finite_input_gives_no_infinity_and_no_warning(name: str) -> None:
    grid = np.meshgrid(*[EXTREMES] * FUNCTIONS[name].arity)
    columns = {f"x{i}": values.ravel() for i, values in enumerate(grid)}
    values = Formula((name, *columns)).evaluate(columns)
    assert not np.isinf(values).any()
    small = np.logical_and.reduce([np.abs(column) < 1e100 for column in columns.values()])
    assert np.isfinite(values[small]).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_stays_nan(name: str) -> None:
    arity = FUNCTIONS[name].arity
    for place in range(arity):
        operands = [np.array([math.nan if i == place else 1.0]) for i in range(arity)]
        assert np.isnan(FUNCTIONS[name].compute(*operands)).all()


def test_overflow_is_undefined_and_not_a_tie() -> None:
    columns = {"x": np.array([1e200, 2e200, 1.0])}
    assert np.isnan(Formula.parse("square(x)").evaluate(columns)).tolist() == [True, True, False]
    # Nor may it come back as an innocent number further up.
    assert np.isnan(Formula.parse("div(x, square(x))").evaluate(columns)).tolist() == [True, True, False]


def test_the_logarithm_keeps_the_order() -> None:
    x = np.array([-1e10, -2.0, -1e-9, 0.0, 1e-9, 3.0, 1e10])
    assert (np.diff(FUNCTIONS["log"].compute(x)) > 0).all()
