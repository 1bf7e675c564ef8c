"""Settings of a stage that were written by hand: each mistake is one line that names file, key and value."""

import json
from dataclasses import dataclass
from typing import Annotated

import pytest
from annotated_types import Ge

from zcrepro import settings


@dataclass(frozen=True)
class Sizes:
    """Settings to read."""

    count: Annotated[int, Ge(1)]
    share: float
    names: tuple[str, ...]


RIGHT = {"count": 3, "share": 0.5, "names": ["a"]}


def load(tmp_path, **change):
    path = tmp_path / "s.json"
    path.write_text(json.dumps(RIGHT | change))
    return settings.load(path, Sizes)


def test_right_settings_are_read(tmp_path):
    assert load(tmp_path) == Sizes(3, 0.5, ("a",))
    assert load(tmp_path, share=1).share == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 7.0}, "count: Input should be a valid integer, but it is 7.0"),
        ({"count": "7"}, "count: Input should be a valid integer, but it is '7'"),
        ({"count": True}, "count: Input should be a valid integer, but it is True"),
        ({"count": 0}, "count: Input should be greater than or equal to 1, but it is 0"),
        ({"share": float("nan")}, "a setting is NaN or infinite"),
        ({"share": float("inf")}, "a setting is NaN or infinite"),
        ({"names": ["a", 1]}, "names.1: Input should be a valid string, but it is 1"),
        ({"names": "a"}, "names: Input should be a valid array, but it is 'a'"),
        ({"names": ["a", "b", "a"]}, "names: 'a' stands there twice"),
        ({"nams": []}, "unknown key 'nams'; did you mean 'names'"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(change, message, tmp_path):
    with pytest.raises(ValueError, match=r"s\.json: ") as raised:
        load(tmp_path, **change)
    assert str(raised.value).startswith(f"{tmp_path / 's.json'}: ")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
