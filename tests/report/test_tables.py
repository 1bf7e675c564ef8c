"""The tables of evolved formulas and of searches."""

import ast
import importlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sealing import to_parquet
from zcrepro import registry
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.report import comparison
from zcrepro.report._inputs import Inputs
from zcrepro.report.deviations import deviations
from zcrepro.report.tables import zcp_search_cost

CIFAR10, DIGITS = "nasbench201/cifar10", "embedded_cell/digits"


def cell(frame: pd.DataFrame, row: str, column: str, series: str | None = None) -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    if series is not None:
        found = found[found["series"] == series]
    assert len(found) == 1, frame[["row", "column"]].values.tolist()
    return found.iloc[0]


def edit(run: Any, training_set: str, problem: str, **columns: object) -> None:
    """Change the rows of a training set's formulas on a problem."""
    path = run.results / "generalization" / "srgp.parquet"
    frame = parquet.read(path)
    of = (frame["training_set"] == training_set) & (frame["problem"] == problem) & (frame["method"] == "srgp")
    for name, value in columns.items():
        frame.loc[of, name] = value
    to_parquet(frame, path)


class TestCorrelation:
    @pytest.fixture
    def made(self, run: Any, evolved_reads: list[str]) -> pd.DataFrame:
        return run.table("srgp_correlation", ["generalization/srgp", *evolved_reads])

    def test_rows_of_a_training_set_are_its_fittest_and_its_middle_run(self, made: pd.DataFrame) -> None:
        assert cell(made, "evolved on D (fittest)", CIFAR10)["value"] == 0.66  # repeat 1
        assert cell(made, "evolved on D (median)", CIFAR10)["value"] == 0.66
        assert not made["row"].str.contains("best)", regex=False).any()

    def test_the_best_count_is_so_by_absolute_value_and_is_named(self, made: pd.DataFrame) -> None:
        best = cell(made, "best count", CIFAR10)
        assert (best["value"], best["choice"]) == (-0.62, "d_max")  # the other one has 0.5
        assert best["role"] == ""  # it is no hand-crafted proxy

    def test_the_row_above_says_how_many_architectures_there_are(self, made: pd.DataFrame) -> None:
        assert cell(made, "architectures", CIFAR10)["value"] == 30
        assert cell(made, "architectures", DIGITS)["value"] == 60
        assert cell(made, "left out: a score is undefined", DIGITS)["value"] == 0

    def test_accuracies_published_scores_and_counts_are_cited(self, made: pd.DataFrame) -> None:
        cited = cell(made, "evolved on D (fittest)", CIFAR10)["cites"]
        assert cited.split() == ["nasbench201", "suite_zero", "graf"]

    def test_wins_are_counted_over_the_problems_with_those_that_the_intervals_allow(
        self, made: pd.DataFrame
    ) -> None:
        # D's fittest run leads zen by .06 [.01, .10] on cifar10 and by .08 [.03, .12] on digits.
        row = cell(made, "evolved on D (fittest)", "wins over hand-crafted")
        assert (row["value"], row["ci_low"], row["ci_high"], row["n"]) == (2, 2, 2, 2)
        # It leads the best count by .04 [-.01, .08] on both.
        row = cell(made, "evolved on D (fittest)", "wins over counts")
        assert (row["value"], row["ci_low"], row["ci_high"], row["n"]) == (2, 0, 2, 2)
        assert (row["metric"], row["interval_kind"]) == ("problems", "problems")

    def test_a_note_says_how_inputs_are_standardised_and_which_are_replaced(
        self, run: Any, evolved_reads: list[str]
    ) -> None:
        edit(run, "D", DIGITS, replaced="zen,structure_l_conv", ours="nwot")
        edit(run, "E", CIFAR10, value=np.nan, ci_low=np.nan, ci_high=np.nan, status="constant")
        made = run.table("srgp_correlation", ["generalization/srgp", *evolved_reads])
        note = cell(made, "evolved on D (fittest)", DIGITS)["note"]
        assert "inputs standardised over all architectures of the problem" in note
        assert "zen is replaced by its mean" in note
        assert "counts are replaced by their mean" in note
        assert "scores of nwot are our own" in note
        constant = cell(made, "evolved on E (fittest)", CIFAR10)
        assert np.isnan(constant["value"])
        assert constant["verdict"] == "no reference"  # no input is missing
        assert "the formula is constant on this problem" in constant["note"]
        assert "replaced" not in cell(made, "evolved on D (fittest)", CIFAR10)["note"]

    def test_equal_notes_stand_once_below_the_table(self, run: Any, evolved_reads: list[str]) -> None:
        run.table("srgp_correlation", ["generalization/srgp", *evolved_reads])
        lines = (run.results / "tables" / "srgp_correlation.md").read_text().splitlines()
        notes = [line.split("</sup> ")[-1] for line in lines if line.startswith("- ")]
        assert len(notes) == len(set(notes)) < 15

    def test_formulas_and_proxies_stand_on_the_same_held_out_architectures(self, made: pd.DataFrame) -> None:
        formula, proxy = cell(made, "evolved on D (fittest)", CIFAR10), cell(made, "zen", CIFAR10)
        assert formula["n"] == proxy["n"] == 30
        assert formula["population"] == proxy["population"]
        assert "held out of the evolution" in proxy["population"]
        assert proxy["value"] == 0.6  # .02 more than on all

    def test_what_was_not_evolved_in_a_space_is_judged_on_all_of_it(self, made: pd.DataFrame) -> None:
        assert cell(made, "evolved on E (fittest)", CIFAR10)["n"] == 60
        assert cell(made, "evolved on D (fittest)", DIGITS)["n"] == 60
        assert cell(made, "zen", DIGITS)["n"] == 60  # the headline is about D

    def test_intervals_are_those_of_the_generalization_stage(self, made: pd.DataFrame) -> None:
        row = cell(made, "evolved on D (fittest)", CIFAR10)
        assert (row["ci_low"], row["ci_high"], row["interval_kind"]) == (0.61, 0.7, "architectures")
        assert (row["reference"], row["verdict"]) == ("none", "no reference")

    def test_the_embedded_benchmark_is_named(self, made: pd.DataFrame) -> None:
        of_embedded = made[made["column"] == DIGITS]
        assert of_embedded["population"].str.contains("embedded benchmark").all()
        assert of_embedded["note"].str.contains("embedded: a small benchmark").all()

    def test_without_the_evolutions_the_fittest_is_missing_and_the_rest_is_there(self, run: Any) -> None:
        frame = run.table("srgp_correlation", ["generalization/srgp"])
        assert cell(frame, "evolved on D (fittest)", CIFAR10)["verdict"] == "missing input"
        assert cell(frame, "evolved on D (median)", CIFAR10)["value"] == 0.66

    def test_without_any_input_one_row_says_what_is_missing(self, run: Any) -> None:
        frame = run.table("srgp_correlation", [])
        assert frame["note"].tolist() == [
            "missing: the run makes no generalization/srgp, which generalization.problems would ask for"
        ]


