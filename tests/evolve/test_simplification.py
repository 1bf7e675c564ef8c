"""A formula is simplified to one that ranks alike, on the rows that it was evolved on and on random ones."""

import numpy as np
import pytest

from zcrepro.evolve import srgp
from zcrepro.evolve._engine.simplification import simplified
from zcrepro.evolve._engine.tree import Names, Node, Tree
from zcrepro.evolve._engine.variation import ramped_half_and_half
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.ranking.correlation import dense_ranks

INPUTS = ("a", "b", "c")


def tree(text: str) -> Tree:
    names = Formula.parse(text).tokens
    return Tree([Node(name, FUNCTIONS[name].arity if name in FUNCTIONS else 0) for name in names])


def rows(columns: dict[str, np.ndarray]) -> Rows:
    size = len(columns["a"])
    arch = np.array([f"{number:03}" for number in range(size)], object)
    return Rows(Problem("s", "t"), "validation", arch, arch, columns, np.arange(float(size)), {})


def columns(size: int = 40) -> dict[str, np.ndarray]:
    return dict(zip(INPUTS, np.random.default_rng(0).normal(size=(3, size)), strict=True))


def as_srgp_does(text: str, training: dict[str, np.ndarray]) -> str:
    values = srgp._values_to_keep([rows(training)], np.random.default_rng(1))
    return str(Formula(simplified(tree(text), values).names))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("add(a, sub(b, b))", "a"),
        ("min(a, a)", "a"),
        ("add(a, a)", "a"),
        ("max(a, min(a, b))", "a"),
        ("add(a, add(b, sub(c, c)))", "add(a, b)"),
        ("add(max(a, a), mul(b, min(c, c)))", "add(a, mul(b, c))"),
        ("sub(sub(a, b), sub(c, c))", "sub(a, b)"),
        ("log(add(a, b))", "add(a, b)"),  # monotone in the whole formula
        ("neg(neg(a))", "a"),
    ],
)
def test_what_changes_no_rank_is_removed(text: str, expected: str) -> None:
    assert as_srgp_does(text, columns()) == expected


@pytest.mark.parametrize(
    "text",
    ["neg(a)", "add(a, b)", "min(a, b)", "mul(a, b)", "square(a)", "sub(a, mul(b, c))", "max(a, mul(b, b))"],
)
def test_what_changes_a_rank_stays(text: str) -> None:
    assert as_srgp_does(text, columns()) == text


def test_what_matters_on_random_rows_alone_stays() -> None:
    """On the training rows all of b are smaller than all of a, and c is constant."""
    training = columns()
    training |= {"b": training["a"] - 5, "c": np.zeros(40)}
    for text in ("max(a, b)", "add(a, c)"):
        values = Formula.parse(text).evaluate(training)
        assert np.array_equal(dense_ranks(values), dense_ranks(training["a"]))
        assert as_srgp_does(text, training) == text


def test_a_simplified_formula_ranks_any_rows_as_before() -> None:
    primitives = srgp._primitives(INPUTS, srgp.Options())
    trees = ramped_half_and_half(primitives, (2, 4), 30, np.random.default_rng(2))
    unseen, sizes = columns(500), []
    for each in trees:
        text = str(Formula(each.names))
        found = as_srgp_does(text, columns())
        values = [Formula.parse(formula).evaluate(unseen) for formula in (text, found)]
        np.testing.assert_array_equal(dense_ranks(values[0]), dense_ranks(values[1]))
        sizes.append((len(each), Formula.parse(found).size))
    assert all(after <= before for before, after in sizes)
    assert sum(after < before for before, after in sizes) > 5


def test_ranks_are_those_of_the_given_values_and_the_result_is_no_larger() -> None:
    """Values that ignore a function let it be removed, whatever it means elsewhere."""
    column = np.array([2.0, 1.0, 3.0])

    def values(names: Names) -> np.ndarray:
        return column if "b" in names else -column

    assert simplified(tree("add(a, min(c, sub(b, a)))"), values).names == ("b",)
    assert simplified(tree("add(a, min(c, sub(c, a)))"), values).names in (("a",), ("c",))


def test_equal_trees_give_equal_results() -> None:
    for _ in range(3):
        assert as_srgp_does("add(mul(a, b), sub(c, min(c, c)))", columns()) == "mul(a, b)"
