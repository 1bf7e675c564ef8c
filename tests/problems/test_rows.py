"""Reading a problem: the join, the units, what is undefined, and the split by graph."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.files import parquet
from zcrepro.problems.accuracies import CHOOSING, REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows, check_parallel, read
from zcrepro.problems.split import Split, draw
from zcrepro.problems.units import to_released_units

SOURCE_OF = {"released": "released.parquet", "features": "features.parquet"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four scored architectures of three graphs, five with an accuracy, and two tasks."""
    accuracies = [
        (arch, f"graph of {arch[0]}", task, metric, base + step, 1, "test")
        for task, base in (("cifar10", 0.0), ("cifar100", 100.0))
        for metric, offset in (("validation", 0.0), ("test", 10.0))
        for arch, step in (
            ("b1", 2 + offset),
            ("a1", 1 + offset),
            ("b2", 3 + offset),
            ("c1", 4 + offset),
            ("d1", 5),
        )
    ]
    names = ["arch", "graph", "task", "metric", "accuracy", "seeds", "source"]
    to_parquet(pd.DataFrame(accuracies, columns=names), tmp_path / "accuracies.parquet")
    scores = pd.DataFrame(
        {
            "arch": ["c1", "b2", "b1", "a1"],
            "graph": "anything",
            "synflow": [np.e**2, np.e, 1.0, np.e**3],
            "params": [4e6, 3e6, 2e6, 1e6],
            "flops": [4e6, 3e6, 2e6, 1e6],
            "nwot": [4e6, 3e6, 2e6, 1e6],
            "zen": [1.0, np.nan, 1.0, 1.0],
        }
    )
    to_parquet(scores.assign(zen_status="ok"), tmp_path / "features.parquet")
    tasks = [scores.assign(task=task, source="authors") for task in ("cifar10", "cifar100")]
    tasks[1]["nwot"] *= -1
    to_parquet(pd.concat(tasks), tmp_path / "released.parquet")
    return tmp_path


def of(folder: Path, names: list[str], source: str = "released", **changes: Any) -> Rows:
    arguments: dict[str, Any] = {
        "problem": Problem.parse("s/cifar10"),
        "accuracies": folder / "accuracies.parquet",
        "scores": folder / SOURCE_OF.get(source, "released.parquet"),
        "metrics": CHOOSING,
        "max_undefined_share": 0.25,
    }
    return read(names=names, source=source, **(arguments | changes))


def test_joins_by_architecture(folder: Path) -> None:
    found = of(folder, ["nwot"])
    assert found.arch.tolist() == ["a1", "b1", "b2", "c1"]
    assert found.graph.tolist() == ["graph of a", "graph of b", "graph of b", "graph of c"]
    assert found.accuracy.tolist() == [1, 2, 3, 4]
    assert found.columns["nwot"].tolist() == [1e6, 2e6, 3e6, 4e6]
    assert found.metric == "validation"
    other = of(folder, ["nwot"], problem=Problem.parse("s/cifar100"), metrics=REPORTING)
    assert (other.metric, other.accuracy.tolist()) == ("test", [111, 112, 113, 114])
    assert other.columns["nwot"].tolist() == [-1e6, -2e6, -3e6, -4e6]


def test_the_only_kind_of_accuracy_is_taken(folder: Path) -> None:
    table = parquet.read(folder / "accuracies.parquet")
    to_parquet(table[table["metric"] == "test"], folder / "accuracies.parquet")
    assert of(folder, ["nwot"], metrics=CHOOSING).metric == "test"


def test_features_are_converted_and_released_scores_are_not(folder: Path) -> None:
    names = ["synflow", "params", "flops", "nwot"]
    released, ours = of(folder, names).columns, of(folder, names, "features").columns
    assert ours["synflow"].tolist() == pytest.approx([3, 0, 1, 2])
    assert ours["params"].tolist() == ours["flops"].tolist() == pytest.approx([1, 2, 3, 4])
    assert ours["nwot"].tolist() == released["nwot"].tolist() == released["params"].tolist()
    assert released["synflow"][0] == pytest.approx(np.e**3)


def test_a_synflow_of_zero_has_no_logarithm() -> None:
    assert np.isnan(to_released_units("synflow", np.array([0.0, -1.0, 1.0]))).tolist() == [
        True,
        True,
        False,
    ]


