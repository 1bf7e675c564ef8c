"""The recipes for NATS-Bench, on small archives in the format of the real ones."""

import bz2
import json
import os
import pickle
from pathlib import Path

import pandas as pd
import pytest

from samples.nats import TEXT, archive, member, packed, record
from zcrepro.benchmarks import _nats, natsbench_sss, natsbench_tss, tidy
from zcrepro.benchmarks._base import require_all
from zcrepro.files import parquet
from zcrepro.spaces.nasbench201 import SPACE as TSS
from zcrepro.spaces.natsbench_sss import SPACE as SSS

EXPECTED = {
    ("cifar10", "validation"): 1.0,
    ("cifar10", "test"): 3.0,
    ("cifar100", "validation"): 5.0,
    ("cifar100", "test"): 6.0,
    ("ImageNet16-120", "validation"): 8.0,
    ("ImageNet16-120", "test"): 9.0,
}


def single(folder: Path, value: object) -> Path:
    return archive(folder / "a.tar", {"000000.pickle.pbz2": packed(value)})


def test_each_task_and_metric_is_read_from_the_split_it_means(tmp_path):
    frame = _nats.accuracies(single(tmp_path, member()), epochs=4)
    found = frame.set_index(["task", "metric"])["accuracy"].to_dict()
    assert found == {key: percent + 0.5 for key, percent in EXPECTED.items()}  # the mean of two seeds
    assert set(frame["arch"]) == {TEXT}
    assert frame["seeds"].tolist() == [2] * 6


def test_trap_cifar10_is_validated_where_it_was_trained_on_half_and_tested_where_on_all():
    assert _nats.EVALUATIONS["cifar10", "validation"] == ("cifar10-valid", "x-valid")
    assert _nats.EVALUATIONS["cifar10", "test"] == ("cifar10", "ori-test")


def test_trap_a_training_of_12_epochs_is_another_one(tmp_path):
    frame = _nats.accuracies(single(tmp_path, member()), epochs=12)
    assert frame["accuracy"].tolist() == [percent + 20 for percent in EXPECTED.values()]
    assert frame["seeds"].tolist() == [1] * 6


def test_an_archive_without_the_length_of_training_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"000000\.pickle\.pbz2 has no training of 200 epochs, but of 12, 4"):
        _nats.accuracies(single(tmp_path, member()), epochs=200)


def test_a_training_that_lacks_its_last_epoch_names_the_architecture(tmp_path):
    broken = member()
    del broken["4"]["all_results"]["cifar100", 888]["eval_acc1es"]["x-test@3"]
    with pytest.raises(ValueError, match="8:8:8:16:40 lacks 'x-test@3' of cifar100"):
        _nats.accuracies(single(tmp_path, broken), epochs=4)


def test_what_is_no_member_of_an_architecture_is_passed_over(tmp_path):
    contents = {
        "meta.pickle.pbz2": packed({"meta_archs": [TEXT]}),
        "._000000.pickle.pbz2": b"of a file system",
        "000000.pickle.pbz2": packed(member("8:8:8:8:8")),
        "1.pickle.pbz2": packed(member("8:8:8:8:16")),
    }
    frame = _nats.accuracies(archive(tmp_path / "a.tar", contents), epochs=4)
    assert frame["arch"].unique().tolist() == ["8:8:8:8:8", "8:8:8:8:16"]


def test_counts_are_of_the_network_trained_for_12_epochs(tmp_path):
    broken = member()
    broken["4"]["all_results"]["cifar10", 888]["params"] = 5.0  # as some records of 200 epochs are
    counts = _nats.counts(single(tmp_path, broken))
    assert counts["count"].dtype == "int64"
    found = counts.set_index(["task", "quantity"])["count"].to_dict()
    tasks = ("cifar10", "cifar100", "ImageNet16-120")
    assert found == {(t, q): n for t in tasks for q, n in (("params", 67_378), ("flops", 7_991_706))}


def test_counts_that_differ_between_seeds_are_an_error(tmp_path):
    broken = {"12": record(TEXT, 12, {777: 0.0, 888: 0.0})}
    broken["12"]["all_results"]["cifar10", 888]["params"] = 0.07
    with pytest.raises(ValueError, match=r"8:8:8:16:40 has params \[67378, 70000\] on cifar10"):
        _nats.counts(single(tmp_path, broken))


