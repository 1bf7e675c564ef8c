import io
import os
import pickle
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from zcrepro.files import pickles


def written(folder: Path, value: object, protocol: int = 2) -> Path:
    path = folder / "value.p"
    path.write_bytes(pickle.dumps(value, protocol))
    return path


class Attack:
    """An object whose unpickling runs a command, as a hostile file may hold."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_containers_and_numbers_are_read(tmp_path, protocol):
    value = {(1, 2): [1.5, None, True], "text": {3}, "more": OrderedDict(a=1j), "bytes": frozenset({2**70})}
    assert pickles.load(written(tmp_path, value, protocol)) == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_command_is_refused_by_name_and_not_run(tmp_path, protocol):
    marker = tmp_path / "was_here"
    with pytest.raises(pickles.RefusedError, match=r"imports (posix|nt)\.system, which is refused"):
        pickles.load(written(tmp_path, Attack(marker), protocol))
    assert not marker.exists()


@pytest.mark.parametrize("name", ["eval", "exec", "getattr", "__import__", "open"])
def test_builtin_functions_are_refused_under_old_and_new_names(tmp_path, name):
    for module in ("builtins", "__builtin__"):
        path = tmp_path / "value.p"
        path.write_bytes(f"c{module}\n{name}\n(S'1'\ntR.".encode())
        with pytest.raises(pickles.RefusedError, match=f"builtins.{name}"):
            pickles.load(path)


def test_a_type_is_read_only_where_the_caller_names_it(tmp_path):
    path = written(tmp_path, Fraction(1, 2))
    with pytest.raises(pickles.RefusedError, match=r"fractions\.Fraction"):
        pickles.load(path)
    assert pickles.load(path, allowed=["fractions.Fraction"]) == Fraction(1, 2)


def test_an_outside_object_is_refused(tmp_path):
    class Referring(pickle.Pickler):
        def persistent_id(self, obj: object) -> str | None:
            return "elsewhere" if obj == "x" else None

    buffer = io.BytesIO()
    Referring(buffer).dump(["x"])
    (tmp_path / "value.p").write_bytes(buffer.getvalue())
    with pytest.raises(pickles.RefusedError, match="external object 'elsewhere'"):
        pickles.load(tmp_path / "value.p")


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps({1: [2.0] * 100})[:-40]])
def test_a_broken_pickle_is_an_error_that_names_the_file(tmp_path, content):
    path = tmp_path / "broken.p"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.p cannot be read \(.*; delete it and fetch it again"):
        pickles.load(path)


@pytest.mark.parametrize("protocol", range(2, 5))
def test_arrays_are_read_where_the_caller_allows_them_and_not_otherwise(tmp_path, protocol):
    path = written(tmp_path, {"data": np.arange(6, dtype=np.uint8).reshape(2, 3)}, protocol)
    with pytest.raises(pickles.RefusedError, match=r"multiarray\._reconstruct"):
        pickles.load(path)
    read = pickles.load(path, pickles.ARRAYS)
    np.testing.assert_array_equal(read["data"], [[0, 1, 2], [3, 4, 5]])
    assert read["data"].dtype == np.uint8


def test_a_command_inside_an_array_is_refused(tmp_path):
    marker = tmp_path / "was_here"
    array = np.array([Attack(marker)], dtype=object)
    with pytest.raises(pickles.RefusedError, match=r"imports (posix|nt)\.system"):
        pickles.load(written(tmp_path, array), pickles.ARRAYS)
    assert not marker.exists()


def test_a_text_of_python_2_is_read_by_the_encoding_that_is_given(tmp_path):
    (tmp_path / "value.p").write_bytes(b"\x80\x02U\x02\xe9\xff.")
    with pytest.raises(ValueError, match="not a valid pickle"):
        pickles.load(tmp_path / "value.p")
    assert pickles.load(tmp_path / "value.p", encoding="latin1") == "\xe9\xff"


def test_a_number_of_the_memo_that_would_allocate_gigabytes_is_refused(tmp_path):
    """The unpickler's memo is an array, which is as long as the largest number of an object in it."""
    content = pickle.dumps([str(number) for number in range(300)], 2)
    place = content.index(pickle.LONG_BINPUT + b"\x00\x01\x00\x00")
    damaged = bytearray(content)
    damaged[place + 4] = 0x20
    (tmp_path / "value.p").write_bytes(damaged)
    with pytest.raises(ValueError, match=r"value\.p cannot be read \(.*object 536871168 is numbered after"):
        pickles.load(tmp_path / "value.p")


@pytest.mark.parametrize(
    "start", [b"\x80\x04\x8e" + b"\xff" * 7 + b"\x00", b"\x80\x04\x95" + b"\xff" * 7 + b"\x00"]
)
def test_a_length_that_is_longer_than_the_file_is_refused(tmp_path, start):
    (tmp_path / "value.p").write_bytes(start + b"data.")
    with pytest.raises(ValueError, match=r"value\.p cannot be read"):
        pickles.load(tmp_path / "value.p")
