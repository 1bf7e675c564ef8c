"""Formulas: text and structure are inverse, values equal the obvious recursion, errors name tokens."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcrepro.expressions import ATOM, SUM
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS

TERMINALS = ("synflow", "nwot", "grad_norm", "l2_norm")


def call(names: list[str], inner: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[tuple[str, ...]]:
    def of(name: str) -> st.SearchStrategy[tuple[str, ...]]:
        operands = st.tuples(*[inner] * FUNCTIONS[name].arity)
        return operands.map(lambda parts: (name, *(token for part in parts for token in part)))

    return st.sampled_from(names).flatmap(of)


formulas = st.recursive(
    st.sampled_from(TERMINALS).map(lambda name: (name,)),
    lambda inner: call(list(FUNCTIONS), inner),
    max_leaves=20,
).map(Formula)

columns = st.lists(
    st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * len(TERMINALS)), min_size=1, max_size=5
).map(lambda rows: dict(zip(TERMINALS, np.array(rows).T, strict=True)))


def recursive(tokens: list[str], values: dict[str, np.ndarray]) -> tuple[np.ndarray, int]:
    """Return the value by recursion, and the depth."""
    token = tokens.pop(0)
    if token in values:
        return values[token], 0
    operands = [recursive(tokens, values) for _ in range(FUNCTIONS[token].arity)]
    with np.errstate(all="ignore"):
        found = FUNCTIONS[token].compute(*(operand for operand, _ in operands))
    return found, 1 + max(depth for _, depth in operands)


def upright(name: str) -> tuple[str, int]:
    """Return the name of a terminal as LaTeX."""
    escaped = name.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}", ATOM


@given(formulas)
def test_parse_is_the_inverse_of_str(formula: Formula) -> None:
    assert Formula.parse(str(formula)) == formula
    assert Formula.parse(str(formula).replace(" ", "").replace(",", " ,\n")) == formula


@given(formulas, columns)
def test_evaluates_like_the_recursion(formula: Formula, values: dict[str, np.ndarray]) -> None:
    expected, depth = recursive(list(formula.tokens), values)
    found = formula.evaluate(values)
    np.testing.assert_array_equal(found, expected)
    assert not np.isinf(found).any()
    assert formula.depth == depth


@given(formulas)
def test_latex_is_balanced(formula: Formula) -> None:
    latex = formula.latex(upright)
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert "%s" not in latex


def test_properties() -> None:
    formula = Formula.parse("add(log(synflow), mul(nwot, synflow))")
    assert formula.tokens == ("add", "log", "synflow", "mul", "nwot", "synflow")
    assert (formula.size, formula.depth, formula.terminals) == (6, 2, ("nwot", "synflow"))
    assert str(formula) == "add(log(synflow), mul(nwot, synflow))"
    values = formula.evaluate({"synflow": np.array([0.0, 2.0]), "nwot": np.array([5.0, 3.0])})
    assert values.tolist() == pytest.approx([0.0, np.log(3) + 6])


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("grad_norm", r"\mathrm{grad\_norm}"),
        ("sub(a, sub(b, c))", r"\mathrm{a} - \left(\mathrm{b} - \mathrm{c}\right)"),
        ("sub(sub(a, b), c)", r"\mathrm{a} - \mathrm{b} - \mathrm{c}"),
        ("mul(add(a, b), c)", r"\left(\mathrm{a} + \mathrm{b}\right) \cdot \mathrm{c}"),
        ("add(a, neg(b))", r"\mathrm{a} + \left(-\mathrm{b}\right)"),
        ("neg(add(a, b))", r"-\left(\mathrm{a} + \mathrm{b}\right)"),
        ("square(square(a))", r"\left(\mathrm{a}^2\right)^2"),
        (
            "div(neg(a), mul(a, b))",
            r"\frac{-\mathrm{a}}{\sqrt{1 + \left(\mathrm{a} \cdot \mathrm{b}\right)^2}}",
        ),
        ("square(max(a, b))", r"\left(\max\left(\mathrm{a}, \mathrm{b}\right)\right)^2"),
        ("mul(a, div(b, c))", r"\mathrm{a} \cdot \frac{\mathrm{b}}{\sqrt{1 + \mathrm{c}^2}}"),
        ("log(neg(b))", r"\operatorname{slog}\left(-\mathrm{b}\right)"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    assert Formula.parse(text).latex(upright) == latex


def test_a_terminal_that_binds_loosely_gets_brackets_where_it_must() -> None:
    def loose(name: str) -> tuple[str, int]:
        return f"{name} + 1", SUM

    found = {
        text: Formula.parse(text).latex(loose) for text in ("add(a, b)", "mul(a, b)", "square(a)", "log(a)")
    }
    assert found == {
        "add(a, b)": "a + 1 + b + 1",
        "mul(a, b)": r"\left(a + 1\right) \cdot \left(b + 1\right)",
        "square(a)": r"\left(a + 1\right)^2",
        "log(a)": r"\operatorname{slog}\left(a + 1\right)",
    }


def test_functions_are_named_once_in_the_order_of_the_function_set() -> None:
    assert Formula.parse("max(mul(a, b), add(max(a, b), c))").functions == ("add", "mul", "max")
    assert Formula.parse("a").functions == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "found the end at position 1"),
        ("ad(a, b)", "unknown function 'ad'; did you mean 'add'.; found 'ad' at position 1"),
        ("mul(a, add)", "add needs its operands in brackets; found 'add' at position 8"),
        ("add(a)", "expected ',' and operand 2 of add; found '.' at position 6"),
        ("neg(a, b)", r"expected '\)' after operand 1 of neg; found ',' at position 6"),
        ("add(a, b", r"expected '\)' after operand 2 of add; found the end at position 9"),
        ("add(a, b))", r"expected the end of the formula; found '\)' at position 10"),
        ("a b", "expected the end of the formula; found 'b' at position 3"),
        ("add(, b)", "expected the name of a proxy or function; found ',' at position 5"),
        ("add(a, 2)", "expected the name of a proxy or function; found '2' at position 8"),
        ("((a))", r"expected the name of a proxy or function; found '\(' at position 1"),
        ("add(", "found the end at position 5"),
        ("add()", r"found '\)' at position 5"),
        ("a + b", r"found '\+' at position 3"),
        ("é", "found 'é' at position 1"),
    ],
)
def test_errors_name_the_token_and_its_position(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Formula.parse(text)


@pytest.mark.parametrize("tokens", [(), ("add", "a"), ("a", "b"), ("neg", "a", "b")])
def test_tokens_that_are_no_tree_are_refused(tokens: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"operands|after the end"):
        Formula(tokens)


def test_deep_trees() -> None:
    depth = 10 * sys.getrecursionlimit()
    formula = Formula((*["neg", "log"] * (depth // 2), "a"))
    assert formula.depth == depth
    assert Formula.parse(str(formula)) == formula
    assert np.isfinite(formula.evaluate({"a": np.array([3.0])})).all()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match=r"no column nwot, synflow for add.*; there are zen"):
        Formula.parse("add(synflow, nwot)").evaluate({"zen": np.zeros(1)})


def test_a_lone_terminal_is_a_copy() -> None:
    column = np.zeros(2)
    Formula.parse("a").evaluate({"a": column})[0] = 1
    assert column.tolist() == [0, 0]
