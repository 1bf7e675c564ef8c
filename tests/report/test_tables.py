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

    def test_an_entry_is_the_mean_over_the_runs_with_students_interval(self, made: pd.DataFrame) -> None:
        row = cell(made, "evolved on E", CIFAR10)
        values = np.array([0.60, 0.66, 0.70])
        assert row["value"] == pytest.approx(values.mean(), abs=1e-6)
        half = (
            4.302653 * values.std(ddof=1) / np.sqrt(3)
        )  # the .975 quantile of t with two degrees of freedom
        expected = (values.mean() - half, values.mean() + half)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=1e-5)
        assert (row["seeds"], row["interval_kind"]) == (3, "runs")

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
        write_sealed(path, {"formula": "snip"})
        with pytest.raises(ValueError, match=r"seed-0.json is not the file of an evolution: it lacks"):
            run.table("srgp_runs", ["evolved/srgp/D/seed-0"])


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
        row = cell(made, "nasbench201/cifar100 random_search", "100% of the budget")
        assert row["value"] == pytest.approx((53 + 70 + 71) / 3, abs=1e-4)


def test_every_table_is_written_for_people_too(run: Any, evolved_reads: list[str]) -> None:
    run.table("generalization", ["generalization/srgp", *evolved_reads])
    markdown = (run.results / "tables" / "generalization.md").read_text()
    latex = (run.results / "tables" / "generalization.tex").read_text()
    assert re.search(
        r"\| evolved on D(<sup>\S+</sup>)? \| 0\.653 \\\[0\.528, 0\.778\\\]<sup>\S+</sup> \|", markdown
    )
    assert re.search(r"evolved on D\S* & 0\.653 \[0\.528, 0\.778\]\\textsuperscript\{\S+\} &", latex)
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
        assert made.loc[made["row"] == "evolved on D", "series"].tolist() == ["srgp"] * 2 + ["other"] * 2

    def test_the_tables_of_a_paper_read_its_method_alone(self, run: Any, reads: list[str]) -> None:
        assert len(run.table("srgp_runs", reads)) == 6 * 3


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
    folders = {"accuracies", "released", "features", "generalization", "evolved", "search"}
    assert {pattern.split("/")[0] for pattern in found[0]} <= folders


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
    assert len(frame) == 18 + 8
    assert frame["table"].tolist() == ["srgp_runs"] * 18 + ["zcp_search"] * 8
