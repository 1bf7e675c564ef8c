"""The recipe for the archive of TransNAS-Bench-101's authors, on small files in the same layout."""

import pickle

import pytest
import torch

from zcrepro import registry
from zcrepro.benchmarks._transnasbench101_official import ARCHIVE
from zcrepro.benchmarks.tidy import check_accuracies
from zcrepro.spaces._transnas import TASKS

KEYS = {"micro": "transnasbench101_micro", "macro": "transnasbench101_macro"}
TEXTS = {"micro": "64-41414-1_02_333", "macro": "64-1234-basic"}

NAMES = {
    "class_object": ("valid_top1", "test_top1"),
    "class_scene": ("valid_top1", "test_top1"),
    "jigsaw": ("valid_top1", "test_top1"),
    "room_layout": ("valid_neg_loss", "test_neg_loss"),
    "segmentsemantic": ("valid_acc", "test_acc"),
    "autoencoder": ("valid_ssim", "test_ssim"),
    "normal": ("valid_ssim", "test_ssim"),
}


def by_task(scale=1.0):
    """Return three epochs per task, of which the second is best: validation 1, 3, 2 and test 10, 30, 20."""
    results = {}
    for task, (validation, test) in NAMES.items():
        metrics = {validation: [scale, 3 * scale, 2 * scale], test: [10 * scale, 30 * scale, 20 * scale]}
        metrics |= {"train_loss": [9.0, 9.0, 9.0], "time_elapsed": [1.0, 1.0, 1.0]}
        results[task] = {"total_epochs": 3, "model_info": {"inference_time": 0.1}, "metrics": metrics}
    return results


def recipe(key):
    return registry.get("recipes", f"{KEYS[key]}_official")


def texts(key):
    space = registry.get("space", KEYS[key])
    return list(map(space.text, space.architectures()))


@pytest.fixture(scope="module")
def contents():
    shared = by_task()
    data = {key: dict.fromkeys(texts(key), shared) for key in KEYS}
    for key in KEYS:
        data[key][TEXTS[key]] = by_task(0.5)
    names = {task: [*names, "train_loss", "time_elapsed"] for task, names in NAMES.items()}
    return {"data": data, "metrics_dict": names, "info_names": ["inference_time"], "task_list": [*NAMES]}


@pytest.fixture
def files(contents, tmp_path):
    torch.save(contents, tmp_path / "archive.pth")
    return {ARCHIVE: tmp_path / "archive.pth"}


def saved(files, contents, key, by_arch):
    torch.save(contents | {"data": contents["data"] | {key: by_arch}}, files[ARCHIVE])
    return files


@pytest.mark.parametrize("key", KEYS)
def test_validation_and_test_are_those_of_the_last_epoch_not_of_the_best(files, key):
    frame = recipe(key).accuracies(files)
    one = frame[frame["arch"] == TEXTS[key]].set_index(["task", "metric"])["accuracy"]
    assert {one[task, "validation"] for task in TASKS} == {1.0}
    assert {one[task, "test"] for task in TASKS} == {10.0}
    others = frame[frame["arch"] != TEXTS[key]]
    assert others.groupby("metric")["accuracy"].unique().map(list).to_dict() == {
        "validation": [2.0],
        "test": [20.0],
    }


@pytest.mark.parametrize(("key", "size"), [("micro", 4096), ("macro", 3256)])
def test_every_architecture_of_the_space_is_there_on_every_task(files, key, size):
    frame = recipe(key).accuracies(files)
    assert frame.groupby(["task", "metric"])["arch"].nunique().tolist() == [size] * 14
    assert set(frame["arch"]) == set(texts(key))
    assert set(frame["seeds"]) == {1}
    assert set(frame["file"]) == {ARCHIVE}


def test_trap_what_is_no_percentage_passes(files, contents):
    results = by_task() | {"room_layout": by_task(-0.1)["room_layout"]}
    by_arch = dict.fromkeys(texts("macro"), results)
    frame = recipe("macro").accuracies(saved(files, contents, "macro", by_arch))
    assert frame["accuracy"].min() == -2.0
    check_accuracies(frame, recipe("macro").not_percent)


def test_an_archive_that_lacks_an_architecture_is_an_error(files, contents):
    fewer = dict(list(contents["data"]["macro"].items())[1:])
    with pytest.raises(ValueError, match="3255 rows, expected 3256 architectures"):
        recipe("macro").accuracies(saved(files, contents, "macro", fewer))


@pytest.mark.parametrize("metrics", [{}, {"valid_top1": []}, {"valid_top1": None}])
def test_an_archive_that_lacks_a_result_is_an_error(files, contents, metrics):
    lacking = by_task() | {"jigsaw": {"total_epochs": 3, "metrics": metrics}}
    by_arch = contents["data"]["macro"] | {"64-1234-basic": lacking}
    with pytest.raises(ValueError, match="no valid_top1 of 64-1234-basic on jigsaw"):
        recipe("macro").accuracies(saved(files, contents, "macro", by_arch))


class Harmful:
    def __reduce__(self):
        return print, ("this must not run",)


def test_trap_an_archive_that_asks_for_more_than_data_is_refused(files, capsys):
    torch.save({"data": Harmful()}, files[ARCHIVE])
    with pytest.raises(ValueError, match="not a file of plain data"):
        recipe("micro").accuracies(files)
    assert capsys.readouterr().out == ""


def test_a_file_that_is_something_else_is_refused(files):
    files[ARCHIVE].write_bytes(pickle.dumps([1, 2])[:-1])
    with pytest.raises(ValueError, match="not a file of plain data"):
        recipe("micro").accuracies(files)
    torch.save([1, 2], files[ARCHIVE])
    with pytest.raises(ValueError, match="a list, expected a dict"):
        recipe("micro").accuracies(files)


def test_another_file_is_refused(files):
    with pytest.raises(ValueError, match="recipe transnasbench101_macro_official reads"):
        recipe("macro").accuracies({"archive.pth": files[ARCHIVE]})
