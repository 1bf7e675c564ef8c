from pathlib import Path

import numpy as np
import pytest

from zcrepro.images.cifar10 import IMAGES, MEAN, RECORD, STD


def batch(path: Path, labels: list[int], first_pixels: list[int] | None = None) -> Path:
    """Write a batch in the binary version: red 255, green 0, blue 51, except the first red pixels."""
    records = np.zeros((len(labels), RECORD), np.uint8)
    records[:, 0] = labels
    records[:, 1:1025] = 255
    records[:, 2049:] = 51
    if first_pixels:
        records[:, 1] = first_pixels
    path.write_bytes(records.tobytes())
    return path


def test_labels_and_shapes_are_read(tmp_path):
    images = IMAGES.training([batch(tmp_path / "1.bin", [3, 9, 0])])
    assert images.labels.tolist() == [3, 9, 0]
    assert images.labels.dtype == np.int64
    assert images.pixels.shape == (3, 3, 32, 32)
    assert images.pixels.dtype == np.float32


def test_pixels_are_normalised_by_channel(tmp_path):
    pixels = IMAGES.training([batch(tmp_path / "1.bin", [0])]).pixels
    for channel, value in enumerate((1.0, 0.0, 0.2)):
        expected = (value - MEAN[channel]) / STD[channel]
        np.testing.assert_allclose(pixels[0, channel], expected, rtol=1e-6)


def test_rows_come_before_columns(tmp_path):
    path = batch(tmp_path / "1.bin", [0])
    raw = bytearray(path.read_bytes())
    raw[1 + 33] = 0  # red plane, row 1, column 1
    path.write_bytes(raw)
    red = IMAGES.training([path]).pixels[0, 0]
    assert red[1, 1] < red[0, 0]
    assert np.count_nonzero(red != red[0, 0]) == 1


def test_several_batches_are_joined_in_their_order(tmp_path):
    paths = [batch(tmp_path / "1.bin", [1, 2]), batch(tmp_path / "2.bin", [3])]
    assert IMAGES.training(paths).labels.tolist() == [1, 2, 3]
    assert IMAGES.training(paths[::-1]).labels.tolist() == [3, 1, 2]


def test_a_truncated_file_is_an_error_that_says_so(tmp_path):
    path = batch(tmp_path / "1.bin", [1, 2])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        ValueError, match=r"1\.bin cannot be read \(6145 bytes.* truncated.*delete it and fetch it again"
    ):
        IMAGES.training([path])


def test_an_empty_file_is_an_error(tmp_path):
    (tmp_path / "1.bin").write_bytes(b"")
    with pytest.raises(ValueError, match=r"1\.bin cannot be read \(0 bytes"):
        IMAGES.training([tmp_path / "1.bin"])


def test_a_label_that_is_no_class_is_an_error_that_names_the_record(tmp_path):
    with pytest.raises(ValueError, match="record 1 has label 10, but CIFAR-10 has 0 to 9"):
        IMAGES.training([batch(tmp_path / "1.bin", [9, 10])])


def test_no_file_at_all_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        IMAGES.training([])
