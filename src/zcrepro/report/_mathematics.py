"""Formulas as MathML, which browsers draw without a script, with a legend of their functions."""

import re

from latex2mathml.converter import convert

from zcrepro.expressions import ATOM
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS


def mathml(formula: Formula) -> str:
    """Return a formula over its standardised inputs as MathML."""
    return in_mathml(formula.latex(lambda name: (rf"\mathrm{{{name}}}", ATOM)))


def in_mathml(latex: str) -> str:
    r"""Return LaTeX as MathML.

    The converter splits the letters of ``\mathrm`` and takes ``\_`` for a subscript, so that names are set as
    texts here.
    """
    words = re.sub(r"\\(?:mathrm|operatorname)\{([^{}]*)\}", r"\\text{\1}", latex)
    return convert(words.replace(r"\_", "_"))


def legend(formula: Formula) -> str:
    """Return the definitions of the functions of a formula, and what its inputs are."""
    defined = [FUNCTIONS[name].definition for name in formula.functions]
    inputs = f"{', '.join(formula.terminals)}: standardised scores"
    return ", ".join([*defined, inputs])
