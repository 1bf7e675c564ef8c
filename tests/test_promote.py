"""Promotion: where each kind of result is kept, what is refused, and that it can be computed again."""

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import zcrepro
from zcrepro import checkout
from zcrepro.benchmarks import proofs
from zcrepro.benchmarks._base import ACCURACIES, COUNTS
from zcrepro.commands.promote import promote
from zcrepro.evolve.srgp import Options
from zcrepro.evolve.stage import evolve
from zcrepro.files import markup, parquet, record
from zcrepro.files.json import read_sealed, write_sealed
from zcrepro.programs.evolved import load_program
from zcrepro.proxies.extract import extract
from zcrepro.proxies.feature_table import KEY, feature_schema
from zcrepro.proxies.join import features
from zcrepro.proxies.order import order
from zcrepro.proxies.structure import structure
from zcrepro.searching.live import live_search
from zcrepro.searching.search_table import searches
from zcrepro.searching.stage import search
from zcrepro.training.reduced import train_reduced
from zcrepro.training.reduced_table import trainings
from zcrepro.training.stage import train

SPACE = zcrepro.get_space("embedded_chain")
TEXTS = [SPACE.text(arch) for arch in list(SPACE.architectures())[::1200]]
PROBLEM = {"space": "embedded_chain", "task": "digits"}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A folder with the accuracies of a few architectures, their order and their scores."""
    folder = tmp_path_factory.mktemp("known")
    graphs = [SPACE.canonical(SPACE.parse(text)) for text in TEXTS]
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"arch": TEXTS, "graph": graphs, "task": "digits", "metric": metric, "seeds": 1})
        for metric in ("validation", "test")
    ]
    frame = pd.concat(frames).assign(accuracy=lambda rows: rng.uniform(20, 90, len(rows)), source="made up")
    parquet.write(folder / "accuracies.parquet", frame, ACCURACIES, ["metric", "arch"], {})
    order(
        settings_file=settings(folder, PROBLEM | {"among": "accuracies", "max_flops": 0}),
        known=folder / "accuracies.parquet",
        output=folder / "order.parquet",
    )
    structure(
        settings_file=settings(folder, {"space": PROBLEM["space"]}),
        accuracies=folder / "accuracies.parquet",
        output=folder / "structure.parquet",
    )
    scores = pd.DataFrame({"arch": TEXTS, "graph": graphs, "draw": 0})
    for name in ("nwot", "snip"):
        scores = scores.assign(**{name: rng.uniform(1, 2, len(TEXTS)), f"{name}_status": "ok"})
    parquet.write(folder / "scores.parquet", scores, feature_schema(["nwot", "snip"]), KEY, {})
    return folder


@pytest.fixture
def run(tmp_path):
    """The folder of a run's results."""
    return tmp_path / "results" / "tiny"


@pytest.fixture
def root(tmp_path):
    """The checkout that is written to."""
    return tmp_path / "checkout"


def settings(folder, chosen):
    folder.mkdir(parents=True, exist_ok=True)
    write_sealed(folder / "settings.json", chosen)
    return folder / "settings.json"


def remade(path, **changes):
    """Write a Parquet file again, with other metadata."""
    table = parquet.read_table(path)
    made = parquet.metadata(path) | changes
    with parquet.writing(path, table.schema.remove_metadata(), made) as writer:
        writer.write_table(table)
    return path


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


