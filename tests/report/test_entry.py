"""What an entry refuses."""

import math

import pytest

from zcrepro.report.entry import ALL, Measured, spread_note


def entry(
    value: float,
    interval: tuple[float, float],
    kind: str = "architectures",
    relation: str = "sample",
    notes: tuple[str, ...] = (),
) -> Measured:
    return Measured(
        "snip",
        "cifar10",
        "kendall",
        value,
        9,
        "x",
        notes=notes,
        interval=interval,
        interval_kind=kind,
        relation=relation,
    )


@pytest.mark.parametrize("interval", [(0.51, 0.6), (0.4, 0.49)])
def test_a_value_outside_its_interval_is_refused(interval: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"row 'snip', column 'cifar10': the interval .* excludes the value"):
        entry(0.5, interval)


def test_rounding_is_allowed() -> None:
    assert entry(0.1 + 0.2, (0.3, 0.3)).value == pytest.approx(0.3)
    assert entry(80.3, (80.3 + 1e-9, 81.0)).value == 80.3


def test_an_unknown_interval_is_allowed() -> None:
    assert not entry(0.5, (math.nan, math.nan), kind="").has_interval


def test_a_misspelt_kind_of_interval_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'architectures'"):
        entry(0.5, (0.4, 0.6), kind="architecture")


def test_a_misspelt_relation_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'sample'"):
        entry(0.5, (0.4, 0.6), relation="samples")


def test_a_whole_population_has_no_interval_over_architectures() -> None:
    with pytest.raises(ValueError, match="no architecture of a whole population is left to draw"):
        entry(0.5, (0.4, 0.6), relation=ALL)
    assert entry(0.5, (0.4, 0.6), kind="initialisations", relation=ALL).has_interval


def test_a_note_with_the_separator_is_refused() -> None:
    with pytest.raises(ValueError, match="contains the separator"):
        entry(0.5, (0.4, 0.6), notes=("one; two",))


def test_equal_draws_have_no_spread_to_note() -> None:
    assert spread_note(3, 0.5, 0.5) == ""
    assert spread_note(3, math.nan, math.nan) == ""
    assert spread_note(3, 0.4, 0.5) == "mean over 3 draws of the scores, which range from 0.400 to 0.500"
