"""The operators of EZNAS programs: 33 functions of tensors, one row each.

They are the active operators of the released code of EZNAS (Akhauri et al., NeurIPS 2022, gp_func_defs.py),
with its numbers. Three things differ. No operator writes into its operands, as the logarithms of the released
code do. The comparison with zero (15) does not need a GPU. The eigenvalues (21, 22) are computed with the
successors of the two routines that torch 2 no longer has.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from zcrepro.expressions import ANY, ATOM, POWER, PRODUCT, SUM, Symbol
from zcrepro.networks.errors import UndefinedScoreError, of_the_machine


@dataclass(frozen=True)
class Operator(Symbol):
    """An operator that programs are made of.

    Attributes
    ----------
    compute
        Maps ``arity`` tensors of one floating-point type to one, which is not a view of an operand. Raises
        UndefinedScoreError, RuntimeError or IndexError if there is no value.
    number
        The number in the released code: 7 is ``OP7``.
    """

    compute: Callable[..., Tensor]
    number: int

    def __call__(self, *operands: Tensor) -> Tensor:
        """Return the value, in the type and on the device of the operands.

        Raises
        ------
        UndefinedScoreError
            If the operands have no value. The message names the operator, their shapes and the reason.
        MemoryError, torch.OutOfMemoryError, torch.AcceleratorError
            If memory is short or the GPU has failed, which says nothing about the operands.
        """
        try:
            return self.compute(*operands)
        # The rules of shapes are those of torch: it raises one of these two, also if a matrix has no
        # eigenvalues.
        except (UndefinedScoreError, RuntimeError, IndexError) as error:
            if of_the_machine(error):
                raise
            shapes = " and ".join(str(tuple(operand.shape)) for operand in operands)
            reason = str(error).strip().partition("\n")[0]
            raise UndefinedScoreError(f"{self.name} of shape {shapes}: {reason}") from error


def _as_numbers(condition: Tensor, like: Tensor) -> Tensor:
    """Return 1 for true and 0 for false, in the type of ``like``."""
    return condition.to(like.dtype)


def _less(a: Tensor, b: Tensor) -> Tensor:
    return _as_numbers(a < b, a)


def _greater(a: Tensor, b: Tensor) -> Tensor:
    return _as_numbers(a > b, a)


def _equal(a: Tensor, b: Tensor) -> Tensor:
    return _as_numbers(a == b, a)


def _is_positive(a: Tensor) -> Tensor:
    return _as_numbers(a > 0, a)


def _is_negative(a: Tensor) -> Tensor:
    return _as_numbers(a < 0, a)


def _heaviside(a: Tensor) -> Tensor:
    """Return ``_is_positive``, as a vector of one element if ``a`` has no axes."""
    return torch.heaviside(a, a.new_zeros(1))


def _matmul(a: Tensor, b: Tensor) -> Tensor:
    """Return the product of matrices, broadcast over all axes but the last two."""
    return torch.atleast_1d(a) @ torch.atleast_1d(b)


def _log(a: Tensor) -> Tensor:
    return a.masked_fill(a <= 0, 1).log()


def _abs_log(a: Tensor) -> Tensor:
    return a.masked_fill(a == 0, 1).log().abs()


def _standardize(a: Tensor) -> Tensor:
    if a.numel() < 2:  # torch warns that the deviation is not defined
        return torch.zeros_like(a)
    return _nan_to_zero((a - a.mean()) / a.std())


def _nan_to_zero(a: Tensor) -> Tensor:
    return torch.nan_to_num(a, nan=0.0, posinf=math.inf, neginf=-math.inf)


def _logdet(a: Tensor) -> Tensor:
    """Return the logarithm of each determinant: -inf for 0, and 0 for a negative one, whose value is NaN."""
    return _nan_to_zero(torch.logdet(a))


def _symmetric_eigenvalue_ratio(a: Tensor) -> Tensor:
    if a.ndim == 0:
        return a.new_zeros(1)
    gram = _gram(a)
    ascending = torch.linalg.eigvalsh(gram + gram.T)
    return ascending[-1] / ascending[0]


def _eigenvalue_ratio(a: Tensor) -> Tensor:
    """Return the ratio of two eigenvalues in the order of LAPACK, which does not sort them."""
    if a.ndim == 0:
        return a.new_zeros(1)
    eigenvalues = torch.linalg.eigvals(_gram(a)).real
    return eigenvalues[-1] / eigenvalues[0]


def _gram(a: Tensor) -> Tensor:
    """Return the products of the rows of ``a`` with each other, where a row is an element of axis 0.

    Raises UndefinedScoreError if one is not finite: ``torch.linalg.eigvals`` can end the process at a NaN.
    """
    rows = a.reshape(len(a), -1)
    gram = rows @ rows.T
    if not gram.isfinite().all():
        raise UndefinedScoreError("the products of the rows are not finite")
    return gram


def _mean(a: Tensor) -> Tensor:
    return a.sum() / a.numel()


def _mean_abs(a: Tensor) -> Tensor:
    return a.abs().sum() / a.numel()


def _hamming_distance(a: Tensor, b: Tensor) -> Tensor:
    if not a.numel() or not b.numel():
        raise UndefinedScoreError("there are no elements to compare")
    return _as_numbers(((a.flatten() > 0) != (b.flatten() > 0)).sum(), a)


def _kl_divergence(a: Tensor, b: Tensor) -> Tensor:
    return F.kl_div(a, b, reduction="batchmean")


def _cosine_similarity(a: Tensor, b: Tensor) -> Tensor:
    """Return the sum of the cosine similarities of rows.

    The released code flattens ``b`` from the axis whose number is the length of ``a``, so that most pairs of
    tensors have no value.
    """
    if a.ndim == 0:
        return a.new_zeros(1)
    return F.cosine_similarity(a.reshape(len(a), -1), b.flatten(len(a)), dim=1).sum()


def _softmax(a: Tensor) -> Tensor:
    """Return the softmax along the axis that torch takes if none is given, as the released code does."""
    return a.softmax(dim=0 if a.ndim in (0, 1, 3) else 1)


def _numel(a: Tensor) -> Tensor:
    return a.new_full((1,), a.numel())


STANDARDIZED = "(a - mean(a)) / deviation(a) with n - 1, or 0 if that is NaN"
NORM = "the square root of the sum of squares of all elements"
SYMMETRIC_RATIO = "largest over smallest eigenvalue of the products of the rows on axis 0, or 0 for a scalar"
RATIO = "last over first eigenvalue, unsorted, of the products of the rows on axis 0, or 0 for a scalar"
HAMMING = "the number of elements of which just one is positive"
KL = "the sum of b * (ln(b) - a), divided by the length of a"
COSINE = "the sum of cosines along axis 1, a flattened from axis 1, b from axis len(a), or 0 if a is a scalar"
SOFTMAX = "softmax along axis 1, or along axis 0 if a has 0, 1 or 3 axes"


def _named(name: str, text: str, symbol: str, compute: Callable[..., Tensor], number: int) -> Operator:
    """Return an operator of one operand that LaTeX writes with its name."""
    return Operator(name, text, rf"{symbol}\left(%s\right)", POWER, (ANY,), compute, number)


def _named_pair(name: str, text: str, symbol: str, compute: Callable[..., Tensor], number: int) -> Operator:
    """Return an operator of two operands that LaTeX writes with its name."""
    return Operator(name, text, rf"{symbol}\left(%s, %s\right)", POWER, (ANY, ANY), compute, number)


def _enclosed(name: str, text: str, latex: str, compute: Callable[..., Tensor], number: int) -> Operator:
    """Return an operator whose LaTeX encloses its operands."""
    return Operator(name, text, latex, ATOM, (ANY,) * latex.count("%s"), compute, number)


ROWS = (
    Operator("add", "a + b", "%s + %s", SUM, (SUM, SUM), torch.add, 0),
    # There are two kinds of products, so that one inside the other gets brackets.
    Operator("mul", "a * b by element", r"%s \odot %s", PRODUCT, (POWER, POWER), torch.mul, 1),
    Operator("matmul", "the matrix product of a and b", r"%s \cdot %s", PRODUCT, (POWER, POWER), _matmul, 2),
    _enclosed("less", "1 if a < b, otherwise 0", r"\left[%s < %s\right]", _less, 3),
    _enclosed("greater", "1 if a > b, otherwise 0", r"\left[%s > %s\right]", _greater, 4),
    _enclosed("equal", "1 if a = b, otherwise 0", r"\left[%s = %s\right]", _equal, 5),
    _named("log", "ln(a), or 0 if a <= 0", r"\ln_{+}", _log, 7),
    _enclosed("abs_log", "|ln(a)|, or 0 if a = 0", r"\left|\ln\left(%s\right)\right|", _abs_log, 8),
    _enclosed("abs", "|a|", r"\left|%s\right|", torch.abs, 9),
    Operator("square", "a^2 by element", r"%s^{\odot 2}", POWER, (ATOM,), torch.square, 10),
    _named("exp", "e^a by element", r"\exp", torch.exp, 11),
    _named("standardize", STANDARDIZED, r"\operatorname{z}", _standardize, 12),
    _named("relu", "a if a > 0, otherwise 0", r"\operatorname{ReLU}", torch.relu, 13),
    _named("sign", "1 if a > 0, -1 if a < 0, otherwise 0", r"\operatorname{sgn}", torch.sign, 14),
    _named("heaviside", "1 if a > 0, otherwise 0", r"\operatorname{H}", _heaviside, 15),
    Operator("reciprocal", "1 / a by element", r"\frac{1}{%s}", PRODUCT, (ANY,), torch.reciprocal, 16),
    _enclosed("frobenius_norm", NORM, r"\left\|%s\right\|_F", torch.linalg.vector_norm, 18),
    _named("det", "the determinants over the last two axes of a", r"\det", torch.det, 19),
    _named("logdet", "ln(det(a)), or 0 if det(a) < 0", r"\operatorname{logdet}", _logdet, 20),
    _named("symmetric_eigenvalue_ratio", SYMMETRIC_RATIO, r"\rho", _symmetric_eigenvalue_ratio, 21),
    _named("eigenvalue_ratio", RATIO, r"\rho_{\mathrm{u}}", _eigenvalue_ratio, 22),
    _named("mean", "the mean of all elements", r"\operatorname{mean}", _mean, 23),
    Operator("mean_abs", "mean(|a|)", r"\operatorname{mean}\left|%s\right|", POWER, (ANY,), _mean_abs, 24),
    _named_pair("hamming_distance", HAMMING, r"d_{\mathrm{H}}", _hamming_distance, 25),
    _named_pair("kl_divergence", KL, r"D_{\mathrm{KL}}", _kl_divergence, 26),
    _named_pair("cosine_similarity", COSINE, r"\cos", _cosine_similarity, 27),
    _named("softmax", SOFTMAX, r"\operatorname{softmax}", _softmax, 28),
    _named("sigmoid", "1 / (1 + e^-a) by element", r"\sigma", torch.sigmoid, 29),
    _named("ones_like", "1 in the shape of a", r"\mathbf{1}", torch.ones_like, 30),
    _named("zeros_like", "0 in the shape of a", r"\mathbf{0}", torch.zeros_like, 31),
    _enclosed("is_positive", "1 if a > 0, otherwise 0", r"\left[%s > 0\right]", _is_positive, 32),
    _enclosed("is_negative", "1 if a < 0, otherwise 0", r"\left[%s < 0\right]", _is_negative, 33),
    _named("numel", "the number of elements", r"\operatorname{numel}", _numel, 34),
)

OPERATORS = {row.name: row for row in ROWS}