class TestScores:
    GROUP = "gradients"
    NAME = "resources/released/embedded_chain/digits/gradients.parquet"

    def chunk(self, known, run, start, stop, draw=0, **changes):
        """Compute one chunk where the workflow does."""
        chosen = PROBLEM | {
            "images": "digits",
            "digests": [],
            "proxies": ["snip", "nwot"],
            "start": start,
            "stop": stop,
            "draw": draw,
            "redraw": ["weights"] if draw else [],
            "batch_size": 4,
            "share_equal_graphs": True,
            "initialisation": "default",
            "pass_seconds": 600,
            "augmented_batches": False,
            "seed": 1,
            "device": "cpu",
            "torch_threads": 1,
        }
        output = run / f"features/embedded_chain/digits/draw-{draw}/{self.GROUP}/{start}-{stop}.parquet"
        extract(
            settings_file=settings(run / "settings", chosen | changes),
            order=known / "order.parquet",
            output=output,
            timings=run / "timings" / f"{draw}-{start}.parquet",
        )
        return output

    def joined(self, known, run, chunks, draws):
        chosen = json.loads(parquet.metadata(chunks[-1])["how"]) | {
            "architectures": 3,
            "draws": draws,
            "shards": False,
            "proxy_columns": ["snip", "nwot"],
            "programs": [],
            "max_undefined_share": 0.5,
        }
        output = run / "features/embedded_chain/digits.parquet"
        features(
            settings_file=settings(run / "settings", chosen),
            order=known / "order.parquet",
            chunks=chunks,
            output=output,
        )
        return output

    def test_all_draws_of_a_pass_are_one_file_that_joins_like_its_chunks(self, known, run, root):
        spans = [(0, 2, 0), (2, 3, 0), (0, 3, 1)]
        chunks = [self.chunk(known, run, start, stop, draw) for start, stop, draw in spans]
        from_chunks = parquet.read(self.joined(known, run, chunks, draws=2))
        promote([run / "features/embedded_chain/digits"], to=root)
        table = self.joined(known, run, [root / self.NAME], draws=2)
        pd.testing.assert_frame_equal(parquet.read(table), from_chunks, check_exact=True)
        assert parquet.schema_of(root / self.NAME).remove_metadata() == feature_schema(["snip", "nwot"])
        made = parquet.metadata(root / self.NAME)
        assert made["stage"] == "extract"
        assert made["promoted"] == self.NAME
        assert json.loads(made["how"])["redraw"] == ["weights"]
        assert "settings" not in made
        assert parquet.metadata(table)["promoted"] == "resources/released/embedded_chain/digits"

    def test_promoted_scores_are_those_that_are_computed_again(self, known, run, root):
        promote([self.chunk(known, run, 0, 3)], to=root)
        tracked = parquet.read(root / self.NAME).set_index("arch")
        again = parquet.read(self.chunk(known, run / "again", 1, 2)).set_index("arch")
        (text,) = again.index
        assert tracked.loc[text].equals(again.loc[text])
        made = [parquet.metadata(path) for path in (root / self.NAME, *(run / "again").rglob("1-2.parquet"))]
        assert made[0]["minibatch"] == made[1]["minibatch"]

    def test_tracked_scores_are_extended_and_count_the_rows_of_each_digest(self, known, run, root):
        old = {"code": "1" * 16, "shared": "of old", "versions": '{"torch": "2.13.0", "numpy": "1.0"}'}
        new = {"code": "2" * 16, "versions": '{"torch": "2.13.0", "numpy": "1.1"}'}
        promote([remade(self.chunk(known, run, 0, 1), **old)], to=root)
        second = remade(self.chunk(known, run, 1, 3), **new)
        third = remade(self.chunk(known, run, 0, 1, draw=1), **new | {"code": "1" * 16})
        promote([second, third], to=root)
        made = parquet.metadata(root / self.NAME)
        assert json.loads(made["code"]) == {"1" * 16: 2, "2" * 16: 2}
        of_now = parquet.metadata(second)["shared"]
        assert json.loads(made["shared"]) == {"of old": 1, of_now: 3}
        assert json.loads(made["versions"]) == {"torch": "2.13.0"}
        assert parquet.read(root / self.NAME)["draw"].tolist() == [0, 0, 0, 1]

    def test_rows_that_are_tracked_already_are_refused(self, known, run, root):
        chunk = self.chunk(known, run, 0, 2)
        promote([chunk], to=root)
        before = contents(root)
        with pytest.raises(
            ValueError, match=r"2 rows are in several of .* leave out what is promoted already"
        ):
            promote([chunk], to=root)
        assert contents(root) == before

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"how": '{"redraw": [], "seed": 2}'}, r"differs from .* in settings: .*'seed': 2"),
            ({"versions": '{"torch": "1.0"}'}, r"in the version of torch: 1\.0 in place of"),
            ({"device": "cuda"}, "in device: cuda in place of cpu"),
            ({"threads": "2"}, "in threads: 2 in place of 1"),
            ({"minibatch": "[5]"}, r"in minibatch: \[5\] in place of"),
        ],
    )
    def test_scores_that_were_made_otherwise_are_refused(self, known, run, root, changes, message):
        promote([self.chunk(known, run, 0, 1)], to=root)
        before = contents(root)
        with pytest.raises(ValueError, match=message):
            promote([remade(self.chunk(known, run, 1, 2), **changes)], to=root)
        assert contents(root) == before

    def test_nothing_is_written_if_one_file_is_refused(self, known, run, root):
        good, bad = self.chunk(known, run, 0, 1), self.chunk(known, run, 1, 2)
        elsewhere = run / "features/embedded_chain/digits/draw-0/zen" / bad.name
        elsewhere.parent.mkdir(parents=True)
        bad.rename(elsewhere)
        twice = elsewhere.with_name("2-3.parquet")
        twice.write_bytes(elsewhere.read_bytes())
        with pytest.raises(ValueError, match="1 rows are in several of"):
            promote([good, elsewhere, twice], to=root)
        assert not root.exists()

    def test_another_set_of_proxies_is_refused(self, known, run, root):
        promote([self.chunk(known, run, 0, 1)], to=root)
        with pytest.raises(ValueError, match=r"in columns: .* in place of"):
            promote([self.chunk(known, run, 1, 2, proxies=["snip"])], to=root)

    def test_a_chunk_that_is_not_where_the_workflow_puts_it_is_refused(self, known, run, root):
        chunk = self.chunk(known, run, 0, 1)
        chunk.rename(run / "0-1.parquet")
        with pytest.raises(
            ValueError, match=r"0-1\.parquet is not at results/<run>/features<variant>/<space>/<task>/draw"
        ):
            promote([run / "0-1.parquet"], to=root)


