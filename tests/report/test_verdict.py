"""The rule of the verdict: interval, tolerance and population decide, and the note says what would."""

import math

import pytest

from zcrepro.ranking.intervals import normal_quantile, spearman_error
from zcrepro.report.entry import (
    ALL,
    ARCHITECTURES,
    INITIALISATIONS,
    OTHER_IMAGES,
    OTHER_POPULATION,
    OTHER_TARGET,
    SAMPLE,
    Measured,
    Reference,
    absent,
)
from zcrepro.report.verdict import VERDICTS, judge, widened

UNDEFINED = (math.nan, math.nan)


def sample(value: float, low: float, high: float, *, n: int = 100, total: int | None = None) -> Measured:
    """Return a value on a random sample of architectures."""
    return Measured(
        "snip",
        "cifar10",
        "spearman",
        value,
        n,
        "a sample",
        interval=(low, high),
        interval_kind=ARCHITECTURES,
        relation=SAMPLE,
        seeds=1,
        total=total,
    )


def whole(value: float, low: float, high: float, draws: int) -> Measured:
    """Return the mean of several draws on all architectures."""
    return Measured(
        "snip",
        "cifar10",
        "spearman",
        value,
        15625,
        "all",
        interval=(low, high),
        interval_kind=INITIALISATIONS,
        relation=ALL,
        seeds=draws,
    )


def paper(value: float, tolerance: float = 0.03, n: int | None = None, metric: str = "spearman") -> Reference:
    return Reference("snip", "cifar10", metric, "notebook", value, tolerance, "why", "where", n)


def verdict(ours: Measured, reference: Reference | None) -> str:
    return judge(ours, reference, 0.95).verdict


def note(ours: Measured, reference: Reference | None) -> str:
    return "; ".join(judge(ours, reference, 0.95).notes)


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.60, 0.58, 0.62, "reproduced"),
        (0.60, 0.57, 0.63, "reproduced"),  # the tolerance itself, whatever binary fractions say
        (0.60, 0.569, 0.62, "undecided"),
        (0.60, 0.58, 0.631, "undecided"),
        (0.60, 0.50, 0.70, "undecided"),  # however near the value is
        (0.65, 0.62, 0.68, "undecided"),
        (0.65, 0.6301, 0.68, "differs"),
        (0.55, 0.50, 0.5699, "differs"),
        (0.778, 0.719, 0.821, "differs"),
    ],
)
def test_the_whole_interval_decides(value: float, low: float, high: float, expected: str) -> None:
    assert verdict(sample(value, low, high), paper(0.60)) == expected


def test_a_value_far_off_whose_interval_reaches_the_tolerance_is_undecided() -> None:
    assert verdict(sample(0.778, 0.719, 0.821), paper(0.737)) == "undecided"
    assert verdict(sample(0.623, 0.552, 0.683), paper(0.594)) == "undecided"


@pytest.mark.parametrize(
    ("ours", "needed"),
    [
        # Inside: the wider side, .10, has to shrink to .03 - .02, so n grows by 10 squared.
        (sample(0.62, 0.57, 0.72), "10,000"),
        # Inside, and only the low side reaches out: from .05 to .04.
        (sample(0.61, 0.56, 0.62), "160"),
        # Outside: the side towards the tolerance, .04, has to shrink to .01.
        (sample(0.64, 0.60, 0.65), "1,600"),
        (sample(0.56, 0.55, 0.60), "1,600"),
    ],
)
def test_the_note_names_the_number_of_architectures_that_would_decide(ours: Measured, needed: str) -> None:
    assert note(ours, paper(0.60)) == (
        f"undecided against 0.6 (notebook): n = {needed} architectures would decide"
    )


def test_the_named_number_decides() -> None:
    low, high = 0.62 - 0.05 / 10, 0.62 + 0.10 / 10  # the first of the intervals above at 100 times n
    assert verdict(sample(0.62, low, high), paper(0.60)) == "reproduced"


