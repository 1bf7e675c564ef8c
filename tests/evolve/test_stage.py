"""The evolve stage from files to file: what it trains on, what it holds out, what it never reads."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro import seeds
from zcrepro.evolve.stage import evolve
from zcrepro.files import parquet
from zcrepro.files.json import sealed_text, write_sealed
from zcrepro.formulas.evolved import load_formula
from zcrepro.formulas.formula import Formula
from zcrepro.ranking.correlation import kendall, spearman

OPTIONS = {
    "functions": ["add", "sub", "mul", "min", "max"],
    "correlation": "kendall",
    "combine": "mean",
    "population": 40,
    "generations": 4,
    "restarts": 1,
    "crossover": 0.8,
    "mutation": 0.3,
    "selection": "tournament",
    "tournament": 3,
    "price": 0.0,
    "max_size": 15,
    "minibatch": 1.0,
    "most_important": 0,
}


def problem(text: str, scored_as: str = "", architectures: int = 20) -> dict[str, Any]:
    return {"problem": text, "architectures": architectures, "scored_as": scored_as or text}


SETTINGS: dict[str, Any] = {
    "method": "srgp",
    "training_set": "D",
    "problems": [problem("s/a"), problem("s/b")],
    "source": "features",
    "completed": [],
    "missing": "masked",
    "inputs": ["synflow", "params", "nwot"],
    "normalisation": "training",
    "sample": 0,
    "drawn_by": "graphs",
    "seed": 7,
    "repeat": 2,
    "options": OPTIONS,
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
        to_parquet(frame.assign(arch=arch, graph=graph, nwot_status="ok"), tmp_path / f"{task}.parquet")
        quality = np.log(raw["synflow"]) + raw["params"] / 1e6
        for metric in ("validation", "test"):
            accuracy = quality[of_graph] + rng.normal(size=ROWS)
            accuracies.append(pd.DataFrame({"metric": metric, "accuracy": accuracy, "task": task}))
            accuracies[-1] = accuracies[-1].assign(arch=arch, graph=graph, seeds=1, source="test")
    to_parquet(pd.concat(accuracies), tmp_path / "accuracies.parquet")
    counts = {
        f"structure_{name}": rng.integers(9, size=GRAPHS)[of_graph] * 1.0 for name in ("paths", "d_max")
    }
    counted = pd.DataFrame(counts).assign(arch=arch, graph=graph)
    for kind in ("operations", "modules"):
        to_parquet(counted, tmp_path / f"{kind}.parquet", {"counts_of": kind})
    return tmp_path


def run(
    folder: Path,
    counted: tuple[str, ...] = ("operations", "operations"),
    computed: tuple[str, ...] = (),
    scores: tuple[str, ...] = ("a", "b"),
    **changes: Any,
) -> dict[str, Any]:
    write_sealed(folder / "settings.json", SETTINGS | changes)
    evolve(
        settings_file=folder / "settings.json",
        accuracies=[folder / "accuracies.parquet"] * 2,
        scores=[folder / f"{name}.parquet" for name in scores],
        structure=[folder / f"{name}.parquet" for name in counted],
        computed=[folder / f"{name}.parquet" for name in computed],
        output=folder / "out.json",
    )
    found: dict[str, Any] = json.loads((folder / "out.json").read_text())
    return found


def rows(folder: Path, task: str, metric: str) -> pd.DataFrame:
    """The joined rows in released units, made independently of the package."""
    accuracies = parquet.read(folder / "accuracies.parquet")
    accuracies = accuracies[(accuracies["task"] == task) & (accuracies["metric"] == metric)]
    found = accuracies.merge(parquet.read(folder / f"{task}.parquet"), on=["arch", "graph"]).dropna()
    return found.assign(synflow=np.log(found["synflow"]), params=found["params"] / 1e6)


def inputs_of(table: pd.DataFrame, found: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the standardised inputs, computed independently of the package from what the file says."""
    columns = {name: table[name].to_numpy() for name in found["inputs"]}
    slog = {
        name: values if name.startswith("structure") else np.sign(values) * np.log1p(np.abs(values))
        for name, values in columns.items()
    }
    if found["normalisation"]["kind"] == "population":
        return {name: (values - values.mean()) / values.std() for name, values in slog.items()}
    scales = found["normalisation"]["scales"]
    return {
        name: (values - scales[name]["mean"]) / scales[name]["deviation"] for name, values in slog.items()
    }