class TestGeneralization:
    @pytest.fixture
    def made(self, run: Any, evolved_reads: list[str]) -> pd.DataFrame:
        return run.table("generalization", ["generalization/srgp", *evolved_reads])

    def test_an_entry_is_the_mean_over_the_runs_with_students_interval(self, made: pd.DataFrame) -> None:
        row = cell(made, "evolved on E", CIFAR10, "mean over runs")
        values = np.array([0.60, 0.66, 0.70])
        assert row["value"] == pytest.approx(values.mean(), abs=1e-6)
        half = (
            4.302653 * values.std(ddof=1) / np.sqrt(3)
        )  # the .975 quantile of t with two degrees of freedom
        expected = (values.mean() - half, values.mean() + half)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=1e-5)
        assert (row["seeds"], row["interval_kind"]) == (3, "runs")

    def test_where_it_was_trained_only_unseen_architectures_count(self, made: pd.DataFrame) -> None:
        assert cell(made, "evolved on D", CIFAR10, "mean over runs")["n"] == 30
        assert cell(made, "evolved on E", CIFAR10, "mean over runs")["n"] == 60

    def test_the_best_proxy_and_count_stand_above_it_with_their_names(self, made: pd.DataFrame) -> None:
        proxy, count = cell(made, "best hand-crafted", CIFAR10), cell(made, "best count", CIFAR10)
        assert (proxy["value"], proxy["n"], proxy["choice"]) == (0.6, 30, "zen")
        assert (count["value"], count["n"], count["choice"]) == (-0.62, 30, "d_max")

    def test_leads_are_those_of_the_fittest_run_with_the_rival_and_a_paired_interval(
        self, made: pd.DataFrame
    ) -> None:
        lead = cell(made, "evolved on D", CIFAR10, "fittest minus best hand-crafted")
        assert (lead["value"], lead["ci_low"], lead["ci_high"]) == (0.06, 0.01, 0.1)
        assert (lead["choice"], lead["interval_kind"]) == ("zen", "architectures")
        lead = cell(made, "evolved on E", CIFAR10, "fittest minus best count")
        assert (lead["value"], lead["choice"]) == (0.04, "d_max")

    def test_a_run_that_is_constant_counts_as_0(self, run: Any, evolved_reads: list[str]) -> None:
        path = run.results / "generalization" / "srgp.parquet"
        frame = parquet.read(path)
        frame.loc[frame["name"] == "srgp/D/seed-2", ["value", "ci_low", "ci_high"]] = np.nan
        to_parquet(frame, path)
        made = run.table("generalization", ["generalization/srgp", *evolved_reads])
        row = cell(made, "evolved on D", CIFAR10, "mean over runs")
        assert row["value"] == pytest.approx((0.60 + 0.66 + 0) / 3, abs=1e-6)
        assert "some formulas are constant on this problem" in row["note"]