class TestTrainings:
    NAME = "resources/embedded/embedded_chain-digits.parquet"

    def shard(self, run, number, **changes):
        chosen = PROBLEM | {
            "images": "digits",
            "chunk": number,
            "chunk_size": 1,
            "seeds": 1,
            "epochs": 1,
            "schedule": "one_cycle",
            "batch_size": 64,
            "learning_rate": 0.1,
            "momentum": 0.9,
            "weight_decay": 5e-4,
            "torch_threads": 1,
        }
        output = run / f"trainings/embedded/embedded_chain/digits/{number:04d}.parquet"
        train(settings_file=settings(run / "settings", chosen | changes), output=output)
        return output

    def test_shards_are_one_file_that_is_extended_and_can_be_trained_again(self, run, root):
        first, second = (self.shard(run, number) for number in range(2))
        promote([first], to=root)
        promote([second], to=root)
        tracked = parquet.read(root / self.NAME).set_index(["arch", "seed"]).sort_index()
        again = pd.concat([parquet.read(self.shard(run / "again", number)) for number in range(2)])
        pd.testing.assert_frame_equal(tracked, again.set_index(["arch", "seed"]).sort_index())
        made, of_shard = parquet.metadata(root / self.NAME), parquet.metadata(first)
        assert made["promoted"] == self.NAME
        assert all(made[entry] == of_shard[entry] for entry in ("code", "shared", "versions"))

    def test_shards_of_another_recipe_or_code_are_refused(self, run, root):
        promote([self.shard(run, 0)], to=root)
        with pytest.raises(ValueError, match="in shared: "):
            promote([self.shard(run, 1, momentum=0.8)], to=root)
        with pytest.raises(ValueError, match="in code: other in place of"):
            promote([remade(self.shard(run, 1), code="other")], to=root)


