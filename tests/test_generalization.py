"""The generalization stage: every number recomputed from the files, on the populations it names."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro import seeds
from zcrepro.files import parquet
from zcrepro.files.json import read_sealed, write_sealed
from zcrepro.formulas.evolved import load_formula
from zcrepro.generalization.stage import generalize
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.problems.split import draw
from zcrepro.ranking.correlation import kendall, mean_over_draws, spearman
from zcrepro.ranking.intervals import bootstrap, centred, resampled_rows
from zcrepro.ranking.resampled import correlations

SETTINGS: dict[str, Any] = {
    "problems": ["s/a", "t/b"],
    "source": "released",
    "completed": [],
    "handcrafted": ["p", "q", "params"],
    "later": [],
    "counts": ["structure_m", "structure_n"],
    "seed": 1,
    "resamples": 60,
    "level": 0.9,
    "max_undefined_share": 0.1,
}
NAMES = (*SETTINGS["handcrafted"], *SETTINGS["counts"])

FORMULAS = {("D", 0): "add(p, q)", ("D", 1): "p", ("D-", 0): "sub(p, structure_m)"}
SCALES = {
    "p": {"mean": 0.1, "deviation": 0.5},
    "q": {"mean": 0.0, "deviation": 0.25},
    "structure_m": {"mean": 2.0, "deviation": 1.5},
}

ROWS, GRAPHS = 150, 60
GRAPH = np.array([f"graph {number % GRAPHS}" for number in range(ROWS)], object)
ARCH = [f"{number:03}" for number in range(ROWS)]

METRICS = {"kendall", "spearman", "regret", "kendall at equal params", "kendall at equal counts"}
LEADS = {"minus hand-crafted", "minus sound hand-crafted", "minus count"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Problem s/a has validation and test accuracy, t/b validation only; D trained on both, D- on s/a."""
    rng = np.random.default_rng(2)
    problems = []
    of_graph = np.arange(ROWS) % GRAPHS
    for problem, metrics in (("s/a", ("validation", "test")), ("t/b", ("validation",))):
        space, task = problem.split("/")
        p, q = rng.normal(size=(2, GRAPHS))[:, of_graph]
        scores = pd.DataFrame({"arch": ARCH, "graph": GRAPH, "task": task, "p": p, "q": q, "source": "x"})
        scores["params"] = rng.uniform(1, 2, GRAPHS)[of_graph]
        scores.loc[7, "q"] = np.nan
        to_parquet(scores, tmp_path / f"{space}-scores.parquet")
        counts = pd.DataFrame(
            {"arch": ARCH, "graph": GRAPH, "structure_m": rng.integers(4, size=GRAPHS)[of_graph] * 1.0}
        )
        counts["structure_n"] = rng.integers(2, size=GRAPHS)[of_graph] * 1.0
        to_parquet(counts, tmp_path / f"{space}-structure.parquet", {"counts_of": "operations"})
        frames = [
            pd.DataFrame(
                {"arch": ARCH, "graph": GRAPH, "metric": metric, "accuracy": p + q + rng.normal(size=ROWS)}
            )
            for metric in metrics
        ]
        to_parquet(
            pd.concat(frames).assign(task=task, seeds=1, source="x"), tmp_path / f"{space}-acc.parquet"
        )
        problems.append(
            Rows(Problem.parse(problem), "validation", np.array(ARCH, object), GRAPH, {"p": p}, p, {})
        )
    for (training_set, repeat), formula in FORMULAS.items():
        trained = problems if training_set == "D" else problems[:1]
        _, split = draw(trained, [25] * len(trained), seed=4)
        found = {"method": "srgp", "training_set": training_set, "repeat": repeat, "formula": formula}
        found |= {"problems": sorted(split.cutoffs), "split": split.as_json(), "training_fitness": 0.5}
        found |= {"normalisation": {"kind": "training", "scales": SCALES}, "counts_of": "", "replaced": {}}
        if "structure" in formula:
            found["counts_of"] = "operations"
        write_sealed(tmp_path / f"{training_set}-{repeat}.json", found)
    return tmp_path


