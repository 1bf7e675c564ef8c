"""The tracked scores of programs: of the architectures that they should be of, and of the tracked programs."""

import json
from pathlib import Path

import pytest

import zcrepro
from zcrepro.files import parquet
from zcrepro.programs.evolved import load_program
from zcrepro.programs.published import PUBLISHED
from zcrepro.programs.terminals import TERMINALS
from zcrepro.proxies.feature_table import DRAWN_IMAGES
from zcrepro.proxies.programs import on_tensor
from zcrepro.spaces.order import random_order

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "resources/released"
SHARDS = sorted(path.relative_to(RELEASED).parent.as_posix() for path in RELEASED.rglob("programs.parquet"))
IMAGES = {"images-1": 1, "images-16": 16, "noise": 16, "programs": 16}
LATER = {"images-16": [f"eznas_a/{tensor}" for tensor in TERMINALS]}

each_shard = pytest.mark.parametrize("name", SHARDS)


def variant(name):
    """Return the variant of a folder, such as noise of nasbench201/cifar10-noise."""
    return next(each for each in IMAGES if name.endswith(f"-{each}"))


def shard(name):
    return parquet.read(RELEASED / name / "programs.parquet")


def programs():
    """Return the tracked programs by name."""
    loaded = map(load_program, (ROOT / "resources/evolved/eznas").rglob("*.json"))
    return {each.name: str(each.program) for of in loaded for each in (of.fittest, of.median)}


def test_there_are_shards_of_every_condition():
    assert {variant(name) for name in SHARDS} == set(IMAGES)


@each_shard
def test_the_architectures_are_of_the_first_of_the_random_order(name):
    found = shard(name)
    space = zcrepro.get_space(name.split("/")[0])
    order = random_order(space, map(space.text, space.architectures()))
    assert found["arch"].is_unique
    assert set(found["arch"]) <= set(order[: 1600 if variant(name) == "programs" else 500])


@each_shard
def test_the_scores_are_those_of_the_tracked_programs(name):
    made = parquet.metadata(RELEASED / name / "programs.parquet")
    texts = json.loads(made["programs"])
    expected = programs() if variant(name) == "programs" else {}
    expected |= {each: str(on_tensor(each).program) for each in LATER.get(variant(name), ())}
    assert texts == expected
    columns = {column for column in shard(name).columns if f"{column}_status" in shard(name)}
    assert columns == {*PUBLISHED, "eznas_images", *texts}


@each_shard
def test_the_images_are_as_many_as_they_say(name):
    made = parquet.metadata(RELEASED / name / "programs.parquet")
    assert int(made["program_images"]) == IMAGES[variant(name)]
    assert shard(name)["eznas_images"].unique().tolist() == [IMAGES[variant(name)]]
    assert (made["minibatch"] == DRAWN_IMAGES) == (variant(name) == "noise")


@each_shard
def test_every_score_is_defined_or_says_why(name):
    found = shard(name)
    for column in (each for each in found.columns if f"{each}_status" in found):
        assert found[column].notna().equals(found[f"{column}_status"].astype(str) == "ok")


@each_shard
def test_the_readme_says_how_many_there_are(name):
    readme = (RELEASED / "README.md").read_text()
    assert f"| `{name.partition('/')[2]}` | {len(shard(name)):,} |" in readme