class TestRuns:
    @pytest.fixture
    def made(self, run: Any, evolved_reads: list[str]) -> pd.DataFrame:
        return run.table("srgp_runs", ["generalization/srgp", *evolved_reads])

    def test_a_run_has_formula_size_both_fitnesses_and_wins(self, made: pd.DataFrame) -> None:
        assert cell(made, "D seed-1, the fittest", "size")["value"] == 3
        assert cell(made, "D seed-1, the fittest", "training")["value"] == 0.75
        held_out = cell(made, "D seed-1, the fittest", "held out")
        assert (held_out["value"], held_out["n"], held_out["note"]) == (0.7, 30, "add(synflow, nwot)")
        assert "embedded" in cell(made, "E seed-0", "training")["population"]
        # Repeat 0 leads zen by 0 on cifar10, which is no win, and by .02 [-.03, .06] on digits.
        wins = cell(made, "D seed-0", "wins over hand-crafted")
        assert (wins["value"], wins["ci_low"], wins["ci_high"]) == (1, 0, 2)

    def test_a_summary_gives_statistics_over_the_runs(self, made: pd.DataFrame) -> None:
        values = {
            column: {
                statistic: cell(made, "D, 3 runs", column, statistic)["value"]
                for statistic in ("median", "mean", "sd", "lowest", "highest")
            }
            for column in ("size", "training", "held out", "wins over hand-crafted", "wins over counts")
        }
        assert values["training"] == pytest.approx(
            {"median": 0.64, "mean": 2 / 3, "sd": 0.0737111, "lowest": 0.61, "highest": 0.75}, abs=1e-5
        )
        assert values["held out"]["median"] == pytest.approx(0.59)
        assert values["size"] == {"median": 3, "mean": 3, "sd": 0, "lowest": 3, "highest": 3}
        assert values["wins over hand-crafted"] == pytest.approx(
            {"median": 2, "mean": 5 / 3, "sd": 0.57735, "lowest": 1, "highest": 2}, abs=1e-5
        )
        # Repeat 0 is .02 behind the best count, the others are ahead.
        assert values["wins over counts"]["lowest"] == 0

    def test_without_a_generalization_there_are_no_wins(self, run: Any, evolved_reads: list[str]) -> None:
        made = run.table("srgp_runs", evolved_reads)
        assert set(made["column"]) == {"size", "training", "held out"}

    def test_people_see_the_formula_in_a_column(self, run: Any, evolved_reads: list[str]) -> None:
        run.table("srgp_runs", evolved_reads)
        lines = (run.results / "tables" / "srgp_runs.md").read_text().splitlines()
        assert "| row |  | size | training | held out | formula |" in lines
        assert "| D seed-0 |  | 3 | 0.610 | 0.560 | `add(synflow, nwot)` |" in lines
        assert "| D, 3 runs | median | 3 | 0.640 | 0.590 |  |" in lines

    def test_a_file_that_is_no_evolution_is_named(self, run: Any) -> None:
        path = run.results / "evolved" / "srgp" / "D" / "seed-0.json"
        write_sealed(path, {"formula": "snip"})
        with pytest.raises(ValueError, match=r"seed-0.json is not the file of an evolution: it lacks"):
            run.table("srgp_runs", ["evolved/srgp/D/seed-0"])