def test_rows_with_an_undefined_score_are_left_out_and_told(folder: Path) -> None:
    found = of(folder, ["nwot", "zen"])
    assert found.arch.tolist() == ["a1", "b1", "c1"]
    assert found.left_out == {"b2": "graph of b"}
    assert len(of(folder, ["nwot"])) == 4
    with pytest.raises(
        ValueError, match=r"1 of 4 .* of s/cifar10 .* \(zen 1\), such as 'b2': .*share = 0.2 "
    ):
        of(folder, ["nwot", "zen"], max_undefined_share=0.2)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"names": ["nwot", "snip"]}, "no score snip for s/cifar10; it has .*nwot"),
        ({"source": "feature"}, "unknown source of scores 'feature'; did you mean 'features'"),
        ({"problem": Problem.parse("s/svhn")}, "no validation or test accuracy for the task 'svhn'"),
    ],
)
def test_what_is_missing_is_named(folder: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        of(folder, **({"names": ["nwot"]} | changes))


def test_no_row_joins(folder: Path) -> None:
    table = parquet.read(folder / "accuracies.parquet")
    to_parquet(table.assign(arch=table["arch"] + "x"), folder / "accuracies.parquet")
    with pytest.raises(ValueError, match=r"none of the 4 architectures .* among the 5 .* same space"):
        of(folder, ["nwot"])


def test_an_architecture_twice_is_an_error(folder: Path) -> None:
    table = parquet.read(folder / "accuracies.parquet")
    to_parquet(pd.concat([table, table[:1].assign(source="another")]), folder / "accuracies.parquet")
    with pytest.raises(ValueError, match="1 architectures of s/cifar10 stand there twice, as 'b1'"):
        of(folder, ["nwot"])


def problem(name: str, graphs: list[str]) -> Rows:
    arch = np.array([f"{number:04} {graph}" for number, graph in enumerate(graphs)], object)
    values = np.arange(len(arch), dtype=float)
    return Rows(
        Problem.parse(name), "validation", arch, np.array(graphs, object), {"x": values}, values, arch[:0]
    )


GRAPHS = [f"graph {number % 70}" for number in range(200)]


def test_no_graph_is_on_both_sides() -> None:
    rows = problem("s/t", GRAPHS)
    [training], split = draw([rows], 30, seed=1)
    held_out = rows.where(split.held_out("s", rows.graph))
    assert len(training) == len(set(training.graph)) == 30
    assert set(held_out.graph) == set(GRAPHS) - set(training.graph)
    assert len(held_out) == sum(graph not in set(training.graph) for graph in GRAPHS)
    assert training.columns["x"].tolist() == training.accuracy.tolist()


def test_the_split_depends_on_graphs_and_seed_alone() -> None:
    rows = problem("s/t", GRAPHS)
    [training], split = draw([rows], 30, seed=1)
    [again], _ = draw([problem("s/other task", GRAPHS[::-1])], 30, seed=1)
    assert set(again.graph) == set(training.graph)
    [other], _ = draw([rows], 30, seed=2)
    assert set(other.graph) != set(training.graph)
    [elsewhere], _ = draw([problem("another space/t", GRAPHS)], 30, seed=1)
    assert set(elsewhere.graph) != set(training.graph)
    # With other rows in the file the same graphs stay on their side.
    more = np.array([*sorted(set(GRAPHS)), *(f"new {number}" for number in range(50))], object)
    assert not split.held_out("s", more)[np.isin(more, training.graph)].any()


def test_tasks_of_a_space_hold_out_the_same_graphs() -> None:
    few, many = problem("s/a", GRAPHS[:40]), problem("s/b", GRAPHS)
    (first, second), split = draw([few, many], 20, seed=3)
    for rows in (few, many):
        held_out = set(rows.graph[split.held_out(rows.problem.space, rows.graph)])
        assert not held_out & (set(first.graph) | set(second.graph))
    assert split.held_out("unseen", few.graph).all()


def test_the_split_survives_json() -> None:
    _, split = draw([problem("s/t", GRAPHS)], 30, seed=1)
    assert Split.from_json(split.as_json()) == split


def test_too_few_graphs() -> None:
    with pytest.raises(ValueError, match=r"s/t: 69 architectures .* only 70 graphs .* lower `architectures`"):
        draw([problem("s/t", GRAPHS)], 69, seed=1)


def test_as_many_files_as_problems() -> None:
    with pytest.raises(ValueError, match=r"2 problems .* not 2 of accuracies and 1 of scores"):
        check_parallel(["a/b", "a/c"], [Path("x")] * 2, [Path("y")])
