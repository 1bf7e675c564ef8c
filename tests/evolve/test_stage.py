"""The evolve stage from files to file: what it trains on, what it holds out, what it never reads."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zcrepro.evolve.stage import evolve
from zcrepro.formulas.evolved import load_proxy
from zcrepro.ranking.correlation import kendall, spearman

SETTINGS: dict[str, Any] = {
    "method": "srgp",
    "training_set": "D",
    "problems": ["s/a", "s/b"],
    "source": "features",
    "terminals": ["synflow", "params", "nwot"],
    "architectures": 40,
    "seed": 7,
    "repeat": 2,
    "options": {
        "population": 40,
        "generations": 4,
        "crossover": 0.8,
        "mutation": 0.3,
        "tournament": 3,
        "max_height": 4,
    },
    "max_undefined_share": 0.1,
}

ROWS, GRAPHS = 200, 80


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tasks of 200 architectures of 80 graphs; copies have equal scores and other accuracies."""
    rng = np.random.default_rng(0)
    arch = [f"arch {number}" for number in range(ROWS)]
    graph = [f"graph {number % GRAPHS}" for number in range(ROWS)]
    of_graph = np.arange(ROWS) % GRAPHS
    accuracies = []
    for task in ("a", "b"):
        raw = {"synflow": np.exp(3 * rng.normal(size=GRAPHS)), "params": 1e6 * rng.uniform(1, 9, GRAPHS)}
        raw["nwot"] = rng.normal(size=GRAPHS)
        frame = pd.DataFrame({name: values[of_graph] for name, values in raw.items()})
        frame.loc[3, "nwot"] = np.nan
        frame.assign(arch=arch, graph=graph, nwot_status="ok").to_parquet(tmp_path / f"{task}.parquet")
        quality = np.log(raw["synflow"]) + raw["params"] / 1e6
        for metric in ("validation", "test"):
            accuracy = quality[of_graph] + rng.normal(size=ROWS)
            accuracies.append(pd.DataFrame({"metric": metric, "accuracy": accuracy, "task": task}))
            accuracies[-1] = accuracies[-1].assign(arch=arch, graph=graph, seeds=1, source="test")
    pd.concat(accuracies).to_parquet(tmp_path / "accuracies.parquet")
    return tmp_path


def run(folder: Path, **changes: Any) -> dict[str, Any]:
    (folder / "settings.json").write_text(json.dumps(SETTINGS | changes))
    evolve(
        settings_file=folder / "settings.json",
        accuracies=[folder / "accuracies.parquet"] * 2,
        scores=[folder / "a.parquet", folder / "b.parquet"],
        output=folder / "out.json",
    )
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return found


def rows(folder: Path, task: str, metric: str) -> pd.DataFrame:
    """The joined rows in released units, made independently of the package."""
    accuracies = pd.read_parquet(folder / "accuracies.parquet")
    accuracies = accuracies[(accuracies["task"] == task) & (accuracies["metric"] == metric)]
    found = accuracies.merge(pd.read_parquet(folder / f"{task}.parquet"), on=["arch", "graph"]).dropna()
    return found.assign(synflow=np.log(found["synflow"]), params=found["params"] / 1e6)


def test_held_out_correlations_are_those_of_unseen_graphs(folder: Path) -> None:
    found = run(folder)
    proxy = load_proxy(folder / "out.json")
    for task in ("a", "b"):
        table = rows(folder, task, "validation")
        held_out = table[proxy.split.held_out("s", table["graph"].to_numpy(object))]
        values = proxy.formula.evaluate({name: held_out[name].to_numpy() for name in proxy.terminals})
        said = found["fitness"][f"s/{task}"]
        assert said["held_out"]["kendall"] == pytest.approx(kendall(values, held_out["accuracy"].to_numpy()))
        assert said["held_out"]["spearman"] == pytest.approx(
            spearman(values, held_out["accuracy"].to_numpy())
        )
        assert said["held_out"]["n"] == len(held_out)
        assert said["training"]["n"] == SETTINGS["architectures"]
        # 40 of the 80 graphs are trained on, and none of them is held out.
        assert held_out["graph"].nunique() == GRAPHS - SETTINGS["architectures"]
        assert said["undefined"] == 1
        assert said["metric"] == "validation"
    taus = [found["fitness"][problem]["training"]["kendall"] for problem in SETTINGS["problems"]]
    assert found["training_fitness"] == pytest.approx(np.mean(taus))
    assert min(taus) > 0.5


