"""Figures: the same bytes on every run, and the numbers and texts that a reader needs."""

import csv
import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro import registry
from zcrepro.files import parquet
from zcrepro.problems.problem import Problem
from zcrepro.programs.names import IMAGES
from zcrepro.proxies._passes.synflow import SYNFLOW
from zcrepro.report import _vega
from zcrepro.report._base import SECTIONS
from zcrepro.report._colours import ROLES, SERIES, resolved
from zcrepro.report._searches import Curves
from zcrepro.report.figures import cost, scatter, search
from zcrepro.report.figures.evolution import _corners

Specification = dict[str, Any]


@pytest.fixture
def reads(figure_reads: dict[str, list[str]]) -> dict[str, list[str]]:
    """What each figure reads; the tables among it are made."""
    return figure_reads


@pytest.fixture
def made_tables(run: Any, reads: dict[str, list[str]], reference_file: Any) -> None:
    """The tables that figures read: a search beside a paper's value, and reduced trainings."""
    row = "nasbench201/cifar100 random_search"
    references = reference_file("zcp_search", (row, "10 models", "best test accuracy", "printed", 59.0, 3.0))
    run.table("zcp_search", reads["search"][:-1], references)
    run.table("zcp_econas", ["epochs/nasbench201"])


def rows(specification: Specification) -> list[dict[str, str]]:
    """The data of a chart."""
    return list(csv.DictReader(io.StringIO(specification["data"]["values"])))


def picture(run: Any, name: str) -> ElementTree.Element:
    """The SVG that was drawn."""
    return ElementTree.fromstring((run.results / "figures" / f"{name}.svg").read_text())


def texts(run: Any, name: str) -> list[str]:
    """All texts of an SVG."""
    tag = "{http://www.w3.org/2000/svg}text"
    return ["".join(element.itertext()) for element in picture(run, name).iter(tag)]


def test_every_figure_is_tested(reads: dict[str, list[str]]) -> None:
    assert sorted(reads) == registry.names("figure")


@pytest.mark.usefixtures("made_tables")
@pytest.mark.parametrize("name", registry.names("figure"))
def test_equal_inputs_give_equal_bytes(run: Any, reads: dict[str, list[str]], name: str) -> None:
    files = [run.results / "figures" / f"{name}.{end}" for end in ("svg", "vl.json")]
    run.figure(name, reads[name])
    first = [path.read_bytes() for path in files]
    run.figure(name, reads[name])
    assert [path.read_bytes() for path in files] == first


@pytest.mark.usefixtures("made_tables")
@pytest.mark.parametrize("name", registry.names("figure"))
def test_a_figure_belongs_to_a_section_and_draws_marks_in_colours_of_the_page(
    run: Any, reads: dict[str, list[str]], name: str
) -> None:
    described = registry.get("figure", name)
    assert described.section in SECTIONS
    drawn = run.figure(name, reads[name])
    assert "nothing" not in drawn.get("usermeta", {})
    assert drawn["description"].endswith(".")
    assert not re.search('"#[0-9a-f]{3,8}"', json.dumps(drawn)), "a colour is named by its role"
    svg = (run.results / "figures" / f"{name}.svg").read_text()
    assert "var(--" not in svg
    kinds = {element.tag.rpartition("}")[2] for element in picture(run, name).iter()}
    assert "path" in kinds


@pytest.mark.usefixtures("made_tables")
@pytest.mark.parametrize("name", sorted({*registry.names("figure")} - {"agreement", "econas"}))
def test_the_embedded_benchmark_is_named(run: Any, reads: dict[str, list[str]], name: str) -> None:
    assert "(embedded)" in json.dumps(run.figure(name, reads[name]))


@pytest.mark.parametrize("name", registry.names("figure"))
def test_without_inputs_it_says_what_is_missing(run: Any, name: str) -> None:
    said = run.figure(name, [])["usermeta"]["nothing"]
    assert said.startswith(("the run makes no", "the run has no", "no value of this run"))
    assert texts(run, name) == [said]


