"""Scores of evolved programs beside those of published ones, on architectures of the embedded benchmark."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import zcrepro
from zcrepro import registry, seeds
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.images.base import minibatch
from zcrepro.proxies.extract import extract
from zcrepro.proxies.join import features
from zcrepro.proxies.order import order
from zcrepro.proxies.program_scores import score_programs

SPACE = zcrepro.get_space("embedded_cell")
PUBLISHED = ["eznas_a", "eznas_topprog_released"]
PROGRAMS = {
    "a": "frobenius_norm(sigmoid(logdet(sign(inpactgraddata))))",  # eznas_a
    "b": "add(square(abs(frobenius_norm(preactnoise))), zeros_like(numel(wt)))",
    "c": "det(preactnoise)",  # of no layer that is not square
}
SEED = 5
SETTINGS: dict[str, Any] = {
    "space": "embedded_cell",
    "task": "digits",
    "images": "digits",
    "digests": [],
    "proxies": PUBLISHED,
    "programs": [f"eznas/{name}/seed-0" for name in PROGRAMS],
    "program_images": 16,
    "start": 0,
    "stop": 4,
    "batch_size": 24,
    "share_equal_graphs": True,
    "initialisation": "default",
    "augmented_batches": False,
    "pass_seconds": 600,
    "draw": 0,
    "redraw": [],
    "seed": SEED,
    "device": "cpu",
    "torch_threads": 1,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    known = zcrepro.accuracies("embedded_cell", "digits")
    parquet.write(tmp_path / "accuracies.parquet", known, ACCURACIES, ["metric", "arch"], {})
    asked = {"space": "embedded_cell", "task": "digits", "among": "accuracies", "max_flops": 0}
    (tmp_path / "order.json").write_text(json.dumps(asked))
    order(
        settings_file=tmp_path / "order.json",
        known=tmp_path / "accuracies.parquet",
        output=tmp_path / "order.parquet",
    )
    for name, text in PROGRAMS.items():
        program = {
            "program": text,
            "direction": "higher",
            "median": {"program": PROGRAMS["a"], "direction": "lower"},
            "training_set": name,
            "repeat": 0,
            "problem": "embedded_cell/digits",
            "split": {"seed": 0, "cutoffs": {}},
            "training_fitness": 0.5,
        }
        write_sealed(tmp_path / f"{name}.json", program)
    return tmp_path


def run(folder: Path, files: tuple[str, ...] = tuple(PROGRAMS), processes: int = 1, **changes: Any) -> Path:
    chosen = SETTINGS | changes
    (folder / "settings.json").write_text(json.dumps(chosen))
    output = folder / f"{chosen['start']}-{chosen['stop']}.parquet"
    score_programs(
        settings_file=folder / "settings.json",
        order=folder / "order.parquet",
        programs=[folder / f"{name}.json" for name in files],
        processes=processes,
        output=output,
        timings=folder / "timings.parquet",
    )
    return output


def test_an_evolved_program_scores_as_the_published_one_of_the_same_text(folder: Path) -> None:
    found = parquet.read(run(folder))
    assert len(found) == 4
    assert found["eznas/a/seed-0"].tolist() == found["eznas_a"].tolist()
    assert found["eznas/b/seed-0"].tolist() == found["eznas_topprog_released"].tolist()
    assert (found["eznas/a/seed-0_status"] == "ok").all()


def test_scores_do_not_depend_on_the_number_of_processes(folder: Path) -> None:
    alone = run(folder).read_bytes()
    assert run(folder, processes=3).read_bytes() == alone


def test_a_median_program_scores_under_its_own_name(folder: Path) -> None:
    found = parquet.read(run(folder, ("b",), programs=["eznas/b/seed-0-median"]))
    assert found["eznas/b/seed-0-median"].tolist() == found["eznas_a"].tolist()


def test_a_published_program_is_applied_to_another_tensor(folder: Path) -> None:
    published = [*PUBLISHED, "eznas_a_wtgraddata"]
    tensors = ["eznas_a/inpactgraddata", "eznas_a/wtgraddata", "eznas_a/preactgraddata"]
    found = parquet.read(run(folder, (), proxies=published, programs=tensors))
    assert found["eznas_a/inpactgraddata"].tolist() == found["eznas_a"].tolist()
    assert found["eznas_a/wtgraddata"].tolist() == found["eznas_a_wtgraddata"].tolist()
    assert found["eznas_a/preactgraddata"].tolist() != found["eznas_a"].tolist()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("eznas_b/wt", "unknown program 'eznas_b'; did you mean 'eznas_a'"),
        ("eznas_a/wtgrad", "unknown tensor 'wtgrad'; did you mean 'wtgrad"),
        ("eznas_pnas_labels/wt", "eznas_pnas_labels reads actperturb, wt; name one of one tensor"),
    ],
)
def test_an_unknown_program_is_refused_by_its_name(folder: Path, name: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        run(folder, (), programs=[name])


def test_the_timings_are_of_the_pass(folder: Path) -> None:
    run(folder)
    timed = parquet.read(folder / "timings.parquet")
    assert set(timed["pass"]) == {"layer_statistics"}
    assert len(timed) == 4


def test_the_scores_are_those_of_a_network_of_the_user(folder: Path) -> None:
    found = parquet.read(run(folder))
    every = registry.get("images", "digits").training([])
    batch = every.take(minibatch(every, 24, SEED, "digits"))
    images, labels = torch.from_numpy(batch.pixels), torch.from_numpy(batch.labels)
    for row in found.to_dict("records"):
        network = SPACE.network(SPACE.parse(row["arch"]), "digits", SEED)
        seed = seeds.derive(SEED, "embedded_cell", "digits", row["arch"])
        scores = zcrepro.score(network, images, labels, ["eznas_a"], seed)
        assert row["eznas/a/seed-0"] == scores["eznas_a"]


def test_the_scores_of_published_programs_are_those_of_extraction(folder: Path) -> None:
    found = parquet.read(run(folder))
    chosen = {name: value for name, value in SETTINGS.items() if not name.startswith("program")}
    (folder / "settings.json").write_text(json.dumps(chosen))
    extract(
        settings_file=folder / "settings.json",
        order=folder / "order.parquet",
        output=folder / "features.parquet",
        timings=folder / "timings.parquet",
    )
    expected = parquet.read(folder / "features.parquet")
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_exact=True)


def test_a_program_without_a_value_has_its_reason(folder: Path) -> None:
    found = parquet.read(run(folder, ("c",), programs=["eznas/c/seed-0"], batch_size=1))
    undefined = found[found["eznas/c/seed-0"].isna()]
    assert (undefined["eznas/c/seed-0_status"] != "ok").all()
    assert found["eznas_a"].notna().all()


def test_the_metadata_hold_the_programs(folder: Path) -> None:
    made = parquet.metadata(run(folder))
    assert json.loads(made["programs"]) == {f"eznas/{name}/seed-0": text for name, text in PROGRAMS.items()}
    assert (made["stage"], made["problem"]) == ("score_programs", "embedded_cell/digits")


def test_programs_whose_files_are_not_given_are_named(folder: Path) -> None:
    with pytest.raises(ValueError, match="--programs lacks the files of eznas/b/seed-0"):
        run(folder, ("a", "c"))


def test_chunks_are_joined_as_those_of_features(folder: Path) -> None:
    chunks = [run(folder, start=0, stop=1), run(folder, start=1, stop=3)]
    how = json.loads(parquet.metadata(chunks[0])["how"])
    columns = [*PUBLISHED, *SETTINGS["programs"]]
    asked = {"architectures": 3, "draws": 1, "shards": False, "max_undefined_share": 1.0}
    (folder / "join.json").write_text(json.dumps(how | asked | {"proxy_columns": columns, "programs": []}))
    features(
        settings_file=folder / "join.json",
        order=folder / "order.parquet",
        chunks=chunks,
        output=folder / "joined.parquet",
    )
    joined = parquet.read(folder / "joined.parquet")
    whole = parquet.read(run(folder, start=0, stop=3))
    assert joined["arch"].tolist() == whole["arch"].tolist()
    assert joined["eznas/b/seed-0"].tolist() == whole["eznas/b/seed-0"].tolist()
