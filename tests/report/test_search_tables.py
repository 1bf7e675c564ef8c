"""Tables of searches in experiments of their own, and of pools that are too small for a search."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.files import parquet
from zcrepro.generalization.table import KENDALL, REGRET
from zcrepro.searching import live

CIFAR10, DIGITS = "nasbench201/cifar10", "embedded_cell/digits"


def one(frame: pd.DataFrame, row: str, column: str) -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    assert len(found) == 1, frame[["row", "column"]].values.tolist()
    return found.iloc[0]


def write_search(run: Any, experiment: str, problem: str, **guides: str) -> str:
    """Write the run's searches as those of other guides: by ``plain`` with 73 to 75 percent, and 5 more.

    The highest accuracy is 79.
    """
    space, _, task = problem.partition("/")
    frame = parquet.read(run.results / "search" / "zcp" / "nasbench201-cifar100.parquet")
    of = {"plain": frame["guide"] == "none", "better": frame["guide"] != "none"}
    parts = [
        frame[of[kind]].assign(guide=guide, help="objective", amount=0, method=f"proxy_evolution+{guide}")
        for kind, guide in guides.items()
    ]
    name = f"search/{experiment}/{space}-{task}"
    path = run.results / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    to_parquet(pd.concat(parts).assign(space=space, task=task, algorithm="proxy_evolution"), path)
    return name


class TestEZNAS:
    @pytest.fixture
    def made(self, run: Any) -> pd.DataFrame:
        name = write_search(run, "eznas", CIFAR10, plain="snip", better="eznas_a")
        return run.table("eznas_search", [name])

    def test_a_program_and_a_proxy_have_what_their_searches_end_on(self, made: pd.DataFrame) -> None:
        column = f"{CIFAR10}, accuracy"
        assert one(made, "eznas_a", column)["value"] == 75
        assert one(made, "snip", column)["value"] == 70
        assert one(made, "eznas_a", f"{CIFAR10}, regret")["value"] == 4
        row = one(made, "snip", f"{CIFAR10}, regret")
        half = 4.302653 / np.sqrt(3)  # of three searches, whose standard deviation is 1
        assert (row["value"], row["seeds"], row["interval_kind"]) == (9, 3, "runs")
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((9 - half, 9 + half), abs=1e-4)
        assert len(made) == 4

    def test_a_published_program_is_an_evolved_one(self, made: pd.DataFrame) -> None:
        roles = made.groupby("row")["role"].unique().map(list)
        assert roles.to_dict() == {"eznas_a": ["evolved"], "snip": ["hand-crafted"]}

    def test_without_searches_it_is_missing(self, run: Any) -> None:
        made = run.table("eznas_search", ["search/zcp/nasbench201-cifar100"])
        assert made["note"].tolist() == [
            "missing: the run makes no search/eznas/, which search would ask for"
        ]


class TestNASBench101:
    READS = ("search/zcp_nasbench101/other", "search/zcp/nasbench201-cifar100")

    @pytest.fixture
    def made(self, run: Any) -> pd.DataFrame:
        frame = parquet.read(run.results / "search" / "zcp" / "embedded_cell-digits.parquet")
        path = run.results / "search" / "zcp_nasbench101" / "other.parquet"
        path.parent.mkdir(parents=True)
        to_parquet(frame.assign(space="nasbench101", task="cifar10"), path)
        return run.table("zcp_search_nb101", self.READS)

    def test_methods_have_the_best_model_after_numbers_of_trained_ones(self, made: pd.DataFrame) -> None:
        plain, guided = ("nasbench101/cifar10 random_search" + how for how in ("", "+synflow warmup 100"))
        assert one(made, plain, "10 models")["value"] == 61
        assert one(made, guided, "10 models")["value"] == 66
        row = one(made, plain, "20 models")
        assert (row["value"], row["metric"], row["n"]) == (71, "best validation accuracy", 60)
        assert row["population"].startswith("the 60 of 423,624 architectures of nasbench101")
        assert "the benchmark has validation accuracy only" in row["note"]
        assert one(made, "nasbench101/cifar10 best of all", "20 models")["value"] == 80

    @pytest.mark.usefixtures("made")
    def test_an_algorithm_that_two_experiments_run_is_named(self, run: Any) -> None:
        path = run.results / "search" / "zcp_nasbench101" / "other.parquet"
        to_parquet(parquet.read(path), path.with_name("again.parquet"))
        with pytest.raises(ValueError, match="two experiments search nasbench101/cifar10 by random_search"):
            run.table("zcp_search_nb101", (*self.READS, "search/zcp_nasbench101/again"))

    def test_the_searches_of_other_experiments_have_a_table_of_their_own(self, made: pd.DataFrame) -> None:
        assert set(made["problem"]) == {"nasbench101/cifar10", ""}

    def test_nasbench_asr_is_missing_and_says_why(self, made: pd.DataFrame) -> None:
        row = one(made, "NAS-Bench-ASR", "10 models")
        assert row["verdict"] == "missing input"
        assert "no pinned file has" in row["note"]

    def test_without_searches_it_is_missing(self, run: Any) -> None:
        made = run.table("zcp_search_nb101", self.READS[1:])
        assert made["verdict"].tolist() == ["missing input"] * 2
        assert (
            "missing: the run makes no search/zcp_nasbench101/, which search would ask for"
            in made["note"].tolist()
        )


class TestPools:
    """Regrets of ten times Kendall's tau: 6 of zen and 6.6 of the fittest formula on what D holds out."""

    @pytest.fixture
    def reads(self, run: Any, evolved_reads: list[str]) -> list[str]:
        path = run.results / "generalization" / "srgp.parquet"
        frame = parquet.read(path)
        regrets = frame[frame["metric"] == KENDALL].assign(metric=REGRET, ci_low=np.nan, ci_high=np.nan)
        regrets["value"] = (10 * regrets["value"]).mask(regrets["name"] == "snip")
        to_parquet(pd.concat([frame, regrets]), path)
        return ["generalization/srgp", *evolved_reads]

    def test_a_problem_that_is_not_searched_has_the_regrets_of_the_best_scored(
        self, run: Any, reads: list[str]
    ) -> None:
        made = run.table("srgp_search", reads)
        proxy, formula = (one(made, name, f"{CIFAR10}, regret") for name in ("zen", "formula"))
        assert (proxy["value"], proxy["n"], proxy["role"]) == (6, 30, "hand-crafted")
        assert (formula["value"], formula["n"], formula["role"]) == (6.6, 30, "evolved")
        assert "held out of the evolution" in formula["population"]
        assert formula["metric"] == "regret of test accuracy"
        assert formula["note"] == "no search: of the best-scored architecture of the pool; evolved on D"
        assert one(made, "zen", f"{DIGITS}, regret")["value"] == 5.8  # on all architectures
        assert one(made, "formula", f"{DIGITS}, regret")["n"] == 60
        assert "embedded: a small benchmark" in one(made, "zen", f"{DIGITS}, regret")["note"]

    def test_a_proxy_without_a_score_has_no_regret(self, run: Any, reads: list[str]) -> None:
        row = one(run.table("srgp_search", reads), "snip", f"{DIGITS}, regret")
        assert np.isnan(row["value"])
        assert "no score" in row["note"]

    def test_a_problem_that_is_searched_has_only_what_its_searches_end_on(
        self, run: Any, reads: list[str]
    ) -> None:
        name = write_search(run, "srgp", CIFAR10, plain="zen", better="evolved")
        made = run.table("srgp_search", [name, *reads])
        of_searched = made[made["problem"] == CIFAR10]
        assert of_searched.groupby("column")["row"].agg(list).to_dict() == {
            f"{CIFAR10}, accuracy": ["formula", "zen"],
            f"{CIFAR10}, regret": ["formula", "zen"],
        }
        assert one(made, "zen", f"{CIFAR10}, regret")["value"] == 9
        assert one(made, "zen", f"{DIGITS}, regret")["value"] == 5.8

    def test_without_the_evolutions_there_are_the_regrets_of_proxies(
        self, run: Any, reads: list[str]
    ) -> None:
        made = run.table("srgp_search", reads[:1])
        assert one(made, "zen", f"{CIFAR10}, regret")["value"] == 6
        assert "formula" not in made["row"].tolist()

    def test_without_the_generalization_there_are_none(self, run: Any) -> None:
        made = run.table("srgp_search", [])
        assert set(made["verdict"]) == {"missing input"}
        assert made["note"].iloc[0] == "missing: the run makes no search/srgp/, which search would ask for"


