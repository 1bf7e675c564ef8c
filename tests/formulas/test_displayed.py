"""A formula as it is displayed, typed in by a reader who knows nothing else, gives the value of the proxy."""

import itertools
import math
import re

import numpy as np
import pytest

from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.formulas.normalisation import POPULATION, TRAINING, Normalisation, Scale
from zcrepro.problems.split import Split
from zcrepro.problems.units import RELEASED_UNITS, to_released_units
from zcrepro.report.tables.srgp_runs import TABLE

UNITS = tuple(RELEASED_UNITS)
NAMES = ("nwot", "zen", "grad_norm", "structure_paths", *UNITS)
VALUES = [0.0, -0.0, 0.02, -0.03, 0.7, -0.7, 1.0, -1.0, 5.5, -41.0, 1e6, -3e9, 1e40, -1e60]

SCALES = {
    "nwot": Scale(-2.345, 0.678),
    "zen": Scale(1.2e-05, 3.4e-07),
    "grad_norm": Scale(0.0, 1.0),
    "structure_paths": Scale(12.5, 3.25),
    "synflow": Scale(2.5, 0.5),
    "params": Scale(0.75, 0.4321),
    "flops": Scale(3.0, 1.234e-5),
}
FROM_TRAINING = Normalisation(TRAINING, SCALES)

ONE = {name: "{}" if function.arity == 1 else "{}, grad_norm" for name, function in FUNCTIONS.items()}
OTHER = {name: "grad_norm, {}" for name, function in FUNCTIONS.items() if function.arity == 2}
INNER = [
    *(f"{name}(nwot{', zen' * (function.arity - 1)})" for name, function in FUNCTIONS.items()),
    *UNITS,
    "structure_paths",
]
FORMULAS = [  # each function and each unit alone, in either place of each function, and twice nested
    *INNER,
    *(f"{name}({ONE[name].format(inner)})" for name, inner in itertools.product(ONE, INNER)),
    *(f"{name}({OTHER[name].format(inner)})" for name, inner in itertools.product(OTHER, INNER)),
    "div(mul(params, log(synflow)), sub(sqrt(flops), min(nwot, neg(square(add(zen, structure_paths))))))",
]


def proxy(text, normalisation=FROM_TRAINING):
    return EvolvedProxy(Formula.parse(text), normalisation, "srgp", "cell", 0, ("a/b",), Split(0, {}), 0.5)


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


def functions_in(where):
    """Return the functions that a text defines, and the other equations."""
    names = {"sign": np.sign, "ln": np.log, "smaller": np.minimum, "larger": np.maximum}
    others = {}
    for equation in where.split("; "):
        left, _, right = equation.partition(" = ")
        right = re.sub(r"\|(\w+)\|", r"abs(\1)", right).replace("^", "**")
        right = re.sub(r"the (smaller|larger) of (\w) and (\w)", r"\1(\2, \3)", right)
        if call := re.fullmatch(r"(\w+)\((\w(?:, \w)?)\)", left):
            names[call[1]] = eval(f"lambda {call[2]}: {right}", names)
        else:
            others[left] = right
    return names, others


def typed_text(text, where, raw):
    """Return what a reader computes from the text, with each name defined as the text says."""
    names, others = functions_in(where)
    inputs = {
        name: computed(others[name].replace(f"raw {name}", f"raw_{name}"), names | {f"raw_{name}": raw[name]})
        for name in re.findall(r"\w+", text)
        if name not in names
    }
    if any(math.isnan(value) for value in inputs.values()):
        return math.nan
    return computed(text, names | {name: np.float64(value) for name, value in inputs.items()})


def typed_latex(latex, raw, **known):
    """Return what a reader computes from the LaTeX, who has a function for each of ``known``."""
    formula, *definitions = latex.split(r", \quad ")
    names = {
        "sgn": np.sign,
        "ln": np.log,
        "root": np.sqrt,
        "min": np.minimum,
        "max": np.maximum,
        **raw,
        **known,
    }
    for definition in definitions:
        left, right = definition.split(" = ")
        name = re.fullmatch(r"(\w+)\(x\)", python(left))[1]
        if name not in known:
            names[name] = eval(f"lambda x: {python(right)}", names)
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
        latex = re.sub(r"10\*\*\{(-?\d+)\}", r"10.0**(\1)", latex)
        latex = re.sub(r"\\sqrt\{([^{}]*)\}", r"root(\1)", latex)
        latex = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", latex)
    return re.sub(r"\\(ln|min|max)(?![a-z])", r"\1", latex)


def same(found, expected):
    return found == pytest.approx(expected, rel=1e-6, abs=1e-4, nan_ok=True)


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