GUIDED = "nasbench201/cifar100 random_search+synflow warmup 100"


class TestSearch:
    @pytest.fixture
    def made(self, run: Any) -> pd.DataFrame:
        return run.table("zcp_search", ["search/zcp/embedded_cell-digits", "search/zcp/nasbench201-cifar100"])

    def test_an_entry_is_the_mean_test_accuracy_after_so_many_models(self, made: pd.DataFrame) -> None:
        row = cell(made, "nasbench201/cifar100 random_search", "10 models")
        half = 4.302653 / np.sqrt(3)  # of 59, 60 and 61, whose standard deviation is 1
        assert row["value"] == 60
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((60 - half, 60 + half), abs=1e-4)
        assert (row["seeds"], row["interval_kind"], row["metric"]) == (3, "runs", "best test accuracy")
        assert "mean over 3 searches" in row["note"]
        assert row["n"] == 60
        assert row["population"] == "the 60 of 15,625 architectures of nasbench201 with accuracies and scores"
        guided = cell(made, GUIDED, "10 models")
        assert "evolved on 40 accuracies of this space, which the budget does not count" in guided["note"]
        assert "evolved on" not in row["note"]
        assert cell(made, GUIDED, "20 models")["value"] == 75
        best = cell(made, "nasbench201/cifar100 best of all", "20 models")
        assert (best["value"], best["metric"]) == (79, "best test accuracy")

    def test_without_test_accuracy_the_validation_accuracy_is_reported_and_called_so(
        self, made: pd.DataFrame
    ) -> None:
        row = cell(made, "embedded_cell/digits random_search", "10 models")
        assert (row["value"], row["metric"]) == (61, "best validation accuracy")
        assert "embedded benchmark" in row["population"]
        assert "validation accuracy only" in row["note"]

    def test_space_and_task_are_those_in_the_file_whatever_its_name(self, run: Any) -> None:
        folder = run.results / "search" / "zcp"
        (folder / "nasbench201-cifar100.parquet").rename(folder / "other.parquet")
        made = run.table("zcp_search", ["search/zcp/other"])
        assert set(made["problem"]) == {"nasbench201/cifar100"}

    def test_a_search_that_ended_early_keeps_its_best(self, run: Any) -> None:
        path = run.results / "search" / "zcp" / "nasbench201-cifar100.parquet"
        frame = parquet.read(path)
        to_parquet(frame[(frame["repeat"] != 0) | (frame["trained"] <= 4)], path)
        made = run.table("zcp_search", ["search/zcp/nasbench201-cifar100"])
        row = cell(made, "nasbench201/cifar100 random_search", "20 models")
        assert row["value"] == pytest.approx((53 + 70 + 71) / 3, abs=1e-4)


