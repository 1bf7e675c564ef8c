import pickle

import numpy as np
import pytest

from zcrepro.images.imagenet16_120 import IMAGES, MEAN, STD


def batch(labels, green=0):
    """Return a batch like train_data_batch_1: red 255, green as given, blue 51, and the mean image."""
    data = np.zeros((len(labels), 768), np.uint8)
    data[:, :256], data[:, 512:] = 255, 51
    data[:, 256:512] = np.asarray(green).reshape(-1, 1)
    return {"data": data, "labels": labels, "mean": data.mean(axis=0)}


def written(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def test_the_first_120_classes_are_kept_and_counted_from_zero(tmp_path):
    path = written(tmp_path / "train_data_batch_1", batch([1, 121, 120, 1000, 7], green=[1, 2, 3, 4, 5]))
    images = IMAGES.training([path])
    assert images.labels.tolist() == [0, 119, 6]
    assert images.labels.dtype == np.int64
    assert images.pixels.shape == (3, 3, 16, 16)
    assert images.pixels.dtype == np.float32
    greens = images.pixels[:, 1, 0, 0] * STD[1] + MEAN[1]
    np.testing.assert_allclose(greens * 255, [1, 3, 5], rtol=1e-4)


def test_pixels_are_normalised_by_channel(tmp_path):
    pixels = IMAGES.training([written(tmp_path / "1", batch([1]))]).pixels
    for channel, value in enumerate((1.0, 0.0, 0.2)):
        np.testing.assert_allclose(pixels[0, channel], (value - MEAN[channel]) / STD[channel], rtol=1e-6)
    assert pytest.approx(122.68 / 255) == MEAN[0]


def test_several_batches_are_joined_in_their_order(tmp_path):
    first, second = written(tmp_path / "1", batch([3, 500])), written(tmp_path / "2", batch([2]))
    assert IMAGES.training([first, second]).labels.tolist() == [2, 1]
    assert IMAGES.training([second, first]).labels.tolist() == [1, 2]


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_every_protocol_that_the_files_may_have_is_read(tmp_path, protocol):
    assert IMAGES.training([written(tmp_path / "1", batch([9]), protocol)]).labels.tolist() == [8]


def test_a_file_of_python_2_is_read_too(python2_pickle):
    assert IMAGES.training([python2_pickle("1", batch([9]))]).labels.tolist() == [8]


@pytest.mark.parametrize("label", [0, 1001])
def test_a_label_that_is_no_class_is_an_error_that_names_the_image(tmp_path, label):
    path = written(tmp_path / "1", batch([1, label]))
    with pytest.raises(ValueError, match=f"image 1 has label {label}, expected 1 to 1000"):
        IMAGES.training([path])


def test_images_of_another_size_are_an_error(tmp_path):
    content = batch([1]) | {"data": np.zeros((1, 3072), np.uint8)}
    with pytest.raises(ValueError, match=r"\(1, 3072\), expected uint8 \(1, 768\)"):
        IMAGES.training([written(tmp_path / "1", content)])


def test_no_file_at_all_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        IMAGES.training([])
