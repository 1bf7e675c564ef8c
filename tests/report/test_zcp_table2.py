"""Table 2 of the zero-cost proxies: which scores of which benchmark, joined with which accuracy."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro.benchmarks._base import ACCURACIES, released_schema
from zcrepro.benchmarks.serianni_nasbenchnlp import RECIPE as SERIANNI
from zcrepro.files import parquet
from zcrepro.ranking.correlation import spearman
from zcrepro.report.tables import zcp_table2
from zcrepro.spaces.nasbenchnlp import SPACE

NAME = "zcp_table2"
READS = [
    "accuracies/nasbench101",
    "released/nasbench101",
    "features-whole/nasbench101/cifar10",
    "accuracies/nasbenchnlp",
    "released/nasbenchnlp",
    "features-text/nasbenchnlp/ptb",
]
RESOURCE = Path(__file__).parents[2] / "resources" / "papers" / "zcp_table2.csv"

COUNT = 40
ARCHS = sorted(set(map(SPACE.text, map(SPACE.sample, map(np.random.default_rng, range(2 * COUNT))))))[:COUNT]
LOSSES = np.linspace(-6, -4, COUNT)
SAMPLED = 30
"""Cells whose accuracies are a random sample; those of the others are of one training each."""


def scores(names: list[str], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"arch": ARCHS, "graph": ARCHS} | {name: LOSSES + rng.normal(size=COUNT) for name in names}
    )


@pytest.fixture
def written(run: Any) -> Any:
    """Write accuracies, published scores and our own of both benchmarks; return the run."""
    for space, task, metrics in (
        ("nasbench101", "cifar10", ["validation"]),
        ("nasbenchnlp", "ptb", ["test"]),
    ):
        sources = np.where(np.arange(COUNT) < SAMPLED, "nasbench-vis, best of three trainings", "NASLib, one")
        frame = pd.DataFrame({"arch": ARCHS, "graph": ARCHS, "accuracy": LOSSES, "source": sources})
        parts = [frame.assign(task=task, metric=metric, seeds=1) for metric in metrics]
        path = run.results / "accuracies" / f"{space}.parquet"
        parquet.write(path, pd.concat(parts), ACCURACIES, ["task", "metric", "arch"], {})
    of_101 = scores(["snip", "synflow", "plain"], 0).reindex(columns=released_schema().names)
    for space, frame, schema, source in (
        ("nasbench101", of_101.assign(task="cifar10"), released_schema(), "NASLib first run"),
        (
            "nasbenchnlp",
            scores(list(SERIANNI.proxies), 1).assign(task="ptb"),
            released_schema(SERIANNI.proxies),
            "S",
        ),
    ):
        path = run.results / "released" / f"{space}.parquet"
        parquet.write(path, frame.assign(source=source), schema, ["task", "arch", "source"], {})
    for problem, variant, names in (
        ("nasbench101/cifar10", "whole", ["synflow", "synflow_zcp", "params"]),
        ("nasbenchnlp/ptb", "text", ["snip", "synflow_zcp", "jacov", "zico"]),
    ):
        frame = scores(names, 2).assign(**{f"{name}_status": "ok" for name in names})
        run.write_features(problem, [frame], variant=variant)
    return run


def one(made: pd.DataFrame, row: str, column: str, series: str) -> pd.Series:
    found = made[(made["row"] == row) & (made["column"] == column) & (made["series"] == series)]
    assert len(found) == 1
    return found.iloc[0]


def absolute(frame: pd.DataFrame, name: str) -> float:
    return abs(spearman(frame[name].to_numpy(), LOSSES[: len(frame)]))


def test_published_scores_are_of_few_cells_and_so_not_comparable(written: Any) -> None:
    row = one(written.table(NAME, READS, RESOURCE), "snip", "NAS-Bench-101", "released scores")
    assert row["value"] == pytest.approx(absolute(scores(["snip"], 0), "snip"), abs=1e-6)
    assert (row["paper_value"], row["verdict"], row["n"]) == (0.164, "not comparable", COUNT)
    assert "validation accuracy" in row["note"]


def test_our_scores_of_nasbench101_leave_out_the_cells_that_are_no_random_sample(written: Any) -> None:
    made = written.table(NAME, READS, RESOURCE)
    own = scores(["synflow", "synflow_zcp", "params"], 2)[:SAMPLED]
    for row, column in (
        ("synflow", "synflow_zcp"),
        ("synflow without BatchNorm", "synflow"),
        ("params", "params"),
    ):
        found = one(made, row, "NAS-Bench-101", "our scores")
        assert found["n"] == SAMPLED
        assert found["value"] == pytest.approx(absolute(own, column), abs=1e-6)
    assert one(made, "synflow", "NAS-Bench-101", "our scores")["paper_value"] == 0.372
    assert one(made, "synflow", "NAS-Bench-101", "our scores")["verdict"] in ("differs", "undecided")


def test_scores_of_others_are_named_as_theirs_and_have_no_reference(written: Any) -> None:
    made = written.table(NAME, READS, RESOURCE)
    theirs = made[made["series"] == "scores by Serianni and Kalita"]
    assert sorted(theirs["row"]) == sorted(SERIANNI.proxies)
    assert set(theirs["verdict"]) == {"no reference"}
    row = one(made, "synaptic_saliency", "NAS-Bench-NLP", "scores by Serianni and Kalita")
    expected = absolute(scores(list(SERIANNI.proxies), 1), "synaptic_saliency")
    assert row["value"] == pytest.approx(expected, abs=1e-6)
    assert "8,794 recipes" in row["population"]


def test_sizes_are_of_all_architectures_with_a_loss(written: Any) -> None:
    row = one(written.table(NAME, READS, RESOURCE), "params", "NAS-Bench-NLP", "published sizes")
    sizes = np.array([SPACE.parameters(SPACE.parse(text), "ptb") for text in ARCHS], np.float64)
    assert (row["n"], row["value"]) == (COUNT, pytest.approx(abs(spearman(sizes, LOSSES)), abs=1e-6))


def test_our_scores_of_recurrent_networks_say_what_text_they_are_of(written: Any) -> None:
    made = written.table(NAME, READS, RESOURCE)
    own = scores(["snip", "synflow_zcp", "jacov", "zico"], 2)
    for row, column in (
        ("snip", "snip"),
        ("synflow", "synflow_zcp"),
        ("jacob_cov", "jacov"),
        ("zico", "zico"),
    ):
        found = one(made, row, "NAS-Bench-NLP", "our scores")
        assert found["value"] == pytest.approx(absolute(own, column), abs=1e-6)
        assert "help topics of Python" in found["note"]
        assert "minus the test loss" in found["note"]


def test_a_score_that_falls_with_accuracy_is_marked(written: Any) -> None:
    frame = pd.DataFrame({"arch": ARCHS, "graph": ARCHS, "snip": -LOSSES, "snip_status": "ok"})
    written.write_features("nasbenchnlp/ptb", [frame], variant="text")
    row = one(written.table(NAME, READS, RESOURCE), "snip", "NAS-Bench-NLP", "our scores")
    assert row["value"] == 1
    assert "networks with larger scores are worse" in row["note"]


def test_what_is_missing_is_named(run: Any) -> None:
    made = run.table(NAME, [], RESOURCE)
    assert "accuracies/nasbench101" in one(made, "snip", "NAS-Bench-101", "released scores")["note"]
    assert "features-text/nasbenchnlp/ptb" in one(made, "snip", "NAS-Bench-NLP", "our scores")["note"]
    assert "NAS-Bench-ASR, whose accuracies" in one(made, "snip", "NAS-Bench-ASR", "our scores")["note"]
    asr = made[made["column"] == "NAS-Bench-ASR"]
    assert list(asr["row"]) == ["grad_norm", "snip", "grasp", "fisher", "synflow", "jacob_cov"]
    assert set(asr["verdict"]) == {"missing input"}


def test_the_proxies_without_a_value_of_a_recurrent_network_say_why(written: Any) -> None:
    made = written.table(NAME, READS, RESOURCE)
    for name, reason in zcp_table2.UNDEFINED_ON_TOKENS.items():
        row = one(made, name, "NAS-Bench-NLP", "our scores")
        assert np.isnan(row["value"])
        assert row["note"] == reason
    assert set(zcp_table2.UNDEFINED_ON_TOKENS) <= set(zcrepro.list_proxies())