def test_numbers_of_the_authors_numpy_are_read(tmp_path):
    """The private module of NumPy 1 is numpy.core."""
    content = bz2.compress(pickle.dumps(member(), 3).replace(b"numpy._core", b"numpy.core"))
    path = archive(tmp_path / "a.tar", {"000000.pickle.pbz2": content})
    assert _nats.counts(path)["count"].iloc[0] == 67_378


class Attack:
    """An object whose unpickling runs a command, as a hostile member may hold."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.marker}",)


def test_a_command_is_refused_and_not_run(tmp_path):
    marker = tmp_path / "was_here"
    with pytest.raises(
        ValueError, match=r"a\.tar: NATS-simple/000000\.pickle\.pbz2: .*system, which is refused"
    ):
        _nats.accuracies(single(tmp_path, {"4": Attack(marker)}), epochs=4)
    assert not marker.exists()


@pytest.mark.parametrize("content", [b"", b"not bz2", bz2.compress(b"no pickle"), packed(member())[:-40]])
def test_a_broken_member_is_named(tmp_path, content):
    path = archive(tmp_path / "a.tar", {"000007.pickle.pbz2": content})
    with pytest.raises(ValueError, match=r"a\.tar: NATS-simple/000007\.pickle\.pbz2 cannot be read"):
        _nats.accuracies(path, epochs=4)


def test_what_is_no_tar_is_named(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"an error page")
    with pytest.raises(ValueError, match=r"a\.tar cannot be read .*fetch it again"):
        _nats.accuracies(tmp_path / "a.tar", epochs=4)


def test_an_archive_that_lacks_architectures_names_one():
    texts = [SSS.text(arch) for arch in SSS.architectures()]
    require_all(texts, SSS)
    with pytest.raises(
        ValueError, match=r"32766 rows, expected 32768 .*; missing: 2, for example 64:64:8:8:8"
    ):
        require_all([t for t in texts if t not in ("8:8:8:8:16", "64:64:8:8:8")], SSS)
    with pytest.raises(ValueError, match=r"32769 rows, expected 32768 .*; unknown: 1, for example 8:8:8:8:9"):
        require_all([*texts, "8:8:8:8:9"], SSS)


@pytest.mark.parametrize("recipe", [natsbench_tss, natsbench_sss])
def test_a_recipe_wants_the_whole_archive_and_no_other_file(tmp_path, recipe):
    path = single(tmp_path, member(TSS.text(next(iter(TSS.architectures()))), recipe.EPOCHS))
    with pytest.raises(ValueError, match=r"a\.tar cannot be read .* expected (15625|32768) architectures"):
        recipe.RECIPE.accuracies({recipe.FILE: path})
    with pytest.raises(ValueError, match="missing"):
        recipe.RECIPE.accuracies({"another.tar": path})


def whole(folder: Path, module: object, epochs: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write an archive of two architectures, and reduce the space to these."""
    arches = list(module.SPACE.architectures())[:2]
    monkeypatch.setattr(type(module.SPACE), "architectures", lambda _: iter(arches))
    texts = [module.SPACE.text(arch) for arch in arches]
    contents = {f"{i:06d}.pickle.pbz2": packed(member(t, epochs)) for i, t in enumerate(texts)}
    return archive(folder / "a.tar", contents)


@pytest.mark.parametrize(
    ("module", "name", "space", "epochs"),
    [
        (natsbench_tss, "natsbench_tss", "nasbench201", 200),
        (natsbench_sss, "natsbench_sss", "natsbench_sss", 90),
    ],
)
def test_a_whole_archive_becomes_a_tidy_table(tmp_path, monkeypatch, module, name, space, epochs):
    path, output = whole(tmp_path, module, epochs, monkeypatch), tmp_path / "accuracies.parquet"
    settings_file = tmp_path / "settings.json"
    settings_file.write_text(
        json.dumps({"space": space, "recipes": [name], "files": [[module.FILE]], "digests": {}})
    )
    tidy.accuracies(settings_file=settings_file, files=[path], output=output)
    frame: pd.DataFrame = parquet.read(output)
    assert len(frame) == 2 * 6
    assert frame["seeds"].tolist() == [2] * 12
    assert frame["source"].unique().tolist() == [f"NATS-Bench {name[-3:]} v1.0"]


def test_the_counts_of_a_whole_archive_say_where_they_are_from(tmp_path, monkeypatch):
    counts = natsbench_sss.RECIPE.counts(
        {natsbench_sss.FILE: whole(tmp_path, natsbench_sss, 90, monkeypatch)}
    )
    assert counts.columns.tolist() == ["arch", "task", "quantity", "count", "source", "file"]
    assert len(counts) == 2 * 3 * 2
