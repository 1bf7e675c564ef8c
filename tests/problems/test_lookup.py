"""What is known of a problem: tracked in the repository, or made by a run."""

import re

import numpy as np
import pandas as pd
import pytest

import zcrepro
from sealing import to_parquet
from zcrepro.benchmarks.embedded import mean_over_seeds
from zcrepro.benchmarks.tidy import accuracies
from zcrepro.checkout import FOLDER
from zcrepro.files.json import write_sealed
from zcrepro.proxies.feature_table import AS, NOT_COMPUTED, proxies_in

EMBEDDED = FOLDER / "resources/embedded/embedded_chain-digits.parquet"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """Return the folder of an empty clone that the package believes to run from."""
    monkeypatch.setattr("zcrepro.checkout.FOLDER", tmp_path)
    for name in ("embedded", "released"):
        (tmp_path / "resources" / name).mkdir(parents=True)
    return tmp_path


def written(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    to_parquet(pd.DataFrame(columns), path)


def test_embedded_accuracies_are_means_over_the_trainings_on_one_task():
    found = zcrepro.accuracies("embedded_chain", "digits")
    expected = mean_over_seeds(EMBEDDED).set_index(["metric", "arch"])["accuracy"]
    assert found.set_index(["metric", "arch"])["accuracy"].to_dict() == expected.to_dict()
    assert set(found["task"]) == {"digits"}
    assert found.equals(found.sort_values(["metric", "arch"]))
    space = zcrepro.get_space("embedded_chain")
    assert [space.canonical(space.parse(text)) for text in found["arch"]] == list(found["graph"])


def test_accuracies_of_a_run_are_equal_to_the_tracked_ones(tmp_path):
    settings = tmp_path / "settings.json"
    write_sealed(
        settings,
        {"space": "embedded_chain", "recipes": ["embedded"], "files": [[EMBEDDED.name]], "digests": {}},
    )
    output = tmp_path / "run/accuracies/embedded_chain.parquet"
    accuracies(settings_file=settings, files=[EMBEDDED], output=output)
    of_run = zcrepro.accuracies("embedded_chain", "digits", results=tmp_path / "run")
    pd.testing.assert_frame_equal(of_run, zcrepro.accuracies("embedded_chain", "digits"))


def test_of_a_run_only_the_rows_of_the_task_are_returned(tmp_path):
    path = tmp_path / "accuracies/embedded_chain.parquet"
    written(path, arch=["x", "x"], task=["digits", "turned_digits"], accuracy=[1.0, 2.0])
    found = zcrepro.accuracies("embedded_chain", "turned_digits", str(tmp_path))
    assert found.to_dict("list") == {"arch": ["x"], "task": ["turned_digits"], "accuracy": [2.0]}
    written(path, arch=["x"], task=["digits"], accuracy=[1.0])
    with pytest.raises(ValueError, match="has no rows of the task 'turned_digits'; it has those of digits"):
        zcrepro.accuracies("embedded_chain", "turned_digits", tmp_path)


def test_tracked_scores_of_several_passes_are_joined_and_point_at_no_other_row(clone):
    folder = clone / "resources/released/nasbench201/cifar10"
    written(
        folder / "a.parquet",
        arch=["x", "y", "z", "x", "y"],
        graph=["g", "g", "h", "g", "g"],
        draw=[0, 0, 0, 1, 1],
        snip=[1.0, np.nan, np.nan, 2.0, np.nan],
        snip_status=["ok", f"{AS}x", "no graph", "ok", f"{AS}x"],
    )
    written(folder / "b.parquet", arch=["y"], graph=["g"], draw=[1], zen=[5.0], zen_status=["ok"])
    found = zcrepro.scores("nasbench201", "cifar10")
    assert list(found.columns) == ["arch", "graph", "draw", "snip", "zen", "snip_status", "zen_status"]
    assert list(zip(found["draw"], found["arch"], strict=True)) == [
        (0, "x"), (0, "y"), (0, "z"), (1, "x"), (1, "y"),
    ]  # fmt: skip
    np.testing.assert_equal(found["snip"].to_numpy(), [1, 1, np.nan, 2, 2])
    assert list(found["snip_status"]) == ["ok", "ok", "no graph", "ok", "ok"]
    np.testing.assert_equal(found["zen"].to_numpy(), [np.nan] * 4 + [5])
    assert list(found["zen_status"]) == [NOT_COMPUTED] * 4 + ["ok"]


def test_every_tracked_score_is_defined_or_says_why():
    found = zcrepro.scores("nasbench201", "cifar10")
    assert not found.duplicated(["draw", "arch"]).any()
    for name in proxies_in(found.columns):
        status = found[f"{name}_status"]
        assert ((status == "ok") == found[name].notna()).all()
        assert not status.str.startswith(AS).any()


def test_scores_of_a_run_are_its_features_or_published(tmp_path):
    features = {"arch": ["x"], "graph": ["g"], "draw": [0], "snip": [1.0], "snip_status": ["ok"]}
    released = {"arch": ["x", "x"], "task": ["cifar10", "cifar100"], "snip": [2.0, 3.0]}
    written(tmp_path / "features/nasbench201/cifar10.parquet", **features)
    written(tmp_path / "released/nasbench201.parquet", **released)
    assert zcrepro.scores("nasbench201", "cifar10", tmp_path).to_dict("list") == features
    published = zcrepro.scores("nasbench201", "cifar10", tmp_path, source="released")
    assert published["snip"].to_list() == [2.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("accuracies", "nasbench21", "cifar10"), "unknown space 'nasbench21'; did you mean 'nasbench201'"),
        (("accuracies", "embedded_cell", "digit"), "unknown task of embedded_cell 'digit'; did you mean 'dig"),
        (("scores", "nasbench201", "cifar10", None, "relased"), "unknown source of scores 'relased'; did you"),
        (("accuracies", "nasbench201", "svhn"), "results/paper/accuracies/nasbench201.parquet --configfile c"),
        (("scores", "nasbench201", "svhn"), "results/paper/features/nasbench201/svhn.parquet --configfile c"),
        (("scores", "nasbench201", "cifar10", None, "released"), "results/paper/released/nasbench201.parquet"),
        (("scores", "embedded_cell", "digits"), "embedded_cell/digits.parquet --configfile config/quickstart."),
        (("accuracies", "nasbench201", "svhn", "a/b"), "there is no a/b/accuracies/nasbench201.parquet; if"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named_with_what_to_do(arguments, message):
    name, *rest = arguments
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(zcrepro, name)(*rest)


def test_a_package_without_tables_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr("zcrepro.checkout.FOLDER", tmp_path)
    for known in (zcrepro.accuracies, zcrepro.scores):
        with pytest.raises(ValueError, match="clone the repository"):
            known("embedded_cell", "digits")
