"""Damaged copies of the real files are refused by an error that names them; a missing file fails."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import injection
from zcrepro.benchmarks import darts_trained, nasbench201, nds, suite_zero_nasbench101, suite_zero_nasbench201
from zcrepro.benchmarks import suite_zero_nasbench301 as nasbench301
from zcrepro.images import cifar10

pytestmark = [pytest.mark.data, pytest.mark.faults]

FLIPS, CUTS = 150, 50
RESNEXT, FURTHER = "nds/ResNeXt-A_in.json", suite_zero_nasbench201.FURTHER


def scores(path: Path) -> pd.DataFrame:
    return suite_zero_nasbench201.archive_scores(path, "nasbench301", "svhn", nasbench301.decoded)


READERS = {
    RESNEXT: lambda path: nds.RECIPE.counts({RESNEXT: path}),
    suite_zero_nasbench101.FIRST_RUN: suite_zero_nasbench101.draws,
    nasbench201.MECO: nasbench201.whole_training_test,
    nasbench201.NASGRAPH["cifar10"]: lambda path: nasbench201.half_trained_test_left_out(path, "cifar10"),
    FURTHER: scores,
    darts_trained.FILE: lambda path: darts_trained.RECIPE.accuracies({darts_trained.FILE: path}),
}


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_copy_is_named(real, tmp_path, name):
    path = tmp_path / "copy"
    shutil.copyfile(real(name), path)
    counts, faults = injection.outcomes(READERS[name], path, pd.DataFrame.equals, flips=FLIPS, cuts=CUTS)
    assert not [fault for fault in faults if not fault.startswith("silent")]
    assert counts["refused"] >= CUTS - 1  # a cut of the last byte may leave all that is read


def test_a_damaged_batch_of_cifar10_is_named(real, tmp_path):
    path = tmp_path / "batch"
    path.write_bytes(real("images/cifar10_data_batch_1.bin").read_bytes()[: 5 * cifar10.RECORD])

    def same(one, other):
        return np.array_equal(one.pixels, other.pixels) and np.array_equal(one.labels, other.labels)

    counts, faults = injection.outcomes(
        lambda path: cifar10.IMAGES.training([path]), path, same, flips=FLIPS, cuts=CUTS
    )
    assert not [fault for fault in faults if not fault.startswith("silent")]
    assert counts["refused"] > 0
