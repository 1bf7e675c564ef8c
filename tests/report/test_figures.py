"""Figures: the same bytes on every run, and the texts that a reader needs."""

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from sealing import to_parquet
from zcrepro import registry
from zcrepro.files import parquet
from zcrepro.problems.problem import Problem
from zcrepro.report import _style
from zcrepro.report._searches import Curves
from zcrepro.report.figures import scatter, search
from zcrepro.report.figures.evolution import _corners

SEARCHES = ["search/zcp/embedded_cell-digits", "search/zcp/nasbench201-cifar100"]
FEATURES = [
    "features/embedded_cell/digits",
    "accuracies/embedded_cell",
    "features/nasbench201/cifar10",
    "accuracies/nasbench201",
]


@pytest.fixture
def reads(evolved_reads: list[str]) -> dict[str, list[str]]:
    """What each figure reads."""
    generalization = ["generalization/srgp", *evolved_reads]
    return {
        "correlation": generalization,
        "generalization": generalization,
        "search": SEARCHES,
        "evolution": evolved_reads,
        "scatter": [*evolved_reads, *FEATURES],
    }


def texts(svg: str) -> str:
    """All text of an SVG, line by line."""
    root = ElementTree.fromstring(svg)
    return "\n".join("".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text"))


def test_every_figure_is_tested(reads: dict[str, list[str]]) -> None:
    assert sorted(reads) == registry.names("figure")


@pytest.mark.parametrize("name", registry.names("figure"))
def test_equal_inputs_give_equal_bytes(run: Any, reads: dict[str, list[str]], name: str) -> None:
    first = run.figure(name, reads[name])
    assert run.figure(name, reads[name]) == first
    assert "<dc:date>" not in first


@pytest.mark.parametrize("name", registry.names("figure"))
def test_the_embedded_benchmark_is_named(run: Any, reads: dict[str, list[str]], name: str) -> None:
    assert "(embedded)" in texts(run.figure(name, reads[name]))


@pytest.mark.parametrize("name", registry.names("figure"))
def test_without_inputs_it_says_what_is_missing(run: Any, name: str) -> None:
    assert "the run makes no" in texts(run.figure(name, []))


def test_correlations_show_every_proxy_the_formulas_and_the_counts(
    run: Any, reads: dict[str, list[str]]
) -> None:
    shown = texts(run.figure("correlation", reads["correlation"])).splitlines()
    assert {"synflow", "zen", "srgp on D", "srgp on E", "nasbench201", "cifar10", "n = 30 to 60"} <= set(
        shown
    )


def test_without_the_evolutions_the_middle_run_is_shown_and_called_so(run: Any) -> None:
    shown = texts(run.figure("correlation", ["generalization/srgp"])).splitlines()
    assert "srgp on D, middle run" in shown


def test_the_heat_map_holds_numbers_and_marks_what_was_trained_on(
    run: Any, reads: dict[str, list[str]]
) -> None:
    shown = texts(run.figure("generalization", reads["generalization"])).splitlines()
    assert shown.count("0.65*") == 2  # D on its own problem, E on its own
    assert shown.count("0.65") == 2
    assert {"best hand-crafted", "zen", "best count", "0.62", "-d_max"} <= set(shown)
    assert "n = 30 to 60 architectures" in shown  # and no numbers of pairs


def test_search_curves_name_methods_metric_and_repeats(run: Any, reads: dict[str, list[str]]) -> None:
    shown = texts(run.figure("search", reads["search"])).splitlines()
    assert {"plain", "synflow, warmup 100", "best of all"} <= set(shown)
    assert {"test accuracy (%)", "validation accuracy (%)", "nasbench201/cifar100"} <= set(shown)
    assert "random_search, n = 3 searches" in shown


def test_the_fittest_run_of_an_evolution_is_marked(run: Any, reads: dict[str, list[str]]) -> None:
    assert "fittest: repeat 1, 0.750" in texts(run.figure("evolution", reads["evolution"]))


def test_scatter_plots_leave_out_what_the_formula_was_evolved_on(
    run: Any, reads: dict[str, list[str]]
) -> None:
    shown = texts(run.figure("scatter", reads["scatter"])).splitlines()
    titles = [line for line in shown if line.startswith("synflow: tau")]
    # D was evolved on half of the graphs of nasbench201, and on none of embedded_cell. One architecture
    # of each has no grasp.
    assert titles[0] == "synflow: tau 1.000, n = 59"
    assert int(titles[1].split("n = ")[1]) < 49
    assert any(line.startswith("srgp on D, repeat 1: tau") for line in shown)


def test_a_score_that_the_tables_do_not_call_hand_crafted_is_not_the_best_proxy(run: Any) -> None:
    features = parquet.read(run.results / "features" / "embedded_cell" / "digits.parquet").drop(
        columns="draw"
    )
    derived = features.assign(
        synflow=features["snip"], synflow_status="ok", logarithm=features["synflow"], logarithm_status="ok"
    )
    run.write_features("embedded_cell/digits", [derived])
    inputs = ["features/embedded_cell/digits", "accuracies/embedded_cell"]
    assert "logarithm: tau 1.000" in texts(run.figure("scatter", inputs))
    shown = texts(run.figure("scatter", [*inputs, "generalization/srgp"]))
    assert "logarithm" not in shown
    assert ": tau 0." in shown


def test_a_problem_without_a_hand_crafted_proxy_is_not_in_the_scatter_plots(run: Any) -> None:
    path = run.results / "features" / "embedded_cell" / "digits.parquet"
    features = parquet.read(path).drop(columns="draw")
    run.write_features(
        "embedded_cell/digits", [features[["arch", "graph"]].assign(later=1.0, later_status="ok")]
    )
    inputs = ["features/embedded_cell/digits", "accuracies/embedded_cell", "generalization/srgp"]
    assert "with a hand-crafted proxy" in texts(run.figure("scatter", inputs))


def test_scatter_plots_show_the_first_draw(run: Any) -> None:
    features = parquet.read(run.results / "features" / "embedded_cell" / "digits.parquet").drop(
        columns="draw"
    )
    run.write_features("embedded_cell/digits", [features, features.assign(synflow=features["snip"])])
    svg = run.figure("scatter", ["features/embedded_cell/digits", "accuracies/embedded_cell"])
    assert "synflow: tau 1.000, n = 59" in texts(svg)


def test_each_way_in_which_a_proxy_helps_has_a_colour_whatever_the_algorithm() -> None:
    def curves(algorithm: str, guide: str, help: str, amount: int) -> Curves:
        return Curves(
            Problem("a", "b"), "", algorithm, guide, help, amount, "test", 9, 0, 1.0, np.ones((2, 3))
        )

    plain = [curves(algorithm, "none", "none", 0) for algorithm in ("local", "walk")]
    helped = [curves("local", "snip", "warmup", 9), curves("walk", "snip", "warmup", 10)]
    looks = search._looks([*plain, *helped, curves("walk", "snip", "warmup", 9)])
    assert list(looks) == ["plain", "snip, warmup 9", "snip, warmup 10"]
    assert looks["plain"][0] == _style.PALETTE[-1]
    assert len(set(looks.values())) == 3


def test_ways_that_share_a_colour_have_another_dash() -> None:
    many = [("warmup", number) for number in range(1, 7)] + [("move", number) for number in range(1, 4)]
    found = [
        Curves(Problem("a", "b"), "", "walk", "snip", help, amount, "test", 9, 0, 1.0, np.ones((2, 3)))
        for help, amount in many
    ]
    looks = search._looks(found)
    assert len(set(looks.values())) == len(many) + 1


def test_large_problems_are_drawn_from_a_sample_and_correlated_in_full(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scatter, "POINTS", 20)
    svg = run.figure("scatter", ["features/embedded_cell/digits", "accuracies/embedded_cell"])
    assert "synflow: tau 1.000, n = 59, 20 drawn" in texts(svg)


def test_a_problem_without_any_defined_value_is_drawn_all_the_same(run: Any) -> None:
    path = run.results / "generalization" / "srgp.parquet"
    frame = parquet.read(path)
    frame.loc[frame["problem"] == "nasbench201/cifar10", ["value", "ci_low", "ci_high"]] = float("nan")
    to_parquet(frame, path)
    for name in ("correlation", "generalization"):
        assert "nasbench201" in texts(run.figure(name, ["generalization/srgp"]))


def test_the_line_of_an_evolution_passes_through_every_value() -> None:
    values = [0.1, 0.1, 0.1, 0.4, 0.4, 0.5, 0.5, 0.5]
    places = _corners(values)
    assert places == [0, 2, 3, 4, 5, 7]
    assert np.interp(range(8), places, [values[place] for place in places]).tolist() == values
    assert _corners([0.3]) == [0]
