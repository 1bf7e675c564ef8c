"""What live searches have found after minutes: which networks count, and which of them is the best."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro.files import parquet
from zcrepro.searching import live

NAME = "srgp_live"
NAN = float("nan")

CIFAR10 = "nasbench201/cifar10"
FORMULA = "srgp/D/seed-3"
ROW = f"{CIFAR10} {FORMULA}"

# DARTS_V2, with the parameters that DARTS' code prints of it.
NORMAL = "sep_conv_3x3~0+sep_conv_3x3~1|sep_conv_3x3~0+sep_conv_3x3~1|skip_connect~0+sep_conv_3x3~1|skip_connect~0+dil_conv_3x3~2"
REDUCE = "max_pool_3x3~0+max_pool_3x3~1|max_pool_3x3~1+skip_connect~2|max_pool_3x3~0+skip_connect~2|max_pool_3x3~1+skip_connect~2"
DARTS_V2 = f"normal: {NORMAL}; reduce: {REDUCE}"
MILLIONS = {"CIFAR-10": 3.349342, "ImageNet": 4.718752}


def one(frame: pd.DataFrame, row: str, column: str) -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    assert len(found) == 1, frame[["row", "column"]].values.tolist()
    return found.iloc[0]


def written(run: Any, rows: list[tuple[float, float, float]], **made: str) -> pd.DataFrame:
    """Write a search from (seconds, score, accuracy) of networks called arch-0, arch-1 ..., and make the table."""
    texts = made.pop("texts", "") or ",".join(f"arch-{place}" for place in range(len(rows)))
    frame = pd.DataFrame(rows, columns=["seconds", "score", "accuracy"])
    frame = frame.assign(repeat=0, place=range(len(rows)), arch=texts.split(","), status="ok")
    frame["graph"] = frame["arch"]
    metadata = {
        live.PROBLEM: CIFAR10,
        live.OBJECTIVE: FORMULA,
        live.FORMULA: "add(snip, nwot)",
        live.MINUTES: "15.0",
        live.ACCURACY_OF: "test accuracy",
        live.HIGHEST: "94.5",
    } | made
    for name, schema in (("one", live.TRACE), ("one-seconds", live.SECONDS)):
        path = run.results / "live" / f"{name}.parquet"
        parquet.write(path, frame[schema.names], schema, live.KEY, metadata)
    return run.table(NAME, ["live/one", "live/one-seconds"])


# The fourth is the best of the first five minutes, the last is scored when the time is over.
FOUND = [(10, 1, 60), (60, 2, 70), (61, 3, 90), (300, 5, 80), (899, 4, 94), (903, 9, 94.5)]


def values(made: pd.DataFrame, of: str, row: str = ROW) -> dict[str, float]:
    rows = made[(made["row"] == row) & made["column"].str.startswith(f"{of}, ")]
    return dict(zip(rows["column"].str.removeprefix(f"{of}, "), rows["value"], strict=True))


def test_networks_count_that_were_scored_within_one_five_and_fifteen_minutes(run: Any) -> None:
    made = written(run, FOUND)
    assert values(made, "networks") == {"1 min": 2, "5 min": 4, "15 min": 5}
    assert one(made, ROW, "accuracy, 5 min")["n"] == 4


def test_the_accuracy_is_that_of_the_best_score_and_the_regret_is_what_is_missing_to_the_highest(
    run: Any,
) -> None:
    made = written(run, FOUND)
    assert values(made, "accuracy") == {"1 min": 70, "5 min": 80, "15 min": 80}
    assert values(made, "regret") == {"1 min": 24.5, "5 min": 14.5, "15 min": 14.5}
    row = one(made, ROW, "accuracy, 15 min")
    assert (row["metric"], row["role"], row["name"], row["note"]) == (
        "test accuracy",
        "evolved",
        FORMULA,
        "of arch-3",
    )


@pytest.mark.parametrize(
    ("minutes", "marks"),
    [
        ("0.5", {"0.5 min": 1}),
        ("5.0", {"1 min": 2, "5 min": 4}),
        ("60.0", {"1 min": 2, "5 min": 4, "15 min": 5, "60 min": 6}),
        ("0.0", {"end": 6}),
    ],
)
def test_a_search_is_looked_at_when_its_own_time_is_over_too(
    run: Any, minutes: str, marks: dict[str, int]
) -> None:
    assert values(written(run, FOUND, minutes=minutes), "networks") == marks


def test_a_time_within_which_nothing_was_scored_has_no_accuracy(run: Any) -> None:
    made = written(run, [(70, 1, 60)])
    assert values(made, "networks") == {"1 min": 0, "5 min": 1, "15 min": 1}
    assert list(values(made, "accuracy")) == ["5 min", "15 min"]


def test_undefined_scores_and_unknown_accuracies_are_passed_over_and_the_note_says_so(run: Any) -> None:
    rows = [(1, NAN, 99), (2, 1, 60), (3, 7, NAN), (4, 6, NAN), (5, 5, 70)]
    made = written(run, rows, minutes="0.0")
    row = one(made, ROW, "accuracy, end")
    assert row["value"] == 70
    assert row["note"] == "of arch-4; better-scored networks without a known accuracy: 2"
    assert "2" in one(made, ROW, "regret, end")["note"]
    assert "without" not in one(written(run, rows[:2], minutes="0.0"), ROW, "accuracy, end")["note"]


def test_without_accuracies_only_the_networks_are_counted(run: Any) -> None:
    made = written(run, [(1, 2, NAN), (2, 1, NAN)], minutes="0.0", accuracy_of="", highest="")
    assert made["column"].tolist() == ["networks, end"]


def test_of_a_proxy_of_which_smaller_is_better_the_smallest_score_is_the_best(run: Any) -> None:
    rows = [(1, 9, 60), (2, 3, 70), (3, NAN, 80)]
    made = written(run, rows, minutes="0.0", objective="ntk_condition", formula="")
    row = one(made, f"{CIFAR10} ntk_condition", "accuracy, end")
    assert (row["value"], row["role"]) == (70, "search")
    made = written(run, rows, minutes="0.0", objective="snip", formula="")
    assert one(made, f"{CIFAR10} snip", "accuracy, end")["value"] == 60


class TestDARTS:
    PROBLEM = "nasbench301/cifar10"
    ROW = f"{PROBLEM} {FORMULA}"

    def made(self, run: Any, rows: list[tuple[float, float, float]], *texts: str) -> pd.DataFrame:
        space = zcrepro.get_space("nasbench301")
        rng = np.random.default_rng(0)
        drawn = [space.text(space.sample(rng)) for _ in range(len(rows) - len(texts))]
        metadata = {"texts": ",".join([*texts, *drawn]), "accuracy_of": live.SURROGATE, "highest": ""}
        return written(run, rows, problem=self.PROBLEM, **metadata)

    def test_the_genotype_is_in_the_notation_of_darts_with_the_sizes_at_its_widths(self, run: Any) -> None:
        made = self.made(run, [(1, 9, 94.1), (2, 3, 94.9), (901, 99, 95.0)], DARTS_V2)
        assert values(made, "parameters", self.ROW) == pytest.approx(MILLIONS, abs=1e-5)
        space = zcrepro.get_space("nds_darts")
        sizes = {"CIFAR-10": ("cifar10", 36, 20), "ImageNet": ("ImageNet", 48, 14)}
        expected = {
            name: space.flops(space.parse(f"{DARTS_V2}; width: {width}; depth: {depth}"), task) / 1e6
            for name, (task, width, depth) in sizes.items()
        }
        assert values(made, "multiply-adds", self.ROW) == pytest.approx(expected, rel=1e-5)
        note = one(made, self.ROW, "parameters, CIFAR-10")["note"]
        usual = (
            "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
            "('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
            "normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('max_pool_3x3', 1), "
            "('skip_connect', 2), ('max_pool_3x3', 0), ('skip_connect', 2), ('max_pool_3x3', 1), ('skip_connect', 2)], "
            "reduce_concat=range(2, 6))"
        )
        assert usual in note
        assert "20 cells, 36 channels, without an auxiliary head" in note

    def test_a_surrogates_accuracy_has_no_regret_and_names_its_genotype(self, run: Any) -> None:
        made = self.made(run, [(1, 9, 94.1), (2, 3, 94.9)], DARTS_V2)
        assert values(made, "accuracy", self.ROW)["15 min"] == 94.1
        assert values(made, "regret", self.ROW) == {}
        row = one(made, self.ROW, "accuracy, 15 min")
        assert row["metric"] == "validation accuracy by YAHPO Gym's surrogate"
        assert row["note"] == f"of normal: {NORMAL}, reduce: {REDUCE}"

    def test_a_search_without_a_score_ends_on_no_genotype(self, run: Any) -> None:
        made = self.made(run, [(1, NAN, 94.1), (901, 1, 94.9)], DARTS_V2)
        assert values(made, "parameters", self.ROW) == {}


def test_networks_of_the_embedded_benchmark_are_called_so(run: Any) -> None:
    made = written(run, FOUND, problem="embedded_cell/digits")
    assert made["note"].str.contains("embedded: a small benchmark").all()


def test_without_a_live_search_it_is_missing(run: Any) -> None:
    made = run.table(NAME, [])
    assert made["verdict"].tolist() == ["missing input"]
    assert made["note"].tolist() == ["missing: the run makes no live/, which live.runs would ask for"]
