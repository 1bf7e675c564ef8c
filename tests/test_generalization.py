"""The generalization stage: every number recomputed from the files, on the populations it names."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro import seeds
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.formulas.evolved import load_proxy
from zcrepro.generalization import generalize
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.problems.split import draw
from zcrepro.ranking.correlation import kendall, mean_over_draws, spearman
from zcrepro.ranking.intervals import bootstrap

SETTINGS: dict[str, Any] = {
    "problems": ["s/a", "t/b"],
    "source": "released",
    "handcrafted": ["p", "q"],
    "seed": 1,
    "resamples": 60,
    "level": 0.9,
    "max_undefined_share": 0.1,
}

FORMULAS = {("D", 0): "add(p, q)", ("D", 1): "p", ("D-", 0): "mul(p, p)"}

ROWS, GRAPHS = 150, 60
GRAPH = np.array([f"graph {number % GRAPHS}" for number in range(ROWS)], object)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Problem s/a has validation and test accuracy, t/b validation only; D trained on both, D- on s/a."""
    rng = np.random.default_rng(2)
    arch = [f"{number:03}" for number in range(ROWS)]
    problems = []
    for problem, metrics in (("s/a", ("validation", "test")), ("t/b", ("validation",))):
        space, task = problem.split("/")
        p, q = rng.normal(size=(2, GRAPHS))[:, np.arange(ROWS) % GRAPHS]
        scores = pd.DataFrame({"arch": arch, "graph": GRAPH, "task": task, "p": p, "q": q, "source": "x"})
        scores.loc[7, "q"] = np.nan
        to_parquet(scores, tmp_path / f"{space}-scores.parquet")
        frames = [
            pd.DataFrame(
                {"arch": arch, "graph": GRAPH, "metric": metric, "accuracy": p + q + rng.normal(size=ROWS)}
            )
            for metric in metrics
        ]
        to_parquet(
            pd.concat(frames).assign(task=task, seeds=1, source="x"), tmp_path / f"{space}-acc.parquet"
        )
        problems.append(
            Rows(Problem.parse(problem), "validation", np.array(arch, object), GRAPH, {"p": p}, p, {})
        )
    for (training_set, repeat), formula in FORMULAS.items():
        _, split = draw(problems if training_set == "D" else problems[:1], 25, seed=4)
        found = {"method": "srgp", "training_set": training_set, "repeat": repeat, "formula": formula}
        found |= {"problems": sorted(split.cutoffs), "split": split.as_json(), "training_fitness": 0.5}
        write_sealed(tmp_path / f"{training_set}-{repeat}.json", found)
    return tmp_path


def run(folder: Path, **changes: Any) -> pd.DataFrame:
    chosen = SETTINGS | changes
    write_sealed(folder / "settings.json", chosen)
    spaces = [problem.split("/")[0] for problem in chosen["problems"]]
    generalize(
        settings_file=folder / "settings.json",
        evolved=[folder / f"{name}-{repeat}.json" for name, repeat in FORMULAS],
        accuracies=[folder / f"{space}-acc.parquet" for space in spaces],
        scores=[folder / f"{space}-scores.parquet" for space in spaces],
        output=folder / "out.parquet",
    )
    return parquet.read(folder / "out.parquet")


def test_every_value_is_that_of_the_named_population(folder: Path) -> None:
    for row in run(folder).to_dict("records"):
        space = row["problem"].split("/")[0]
        table = parquet.read(folder / f"{space}-acc.parquet")
        assert row["metric_of"] == ("test" if space == "s" else "validation")
        table = table[table["metric"] == row["metric_of"]].merge(
            parquet.read(folder / f"{space}-scores.parquet"), on=["arch", "graph", "task"]
        )
        if row["population"] == "held out":
            split = load_proxy(folder / f"{row['training_set']}-0.json").split
            table = table[split.held_out(space, table["graph"].to_numpy(object))]
            assert table["graph"].nunique() == GRAPHS - 25
        defined = table.dropna()
        if row["method"] == "srgp":
            path = folder / f"{row['name'].removeprefix('srgp/').replace('/seed', '')}.json"
            values = load_proxy(path).formula.evaluate({name: defined[name].to_numpy() for name in "pq"})
        else:
            values = defined[row["name"]].to_numpy()
        statistic = {"kendall": kendall, "spearman": spearman}[row["metric"]]
        assert row["value"] == pytest.approx(statistic(values, defined["accuracy"].to_numpy()))
        assert (row["n"], row["undefined"]) == (len(defined), len(table) - len(defined))
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert row["status"] == "ok"


def test_the_exact_set_of_rows(folder: Path) -> None:
    found = run(folder)
    kendalls = found[found["metric"] == "kendall"]
    columns = ["name", "training_set", "problem", "population"]
    everything = {
        (name, training_set, problem, "all")
        for problem in SETTINGS["problems"]
        for name, training_set in [
            ("srgp/D/seed-0", "D"),
            ("srgp/D/seed-1", "D"),
            ("srgp/D-/seed-0", "D-"),
            ("p", ""),
            ("q", ""),
        ]
    }
    # D- was trained on s/a alone, so all of t/b is new to it; hand-crafted proxies stand beside each.
    held_out = {
        (name, training_set, problem, "held out")
        for training_set, problem in [("D", "s/a"), ("D", "t/b"), ("D-", "s/a")]
        for name in [f"srgp/{training_set}/seed-0", "p", "q"]
    } | {("srgp/D/seed-1", "D", problem, "held out") for problem in SETTINGS["problems"]}
    assert set(kendalls[columns].itertuples(index=False, name=None)) == everything | held_out
    assert len(kendalls) == len(everything | held_out) == len(found) / 2
    assert found.loc[found["method"] == "hand-crafted", "repeat"].isna().all()


