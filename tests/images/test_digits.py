import numpy as np
import pytest
from sklearn.datasets import load_digits

from zcrepro import registry
from zcrepro.images._digits import MEAN, SHIFT, STD, VIEWS, DigitSubset, unchanged
from zcrepro.images.resizing import resized

TASKS = ["digits", "turned_digits"]


def test_the_splits_hold_every_digit_once():
    subsets = registry.get("images", "digits").subsets()
    assert {name: len(subset) for name, subset in subsets.items()} == {
        "training": 1000,
        "validation": 397,
        "test": 400,
    }
    together = np.concatenate([subset.digits for subset in subsets.values()])
    images = (load_digits().images / 16).astype(np.float32)
    assert sorted(digit.tobytes() for digit in together) == sorted(digit.tobytes() for digit in images)


def test_every_part_has_every_digit_about_as_often():
    for subset in registry.get("images", "digits").subsets().values():
        shares = np.bincount(subset.labels, minlength=10) / len(subset)
        assert (shares > 0.06).all()
        assert (shares < 0.14).all()


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_the_same_digits_in_the_same_parts(task):
    for name, subset in registry.get("images", task).subsets().items():
        upright = registry.get("images", "digits").subsets()[name]
        assert (subset.digits == upright.digits).all()
        assert (subset.labels == upright.labels).all()


@pytest.mark.parametrize("task", TASKS)
def test_views_are_labelled_canvases_about_zero(task):
    subset = registry.get("images", task).subsets()["training"]
    images = subset.view(np.random.default_rng(0))
    assert images.pixels.shape == (1000, 1, 12, 12)
    assert images.pixels.dtype == np.float32
    assert abs(images.pixels.mean()) < 0.4
    assert 0.5 < images.pixels.std() < 1.5
    assert (images.labels == subset.labels).all()


@pytest.mark.parametrize("task", TASKS)
def test_a_view_is_decided_by_its_generator(task):
    subset = registry.get("images", task).subsets()["validation"]
    first, again, other = (subset.view(np.random.default_rng(seed)).pixels for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("task", TASKS)
def test_a_view_of_another_side_is_the_same_view_resized(task):
    subset = registry.get("images", task).subsets()["test"]
    whole, small = (subset.view(np.random.default_rng(1), side) for side in (None, 6))
    assert small.pixels.shape == (400, 1, 6, 6)
    assert (small.pixels == resized(whole.pixels, 6)).all()
    assert (small.labels == whole.labels).all()


def test_held_out_digits_are_seen_in_several_views():
    assert registry.get("images", "digits").subsets()["test"].views == VIEWS == 4


@pytest.mark.parametrize("task", TASKS)
def test_the_training_images_are_always_the_same_view(task):
    source = registry.get("images", task)
    assert (source.training().pixels == source.training().pixels).all()
    assert (source.training().labels == source.subsets()["training"].labels).all()


def test_the_tasks_do_not_share_their_views():
    upright, turned = (registry.get("images", task).training().pixels for task in TASKS)
    assert (upright != turned).any(axis=(1, 2, 3)).all()


def test_digits_are_placed_anywhere_within_the_shift_and_left_whole():
    n, side = 400, 3
    ones = np.ones((n, side, side), np.float32)
    subset = DigitSubset(ones, np.zeros(n, np.int64), noise=0, change=unchanged)
    canvas = subset.view(np.random.default_rng(0)).pixels[:, 0] * STD + MEAN
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
    made_hard = registry.get("images", task).subsets()["test"]
    subset = DigitSubset(digits, np.zeros(500, np.int64), made_hard.noise, made_hard.change)
    canvas = subset.view(np.random.default_rng(0)).pixels * STD + MEAN
    assert canvas.mean() == pytest.approx(0, abs=0.005)
    assert canvas.std() == pytest.approx(noise, rel=0.02)
