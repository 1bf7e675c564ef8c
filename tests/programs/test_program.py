"""Programs: text and structure, values on a layer, and scores of networks."""

import math
from dataclasses import replace

import pytest
import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.programs.operators import OPERATORS, Operator
from zcrepro.programs.program import Program
from zcrepro.programs.terminals import TERMINALS


def test_the_tensors_are_the_weight_and_seven_tensors_of_three_passes() -> None:
    bases = ("wtgrad", "inpact", "inpactgrad", "preact", "preactgrad", "act", "actgrad")
    assert list(TERMINALS) == ["wt", *(base + of for base in bases for of in ("data", "noise", "perturb"))]
    assert not TERMINALS.keys() & OPERATORS.keys()


def test_parse_is_the_inverse_of_str() -> None:
    text = "kl_divergence(standardize(add(wt, wt)), is_positive(matmul(actperturb, numel(actdata))))"
    program = Program.parse(text.replace(" ", "\n"))
    assert str(program) == text
    assert Program(program.tokens) == program
    assert (program.size, program.depth) == (10, 4)
    assert program.terminals == ("actdata", "actperturb", "wt")
    assert program.functions == ("add", "matmul", "standardize", "kl_divergence", "is_positive", "numel")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sigmoid(weight)", "unknown tensor 'weight'; .*; found 'weight' at position 9"),
        ("sigmoyd(wt)", "unknown operator 'sigmoyd'; did you mean 'sigmoid'.; found 'sigmoyd' at position 1"),
        ("add(wt)", "expected ',' and operand 2 of add; found '.' at position 7"),
        ("add(sigmoid, wt)", "sigmoid needs its operands in brackets; found 'sigmoid' at position 5"),
        ("add(wt, 2)", "cannot read the program .*: expected the name of a tensor or operator; found '2'"),
        ("wt wt", "expected the end of the program; found 'wt' at position 4"),
    ],
)
def test_errors_name_the_token_and_its_position(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Program.parse(text)


@pytest.mark.parametrize(
    ("tokens", "complaint"),
    [
        (("add", "wt"), "the program 'add wt' lacks 1 operands"),
        (("wt", "wt"), "'wt' comes after the end of the program"),
        (("sign", "wtgradient"), "unknown tensor 'wtgradient'; did you mean 'wtgraddata'"),
    ],
)
def test_tokens_that_are_no_program_are_refused(tokens: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Program(tokens)


def test_latex_brackets_what_binds_more_loosely() -> None:
    wt, data = r"\mathrm{wt}", r"\mathrm{act}_{\mathrm{data}}"
    found = {
        text: Program.parse(text).latex()
        for text in (
            "mul(add(wt, actdata), matmul(wt, actdata))",
            "square(frobenius_norm(sigmoid(wt)))",
            "square(sign(wt))",
            "is_negative(reciprocal(wt))",
        )
    }
    assert found == {
        "mul(add(wt, actdata), matmul(wt, actdata))": (
            rf"\left({wt} + {data}\right) \odot \left({wt} \cdot {data}\right)"
        ),
        "square(frobenius_norm(sigmoid(wt)))": rf"\left\|\sigma\left({wt}\right)\right\|_F^{{\odot 2}}",
        "square(sign(wt))": rf"\left(\operatorname{{sgn}}\left({wt}\right)\right)^{{\odot 2}}",
        "is_negative(reciprocal(wt))": rf"\left[\frac{{1}}{{{wt}}} < 0\right]",
    }


def test_definitions_name_what_the_program_is_made_of_and_nothing_else() -> None:
    assert Program.parse("frobenius_norm(sigmoid(wtgradnoise))").where == (
        "frobenius_norm(a) = the square root of the sum of squares of all elements; "
        "sigmoid(a) = 1 / (1 + e^-a) by element; "
        "wtgradnoise: gradient with respect to the weight of the second module, on standard normal noise"
    )


WT = torch.tensor([[1.0, -2.0], [3.0, 0.5]])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("wt", 2.5 / 4),
        ("frobenius_norm(wt)", math.sqrt(1 + 4 + 9 + 0.25)),
        ("det(wt)", 6.5),
        ("add(wt, matmul(wt, wt))", (2.5 + (-5 - 3 + 4.5 - 5.75)) / 4),  # wt wt = [[-5, -3], [4.5, -5.75]]
        ("less(wt, square(wt))", 0.5),
        ("softmax(wt)", 0.5),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_value_is_the_mean_of_the_output(text: str, value: float, dtype: torch.dtype) -> None:
    assert Program.parse(text).value({"wt": WT.to(dtype)}) == pytest.approx(value, rel=1e-6)


def test_operands_keep_their_order() -> None:
    tensors = {"wt": torch.zeros(3), "actdata": torch.ones(3)}
    assert Program.parse("less(wt, actdata)").value(tensors) == 1
    assert Program.parse("less(actdata, wt)").value(tensors) == 0


def test_a_value_is_computed_in_the_type_of_the_tensors() -> None:
    tensor = torch.tensor([1.0, 2.0**-30], dtype=torch.float64)
    program = Program.parse("mean(wt)")
    assert program.value({"wt": tensor}) == 0.5 + 2.0**-31
    assert program.value({"wt": tensor.float()}) == 0.5


def test_equal_subexpressions_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def counted(name: str) -> Operator:
        operator = OPERATORS[name]
        return replace(operator, compute=lambda *of: called.append(name) or operator.compute(*of))

    monkeypatch.setattr("zcrepro.programs.program.OPERATORS", {name: counted(name) for name in OPERATORS})
    program = Program.parse("less(add(exp(wt), square(exp(wt))), add(exp(actdata), square(exp(wt))))")
    tensors = {"wt": WT, "actdata": WT + 1}
    expected = float((WT.exp() < (WT + 1).exp()).double().mean())
    assert program.value(tensors) == expected
    assert sorted(called) == ["add", "add", "exp", "exp", "less", "mean", "square"]


def test_operands_in_another_order_are_another_subexpression() -> None:
    tensors = {"wt": torch.zeros(2), "actdata": torch.ones(2)}
    assert Program.parse("add(less(wt, actdata), less(actdata, wt))").value(tensors) == 1


def test_the_tensors_stay_as_they_are() -> None:
    tensors = {"wt": WT.clone().requires_grad_(), "actdata": WT.clone()}
    Program.parse("add(log(wt), mul(abs_log(actdata), relu(wt)))").value(tensors)
    assert torch.equal(tensors["wt"], WT)
    assert torch.equal(tensors["actdata"], WT)
    assert tensors["wt"].grad is None


def test_a_layer_without_a_value_says_why() -> None:
    with pytest.raises(UndefinedScoreError, match=r"^det of shape \(3, 2, 5\): .* square matrices"):
        Program.parse("sigmoid(det(wt))").value({"wt": torch.ones(3, 2, 5)})


def test_a_missing_tensor_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"no tensor actdata, wt for add\(wt, actdata\); there are inpactdata"
    ):
        Program.parse("add(wt, actdata)").value({"inpactdata": WT})
