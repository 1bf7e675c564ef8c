"""Published runs are never mixed: scores of one source are read."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import ScoreTable, offered, read_scores
from zcrepro.proxies.sources import of_one_source


def table(*rows):
    return pd.DataFrame(rows, columns=["arch", "source", "snip", "zen"])


def test_the_source_with_most_of_the_scores_is_taken_whole_and_alone():
    rows = table(("a", "run", 1.0, np.nan), ("a", "both", 2.0, 3.0), ("b", "run", 4.0, np.nan))
    assert of_one_source(rows, ["snip", "zen"])["source"].tolist() == ["both"]


def test_between_sources_with_as_many_scores_more_architectures_win_then_the_name():
    rows = table(("a", "y", 1.0, 1.0), ("b", "y", 1.0, 1.0), ("a", "x", 1.0, 1.0), ("a", "w", 1.0, 1.0))
    assert set(of_one_source(rows, ["snip"])["source"]) == {"y"}
    assert set(of_one_source(rows[1:], ["snip"])["source"]) == {"w"}


def test_scores_that_were_not_asked_for_do_not_count():
    rows = table(("a", "zen only", np.nan, 1.0), ("a", "snip only", 1.0, np.nan))
    assert of_one_source(rows, ["zen"])["source"].tolist() == ["zen only"]


def test_a_table_of_one_source_is_left_as_it_is():
    rows = table(("a", "run", np.nan, 1.0))
    assert of_one_source(rows, ["snip"]) is rows
    without = rows.drop(columns="source")
    assert of_one_source(without, ["snip"]) is without


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.7, 0.9])
def test_another_table_offers_a_score_if_no_more_than_the_share_lacks_it(tmp_path, share):
    texts = [str(number) for number in range(10)]
    to_parquet(pd.DataFrame({"arch": texts, "zen": 1.0}), tmp_path / "first.parquet")
    tables = [ScoreTable(tmp_path / f"{name}.parquet", "structure") for name in ("first", "second")]
    problem = Problem("space", "task")
    lacking = round(share * 10)
    for more, is_offered in ((0, True), (1, False)):
        values = np.where(np.arange(10) < lacking + more, np.nan, 1.0)
        to_parquet(pd.DataFrame({"arch": texts, "snip": values}), tmp_path / "second.parquet")
        assert ("snip" in offered(problem, tables, ["zen", "snip"], share)) == is_offered
    with pytest.raises(
        ValueError, match="no score snip for space/task, which snip lack for some architectures"
    ):
        read_scores(problem, tables, ["snip"])


def test_a_table_is_of_a_known_kind():
    for kind in ("released", "features", "structure"):
        assert ScoreTable(Path("x"), kind).kind == kind
    with pytest.raises(ValueError, match="unknown source of scores 'feature'; did you mean 'features'"):
        ScoreTable(Path("x"), "feature")
