"""The search stage, from files to a file."""

import json

import numpy as np
import pandas as pd
import pytest

import zcrepro
from sealing import to_parquet
from zcrepro import seeds
from zcrepro.benchmarks._base import ACCURACIES, PROXIES, released_schema
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.proxies.feature_table import KEY, feature_schema
from zcrepro.searching import random_search
from zcrepro.searching.base import Algorithm
from zcrepro.searching.search_table import searches
from zcrepro.searching.stage import search
from zcrepro.spaces.structural_counts import COUNTS_OF

SPACE = zcrepro.get_space("embedded_chain")
SETTINGS = {
    "space": "embedded_chain",
    "task": "digits",
    "source": "features",
    "guides": ["snip"],
    "repeats": 3,
    "budget": 20,
    "move_probability": 0.75,
    "scored_as": "embedded_chain/digits",
    "seed": 0,
    "torch_threads": 1,
}
OPTIONS = {
    "aging_evolution": {"alive": 8, "tournament": 3, "warmup": [30], "move": [0]},
    "random_search": {"warmup": [30]},
}


EVOLVED = {
    "method": "srgp",
    "training_set": "D",
    "repeat": 0,
    "formula": "snip",
    "normalisation": {"kind": "population", "scales": {}},
    "counts_of": "",
    "replaced": {},
    "problems": ["embedded_chain/digits"],
    "training_fitness": 0.5,
}


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    archs = list(dict.fromkeys(SPACE.sample(rng) for _ in range(60)))
    texts = [SPACE.text(arch) for arch in archs]
    validation = rng.uniform(20, 90, len(texts))
    rows = []
    for metric, accuracy in (("validation", validation), ("test", 100 - validation)):
        for text, value in zip(texts, accuracy, strict=True):
            rows.append(
                {
                    "arch": text,
                    "graph": SPACE.canonical(SPACE.parse(text)),
                    "task": "digits",
                    "metric": metric,
                    "accuracy": value,
                }
            )
    frame = pd.DataFrame(rows).assign(seeds=3, source="made up")
    parquet.write(tmp_path / "accuracies.parquet", frame, ACCURACIES, ["task", "metric", "arch"], {})
    scores = pd.DataFrame({"arch": texts, "graph": texts, "draw": 0, "snip": validation, "snip_status": "ok"})
    scores.loc[0, "snip"] = np.nan
    parquet.write(tmp_path / "features.parquet", scores, feature_schema(["snip"]), KEY, {})
    return tmp_path


def run(folder, evolved=(), **changes):
    """Search with both algorithms, and join what they found."""
    parts = [folder / f"{algorithm}.parquet" for algorithm in OPTIONS]
    for part in parts:
        own = {"algorithm": part.stem, "options": OPTIONS[part.stem]}
        write_sealed(folder / "settings.json", SETTINGS | own | changes)
        search(
            settings_file=folder / "settings.json",
            accuracies=folder / "accuracies.parquet",
            scores=[folder / "features.parquet"],
            evolved=evolved,
            output=part,
        )
    searches(parts=parts, output=folder / "search.parquet")
    return parquet.read(folder / "search.parquet")


def test_every_method_and_repeat_has_a_row_for_each_better_model(folder):
    found = run(folder)
    assert set(found["method"]) == {
        "aging_evolution",
        "aging_evolution+snip move",
        "aging_evolution+snip warmup 30",
        "random_search",
        "random_search+snip warmup 30",
    }
    for _, rows in found.groupby(["method", "repeat"]):
        assert rows["trained"].iloc[0] == 1
        assert rows["trained"].is_monotonic_increasing
        assert rows["validation"].is_monotonic_increasing
    assert found.groupby("method")["repeat"].nunique().tolist() == [3] * 5
    assert found["budget"].unique().tolist() == [20]
    known = parquet.read(folder / "accuracies.parquet").groupby("metric")["accuracy"].max()
    assert found["highest_validation"].unique().tolist() == [known["validation"]]
    assert found["highest_test"].unique().tolist() == [known["test"]]
    assert found["domain"].unique().tolist() == [len(parquet.read(folder / "features.parquet"))]
    assert found["labels"].unique().tolist() == [0]


def test_validation_chooses_and_test_reports(folder):
    found = run(folder)
    # Here test accuracy is 100 minus validation: the incumbent must be worst by test.
    assert np.allclose(found["validation"] + found["test"], 100)
    assert (found.groupby(["method", "repeat"])["validation"].diff().dropna() >= 0).all()


