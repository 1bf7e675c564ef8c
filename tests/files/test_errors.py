"""Errors that name a damaged file and what to do about it."""

import pytest

from zcrepro.files.errors import BrokenFileError, reading, reads


@pytest.mark.parametrize(
    "error", [KeyError("a"), TypeError("b"), RecursionError(), OSError("c"), ValueError("d")]
)
def test_an_error_about_the_content_names_the_file_and_the_remedy(error):
    expected = pytest.raises(BrokenFileError, match=r"some/file cannot be read \(.+\); mend it")
    with expected as raised, reading("some/file", "mend it"):
        raise error
    assert raised.value.__cause__ is error


def test_an_error_that_names_a_file_and_its_remedy_is_left_as_it_is():
    expected = pytest.raises(BrokenFileError, match=r"^inner cannot be read \(text\); mend it$")
    with expected, reading("outer", "replace it"), reading("inner", "mend it"):
        raise TypeError("text")


@pytest.mark.parametrize("error", [MemoryError(), FileNotFoundError(2, "No such file", "some/file")])
def test_an_error_that_says_nothing_of_the_content_is_left_as_it_is(error):
    with pytest.raises(type(error)), reading("some/file", "mend it"):
        raise error


def test_a_decorated_function_need_not_name_its_file(tmp_path):
    @reads("mend it")
    def first(path, key, default=0):
        del path
        return {"a": 1}[key] + default

    assert first(tmp_path, "a", default=2) == 3
    with pytest.raises(BrokenFileError, match=rf"^{tmp_path} cannot be read \(there is no 'b'\); mend it$"):
        first(tmp_path, "b")