def population(rows=12):
    """Return raw scores of several networks, none of which has an undefined input."""
    rng = np.random.default_rng(1)
    return {name: 10 ** rng.uniform(-3, 3, rows) for name in NAMES}


def value_among(evolved, columns):
    raw = {name: to_released_units(name, values) for name, values in columns.items()}
    return evolved.values(raw, len(columns["nwot"]))


@pytest.mark.parametrize("text", FORMULAS)
def test_the_text_of_a_formula_that_compares_candidates_gives_the_value(text):
    evolved, columns = proxy(text, Normalisation(POPULATION)), population()
    assert "mean and deviation are those of the input over all candidates" in evolved.where
    names, others = functions_in(evolved.where)
    inputs = {}
    for name in evolved.terminals:
        compressed = re.fullmatch(r"\((.*) - mean\) / deviation", others[name])[1]
        raw = {f"raw_{name}": columns[name]}
        values = eval(compressed.replace(f"raw {name}", f"raw_{name}"), names | raw)
        inputs[name] = (values - values.mean()) / values.std()
    found = eval(str(evolved.formula), names | inputs)
    assert found == pytest.approx(value_among(evolved, columns), rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("text", FORMULAS)
def test_the_latex_of_a_formula_that_compares_candidates_gives_the_value(text):
    evolved, columns = proxy(text, Normalisation(POPULATION)), population()
    assert r"z\left(x\right) = \frac{x - \mu_x}{\sigma_x}" in evolved.latex
    formula, *definitions = evolved.latex.split(r", \quad ")
    names = {"ln": np.log, "root": np.sqrt, "min": np.minimum, "max": np.maximum, "sgn": np.sign, **columns}
    names["z"] = lambda x: (x - x.mean()) / x.std()
    if r"\operatorname{slog}" in formula:
        names["slog"] = eval(f"lambda x: {python(definitions[0].split(' = ')[1])}", names)
    found = eval(python(formula), names)
    assert found == pytest.approx(value_among(evolved, columns), rel=1e-6, abs=1e-4)


def test_the_caption_of_the_table_defines_every_function():
    for function in FUNCTIONS.values():
        assert function.definition in TABLE.caption


def test_overflow_has_no_value_for_the_reader_either():
    raw = {"nwot": np.float64(1e120)}
    evolved = proxy("square(square(nwot))", Normalisation(TRAINING, {"nwot": Scale(0.0, 1e-100)}))
    assert math.isnan(evolved.score(raw))
    assert math.isnan(typed_text(str(evolved.formula), evolved.where, raw))
    assert math.isnan(typed_latex(evolved.latex, raw))
    assert "there is no value if a step is not finite" in evolved.where


def test_a_formula_is_accompanied_by_the_definitions_that_it_needs_and_no_others():
    where = proxy("add(mul(synflow, nwot), synflow)").where
    assert where.split("; ") == [
        "add(a, b) = a + b",
        "mul(a, b) = a * b",
        "log(a) = sign(a) * ln(1 + |a|)",
        "nwot = (log(raw nwot) - (-2.345)) / 0.678",
        "synflow = (log(ln(raw synflow)) - (2.5)) / 0.5",
        "raw scores are as zcrepro.score gives them",
        "inputs are rounded to 9 decimals",
        "there is no value if a step is not finite",
    ]
    assert proxy("structure_paths").where.split("; ")[0] == (
        "structure_paths = (raw structure_paths - (12.5)) / 3.25"
    )


def test_latex_of_each_kind_of_input():
    slog = r"\operatorname{slog}"
    assert proxy("structure_paths").latex == r"\frac{\mathrm{structure\_paths} - \left(12.5\right)}{3.25}"
    assert proxy("zen").latex.startswith(
        rf"\frac{{{slog}\left(\mathrm{{zen}}\right) - \left(1.2 \cdot 10^{{-5}}\right)}}{{3.4 \cdot 10^{{-7}}}}"
    )
    assert proxy("params").latex.startswith(
        rf"\frac{{{slog}\left(\frac{{\mathrm{{params}}}}{{10^6}}\right) - \left(0.75\right)}}{{0.4321}}"
    )
    of_population = proxy("square(nwot)", Normalisation(POPULATION)).latex
    assert of_population.startswith(rf"z\left({slog}\left(\mathrm{{nwot}}\right)\right)^2, \quad ")


def test_latex_does_not_grow_with_nested_logarithms():
    deep = proxy("log(" * 50 + "nwot" + ")" * 50).latex
    assert deep.count(r"\operatorname{slog}\left(x\right) = ") == 1
    assert len(deep) < 5000