class TestReducedTrainings:
    NAME = "resources/trainings/r6c2/embedded_chain/digits.parquet"

    def chunk(self, known, run, start, stop, **changes):
        """Train a chunk of networks where the workflow does."""
        chosen = (
            PROBLEM
            | {
                "recipe": "r6c2",
                "images": "digits",
                "digests": [],
                "epochs": 2,
                "schedule": "cosine",
                "batch_size": 500,
                "learning_rate": 0.1,
                "momentum": 0.9,
                "weight_decay": 5e-4,
                "side": 6,
                "channels": 2,
                "stop_after": 1,
                "start": start,
                "stop": stop,
                "seed": 1,
                "device": "cpu",
                "torch_threads": 1,
            }
            | changes
        )
        output = run / f"trainings/{chosen['recipe']}/embedded_chain/digits/{start}-{stop}.parquet"
        train_reduced(
            settings_file=settings(run / "settings", chosen),
            order=known / "order.parquet",
            output=output,
        )
        return output

    def test_chunks_are_one_file_that_is_extended_and_equals_the_joined_ones(self, known, run, root):
        chunks = [self.chunk(known, run, 0, 1), self.chunk(known, run, 1, 3)]
        promote(chunks[:1], to=root)
        assert len(parquet.read(root / self.NAME)) == 1
        promote(chunks[1:], to=root)
        trainings(chunks=chunks, output=run / "joined.parquet")
        tracked, joined = parquet.read(root / self.NAME), parquet.read(run / "joined.parquet")
        pd.testing.assert_frame_equal(tracked, joined, check_exact=True)
        made, of_chunk = parquet.metadata(root / self.NAME), parquet.metadata(chunks[0])
        assert made["promoted"] == self.NAME
        same = ("stage", "shared", "versions", "recipe", "problem")
        assert all(made[entry] == of_chunk[entry] for entry in same)
        assert json.loads(made["code"]) == {of_chunk["code"]: 3}

    def test_chunks_of_several_devices_are_one_file_that_says_what_was_made_where(self, known, run, root):
        promote([self.chunk(known, run, 0, 1)], to=root)
        versions = {"torch": "2.0", "numpy": np.__version__}
        elsewhere = {"device": "cuda", "versions": json.dumps(versions)}
        promote([remade(self.chunk(known, run, 1, 3), **elsewhere)], to=root)
        made = parquet.metadata(root / self.NAME)
        assert json.loads(made["made_on"]) == {f"cpu, torch {version('torch')}": 1, "cuda, torch 2.0": 2}
        assert json.loads(made["versions"]) == {"numpy": np.__version__}

    def test_a_folder_stands_for_its_chunks_and_joined_tables_are_passed_over(self, known, run, root):
        chunks = [self.chunk(known, run, 0, 1), self.chunk(known, run, 1, 2)]
        trainings(chunks=chunks, output=run / "trainings/r6c2/embedded_chain/digits.parquet")
        promote([run / "trainings"], to=root)
        assert [path.relative_to(root).as_posix() for path in contents(root)] == [self.NAME]
        assert len(parquet.read(root / self.NAME)) == 2

    def test_each_recipe_has_a_file_of_its_own(self, known, run, root):
        self.chunk(known, run, 0, 1)
        self.chunk(known, run, 0, 1, recipe="r6c3", channels=3)
        promote([run / "trainings"], to=root)
        for name in (self.NAME, self.NAME.replace("r6c2", "r6c3")):
            assert parquet.metadata(root / name)["recipe"] == name.split("/")[2]

    @pytest.mark.parametrize("changes", [{"momentum": 0.8}, {"seed": 2}])
    def test_chunks_of_other_settings_are_refused(self, known, run, root, changes):
        promote([self.chunk(known, run, 0, 1)], to=root)
        before = contents(root)
        with pytest.raises(ValueError, match="in shared: "):
            promote([self.chunk(known, run, 1, 2, **changes)], to=root)
        assert contents(root) == before

    def test_networks_that_are_tracked_already_are_refused(self, known, run, root):
        chunk = self.chunk(known, run, 0, 1)
        promote([chunk], to=root)
        with pytest.raises(ValueError, match=r"1 rows are in several of"):
            promote([chunk], to=root)


def evolved(known, run):
    """Evolve one formula where the workflow does."""
    chosen = {
        "method": "srgp",
        "training_set": "chain",
        "problems": [
            {"problem": "embedded_chain/digits", "architectures": 4, "scored_as": "embedded_chain/digits"}
        ],
        "source": "features",
        "completed": [],
        "missing": "masked",
        "inputs": ["nwot", "snip", "structure_paths"],
        "normalisation": "training",
        "sample": 0,
        "drawn_by": "graphs",
        "seed": 7,
        "repeat": 1,
        "options": asdict(Options(population=10, generations=2, max_size=7, minibatch=1.0)),
        "max_undefined_share": 0.1,
    }
    output = run / "evolved/srgp/chain/seed-1.json"
    evolve(
        settings_file=settings(run / "settings", chosen),
        accuracies=[known / "accuracies.parquet"],
        scores=[known / "scores.parquet"],
        structure=[known / "structure.parquet"],
        output=output,
    )
    return output


