import numpy as np
import pytest
from sklearn.datasets import load_digits

from zcrepro import registry
from zcrepro.images._digits import MEAN, SHIFT, SPREAD, DigitSplit, unchanged

TASKS = ["digits", "turned_digits"]


def test_the_splits_hold_every_digit_once():
    splits = registry.get("images", "digits").splits()
    assert {name: len(split) for name, split in splits.items()} == {
        "training": 1000,
        "validation": 397,
        "test": 400,
    }
    together = np.concatenate([split.digits for split in splits.values()])
    images = (load_digits().images / 16).astype(np.float32)
    assert sorted(digit.tobytes() for digit in together) == sorted(digit.tobytes() for digit in images)


def test_every_part_has_every_digit_about_as_often():
    for split in registry.get("images", "digits").splits().values():
        shares = np.bincount(split.labels, minlength=10) / len(split)
        assert (shares > 0.06).all()
        assert (shares < 0.14).all()


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_the_same_digits_in_the_same_parts(task):
    for name, split in registry.get("images", task).splits().items():
        upright = registry.get("images", "digits").splits()[name]
        assert (split.digits == upright.digits).all()
        assert (split.labels == upright.labels).all()


@pytest.mark.parametrize("task", TASKS)
def test_views_are_labelled_canvases_about_zero(task):
    split = registry.get("images", task).splits()["training"]
    images = split.view(np.random.default_rng(0))
    assert images.pixels.shape == (1000, 1, 12, 12)
    assert images.pixels.dtype == np.float32
    assert abs(images.pixels.mean()) < 0.4
    assert 0.5 < images.pixels.std() < 1.5
    assert (images.labels == split.labels).all()


@pytest.mark.parametrize("task", TASKS)
def test_a_view_is_decided_by_its_generator(task):
    split = registry.get("images", task).splits()["validation"]
    first, again, other = (split.view(np.random.default_rng(seed)).pixels for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_training_images_are_always_the_same_view(task):
    source = registry.get("images", task)
    assert (source.training().pixels == source.training().pixels).all()
    assert (source.training().labels == source.splits()["training"].labels).all()


def test_the_tasks_do_not_share_their_views():
    upright, turned = (registry.get("images", task).training().pixels for task in TASKS)
    assert (upright != turned).any(axis=(1, 2, 3)).all()


def test_digits_are_placed_anywhere_within_the_shift_and_left_whole():
    n, side = 400, 3
    ones = np.ones((n, side, side), np.float32)
    split = DigitSplit(ones, np.zeros(n, np.int64), noise=0, change=unchanged)
    canvas = split.view(np.random.default_rng(0)).pixels[:, 0] * SPREAD + MEAN
    corners = set()
    for image in canvas:
        rows, columns = np.nonzero(image > 0.5)
        assert len(rows) == side**2
        assert np.ptp(rows) == np.ptp(columns) == side - 1
        corners.add((rows.min(), columns.min()))
    assert corners == {(row, column) for row in range(2 * SHIFT + 1) for column in range(2 * SHIFT + 1)}


@pytest.mark.parametrize(("task", "noise"), [("digits", 0.3), ("turned_digits", 0.2)])
def test_the_noise_has_its_spread(task, noise):
    digits = np.zeros((500, 8, 8), np.float32)
    made_hard = registry.get("images", task).splits()["test"]
    split = DigitSplit(digits, np.zeros(500, np.int64), made_hard.noise, made_hard.change)
    canvas = split.view(np.random.default_rng(0)).pixels * SPREAD + MEAN
    assert canvas.mean() == pytest.approx(0, abs=0.005)
    assert canvas.std() == pytest.approx(noise, rel=0.02)