def test_all_methods_of_a_repeat_start_from_one_random_order(folder):
    found = run(folder)
    first = found[(found["trained"] == 1) & (found["guide"] == "none")]
    assert first.groupby("repeat")["arch"].nunique().tolist() == [1, 1, 1]


def test_equal_settings_give_equal_files_and_another_seed_another(folder):
    first = run(folder)
    pd.testing.assert_frame_equal(first, run(folder))
    assert not first.equals(run(folder, seed=1))


def test_a_benchmark_without_validation_accuracy_is_refused(folder):
    frame = parquet.read(folder / "accuracies.parquet")
    only = frame[frame["metric"] == "test"]
    parquet.write(folder / "accuracies.parquet", only, ACCURACIES, ["task", "metric", "arch"], {})
    with pytest.raises(ValueError, match="has no validation accuracy of digits"):
        run(folder)


def test_scores_of_other_architectures_are_refused(folder):
    scores = pd.DataFrame({"arch": ["x"], "graph": ["x"], "draw": [0], "snip": [1.0], "snip_status": ["ok"]})
    parquet.write(folder / "features.parquet", scores, feature_schema(["snip"]), KEY, {})
    with pytest.raises(ValueError, match="no architecture of embedded_chain/digits is in both"):
        run(folder)


def test_the_file_says_how_it_was_made(folder):
    run(folder)
    assert set(json.loads(parquet.metadata(folder / "search.parquet")["algorithms"])) == set(OPTIONS)
    made = parquet.metadata(folder / "random_search.parquet")
    assert made["stage"] == "search"
    assert len(made["code"]) == len(made["settings"]) == 16


def test_the_accuracies_that_an_evolved_guide_has_seen_are_counted(folder):
    texts = parquet.read(folder / "features.parquet")["arch"]
    graphs = sorted({SPACE.canonical(SPACE.parse(text)) for text in texts})
    draws = sorted(seeds.derive(3, "split", "embedded_chain", graph) for graph in graphs)
    split = {"seed": 3, "cutoffs": {"embedded_chain": f"{draws[9]:016x}"}}
    write_sealed(folder / "seed-0.json", EVOLVED | {"split": split})
    rows = run(folder, evolved=[folder / "seed-0.json"])
    # The formula ranks as snip does, so that it guides alike.
    warmed = rows[rows["help"] != "move"]
    by_guide = {guide: of["arch"].tolist() for guide, of in warmed.groupby("guide")}
    assert by_guide["evolved"] == by_guide["snip"] != by_guide["none"]
    assert rows.groupby("guide")["labels"].unique().map(list).to_dict() == {
        "evolved": [10],
        "none": [0],
        "snip": [0],
    }


def test_counts_of_modules_are_not_read_as_counts_of_operations(folder):
    texts = parquet.read(folder / "accuracies.parquet")["arch"].unique()
    counts = pd.DataFrame({"arch": texts, "structure_d3_max": np.arange(len(texts), dtype=float)})
    split = {"seed": 3, "cutoffs": {}}
    of_counts = {"formula": "structure_d3_max", "counts_of": "operations", "split": split}
    write_sealed(folder / "seed-0.json", EVOLVED | of_counts)
    write_sealed(
        folder / "settings.json", SETTINGS | {"algorithm": "random_search", "options": {"warmup": [60]}}
    )
    best = {}
    for counted in ("operations", "modules"):
        to_parquet(counts, folder / "structure.parquet", {COUNTS_OF: counted})
        search(
            settings_file=folder / "settings.json",
            accuracies=folder / "accuracies.parquet",
            scores=[folder / "features.parquet"],
            structure=folder / "structure.parquet",
            evolved=[folder / "seed-0.json"],
            output=folder / "found.parquet",
        )
        found = parquet.read(folder / "found.parquet")
        guided = found[(found["guide"] == "evolved") & (found["trained"] == 1)]
        best[counted] = guided.sort_values("repeat")["arch"].tolist()
    assert set(best["operations"]) == {texts[-1]}
    assert set(best["modules"]) != {texts[-1]}


def test_scores_of_another_task_guide(folder):
    """The file of features says of which task it is."""
    scores = parquet.read(folder / "features.parquet")
    made = {"problem": "embedded_chain/turned_digits"}
    parquet.write(folder / "features.parquet", scores, feature_schema(["snip"]), KEY, made)
    with pytest.raises(ValueError, match="holds scores of embedded_chain/turned_digits, not of"):
        run(folder)
    assert len(run(folder, scored_as="embedded_chain/turned_digits"))


