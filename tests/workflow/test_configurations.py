"""Random configurations: right ones are completed, and each wrong one is refused by a line that names the key."""

import json
import math
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from schema import LARGEST, check_files, completed, read_schema
from zcrepro.files.yaml import read_yaml

ROOT = Path(__file__).parents[2]
SCHEMA = read_schema(ROOT / "workflow/schemas/config.schema.yaml")
SMALL = {"run": "test", "spaces": {}}
SEEDS = range(100)


def number(rng, schema):
    """Return a random number within the bounds of a schema."""
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    high = min(schema.get("maximum", schema.get("exclusiveMaximum", 1000)), 10**6)
    return rng.randint(low, high) if schema["type"] == "integer" else rng.uniform(low, high) or high / 2


def name(rng):
    return "".join(rng.choice("abcdefgh") for _ in range(8))


def drawn(rng, schema):
    """Return a random value that fits a schema."""
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema["type"]
    if kind == "array":
        if "enum" in schema["items"]:
            return rng.sample(schema["items"]["enum"], rng.randint(0, len(schema["items"]["enum"])))
        return [drawn(rng, schema["items"]) for _ in range(rng.randint(schema.get("minItems", 0), 3))]
    if kind == "object":
        known, named = schema.get("properties", {}), schema.get("additionalProperties")
        required = schema.get("required", [])
        found = {key: drawn(rng, known[key]) for key in known if key in required or rng.random() < 0.6}
        if isinstance(named, Mapping):
            found |= {name(rng): drawn(rng, named) for _ in range(rng.randint(1, 2))}
        return found
    return name(rng) if kind == "string" else rng.random() < 0.5 if kind == "boolean" else number(rng, schema)


def leaves(value, schema, path=()):
    """Yield the path, value and schema of everything in a configuration, from the outside to the inside."""
    if path:
        yield path, value, schema
    if isinstance(value, Mapping):
        for key, inner in value.items():
            of = schema.get("properties", {}).get(key) or schema["additionalProperties"]
            yield from leaves(inner, of, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, schema["items"], (*path, place))


def with_value(config, path, value):
    """Return a copy of a configuration with another value at a path."""
    changed = json.loads(json.dumps(config))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def as_texts(value):
    """Return a configuration whose numbers are texts, as in ``--config 'features={draws: 3}'``."""
    if isinstance(value, Mapping):
        return {key: as_texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_texts(inner) for inner in value]
    return json.dumps(value) if isinstance(value, (bool, int, float)) else value


@pytest.fixture(params=SEEDS)
def rng(request):
    return random.Random(request.param)


@pytest.fixture
def config(rng):
    return drawn(rng, SCHEMA)


def test_a_right_configuration_is_completed_and_completing_it_again_changes_nothing(config):
    filled = completed(config, SCHEMA)
    assert completed(filled, SCHEMA) == filled
    for path, value, _ in leaves(config, SCHEMA):
        if not isinstance(value, (Mapping, list)):
            inner = filled
            for key in path:
                inner = inner[key]
            assert inner == value


def test_whole_numbers_as_floats_or_numbers_as_texts_have_the_same_digest(config):
    expected = json.dumps(completed(config, SCHEMA), sort_keys=True)
    whole = {path for path, _, schema in leaves(config, SCHEMA) if schema.get("type") == "integer"}
    floats = config
    for path, value, _ in leaves(config, SCHEMA):
        if path in whole and value < 2**53:
            floats = with_value(floats, path, float(value))
    assert json.dumps(completed(floats, SCHEMA), sort_keys=True) == expected
    assert json.dumps(completed(as_texts(config), SCHEMA), sort_keys=True) == expected