def test_a_promoted_formula_is_the_one_that_is_evolved_again(known, run, root):
    evolved(known, run)
    promote([run / "evolved"], to=root)
    name = "resources/evolved/srgp/chain/seed-1.json"
    assert read_sealed(root / name) == read_sealed(evolved(known, run / "again")) | {"promoted": name}
    assert zcrepro.load_proxy(root / name) == zcrepro.load_proxy(run / "evolved/srgp/chain/seed-1.json")


def test_a_promoted_program_is_the_one_in_the_results(run, root):
    program = {
        "program": "mean(wt)",
        "median": {"program": "mean(wt)", "direction": "lower"},
        "direction": "higher",
        "training_set": "chain",
        "repeat": 1,
        "problem": "embedded_chain/digits",
        "split": {},
        "training_fitness": 0.5,
        "provenance": {"stage": "evolve_program"},
    }
    (run / "programs/chain").mkdir(parents=True)
    write_sealed(run / "programs/chain/seed-1.json", program)
    promote([run / "programs"], to=root)
    name = "resources/evolved/eznas/chain/seed-1.json"
    assert read_sealed(root / name) == program | {"promoted": name}
    assert load_program(root / name) == load_program(run / "programs/chain/seed-1.json")


def searched(known, run):
    """Search where the workflow does; return the joined table."""
    folder = run / "search/zcp"
    chosen = PROBLEM | {
        "source": "features",
        "guides": ["snip"],
        "repeats": 2,
        "budget": 4,
        "move_probability": 0.75,
        "seed": 0,
        "algorithm": "random_search",
        "options": {"warmup": [4]},
        "scored_as": "embedded_chain/digits",
        "torch_threads": 1,
    }
    part = folder / "embedded_chain-digits/random_search.parquet"
    search(
        settings_file=settings(run / "settings", chosen),
        accuracies=known / "accuracies.parquet",
        scores=[known / "scores.parquet"],
        output=part,
    )
    searches(parts=[part], output=folder / "embedded_chain-digits.parquet")
    return folder / "embedded_chain-digits.parquet"


def test_promoted_searches_are_those_that_are_searched_again(known, run, root):
    searched(known, run)
    promote([run / "search/zcp"], to=root)
    name = "resources/search/zcp/embedded_chain-digits.parquet"
    assert [path.relative_to(root).as_posix() for path in contents(root)] == [name]
    again = searched(known, run / "again")
    assert parquet.read_table(root / name).equals(parquet.read_table(again))
    assert parquet.metadata(root / name) == parquet.metadata(again) | {"promoted": name}


def searched_live(run):
    """Search live where the workflow does, without a clock; return the files of the record and its seconds."""
    chosen = PROBLEM | {
        "minutes": 0,
        "evaluations": 4,
        "alive": 2,
        "tournament": 1,
        "repeats": 1,
        "batch_size": 4,
        "images": "digits",
        "digests": [],
        "guides": ["params"],
        "seed": 0,
        "device": "cpu",
        "torch_threads": 1,
    }
    files = [run / f"live/chain_params{of}.parquet" for of in ("", "-seconds")]
    made = settings(run / "settings", chosen)
    live_search(settings_file=made, output=files[0], seconds=files[1])
    return files


def test_a_promoted_record_of_a_live_search_is_the_one_that_is_searched_again_beside_its_seconds(run, root):
    of_run = searched_live(run)
    promote([run / "live"], to=root)
    names = [f"resources/live/{path.name}" for path in of_run]
    assert sorted(path.relative_to(root).as_posix() for path in contents(root)) == sorted(names)
    for path, name in zip(of_run, names, strict=True):
        assert parquet.read_table(root / name).equals(parquet.read_table(path))
        assert parquet.metadata(root / name) == parquet.metadata(path) | {"promoted": name}
    again = searched_live(run / "again")[0]
    assert parquet.read_table(root / names[0]).equals(parquet.read_table(again))


