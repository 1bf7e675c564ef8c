"""Operators: equal to the released code case by case, total, and harmless to their operands."""

import itertools
import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.programs.operators import OPERATORS, Operator

CASES = json.loads((Path(__file__).parent / "operator_cases.json").read_text())

TYPES = (torch.float32, torch.float64)

BEYOND_FLOAT32 = "tiny"
"""The input whose exponential, square and determinant overflow or underflow in float32 alone."""

SINGULAR = "m33sing"
"""The singular matrix whose determinant is 0 or a rounding error of either sign, as the processor has it."""


def made(shape: list[int], values: list[float | str], dtype: torch.dtype) -> Tensor:
    return torch.tensor([float(value) for value in values], dtype=dtype).reshape(shape)


def operand(name: str, dtype: torch.dtype) -> Tensor:
    return made(**CASES["inputs"][name], dtype=dtype)


def cases_of(operator: Operator, *kinds: str):
    return [
        case for case in CASES["operators"][f"OP{operator.number}"] if any(kind in case for kind in kinds)
    ]


def assert_same(found: Tensor, expected: Tensor, tolerance: float) -> None:
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance / 10, equal_nan=True)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.name)
def test_values_are_those_of_the_released_code(operator: Operator, dtype: torch.dtype) -> None:
    cases = cases_of(operator, "values")
    assert cases
    for case in cases:
        if dtype == torch.float64 and BEYOND_FLOAT32 in case["in"]:
            continue
        if operator.name == "logdet" and SINGULAR in case["in"]:
            continue
        found = operator(*(operand(name, dtype) for name in case["in"]))
        assert_same(found, made(case["shape"], case["values"], dtype), 1e-4)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_the_determinant_of_a_singular_matrix_is_a_rounding_error(dtype: torch.dtype) -> None:
    (case,) = (case for case in cases_of(OPERATORS["logdet"], "values") if SINGULAR in case["in"])
    assert case["values"] == ["-inf"]
    matrix = operand(SINGULAR, dtype)
    found = OPERATORS["logdet"](matrix)
    largest = torch.finfo(dtype).eps * matrix.norm() ** len(matrix)
    assert found == 0 or found < largest.log()  # 0 stands for a negative determinant


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.name)
def test_what_the_released_code_refuses_is_undefined(operator: Operator) -> None:
    for case in cases_of(operator, "undefined"):
        with pytest.raises(UndefinedScoreError, match=f"^{operator.name} of shape "):
            operator(*(operand(name, torch.float32) for name in case["in"]))


def test_every_case_belongs_to_an_operator_and_has_one_of_three_outcomes() -> None:
    assert sorted(CASES["operators"]) == sorted(f"OP{operator.number}" for operator in OPERATORS.values())
    assert len(OPERATORS) == 33
    for operator in OPERATORS.values():
        cases = CASES["operators"][f"OP{operator.number}"]
        found = [cases_of(operator, kind) for kind in ("values", "undefined", "ill_conditioned")]
        assert sum(map(len, found)) == len(cases) >= 23
        assert all(len(case["in"]) == operator.arity for case in cases)


def squares() -> dict[str, Tensor]:
    """Square matrices, and one batch, with elements that are not finite."""
    draw = torch.Generator().manual_seed(0)
    found = {}
    for side, place in itertools.product((1, 2, 5, 17), (math.nan, math.inf, -math.inf, 1e30)):
        found[f"{side}, one {place}"] = torch.randn(side, side, generator=draw)
        found[f"{side}, one {place}"][-1, 0] = place
        found[f"{side}, all {place}"] = torch.full((side, side), place)
    found["batch"] = torch.randn(2, 3, 4, 4, generator=draw).log()
    return found


INPUTS = {name: operand(name, torch.float32) for name in CASES["inputs"]}
OPERANDS = {1: INPUTS | squares(), 2: INPUTS}
"""What operators of each arity are tried on."""


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.name)
def test_every_operand_gives_a_tensor_of_its_type_or_is_undefined(
    operator: Operator, dtype: torch.dtype
) -> None:
    """Torch ends the process if it computes eigenvalues of NaN, which no test could report."""
    defined = 0
    for chosen in itertools.product(OPERANDS[operator.arity].values(), repeat=operator.arity):
        given = [tensor.to(dtype) for tensor in chosen]
        before = [tensor.clone() for tensor in given]
        try:
            found = operator(*given)
        except UndefinedScoreError:
            pass
        else:
            defined += 1
            assert (found.dtype, found.device) == (dtype, given[0].device)
            assert all(found.data_ptr() != tensor.data_ptr() or not found.numel() for tensor in given)
        for tensor, copy in zip(given, before, strict=True):
            torch.testing.assert_close(tensor, copy, rtol=0, atol=0, equal_nan=True)
    assert defined


@pytest.mark.parametrize("name", ["symmetric_eigenvalue_ratio", "eigenvalue_ratio"])
@pytest.mark.parametrize("element", [math.nan, math.inf, 1e30])
def test_eigenvalues_of_what_is_not_finite_are_undefined(name: str, element: float) -> None:
    with pytest.raises(
        UndefinedScoreError, match=rf"{name} of shape \(2, 2\): the products .* are not finite"
    ):
        OPERATORS[name](torch.tensor([[1.0, 2.0], [3.0, element]]))


def test_a_reason_names_the_operator_the_shapes_and_the_misfit() -> None:
    with pytest.raises(UndefinedScoreError, match=r"^add of shape \(2, 3\) and \(2,\): The size of tensor a"):
        OPERATORS["add"](torch.ones(2, 3), torch.ones(2))
    with pytest.raises(UndefinedScoreError, match=r"^det of shape \(2, 3\): .*square matrices"):
        OPERATORS["det"](torch.ones(2, 3))


def test_a_shortage_of_memory_is_not_the_operands_fault() -> None:
    def short(_: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        Operator("short", "", "", 0, (0,), short, 0)(torch.ones(1))


def test_the_order_of_eigenvalues_is_a_matter_of_one_operator_alone() -> None:
    """Only one of the two ratios sorts, so that it is at least 1 for a matrix that is well conditioned."""
    a = operand("m33", torch.float64)
    ascending = torch.linalg.eigvalsh(a @ a.T)
    ratio = OPERATORS["symmetric_eigenvalue_ratio"](a).item()
    assert ratio == pytest.approx((ascending[-1] / ascending[0]).item())
    unsorted = OPERATORS["eigenvalue_ratio"](a).item()
    ratios = [(x / y).item() for x, y in itertools.permutations(ascending, 2)]
    assert any(unsorted == pytest.approx(each) for each in ratios)


def test_definitions_name_each_operator_once_with_its_operands() -> None:
    for operator in OPERATORS.values():
        operands = "a" if operator.arity == 1 else "a, b"
        assert operator.definition.startswith(f"{operator.name}({operands}) = ")
        assert operator.latex.count("%s") == operator.arity
        assert ";" not in operator.definition
