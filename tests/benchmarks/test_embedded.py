import json
from pathlib import Path

import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.benchmarks import tidy as stage
from zcrepro.benchmarks.embedded import RECIPE
from zcrepro.files import parquet
from zcrepro.spaces.embedded_chain import SPACE
from zcrepro.training.stage import SCHEMA

NAME = "embedded/embedded_chain-digits.parquet"
TEXT = "|identity|conv_1x1|conv_3x3|identity|identity|identity|"
OTHER = "|conv_1x1|conv_1x1|conv_3x3|identity|identity|identity|"


def training(arch: str, seed: int, validation: float, test: float) -> dict[str, object]:
    graph = SPACE.canonical(SPACE.parse(arch))
    return {
        "arch": arch,
        "graph": graph,
        "task": "digits",
        "seed": seed,
        "validation": validation,
        "test": test,
    }


TRAININGS = [training(TEXT, 0, 80, 70), training(TEXT, 1, 90, 74), training(OTHER, 0, 60, 50)]


def written(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "trained.parquet"
    # Written with pandas, because the project's writer refuses a repeated training.
    to_parquet(pd.DataFrame(rows, columns=SCHEMA.names), path)
    return path


def tidy(folder: Path, rows: list[dict[str, object]]) -> pd.DataFrame:
    settings_file, output = folder / "settings.json", folder / "accuracies.parquet"
    settings = {"space": "embedded_chain", "recipes": ["embedded"], "files": [[NAME]], "digests": {}}
    settings_file.write_text(json.dumps(settings))
    stage.accuracies(settings_file=settings_file, files=[written(folder, rows)], output=output)
    return parquet.read(output)


def test_trainings_become_the_mean_over_seeds_and_their_number(tmp_path):
    frame = tidy(tmp_path, TRAININGS).set_index(["metric", "arch"]).sort_index()
    assert len(frame) == 4
    assert tuple(frame.loc[("validation", TEXT), ["accuracy", "seeds"]]) == (85, 2)
    assert tuple(frame.loc[("test", TEXT), ["accuracy", "seeds"]]) == (72, 2)
    assert tuple(frame.loc[("test", OTHER), ["accuracy", "seeds"]]) == (50, 1)


def test_every_row_is_labelled_embedded_and_has_its_graph(tmp_path):
    frame = tidy(tmp_path, TRAININGS)
    assert set(frame["source"]) == {"embedded"}
    assert set(frame["graph"]) == {SPACE.canonical(SPACE.parse(text)) for text in (TEXT, OTHER)}


def test_the_order_of_the_trainings_does_not_matter(tmp_path):
    rows = [training(TEXT, seed, 80 + 0.1 * seed, 70 + 0.7 * seed) for seed in range(9)]
    pd.testing.assert_frame_equal(tidy(tmp_path, rows), tidy(tmp_path, rows[::-1]), check_exact=True)


def test_a_training_that_stands_twice_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"repeats a training: \|identity.* seed 1"):
        tidy(tmp_path, [*TRAININGS, training(TEXT, 1, 90, 74)])


def test_a_training_without_an_accuracy_is_an_error_and_not_left_out_of_the_mean(tmp_path):
    with pytest.raises(ValueError, match=r"lacks an accuracy: .* seed 2"):
        tidy(tmp_path, [*TRAININGS, training(TEXT, 2, 90, float("nan"))])


def test_each_file_brings_its_task(tmp_path):
    digits = written(tmp_path, TRAININGS)
    other = tmp_path / "other.parquet"
    to_parquet(parquet.read(digits).assign(task="turned_digits"), other)
    frame = RECIPE.accuracies({"a": digits, "b": other})
    assert frame.groupby(["task", "file"]).size().to_dict() == {("digits", "a"): 4, ("turned_digits", "b"): 4}


def test_two_files_of_one_task_are_an_error(tmp_path):
    path = written(tmp_path, TRAININGS)
    settings = {"space": "embedded_chain", "recipes": ["embedded"], "files": [["a", "b"]], "digests": {}}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="rows repeat the key"):
        stage.accuracies(
            settings_file=tmp_path / "settings.json", files=[path, path], output=tmp_path / "out.parquet"
        )


def test_a_file_of_other_columns_is_an_error(tmp_path):
    path = tmp_path / "other.parquet"
    to_parquet(pd.DataFrame({"arch": [TEXT], "task": "digits"}), path)
    with pytest.raises(ValueError, match="no column seed, validation, test"):
        RECIPE.accuracies({NAME: path})
