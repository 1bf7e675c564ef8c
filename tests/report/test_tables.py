"""The tables of evolved formulas and of searches."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zcrepro.report import comparison
from zcrepro.report._inputs import Inputs
from zcrepro.report.deviations import deviations

CIFAR10, DIGITS = "nasbench201/cifar10", "embedded_cell/digits"


def cell(frame: pd.DataFrame, row: str, column: str) -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    assert len(found) == 1, frame[["row", "column"]].values.tolist()
    return found.iloc[0]


class TestCorrelation:
    @pytest.fixture
    def made(self, run: Any, evolved_reads: list[str]) -> pd.DataFrame:
        return run.table("srgp_correlation", ["generalization/srgp", *evolved_reads])

    def test_rows_of_a_training_set_are_its_fittest_its_middle_and_its_best_run(
        self, made: pd.DataFrame
    ) -> None:
        assert cell(made, "evolved on D (fittest)", CIFAR10)["value"] == 0.66  # repeat 1
        assert cell(made, "evolved on D (median)", CIFAR10)["value"] == 0.66
        best = cell(made, "evolved on D (best)", CIFAR10)
        assert best["value"] == 0.70
        assert "an upper bound" in best["note"]

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
        assert frame["note"].tolist() == ["missing: the run makes no generalization/srgp"]


class TestGeneralization:
    @pytest.fixture
    def made(self, run: Any, evolved_reads: list[str]) -> pd.DataFrame:
        return run.table("generalization", ["generalization/srgp", *evolved_reads])

    def test_a_cell_is_the_mean_over_the_repeats_with_its_quantiles(self, made: pd.DataFrame) -> None:
        row = cell(made, "evolved on E", CIFAR10)
        assert row["value"] == pytest.approx(np.mean([0.60, 0.66, 0.70]), abs=1e-6)
        assert (row["ci_low"], row["ci_high"], row["seeds"]) == (0.63, 0.68, 3)
        assert row["interval_kind"] == "initialisations"

    def test_where_it_was_trained_only_unseen_architectures_count(self, made: pd.DataFrame) -> None:
        assert cell(made, "evolved on D", CIFAR10)["n"] == 30
        assert cell(made, "evolved on E", CIFAR10)["n"] == 60

    def test_the_best_handcrafted_proxy_stands_beside_it_on_the_same_architectures(
        self, made: pd.DataFrame
    ) -> None:
        best = cell(made, "best hand-crafted", CIFAR10)
        assert (best["value"], best["n"]) == (0.6, 30)
        assert best["note"].startswith("zen: the largest on these very architectures")
        assert "same architectures: zen 0.600" in cell(made, "evolved on D", CIFAR10)["note"]
        assert "same architectures: zen 0.580" in cell(made, "evolved on E", CIFAR10)["note"]


class TestRuns:
    def test_a_row_a_run_with_formula_size_and_both_fitnesses(
        self, run: Any, evolved_reads: list[str]
    ) -> None:
        frame = run.table("srgp_runs", evolved_reads)
        assert len(frame) == 6 * 3
        assert cell(frame, "D seed-1", "size")["value"] == 3
        assert cell(frame, "D seed-1", "training")["value"] == 0.75
        held_out = cell(frame, "D seed-1", "held out")
        assert (held_out["value"], held_out["n"], held_out["note"]) == (0.7, 30, "add(synflow, nwot)")
        assert "embedded" in cell(frame, "E seed-0", "training")["population"]

    def test_people_see_the_formula_in_a_column(self, run: Any, evolved_reads: list[str]) -> None:
        run.table("srgp_runs", evolved_reads)
        lines = (run.results / "tables" / "srgp_runs.md").read_text().splitlines()
        assert "| row | size | training | held out | formula |" in lines
        assert "| D seed-0 | 3 | 0.610 | 0.560 | `add(synflow, nwot)` |" in lines

    def test_a_file_that_is_no_evolution_is_named(self, run: Any) -> None:
        path = run.results / "evolved" / "srgp" / "D" / "seed-0.json"
        path.write_text('{"formula": "snip"}')
        with pytest.raises(ValueError, match=r"seed-0.json is not the file of an evolution: it lacks"):
            run.table("srgp_runs", ["evolved/srgp/D/seed-0"])


class TestSearch:
    @pytest.fixture
    def made(self, run: Any) -> pd.DataFrame:
        return run.table("zcp_search", ["search/embedded_cell-digits", "search/nasbench201-cifar100"])

    def test_a_cell_is_the_mean_test_accuracy_after_so_many_models(self, made: pd.DataFrame) -> None:
        row = cell(made, "nasbench201/cifar100 random_search", "10 models")
        assert (row["value"], row["ci_low"], row["ci_high"]) == (60, 59.5, 60.5)
        assert (row["seeds"], row["interval_kind"], row["metric"]) == (
            3,
            "initialisations",
            "best test accuracy",
        )
        quarter = cell(made, "nasbench201/cifar100 random_search", "25% of the budget")
        assert quarter["value"] == 55
        assert "5 of 20 trained models" in quarter["note"]
        assert row["n"] == 60
        assert row["population"] == "the 60 of 15,625 architectures of nasbench201 with accuracies and scores"
        guided = cell(made, "nasbench201/cifar100 random_search+synflow", "10 models")
        assert "evolved on 40 accuracies of this space, which the budget does not count" in guided["note"]
        assert "evolved on" not in row["note"]
        assert cell(made, "nasbench201/cifar100 random_search+synflow", "100% of the budget")["value"] == 75

    def test_without_test_accuracy_the_validation_accuracy_is_reported_and_called_so(
        self, made: pd.DataFrame
    ) -> None:
        row = cell(made, "embedded_cell/digits random_search", "50% of the budget")
        assert (row["value"], row["metric"]) == (61, "best validation accuracy")
        assert "embedded benchmark" in row["population"]
        assert "validation accuracy only" in row["note"]

    def test_a_search_that_ended_early_keeps_its_best(self, run: Any) -> None:
        path = run.results / "search" / "nasbench201-cifar100.parquet"
        frame = pd.read_parquet(path)
        frame[(frame["repeat"] != 0) | (frame["trained"] <= 4)].to_parquet(path)
        made = run.table("zcp_search", ["search/nasbench201-cifar100"])
        row = cell(made, "nasbench201/cifar100 random_search", "100% of the budget")
        assert row["value"] == pytest.approx((53 + 70 + 71) / 3, abs=1e-4)


def test_every_table_is_written_for_people_too(run: Any, evolved_reads: list[str]) -> None:
    run.table("generalization", ["generalization/srgp", *evolved_reads])
    markdown = (run.results / "tables" / "generalization.md").read_text()
    latex = (run.results / "tables" / "generalization.tex").read_text()
    assert "| evolved on D | 0.653 \\[0.630, 0.680\\] | 0.653 \\[0.630, 0.680\\] |" in markdown
    assert r"evolved on D & 0.653 [0.630, 0.680] & 0.653 [0.630, 0.680] \\" in latex
    assert r"embedded\_cell/digits" in latex


def test_a_misspelt_table_names_the_nearest(run: Any) -> None:
    with pytest.raises(ValueError, match="did you mean 'zcp_search'"):
        run.table("zcp_serach", [])


def test_names_and_files_must_match() -> None:
    with pytest.raises(ValueError, match="0 files were given for the names"):
        Inputs(["search/nasbench201-cifar100"], [])


def test_the_deviations_are_all_tables_in_one_order(run: Any, evolved_reads: list[str]) -> None:
    run.table("srgp_runs", evolved_reads)
    run.table("zcp_search", ["search/embedded_cell-digits"])
    files = [run.results / "tables" / f"{name}.csv" for name in ("srgp_runs", "zcp_search")]
    contents = []
    for order in (files, files[::-1]):
        output = run.results / "tables" / "deviations.csv"
        deviations(tables=order, output=output)
        contents.append(output.read_bytes())
    frame = comparison.read_csv(Path(output))
    assert contents[0] == contents[1]
    assert len(frame) == 18 + 8
    assert frame["table"].tolist() == ["srgp_runs"] * 18 + ["zcp_search"] * 8
