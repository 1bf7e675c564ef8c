"""The configuration: defaults, and errors that say what to write instead."""

import re
from pathlib import Path

import pytest

from schema import completed, documented_keys, read_schema

ROOT = Path(__file__).parents[2]
SCHEMA = read_schema(ROOT / "workflow/schemas/config.schema.yaml")
NOT_EVERYWHERE = {"released", "counts", "epochs"}  # tables that not every source has
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
    config = completed(SMALL | {"search": {"zcp": {"runs": [{"problem": "a/b"}]}}}, SCHEMA)
    assert config["seed"] == 2026
    assert config["evolution"]["srgp"]["population"] == 500
    assert config["search"]["zcp"]["runs"][0]["scores"] == "features"
    assert config["search"]["zcp"]["move_probability"] == 0.75
    assert config["search"]["zcp"]["aging_evolution"]["tournament"] == 10
    assert config["features"]["redraw"] == ["weights"]
    config = completed(SMALL | {"training_sets": {"D": {"problems": {"a/b": 4}}}}, SCHEMA)
    assert config["training_sets"]["D"] == {
        "problems": {"a/b": 4},
        "scored_as": {},
        "inputs": [],
        "scores": "method",
        "missing": "computed",
        "drawn_by": "graphs",
        "normalisation": "training",
        "resampled": False,
        "options": {},
        "repeats": 0,
    }


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("generations", "21", 21),
        ("crossover", "0.5", 0.5),
        ("mutation", "1", 1),
        ("scores", "released", "released"),
    ],
)
def test_a_text_is_read_as_the_type_that_the_schema_wants(key, text, value):
    read = completed(SMALL | {"evolution": {"srgp": {key: text}}}, SCHEMA)["evolution"]["srgp"][key]
    assert read == value
    assert type(read) is type(value)


def test_a_text_is_read_as_a_truth_value():
    assert (
        completed(SMALL | {"features": {"share_equal_graphs": "false"}}, SCHEMA)["features"][
            "share_equal_graphs"
        ]
        is False
    )


def test_a_text_inside_a_list_is_read_too():
    run = {"problem": "a/b", "architectures": "30"}
    config = completed(SMALL | {"features": {"runs": [run]}}, SCHEMA)
    assert config["features"]["runs"][0]["architectures"] == 30


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sede": 3}, "unknown key 'sede'; did you mean 'seed'"),
        (
            {"evolution": {"srgp": {"populaton": 3}}},
            "evolution.srgp: unknown key 'populaton'; did you mean 'population'",
        ),
        ({"evolution": {"srgp": {"population": 1}}}, "1 is less than the minimum of 2 .Formulas in a gen"),
        ({"features": {"redraw": ["seeds"]}}, r"features.redraw.0: 'seeds' is not one of"),
        (
            {"search": {"zcp": {"runs": [{"problm": "a/b"}]}}},
            "search.zcp.runs.0: unknown key 'problm'; did you mean 'problem'",
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
        completed(SMALL | {"sede": 1, "evolution": {"srgp": {"populaton": 3}}}, SCHEMA)


def test_a_missing_key_is_named():
    with pytest.raises(ValueError, match="'run' is a required property"):
        completed({"spaces": {}}, SCHEMA)