@pytest.mark.parametrize("kind", ["training", "population"])
def test_held_out_correlations_are_those_of_unseen_graphs(folder: Path, kind: str) -> None:
    found = run(folder, normalisation=kind)
    proxy = load_formula(folder / "out.json")
    for task in ("a", "b"):
        table = rows(folder, task, "validation")
        values = proxy.formula.evaluate(inputs_of(table, found))
        held_out = proxy.split.held_out("s", table["graph"].to_numpy(object))
        accuracy = table["accuracy"].to_numpy()
        said = found["fitness"][f"s/{task}"]
        assert said["held_out"]["kendall"] == pytest.approx(kendall(values[held_out], accuracy[held_out]))
        assert said["held_out"]["spearman"] == pytest.approx(spearman(values[held_out], accuracy[held_out]))
        assert said["held_out"]["n"] == held_out.sum()
        assert said["training"]["n"] == 20
        # 20 of the 80 graphs are trained on for each task, and none of them is held out.
        assert table["graph"][held_out].nunique() == GRAPHS - 2 * 20
        assert said["undefined"] == 1
        assert said["metric"] == "validation"
    taus = [found["fitness"][problem]["training"]["kendall"] for problem in ("s/a", "s/b")]
    assert found["training_fitness"] == pytest.approx(np.mean(taus))
    assert min(taus) > 0.4


@pytest.mark.parametrize("kind", ["training", "population"])
def test_the_proxy_has_the_values_of_the_formula_on_raw_scores(folder: Path, kind: str) -> None:
    found = run(folder, normalisation=kind)
    proxy = load_formula(folder / "out.json")
    table = rows(folder, "a", "validation")
    columns = {name: table[name].to_numpy() for name in SETTINGS["inputs"]}
    expected = proxy.formula.evaluate(inputs_of(table, found))
    np.testing.assert_allclose(proxy.values(columns, len(table)), expected, rtol=0, atol=1e-7)


def test_what_the_file_says(folder: Path) -> None:
    found = run(folder)
    assert (found["method"], found["training_set"], found["repeat"]) == ("srgp", "D", 2)
    assert found["settings"] == SETTINGS
    assert set(found["history"]) == {
        "generation", "best", "mean", "best_size", "evaluations", "repeated_formulas",
    }  # fmt: skip
    assert {len(column) for column in found["history"].values()} == {OPTIONS["generations"] + 1}
    assert {"settings", "code", "stage", "versions"} <= found["provenance"].keys()
    assert (found["inputs"], found["masked"]) == (SETTINGS["inputs"], [])
    assert found["missing"] == "an input that a problem does not offer is 0, its mean"
    proxy = load_formula(folder / "out.json")
    assert (proxy.name, proxy.size) == ("srgp/D/seed-2", found["size"])
    assert proxy.problems == ("s/a", "s/b")
    assert proxy.normalisation.kind == "training"
    assert list(proxy.terminals) == found["terminals"]
    assert (proxy.latex, proxy.where) == (found["latex"], found["where"])


@pytest.mark.parametrize("selection", ["tournament", "pareto"])
def test_the_front_is_saved_by_growing_size(folder: Path, selection: str) -> None:
    found = run(folder, options=OPTIONS | {"selection": selection})
    sizes, fitness = zip(*((each["size"], each["fitness"]) for each in found["front"]), strict=True)
    assert list(sizes) == sorted(set(sizes))
    assert list(fitness) == sorted(set(fitness))
    assert fitness[-1] == found["training_fitness"] == found["history"]["best"][-1]
    normalisation = load_formula(folder / "out.json").normalisation
    for each in found["front"]:
        formula = Formula.parse(each["formula"])
        assert formula.size == each["size"]
        taus = []
        for task in ("a", "b"):
            table = rows(folder, task, "validation")
            training = table[table["arch"].isin(training_architectures(folder, found)[task])]
            columns = {name: training[name].to_numpy() for name in formula.terminals}
            inputs = normalisation.inputs(columns, formula.terminals, len(training))
            taus.append(kendall(formula.evaluate(inputs), training["accuracy"].to_numpy()))
        assert each["fitness"] == pytest.approx(np.mean(taus))