@pytest.mark.usefixtures("made_tables")
def test_values_are_drawn_at_their_difference_in_tolerances(run: Any) -> None:
    (point,) = rows(run.figure("agreement", ["tables/zcp_search"]))
    # Searches 0, 1 and 2 have 59, 60 and 61 percent after 10 models.
    assert (float(point["ours"]), float(point["paper"])) == (60.0, 59.0)
    assert float(point["difference"]) == pytest.approx(1 / 3, abs=1e-3)
    assert point["verdict"] == "undecided"


@pytest.mark.usefixtures("made_tables")
def test_cost_is_the_median_of_the_seconds_of_the_pass(run: Any, reads: dict[str, list[str]]) -> None:
    drawn = run.figure("cost", reads["cost"])
    of_digits = {row["proxy"]: row for row in rows(drawn) if row["problem"].startswith("embedded_cell")}
    costs = {name: float(of_digits[name]["cost"]) for name in ("synflow", "snip", "zen", "params")}
    assert costs == {"synflow": 2.0, "snip": 11.0, "zen": 3.0, "params": 1.5}
    assert of_digits["snip"]["pass"] == of_digits["fisher"]["pass"] == "gradients"
    assert float(of_digits["synflow"]["tau"]) == 1.0
    assert units(drawn)["embedded_cell/digits (embedded), our scores"].startswith(
        "seconds per network, timed"
    )


def units(drawn: dict[str, Any]) -> dict[str, str]:
    """The unit of the cost, by the label of the problem."""
    return next(param["value"] for param in drawn["params"] if param["name"] == "units")


@pytest.mark.usefixtures("made_tables")
@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(0.5, "seconds per network, from costs on record"), (None, "forward passes of the network")],
)
def test_cost_of_scores_that_no_pass_was_timed_for_is_in_seconds_of_forward_passes_on_record(
    run: Any, reads: dict[str, list[str]], seconds: float | None, unit: str
) -> None:
    if seconds:
        (run.results / "costs.csv").write_text(f"space,task,seconds\nnasbench201,cifar10,{seconds}\n")
    drawn = run.figure("cost", reads["cost"])
    label = "nasbench201/cifar10, published scores"
    costs = {row["proxy"]: float(row["cost"]) for row in rows(drawn) if row["problem"] == label}
    assert units(drawn)[label] == unit
    forwards = float(SYNFLOW.cost)
    assert costs["synflow"] == pytest.approx(forwards * (seconds or 1))


def test_names_beside_marks_of_about_the_same_cost_do_not_overlap() -> None:
    rng = np.random.default_rng(0)
    points = pd.DataFrame({"cost": np.repeat([1.0, 1.2, 9.0], 8), "tau": rng.uniform(0, 0.3, 24)})
    points.loc[0, "tau"] = -0.7  # so that the others are close together
    labelled = cost._labelled(points)
    height = cost.LABEL * (labelled["tau"].max() - labelled["tau"].min())
    for _, names in labelled.groupby([labelled["cost"] > 2, "side"]):
        assert np.diff(np.sort(names["label"])).min() >= height - 1e-12
    assert (labelled["label"] >= labelled["tau"]).all()
    assert (labelled["label"] == labelled["tau"]).any()


@pytest.mark.usefixtures("made_tables")
def test_training_that_stops_early_costs_its_seconds_in_epochs(run: Any) -> None:
    (point,) = rows(run.figure("econas", ["tables/zcp_econas"]))
    assert (point["line"], float(point["cost"])) == ("early stopping", 2.0)  # 10 of 40 seconds, of 8 epochs


def test_correlations_show_every_proxy_and_the_formulas_in_the_order_of_their_means(
    run: Any, reads: dict[str, list[str]]
) -> None:
    drawn = run.figure("correlation", reads["correlation"])
    assert "n = 30 to 60 architectures" in drawn["title"]
    lines = list(dict.fromkeys(row["down"] for row in rows(drawn)))
    assert lines[:2] == ["srgp on D", "srgp on E"]
    assert {"synflow", "zen"} <= set(lines)
    zen = [row for row in rows(drawn) if row["down"] == "zen"]
    assert {float(row["value"]) for row in zen} == {0.58, 0.6}
    assert all(float(row["ci_low"]) < float(row["value"]) < float(row["ci_high"]) for row in zen)


