"""Reading a problem: the join, the units, what is undefined, and the split by graph."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.files import parquet
from zcrepro.problems.accuracies import CHOOSING, REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Files, Rows, completing, files_of, read, read_draws
from zcrepro.problems.scores import ScoreTable
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
    tables = [ScoreTable(folder / SOURCE_OF.get(source, "released.parquet"), source)]
    arguments: dict[str, Any] = {
        "problem": Problem.parse("s/cifar10"),
        "metrics": CHOOSING,
        "max_undefined_share": 0.25,
    }
    return read(names=names, files=Files(folder / "accuracies.parquet", tables), **(arguments | changes))


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
    return Rows(Problem.parse(name), "validation", arch, np.array(graphs, object), {"x": values}, values, {})


GRAPHS = [f"graph {number % 70}" for number in range(200)]


def test_no_graph_is_on_both_sides() -> None:
    rows = problem("s/t", GRAPHS)
    [training], split = draw([rows], [30], seed=1)
    held_out = rows.where(split.held_out("s", rows.graph))
    assert len(training) == len(set(training.graph)) == 30
    assert set(held_out.graph) == set(GRAPHS) - set(training.graph)
    assert len(held_out) == sum(graph not in set(training.graph) for graph in GRAPHS)
    assert training.columns["x"].tolist() == training.accuracy.tolist()


def test_the_split_depends_on_graphs_and_seed_alone() -> None:
    rows = problem("s/t", GRAPHS)
    [training], split = draw([rows], [30], seed=1)
    [again], _ = draw([problem("s/other task", GRAPHS[::-1])], [30], seed=1)
    assert set(again.graph) == set(training.graph)
    [other], _ = draw([rows], [30], seed=2)
    assert set(other.graph) != set(training.graph)
    [elsewhere], _ = draw([problem("another space/t", GRAPHS)], [30], seed=1)
    assert set(elsewhere.graph) != set(training.graph)
    # With other rows in the file the same graphs stay on their side.
    more = np.array([*sorted(set(GRAPHS)), *(f"new {number}" for number in range(50))], object)
    assert not split.held_out("s", more)[np.isin(more, training.graph)].any()


def test_more_architectures_are_those_of_fewer_and_others() -> None:
    rows = problem("s/t", GRAPHS)
    [few], _ = draw([rows], [10], seed=1)
    [many], _ = draw([rows], [40], seed=1)
    assert set(few.graph) < set(many.graph)


def test_tasks_of_a_space_have_different_graphs_and_hold_out_the_same_ones() -> None:
    few, many = problem("s/a", GRAPHS[:45]), problem("s/b", GRAPHS)
    (first, second), split = draw([few, many], [20, 15], seed=3)
    assert (len(first), len(second)) == (20, 15)
    drawn = set(first.graph) | set(second.graph)
    assert len(drawn) == 20 + 15
    for rows in (few, many):
        held_out = set(rows.graph[split.held_out(rows.problem.space, rows.graph)])
        assert held_out
        assert not held_out & drawn
    assert split.held_out("unseen", few.graph).all()
    # Nothing but what was drawn is lost for problems of the same rows.
    (first, second), split = draw([many, problem("s/c", GRAPHS)], [20, 15], seed=3)
    assert set(many.graph[~split.held_out("s", many.graph)]) == set(first.graph) | set(second.graph)


def test_spaces_are_split_apart() -> None:
    one, other = problem("s/a", GRAPHS), problem("r/a", GRAPHS)
    both, split = draw([one, other], [20, 30], seed=3)
    assert [len(rows) for rows in both] == [20, 30]
    assert [len(rows) for rows in draw([other], [30], seed=3)[0]] == [30]
    assert set(both[1].graph) == set(draw([other], [30], seed=3)[0][0].graph)
    assert split.held_out("s", one.graph).sum() != split.held_out("r", other.graph).sum()


def test_the_split_survives_json() -> None:
    _, split = draw([problem("s/t", GRAPHS)], [30], seed=1)
    assert Split.from_json(split.as_json()) == split


def test_architectures_of_a_common_graph_are_drawn_as_often_as_others() -> None:
    rows = problem("s/t", np.array(["common"] * 8 + ["b", "c", "d"], object))
    for by, expected in (("graphs", 1 / 4), ("architectures", 8 / 11)):
        drawn = [draw([rows], [1], seed, by)[0][0].graph[0] for seed in range(300)]
        assert drawn.count("common") / len(drawn) == pytest.approx(expected, abs=0.1)


def test_all_graphs_that_were_not_drawn_are_held_out() -> None:
    few, many = problem("s/a", GRAPHS[:45]), problem("s/b", GRAPHS)
    (first, second), split = draw([few, many], [20, 15], 3, "architectures")
    assert [len(set(rows.graph)) for rows in (first, second)] == [20, 15]
    assert not set(first.graph) & set(second.graph)
    drawn = {*first.graph, *second.graph}
    np.testing.assert_array_equal(split.held_out("s", GRAPHS), [graph not in drawn for graph in GRAPHS])
    assert split.held_out("r", GRAPHS).all()
    assert split.spaces == {"s"}
    assert Split.from_json(json.loads(json.dumps(split.as_json()))) == split


def test_too_few_graphs() -> None:
    with pytest.raises(ValueError, match=r"s/t: 69 architectures .* only 70 graphs .* train on fewer"):
        draw([problem("s/t", GRAPHS)], [69], seed=1)
    tasks = [problem("s/t", GRAPHS), problem("s/u", GRAPHS)]
    draw(tasks, [30, 38], seed=1)
    with pytest.raises(ValueError, match=r"s/u: 39 architectures .* only 40 graphs .* not drawn for another"):
        draw(tasks, [30, 39], seed=1)
    # The graphs of the first task are held out, until the second one takes all but two of them.
    few = problem("s/few", GRAPHS[:24])
    [training], split = draw([few], [10], seed=1)
    free = len(set(tasks[0].graph[split.held_out("s", tasks[0].graph)]))
    assert (len(training), free > 20) == (10, True)
    with pytest.raises(
        ValueError, match=r"s/few: only [01] of its graphs are left to hold out .* train on fewer"
    ):
        draw([few, tasks[0]], [10, free - 2], seed=1)


class TestFiles:
    """Several tables of scores of one problem."""

    PROBLEM = Problem.parse("s/cifar10")

    @pytest.fixture
    def folder(self, folder: Path) -> Path:
        """Also published scores without flops and zen, and structural counts."""
        released = parquet.read(folder / "released.parquet")
        to_parquet(released.drop(columns=["flops", "zen"]), folder / "published.parquet")
        counted = pd.DataFrame({"arch": ["a1", "b1", "b2", "c1", "d1"], "structure_paths": [1.0, 2, 3, 4, 5]})
        to_parquet(counted.assign(graph="g"), folder / "structure.parquet", {"counts_of": "modules"})
        return folder

    def files(self, folder: Path, *names: str, scored_as: str = "s/cifar10") -> Files:
        kinds = {"published": "released"}
        tables = [ScoreTable(folder / f"{name}.parquet", kinds.get(name, name)) for name in names]
        return Files(folder / "accuracies.parquet", tables, Problem.parse(scored_as))

    def read(self, files: Files, names: list[str], problem: Problem = PROBLEM, share: float = 0.25) -> Rows:
        return read(problem, files, names, metrics=CHOOSING, max_undefined_share=share)

    def test_the_first_table_that_offers_a_proxy_is_read(self, folder: Path) -> None:
        files = self.files(folder, "published", "features", "structure")
        names = ["flops", "synflow", "structure_paths", "nwot", "zen"]
        found = self.read(files, names)
        assert files.offered(self.PROBLEM, [*names, "snip"], 0.25) == names
        assert found.sources == {
            "flops": "features",
            "synflow": "released",
            "structure_paths": "structure",
            "nwot": "released",
            "zen": "features",
        }
        assert found.arch.tolist() == ["a1", "b1", "c1"]  # zen of b2 is undefined
        assert found.columns["flops"].tolist() == [1, 2, 4]  # millions, converted from our units
        assert found.columns["synflow"].tolist() == pytest.approx([np.e**3, 1, np.e**2])  # as published
        assert found.columns["structure_paths"].tolist() == [1, 2, 4]

    def test_the_architectures_are_those_of_the_first_table(self, folder: Path) -> None:
        assert len(self.read(self.files(folder, "published", "structure"), ["structure_paths"])) == 4
        assert len(self.read(self.files(folder, "structure"), ["structure_paths"])) == 5

    @pytest.mark.parametrize(("share", "offers"), [(0.0, False), (0.2, False), (0.25, True)])
    def test_another_table_must_have_enough_of_the_architectures(
        self, folder: Path, share: float, offers: bool
    ) -> None:
        """The features lack the zen of one of four."""
        files = self.files(folder, "published", "features")
        assert files.offered(self.PROBLEM, ["nwot", "zen"], share) == ["nwot", *["zen"] * offers]
        few = parquet.read(folder / "features.parquet")
        to_parquet(few[few["arch"] != "a1"], folder / "features.parquet")
        assert files.offered(self.PROBLEM, ["zen"], share) == []
        assert files.offered(self.PROBLEM, ["flops"], share) == ["flops"] * offers

    def test_the_first_table_offers_what_it_has_any_value_of(self, folder: Path) -> None:
        table = parquet.read(folder / "features.parquet")
        table.loc[1:, "nwot"] = np.nan
        to_parquet(table.assign(flops=np.nan), folder / "features.parquet")
        assert self.files(folder, "features").offered(self.PROBLEM, ["nwot", "flops"], 0.0) == ["nwot"]

    def test_scores_of_another_task_can_be_read(self, folder: Path) -> None:
        problem = Problem.parse("s/cifar100")
        own = self.read(self.files(folder, "released", scored_as="s/cifar100"), ["nwot"], problem)
        other = self.read(self.files(folder, "released"), ["nwot"], problem)
        assert other.problem == problem
        assert other.accuracy.tolist() == own.accuracy.tolist() == [101, 102, 103, 104]
        assert other.columns["nwot"].tolist() == (-own.columns["nwot"]).tolist() == [1e6, 2e6, 3e6, 4e6]

    def test_by_default_the_scores_are_those_of_the_problem(self, folder: Path) -> None:
        table = ScoreTable(folder / "released.parquet", "released")
        files = Files(folder / "accuracies.parquet", [table])
        found = self.read(files, ["nwot"], Problem.parse("s/cifar100"))
        assert found.columns["nwot"].tolist() == [-1e6, -2e6, -3e6, -4e6]

    def test_other_tables_give_their_first_draw_to_every_draw(self, folder: Path) -> None:
        table = parquet.read(folder / "features.parquet")[["arch", "graph", "nwot", "flops"]]
        draws = [table.assign(draw=number, nwot=table["nwot"] + number) for number in range(3)]
        to_parquet(pd.concat(draws).drop(columns="flops"), folder / "features.parquet")
        flops = [table.assign(draw=number, flops=table["flops"] * (1 + number)) for number in range(2)]
        to_parquet(pd.concat(flops).drop(columns="nwot"), folder / "other.parquet")
        files = Files(
            folder / "accuracies.parquet",
            [ScoreTable(folder / f"{name}.parquet", "features") for name in ("features", "other")],
        )
        found = read_draws(self.PROBLEM, files, ["nwot", "flops"], metrics=CHOOSING, max_undefined_share=0.0)
        assert [rows.columns["nwot"][0] for rows in found] == [1e6, 1e6 + 1, 1e6 + 2]
        assert [rows.columns["flops"].tolist() for rows in found] == [[1, 2, 3, 4]] * 3

    def test_draws_count_that_computed_the_scores_of_some_architecture(self, folder: Path) -> None:
        """No row of the second draw has both scores."""
        table = parquet.read(folder / "features.parquet")[["arch", "graph", "nwot", "flops"]]
        draws = [table.assign(draw=0, flops_status="ok"), table.assign(draw=1, flops_status="not computed")]
        to_parquet(pd.concat(draws).assign(nwot_status="ok"), folder / "features.parquet")
        files = self.files(folder, "features")
        assert len(self.read(files, ["nwot", "flops"])) == 4
        for names, draws in ((["nwot", "flops"], 1), (["nwot"], 2)):
            found = read_draws(self.PROBLEM, files, names, metrics=CHOOSING, max_undefined_share=0.0)
            assert [len(rows) for rows in found] == [4] * draws

    def test_what_no_table_has_is_named(self, folder: Path) -> None:
        with pytest.raises(
            ValueError, match=r"published.* and .*structure.* has no score snip, zen .* it has nwot, params"
        ):
            self.read(self.files(folder, "published", "structure"), ["nwot", "snip", "zen"])

    def test_what_the_counts_count_is_said_by_their_table(self, folder: Path) -> None:
        assert self.files(folder, "released", "structure").counts_of == "modules"
        assert self.files(folder, "released").counts_of == ""

    def test_files_are_made_of_lists_in_the_order_of_the_problems(self) -> None:
        found = files_of(
            ["a/b", "a/c"],
            [Path("x"), Path("y")],
            [Path("r"), Path("s")],
            [Path("t"), Path("u")],
            source="released",
            completed={"a/c": Path("f")},
        )
        tables = [[(table.path.name, table.kind) for table in files.scores] for files in found]
        assert tables == [
            [("r", "released"), ("t", "structure")],
            [("s", "released"), ("f", "features"), ("u", "structure")],
        ]
        assert [files.accuracies.name for files in found] == ["x", "y"]
        assert [str(files.scored_as) for files in found] == ["a/b", "a/c"]

    @pytest.mark.parametrize("short", range(3))
    def test_as_many_files_as_problems(self, short: int) -> None:
        numbers = [2, 2, 2]
        numbers[short] = 1
        files = [[Path("x")] * number for number in numbers]
        with pytest.raises(
            ValueError, match=rf"2 problems .* not {numbers[0]}, {numbers[1]} and {numbers[2]}"
        ):
            files_of(["a/b", "a/c"], *files, source="released", completed={})


def test_every_completed_problem_needs_a_file_of_features() -> None:
    assert completing(["s/a"], [Path("a")]) == {"s/a": Path("a")}
    with pytest.raises(ValueError, match="1 files of features cannot complete the 2 problems s/a, s/b"):
        completing(["s/a", "s/b"], [Path("a")])