def training_architectures(folder: Path, found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the architectures that each task was evolved on, found by their graphs' random numbers."""
    key = seeds.derive(found["settings"]["seed"], "sample", found["settings"]["sample"])
    taken: set[str] = set()
    chosen = {}
    for task in ("a", "b"):
        table = rows(folder, task, "validation").sort_values("arch").drop_duplicates("graph")
        table = table[~table["graph"].isin(taken)]
        number = {graph: seeds.derive(key, "split", "s", graph) for graph in table["graph"]}
        drawn = table.sort_values("graph", key=lambda graphs: graphs.map(number))[:20]
        taken |= set(drawn["graph"])
        chosen[task] = list(drawn["arch"])
    return chosen


def test_training_scales_are_those_of_the_training_architectures_to_four_digits(folder: Path) -> None:
    found = run(folder, inputs=["synflow", "params", "structure_paths"])
    chosen = training_architectures(folder, found)
    counts = parquet.read(folder / "operations.parquet")
    tables = [rows(folder, task, "validation").merge(counts, on=["arch", "graph"]) for task in ("a", "b")]
    training = pd.concat(
        [table[table["arch"].isin(chosen[task])] for task, table in zip(("a", "b"), tables, strict=True)]
    )
    assert len(training) == 40
    for name, scale in found["normalisation"]["scales"].items():
        values = training[name].to_numpy()
        if name != "structure_paths":
            values = np.sign(values) * np.log1p(np.abs(values))
        assert scale["mean"] == float(f"{values.mean():.4g}")
        assert scale["deviation"] == float(f"{values.std():.4g}")
    assert set(found["normalisation"]["scales"]) == set(found["inputs"])


def test_equal_inputs_give_equal_bytes(folder: Path) -> None:
    run(folder)
    first = (folder / "out.json").read_bytes()
    table = parquet.read(folder / "accuracies.parquet")
    to_parquet(table.sample(frac=1, random_state=1), folder / "accuracies.parquet")
    run(folder)
    assert (folder / "out.json").read_bytes() == first


def test_test_accuracy_decides_nothing(folder: Path) -> None:
    before = [run(folder, repeat=repeat) for repeat in range(3)]
    table = parquet.read(folder / "accuracies.parquet")
    test = table["metric"] == "test"
    table.loc[test, "accuracy"] = np.random.default_rng(1).permutation(table.loc[test, "accuracy"])
    to_parquet(table, folder / "accuracies.parquet")
    assert [run(folder, repeat=repeat) for repeat in range(3)] == before
    table.loc[~test, "accuracy"] = np.random.default_rng(1).permutation(table.loc[~test, "accuracy"])
    to_parquet(table, folder / "accuracies.parquet")
    assert all(run(folder, repeat=k)["formula"] != before[k]["formula"] for k in range(3))


def test_held_out_accuracy_decides_nothing(folder: Path) -> None:
    before = run(folder)
    split = load_formula(folder / "out.json").split
    table = parquet.read(folder / "accuracies.parquet")
    held_out = split.held_out("s", table["graph"].to_numpy(object))
    assert 0 < held_out.sum() < len(table)
    table.loc[held_out, "accuracy"] *= -1
    to_parquet(table, folder / "accuracies.parquet")
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


def test_another_sample_is_another_split_and_holds_out_other_graphs(folder: Path) -> None:
    runs = [run(folder, sample=sample) for sample in range(2)]
    assert runs[0]["split"] != runs[1]["split"]
    chosen = [training_architectures(folder, found) for found in runs]
    assert chosen[0] != chosen[1]


def test_a_population_is_standardised_by_all_its_architectures_and_no_accuracy(folder: Path) -> None:
    found = run(folder, normalisation="population")
    assert found["normalisation"] == {"kind": "population", "scales": {}}
    proxy = load_formula(folder / "out.json")
    table = rows(folder, "a", "validation")
    columns = {name: table[name].to_numpy() for name in proxy.terminals}
    before = proxy.values(columns, len(table))
    extreme = {name: np.append(values, 100 * values.max()) for name, values in columns.items()}
    assert not np.allclose(proxy.values(extreme, len(table) + 1)[:-1], before)
    with pytest.raises(ValueError, match="srgp/D/seed-2 compares the candidates of a population"):
        proxy.score(dict.fromkeys(proxy.terminals, 1.0))


def test_an_input_that_a_training_problem_lacks_is_masked(folder: Path) -> None:
    table = parquet.read(folder / "b.parquet")
    to_parquet(table.drop(columns="params"), folder / "b.parquet")
    found = run(folder)
    assert (found["inputs"], found["masked"]) == (["synflow", "nwot"], ["params"])
    assert "params" not in found["terminals"]
    assert set(found["normalisation"]["scales"]) == {"synflow", "nwot"}
    # It is the evolution of those inputs alone.
    without = run(folder, inputs=["synflow", "nwot"])
    different = {"settings", "provenance", "masked", "sha256"}
    assert {k: v for k, v in found.items() if k not in different} == {
        k: v for k, v in without.items() if k not in different
    }


@pytest.mark.parametrize("kind", ["training", "population"])
def test_an_input_that_a_training_problem_lacks_is_its_mean_there_if_asked(folder: Path, kind: str) -> None:
    table = rows(folder, "b", "validation")
    scores = parquet.read(folder / "b.parquet")
    to_parquet(scores.drop(columns="params"), folder / "b.parquet")
    found = run(folder, missing="mean", normalisation=kind)
    assert (found["inputs"], found["masked"]) == (SETTINGS["inputs"], [])
    assert found["replaced"] == {"s/b": ["params"]}
    proxy = load_formula(folder / "out.json")
    assert proxy.replaced == {"s/b": ("params",)}
    held_out = proxy.split.held_out("s", table["graph"].to_numpy(object))
    columns = {name: table[name].to_numpy() for name in ("synflow", "nwot")}
    tau = kendall(proxy.values(columns, len(table))[held_out], table["accuracy"].to_numpy()[held_out])
    assert found["fitness"]["s/b"]["held_out"]["kendall"] == pytest.approx(tau)


def test_an_input_without_any_value_is_masked(folder: Path) -> None:
    table = parquet.read(folder / "b.parquet")
    to_parquet(table.assign(params=np.nan), folder / "b.parquet")
    assert run(folder)["masked"] == ["params"]


def test_without_a_common_input_the_error_says_what_each_problem_has(folder: Path) -> None:
    for task, name in (("a", "nwot"), ("b", "params")):
        table = parquet.read(folder / f"{task}.parquet")
        to_parquet(table.drop(columns=name), folder / f"{task}.parquet")
    with pytest.raises(
        ValueError, match="no input is offered by all of s/a, s/b: s/a has params; s/b has nwot"
    ):
        run(folder, inputs=["nwot", "params"])


def test_counts_are_inputs_if_they_count_the_same_in_all_problems(folder: Path) -> None:
    inputs = ["nwot", "structure_paths", "structure_d_max"]
    for kind in ("operations", "modules"):
        found = run(folder, counted=(kind, kind), inputs=inputs[1:])
        assert (found["inputs"], found["masked"], found["counts_of"]) == (inputs[1:], [], kind)
        assert load_formula(folder / "out.json").counts_of == kind
    found = run(folder, counted=("operations", "modules"), inputs=inputs)
    assert (found["inputs"], found["masked"], found["counts_of"]) == (["nwot"], inputs[1:], "")
    with pytest.raises(ValueError, match="no input is offered by all of s/a, s/b"):
        run(folder, counted=("operations", "modules"), inputs=inputs[1:])


def test_a_formula_without_counts_does_not_say_what_they_count(folder: Path) -> None:
    found = run(folder, inputs=["nwot", "synflow"])
    assert found["counts_of"] == load_formula(folder / "out.json").counts_of == ""


def test_scores_of_another_task_are_read_if_the_settings_say_so(folder: Path) -> None:
    own = run(folder)
    of_a = run(folder, problems=[problem("s/a"), problem("s/b", "s/a")], scores=("a", "a"))
    assert of_a["problems"] == own["problems"] == ["s/a", "s/b"]
    assert of_a["fitness"]["s/b"] != own["fitness"]["s/b"]
    table = rows(folder, "b", "validation").drop(columns=SETTINGS["inputs"])
    other = rows(folder, "a", "validation")[["arch", *SETTINGS["inputs"]]]
    table = table.merge(other, on="arch")
    proxy = load_formula(folder / "out.json")
    held_out = proxy.split.held_out("s", table["graph"].to_numpy(object))
    values = proxy.values({name: table[name].to_numpy() for name in proxy.terminals}, len(table))
    tau = kendall(values[held_out], table["accuracy"].to_numpy()[held_out])
    assert of_a["fitness"]["s/b"]["held_out"]["kendall"] == pytest.approx(tau)


def test_our_features_fill_what_was_not_published(folder: Path) -> None:
    for task in ("a", "b"):
        table = parquet.read(folder / f"{task}.parquet")
        published = table.drop(columns=["nwot", "nwot_status"]).assign(task=task, source="authors")
        to_parquet(published, folder / f"released-{task}.parquet")
    released = ("released-a", "released-b")
    found = run(folder, source="released", scores=released, completed=["s/a", "s/b"], computed=("a", "b"))
    assert (found["inputs"], found["masked"]) == (SETTINGS["inputs"], [])
    assert found["fitness"]["s/a"]["undefined"] == 1  # the architecture whose nwot is undefined
    found = run(folder, source="released", scores=released, completed=["s/a"], computed=("a",))
    assert (found["inputs"], found["masked"]) == (["synflow", "params"], ["nwot"])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"method": "srpg"}, "unknown method 'srpg'; did you mean 'srgp'"),
        (
            {"options": OPTIONS | {"poplation": 4}},
            "options of srgp in .*: unknown key 'poplation'; did you mean 'population'",
        ),
        (
            {"options": {name: OPTIONS[name] for name in list(OPTIONS)[:-3]}},
            "options of srgp in .*: missing max_size, minibatch, most_important",
        ),
        ({"options": OPTIONS | {"population": 1}}, "options of srgp in .*: population: .* 2"),
        ({"options": OPTIONS | {"minibatch": 0}}, "options of srgp in .*: minibatch: .* greater than 0"),
        ({"options": OPTIONS | {"restarts": 0}}, "options of srgp in .*: restarts: .* 1"),
        ({"options": OPTIONS | {"price": -0.1}}, "options of srgp in .*: price: .* 0"),
        ({"options": OPTIONS | {"selection": "nsga"}}, "options of srgp in .*: selection: .*'pareto'"),
        ({"options": OPTIONS | {"correlation": "pearson"}}, "correlation: .*'spearman'"),
        ({"inputs": ["snip"]}, "no input is offered by all of s/a, s/b"),
        ({"inputs": ["nwot", "log"]}, "found 'log' at position 1"),
        ({"inputs": ["nwot", "log(nwot)"]}, r"the name of a proxy, not 'log\(nwot\)'"),
        ({"inputs": ["nwot", "nwot"]}, "inputs: 'nwot' stands there twice"),
        ({"inputs": []}, "inputs must name at least one"),
        ({"problems": []}, "problems must name at least one"),
        ({"problems": [problem("s/a")]}, "1 problems need a file of accuracies"),
        ({"problems": [problem("s/a", architectures=3), problem("s/b")]}, "architectures: .* 4"),
        ({"problems": [problem("s/a"), problem("s")]}, "written space/task, not 's'"),
        ({"problems": [problem("s/a"), problem("s/b", architectures=60)]}, "s/b: 60 .* only 60 graphs"),
        ({"normalisation": "all"}, "normalisation: .*'population'"),
        ({"source": "feature"}, "unknown source of scores 'feature'; did you mean 'features'"),
        ({"terminals": ["nwot"]}, "unknown key 'terminals'"),
        ({"max_undefined_share": 0.0}, r"1 of 200 .* \(nwot 1\)"),
    ],
)
def test_errors(folder: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        run(folder, **changes)
    assert not (folder / "out.json").exists()


def test_scores_of_one_network(folder: Path) -> None:
    found = run(folder)
    proxy = load_formula(folder / "out.json")
    table = rows(folder, "a", "validation")
    expected = proxy.formula.evaluate(inputs_of(table, found))[5]
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
    [("{", "it holds no digest"), (sealed_text({}), "is not the file of an evolved proxy: missing formula")],
)
def test_other_files_are_no_proxies(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        load_formula(tmp_path / "x.json")