def test_without_the_evolutions_the_middle_run_is_shown_and_called_so(run: Any) -> None:
    drawn = rows(run.figure("correlation", ["generalization/srgp"]))
    assert "srgp on D, middle run" in {row["down"] for row in drawn}


def test_the_generalization_holds_numbers_and_marks_what_was_trained_on(
    run: Any, reads: dict[str, list[str]]
) -> None:
    drawn = run.figure("generalization", reads["generalization"])
    shown = [(row["down"], row["text"], row["what"]) for row in rows(drawn)]
    evolved = [text for _, text, _ in shown]
    assert evolved.count("0.65*") == 2  # D on its own problem, E on its own
    assert evolved.count("0.65") == 2
    assert ("best hand-crafted", "0.60", "zen") in shown
    assert ("best count", "0.62", "-d_max") in shown
    assert "n = 30 to 60 architectures" in drawn["title"]  # and no numbers of pairs


def test_search_curves_name_ways_metric_repeats_and_the_best_possible(
    run: Any, reads: dict[str, list[str]]
) -> None:
    drawn = run.figure("search", reads["search"][:-1])
    found = rows(drawn)
    assert {row["how"] for row in found} == {"plain", "synflow, warmup 100"}
    titles = next(param["value"] for param in drawn["params"] if param["name"] == "titles")
    assert titles["nasbench201/cifar100random_search"].endswith("test accuracy (%), n = 3 searches")
    of = {"problem": "nasbench201/cifar100", "how": "plain", "trained": "20"}
    (last,) = [row for row in found if of.items() <= row.items()]
    assert (float(last["mean"]), float(last["highest"])) == (70.0, 79.0)
    assert float(last["low"]) < 70 < float(last["high"])
    assert "best of all" in texts(run, "search")


@pytest.mark.usefixtures("made_tables")
def test_the_values_of_the_paper_are_points_beside_the_curves_of_their_searches(
    run: Any, reads: dict[str, list[str]]
) -> None:
    *searches, table = reads["search"]
    alone = run.figure("search", searches)
    drawn = run.figure("search", [*searches, table])
    *curves, papers = drawn["layer"]
    assert curves == alone["layer"]
    assert papers["mark"]["type"] == "point"
    (point,) = rows(papers)
    title = "nasbench201/cifar100"
    of = {"problem": title, "algorithm": "random_search", "how": "plain", "trained": "10", "paper": "59"}
    assert point == of
    assert of.keys() - {"paper"} <= rows(drawn)[0].keys()


def test_the_fittest_run_of_an_evolution_is_marked(run: Any, reads: dict[str, list[str]]) -> None:
    drawn = run.figure("evolution", reads["evolution"])
    titles = next(param["value"] for param in drawn["params"] if param["name"] == "titles")
    assert titles["srgp on D"].startswith("n = 3 runs, fittest: repeat 1, 0.750")
    of_d = [row for row in rows(drawn) if row["training_set"] == "srgp on D"]
    assert {row["repeat"] for row in of_d if row["which"] == "fittest run"} == {"repeat 1"}


def test_the_front_has_each_formula_in_mathematics_with_its_functions_explained(
    run: Any, reads: dict[str, list[str]]
) -> None:
    drawn = run.figure("front", reads["front"])
    small, large = (row for row in rows(drawn) if row["training_set"] == "srgp on D")
    assert (float(small["fitness"]), float(large["fitness"])) == (0.65, 0.75)  # of repeat 1
    assert (small["size"], large["size"]) == ("1", "3")
    math = ElementTree.fromstring(large["mathml"])
    assert "".join(math.itertext()) == "synflow+nwot"
    assert large["legend"] == "add(a, b) = a + b, nwot, synflow: standardised scores"


