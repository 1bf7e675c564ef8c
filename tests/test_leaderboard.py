"""The leaderboard stage: what learns from a sample of labels is judged on all other graphs."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sealing import to_parquet
from zcrepro import seeds
from zcrepro.evolve.stage import evolve
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.formulas.evolved import load_formula
from zcrepro.leaderboard import AZ_NAS, RESAMPLES, _of_next_with_equal_graph, _row, lead
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.ranking.correlation import kendall
from zcrepro.ranking.intervals import resampled_rows
from zcrepro.ranking.vote import rank_sum

ROWS, LABELS = 300, 30
PROBLEMS = ("s/a", "s/b")
OPTIONS: dict[str, Any] = {
    "functions": ["add", "sub"],
    "correlation": "kendall",
    "combine": "mean",
    "population": 20,
    "generations": 3,
    "restarts": 1,
    "crossover": 0.6,
    "mutation": 0.3,
    "selection": "tournament",
    "tournament": 3,
    "price": 0.0,
    "max_size": 9,
    "minibatch": 1.0,
    "most_important": 0,
}
EVOLVE: dict[str, Any] = {
    "method": "srgp",
    "training_set": "pair",
    "problems": [{"problem": each, "architectures": LABELS, "scored_as": "s/a"} for each in PROBLEMS],
    "source": "features",
    "completed": [],
    "missing": "masked",
    "inputs": ["nwot", "snip"],
    "normalisation": "population",
    "drawn_by": "architectures",
    "seed": 5,
    "options": OPTIONS,
    "max_undefined_share": 0.0,
}
LEAD: dict[str, Any] = {
    "name": "pair",
    "problems": dict.fromkeys(PROBLEMS, "s/a"),
    "architectures": dict.fromkeys(PROBLEMS, LABELS),
    "drawn_by": "architectures",
    "inputs": {"pair": ["nwot", "snip"]},
    "source": "features",
    "completed": [],
    "population": "three hundred networks",
    "handcrafted": ["nwot", "snip"],
    "counts": ["structure_paths"],
    "seed": 5,
    "max_undefined_share": 0.0,
}
SAMPLES = (0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("leaderboard")
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"arch": [f"arch {number:03}" for number in range(ROWS)]})
    rows = rows.assign(graph=rows["arch"])
    quality = rng.normal(size=ROWS)
    scores = rows.assign(nwot=quality + rng.normal(size=ROWS), snip=rng.normal(size=ROWS) - quality)
    to_parquet(scores.assign(nwot_status="ok", snip_status="ok"), folder / "scores.parquet")
    to_parquet(
        rows.assign(structure_paths=rng.integers(5, size=ROWS).astype(float)), folder / "structure.parquet"
    )
    accuracies = [
        rows.assign(
            task=task, metric=metric, accuracy=quality + 0.3 * rng.normal(size=ROWS), seeds=1, source="t"
        )
        for task in "ab"
        for metric in ("validation", "test")
    ]
    to_parquet(pd.concat(accuracies), folder / "accuracies.parquet")
    tables: dict[str, Any] = {
        "accuracies": [folder / "accuracies.parquet"] * 2,
        "scores": [folder / "scores.parquet"] * 2,
        "structure": [folder / "structure.parquet"] * 2,
    }
    for sample in SAMPLES:
        write_sealed(folder / "evolve.json", EVOLVE | {"repeat": sample, "sample": sample})
        evolve(settings_file=folder / "evolve.json", **tables, output=folder / f"seed-{sample}.json")
    write_sealed(folder / "lead.json", LEAD)
    evolved = [folder / f"seed-{sample}.json" for sample in SAMPLES]
    lead(settings_file=folder / "lead.json", evolved=evolved, **tables, output=folder / "out.parquet")
    return folder


def accuracy(folder: Path, task: str, metric: str) -> pd.Series:
    table = parquet.read(folder / "accuracies.parquet")
    return table[(table["task"] == task) & (table["metric"] == metric)].set_index("arch")["accuracy"]


def judged(folder: Path, **where: Any) -> pd.DataFrame:
    table = parquet.read(folder / "out.parquet")
    for column, wanted in where.items():
        table = table[table[column] == wanted]
    return table


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_formula_is_judged_by_test_accuracy_on_the_graphs_that_its_sample_does_not_hold(
    folder: Path, sample: int
) -> None:
    proxy = load_formula(folder / f"seed-{sample}.json")
    scores = parquet.read(folder / "scores.parquet").sort_values("arch")
    values = proxy.values({name: scores[name].to_numpy() for name in ("nwot", "snip")}, ROWS)
    held_out = proxy.split.held_out("s", scores["graph"].to_numpy(object))
    assert held_out.sum() == ROWS - 2 * LABELS
    for task in "ab":
        truth = accuracy(folder, task, "test").loc[scores["arch"]].to_numpy()
        row = judged(folder, kind="formula", problem=f"s/{task}", sample=sample).iloc[0]
        assert row["kendall"] == pytest.approx(kendall(values[held_out], truth[held_out]))
        best = truth[held_out] >= np.quantile(truth[held_out], 0.9)
        assert row["best_tenth"] == pytest.approx(kendall(values[held_out][best], truth[held_out][best]))
        assert (row["n"], row["labels"], row["size"]) == (ROWS - 2 * LABELS, 2 * LABELS, proxy.size)


def test_samples_hold_different_graphs(folder: Path) -> None:
    splits = [load_formula(folder / f"seed-{sample}.json").split for sample in SAMPLES]
    assert splits[0].seed == seeds.derive(5, "sample", 0)
    assert splits[0] != splits[1]


def test_the_sign_of_a_single_proxy_is_learnt_from_the_labels(folder: Path) -> None:
    assert (judged(folder, entry="snip")["kendall"] > 0.2).all()


def test_scores_of_our_own_fill_what_was_not_published(folder: Path) -> None:
    scores = parquet.read(folder / "scores.parquet")
    published = scores[["arch", "graph", "nwot"]].assign(task="a", source="authors")
    to_parquet(published, folder / "released.parquet")
    changes = {"source": "released", "completed": ["s/a"], "handcrafted": ["nwot"]}
    write_sealed(folder / "completed.json", LEAD | changes)
    lead(
        settings_file=folder / "completed.json",
        evolved=[folder / f"seed-{sample}.json" for sample in SAMPLES],
        accuracies=[folder / "accuracies.parquet"] * 2,
        scores=[folder / "released.parquet"] * 2,
        structure=[folder / "structure.parquet"] * 2,
        computed=[folder / "scores.parquet"],
        output=folder / "completed.parquet",
    )
    found = parquet.read(folder / "completed.parquet")
    # snip is an input of a training set, so it is ranked as a proxy too.
    assert set(found.loc[found["kind"] == "proxy", "entry"]) == {"nwot", "snip"}
    columns = ["kind", "entry", "problem", "sample", "kendall", "n"]
    made, expected = (table.query("kind != 'aggregate'")[columns] for table in (found, judged(folder)))
    pd.testing.assert_frame_equal(made, expected)


def test_models_learn_more_than_one_proxy_says(folder: Path) -> None:
    best = judged(folder, kind="proxy").groupby("entry")["kendall"].mean().max()
    for kind in ("ExtraTrees", "support vector regression"):
        rows = judged(folder, kind=kind)
        assert len(rows) == len(SAMPLES) * len(PROBLEMS)
        assert rows["kendall"].mean() > best
        assert (rows["inputs"] == "pair").all()


def test_the_aggregate_and_the_ceiling_need_no_labels(folder: Path) -> None:
    rows = judged(folder, entry="validation accuracy", problem="s/a", sample=0)
    proxy = load_formula(folder / "seed-0.json")
    validation, test = accuracy(folder, "a", "validation"), accuracy(folder, "a", "test")
    held_out = proxy.split.held_out("s", validation.index.to_numpy(object))
    expected = kendall(validation[held_out].to_numpy(), test.loc[validation.index][held_out].to_numpy())
    assert rows["kendall"].iloc[0] == pytest.approx(expected)
    scores = parquet.read(folder / "scores.parquet").set_index("arch").loc[validation.index]
    summed = rank_sum(scores[["nwot", "snip"]].to_numpy().T)
    expected = kendall(summed[held_out], test.loc[validation.index][held_out].to_numpy())
    aggregate = judged(folder, kind="aggregate", problem="s/a", sample=0)
    assert aggregate["kendall"].iloc[0] == pytest.approx(expected)
    assert set(rows["labels"]) == set(aggregate["labels"]) == {0}


def test_resamples_of_graphs_are_the_same_for_all_entries(folder: Path) -> None:
    rows = judged(folder, problem="s/a", sample=0)
    resampled = np.stack(rows.loc[rows["kind"] != "ceiling", "resampled"].tolist())
    assert resampled.shape[1] == RESAMPLES
    truth = accuracy(folder, "a", "test")
    scores = parquet.read(folder / "scores.parquet").set_index("arch").loc[truth.index]
    graphs = truth.index.to_numpy(object)
    held_out = load_formula(folder / "seed-0.json").split.held_out("s", graphs)
    rng = seeds.numpy_generator(5, "graphs", "s/a", 0)
    expected = [
        kendall(scores["nwot"].to_numpy()[kept], truth.to_numpy()[kept])
        for drawn in resampled_rows(graphs, RESAMPLES, rng)
        for kept in [drawn[held_out[drawn]]]
    ]
    nwot = rows.loc[rows["entry"] == "nwot", "resampled"].iloc[0]
    assert nwot.tolist() == pytest.approx(expected)


def test_the_ceiling_of_trainings_compares_architectures_with_equal_graphs() -> None:
    graph, accuracies = np.array(["x", "y", "x", "z", "x", "z"], object), np.arange(6.0)
    rows = Rows(Problem("s", "a"), "test", np.array(list("abcdef"), object), graph, {}, accuracies, {})
    np.testing.assert_array_equal(_of_next_with_equal_graph(rows), [2, np.nan, 4, 5, 0, 3])


def test_an_entry_that_is_undefined_on_a_whole_problem_has_no_correlation() -> None:
    texts = np.array(list("abcd"), object)
    rows = Rows(Problem("s", "a"), "test", texts, texts, {}, np.arange(4.0), {})
    found = _row(rows, np.full(4, np.nan), np.ones(4, np.bool_), [np.array([0, 1, 2])])
    assert found["n"] == 0
    assert math.isnan(found["kendall"])
    assert math.isnan(found["best_tenth"])


def test_aggregates_are_there_if_their_proxies_are(folder: Path) -> None:
    rng = np.random.default_rng(1)
    scores = parquet.read(folder / "scores.parquet")
    for name in AZ_NAS:
        scores[name], scores[f"{name}_status"] = rng.normal(size=ROWS), "ok"
    to_parquet(scores, folder / "az.parquet")
    write_sealed(folder / "az.json", LEAD | {"handcrafted": ["nwot", "snip", *AZ_NAS]})
    lead(
        settings_file=folder / "az.json",
        evolved=[folder / "seed-0.json"],
        accuracies=[folder / "accuracies.parquet"] * 2,
        scores=[folder / "az.parquet"] * 2,
        structure=[folder / "structure.parquet"] * 2,
        output=folder / "az-out.parquet",
    )
    found = parquet.read(folder / "az-out.parquet")
    aggregates = found[(found["kind"] == "aggregate") & (found["problem"] == "s/a")].set_index("entry")
    assert set(aggregates.index) == {"rank sum of all scores", "AZ-NAS"}
    truth = accuracy(folder, "a", "test")
    of = scores.set_index("arch").loc[truth.index]
    summed = sum(np.log(stats.rankdata(of[name])) for name in AZ_NAS)
    held_out = load_formula(folder / "seed-0.json").split.held_out("s", truth.index.to_numpy(object))
    expected = kendall(summed[held_out], truth.to_numpy()[held_out])
    assert aggregates.loc["AZ-NAS", "kendall"] == pytest.approx(expected)