def test_more_architectures_than_there_are_is_said_so() -> None:
    text = note(sample(0.62, 0.57, 0.72, total=5000), paper(0.60))
    assert "n = 10,000 architectures would decide, but there are 5,000" in text


def test_on_the_edge_of_the_tolerance_no_number_decides() -> None:
    for edge in (0.57, 0.63):
        assert "no n decides" in note(sample(edge, edge - 0.05, edge + 0.05), paper(0.60))


def test_on_a_whole_population_initialisations_decide() -> None:
    assert verdict(whole(0.60, 0.59, 0.61, 3), paper(0.60)) == "reproduced"
    assert verdict(whole(0.70, 0.69, 0.71, 3), paper(0.60)) == "differs"
    undecided = whole(0.62, 0.58, 0.66, 3)
    assert verdict(undecided, paper(0.60)) == "undecided"
    assert "n = 48 initialisations would decide" in note(undecided, paper(0.60))


def test_one_initialisation_is_undecided_and_a_second_would_tell() -> None:
    ours = whole(0.60, *UNDEFINED, 1)
    assert verdict(ours, paper(0.60)) == "undecided"
    assert "a second initialisation would tell" in note(ours, paper(0.60))


def test_a_sample_without_interval_is_undecided() -> None:
    ours = sample(0.60, *UNDEFINED)
    assert verdict(ours, paper(0.60)) == "undecided"
    assert "the interval is not known" in note(ours, paper(0.60))


def test_an_undefined_value_is_undecided() -> None:
    assert verdict(sample(math.nan, *UNDEFINED), paper(0.60)) == "undecided"


@pytest.mark.parametrize(
    ("relation", "what"),
    [
        (OTHER_POPULATION, "another population"),
        (OTHER_TARGET, "another target"),
        (OTHER_IMAGES, "other images"),
    ],
)
def test_another_population_or_target_and_other_images_are_not_comparable_however_near(
    relation: str, what: str
) -> None:
    ours = Measured("snip", "cifar10", "spearman", 0.6, 9, "x", relation=relation)
    assert verdict(ours, paper(0.60)) == "not comparable"
    assert note(ours, paper(0.60)) == f"{what} than the paper's"


def test_without_a_reference_there_is_nothing_to_reproduce() -> None:
    assert verdict(sample(0.60, 0.5, 0.7), None) == "no reference"


def test_a_missing_input_is_named() -> None:
    assert judge(absent("a", "b", "c", "", "no features"), paper(0.6), 0.95).notes == (
        "missing: no features",
    )


def test_few_architectures_of_the_paper_widen_the_tolerance_in_quadrature() -> None:
    reference = paper(0.60, n=50)
    expected = math.hypot(0.03, normal_quantile(0.95) * spearman_error(0.60, 50))
    assert widened(reference, 0.95) == pytest.approx(expected, rel=1e-12)
    assert expected > 0.15
    ours = sample(0.65, 0.62, 0.68)
    assert verdict(ours, paper(0.60)) == "undecided"
    assert verdict(ours, reference) == "reproduced"
    assert "widened from 0.03 to" in note(ours, reference)
    assert widened(paper(0.60, n=1000), 0.95) == 0.03


def test_a_share_of_pairs_has_half_the_error_of_its_kendall_correlation() -> None:
    share, tau = paper(0.8, 0.0, 50, "pair_agreement"), paper(0.6, 0.0, 50, "kendall")
    assert widened(share, 0.95) == pytest.approx(widened(tau, 0.95) / 2, rel=1e-12)


def test_a_metric_without_a_standard_error_is_refused() -> None:
    with pytest.raises(ValueError, match="the standard error of best test accuracy is not known"):
        widened(paper(90, n=10, metric="best test accuracy"), 0.95)


def test_marks_are_told_apart() -> None:
    marks = [shown.mark for shown in VERDICTS.values() if shown.mark]
    assert len(marks) == len(set(marks)) == 4
