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


def test_the_last_file_is_the_test_set_and_the_others_are_for_training(tmp_path):
    files = [batch(tmp_path / f"{place}.bin", labels) for place, labels in enumerate([[1, 2], [3], [4, 5]])]
    subsets = IMAGES.subsets(files)
    assert {name: subset.labels.tolist() for name, subset in subsets.items()} == {
        "training": [1, 2, 3],
        "test": [4, 5],
    }
    assert {name: len(subset) for name, subset in subsets.items()} == {"training": 3, "test": 2}


def test_test_images_are_those_that_are_read_and_training_images_move_by_up_to_four_pixels(tmp_path):
    files = [batch(tmp_path / "1.bin", [0] * 200), batch(tmp_path / "test.bin", [7], [9])]
    subsets = IMAGES.subsets(files)
    views = {name: subset.view(np.random.default_rng(0)) for name, subset in subsets.items()}
    np.testing.assert_allclose(views["test"].pixels, IMAGES.training(files[1:]).pixels, rtol=0, atol=1e-5)
    black_rows = (views["training"].pixels[:, 0] < 0).all(axis=2).sum(axis=1)  # red is 255 elsewhere
    assert (black_rows.min(), black_rows.max()) == (0, 4)
    assert views["training"].labels.dtype == np.int64


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_files_are_an_error_that_says_which_are_needed(tmp_path, count):
    files = [batch(tmp_path / "1.bin", [1])][:count]
    with pytest.raises(ValueError, match=r"needs its files data_batch_\*\.bin and then test_batch\.bin"):
        IMAGES.subsets(files)


@pytest.mark.parametrize("damaged", ["1.bin", "test.bin"])
def test_a_damaged_file_of_a_training_is_named(tmp_path, damaged):
    files = [batch(tmp_path / name, [1, 2]) for name in ("1.bin", "test.bin")]
    (tmp_path / damaged).write_bytes((tmp_path / damaged).read_bytes()[:-1])
    with pytest.raises(ValueError, match=rf"{damaged} cannot be read .* truncated.*fetch it again"):
        IMAGES.subsets(files)