class TestSearchByAProxy:
    @pytest.fixture
    def made(self, run: Any) -> pd.DataFrame:
        path = run.results / "search" / "zcp" / "nasbench201-cifar100.parquet"
        frame = parquet.read(path)
        formula = frame[frame["guide"] != "none"].assign(guide="evolved", help="objective", method="x")
        proxy = frame[frame["guide"] == "none"].assign(guide="snip", help="objective", method="y")
        out = run.results / "search" / "srgp" / "nasbench201-cifar100.parquet"
        out.parent.mkdir(parents=True)
        to_parquet(pd.concat([formula, proxy]), out)
        return run.table("srgp_search", ["search/srgp/nasbench201-cifar100"])

    def test_a_row_is_what_the_searches_of_a_proxy_end_on(self, made: pd.DataFrame) -> None:
        formula = cell(made, "formula", "nasbench201/cifar100, accuracy")
        assert formula["value"] == 75  # 74, 75 and 76
        assert (formula["role"], formula["seeds"]) == ("evolved", 3)
        assert "evolved on 40 accuracies of this space" in formula["note"]
        assert cell(made, "formula", "nasbench201/cifar100, regret")["value"] == 4
        assert cell(made, "snip", "nasbench201/cifar100, regret")["value"] == 9

    def test_what_cannot_be_computed_is_missing(self, made: pd.DataFrame) -> None:
        assert cell(made, "Once-for-All", "accuracy")["verdict"] == "missing input"