def test_the_evolutions_of_programs_stand_beside_those_of_formulas(
    run: Any, reads: dict[str, list[str]]
) -> None:
    drawn = run.figure("evolution", reads["evolution"])
    titles = next(param["value"] for param in drawn["params"] if param["name"] == "titles")
    assert set(titles) == {"srgp on D", "srgp on E", "eznas on digits"}
    choice = drawn["params"][0]["bind"]["options"]
    assert choice[-1] == "eznas on digits"
    assert titles["eznas on digits"].startswith("n = 2 runs, fittest: repeat 1, 0.550")
    assert titles["eznas on digits"].endswith("smallest magnitude of Kendall's tau on 2 sets of networks")
    points = [
        row for row in rows(run.figure("front", reads["front"])) if row["training_set"] == "eznas on digits"
    ]
    assert [(row["size"], float(row["fitness"])) for row in points] == [("2", 0.4), ("4", 0.55)]
    assert "".join(ElementTree.fromstring(points[0]["mathml"]).itertext()) == "numel(wt)"
    assert points[0]["legend"] == "numel(a) = the number of elements; wt: weight of the second module"


def test_a_scatter_plot_has_every_score_and_says_the_correlation_of_all(
    run: Any, reads: dict[str, list[str]]
) -> None:
    drawn = run.figure("scatter", reads["scatter"])
    taus = next(param["value"] for param in drawn["params"] if param["name"] == "taus")
    assert taus["embedded_cell/digits (embedded), our scores"]["synflow"] == (
        "synflow: Kendall's tau 1.000\ntest accuracy, n = 60"
    )
    assert taus["nasbench201/cifar10, our scores"]["grasp"].endswith("n = 49")  # one is undefined
    assert "nasbench201/cifar100, published scores" in taus
    points = [row for row in rows(drawn) if row["problem"].startswith("embedded_cell")]
    assert len(points) == 60
    assert [row["arch"] for row in points if row["grasp"] == ""] == ["arch-03"]


def test_the_ticks_of_log_error_stand_at_round_accuracies(run: Any, reads: dict[str, list[str]]) -> None:
    run.figure("scatter", reads["scatter"])
    shown = {float(text) for text in texts(run, "scatter") if re.fullmatch(r"[\d.]+", text)}
    assert {10, 50, 80, 90} <= shown <= {*scatter.TICKS, *range(61)}  # these are ranks


def test_scatter_plots_show_the_first_draw(run: Any) -> None:
    path = run.results / "features" / "embedded_cell" / "digits.parquet"
    features = parquet.read(path).drop(columns="draw")
    run.write_features("embedded_cell/digits", [features, features.assign(synflow=features["snip"])])
    drawn = run.figure("scatter", ["features/embedded_cell/digits", "accuracies/embedded_cell"])
    taus = next(param["value"] for param in drawn["params"] if param["name"] == "taus")
    assert "synflow: Kendall's tau 1.000" in taus["embedded_cell/digits (embedded), our scores"]["synflow"]


def test_large_problems_are_drawn_from_a_sample_and_correlated_in_full(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scatter, "POINTS", 20)
    drawn = run.figure("scatter", ["features/embedded_cell/digits", "accuracies/embedded_cell"])
    taus = next(param["value"] for param in drawn["params"] if param["name"] == "taus")
    said = taus["embedded_cell/digits (embedded), our scores"]["synflow"]
    assert said == "synflow: Kendall's tau 1.000\ntest accuracy, n = 60, a random 20 drawn"
    assert len(rows(drawn)) == 20


def test_pairs_of_proxies_are_correlated_over_the_architectures_that_have_both(
    run: Any, reads: dict[str, list[str]]
) -> None:
    pairs = {
        (row["down"], row["across"]): row["value"]
        for row in rows(run.figure("proxy_pairs", reads["proxy_pairs"]))
        if row["problem"] == "nasbench201/cifar10, our scores"
    }
    assert float(pairs["grasp", "grasp"]) == 1.0
    assert pairs["snip", "zen"] == pairs["zen", "snip"]
    features = parquet.read(run.results / "features" / "nasbench201" / "cifar10.parquet")
    expected = features["snip"].corr(features["grasp"], method="spearman")
    assert float(pairs["snip", "grasp"]) == pytest.approx(expected, abs=1e-3)


