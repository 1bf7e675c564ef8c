"""Searches that score networks as they go: what the record holds, and that only scores and the seed decide it."""

import hashlib
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro import progress, seeds
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.formulas.evolved import load_formula
from zcrepro.proxies.engine import Scores
from zcrepro.searching import live
from zcrepro.searching.live import live_search

SPACE = zcrepro.get_space("embedded_chain")
SETTINGS = {
    "minutes": 0,
    "evaluations": 12,
    "alive": 4,
    "tournament": 2,
    "repeats": 1,
    "batch_size": 4,
    "space": "embedded_chain",
    "task": "digits",
    "images": "digits",
    "digests": [],
    "guides": ["params"],
    "seed": 0,
    "device": "cpu",
    "torch_threads": 1,
}


def run(folder, files=None, **changes):
    """Search, and return the record. ``files`` are further files of the stage."""
    write_sealed(folder / "settings.json", SETTINGS | changes)
    live_search(
        settings_file=folder / "settings.json",
        output=folder / "live.parquet",
        seconds=folder / "live-seconds.parquet",
        **files or {},
    )
    return parquet.read(folder / "live.parquet")


def made(folder):
    return parquet.metadata(folder / "live.parquet")


def accuracies(folder, test, graphs=None):
    """Write the test accuracies of texts; by validation accuracy, all are better by one."""
    graphs = graphs or {text: SPACE.canonical(SPACE.parse(text)) for text in test}
    frame = pd.DataFrame({"arch": list(test), "graph": [graphs[text] for text in test], "task": "digits"})
    both = [
        frame.assign(metric=metric, accuracy=[accuracy + plus for accuracy in test.values()])
        for metric, plus in (("test", 0.0), ("validation", 1.0))
    ]
    rows = pd.concat(both).assign(seeds=1, source="made up")
    parquet.write(folder / "accuracies.parquet", rows, ACCURACIES, ["metric", "arch"], {})
    return {"accuracies": folder / "accuracies.parquet"}


def formula(folder, repeat, text, fitness, inputs):
    """Write an evolved formula of inputs that are not standardised."""
    found = {
        "method": "srgp",
        "training_set": "D",
        "repeat": repeat,
        "formula": text,
        "normalisation": {
            "kind": "training",
            "scales": {name: {"mean": 0.0, "deviation": 1.0} for name in inputs},
        },
        "counts_of": "",
        "replaced": {},
        "problems": ["embedded_chain/digits"],
        "split": {"seed": 0, "cutoffs": {}},
        "training_fitness": fitness,
    }
    path = folder / f"seed-{repeat}.json"
    write_sealed(path, found)
    return path


def listed(path, content):
    path.write_bytes(content)
    return path, f"sha256:{hashlib.sha256(content).hexdigest()}"


def scored_by(monkeypatch, value):
    """Let the score be what ``value`` returns of a network."""

    def score(network, images, labels, proxies, seed):
        del images, labels, seed
        return Scores({name: value(network) for name in proxies}, dict.fromkeys(proxies, "ok"), {})

    monkeypatch.setattr(live, "score", score)


def parameters(network):
    return float(sum(parameter.numel() for parameter in network.parameters()))


def test_without_a_clock_the_record_is_a_function_of_the_seed_byte_for_byte(tmp_path):
    first = run(tmp_path, guides=["snip"])
    written = (tmp_path / "live.parquet").read_bytes()
    run(tmp_path, guides=["snip"])
    assert (tmp_path / "live.parquet").read_bytes() == written
    other = run(tmp_path, guides=["snip"], seed=1)
    assert set(other["arch"]) != set(first["arch"])


def test_a_record_has_one_row_of_each_graph_with_its_score(tmp_path):
    found = run(tmp_path, evaluations=60)
    graphs = [SPACE.canonical(SPACE.parse(text)) for text in found["arch"]]
    assert found["graph"].tolist() == graphs
    assert len(set(graphs)) == len(graphs) < 60  # some were proposed again
    assert found["place"].tolist() == [*range(len(found))]
    assert found["score"].tolist() == [
        SPACE.parameters(SPACE.parse(text), "digits") for text in found["arch"]
    ]
    assert set(found["status"]) == {"ok"}