def test_a_configuration_reads_from_yaml_as_it_was_written(config, tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    assert read_yaml(tmp_path / "config.yaml") == config


def wrong_values(rng, value, schema):
    """Yield values that a schema does not allow."""
    kind = schema.get("type")
    if "enum" in schema or kind == "boolean":
        yield from ("no such", 7, None, ["weights"])
    elif kind in ("integer", "number"):
        high, low = schema.get("maximum", math.inf), schema.get("minimum", -math.inf)
        yield from ("many", None, True, [1], {"a": 1}, math.nan, math.inf, -math.inf, -5, -1e300)
        yield from (each for each in (high + 1, high * 1000, low - 1) if math.isfinite(each))
        if kind == "integer":
            yield from (2.5, "2.5", 10**9 if high == LARGEST else 10**30)
    elif kind == "string":
        yield from (7, 0.5, True, None, ["a"], {"a": "b"})
    elif kind == "array":
        yield from ("a", 7, None, {"a": 1})
        if value and not isinstance(value[0], Mapping):
            yield [*value, rng.choice(value)]
    elif kind == "object":
        yield from ("a", 7, None, ["a"])
        yield {**value, 201: {}}
        yield {**value, False: {}}
        if schema.get("additionalProperties") is False:
            yield {**value, "no_such_key": 1}


def test_one_wrong_value_is_refused_by_a_line_that_names_its_key(rng, config):
    path, value, schema = rng.choice(list(leaves(config, SCHEMA)))
    for wrong in wrong_values(rng, value, schema):
        with pytest.raises(ValueError, match=r"the configuration is wrong:\n") as raised:
            completed(with_value(config, path, wrong), SCHEMA)
        _, *lines = str(raised.value).splitlines()
        assert lines
        for line in lines:
            assert line.strip().startswith(".".join(map(str, path))), (wrong, line)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"report": {"tables": ["a", "b", "a"]}}, "report.tables: 'a' stands there twice, at places 0 and 2"),
        (
            {"training_sets": {"all": {"problems": {"a/b": 4}, "inputs": ["a", "a"]}}},
            "training_sets.all.inputs: 'a' stands there twice",
        ),
        (
            {"training_sets": {"all": {"problems": {"a/b": 3}}}},
            "training_sets.all.problems.a/b: 3 is less than the minimum of 4",
        ),
        ({"training_sets": {"all": ["a/b"]}}, r"training_sets.all: \['a/b'\] is not of type 'object'"),
        ({"training_sets": {"all": {}}}, "training_sets.all: .*problems"),
        ({"features": {"redraw": ["images", "images"]}}, "features.redraw: 'images' stands there twice"),
        ({"features": {"batch_size": -5}}, "features.batch_size: -5 is less than the minimum of 1"),
        (
            {"features": {"runs": [{"problem": "a/b", "architectures": 10**9}]}},
            "features.runs.0.architectures: 1000000000 is greater than the maximum of 1000000",
        ),
        ({"evolution": {"srgp": {"population": "1e9"}}}, "evolution.srgp.population: .* maximum of 1000000"),
        ({"features": {"chunk_seconds": math.nan}}, "features.chunk_seconds: nan is not a finite number"),
        ({"features": {"chunk_seconds": "inf"}}, "features.chunk_seconds: inf is not a finite number"),
        (
            {"training_sets": {False: {"problems": {"a/b": 4}}}},
            "training_sets.False: the name False is not a text; .* quotes",
        ),
        ({"training_sets": {"../x": {"problems": {"a/b": 4}}}}, "training_sets: '../x' does not match"),
        ({"search": {"Zcp": {}}}, "search: 'Zcp' does not match"),
        ({"run": True}, "run: True is not of type 'string'"),
        ({"evolution": None}, "evolution: nothing stands below it"),
    ],
)
def test_a_mistake_of_yaml_or_of_size_is_named_with_its_limit(wrong, message):
    with pytest.raises(ValueError, match=message):
        completed(SMALL | wrong, SCHEMA)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("seed: 1\nrun: a\nseed: 2\n", ["line 3: the key 'seed' stands in line 1 already"]),
        ("a: {b: 1, b: 1}\n", ["line 1: the key 'b' stands in line 1 already"]),
        ("a:\n  - {b: 1,\n     b: 2}\n", ["line 3: the key 'b' stands in line 2 already"]),
        ("seed: 010\n", ["line 1: 010 is not a decimal number"]),
        ("seed: 0x1f\nlong: 1:40\n", ["line 1: 0x1f is not a decimal", "line 2: 1:40 is not a decimal"]),
        ("a: [1\n", ["not YAML", "line 2"]),
        ("a: !!python/object:os.system {}\n", ["not YAML", "line 1"]),
    ],
)
def test_what_yaml_would_take_for_something_else_is_refused_with_its_line(text, messages, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"config\.yaml") as raised:
        check_files([path])
    assert "\n" not in str(raised.value)
    for message in messages:
        assert message in str(raised.value)


def test_merged_mappings_and_aliases_repeat_no_key(tmp_path):
    text = "a: &a {b: 1, c: 2}\nd: {<<: *a, b: 3}\ne: &e [*a, *a]\nf: *e\n"
    (tmp_path / "config.yaml").write_text(text)
    assert read_yaml(tmp_path / "config.yaml") == yaml.safe_load(text)
    (tmp_path / "config.yaml").write_text("a: &a\n  b: *a\n")
    read_yaml(tmp_path / "config.yaml")


def test_configuration_files_of_json_are_checked_too(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{\n\t"a": {"b": 1}}')
    check_files([path])
    path.write_text('{"a": {"b": 1, "b": 2}}')
    with pytest.raises(ValueError, match=r"config\.json: the key 'b' stands there twice"):
        check_files([str(path)])


def test_the_files_of_the_repository_have_no_such_mistake():
    check_files((ROOT / "config").glob("*.yaml"))