class TestLive:
    """Searches of the DARTS space by two objectives, three times each."""

    PROBLEM = "nasbench301/cifar10"

    def record(self, run: Any, name: str, rows: list[tuple[int, float, float]], **made: str) -> list[str]:
        """Write searches from (repeat, score, accuracy)."""
        frame = pd.DataFrame(rows, columns=["repeat", "score", "accuracy"])
        frame["place"] = frame.groupby("repeat").cumcount()
        frame = frame.assign(arch="a", graph="g", status="ok", seconds=1.0)
        metadata = {
            live.PROBLEM: self.PROBLEM,
            live.OBJECTIVE: "params",
            live.FORMULA: "",
            live.MINUTES: "0.0",
            live.ACCURACY_OF: live.SURROGATE,
            live.HIGHEST: "",
        } | made
        names = {f"live/{name}": live.TRACE, f"live/{name}-seconds": live.SECONDS}
        for of, schema in names.items():
            parquet.write(run.results / f"{of}.parquet", frame[schema.names], schema, live.KEY, metadata)
        return list(names)

    @pytest.fixture
    def by_formula(self, run: Any) -> list[str]:
        rows = [(0, 5, 93), (0, 4, 96), (1, 1, 92), (1, 2, 94), (2, 1, 95), (2, math.nan, 90)]
        return self.record(run, "formula", rows, objective="srgp/D/seed-3", formula="nwot")

    def test_objectives_have_what_their_searches_end_on(self, run: Any, by_formula: list[str]) -> None:
        by_params = self.record(run, "params", [(0, 1, 91), (1, 9, 92), (1, 3, 95), (2, 1, 93)])
        made = run.table("srgp_search", [*by_formula, *by_params])
        accuracy, regret = (f"{self.PROBLEM} live, {column}" for column in ("accuracy", "regret"))
        row = one(made, "formula", accuracy)
        assert (row["value"], row["role"], row["seeds"], row["n"]) == (94, "evolved", 3, 6)
        assert row["ci_low"] < 93 < 95 < row["ci_high"]  # Student's t of 93, 94 and 95
        assert row["metric"] == "validation accuracy by YAHPO Gym's surrogate"
        assert one(made, "params", accuracy)["value"] == 92
        # 96 is the highest of all that was scored, by whichever objective.
        assert [one(made, name, regret)["value"] for name in ("formula", "params")] == [2, 4]
        assert "the highest is that of all networks scored" in one(made, "params", regret)["note"]

    def test_the_regret_is_to_the_highest_of_the_benchmark_where_it_has_one(self, run: Any) -> None:
        reads = self.record(run, "params", [(0, 1, 91), (1, 1, 92)], highest="99.5")
        row = one(run.table("srgp_search", reads), "params", f"{self.PROBLEM} live, regret")
        assert (row["value"], "highest" in row["note"]) == (8, False)

    def test_a_search_without_repeats_is_in_the_table_of_its_own(
        self, run: Any, by_formula: list[str]
    ) -> None:
        once = self.record(run, "once", [(0, 1, 91), (0, 2, 92)], problem=CIFAR10)
        made = run.table("srgp_search", [*by_formula, *once])
        assert set(made[made["column"].str.contains("live")]["row"]) == {"formula"}
        timed = run.table("srgp_live", [*by_formula, *once])
        assert set(timed["row"]) == {f"{CIFAR10} params"}
