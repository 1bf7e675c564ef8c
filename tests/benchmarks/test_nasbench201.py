import json
import pickle
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from zcrepro.benchmarks import tidy as stage
from zcrepro.benchmarks.nasbench201 import MECO, NASGRAPH
from zcrepro.benchmarks.suite_zero_nasbench201 import FURTHER, FURTHER_TASKS
from zcrepro.files import parquet
from zcrepro.spaces.cell import OPERATIONS
from zcrepro.spaces.nasbench201 import SPACE

ARCHES = list(SPACE.architectures())
TEXTS = [SPACE.text(arch) for arch in ARCHES]
CHOSEN = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|"
SKIPS = SPACE.text(("skip_connect",) * 6)
CHOSEN_NUMBERS = (3, 0, 1, 2, 4, 0)  # in MeCo's numbering


def nasgraph(path: Path, validation: float, test: float, texts: list[str] = TEXTS) -> Path:
    columns = {"arch str": texts, "train accuracy": 99.0, "validation accuracy": validation}
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns | {"test accuracy": test}).to_csv(path)
    return path


def meco(path: Path, accuracies: dict[tuple[int, ...], list[float]] | None = None) -> Path:
    everything = {tuple(OPERATIONS.index(op) for op in arch): [50.0] for arch in ARCHES}
    path.write_bytes(pickle.dumps(everything | (accuracies or {}), protocol=2))
    return path


def further(path: Path) -> Path:
    """Write one architecture with accuracy 80 on each further task."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for task in FURTHER_TASKS:
            entry = {"arch": "(0, 0, 0, 0, 0, 0)", "snip": {"score": 1.0}, "val_accuracy": 80.0}
            archive.writestr(f"snip/benchmark--nasbench201--{task}--0.json", json.dumps([entry]))
    return path


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """Write all files: validation 60, 61, 62 and test 70, 71, 72 on the three tasks, and 50 in MeCo's."""
    tables = {name: nasgraph(tmp_path / name, 60 + i, 70 + i) for i, name in enumerate(NASGRAPH.values())}
    chosen = meco(tmp_path / MECO, {CHOSEN_NUMBERS: [90.0, 91.0, 95.0]})
    return tables | {MECO: chosen, FURTHER: further(tmp_path / FURTHER)}


def written_settings(folder: Path, names: list[str], **change: object) -> Path:
    settings = {"space": "nasbench201", "recipes": ["nasbench201"], "files": [names], "digests": {}} | change
    path = folder / "settings.json"
    path.write_text(json.dumps(settings))
    return path


def tidy(folder: Path, files: dict[str, Path], **change: object) -> pd.DataFrame:
    settings_file, output = written_settings(folder, list(files), **change), folder / "accuracies.parquet"
    stage.accuracies(settings_file=settings_file, files=list(files.values()), output=output)
    return parquet.read(output)


def of(frame: pd.DataFrame, text: str, task: str, metric: str) -> pd.Series:
    key = (frame["arch"] == text) & (frame["task"] == task) & (frame["metric"] == metric)
    (index,) = frame.index[key]
    return frame.loc[index]


def test_every_architecture_has_validation_and_test_accuracy_on_every_task(tmp_path, files):
    frame = tidy(tmp_path, files)
    assert len(frame) == 6 * 15_625 + 3
    assert of(frame, CHOSEN, "cifar10", "validation")["accuracy"] == 60
    assert of(frame, CHOSEN, "cifar100", "test")["accuracy"] == 71
    assert of(frame, CHOSEN, "ImageNet16-120", "test")["accuracy"] == 72
    assert parquet.metadata(tmp_path / "accuracies.parquet")["stage"] == "accuracies"


def test_trap_cifar10_test_accuracy_of_half_trained_networks_is_not_used(tmp_path, files):
    frame = tidy(tmp_path, files)
    cifar10_test = frame[(frame["task"] == "cifar10") & (frame["metric"] == "test")]
    assert set(cifar10_test["source"]) == {"MeCo"}
    assert 70 not in set(cifar10_test["accuracy"])


def test_a_test_accuracy_by_seed_becomes_the_mean_and_the_number_of_seeds(tmp_path, files):
    row = of(tidy(tmp_path, files), CHOSEN, "cifar10", "test")
    assert (row["accuracy"], row["seeds"]) == (92, 3)


def test_the_number_of_seeds_is_empty_where_the_source_does_not_say(tmp_path, files):
    assert pd.isna(of(tidy(tmp_path, files), CHOSEN, "cifar100", "test")["seeds"])


def test_every_row_has_the_graph_of_its_architecture(tmp_path, files):
    frame = tidy(tmp_path, files)
    assert frame["graph"].nunique() == 6466
    assert of(frame, CHOSEN, "cifar10", "test")["graph"] == SPACE.canonical(SPACE.parse(CHOSEN))


def test_a_further_task_has_the_accuracy_that_its_authors_call_validation(tmp_path, files):
    row = of(tidy(tmp_path, files), SKIPS, "svhn", "validation")
    assert row["accuracy"] == 80.0


