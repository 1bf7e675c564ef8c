"""The recipe for published scores on TransNAS-Bench-101, on small files in the format of the real ones."""

import json
import zipfile

import numpy as np
import pytest

from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks.suite_zero_transnasbench101 import (
    CLASSIFICATIONS,
    EPE_NAS,
    FURTHER,
    MACRO,
    MICRO,
    RECIPE,
    SYNFLOW,
    macro_text,
    micro_text,
    naslib_text,
)
from zcrepro.spaces._transnas import TASKS
from zcrepro.spaces.transnasbench101_micro import FURTHER_TASKS

FAILURE = -1e8
FIRST = tuple(proxy for proxy in PROXIES if proxy not in ("synflow", "zen"))

ENCODED = {"micro": "(1, 0, 2, 3, 3, 3)", "macro": "(1, 2, 3, 4, 0, 0)"}
TEXT = {"micro": "64-41414-1_02_333", "macro": "64-1234-basic"}
OF = {"micro": MICRO, "macro": MACRO}


def encoded(text):
    """Return the encoding of a text in the tables: the tuple of its digits."""
    digits = text.split("-", 2)[2] if "_" in text else text.split("-")[1]
    return str(tuple(int(digit) for digit in digits.replace("_", "")))


def entry(value, proxies, **change):
    scores = {proxy: {"score": value, "time": 0.1} for proxy in proxies}
    return scores | {"val_accuracy": 50.0, "idx": "1"} | change


def first_run(path, kind, **change):
    entries = {ENCODED[kind]: entry(1.0, FIRST, **change)}
    path.write_text(json.dumps(dict.fromkeys(TASKS, entries)))


def table(path, proxy, tasks, value, left_out=(), **change):
    """Write all architectures of both spaces, as in the tables of synflow and epe_nas."""
    with zipfile.ZipFile(path, "w") as archive:
        for of in (MICRO, MACRO):
            texts = [text for text in map(of.space.text, of.space.architectures()) if text not in left_out]
            entries = [{"arch": encoded(text)} | entry(value, [proxy], **change) for text in texts]
            for start in (0, 3000):
                member = json.dumps(entries[start : start + 3000])
                for task in tasks:
                    archive.writestr(f"{proxy}/benchmark--{of.naslib}--{task}--{start}.json", member)


