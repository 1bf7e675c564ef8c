"""The published programs: the arguments of both readings, and values equal to plain implementations."""

import re

import numpy as np
import pytest
import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.programs.published import PUBLISHED
from zcrepro.programs.terminals import TERMINALS

NAMES = list(TERMINALS)

RELEASED = [NAMES[-1], *NAMES[:-1]]
"""The tensors by number, as the released code passes them: the list shifted by one."""

BASES = ("wtgrad", "inpact", "inpactgrad", "preact", "preactgrad", "act", "actgrad")
LABELS = ["wt", *(base + of for of in ("data", "noise", "perturb") for base in BASES)]
"""The tensors by number, as the drawn trees label them."""

TREES = {
    "eznas_a": "frobenius_norm(sigmoid(logdet(sign(ARG8))))",
    "eznas_topprog": "square(abs(frobenius_norm(ARG12)))",
    "eznas_enas": "reciprocal(add(frobenius_norm(ARG19), exp(frobenius_norm(log(sigmoid(log(sigmoid(ARG19))))))))",
    "eznas_pnas": "kl_divergence(standardize(standardize(standardize(ARG0))), is_positive(ARG20))",
    "eznas_nasnet": "frobenius_norm(is_negative(log(add(log(ARG19), ARG6))))",
}
"""The published trees, with their tensors by number."""

READINGS = {f"{name}_{reading}": (name, reading) for name in TREES for reading in ("released", "labels")}


def read(name: str) -> str:
    """Return the text of a tree whose numbers are read in one of the two ways."""
    tree, reading = READINGS[name]
    order = RELEASED if reading == "released" else LABELS
    return re.sub(r"ARG(\d+)", lambda number: order[int(number[1])], TREES[tree])


@pytest.mark.parametrize("name", READINGS)
def test_each_reading_takes_the_tensors_that_the_numbers_stand_for(name: str) -> None:
    saved = {"eznas_a_released": "eznas_a", "eznas_a_labels": "eznas_a_wtgradnoise"}.get(name, name)
    assert str(PUBLISHED[saved]) == read(name)


def test_there_are_three_readings_of_eznas_a_and_two_of_each_other_program() -> None:
    others = [name for name in READINGS if not name.startswith("eznas_a_")]
    assert list(PUBLISHED) == ["eznas_a", "eznas_a_wtgradnoise", "eznas_a_wtgraddata", *others]
    a = str(PUBLISHED["eznas_a"])
    assert str(PUBLISHED["eznas_a_wtgraddata"]) == a.replace("inpactgraddata", "wtgraddata")


def norm(x: np.ndarray) -> float:
    return float(np.sqrt((x**2).sum()))


def log1(x: np.ndarray) -> np.ndarray:
    return np.log(np.where(x > 0, x, 1.0))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def standardized(x: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / x.std(ddof=1)


def eznas_a(x: np.ndarray) -> float:
    """A matrix counts d / (1 + d) for a positive determinant d of its signs, 0 for 0, otherwise 1/2."""
    determinants = np.round(np.linalg.det(np.sign(x))).ravel()
    return norm(np.array([d / (1 + d) if d > 0 else 0.0 if d == 0 else 0.5 for d in determinants]))


def topprog(x: np.ndarray) -> float:
    return float((x**2).sum())


def enas(x: np.ndarray) -> float:
    return float(1 / (norm(x) + np.exp(norm(log1(sigmoid(log1(sigmoid(x))))))))


def pnas(a: np.ndarray, b: np.ndarray) -> float:
    """The logarithm of the target is 0 where it counts, so that a sum over the positive is left."""
    return float(-standardized(standardized(standardized(a)))[b > 0].sum() / len(a))


def nasnet(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt((log1(log1(a) + b) < 0).sum()))


PLAIN = {
    "eznas_a": (eznas_a, "inpactgraddata"),
    "eznas_a_wtgradnoise": (eznas_a, "wtgradnoise"),
    "eznas_a_wtgraddata": (eznas_a, "wtgraddata"),
    "eznas_topprog_released": (topprog, "preactnoise"),
    "eznas_topprog_labels": (topprog, "preactgradnoise"),
    "eznas_enas_released": (enas, "actperturb"),
    "eznas_enas_labels": (enas, "preactgradperturb"),
    "eznas_pnas_released": (pnas, "actgradperturb", "actgraddata"),
    "eznas_pnas_labels": (pnas, "wt", "actperturb"),
    "eznas_nasnet_released": (nasnet, "actperturb", "inpactnoise"),
    "eznas_nasnet_labels": (nasnet, "preactgradperturb", "actdata"),
}


def layer(shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return 22 tensors of one shape, of which a third of the elements are 0.

    Their signs form matrices of at most 3 x 3, whose determinants are exact in floating point.
    """
    rng = np.random.default_rng([0, *shape])
    return {name: rng.standard_normal(shape) * (rng.random(shape) > 1 / 3) for name in NAMES}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(3, 3), (8, 2, 2), (4, 3, 1, 1), (2, 4, 3, 3), (5, 6, 2, 2)], ids=str)
@pytest.mark.parametrize("name", PUBLISHED)
def test_values_are_those_of_a_plain_implementation(
    name: str, shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    arrays = layer(shape)
    compute, *of = PLAIN[name]
    tensors = {each: torch.from_numpy(arrays[each]).to(dtype) for each in of}
    found = PUBLISHED[name].value(tensors)
    assert found == pytest.approx(compute(*(arrays[each] for each in of)), rel=1e-5, abs=1e-6)


def test_singular_negative_and_positive_determinants_count_as_the_paper_says() -> None:
    matrices = torch.tensor(
        [
            [[1.0, 0.0], [0.0, 0.0]],  # 0
            [[0.0, 1.0], [1.0, 0.0]],  # -1
            [[1.0, 0.0], [0.0, 1.0]],  # 1
            [[5.0, 7.0], [-0.1, 3.0]],  # signs 2
        ]
    )
    expected = norm(np.array([0, 1 / 2, 1 / 2, 2 / 3]))
    assert PUBLISHED["eznas_a"].value({"inpactgraddata": matrices}) == pytest.approx(expected)


def test_a_weight_with_one_axis_has_no_determinant() -> None:
    with pytest.raises(UndefinedScoreError, match=r"^logdet of shape \(16,\): "):
        PUBLISHED["eznas_a_wtgradnoise"].value({"wtgradnoise": torch.ones(16)})


def test_weights_and_activations_of_unequal_shape_have_no_divergence() -> None:
    tensors = {"wt": torch.randn(4, 3, 3, 3), "actperturb": torch.randn(2, 4, 8, 8)}
    with pytest.raises(
        UndefinedScoreError, match=r"^kl_divergence of shape \(4, 3, 3, 3\) and \(2, 4, 8, 8\): "
    ):
        PUBLISHED["eznas_pnas_labels"].value(tensors)