class TestSearchCost:
    """Repeat r of the plain search has 49 + trained + r percent of at most 79, and the guided one 5 more."""

    READS = ("search/zcp/nasbench201-cifar100",)

    @pytest.fixture
    def made(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
        monkeypatch.setattr(zcp_search_cost, "BELOW", (15.0, 9.5, 5.0))
        return run.table("zcp_search_cost", self.READS)

    def test_the_models_to_an_accuracy_are_the_median_of_the_searches(self, made: pd.DataFrame) -> None:
        row = cell(made, "nasbench201/cifar100 random_search", "models to 15 below")
        assert (row["value"], row["ci_low"], row["ci_high"]) == (14, 13, 15)  # to 64
        assert (row["interval_kind"], row["seeds"]) == ("quartiles", 3)
        assert cell(made, GUIDED, "models to 15 below")["value"] == 9

    def test_searches_that_do_not_arrive_are_counted(self, made: pd.DataFrame) -> None:
        row = cell(made, "nasbench201/cifar100 random_search", "models to 9.5 below")  # 70 percent
        assert row["value"] == 20
        assert np.isnan(row["ci_high"])
        assert "not reached with 20 models by 1 of 3 searches" in row["note"]
        never = cell(made, "nasbench201/cifar100 random_search", "models to 5 below")
        assert np.isnan(never["value"])
        assert "by 3 of 3 searches" in never["note"]

    def test_a_speed_up_is_the_ratio_of_medians(self, made: pd.DataFrame) -> None:
        row = cell(made, GUIDED, "speed-up to 15 below")
        assert row["value"] == pytest.approx(14 / 9, abs=1e-4)
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
        assert row["interval_kind"] == "resampled runs"
        bound = cell(made, GUIDED, "speed-up to 5 below")
        assert bound["value"] == pytest.approx(21 / 19, abs=1e-4)
        assert "at least: the median plain search does not arrive with 20 models" in bound["note"]

    def test_a_guide_with_which_the_median_search_does_not_arrive_has_no_speed_up(
        self, run: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(zcp_search_cost, "BELOW", (2.0,))
        row = cell(run.table("zcp_search_cost", self.READS), GUIDED, "speed-up to 2 below")  # to 77 percent
        assert np.isnan(row["value"])
        assert np.isnan(row["ci_low"])
        assert "the median search with the guide does not arrive with 20 models" in row["note"]

    def test_a_plain_search_has_no_speed_up(self, made: pd.DataFrame) -> None:
        of_plain = made[made["row"] == "nasbench201/cifar100 random_search"]
        assert not of_plain["column"].str.startswith("speed-up").any()


def test_every_table_is_written_for_people_too(run: Any, evolved_reads: list[str]) -> None:
    run.table("generalization", ["generalization/srgp", *evolved_reads])
    markdown = (run.results / "tables" / "generalization.md").read_text()
    latex = (run.results / "tables" / "generalization.tex").read_text()
    assert re.search(
        r"\| evolved on D \| mean over runs(<sup>\S+</sup>)? \| 0\.653 \\\[0\.528, 0\.778\\\]<sup>\S+</sup> \|",
        markdown,
    )
    assert re.search(
        r"evolved on D & mean over runs\S* & 0\.653 \[0\.528, 0\.778\]\\textsuperscript\{\S+\} &", latex
    )
    assert r"embedded\_cell/digits" in latex


class TestPromoted:
    @pytest.fixture
    def reads(self, run: Any) -> list[str]:
        """Return inputs of which one search and one evolution were promoted."""
        path = run.results / "search" / "zcp" / "nasbench201-cifar100.parquet"
        rows = pq.read_table(path)
        to_parquet(rows.to_pandas(), path, {"promoted": "resources/searches/one"})
        formula = run.results / "evolved" / "srgp" / "D" / "seed-0.json"
        found = json.loads(formula.read_text())
        write_sealed(formula, found | {"promoted": "resources/evolved/one"})
        return ["search/zcp/nasbench201-cifar100", "evolved/srgp/D/seed-0"]

    def test_a_table_names_where_its_promoted_inputs_are_tracked(self, run: Any, reads: list[str]) -> None:
        made = run.table("zcp_search", reads)
        assert set(made["promoted"]) == {"resources/searches/one"}  # the formula was not read
        assert "promoted: resources/searches/one" in (run.results / "tables" / "zcp_search.md").read_text()
        assert set(run.table("srgp_runs", reads)["promoted"]) == {"resources/evolved/one"}

    def test_promoted_files_of_one_kind_are_named_by_their_common_folder(self, run: Any) -> None:
        for training_set in "DE":
            for seed in range(2):
                path = run.results / "evolved" / "srgp" / training_set / f"seed-{seed}.json"
                where = f"resources/evolved/srgp/{training_set}/seed-{seed}.json"
                write_sealed(path, json.loads(path.read_text()) | {"promoted": where})
        reads = [f"evolved/srgp/{name}/seed-{seed}" for name in "DE" for seed in range(2)]
        assert set(run.table("srgp_runs", reads[:2])["promoted"]) == {"resources/evolved/srgp/D"}
        assert set(run.table("srgp_runs", reads)["promoted"]) == {"resources/evolved/srgp"}

    def test_what_the_run_computed_is_not_called_promoted(self, run: Any) -> None:
        made = run.table("zcp_search", ["search/zcp/embedded_cell-digits"])
        assert set(made["promoted"]) == {""}
        assert "promoted" not in (run.results / "tables" / "zcp_search.md").read_text()


class TestMethods:
    """A second method, under a name that nothing knows."""

    @pytest.fixture
    def reads(self, run: Any, evolved_reads: list[str]) -> list[str]:
        source, target = run.results / "generalization" / "srgp.parquet", "generalization/other"
        frame = parquet.read(source)
        frame.loc[frame["method"] == "srgp", "method"] = "other"
        to_parquet(frame, run.results / f"{target}.parquet")
        for name in evolved_reads:
            path = run.results / f"{name.replace('srgp', 'other')}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            found = json.loads((run.results / f"{name}.json").read_text())
            write_sealed(path, found | {"method": "other"})
        others = [name.replace("srgp", "other") for name in evolved_reads]
        return ["generalization/srgp", target, *evolved_reads, *others]

    def test_every_method_has_lines_of_its_own(self, run: Any, reads: list[str]) -> None:
        made = run.table("generalization", reads)
        means = made[(made["row"] == "evolved on D") & made["series"].str.endswith("mean over runs")]
        expected = ["srgp, mean over runs"] * 2 + ["other, mean over runs"] * 2
        assert means["series"].tolist() == expected

    def test_the_tables_of_a_paper_read_its_method_alone(self, run: Any, reads: list[str]) -> None:
        made = run.table("srgp_runs", reads)
        assert made["row"].str.contains("seed").sum() == 6 * (3 + 3)  # size, two fitnesses, three wins


READ = sorted((kind, name) for kind in ("table", "figure") for name in registry.names(kind))


@pytest.mark.parametrize(("kind", "name"), READ)
def test_what_a_table_or_figure_reads_is_a_literal(kind: str, name: str) -> None:
    package = registry.get(kind, name).__class__.__module__.rpartition(".")[0]
    source = Path(importlib.import_module(f"{package}.{kind}s.{name}").__file__ or "")
    found = [
        ast.literal_eval(node.value)
        for node in ast.parse(source.read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "READS"
    ]
    assert len(found) == 1
    folders = {
        "tables",
        "timings",
        "costs",
        "accuracies",
        "released",
        "features",
        "structure",
        "epochs",
        "generalization",
        "evolved",
        "live",
        "search",
        "trainings",
        "leaderboard",
        "programs",
    }
    # A variant of features has its name behind a hyphen.
    assert {pattern.split("/")[0].split("-")[0] for pattern in found[0]} <= folders


def test_a_misspelt_table_names_the_nearest(run: Any) -> None:
    with pytest.raises(ValueError, match="did you mean 'zcp_search'"):
        run.table("zcp_serach", [])


def test_draws_are_told_apart_by_their_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"arch": ["b", "a", "a"], "draw": [1, 0, 1], "snip": [3.0, 1.0, 2.0]})
    to_parquet(frame, tmp_path / "f.parquet")
    first, second = Inputs(["features/s/t"], [tmp_path / "f.parquet"]).draws("features/s/t")
    assert first.values.tolist() == [["a", 1.0]]
    assert second.values.tolist() == [["b", 3.0], ["a", 2.0]]
    to_parquet(frame.drop(columns="draw"), tmp_path / "f.parquet")
    with pytest.raises(ValueError, match="has no column draw; it has arch, snip"):
        Inputs(["features/s/t"], [tmp_path / "f.parquet"]).draws("features/s/t")


def test_names_and_files_must_match() -> None:
    with pytest.raises(ValueError, match="0 files were given for the names"):
        Inputs(["search/zcp/nasbench201-cifar100"], [])


def test_the_deviations_are_all_tables_in_one_order(run: Any, evolved_reads: list[str]) -> None:
    run.table("srgp_runs", evolved_reads)
    run.table("zcp_search", ["search/zcp/embedded_cell-digits"])
    files = [run.results / "tables" / f"{name}.csv" for name in ("srgp_runs", "zcp_search")]
    contents = []
    for order in (files, files[::-1]):
        output = run.results / "tables" / "deviations.csv"
        deviations(tables=order, output=output)
        contents.append(output.read_bytes())
    frame = comparison.read_csv(Path(output))
    assert contents[0] == contents[1]
    runs = 6 * 3 + 2 * 3 * 5  # three values of each run, and five statistics of each on two training sets
    assert frame["table"].tolist() == ["srgp_runs"] * runs + ["zcp_search"] * 5
