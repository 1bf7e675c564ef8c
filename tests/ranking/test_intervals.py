"""Intervals hold their estimate, shrink as they should, and agree with what is known of them."""

import math

import numpy as np
import pytest
from scipy import stats

from zcrepro.ranking.correlation import kendall, mean_over_draws, spearman
from zcrepro.ranking.intervals import bootstrap, centred, kendall_error, spearman_error, student_t


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestBootstrap:
    def test_it_is_the_percentile_interval_of_resampled_groups_shifted_to_the_estimate(self) -> None:
        x, y, groups = rng().normal(size=40), rng(1).normal(size=40), np.arange(40) // 2
        found = bootstrap(kendall, x, y, groups, 30, rng(2), 0.9)
        again, resampled = rng(2), []
        for _ in range(30):
            drawn = again.integers(20, size=20)
            rows = np.concatenate([np.flatnonzero(groups == group) for group in drawn])
            resampled.append(kendall(x[rows], y[rows]))
        low, middle, high = np.quantile(resampled, [0.05, 0.5, 0.95])
        value = kendall(x, y)
        assert found == pytest.approx((value + low - middle, value + high - middle), abs=1e-12)

    def test_it_holds_the_estimate_where_the_percentile_interval_does_not(self) -> None:
        def absolute(x: np.ndarray, y: np.ndarray) -> float:
            return abs(spearman(x, y))

        y = np.arange(40.0)
        x = np.concatenate([np.arange(20.0), np.arange(20.0)[::-1]])  # nearly no correlation
        resampled = []
        again = rng(3)
        for _ in range(200):
            rows = again.integers(40, size=40)
            resampled.append(absolute(x[rows], y[rows]))
        value = absolute(x, y)
        assert np.quantile(resampled, 0.025) > value
        low, high = bootstrap(absolute, x, y, np.arange(40), 200, rng(3), 0.95)
        assert low <= value <= high

    def test_copies_of_a_graph_are_one_observation(self) -> None:
        x, y = rng(4).normal(size=50), rng(5).normal(size=50)
        single = bootstrap(spearman, x, y, np.arange(50), 200, rng(6), 0.95)
        doubled = bootstrap(
            spearman, np.repeat(x, 2), np.repeat(y, 2), np.repeat(np.arange(50), 2), 200, rng(6), 0.95
        )
        assert doubled == pytest.approx(single, abs=1e-12)

    def test_several_draws_are_resampled_together(self) -> None:
        x, y = rng(7).normal(size=(3, 50)), rng(8).normal(size=50)
        low, high = bootstrap(mean_over_draws(spearman), x, y, np.arange(50), 50, rng(9), 0.95)
        assert low < np.mean([spearman(draw, y) for draw in x]) < high

    def test_it_covers_at_its_level(self) -> None:
        # Kendall's tau of a bivariate normal is 2/pi arcsin(rho).
        draws, truth, hits = rng(), 2 / math.pi * math.asin(0.6), 0
        for _ in range(60):
            x, z = draws.normal(size=(2, 80))
            low, high = bootstrap(kendall, x, 0.6 * x + 0.8 * z, np.arange(80), 100, draws, level=0.8)
            hits += low < truth < high
        assert 0.65 * 60 <= hits <= 0.95 * 60

    def test_one_graph_has_no_interval(self) -> None:
        found = bootstrap(spearman, np.arange(5.0), np.arange(5.0), np.zeros(5), 20, rng(), 0.95)
        assert np.isnan(found).all()

    def test_lengths_that_differ_are_named(self) -> None:
        with pytest.raises(ValueError, match="4 groups and 5 scores for 5 rows"):
            bootstrap(spearman, np.arange(5.0), np.arange(5.0), np.zeros(4), 20, rng(), 0.95)


class TestCentred:
    def test_undefined_resamples_are_left_out(self) -> None:
        values = [0.1, math.nan, 0.2, 0.3]
        assert centred(0.2, values, 0.5) == pytest.approx(centred(0.2, [0.1, 0.2, 0.3], 0.5))

    def test_nothing_defined_has_no_interval(self) -> None:
        assert np.isnan(centred(0.2, [math.nan], 0.95)).all()
        assert np.isnan(centred(0.2, [], 0.95)).all()
        assert np.isnan(centred(math.nan, [0.2], 0.95)).all()

    def test_ends_stay_within_the_range_of_a_correlation(self) -> None:
        assert centred(0.99, [0.5, 0.9, 0.99], 0.99)[1] == 1
        assert centred(-0.99, [-0.5, -0.9, -0.99], 0.99)[0] == -1

    def test_a_difference_of_correlations_may_reach_further_down(self) -> None:
        low, high = centred(-1.5, [-1.6, -1.5, -1.4], 0.5, lowest=-2.0)
        assert (low, high) == pytest.approx((-1.55, -1.45))


class TestStudent:
    def test_it_agrees_with_scipy(self) -> None:
        values = rng().normal(size=6)
        expected = stats.t.interval(0.9, 5, loc=values.mean(), scale=stats.sem(values))
        assert student_t(values, 0.9) == pytest.approx(expected, rel=1e-12)

    def test_it_is_over_the_first_axis_and_holds_the_mean(self) -> None:
        values = rng(1).normal(size=(4, 3))
        low, high = student_t(values, 0.95)
        assert low.shape == high.shape == (3,)
        assert (low < values.mean(axis=0)).all()
        assert (values.mean(axis=0) < high).all()
        assert low[1] == pytest.approx(student_t(values[:, 1], 0.95)[0])

    def test_one_draw_has_no_spread(self) -> None:
        low, high = student_t(np.ones((1, 2)), 0.95)
        assert np.isnan(low).all()
        assert np.isnan(high).all()


class TestStandardErrors:
    """Against the spread of many samples of a bivariate normal distribution."""

    def spread(self, statistic: object, rho: float, n: int) -> tuple[float, float]:
        cov = [[1, rho], [rho, 1]]
        draws = rng(2).multivariate_normal([0, 0], cov, size=(1000, n))
        values = [statistic(sample[:, 0], sample[:, 1]) for sample in draws]  # type: ignore[operator]
        return float(np.mean(values)), float(np.std(values))

    @pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
    def test_they_are_the_spread_of_samples(self, rho: float) -> None:
        for statistic, error in ((spearman, spearman_error), (kendall, kendall_error)):
            mean, spread = self.spread(statistic, rho, 40)
            assert error(mean, 40) == pytest.approx(spread, rel=0.15)

    @pytest.mark.parametrize("error", [spearman_error, kendall_error])
    def test_they_shrink_with_the_square_root_of_n(self, error: object) -> None:
        ratio = error(0.5, 1000) / error(0.5, 4000)  # type: ignore[operator]
        assert ratio == pytest.approx(2, rel=0.01)

    @pytest.mark.parametrize("error", [spearman_error, kendall_error])
    def test_too_few_rows_are_refused(self, error: object) -> None:
        with pytest.raises(ValueError, match="needs at least 5"):
            error(0.5, 4)  # type: ignore[operator]
