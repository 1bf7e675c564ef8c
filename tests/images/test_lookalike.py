"""Images that stand in for those of a data set: read exactly, and never taken for them."""

import numpy as np
import pytest

from zcrepro import registry
from zcrepro.images.base import LOOKALIKE
from zcrepro.images.cifar100 import MEAN, STD
from zcrepro.images.lookalike_cifar100 import IMAGES

NAMES = [name for name in registry.names("images") if name.startswith("lookalike")]


def archive(folder, **changes):
    """Write an archive of two images: red 255, green 0, blue 51."""
    pixels = np.zeros((2, 32, 32, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 255, 51
    path = folder / "images.npz"
    np.savez(path, **({"images": pixels, "labels": np.array([3, 99])} | changes))
    return path


def test_pixels_are_normalised_as_those_of_the_data_set(tmp_path):
    images = IMAGES.training([archive(tmp_path)])
    assert images.labels.tolist() == [3, 99]
    assert images.pixels.shape == (2, 3, 32, 32)
    for channel, value in enumerate((1.0, 0.0, 0.2)):
        expected = (value - MEAN[channel]) / STD[channel]
        np.testing.assert_allclose(images.pixels[:, channel], expected, rtol=1e-6)


def test_the_columns_and_rows_of_an_image_keep_their_places(tmp_path):
    pixels = np.zeros((1, 32, 32, 3), np.uint8)
    pixels[0, 5, 20] = 255
    path = archive(tmp_path, images=pixels, labels=np.array([0]))
    assert np.argwhere(IMAGES.training([path]).pixels[0, 0] > 0).tolist() == [[5, 20]]


def test_they_are_named_by_what_they_stand_in_for(tmp_path):
    assert IMAGES.training([archive(tmp_path)]).edition == f"{LOOKALIKE} CIFAR-100"
    assert sorted(registry.get("images", name).name for name in NAMES) == ["CIFAR-100", "ImageNet16-120"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0, 100])}, "labels reach from 0 to 100, expected 0 to 99"),
        ({"labels": np.array([0])}, r"images are uint8 \(2, 32, 32, 3\), expected uint8 \(1, 32, 32, 3\)"),
        ({"images": np.zeros((2, 16, 16, 3), np.uint8)}, r"expected uint8 \(2, 32, 32, 3\)"),
        ({"images": np.zeros((2, 32, 32, 3), np.float32)}, "images are float32"),
        ({"labels": np.array(["a", "b"], object)}, "images.npz"),
    ],
)
def test_another_archive_is_refused_by_its_name(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        IMAGES.training([archive(tmp_path, **changes)])


def test_an_archive_without_labels_is_refused(tmp_path):
    np.savez(tmp_path / "images.npz", images=np.zeros((2, 32, 32, 3), np.uint8))
    with pytest.raises(ValueError, match="the arrays are images, expected images and labels"):
        IMAGES.training([tmp_path / "images.npz"])


def test_a_truncated_archive_is_refused(tmp_path):
    path = archive(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"images\.npz"):
        IMAGES.training([path])


def test_one_file_is_needed():
    with pytest.raises(ValueError, match="are in one file, but 0 are named"):
        IMAGES.training([])