def test_the_clock_is_in_a_file_of_its_own(tmp_path):
    found = run(tmp_path)
    seconds = parquet.read(tmp_path / "live-seconds.parquet")
    assert seconds.columns.tolist() == ["repeat", "place", "seconds"]
    assert "seconds" not in found
    assert seconds["place"].tolist() == found["place"].tolist()
    assert (np.diff(seconds["seconds"], prepend=0.0) > 0).all()


def test_the_record_says_how_it_was_made(tmp_path):
    run(tmp_path)
    of = {entry: made(tmp_path)[entry] for entry in ("stage", "problem", "minutes", "objective", "algorithm")}
    assert of == {
        "stage": "live_search",
        "problem": "embedded_chain/digits",
        "minutes": "0.0",
        "objective": "params",
        "algorithm": "regularized evolution",
    }
    assert made(tmp_path)["formula"] == ""
    assert made(tmp_path) == parquet.metadata(tmp_path / "live-seconds.parquet")


def test_accuracies_are_those_of_the_table_and_of_equal_graphs_none(tmp_path):
    plain = run(tmp_path)
    assert plain["accuracy"].isna().all()
    assert (made(tmp_path)["accuracy_of"], made(tmp_path)["highest"]) == ("", "")
    own, *unknown = plain["arch"]
    # The graph of the second one is that of another architecture, and the best one was not proposed.
    known = {own: 60.0, "x": 40.0, "z": 99.5}
    first, second = plain["graph"].iloc[:2]
    found = run(tmp_path, accuracies(tmp_path, known, {own: first, "x": second, "z": "another"}))
    found = found.set_index("arch")["accuracy"]
    assert found[own] == 60
    assert found[unknown].isna().all()
    assert (made(tmp_path)["accuracy_of"], made(tmp_path)["highest"]) == ("test accuracy", "99.5")


def test_accuracies_have_no_part_in_the_search(tmp_path):
    texts = run(tmp_path, evaluations=30)["arch"].tolist()
    percent = np.linspace(10, 90, len(texts)).tolist()
    several = [
        run(tmp_path, accuracies(tmp_path, dict(zip(texts, each, strict=True))), evaluations=30)
        for each in (percent, percent[::-1])
    ]
    assert several[0]["accuracy"].tolist() == several[1]["accuracy"].tolist()[::-1] == percent
    pd.testing.assert_frame_equal(*(found.drop(columns="accuracy") for found in several))


def test_each_repeat_is_the_search_of_the_next_seed(tmp_path):
    several = run(tmp_path, repeats=3)
    for repeat, rows in several.groupby("repeat"):
        alone = run(tmp_path, seed=repeat)
        assert rows["arch"].tolist() == alone["arch"].tolist()
        assert rows["place"].tolist() == [*range(len(rows))]


def test_weights_depend_on_the_root_seed_and_not_on_the_repeat(tmp_path, monkeypatch):
    def first_weights(network):
        return float(next(network.parameters()).detach().sum())

    scored_by(monkeypatch, first_weights)
    found = run(tmp_path, repeats=2)
    weights = seeds.derive(0, "live weights", "embedded_chain", "digits")
    for repeat, rows in found.groupby("repeat"):
        networks = [SPACE.network(SPACE.parse(text), "digits", weights) for text in rows["arch"]]
        assert rows["score"].tolist() == [*map(first_weights, networks)], repeat


def test_the_seconds_of_each_repeat_start_with_it(tmp_path):
    run(tmp_path, repeats=3)
    seconds = parquet.read(tmp_path / "live-seconds.parquet").set_index(["repeat", "place"])["seconds"]
    assert seconds.xs(0, level="place").max() < seconds.groupby("repeat").max().sum()
    assert all((np.diff(of, prepend=0.0) > 0).all() for _, of in seconds.groupby("repeat"))


def test_the_search_goes_where_the_proxy_says_that_scores_are_better(tmp_path, monkeypatch):
    scored_by(monkeypatch, parameters)
    higher, lower = (
        run(tmp_path, guides=[guide], evaluations=80, alive=8, tournament=4)["score"]
        for guide in ("snip", "ntk_condition")
    )
    assert higher[:8].tolist() == lower[:8].tolist()  # the random ones, before any is mutated
    assert lower[8:].median() < lower[:8].median() < higher[8:].median()
    assert lower[8:].median() < higher[8:].median() / 3
    assert (lower > 0).all()  # the record holds scores as they are


