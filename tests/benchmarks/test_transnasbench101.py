"""The recipe for accuracies of TransNAS-Bench-101, on small files in the format of the real ones."""

import json
import zipfile

import pytest

from zcrepro.benchmarks.suite_zero_transnasbench101 import FURTHER, MACRO, MICRO
from zcrepro.benchmarks.tidy import check_accuracies
from zcrepro.benchmarks.transnasbench101 import RECIPE
from zcrepro.spaces._transnas import TASKS
from zcrepro.spaces.transnasbench101_micro import FURTHER_TASKS

VALUES = dict.fromkeys(TASKS, 60.0) | {"room_layout": -0.7, "autoencoder": 0.5, "normal": 0.6}


def encoded(text):
    """Return the encoding of a text in the tables: the tuple of its digits."""
    digits = text.split("-", 2)[2] if "_" in text else text.split("-")[1]
    return str(tuple(int(digit) for digit in digits.replace("_", "")))


def zen(path, of, values, left_out=0):
    texts = [of.space.text(arch) for arch in of.space.architectures()][left_out:]
    entries = [{"arch": encoded(text), "zen": {"score": 1.0}} for text in texts]
    with zipfile.ZipFile(path, "w") as archive:
        for task, value in values.items():
            member = json.dumps([entry | {"val_accuracy": value} for entry in entries])
            archive.writestr(f"zen/benchmark--{of.naslib}--{task}--0.json", member)


def further(path):
    with zipfile.ZipFile(path, "w") as archive:
        for task in FURTHER_TASKS:
            entries = [{"arch": "(0, 1, 2, 3, 2, 2)", "zen": {"score": 1.0}, "val_accuracy": 70.0}]
            archive.writestr(f"zen/benchmark--transbench101_micro--{task}--0.json", json.dumps(entries))


@pytest.fixture
def micro(tmp_path):
    zen(tmp_path / "micro.zip", MICRO, VALUES)
    further(tmp_path / "further.zip")
    return {MICRO.zen: tmp_path / "micro.zip", FURTHER: tmp_path / "further.zip"}


@pytest.fixture
def macro(tmp_path):
    zen(tmp_path / "macro.zip", MACRO, VALUES)
    return {MACRO.zen: tmp_path / "macro.zip"}


def test_every_architecture_has_a_validation_accuracy_on_every_task(micro, macro):
    for files, size in ((micro, 4096), (macro, 3256)):
        frame = RECIPE.accuracies(files)
        official = frame[frame["source"] == "TransNAS-Bench-101, final epoch"]
        assert official.groupby("task")["arch"].nunique().to_dict() == dict.fromkeys(TASKS, size)
        assert official.groupby("task")["accuracy"].agg(set).to_dict() == {t: {v} for t, v in VALUES.items()}
        assert set(official["metric"]) == {"validation"}
        assert set(official["seeds"]) == {1}


def test_the_further_tasks_have_their_own_source_encoding_and_unknown_seeds(micro):
    frame = RECIPE.accuracies(micro)
    only = frame[frame["task"].isin(list(FURTHER_TASKS))]
    assert only["arch"].tolist() == ["64-41414-1_02_333"] * 3
    assert set(only["source"]) == {"NASLib further tasks"}
    assert only["seeds"].isna().all()
    assert (only["accuracy"] == 70.0).all()


def test_trap_room_layout_is_a_negative_loss_and_translation_a_similarity(macro):
    frame = RECIPE.accuracies(macro)
    check_accuracies(frame, RECIPE.not_percent)
    with pytest.raises(ValueError, match=r"validation accuracy -0\.7 .* is not a percentage"):
        check_accuracies(frame, RECIPE.not_percent - {"room_layout"})
    assert frozenset({"room_layout", "autoencoder", "normal"}) == RECIPE.not_percent


def test_a_file_that_lacks_an_architecture_is_an_error(tmp_path, macro):
    zen(tmp_path / "macro.zip", MACRO, VALUES, left_out=1)
    with pytest.raises(ValueError, match="3255 architectures on class_object, expected 3256"):
        RECIPE.accuracies(macro)


def test_a_file_that_lacks_a_task_is_an_error(tmp_path, macro):
    zen(tmp_path / "macro.zip", MACRO, {"class_object": 60.0})
    with pytest.raises(ValueError, match="no scores of transbench101_macro on class_scene"):
        RECIPE.accuracies(macro)


def test_a_file_that_the_config_forgot_is_named(micro):
    del micro[FURTHER]
    with pytest.raises(ValueError, match=r"recipe transnasbench101 reads .*9x_all\.zip.* missing: "):
        RECIPE.accuracies(micro)
