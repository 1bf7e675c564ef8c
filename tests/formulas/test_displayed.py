"""A formula as it is displayed, typed in by a reader who knows nothing else, gives the value of the proxy."""

import itertools
import math
import re

import numpy as np
import pytest

from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.formulas.formula import Formula, definitions
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.split import Split
from zcrepro.problems.units import RELEASED_UNITS
from zcrepro.report.tables.srgp_runs import TABLE

UNITS = tuple(RELEASED_UNITS)
NAMES = ("nwot", "zen", "grad_norm", *UNITS)
VALUES = [0.0, -0.0, 0.02, -0.03, 0.7, -0.7, 1.0, -1.0, 5.5, -41.0, 1e6, -3e9, 1e40, -1e60]

ONE = {name: "{}" if function.arity == 1 else "{}, grad_norm" for name, function in FUNCTIONS.items()}
OTHER = {name: "grad_norm, {}" for name, function in FUNCTIONS.items() if function.arity == 2}
INNER = [
    *(f"{name}(nwot{', zen' * (function.arity - 1)})" for name, function in FUNCTIONS.items()),
    *UNITS,
]
FORMULAS = [  # each function and each unit alone, in either place of each function, and twice nested
    *INNER,
    *(f"{name}({ONE[name].format(inner)})" for name, inner in itertools.product(ONE, INNER)),
    *(f"{name}({OTHER[name].format(inner)})" for name, inner in itertools.product(OTHER, INNER)),
    "div(mul(params, log(synflow)), sub(sqrt(flops), min(nwot, neg(square(zen)))))",
]


def proxy(text):
    return EvolvedProxy(Formula.parse(text), "srgp", "cell", 0, ("a/b",), Split(0, {}), 0.5)


def networks(count):
    """Return raw scores of all magnitudes and signs."""
    rng = np.random.default_rng(0)
    return [dict(zip(NAMES, rng.choice(VALUES, len(NAMES)), strict=True)) for _ in range(count)]


def computed(expression, names):
    """Return the value of a Python expression, or NaN if a step is not finite."""
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            return float(eval(expression, dict(names)))
    except FloatingPointError:
        return math.nan


def typed_text(text, where, raw):
    """Return what a reader computes from the text, with each name defined as the text says."""
    names = {"sign": np.sign, "ln": np.log, "smaller": np.minimum, "larger": np.maximum, **raw}
    units = {}
    for equation in where.split("; "):
        left, _, right = equation.partition(" = ")
        right = re.sub(r"\|(\w+)\|", r"abs(\1)", right).replace("^", "**")
        right = re.sub(r"the (smaller|larger) of (\w) and (\w)", r"\1(\2, \3)", right)
        if call := re.fullmatch(r"(\w+)\((\w(?:, \w)?)\)", left):
            names[call[1]] = eval(f"lambda {call[2]}: {right}", names)
        elif left in re.findall(r"\w+", text):
            units[left] = computed(
                right.replace(f"raw {left}", f"raw_{left}"), names | {f"raw_{left}": raw[left]}
            )
    if any(math.isnan(value) for value in units.values()):
        return math.nan
    return computed(text, names | {name: np.float64(value) for name, value in units.items()})


def typed_latex(latex, raw):
    """Return what a reader computes from the LaTeX."""
    formula, _, definition = latex.partition(r", \quad ")
    names = {"sgn": np.sign, "ln": np.log, "root": np.sqrt, "min": np.minimum, "max": np.maximum, **raw}
    if definition:
        left, right = definition.split(" = ")
        assert python(left) == "slog(x)"
        names["slog"] = eval(f"lambda x: {python(right)}", names)
    return computed(python(formula), names)


def python(latex):
    """Return LaTeX as Python, transcribed from the innermost braces outwards."""
    latex = re.sub(r"\\(?:mathrm|operatorname)\{([^{}]*)\}", lambda found: found[1].replace("\\", ""), latex)
    for command, written in {"|": ("abs(", ")"), "(": ("(", ")")}.items():
        latex = latex.replace(rf"\left{command}", written[0])
    latex = latex.replace(r"\right|", ")").replace(r"\right)", ")")
    latex = latex.replace(r"\cdot", "*").replace("^", "**")
    before = ""
    while latex != before:
        before = latex
        latex = re.sub(r"\\sqrt\{([^{}]*)\}", r"root(\1)", latex)
        latex = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", latex)
    return re.sub(r"\\(ln|min|max)(?![a-z])", r"\1", latex)


def same(found, expected):
    return found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("text", FORMULAS)
def test_the_text_with_its_definitions_gives_the_value(text):
    evolved = proxy(text)
    for raw in networks(15):
        assert same(typed_text(str(evolved.formula), evolved.where, raw), evolved.score(raw)), raw


@pytest.mark.parametrize("text", FORMULAS)
def test_the_latex_gives_the_value(text):
    evolved = proxy(text)
    for raw in networks(15):
        assert same(typed_latex(evolved.latex, raw), evolved.score(raw)), raw


@pytest.mark.parametrize("text", FORMULAS)
def test_the_caption_of_the_table_gives_the_value(text):
    _, _, where = TABLE.caption.partition("In the formulas ")
    for raw in networks(5):
        assert same(typed_text(text, where.rstrip("."), raw), proxy(text).score(raw)), raw


def test_overflow_has_no_value_for_the_reader_either():
    raw = {"nwot": np.float64(1e120)}
    evolved = proxy("square(square(nwot))")
    assert math.isnan(evolved.score(raw))
    assert math.isnan(typed_text(str(evolved.formula), evolved.where, raw))
    assert math.isnan(typed_latex(evolved.latex, raw))
    assert "there is no value if a step is not finite" in evolved.where


def test_a_formula_is_accompanied_by_the_definitions_that_it_needs_and_no_others():
    where = Formula.parse("add(log(synflow), nwot)").where
    equations = [equation for equation in where.split("; ") if " = " in equation]
    assert equations == [
        "add(a, b) = a + b",
        "log(a) = sign(a) * ln(1 + |a|)",
        "synflow = ln(raw synflow)",
    ]
    everything = definitions(FUNCTIONS, RELEASED_UNITS)
    assert [equation.split("(")[0] for equation in everything.split("; ")[: len(FUNCTIONS)]] == list(
        FUNCTIONS
    )


def test_latex_does_not_grow_with_nested_logarithms():
    deep = Formula.parse("log(" * 50 + "nwot" + ")" * 50).latex
    assert deep.count(r"\operatorname{slog}\left(x\right) = ") == 1
    assert len(deep) < 5000
