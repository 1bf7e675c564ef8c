import pickle
import tarfile

import numpy as np
import pytest

from zcrepro.files.pickles import RefusedError
from zcrepro.images.cifar100 import IMAGES, MEAN, STD


def batch(fine_labels, red=255):
    """Return a batch like cifar-100-python/train: red as given, green 0, blue 51."""
    data = np.zeros((len(fine_labels), 3072), np.uint8)
    data[:, :1024], data[:, 2048:] = red, 51
    return {
        "filenames": [f"image_{number}.png" for number in range(len(fine_labels))],
        "batch_label": "training batch 1 of 1",
        "fine_labels": fine_labels,
        "coarse_labels": [0] * len(fine_labels),
        "data": data,
    }


def test_the_file_is_read_as_python_2_wrote_it(python2_pickle):
    path = python2_pickle("train", batch([19, 0, 99]))
    assert b"cnumpy.core.multiarray\n_reconstruct" in path.read_bytes()
    images = IMAGES.training([path])
    assert images.labels.tolist() == [19, 0, 99]
    assert images.labels.dtype == np.int64
    assert images.pixels.shape == (3, 3, 32, 32)
    assert images.pixels.dtype == np.float32


def test_pixels_are_normalised_by_channel(python2_pickle):
    pixels = IMAGES.training([python2_pickle("train", batch([0]))]).pixels
    for channel, value in enumerate((1.0, 0.0, 0.2)):
        np.testing.assert_allclose(pixels[0, channel], (value - MEAN[channel]) / STD[channel], rtol=1e-6)


def test_every_byte_survives_the_texts_of_python_2(python2_pickle):
    content = batch([0])
    content["data"][0] = np.arange(3072) % 256
    red = IMAGES.training([python2_pickle("train", content)]).pixels[0, 0]
    expected = (np.arange(1024).reshape(32, 32) % 256 / 255 - MEAN[0]) / STD[0]
    np.testing.assert_allclose(red, expected, atol=1e-5)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_the_same_file_written_by_python_3_is_read_too(tmp_path, protocol):
    path = tmp_path / "train"
    path.write_bytes(pickle.dumps(batch([5]), protocol))
    assert IMAGES.training([path]).labels.tolist() == [5]


def test_a_file_that_asks_for_more_than_arrays_is_refused(tmp_path):
    (tmp_path / "train").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    with pytest.raises(RefusedError, match=r"imports posix\.system"):
        IMAGES.training([tmp_path / "train"])


def test_the_archive_in_place_of_its_member_is_an_error_that_names_the_file(tmp_path):
    with tarfile.open(tmp_path / "train", "w:gz"):
        pass
    with pytest.raises(ValueError, match=r"train cannot be read .*; delete it and fetch it again"):
        IMAGES.training([tmp_path / "train"])


def test_another_pickle_is_an_error_that_names_the_keys(python2_pickle):
    with pytest.raises(
        ValueError, match=r"meta cannot be read .*not a dict with the keys 'data' and 'fine_labels'"
    ):
        IMAGES.training([python2_pickle("meta", {"fine_label_names": ["apple"]})])


def test_a_label_that_is_no_class_is_an_error_that_names_the_image(python2_pickle):
    with pytest.raises(ValueError, match="image 1 has label 100, expected 0 to 99"):
        IMAGES.training([python2_pickle("train", batch([99, 100]))])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fine_labels": [1, 2]}, r"'data' is uint8 \(1, 3072\), expected uint8 \(2, 3072\)"),
        ({"data": np.zeros((1, 768), np.uint8)}, r"\(1, 768\), expected uint8 \(1, 3072\)"),
        ({"data": np.zeros((1, 3072))}, r"'data' is float64"),
        ({"fine_labels": ["apple"]}, "expected integers"),
    ],
)
def test_arrays_of_another_kind_are_an_error_that_says_what_was_expected(python2_pickle, change, message):
    with pytest.raises(ValueError, match=message):
        IMAGES.training([python2_pickle("train", batch([1]) | change)])


def test_no_file_at_all_is_an_error():
    with pytest.raises(ValueError, match="needs its file train"):
        IMAGES.training([])
