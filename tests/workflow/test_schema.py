"""The configuration: defaults, and errors that say what to write instead."""

import re
from pathlib import Path

import pytest
import yaml

from schema import completed, documented_keys

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
NOT_EVERYWHERE = {"released", "counts"}  # tables that not every source has
SMALL = {"run": "test", "spaces": {}}


def test_every_key_has_a_description():
    for key, schema in documented_keys(SCHEMA):
        if not key.endswith("[]"):
            assert schema.get("description", "").endswith("."), key


def test_every_optional_key_has_a_default():
    def check(schema, where):
        for key, inner in schema.get("properties", {}).items():
            assert "default" in inner or key in schema.get("required", []) or key in NOT_EVERYWHERE, (
                f"{where}.{key}"
            )
            check(inner, f"{where}.{key}")
        for inner in (schema.get("additionalProperties"), schema.get("items")):
            if isinstance(inner, dict):
                check(inner, where)

    check(SCHEMA, "")


def test_the_readme_of_the_configuration_documents_every_key_with_its_default():
    text = (ROOT / "config/README.md").read_text()
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", text, flags=re.MULTILINE))
    for key, schema in documented_keys(SCHEMA):
        assert key in rows, f"run python workflow/document_config.py: {key} is not documented"
        assert schema["description"] in rows[key], key
    assert len(rows) == len(list(documented_keys(SCHEMA)))


def test_defaults_are_filled_in_at_every_depth():
    config = completed(SMALL | {"search": {"runs": [{"problem": "a/b"}]}}, SCHEMA)
    assert config["seed"] == 2026
    assert config["srgp"]["population"] == 200
    assert config["search"]["runs"][0]["scores"] == "features"
    assert config["search"]["move_probability"] == 0.75


@pytest.mark.parametrize(
    ("section", "key", "text", "value"),
    [
        ("srgp", "generations", "21", 21),
        ("srgp", "crossover", "0.5", 0.5),
        ("srgp", "mutation", "1", 1),
        ("features", "share_equal_graphs", "false", False),
        ("srgp", "scores", "released", "released"),
    ],
)
def test_a_text_is_read_as_the_type_that_the_schema_wants(section, key, text, value):
    read = completed(SMALL | {section: {key: text}}, SCHEMA)[section][key]
    assert read == value
    assert type(read) is type(value)


def test_a_text_inside_a_list_is_read_too():
    run = {"problem": "a/b", "architectures": "30"}
    config = completed(SMALL | {"features": {"runs": [run]}}, SCHEMA)
    assert config["features"]["runs"][0]["architectures"] == 30


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sede": 3}, "unknown key 'sede'; did you mean 'seed'"),
        ({"srgp": {"populaton": 3}}, "srgp: unknown key 'populaton'; did you mean 'population'"),
        (
            {"search": {"runs": [{"problm": "a/b"}]}},
            "search.runs.0: unknown key 'problm'; did you mean 'problem'",
        ),
        ({"seed": "three"}, "seed: 'three' is not of type 'integer'"),
        ({"seed": "2.5"}, "seed: '2.5' is not of type 'integer'"),
        ({"seed": "{"}, "seed: '{' is not of type 'integer'"),
        ({"run": "true", "seed": "true"}, "seed: 'true' is not of type 'integer'"),
        ({"device": "gpu"}, r"device: 'gpu' is not one of \['cpu', 'cuda'\]"),
        ({"max_undefined_share": 2}, "max_undefined_share: 2 is greater than the maximum of 1"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_remedy(wrong, message):
    with pytest.raises(ValueError, match=message):
        completed(SMALL | wrong, SCHEMA)


def test_all_mistakes_are_listed_at_once():
    with pytest.raises(ValueError, match=r"(?s)sede.*populaton"):
        completed(SMALL | {"sede": 1, "srgp": {"populaton": 3}}, SCHEMA)


def test_a_missing_key_is_named():
    with pytest.raises(ValueError, match="'run' is a required property"):
        completed({"spaces": {}}, SCHEMA)