def test_the_number_of_images_of_programs_is_no_proxy(run: Any) -> None:
    path = run.results / "features" / "embedded_cell" / "digits.parquet"
    features = parquet.read(path).drop(columns="draw")
    images = {IMAGES: [16.0] * 59 + [4.0], f"{IMAGES}_status": "ok"}
    run.write_features("embedded_cell/digits", [features.assign(**images)])
    for name in ("scatter", "proxy_pairs", "cost"):
        drawn = run.figure(name, ["features/embedded_cell/digits", "accuracies/embedded_cell"])
        assert IMAGES not in json.dumps(drawn)


def test_each_way_in_which_a_proxy_helps_has_a_look_of_its_own_whatever_the_algorithm() -> None:
    def curves(algorithm: str, guide: str, help: str, amount: int) -> Curves:
        return Curves(
            Problem("a", "b"), "", algorithm, guide, help, amount, "test", 9, 0, 1.0, np.ones((2, 3))
        )

    plain = [curves(algorithm, "none", "none", 0) for algorithm in ("local", "walk")]
    many = [("warmup", number) for number in range(1, 7)] + [("move", number) for number in range(1, 4)]
    helped = [curves("walk", "snip", help, amount) for help, amount in many]
    looks = search._looks([*plain, *helped, curves("local", "snip", "warmup", 1)])
    assert next(iter(looks)) == "plain"
    assert looks["plain"][0] not in SERIES
    assert len({(colour, tuple(dash)) for colour, dash in looks.values()}) == len(many) + 1


def test_a_problem_without_any_defined_value_is_drawn_all_the_same(run: Any) -> None:
    path = run.results / "generalization" / "srgp.parquet"
    frame = parquet.read(path)
    frame.loc[frame["problem"] == "nasbench201/cifar10", ["value", "ci_low", "ci_high"]] = float("nan")
    to_parquet(frame, path)
    for name in ("correlation", "generalization"):
        drawn = run.figure(name, ["generalization/srgp"])
        assert "nasbench201/cifar10" in {row["across"] for row in rows(drawn)}


def test_the_line_of_an_evolution_passes_through_every_value() -> None:
    values = [0.1, 0.1, 0.1, 0.4, 0.4, 0.5, 0.5, 0.5]
    places = _corners(values)
    assert places == [0, 2, 3, 4, 5, 7]
    assert np.interp(range(8), places, [values[place] for place in places]).tolist() == values
    assert _corners([0.3]) == [0]


@pytest.mark.parametrize("theme", [0, 1])
def test_text_on_every_ground_has_enough_contrast(theme: int) -> None:
    def contrast(one: str, other: str) -> float:
        low, high = sorted(map(_luminance, (ROLES[one][theme], ROLES[other][theme])))
        return (high + 0.05) / (low + 0.05)

    grounds = [role for role in ROLES if role.startswith("heat-")]
    assert min(contrast("text", ground) for ground in grounds) >= 4.5
    for verdict in ("reproduced", "differs", "undecided", "other"):
        assert contrast(verdict, f"{verdict}-ground") >= 4.5
    for ground in ("page", "card"):
        assert min(contrast(role, ground) for role in ("text", "muted", "link")) >= 4.5
        marks = [role for role in ROLES if role.startswith("series-")]
        assert min(contrast(role, ground) for role in marks) >= 3  # of what is no text


def _luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_a_role_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="teal"):
        resolved("fill: var(--teal)")


def test_missing_numbers_are_empty_fields() -> None:
    data = _vega.rows(pd.DataFrame({"a": [0.123456, float("nan")], "b": ["x, y", "z"]}))
    assert data["values"] == 'a,b\n0.1235,"x, y"\n,z\n'
    assert data["format"]["parse"] == {"a": "number", "b": "string"}