def test_several_draws_of_the_scores_are_averaged_on_the_rows_they_share(folder: Path) -> None:
    again = parquet.read(folder / "s-scores.parquet")
    again["p"] += np.random.default_rng(5).normal(size=ROWS)
    both_draws = [
        parquet.read(folder / "s-scores.parquet").assign(draw=0),
        again.drop(index=[3, 4]).assign(draw=1),
    ]
    to_parquet(pd.concat(both_draws), folder / "s-draws.parquet")
    once = run(folder, problems=["s/a"])
    settings = SETTINGS | {"problems": ["s/a"]}
    write_sealed(folder / "settings.json", settings)
    generalize(
        settings_file=folder / "settings.json",
        evolved=[folder / "D-1.json"],
        accuracies=[folder / "s-acc.parquet"],
        scores=[folder / "s-draws.parquet"],
        output=folder / "out.parquet",
    )
    found = parquet.read(folder / "out.parquet").set_index(["name", "population", "metric"])
    row = found.loc[("p", "all", "spearman")]
    table = parquet.read(folder / "s-acc.parquet").query("metric == 'test'").set_index("arch")
    first = parquet.read(folder / "s-scores.parquet").set_index("arch")
    kept = again.drop(index=[3, 4]).set_index("arch")["q"].dropna().index
    by_draw = [
        spearman(draw.loc[kept, "p"], table.loc[kept, "accuracy"])
        for draw in (first, again.set_index("arch"))
    ]
    assert by_draw[0] != by_draw[1]
    assert row["value"] == pytest.approx(np.mean(by_draw))
    assert (row["lowest"], row["highest"]) == pytest.approx((min(by_draw), max(by_draw)))
    assert (row["draws"], row["n"], row["undefined"]) == (2, ROWS - 3, 1)
    both = np.stack([draw.loc[kept, "p"].to_numpy() for draw in (first, again.set_index("arch"))])
    rng = seeds.numpy_generator(SETTINGS["seed"], "interval", "s/a", "all")
    judged = table.loc[kept, "accuracy"].to_numpy(), first.loc[kept, "graph"].to_numpy(object)
    bounds = bootstrap(
        mean_over_draws(spearman), both, *judged, SETTINGS["resamples"], rng, SETTINGS["level"]
    )
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(bounds)
    assert set(once["draws"]) == {1}
    assert (once["lowest"] == once["value"]).all()


def test_equal_orders_have_equal_intervals(folder: Path) -> None:
    found = run(folder).set_index(["name", "training_set", "problem", "population", "metric"])
    values = ["value", "ci_low", "ci_high", "n"]
    formula = found.loc[("srgp/D/seed-1", "D", "s/a", "held out", "kendall"), values]
    by_hand = found.loc[("p", "D", "s/a", "held out", "kendall"), values]
    assert list(formula.to_numpy()) == list(by_hand.to_numpy())


def test_intervals_know_of_copies(folder: Path) -> None:
    def width() -> float:
        found = run(folder, handcrafted=["p"])
        row = found[
            (found["name"] == "p") & (found["population"] == "all") & (found["metric"] == "kendall")
        ].iloc[0]
        return float(row["ci_high"] - row["ci_low"])

    before = width()
    for space in "st":
        for kind in ("acc", "scores"):
            path = folder / f"{space}-{kind}.parquet"
            table = parquet.read(path)
            copies = [table.assign(arch=table["arch"] + suffix) for suffix in "abcd"]
            to_parquet(pd.concat(copies), path)
    assert width() == pytest.approx(before)


def test_a_score_that_one_problem_lacks_is_said(folder: Path) -> None:
    path = folder / "t-scores.parquet"
    to_parquet(parquet.read(path).drop(columns="q"), path)
    found = run(folder)
    lacking = found[(found["problem"] == "t/b") & found["name"].isin(["q", "srgp/D/seed-0"])]
    assert set(lacking["status"]) == {"no score q"}
    assert lacking[["value", "ci_low", "ci_high"]].isna().to_numpy().all()
    assert (lacking["n"] == 0).all()
    assert (lacking.loc[lacking["population"] == "all", "undefined"] == ROWS).all()
    others = found.drop(lacking.index)
    assert set(others["status"]) == {"ok"}
    # Nothing of t/b has to be left out for the sake of a score that it does not have.
    assert set(others.loc[(others["problem"] == "t/b") & (others["population"] == "all"), "n"]) == {ROWS}


def test_a_name_that_no_problem_has_is_an_error(folder: Path) -> None:
    with pytest.raises(ValueError, match="unknown proxy 'pp'; did you mean 'p'"):
        run(folder, handcrafted=["p", "pp"])


def test_a_constant_proxy_has_no_value(folder: Path) -> None:
    path = folder / "s-scores.parquet"
    to_parquet(parquet.read(path).assign(q=1.0), path)
    found = run(folder)
    constant = found[(found["problem"] == "s/a") & (found["name"] == "q")]
    assert set(constant["status"]) == {"constant"}
    assert constant["value"].isna().all()


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
    run(folder)
    assert (folder / "out.parquet").read_bytes() == first