def test_scores_of_ours_have_what_published_ones_lack_for_as_many_architectures_as_possible(folder):
    own = parquet.read(folder / "features.parquet")
    texts = own["arch"].tolist()
    few = pd.DataFrame({"arch": texts[:9], "source": "few, all scores"} | dict.fromkeys(PROXIES, 1.0))
    many = pd.DataFrame({"arch": texts, "source": "many, synflow alone", "synflow": range(len(texts))})
    published = (
        pd.concat([few, many]).assign(task="digits", graph="").reindex(columns=released_schema().names)
    )
    parquet.write(folder / "released.parquet", published, released_schema(), ["task", "arch", "source"], {})
    write_sealed(
        folder / "settings.json",
        SETTINGS
        | {"algorithm": "random_search", "options": {"warmup": [30]}, "source": "released"}
        | {"guides": ["synflow", "snip"]},
    )
    common = {
        "settings_file": folder / "settings.json",
        "accuracies": folder / "accuracies.parquet",
        "output": folder / "found.parquet",
    }
    search(scores=[folder / "released.parquet"], **common)
    assert set(parquet.read(folder / "found.parquet")["domain"]) == {9}
    both = [folder / "released.parquet", folder / "features.parquet"]
    with pytest.raises(ValueError, match=r"features\.parquet has no score snip"):
        search(scores=both, **common)  # one of ours is undefined
    parquet.write(folder / "features.parquet", own.fillna({"snip": 0.0}), feature_schema(["snip"]), KEY, {})
    search(scores=both, **common)
    assert set(parquet.read(folder / "found.parquet")["domain"]) == {len(texts)}


def test_a_search_by_the_proxy_alone_is_not_plain(folder):
    own = {"evaluations": 40, "alive": 8, "tournament": 3}
    write_sealed(
        folder / "settings.json", SETTINGS | {"algorithm": "proxy_evolution", "options": own, "budget": 1}
    )
    search(
        settings_file=folder / "settings.json",
        accuracies=folder / "accuracies.parquet",
        scores=[folder / "features.parquet"],
        output=folder / "found.parquet",
    )
    found = parquet.read(folder / "found.parquet")
    assert set(found["method"]) == {"proxy_evolution+snip objective"}
    assert set(found["trained"]) == {1}


def test_a_wrong_option_of_an_algorithm_is_named(folder):
    with pytest.raises(ValueError, match=r"aging_evolution in .*: unknown key 'aliv'; did you mean 'alive'"):
        run(folder, algorithm="aging_evolution", options={"aliv": 3})
    with pytest.raises(ValueError, match="alive: Input should be greater than or equal to 2"):
        run(folder, algorithm="aging_evolution", options=OPTIONS["aging_evolution"] | {"alive": 1})


def callables(given):
    """Yield what can be called with a model, of what hangs on an object by attributes and closures."""
    held = vars(given).values() if hasattr(given, "__dict__") else ()
    cells = [cell.cell_contents for cell in getattr(given, "__closure__", None) or ()]
    for each in filter(callable, [*held, *cells]):
        yield each
        yield from callables(each)


def cheating(monkeypatch, search_for):
    """Put an algorithm in the place of random search."""

    def algorithm(pool, trainer, guide, rng, options):
        del guide, rng, options
        search_for(pool, trainer)

    monkeypatch.setattr(random_search, "ALGORITHM", Algorithm(algorithm, random_search.Options))


def test_an_algorithm_that_looks_at_accuracies_unpaid_is_refused_by_its_name(folder, monkeypatch):
    def peek(pool, trainer):
        paid, unpaid, *_ = callables(trainer)
        assert paid(0) == unpaid(0)
        trainer.train(max(range(len(pool)), key=unpaid))

    cheating(monkeypatch, peek)
    with pytest.raises(
        ValueError, match=r"random_search looked at accuracies without paying for them: of \d+"
    ):
        run(folder)
    assert not (folder / "random_search.parquet").exists()


def test_an_algorithm_that_calls_all_that_hangs_on_its_trainer_pays_for_it(folder, monkeypatch):
    def call_all(pool, trainer):
        for index in range(len(pool)):
            for held in filter(callable, vars(trainer).values()):
                held(index)

    cheating(monkeypatch, call_all)
    found = run(folder)
    assert found.loc[found["algorithm"] == "random_search", "trained"].max() <= SETTINGS["budget"]


def test_an_algorithm_that_claims_more_than_it_trained_is_refused_by_its_name(folder, monkeypatch):
    def claim(pool, trainer):
        del pool
        trainer._accuracy = {7: 100.0}

    cheating(monkeypatch, claim)
    with pytest.raises(
        ValueError, match="random_search claims to have trained models that it did not: model 7"
    ):
        run(folder)
