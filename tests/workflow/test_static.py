"""What files say without being imported, against what they say when they are."""

import importlib
from dataclasses import fields

import pytest
from pydantic import TypeAdapter

import static
from zcrepro import provenance, registry

WITH_OPTIONS = [
    "zcrepro.proxies.conditions",
    "zcrepro.searching.stage",
    "zcrepro.training.fit",
    "zcrepro.ranking.intervals",
    *(f"zcrepro.evolve.{name}" for name in registry.names("method")),
    *(f"zcrepro.searching.{name}" for name in registry.names("algorithm")),
]
KEYWORDS = ("enum", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "default")


@pytest.mark.parametrize("module", WITH_OPTIONS)
def test_options_are_those_of_the_imported_class(module):
    found, options = static.options(module), importlib.import_module(module).Options
    assert list(found) == [field.name for field in fields(options)]
    schema = TypeAdapter(options).json_schema().get("properties", {})
    for name, read in found.items():
        assert read["description"].endswith(".")
        for keyword in KEYWORDS:
            assert read.get(keyword) == schema[name].get(keyword), (name, keyword)
        if "enum" not in read:
            assert read["type"] == schema[name]["type"], name


@pytest.mark.parametrize("kind", ["table", "figure"])
def test_what_a_table_reads_is_read_without_importing_it(kind):
    for name in registry.names(kind):
        module = f"{provenance.PLUGINS[kind]}.{name}"
        assert static.literal(module, "READS") == importlib.import_module(module).READS


def test_the_cost_of_every_pass_is_a_number_of_forwards():
    for group in provenance.pass_groups(registry.names("proxies")):
        number, _, each = static.attribute(f"{provenance.PASSES}.{group}", "cost").partition(" per ")
        assert float(number) >= 0
        assert each in ("", "class")


def test_options_without_a_text_or_of_another_type_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    (tmp_path / "bare.py").write_text("class Options:\n    size: int = 3\n")
    (tmp_path / "odd.py").write_text('class Options:\n    size: set = 3\n    """A size."""\n')
    with pytest.raises(ValueError, match=r"zcrepro\.bare: size of Options needs a default and a text"):
        static.options("zcrepro.bare")
    with pytest.raises(ValueError, match="an option cannot be of type set"):
        static.options("zcrepro.odd")
    with pytest.raises(ValueError, match="assigns no literal to READS"):
        static.literal("zcrepro.bare", "READS")
