"""The recipe for NDS, on small files in the format of the released ones."""

import copy
import json

import pandas as pd
import pytest

from samples.nds import CELL, NET, RESNEXT_NET, record
from zcrepro.benchmarks import tidy
from zcrepro.benchmarks.nds import FAMILIES, RECIPE, sweep
from zcrepro.files import parquet
from zcrepro.spaces.nds_darts import SPACE

TEXT = SPACE.text(SPACE.from_net(NET))


def wider(width):
    return NET | {"width": width}


@pytest.fixture
def write(tmp_path):
    """Write the records of each file and return the files by name."""

    def written(**records_by_stem):
        paths = {f"nds/{stem}.json": tmp_path / f"{stem}.json" for stem in records_by_stem}
        for path, records in zip(paths.values(), records_by_stem.values(), strict=True):
            path.write_text(json.dumps(records))
        return paths

    return written


@pytest.mark.parametrize(
    ("name", "space", "task", "source"),
    [
        ("nds/DARTS_in.json", "nds_darts", "ImageNet", "NDS, last epoch"),
        ("official/nds/DARTS.json", "nds_darts", "cifar10", "NDS, last epoch"),
        ("official/nds/DARTS_fix-w-d.json", "nds_darts", "cifar10-fix-w-d", "NDS, last epoch"),
        ("nds/DARTS_fix-w-d_in.json", "nds_darts", "ImageNet-fix-w-d", "UnNAS, 5 epochs"),
        ("official/nds/PNAS_fix-w-d.json", "nds_pnas", "cifar10-fix-w-d", "NDS, last epoch"),
        ("nds/ResNeXt-A_in.json", "nds_resnext_a", "ImageNet", "NDS, last epoch"),
        ("official/nds/Vanilla.json", "nds_vanilla", "cifar10", "NDS, last epoch"),
    ],
)
def test_the_name_of_a_file_says_space_task_and_source(name, space, task, source):
    found = sweep(name)
    assert (found.space.name, found.task, found.source) == (space, task, source)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_space_with_cifar10(family):
    assert sweep(f"{family}.json").task == "cifar10"


@pytest.mark.parametrize(
    "name",
    ["DARTS_lr-wd.json", "DARTS_lr-wd_in.json", "ResNet_reruns.json", "ResNet-B.json", "NASNet_in_in.json"],
)
def test_trap_sweeps_of_another_protocol_are_refused(name):
    with pytest.raises(
        ValueError, match=rf"recipe nds does not read nds/{name}: its name is not one of Amoeba"
    ):
        sweep(f"nds/{name}")


@pytest.mark.parametrize(
    ("name", "task"), [("ResNet_in.json", "ImageNet"), ("ENAS_fix-w-d_in.json", "ImageNet-fix-w-d")]
)
def test_a_task_that_the_space_has_not_is_refused(name, task):
    with pytest.raises(ValueError, match=f"has no task {task}"):
        sweep(name)


def test_trap_the_accuracy_is_of_the_last_epoch_not_of_the_best(write):
    (row,) = RECIPE.accuracies(write(DARTS_in=[record([60.0, 30.5, 31.25])])).to_dict("records")
    assert row["accuracy"] == 68.75
    assert (row["arch"], row["task"], row["metric"], row["seeds"]) == (TEXT, "ImageNet", "test", 1)
    assert row["file"] == "nds/DARTS_in.json"


def test_records_of_one_network_are_trainings_of_it(write):
    turned = copy.deepcopy(NET)
    turned["genotype"]["normal"][0:2] = CELL[1::-1]  # the two edges of a node, the other way round
    records = [record([30.0]), record([40.0], turned, seed=2), record([10.0], wider(48))]
    frame = RECIPE.accuracies(write(DARTS=records)).set_index("arch")
    assert frame.loc[TEXT, "accuracy"] == 65
    assert frame["seeds"].tolist() == [2, 1]


def test_trap_the_sweep_of_five_epochs_is_a_task_of_its_own(write):
    files = write(**{"DARTS_in": [record([30.0])], "DARTS_fix-w-d_in": [record([60.0])]})
    frame = RECIPE.accuracies(files).set_index("task")
    assert frame["accuracy"].to_dict() == {"ImageNet": 70, "ImageNet-fix-w-d": 40}
    assert frame["seeds"].tolist() == [1, 1]
    assert set(frame.index) <= set(SPACE.tasks)


def test_counts_are_one_row_an_architecture_and_quantity(write):
    records = [record([30.0]), record([40.0], seed=2), record([10.0], wider(48), params=7, flops=80)]
    counts = RECIPE.counts(write(DARTS_in=records))
    assert counts.groupby("quantity")["count"].apply(list).to_dict() == {"params": [3, 7], "flops": [40, 80]}
    assert set(counts.columns) == {"arch", "task", "quantity", "count", "source", "file"}
    assert counts["count"].dtype == "int64"


def test_records_of_one_network_that_differ_in_a_count_are_an_error(write):
    files = write(DARTS_in=[record([30.0]), record([30.0], seed=2, flops=41)])
    with pytest.raises(
        ValueError, match=r"DARTS_in.json cannot be read .*the records of normal: .* differ in flops"
    ):
        RECIPE.counts(files)


def test_the_staged_spaces_are_read_by_the_same_recipe(write):
    (row,) = RECIPE.accuracies(write(**{"ResNeXt-A_in": [record([25.0], RESNEXT_NET)]})).to_dict("records")
    assert (row["arch"], row["accuracy"]) == ("d1w16r4g1|d2w128r2g2|d4w256r4g4", 75)


def test_files_of_two_spaces_are_refused(write):
    files = write(DARTS_in=[record([30.0])], PNAS_in=[record([30.0])])
    with pytest.raises(ValueError, match=r"one space at a time; .* are of nds_darts, nds_pnas"):
        RECIPE.accuracies(files)
    with pytest.raises(ValueError, match="no files are of none"):
        RECIPE.accuracies({})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"top": [], "mid": []}, "a dict, expected a list of records"),
        ([record([30.0]) | {"net": {"ds": [1]}}], "is not a genotype with width and depth"),
        ([record([30.0]) | {"test_ep_top1": []}], "record job-1 is not a training of a network: IndexError"),
        ([{"job_id": "x"}], "record x is not a training of a network: KeyError"),
        ([3], "record 3 is not a training of a network: TypeError"),
        ([record([30.0], NET | {"aux": True})], "auxiliary head"),
    ],
)
def test_what_is_no_list_of_records_is_named_with_the_file(write, content, message):
    with pytest.raises(ValueError, match=message) as raised:
        RECIPE.accuracies(write(DARTS_in=content))
    assert "DARTS_in.json" in str(raised.value)


def test_the_tables_pass_the_checks_of_every_benchmark(tmp_path, write):
    files = write(**{"DARTS_in": [record([30.0])], "DARTS_fix-w-d_in": [record([100.0])]})
    settings_file, output = tmp_path / "settings.json", tmp_path / "accuracies.parquet"
    settings_file.write_text(
        json.dumps({"space": "nds_darts", "recipes": ["nds"], "files": [list(files)], "digests": {}})
    )
    for table in (tidy.accuracies, tidy.counts):
        table(settings_file=settings_file, files=list(files.values()), output=output)
        frame: pd.DataFrame = parquet.read(output)
        assert frame["graph"].tolist() == [SPACE.canonical(SPACE.parse(text)) for text in frame["arch"]]