def further(path, scores):
    """Write one architecture in NASLib's encoding, with one member per proxy and task."""
    with zipfile.ZipFile(path, "w") as archive:
        for proxy in PROXIES:
            for task in FURTHER_TASKS:
                entries = [{"arch": arch} | entry(value, [proxy]) for arch, value in scores.items()]
                archive.writestr(
                    f"{proxy}/benchmark--transbench101_micro--{task}--0.json", json.dumps(entries)
                )
                archive.writestr(f"{proxy}/benchmark--nasbench201--{task}--0.json", json.dumps([]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write files with the scores 1 (first run), 2 to 4 (tables of zen, synflow, epe_nas), 5 (further tasks)."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "nas-bench-suite-zero").mkdir()
    for kind, of in OF.items():
        first_run(folder / of.first_run, kind)
        table(folder / of.zen, "zen", TASKS, 2.0)
    table(folder / SYNFLOW, "synflow", CLASSIFICATIONS, 3.0)
    table(folder / EPE_NAS, "epe_nas", CLASSIFICATIONS, 4.0)
    further(folder / FURTHER, {"(0, 1, 2, 3, 2, 2)": 5.0})
    return folder


@pytest.fixture
def files(folder):
    """Return the files by kind, in a mapping that a test may change."""
    return {
        kind: {name: folder / name for name in (of.first_run, of.zen, SYNFLOW, EPE_NAS, *of.further)}
        for kind, of in OF.items()
    }


def rows(frame, task, text):
    chosen = frame[(frame["task"] == task) & (frame["arch"] == text)]
    return {row["source"]: row for _, row in chosen.iterrows()}


def test_trap_the_tables_write_the_benchmarks_own_digits():
    assert micro_text("(1, 0, 2, 3, 3, 3)") == "64-41414-1_02_333"


def test_trap_naslibs_own_networks_are_in_another_encoding():
    """NASLib numbers 0 skip, 1 none, 2 3x3, 3 1x1 and sorts edges by source node, the benchmark by target."""
    assert naslib_text("(0, 1, 2, 3, 2, 1)") == "64-41414-1_02_330"
    assert micro_text("(0, 1, 2, 3, 2, 1)") == "64-41414-0_12_321"


def test_both_encodings_are_bijections_onto_the_space():
    tuples = [encoded(MICRO.space.text(arch)) for arch in MICRO.space.architectures()]
    assert len({micro_text(numbers) for numbers in tuples}) == 4096
    assert len({naslib_text(numbers) for numbers in tuples}) == 4096


def test_trap_macro_is_padded_with_zeros_in_the_json_only():
    assert macro_text("(1, 2, 3, 4, 0, 0)") == macro_text("(1, 2, 3, 4)") == "64-1234-basic"
    with pytest.raises(ValueError, match=r"'\(1, 0, 2, 3, 4\)' is not .* unknown module '0'"):
        macro_text("(1, 0, 2, 3, 4)")


@pytest.mark.parametrize("decode", [micro_text, macro_text, naslib_text])
@pytest.mark.parametrize(
    "encoding",
    ["(1, 2)", "(1, 2, 3, 1, 2, 9)", "(11, 2, 3, 4, 1)", "(1, 'x', 2, 3)", "__import__('os')", "(", "5"],
)
def test_what_is_no_encoding_is_refused(decode, encoding):
    with pytest.raises(ValueError, match="is not NASLib's encoding of"):
        decode(encoding)


@pytest.mark.parametrize("kind", ["micro", "macro"])
def test_first_run_and_tables_are_sources_of_their_own(files, kind):
    found = rows(RECIPE.released(files[kind]), "class_object", TEXT[kind])
    scores = {source: row[list(PROXIES)].to_dict() for source, row in found.items()}
    assert set(scores) == {
        "NASLib first run",
        "NASLib tables of zen, synflow and epe_nas",
        "NASLib first run + tables of zen, synflow and epe_nas",
    }
    first = dict.fromkeys(FIRST, 1.0)
    tables = {"zen": 2.0, "synflow": 3.0, "epe_nas": 4.0}
    nothing = dict.fromkeys(PROXIES, np.nan)
    np.testing.assert_equal(scores["NASLib first run"], nothing | first)
    np.testing.assert_equal(scores["NASLib tables of zen, synflow and epe_nas"], nothing | tables)
    joined = scores["NASLib first run + tables of zen, synflow and epe_nas"]
    np.testing.assert_equal(joined, first | tables)


def test_dense_tasks_have_a_table_of_zen_alone(files):
    found = rows(RECIPE.released(files["macro"]), "normal", TEXT["macro"])
    assert set(found) == {"NASLib first run", "NASLib table of zen", "NASLib first run + table of zen"}
    joined = found["NASLib first run + table of zen"]
    assert joined["zen"] == 2.0
    assert np.isnan(joined["synflow"])
    assert joined["epe_nas"] == 1.0


def test_the_tables_hold_every_architecture_and_the_first_run_a_few(files):
    frame = RECIPE.released(files["macro"])
    assert frame.groupby("source")["arch"].nunique().to_dict() == {
        "NASLib first run": 1,
        "NASLib first run + table of zen": 1,
        "NASLib first run + tables of zen, synflow and epe_nas": 1,
        "NASLib table of zen": 3256,
        "NASLib tables of zen, synflow and epe_nas": 3256,
    }
    assert set(frame["task"]) == set(TASKS)
    assert not frame.duplicated(["task", "arch", "source"]).any()


def test_trap_the_further_tasks_are_of_micro_and_read_in_naslibs_encoding(files):
    frame = RECIPE.released(files["micro"])
    only = frame[frame["task"].isin(list(FURTHER_TASKS))]
    assert only["arch"].tolist() == ["64-41414-1_02_333"] * 3
    assert (only[list(PROXIES)] == 5.0).all(axis=None)
    assert set(only["source"]) == {"NASLib further tasks"}


def test_trap_the_mark_of_a_failure_becomes_nan(files, tmp_path):
    path = tmp_path / "first.json"
    first_run(path, "macro", epe_nas={"score": FAILURE}, jacov={"score": -np.inf})
    frame = RECIPE.released(files["macro"] | {MACRO.first_run: path})
    row = rows(frame, "jigsaw", TEXT["macro"])["NASLib first run"]
    assert np.isnan([row["epe_nas"], row["jacov"]]).all()
    assert row["snip"] == 1.0
    joined = rows(frame, "jigsaw", TEXT["macro"])["NASLib first run + tables of zen, synflow and epe_nas"]
    assert joined["epe_nas"] == 4.0


def test_a_table_that_lacks_an_architecture_is_an_error(files, tmp_path):
    path = tmp_path / "zen.zip"
    table(path, "zen", TASKS, 2.0, left_out=[TEXT["macro"]])
    with pytest.raises(ValueError, match="3255 architectures on class_object, expected 3256"):
        RECIPE.released(files["macro"] | {MACRO.zen: path})


def test_counts_are_of_the_first_run_and_the_further_tasks_once_each(files):
    counts = RECIPE.counts(files["micro"])
    assert counts.groupby(["source", "quantity"])["count"].unique().map(list).to_dict() == {
        ("NASLib first run", "flops"): [1_000_000],
        ("NASLib first run", "params"): [1_000_000],
        ("NASLib further tasks", "flops"): [5_000_000],
        ("NASLib further tasks", "params"): [5_000_000],
    }
    assert len(counts) == 2 * (7 + 3)


def test_a_file_that_the_config_forgot_or_added_is_named(files):
    with pytest.raises(ValueError, match=r"missing: \['nas-bench-suite-zero/9x_all\.zip'\]"):
        RECIPE.released({name: path for name, path in files["micro"].items() if name != FURTHER})
    with pytest.raises(ValueError, match=r"not read by it: \['nas-bench-suite-zero/9x_all\.zip'\]"):
        RECIPE.released(files["macro"] | {FURTHER: files["micro"][FURTHER]})