def run(folder: Path, evolved: Sequence[str] = ("D-0", "D-1", "D--0"), **changes: Any) -> pd.DataFrame:
    computed = changes.pop("computed", [])
    chosen = SETTINGS | changes
    write_sealed(folder / "settings.json", chosen)
    spaces = [problem.split("/")[0] for problem in chosen["problems"]]
    generalize(
        settings_file=folder / "settings.json",
        evolved=[folder / f"{name}.json" for name in evolved],
        accuracies=[folder / f"{space}-acc.parquet" for space in spaces],
        scores=[folder / f"{space}-scores.parquet" for space in spaces],
        structure=[folder / f"{space}-structure.parquet" for space in spaces],
        computed=computed,
        output=folder / "out.parquet",
    )
    return parquet.read(folder / "out.parquet")


def table_of(folder: Path, row: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the architectures of the population of a row, and those that have every score."""
    space = row["problem"].split("/")[0]
    table = parquet.read(folder / f"{space}-acc.parquet")
    assert row["metric_of"] == ("test" if space == "s" else "validation")
    table = table[table["metric"] == row["metric_of"]].merge(
        parquet.read(folder / f"{space}-scores.parquet"), on=["arch", "graph", "task"]
    )
    table = table.merge(parquet.read(folder / f"{space}-structure.parquet"), on=["arch", "graph"])
    if row["population"] == "held out":
        split = load_formula(folder / f"{row['training_set']}-0.json").split
        table = table[split.held_out(space, table["graph"].to_numpy(object))]
        assert table["graph"].nunique() == GRAPHS - 25
    return table, table.dropna()


def values_of(folder: Path, row: Any, table: pd.DataFrame) -> np.ndarray:
    """Return the values of a row's method, computed from the scales of the file by hand."""
    if row["method"] != "srgp":
        return table[row["name"]].to_numpy()
    path = folder / f"{row['name'].removeprefix('srgp/').replace('/seed', '')}.json"
    inputs = {}
    for name, scale in SCALES.items():
        raw = table[name].to_numpy()
        slog = raw if name.startswith("structure") else np.sign(raw) * np.log1p(np.abs(raw))
        inputs[name] = (slog - scale["mean"]) / scale["deviation"]
    return load_formula(path).formula.evaluate(inputs)


def among(alike: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """Return Kendall's tau-b among the pairs of a boolean matrix, and their number."""
    upper = np.triu(alike, 1)
    of_x, of_y = (np.sign(v[:, np.newaxis] - v)[upper] for v in (x, y))
    return float((of_x * of_y).sum() / np.sqrt((of_x**2).sum() * (of_y**2).sum())), int(upper.sum())


def test_a_proxy_of_a_later_paper_is_judged_like_the_others_but_is_no_rival(folder: Path) -> None:
    as_rival = run(folder)
    beside = run(folder, handcrafted=["q", "params"], later=["p"])
    assert set(beside.loc[beside["method"] == "later", "name"]) == {"p"}
    for metric in METRICS:
        values = [
            found.loc[
                (found["metric"] == metric) & (found["method"] == method) & (found["name"] == "p"), "value"
            ]
            for found, method in ((as_rival, "hand-crafted"), (beside, "later"))
        ]
        assert values[0].tolist() == values[1].tolist() != []
    leads = "minus hand-crafted"
    assert "p" in set(as_rival.loc[as_rival["metric"] == leads, "rival"])
    assert "p" not in set(beside.loc[beside["metric"] == leads, "rival"])


def test_every_value_is_that_of_the_named_population(folder: Path) -> None:
    found = run(folder)
    for row in found[found["metric"].isin(["kendall", "spearman"])].to_dict("records"):
        table, defined = table_of(folder, row)
        values = values_of(folder, row, defined)
        statistic = {"kendall": kendall, "spearman": spearman}[row["metric"]]
        assert row["value"] == pytest.approx(statistic(values, defined["accuracy"].to_numpy()))
        assert (row["n"], row["undefined"]) == (len(defined), len(table) - len(defined))
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert (row["status"], row["replaced"], row["ours"], row["rival"]) == ("ok", "", "", "")
        assert row["normalisation"] == ("training" if row["method"] == "srgp" else "")


def test_the_regret_is_that_of_the_best_scored_of_the_population(folder: Path) -> None:
    found = run(folder)
    for row in found[found["metric"] == "regret"].to_dict("records"):
        _, defined = table_of(folder, row)
        values, accuracy = values_of(folder, row, defined), defined["accuracy"].to_numpy()
        assert row["value"] == pytest.approx(accuracy.max() - accuracy[values == values.max()].mean())
        assert math.isnan(row["ci_low"])


def test_of_a_proxy_of_which_smaller_is_better_the_smallest_score_is_the_best(folder: Path) -> None:
    path = folder / "s-scores.parquet"
    to_parquet(parquet.read(path).assign(ntk_condition=lambda rows: -rows["p"]), path)
    names = ["p", "q", "params", "ntk_condition"]
    found = run(folder, handcrafted=names, problems=["s/a"], evolved=["D-1"])
    regrets = found[(found["metric"] == "regret") & (found["population"] == "all")].set_index("name")["value"]
    assert regrets["ntk_condition"] == regrets["p"] > 0


def test_pairs_of_equal_size_and_of_equal_counts(folder: Path) -> None:
    found = run(folder)
    checked = 0
    for row in found[found["metric"].str.startswith("kendall at")].to_dict("records"):
        table, defined = table_of(folder, row)
        if row["metric"] == "kendall at equal counts":
            counts = defined[["structure_m", "structure_n"]].to_numpy()
            alike = (counts[:, np.newaxis] == counts).all(axis=-1)
        else:
            size = defined["params"].to_numpy()
            larger, smaller = np.maximum.outer(size, size), np.minimum.outer(size, size)
            alike = larger < 1.1 * smaller
        if row["method"] == "count" and row["metric"] == "kendall at equal counts":
            assert np.isnan(row["value"])
        else:
            tau, number = among(alike, values_of(folder, row, defined), defined["accuracy"].to_numpy())
            assert (row["value"], row["n"]) == (pytest.approx(tau), number)
            checked += 1
        assert np.isnan([row["ci_low"], row["ci_high"]]).all()
        assert row["undefined"] == len(table) - len(defined)
    assert checked > 20


def test_leads_are_over_the_best_of_the_same_architectures_with_a_paired_interval(folder: Path) -> None:
    found = run(folder)
    leads = found[found["metric"].isin(LEADS)]
    assert set(leads["method"]) == {"srgp"}
    for row in leads.to_dict("records"):
        _, defined = table_of(folder, row)
        accuracy = defined["accuracy"].to_numpy()
        rivals = SETTINGS["counts"] if row["metric"] == "minus count" else SETTINGS["handcrafted"]
        taus = {name: abs(kendall(defined[name].to_numpy(), accuracy)) for name in rivals}
        assert row["rival"] == max(taus, key=lambda name: taus[name])
        values, of_rival = values_of(folder, row, defined), defined[row["rival"]].to_numpy()
        assert row["value"] == pytest.approx(kendall(values, accuracy) - taus[row["rival"]])
        trained = row["training_set"] if row["population"] == "held out" else ""
        rng = seeds.numpy_generator(SETTINGS["seed"], "interval", row["problem"], row["population"], trained)
        sign = np.sign(kendall(of_rival, accuracy))
        differences = [
            kendall(values[rows], accuracy[rows]) - sign * kendall(of_rival[rows], accuracy[rows])
            for rows in resampled_rows(defined["graph"].to_numpy(object), SETTINGS["resamples"], rng)
        ]
        bounds = centred(row["value"], differences, SETTINGS["level"], lowest=-2)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(bounds)
        assert row["ci_low"] <= row["value"] <= row["ci_high"]


def test_a_formula_that_is_its_rival_has_no_lead(folder: Path) -> None:
    found = run(folder, evolved=["D-1"], handcrafted=["p"])
    leads = found[found["metric"].isin(["minus hand-crafted", "minus sound hand-crafted"])]
    assert len(leads) == 4
    assert set(leads["rival"]) == {"p"}
    assert leads[["value", "ci_low", "ci_high"]].to_numpy().tolist() == [[0, 0, 0]] * 4


def test_a_rival_may_rank_in_reverse(folder: Path) -> None:
    for space in "st":
        path = folder / f"{space}-scores.parquet"
        table = parquet.read(path)
        to_parquet(table.assign(q=-10 * table["p"]), path)
    found = run(folder, evolved=["D-1"], handcrafted=["q"])
    leads = found[found["metric"] == "minus hand-crafted"]
    assert (found.loc[(found["name"] == "q") & (found["metric"] == "kendall"), "value"] < -0.1).all()
    assert leads[["value", "ci_low", "ci_high"]].to_numpy().tolist() == pytest.approx(
        np.zeros((len(leads), 3))
    )


def test_proxies_that_are_mostly_rounding_errors_are_no_sound_rivals(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcrepro.generalization.stage.ROUNDING_ERRORS", {"s": ("p",)})
    found = run(folder, handcrafted=["p", "q"])
    rivals = found[found["name"] == "srgp/D/seed-0"].set_index(["problem", "population", "metric"])["rival"]
    of_s = {
        rivals["s/a", "held out", metric] for metric in ("minus hand-crafted", "minus sound hand-crafted")
    }
    taus = found[found["metric"] == "kendall"].set_index(["name", "problem", "population", "training_set"])[
        "value"
    ]
    assert rivals["s/a", "held out", "minus sound hand-crafted"] == "q"
    best = max(("p", "q"), key=lambda name: abs(taus[name, "s/a", "held out", "D"]))
    assert of_s == {best, "q"}
    assert (
        rivals["t/b", "held out", "minus sound hand-crafted"]
        == rivals["t/b", "held out", "minus hand-crafted"]
    )


def test_the_exact_set_of_rows(folder: Path) -> None:
    found = run(folder)
    kendalls = found[found["metric"] == "kendall"]
    columns = ["method", "name", "training_set", "problem", "population"]
    alone = [("hand-crafted", name) for name in SETTINGS["handcrafted"]]
    alone += [("count", name) for name in SETTINGS["counts"]]
    everything = {(*one, "", problem, "all") for problem in SETTINGS["problems"] for one in alone}
    # D- was trained on s/a alone, so all of t/b is new to it. D was trained on both.
    everything |= {("srgp", "srgp/D-/seed-0", "D-", "t/b", "all")}
    held_out = {
        (*one, training_set, problem, "held out")
        for training_set, problem in [("D", "s/a"), ("D", "t/b"), ("D-", "s/a")]
        for one in [("srgp", f"srgp/{training_set}/seed-0"), *alone]
    } | {("srgp", "srgp/D/seed-1", "D", problem, "held out") for problem in SETTINGS["problems"]}
    assert set(kendalls[columns].itertuples(index=False, name=None)) == everything | held_out
    assert len(kendalls) == len(everything | held_out)
    by_row = found.groupby(columns)["metric"].agg(set)
    for (method, *_), metrics in by_row.items():
        assert metrics == (METRICS | LEADS if method == "srgp" else METRICS)
    assert len(found) == sum(map(len, by_row))
    assert found.loc[found["method"] != "srgp", "repeat"].isna().all()


def test_several_draws_of_the_scores_are_averaged_on_the_rows_they_share(folder: Path) -> None:
    again = parquet.read(folder / "s-scores.parquet")
    again["p"] += np.random.default_rng(5).normal(size=ROWS)
    first = parquet.read(folder / "s-scores.parquet")
    once = run(folder, problems=["s/a"], evolved=["D-1"])
    both_draws = [first.assign(draw=0), again.drop(index=[3, 4]).assign(draw=1)]
    to_parquet(pd.concat(both_draws), folder / "s-scores.parquet")
    found = run(folder, problems=["s/a"], evolved=["D-1"])
    found = found.set_index(["name", "population", "metric"])
    row = found.loc[("p", "all", "spearman")]
    table = parquet.read(folder / "s-acc.parquet").query("metric == 'test'").set_index("arch")
    draws = [each.set_index("arch") for each in (first, again)]
    kept = again.drop(index=[3, 4]).set_index("arch")["q"].dropna().index
    by_draw = [spearman(each.loc[kept, "p"], table.loc[kept, "accuracy"]) for each in draws]
    assert by_draw[0] != by_draw[1]
    assert row["value"] == pytest.approx(np.mean(by_draw))
    assert (row["lowest"], row["highest"]) == pytest.approx((min(by_draw), max(by_draw)))
    assert (row["draws"], row["n"], row["undefined"]) == (2, ROWS - 3, 1)
    both = np.stack([each.loc[kept, "p"].to_numpy() for each in draws])
    rng = seeds.numpy_generator(SETTINGS["seed"], "interval", "s/a", "all", "")
    judged = table.loc[kept, "accuracy"].to_numpy(), draws[0].loc[kept, "graph"].to_numpy(object)
    bounds = bootstrap(
        mean_over_draws(spearman), both, *judged, SETTINGS["resamples"], rng, SETTINGS["level"]
    )
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(bounds)
    lead = found.loc[("srgp/D/seed-1", "held out", "minus hand-crafted")]
    taus = found.xs("held out", level="population").xs("kendall", level="metric")["value"]
    assert lead["value"] == pytest.approx(taus["srgp/D/seed-1"] - abs(taus[lead["rival"]]))
    assert set(once["draws"]) == {1}
    assert (once["lowest"].dropna() == once["value"].dropna()).all()


def test_equal_orders_have_equal_intervals(folder: Path) -> None:
    found = run(folder).set_index(["name", "training_set", "problem", "population", "metric"])
    values = ["value", "ci_low", "ci_high", "n"]
    formula = found.loc[("srgp/D/seed-1", "D", "s/a", "held out", "kendall"), values]
    by_hand = found.loc[("p", "D", "s/a", "held out", "kendall"), values]
    assert list(formula.to_numpy()) == list(by_hand.to_numpy())


def test_intervals_know_of_copies(folder: Path) -> None:
    def width() -> float:
        found = run(folder, evolved=["D-1"], handcrafted=["p"], counts=[])
        row = found[
            (found["name"] == "p") & (found["population"] == "all") & (found["metric"] == "kendall")
        ].iloc[0]
        return float(row["ci_high"] - row["ci_low"])

    before = width()
    for space in "st":
        for kind in ("acc", "scores", "structure"):
            path = folder / f"{space}-{kind}.parquet"
            table = parquet.read(path)
            copies = [table.assign(arch=table["arch"] + suffix) for suffix in "abcd"]
            to_parquet(pd.concat(copies), path, {"counts_of": "operations"} if kind == "structure" else {})
    assert width() == pytest.approx(before)


def test_a_score_that_one_problem_lacks_is_said_and_replaced_in_formulas(folder: Path) -> None:
    path = folder / "t-scores.parquet"
    to_parquet(parquet.read(path).drop(columns="q"), path)
    found = run(folder)
    of_t = found[found["problem"] == "t/b"]
    lacking = of_t[of_t["name"] == "q"]
    assert set(lacking["population"]) == {"all", "held out"}
    assert set(lacking["status"]) == {"no score q"}
    assert lacking[["value", "ci_low", "ci_high"]].isna().to_numpy().all()
    assert (lacking["n"] == 0).all()
    assert (lacking.loc[lacking["population"] == "all", "undefined"] == ROWS).all()
    others = found.drop(lacking.index)
    assert set(others["status"]) == {"ok"}
    # Nothing of t/b has to be left out for the sake of a score that it does not have.
    whole = others[(others["problem"] == "t/b") & (others["population"] == "all")]
    assert set(whole.loc[whole["metric"].isin(["kendall", "spearman"]), "n"]) == {ROWS}
    # add(p, q) ranks as p if q is its mean.
    columns = ["metric", "value", "ci_low", "ci_high", "n"]
    of_formula, of_p = (of_t[of_t["name"] == f"srgp/D/seed-{repeat}"][columns] for repeat in (0, 1))
    np.testing.assert_array_equal(of_formula.set_index("metric"), of_p.set_index("metric"))
    replaced = found.groupby("name")["replaced"].agg(set)
    assert replaced["srgp/D/seed-0"] == {"", "q"}
    assert set(of_t.loc[of_t["name"] == "srgp/D/seed-0", "replaced"]) == {"q"}
    assert all(replaced[name] == {""} for name in replaced.index if name != "srgp/D/seed-0")
    assert "q" not in set(of_t["rival"])


def test_counts_of_another_kind_are_replaced_in_formulas_and_compared_with(folder: Path) -> None:
    path = folder / "t-structure.parquet"
    to_parquet(parquet.read(path), path, {"counts_of": "modules"})
    found = run(folder, evolved=["D--0", "D-1"])
    formula = found[found["name"] == "srgp/D-/seed-0"].set_index(["problem", "metric"])
    assert (formula.loc["s/a", "replaced"] == "").all()
    assert (formula.loc["t/b", "replaced"] == "structure_m").all()
    # sub(p, structure_m) ranks as p.
    same = found[(found["name"] == "p") & (found["population"] == "all") & (found["problem"] == "t/b")]
    for metric in ("kendall", "spearman", "kendall at equal params"):
        by_hand = same.set_index("metric").loc[metric, ["value", "n"]]
        assert list(formula.loc[("t/b", metric), ["value", "n"]]) == list(by_hand)
    counts = found[(found["method"] == "count") & (found["problem"] == "t/b")]
    assert set(counts["status"]) == {"ok"}
    assert counts.loc[counts["metric"] == "kendall", "value"].notna().all()
    assert (found.loc[(found["problem"] == "t/b") & (found["metric"] == "minus count"), "rival"] != "").all()


def test_scores_of_our_own_fill_what_was_not_published_and_are_marked(folder: Path) -> None:
    path = folder / "t-scores.parquet"
    table = parquet.read(path)
    to_parquet(table.drop(columns="q"), path)
    ours = table[["arch", "graph", "q"]].assign(draw=0, q_status="ok")
    to_parquet(ours, folder / "ours.parquet")
    found = run(folder, completed=["t/b"], computed=[folder / "ours.parquet"])
    of_t = found[(found["problem"] == "t/b")]
    marked = of_t.groupby("name")["ours"].agg(set)
    assert marked["q"] == marked["srgp/D/seed-0"] == {"q"}
    assert marked["p"] == marked["srgp/D/seed-1"] == {""}
    assert (found.loc[found["problem"] == "s/a", "ours"] == "").all()
    row = of_t[(of_t["name"] == "q") & (of_t["population"] == "all") & (of_t["metric"] == "kendall")].iloc[0]
    accuracy = parquet.read(folder / "t-acc.parquet").set_index("arch")["accuracy"]
    known = table.dropna()
    assert row["value"] == pytest.approx(kendall(known["q"].to_numpy(), accuracy[known["arch"]].to_numpy()))
    assert (row["n"], row["undefined"]) == (ROWS - 1, 1)


def test_an_input_that_was_replaced_in_training_is_replaced_in_judging(folder: Path) -> None:
    found = read_sealed(folder / "D-0.json")
    write_sealed(folder / "D-0.json", found | {"replaced": {"t/b": ["q"]}})
    of_t = run(folder).query("problem == 't/b'")
    columns = ["metric", "value", "n"]
    of_formula, of_p = (of_t[of_t["name"] == f"srgp/D/seed-{repeat}"][columns] for repeat in (0, 1))
    # add(p, q) ranks as p if q is its mean, although this problem offers q.
    np.testing.assert_array_equal(of_formula.set_index("metric"), of_p.set_index("metric"))
    assert set(of_t.loc[of_t["name"] == "srgp/D/seed-0", "replaced"]) == {"q"}


def test_a_population_is_standardised_before_graphs_are_held_out(folder: Path) -> None:
    path = folder / "D-0.json"
    saved = json.loads(path.read_text()) | {"formula": "mul(p, q)"}
    saved["normalisation"] = {"kind": "population", "scales": {}}
    del saved["sha256"]
    write_sealed(path, saved)
    found = run(folder, evolved=["D-0"], problems=["s/a"])
    (row,) = found[(found["method"] == "srgp") & (found["metric"] == "kendall")].to_dict("records")
    assert (row["population"], row["normalisation"]) == ("held out", "population")
    _, everything = table_of(folder, row | {"population": "all"})
    z = {}
    for name in "pq":
        slog = np.sign(everything[name]) * np.log1p(np.abs(everything[name]))
        z[name] = ((slog - slog.mean()) / slog.std(ddof=0)).to_numpy()
    _, held_out = table_of(folder, row)
    kept = everything["arch"].isin(held_out["arch"]).to_numpy()
    tau = kendall((z["p"] * z["q"])[kept], everything["accuracy"].to_numpy()[kept])
    assert row["value"] == pytest.approx(tau)


def test_a_formula_without_a_value_is_judged_beside_rivals_on_its_architectures(folder: Path) -> None:
    path = folder / "D-1.json"
    saved = json.loads(path.read_text()) | {"formula": "mul(p, square(square(square(p))))"}
    saved["normalisation"]["scales"] = {"p": {"mean": 0.0, "deviation": 1e-35}}
    del saved["sha256"]
    write_sealed(path, saved)
    found = run(folder, evolved=["D-1", "D-0"], problems=["s/a"])
    (row,) = found[(found["name"] == "srgp/D/seed-1") & (found["metric"] == "kendall")].to_dict("records")
    (lead,) = found[(found["name"] == "srgp/D/seed-1") & (found["metric"] == "minus hand-crafted")].to_dict(
        "records"
    )
    table, defined = table_of(folder, row)
    slog = np.sign(defined["p"]) * np.log1p(np.abs(defined["p"]))
    with np.errstate(over="ignore"):
        kept = defined[np.isfinite((slog / 1e-35) ** 9)]
    assert 10 < len(kept) < len(defined)
    assert (row["n"], row["undefined"]) == (len(kept), len(table) - len(kept))
    accuracy = kept["accuracy"].to_numpy()
    taus = {name: abs(kendall(kept[name].to_numpy(), accuracy)) for name in SETTINGS["handcrafted"]}
    assert lead["rival"] == max(taus, key=lambda name: taus[name])
    assert lead["value"] == pytest.approx(row["value"] - max(taus.values()))
    assert lead["n"] == len(kept)
    others = found[(found["name"] != "srgp/D/seed-1") & (found["metric"] == "kendall")]
    assert set(others.loc[others["population"] == "held out", "n"]) == {len(defined)}


@pytest.mark.parametrize("changes", [{"handcrafted": ["p", "pp"]}, {"counts": ["structure_k"]}])
def test_a_name_that_no_problem_has_is_an_error(folder: Path, changes: dict[str, Any]) -> None:
    wrong, nearest = {"handcrafted": ("pp", "p"), "counts": ("structure_k", "structure_")}[
        next(iter(changes))
    ]
    with pytest.raises(ValueError, match=f"unknown proxy '{wrong}'; did you mean '{nearest}"):
        run(folder, **changes)


def test_a_constant_proxy_has_no_value_and_is_no_rival(folder: Path) -> None:
    path = folder / "s-scores.parquet"
    to_parquet(parquet.read(path).assign(q=1.0), path)
    found = run(folder, handcrafted=["q"])
    constant = found[(found["problem"] == "s/a") & (found["name"] == "q")]
    assert set(constant.loc[constant["metric"].isin(["kendall", "spearman"]), "status"]) == {"constant"}
    assert constant["value"].isna().all()
    of_s = found[(found["problem"] == "s/a") & (found["method"] == "srgp")]
    assert set(of_s["metric"]) & LEADS == {"minus count"}


def test_resamples_are_the_same_for_all_proxies_and_undefined_ones_stay_so() -> None:
    rng = np.random.default_rng(3)
    accuracy, values = rng.normal(size=40), rng.normal(size=(3, 2, 40))
    values[1] = values[0]
    values[2] = 7.0
    found = correlations(values, accuracy, np.arange(40) // 2, 25, 0.9, np.random.default_rng(0))
    assert found.by_draw.shape == (3, 2, 2)
    assert found.resampled.shape == (25, 3, 2)
    np.testing.assert_array_equal(found.resampled[:, 0], found.resampled[:, 1])
    assert np.isnan(found.by_draw[2]).all()
    assert np.isnan(found.resampled[:, 2]).all()
    for place in range(2):
        assert found.by_draw[0, place, 0] == pytest.approx(kendall(values[0, place], accuracy))
        assert found.by_draw[0, place, 1] == pytest.approx(spearman(values[0, place], accuracy))
    assert found.best([2]) is None
    assert found.best([]) is None
    assert found.best([2, 1, 0]) == 1  # the first of equal ones


def test_the_lead_of_a_bad_formula_over_a_good_rival_has_an_interval_around_it() -> None:
    rng = np.random.default_rng(3)
    accuracy = rng.normal(size=60)
    values = np.stack([-accuracy + 0.2 * rng.normal(size=60), accuracy + 0.2 * rng.normal(size=60)])
    found = correlations(values[:, np.newaxis], accuracy, np.arange(60), 50, 0.9, np.random.default_rng(0))
    lead, (low, high) = found.lead(0, 1)
    assert lead < -1.5
    assert -2 <= low <= lead <= high


def test_one_training_set_has_one_split(folder: Path) -> None:
    path = folder / "D-1.json"
    found = json.loads(path.read_text())
    found["split"]["seed"] += 1
    write_sealed(path, found)
    with pytest.raises(ValueError, match="srgp/D/seed-1 was evolved on other architectures"):
        run(folder)


def test_equal_inputs_give_equal_bytes(folder: Path) -> None:
    run(folder)
    first = (folder / "out.parquet").read_bytes()
    for space in "st":
        path = folder / f"{space}-scores.parquet"
        to_parquet(parquet.read(path)[::-1], path)
        path = folder / f"{space}-structure.parquet"
        to_parquet(parquet.read(path)[::-1], path, {"counts_of": "operations"})
    run(folder)
    assert (folder / "out.parquet").read_bytes() == first