def test_undefined_scores_are_recorded_and_left_behind(tmp_path, monkeypatch):
    sizes = [SPACE.parameters(SPACE.parse(text), "digits") for text in run(tmp_path, alive=8)["arch"]]
    middle = np.median(sizes[:8])
    scored_by(monkeypatch, lambda network: parameters(network) if parameters(network) > middle else math.nan)
    found = run(tmp_path, evaluations=60, alive=8, tournament=4)["score"]
    assert found[:8].isna().sum() == 4
    assert found[-16:].isna().sum() <= 2


def test_an_objective_that_is_undefined_for_the_whole_first_population_is_refused(tmp_path, monkeypatch):
    scored = []

    def undefined(network):
        scored.append(network)
        return math.nan

    scored_by(monkeypatch, undefined)
    with pytest.raises(
        ValueError, match="params is undefined for the first 4 architectures of embedded_chain"
    ):
        run(tmp_path)
    assert len(scored) == 4
    with pytest.raises(ValueError, match="params is undefined for the first 3 architectures"):
        run(tmp_path, evaluations=3)  # fewer than the first population


def test_of_several_formulas_that_of_the_best_training_fitness_is_the_objective(tmp_path):
    paths = [
        formula(tmp_path, 0, "flops", 0.5, ["flops"]),
        formula(tmp_path, 1, "sub(params, flops)", 0.7, ["params", "flops"]),
        formula(tmp_path, 2, "params", 0.6, ["params"]),
    ]
    found = run(tmp_path, {"evolved": paths}, guides=[])
    expected = []
    for arch in map(SPACE.parse, found["arch"]):
        raw = {"params": SPACE.parameters(arch, "digits"), "flops": SPACE.flops(arch, "digits")}
        expected.append(load_formula(paths[1]).score(raw))
    assert found["score"].tolist() == pytest.approx(expected)
    assert (made(tmp_path)["objective"], made(tmp_path)["formula"]) == ("srgp/D/seed-1", "sub(params, flops)")


def test_files_that_are_not_the_listed_ones_are_refused(tmp_path):
    images, digest = listed(tmp_path / "images", b"images")
    model, encoding = (listed(tmp_path / name, name.encode()) for name in ("model", "encoding"))
    wrong = "sha256:" + "0" * 64
    surrogate = [model[0], encoding[0]]
    for digests, named in (
        ([wrong, model[1], encoding[1]], "images"),
        ([digest, model[1], wrong], "encoding"),
    ):
        with pytest.raises(
            ValueError, match=f"{named} is not the listed file: expected {wrong}, found sha256"
        ):
            run(tmp_path, {"images": [images], "surrogate": surrogate}, digests=digests)


def test_a_surrogate_predicts_accuracies_of_which_none_is_the_highest(tmp_path, monkeypatch):
    class Surrogate:
        def __init__(self, model, encoding):
            assert (model.name, encoding.name) == ("model", "encoding")

        def accuracy(self, arch):
            return 80 + SPACE.parameters(arch, "digits") / 1e6

    monkeypatch.setattr(live, "Surrogate", Surrogate)
    (model, of_model), (encoding, of_encoding) = (
        listed(tmp_path / name, name.encode()) for name in ("model", "encoding")
    )
    found = run(tmp_path, {"surrogate": [model, encoding]}, digests=[of_model, of_encoding])
    assert found["accuracy"].tolist() == pytest.approx((80 + found["score"] / 1e6).tolist())
    assert made(tmp_path)["accuracy_of"] == "validation accuracy by YAHPO Gym's surrogate"
    assert made(tmp_path)["highest"] == ""


def test_a_search_with_minutes_ends_by_the_clock(tmp_path, monkeypatch):
    clock = [5.0]
    fake = SimpleNamespace(monotonic=lambda: clock[0])
    monkeypatch.setattr(progress, "time", fake)
    monkeypatch.setattr(live, "time", fake)

    def slow(network):
        clock[0] += 20
        return parameters(network)

    scored_by(monkeypatch, slow)
    run(tmp_path, minutes=1.1)
    seconds = parquet.read(tmp_path / "live-seconds.parquet")["seconds"]
    assert seconds.tolist() == [20, 40, 60, 80]  # the last one was proposed before the 66 seconds were over
    assert made(tmp_path)["minutes"] == "1.1"
