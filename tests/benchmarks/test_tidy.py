"""Checks on the accuracies of every recipe."""

import json
import struct

import numpy as np
import pandas as pd
import pytest

from zcrepro.benchmarks import tidy
from zcrepro.benchmarks._base import WrongFilesError
from zcrepro.benchmarks.tidy import check_accuracies
from zcrepro.spaces.embedded_chain import SPACE


def rows(accuracy, task="room_layout", metric="validation"):
    row = {"arch": "a", "task": task, "metric": metric, "accuracy": accuracy, "file": "some.zip"}
    return pd.DataFrame([row])


def test_a_task_that_is_no_percentage_may_be_negative_but_not_nan():
    check_accuracies(rows(-0.62), not_percent={"room_layout"})
    with pytest.raises(ValueError, match="accuracy nan of a on room_layout"):
        check_accuracies(rows(np.nan), not_percent={"room_layout"})


@pytest.mark.parametrize("accuracy", [-0.1, 100.1, np.nan, np.inf])
def test_any_other_task_is_a_percentage(accuracy):
    with pytest.raises(ValueError, match=r"validation accuracy .* is not a percentage"):
        check_accuracies(rows(accuracy, task="jigsaw"), not_percent={"room_layout"})


def test_a_metric_that_is_neither_validation_nor_test_is_named():
    with pytest.raises(ValueError, match="unknown metric train; there are validation, test"):
        check_accuracies(rows(50.0, metric="train"), not_percent=frozenset())


class Careless:
    """A recipe that lets a parser's errors pass."""

    def __init__(self, error):
        self.error = error

    def accuracies(self, _):
        raise self.error


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Return a function that reads two files by a recipe that raises an error."""

    def read(error):
        monkeypatch.setattr(tidy.registry, "get", lambda *_: Careless(error))
        files = {"first": tmp_path / "first", "second": tmp_path / "second"}
        return tidy.read_one("careless", "accuracies", files, SPACE)

    return read


@pytest.mark.parametrize("error", [KeyError("arch"), TypeError("x"), ValueError("x"), struct.error("x")])
def test_an_error_that_a_recipe_forgot_names_all_its_files(read, tmp_path, error):
    with pytest.raises(
        ValueError, match=rf"^{tmp_path}/first, {tmp_path}/second cannot be .*; delete it and"
    ):
        read(error)


def test_an_error_that_names_one_of_the_files_is_left_as_it_is(read, tmp_path):
    with pytest.raises(ValueError, match=rf"^{tmp_path}/first is wrong$"):
        read(ValueError(f"{tmp_path}/first is wrong"))


def test_files_that_the_config_confuses_are_no_damage(read):
    with pytest.raises(WrongFilesError, match=r"^missing$"):
        read(WrongFilesError("missing"))


def test_a_file_of_another_content_than_listed_is_refused_with_both_digests(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("another file")
    settings = {
        "space": "nasbench201",
        "recipes": ["nasbench201"],
        "files": [["nasbench201/other.csv"]],
        "digests": {"nasbench201/other.csv": f"sha256:{'0' * 64}"},
    }
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    for stage in (tidy.accuracies, tidy.released, tidy.counts):
        with pytest.raises(
            ValueError, match=r"other\.csv is not the listed file: expected sha256:0+, found "
        ):
            stage(settings_file=tmp_path / "settings.json", files=[path], output=tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()