def test_two_recipes_that_describe_the_same_networks_are_refused(tmp_path, files):
    names = list(files)
    settings_file = written_settings(
        tmp_path, names, recipes=["nasbench201", "nasbench201"], files=[names, names]
    )
    twice = [*files.values(), *files.values()]
    with pytest.raises(ValueError, match="stands there twice"):
        stage.accuracies(settings_file=settings_file, files=twice, output=tmp_path / "out.parquet")


def test_equal_inputs_in_another_order_give_equal_files(tmp_path, files):
    tidy(tmp_path, files)
    first = (tmp_path / "accuracies.parquet").read_bytes()
    for i, name in enumerate(NASGRAPH.values()):
        nasgraph(files[name], 60 + i, 70 + i, TEXTS[::-1])
    tidy(tmp_path, files)
    assert (tmp_path / "accuracies.parquet").read_bytes() == first


def test_a_table_that_lacks_an_architecture_is_an_error_that_names_one(tmp_path, files):
    nasgraph(files[NASGRAPH["cifar100"]], 60, 70, [text for text in TEXTS if text != CHOSEN])
    with pytest.raises(
        ValueError, match=r"cifar100\.csv cannot be read \(15624 rows.* missing: 1, for example \|nor_conv"
    ):
        tidy(tmp_path, files)


def test_a_table_that_repeats_an_architecture_is_an_error(tmp_path, files):
    nasgraph(files[NASGRAPH["cifar100"]], 60, 70, [*TEXTS, CHOSEN])
    with pytest.raises(ValueError, match="15626 rows, expected 15625 architectures once each"):
        tidy(tmp_path, files)


def test_a_pickle_that_lacks_an_architecture_is_an_error(tmp_path, files):
    files[MECO].write_bytes(pickle.dumps({CHOSEN_NUMBERS: [90.0]}))
    with pytest.raises(ValueError, match=r"cf10\.p cannot be read \(1 rows, .* missing: 15624"):
        tidy(tmp_path, files)


@pytest.mark.parametrize("key", [(3, 0, 1, 2, 4), (3, 0, 1, 2, 4, 9), 7])
def test_a_key_that_is_no_architecture_is_named(tmp_path, files, key):
    files[MECO].write_bytes(pickle.dumps({key: [90.0]}))
    with pytest.raises(ValueError, match="is not six operation numbers"):
        tidy(tmp_path, files)


def test_an_architecture_without_any_seed_is_named(tmp_path, files):
    meco(files[MECO], {CHOSEN_NUMBERS: []})
    with pytest.raises(ValueError, match=r"\(3, 0, 1, 2, 4, 0\): \[\]"):
        tidy(tmp_path, files)


@pytest.mark.parametrize("accuracy", [float("nan"), float("inf"), True, "90.0", None])
def test_an_accuracy_that_is_not_a_number_names_the_key_and_the_file(tmp_path, files, accuracy):
    meco(files[MECO], {CHOSEN_NUMBERS: [accuracy]})
    with pytest.raises(ValueError, match=r"cf10\.p .*\(3, 0, 1, 2, 4, 0\).* is not a finite number"):
        tidy(tmp_path, files)


@pytest.mark.parametrize("accuracy", [100.5, -0.1])
def test_an_accuracy_that_is_no_percentage_names_the_architecture_and_the_file(tmp_path, files, accuracy):
    meco(files[MECO], {CHOSEN_NUMBERS: [accuracy]})
    with pytest.raises(ValueError, match="not a percentage from 0 to 100") as raised:
        tidy(tmp_path, files)
    assert CHOSEN in str(raised.value)
    assert MECO in str(raised.value)
    assert not (tmp_path / "accuracies.parquet").exists()


def test_a_table_without_its_columns_is_an_error(tmp_path, files):
    files[NASGRAPH["cifar10"]].write_text("arch str,accuracy\n")
    with pytest.raises(ValueError, match="no column validation accuracy, test accuracy"):
        tidy(tmp_path, files)


def test_a_file_that_the_config_forgot_is_named(tmp_path, files):
    del files[MECO]
    with pytest.raises(ValueError, match=r"missing: \['nasbench201/nb2_test_acc_cf10\.p'\]"):
        tidy(tmp_path, files)


def test_an_architecture_of_another_space_is_an_error_that_names_the_file(tmp_path, files):
    with pytest.raises(ValueError, match=r"nasbench201_cifar10\.csv cannot be read \(embedded_chain: "):
        tidy(tmp_path, files, space="embedded_chain")


def test_a_misspelt_recipe_is_an_error_that_names_the_nearest(tmp_path, files):
    with pytest.raises(ValueError, match="did you mean 'nasbench201'"):
        tidy(tmp_path, files, recipes=["nasbench2O1"])


def test_a_recipe_without_accuracies_is_an_error(tmp_path, files):
    with pytest.raises(ValueError, match="suite_zero_nasbench201 has no accuracies"):
        tidy(tmp_path, files, recipes=["suite_zero_nasbench201"])


def test_names_and_paths_must_be_as_many(tmp_path, files):
    with pytest.raises(ValueError, match="5 files were given for the data sets"):
        stage.accuracies(
            settings_file=written_settings(tmp_path, list(files)[:3]),
            files=list(files.values()),
            output=tmp_path / "accuracies.parquet",
        )