def test_published_counts_are_promoted_as_proofs_that_hold(run, root, capsys):
    arch = SPACE.parse(TEXTS[0])
    counts = {"arch": TEXTS[0], "graph": "", "task": "digits", "quantity": "params", "source": "someone"}
    frame = pd.DataFrame([counts | {"count": SPACE.parameters(arch, "digits")}])
    path = run / "counts/embedded_chain.parquet"
    parquet.write(path, frame, COUNTS, ["arch"], {"stage": "counts"})
    promote([path], to=root)
    assert capsys.readouterr().out == "resources/proofs/counts.csv\n"
    folder = root / "resources/proofs"
    (proof,) = proofs.read(folder)
    assert (proof.space, proof.source, proof.architectures) == ("embedded_chain", "someone", 1)
    assert proofs.holds(proof, folder)
    made = parquet.metadata(folder / "embedded_chain.parquet")
    assert made["promoted"] == "resources/proofs/embedded_chain.parquet"
    with pytest.raises(ValueError, match="unknown space 'embedded_chian'"):
        promote([path.rename(path.with_stem("embedded_chian"))], to=root)


class TestRuns:
    @pytest.fixture(autouse=True)
    def finished(self, run):
        texts = {
            "tables/one.md": "# A table",
            "tables/one.csv": "x",
            "tables/one.tex": "t",
            "tables/deviations.csv": "x",  # left out: the rows of all tables
            "figures/a.svg": "<svg/>",
            "report.html": "<html/>",
        }
        for name, text in texts.items():
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            (run / name).write_text(text)
        record.write([run / f"tables/one.{end}" for end in ("csv", "md", "tex")], {})
        markup.write(run / "figures/a.svg", "<svg/>", {})
        markup.write(run / "report.html", "<html/>", {})

    def kept(self, root):
        folder = root / "docs/reproduction/tiny"
        return {path.relative_to(folder).as_posix(): path.read_text() for path in contents(folder)}

    def test_a_run_is_kept_with_its_tables_and_figures_and_a_page(self, run, root, monkeypatch):
        monkeypatch.chdir(run)
        promote([Path()], to=root)
        kept = self.kept(root)
        page = kept.pop("README.md")
        assert kept == {
            "tables/one.md": "# A table",
            "tables/one.csv": "x",
            "figures/a.svg": "<svg/>",
            "report.html": "<html/>",
        }
        for text in (
            "`zcrepro promote results/tiny`",
            "[A table](tables/one.md)",
            "![a](figures/a.svg)",
            "(report.html)",
        ):
            assert text in page

    def test_what_an_earlier_promotion_kept_and_the_run_no_longer_has_is_removed(self, run, root):
        promote([run], to=root)
        (run / "figures/a.svg").rename(run / "figures/b.svg")
        promote([run], to=root)
        expected = ["README.md", "figures/b.svg", "report.html", "tables/one.csv", "tables/one.md"]
        assert sorted(self.kept(root)) == expected

    def test_a_run_without_tables_is_refused(self, run, root):
        (run / "tables/one.md").unlink()
        with pytest.raises(ValueError, match="tiny has no tables"):
            promote([run], to=root)
        assert not root.exists()


@pytest.mark.parametrize("name", ["accuracies/a.parquet", "settings/c.json", "report.html", "empty"])
def test_what_cannot_be_promoted_is_refused(name, run, root):
    path = run / name
    path.parent.mkdir(parents=True)
    if path.suffix == ".parquet":
        parquet.write(
            path, pd.DataFrame({"a": [1]}), pa.schema([("a", pa.int64())]), ["a"], {"stage": "order"}
        )
    elif path.suffix:
        write_sealed(path, {"stage": "evolve"})
    else:
        path.mkdir()
    for given in (path, *([path.parent] if path.parent != run else [])):
        with pytest.raises(ValueError, match=f"{given} cannot be promoted; name chunks of features"):
            promote([given], to=root)
    assert not root.exists()


def test_what_is_damaged_is_not_promoted(known, run, root):
    path = evolved(known, run)
    path.write_text(path.read_text().replace('"repeat": 1', '"repeat": 2'))
    with pytest.raises(ValueError, match=r"seed-1\.json cannot be read"):
        promote([run / "evolved"], to=root)
    assert not root.exists()


def test_every_tracked_result_says_where_it_is_tracked():
    root = checkout.FOLDER
    for folder in ("released", "embedded", "trainings", "proofs", "evolved", "search", "live"):
        for path in (root / "resources" / folder).rglob("*.*"):
            name = path.relative_to(root).as_posix()
            if path.suffix == ".parquet":
                assert parquet.metadata(path)["promoted"] == name
            elif path.suffix == ".json":
                assert read_sealed(path)["promoted"] == name
