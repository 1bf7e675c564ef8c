"""Inputs of formulas are standardised by the architectures that the normalisation names."""

import math

import numpy as np
import pytest

from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.normalisation import (
    POPULATION,
    TRAINING,
    Normalisation,
    Scale,
    is_count,
    learnt,
    scales_of,
)
from zcrepro.problems.split import Split

RNG = np.random.default_rng(0)
SNIP, ZEN = 10 ** RNG.uniform(-2, 6, 30), RNG.normal(size=30) * 40
PATHS = RNG.integers(1, 9, 30).astype(np.float64)
COLUMNS = {"snip": SNIP, "zen": ZEN, "structure_paths": PATHS}


def slog(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.log(1 + np.abs(values))


def proxy(text: str, normalisation: Normalisation) -> EvolvedProxy:
    return EvolvedProxy(Formula.parse(text), normalisation, "srgp", "D", 3, ("s/t",), Split(0, {}), 0.5)


class TestTraining:
    def test_scales_are_mean_and_deviation_after_slog_to_four_significant_digits(self) -> None:
        parts = [{name: values[:12] for name, values in COLUMNS.items()}]
        parts.append({name: values[12:] for name, values in COLUMNS.items()})
        found = learnt(parts)
        assert found.kind == TRAINING
        assert set(found.scales) == set(COLUMNS)
        for name, values in (("snip", slog(SNIP)), ("zen", slog(ZEN)), ("structure_paths", PATHS)):
            assert found.scales[name].mean == float(f"{np.mean(values):.4g}")
            assert found.scales[name].deviation == float(f"{np.std(values):.4g}")

    def test_the_scale_of_an_input_is_of_the_problems_that_offer_it(self) -> None:
        found = learnt([{"snip": SNIP[:12], "zen": ZEN[:12]}, {"zen": ZEN[12:]}])
        assert found.scales["snip"] == learnt([{"snip": SNIP[:12]}]).scales["snip"]
        assert found.scales["zen"] == learnt([{"zen": ZEN}]).scales["zen"]

    def test_counts_enter_without_slog(self) -> None:
        assert is_count("structure_paths")
        assert not any(map(is_count, ("params", "flops", "snip")))
        scale = Scale(3.0, 2.0)
        found = Normalisation(TRAINING, {"structure_paths": scale, "params": scale})
        column = np.array([1.0, 3.0, 9.0])
        inputs = found.inputs({"structure_paths": column, "params": column}, ["structure_paths", "params"], 3)
        assert inputs["structure_paths"].tolist() == [-1.0, 0.0, 3.0]
        assert inputs["params"].tolist() == np.round((np.log(1 + column) - 3) / 2, 9).tolist()

    def test_other_rows_do_not_matter(self) -> None:
        found = learnt([COLUMNS])
        whole = found.inputs(COLUMNS, list(COLUMNS), 30)
        some = found.inputs({name: values[4:7] for name, values in COLUMNS.items()}, list(COLUMNS), 3)
        for name in COLUMNS:
            np.testing.assert_array_equal(some[name], whole[name][4:7])

    def test_a_constant_input_is_zero(self) -> None:
        found = learnt([{"snip": np.full(5, math.e - 1)}])
        assert found.scales["snip"] == Scale(1.0, 1.0)
        assert found.inputs({"snip": np.full(2, math.e - 1)}, ["snip"], 2)["snip"] == pytest.approx([0, 0])


class TestPopulation:
    def test_inputs_have_mean_zero_and_deviation_one_over_all_rows(self) -> None:
        found = Normalisation(POPULATION).inputs(COLUMNS, list(COLUMNS), 30)
        for name, values in found.items():
            assert values.mean() == pytest.approx(0, abs=1e-9), name
            assert values.std() == pytest.approx(1), name
        np.testing.assert_allclose(
            found["zen"], (slog(ZEN) - slog(ZEN).mean()) / slog(ZEN).std(), rtol=0, atol=1e-9
        )
        np.testing.assert_allclose(
            found["structure_paths"], (PATHS - PATHS.mean()) / PATHS.std(), rtol=0, atol=1e-9
        )

    def test_undefined_scores_have_no_part_in_the_mean_and_stay_undefined(self) -> None:
        column = np.append(SNIP, [np.nan, np.inf])
        found = Normalisation(POPULATION).inputs({"snip": column}, ["snip"], 32)["snip"]
        np.testing.assert_array_equal(
            found[:30], Normalisation(POPULATION).inputs(COLUMNS, ["snip"], 30)["snip"]
        )
        assert not np.isfinite(found[30:]).any()

    def test_it_is_not_rounded(self) -> None:
        scale = scales_of({"snip": SNIP})["snip"]
        assert (scale.mean, scale.deviation) == (slog(SNIP).mean(), slog(SNIP).std())
        assert scale.rounded() != scale

    def test_one_network_has_no_value(self) -> None:
        evolved = proxy("add(snip, zen)", Normalisation(POPULATION))
        with pytest.raises(
            ValueError, match=r"srgp/D/seed-3 compares the candidates of a population, .* one network"
        ):
            evolved.score({"snip": 1.0, "zen": 2.0})


@pytest.mark.parametrize(
    "normalisation",
    [Normalisation(POPULATION), Normalisation(TRAINING, {"snip": Scale(2, 3), "zen": Scale(4, 5)})],
)
class TestMissing:
    def test_an_input_without_a_column_is_zero(self, normalisation: Normalisation) -> None:
        found = normalisation.inputs({"snip": SNIP}, ["snip", "zen"], 30)
        assert found["zen"].tolist() == [0.0] * 30
        assert (found["snip"] != 0).all()

    def test_a_formula_goes_on_without_it(self, normalisation: Normalisation) -> None:
        evolved = proxy("add(snip, mul(snip, zen))", normalisation)
        values = evolved.values({"snip": SNIP}, 30)
        np.testing.assert_array_equal(values, normalisation.inputs({"snip": SNIP}, ["snip"], 30)["snip"])

    def test_columns_that_are_no_inputs_do_not_matter(self, normalisation: Normalisation) -> None:
        evolved = proxy("snip", normalisation)
        np.testing.assert_array_equal(evolved.values(COLUMNS, 30), evolved.values({"snip": SNIP}, 30))

    def test_if_all_are_missing_no_architecture_is_better(self, normalisation: Normalisation) -> None:
        assert proxy("add(snip, zen)", normalisation).values({}, 4).tolist() == [0.0] * 4


def test_a_single_network_must_have_every_score() -> None:
    evolved = proxy("add(snip, zen)", Normalisation(TRAINING, {"snip": Scale(2, 3), "zen": Scale(4, 5)}))
    with pytest.raises(ValueError, match="needs the scores snip, zen; missing zen"):
        evolved.score({"snip": 1.0})
    assert math.isnan(evolved.score({"snip": 1.0, "zen": math.nan}))
    expected = (math.log(2) - 2) / 3 + (-math.log(8) - 4) / 5
    assert evolved.score({"snip": 1.0, "zen": -7.0}) == pytest.approx(expected, abs=1e-8)


def test_the_last_bits_of_a_score_do_not_change_an_input() -> None:
    # They differ between processors, and would otherwise decide comparisons in an evolution.
    nearly = {"snip": np.nextafter(SNIP, np.inf)}
    for normalisation in (Normalisation(POPULATION), Normalisation(TRAINING, {"snip": Scale(2, 3)})):
        np.testing.assert_array_equal(
            normalisation.inputs(nearly, ["snip"], 30)["snip"],
            normalisation.inputs({"snip": SNIP}, ["snip"], 30)["snip"],
        )