def test_what_the_file_says(folder: Path) -> None:
    found = run(folder)
    assert (found["method"], found["training_set"], found["repeat"]) == ("srgp", "D", 2)
    assert found["settings"] == SETTINGS
    assert len(found["history"]) == SETTINGS["options"]["generations"] + 1
    assert {"settings", "code", "stage", "versions"} <= found["provenance"].keys()
    proxy = load_proxy(folder / "out.json")
    assert (proxy.name, proxy.size) == ("srgp/D/seed-2", found["size"])
    assert proxy.problems == ("s/a", "s/b")
    assert list(proxy.terminals) == found["terminals"]
    assert (proxy.latex, proxy.where) == (found["latex"], found["where"])


def test_equal_inputs_give_equal_bytes(folder: Path) -> None:
    run(folder)
    first = (folder / "out.json").read_bytes()
    table = pd.read_parquet(folder / "accuracies.parquet")
    table.sample(frac=1, random_state=1).to_parquet(folder / "accuracies.parquet")
    run(folder)
    assert (folder / "out.json").read_bytes() == first


def test_test_accuracy_decides_nothing(folder: Path) -> None:
    before = [run(folder, repeat=repeat) for repeat in range(3)]
    table = pd.read_parquet(folder / "accuracies.parquet")
    test = table["metric"] == "test"
    table.loc[test, "accuracy"] = np.random.default_rng(1).permutation(table.loc[test, "accuracy"])
    table.to_parquet(folder / "accuracies.parquet")
    assert [run(folder, repeat=repeat) for repeat in range(3)] == before
    table.loc[~test, "accuracy"] = np.random.default_rng(1).permutation(table.loc[~test, "accuracy"])
    table.to_parquet(folder / "accuracies.parquet")
    assert all(run(folder, repeat=k)["formula"] != before[k]["formula"] for k in range(3))


def test_held_out_accuracy_decides_nothing(folder: Path) -> None:
    before = run(folder)
    split = load_proxy(folder / "out.json").split
    table = pd.read_parquet(folder / "accuracies.parquet")
    held_out = split.held_out("s", table["graph"].to_numpy(object))
    table.loc[held_out, "accuracy"] *= -1
    table.to_parquet(folder / "accuracies.parquet")
    after = run(folder)
    assert after["formula"] == before["formula"]
    was, now = before["fitness"]["s/a"], after["fitness"]["s/a"]
    assert now["training"] == was["training"]
    assert now["held_out"]["kendall"] == pytest.approx(-was["held_out"]["kendall"])


def test_repeats_share_the_split(folder: Path) -> None:
    runs = [run(folder, repeat=repeat) for repeat in range(2)]
    assert runs[0]["split"] == runs[1]["split"]
    assert runs[0]["history"] != runs[1]["history"]
    assert run(folder, seed=8)["split"] != runs[0]["split"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"method": "srpg"}, "unknown method 'srpg'; did you mean 'srgp'"),
        (
            {"options": SETTINGS["options"] | {"poplation": 4}},
            "options of srgp in .*: unknown key 'poplation'; did you mean 'population'",
        ),
        (
            {"options": {"population": 4, "generations": 1, "mutation": 0}},
            "options of srgp in .*: missing crossover, tournament, max_height",
        ),
        ({"options": SETTINGS["options"] | {"population": 1}}, "options of srgp in .*: population: .* 2"),
        ({"terminals": ["nwot", "snip"]}, "no score snip for s/a"),
        ({"terminals": ["nwot", "log"]}, "found 'log' at position 1"),
        ({"terminals": ["nwot", "log(nwot)"]}, r"the name of a proxy, not 'log\(nwot\)'"),
        ({"terminals": ["nwot", "nwot"]}, "terminals must be a list of different names"),
        ({"problems": ["s/a"]}, "1 problems need a file of accuracies"),
        ({"max_undefined_share": 0.0}, r"1 of 200 .* \(nwot 1\)"),
    ],
)
def test_errors(folder: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        run(folder, **changes)
    assert not (folder / "out.json").exists()


def test_scores_of_one_network(folder: Path) -> None:
    run(folder)
    proxy = load_proxy(folder / "out.json")
    table = rows(folder, "a", "validation")
    expected = proxy.formula.evaluate({name: table[name].to_numpy() for name in proxy.terminals})[5]
    row = table.iloc[5]
    raw = {
        "synflow": float(np.exp(row["synflow"])),
        "params": float(row["params"] * 1e6),
        "nwot": float(row["nwot"]),
    }
    assert proxy.score(raw) == pytest.approx(expected)
    needed = proxy.terminals[0]
    assert np.isnan(proxy.score(raw | {needed: float("nan")}))
    assert np.isnan(proxy.score(raw | {needed: float("inf")}))
    del raw[needed]
    with pytest.raises(ValueError, match=f"missing {needed}"):
        proxy.score(raw)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "not JSON"), ("{}", "lacks 'formula'"), ("[]", "is not the file of an evolved proxy .*list")],
)
def test_other_files_are_no_proxies(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        load_proxy(tmp_path / "x.json")
