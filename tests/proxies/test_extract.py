"""Extraction in chunks, and the join of chunks and pass groups."""

import json

import pandas as pd
import pytest

import zcrepro
from zcrepro import sampling, storage
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.proxies._extract import extract
from zcrepro.proxies._join import features, timings

SPACE = zcrepro.get_space("embedded_chain")
SETTINGS = {
    "space": "embedded_chain",
    "task": "digits",
    "images": "digits",
    "proxies": ["snip", "nwot"],
    "start": 0,
    "count": 3,
    "batch_size": 8,
    "seed": 1,
    "device": "cpu",
    "torch_threads": 1,
}
TEXTS = [SPACE.text(arch) for arch in list(SPACE.architectures())[::1500]]


@pytest.fixture
def folder(tmp_path):
    frame = pd.DataFrame({"arch": TEXTS, "graph": TEXTS, "task": "digits", "metric": "test"})
    frame = frame.assign(accuracy=50.0, seeds=1, source="made up")
    storage.write_parquet(tmp_path / "accuracies.parquet", frame, ACCURACIES, ["arch"], {})
    return tmp_path


def run(folder, **changes):
    chosen = SETTINGS | changes
    name = f"{'-'.join(chosen['proxies'])}-{chosen['start']}-{chosen['count']}"
    (folder / "settings.json").write_text(json.dumps(chosen))
    output = folder / f"{name}.parquet"
    extract(
        settings_file=folder / "settings.json",
        accuracies=folder / "accuracies.parquet",
        output=output,
        timings=folder / f"{name}.timings.parquet",
    )
    return output


def join(folder, chunks, share=0.1, proxies=("snip", "nwot")):
    (folder / "join.json").write_text(
        json.dumps({"proxy_columns": list(proxies), "max_undefined_share": share})
    )
    features(settings_file=folder / "join.json", chunks=chunks, output=folder / "features.parquet")
    return storage.read_parquet(folder / "features.parquet")


def test_features_do_not_depend_on_the_size_of_chunks(folder):
    small = join(folder, [run(folder, start=start, count=count) for start, count in ((0, 3), (3, 3), (6, 1))])
    large = join(folder, [run(folder, count=7)])
    pd.testing.assert_frame_equal(small, large, check_exact=True)
    assert len(small) == 7


def test_features_do_not_depend_on_which_other_proxies_are_in_the_group(folder):
    together = storage.read_parquet(run(folder))
    alone = storage.read_parquet(run(folder, proxies=["snip"]))
    assert together["snip"].tolist() == alone["snip"].tolist()


def test_the_first_architectures_in_random_order_are_taken(folder):
    found = join(folder, [run(folder, start=start, count=count) for start, count in ((0, 3), (3, 3), (6, 1))])
    assert set(found["arch"]) == set(sampling.random_order(SPACE, TEXTS)[:7])


def test_a_score_equals_that_of_the_public_function_on_the_same_network(folder):
    import torch

    from zcrepro import registry
    from zcrepro.images._base import minibatch

    row = storage.read_parquet(run(folder)).iloc[0]
    drawn = minibatch(registry.get("images", "digits").training(), 8, 1, "digits")
    network = SPACE.network(SPACE.parse(row["arch"]), "digits", 1)
    batch = torch.from_numpy(drawn.pixels), torch.from_numpy(drawn.labels)
    assert zcrepro.score(network, *batch, ["snip"])["snip"] == row["snip"]
    assert row["snip_status"] == "ok"
    assert row["graph"] == SPACE.canonical(SPACE.parse(row["arch"]))


def test_pass_groups_are_joined_by_architecture(folder):
    groups = [run(folder, count=7), run(folder, count=7, proxies=["params"])]
    found = join(folder, groups, proxies=["params", "snip", "nwot"])
    assert found.columns.tolist()[:5] == ["arch", "graph", "params", "snip", "nwot"]
    assert found["params"].notna().all()


def test_groups_of_different_architectures_are_refused(folder):
    groups = [run(folder, count=7), run(folder, count=5, proxies=["params"])]
    with pytest.raises(ValueError, match=r"cover \[5, 7\] architectures; rerun their chunks"):
        join(folder, groups, proxies=["params", "snip", "nwot"])


def test_too_many_undefined_scores_stop_the_stage_and_say_why(folder):
    chunk = run(folder, count=7)
    frame = storage.read_parquet(chunk)
    frame.loc[:1, "nwot"], frame.loc[:1, "nwot_status"] = float("nan"), "the kernel is singular"
    import pyarrow.parquet as pq

    storage.write_parquet(chunk, frame, pq.read_schema(chunk).remove_metadata(), ["arch"], {})
    assert len(join(folder, [chunk], share=0.3)) == 7
    with pytest.raises(ValueError, match=r"nwot is undefined for 2 of 7 .*: the kernel is singular"):
        join(folder, [chunk], share=0.2)


def test_more_architectures_than_there_are_is_an_error_that_says_so(folder):
    with pytest.raises(ValueError, match=f"at least 99 architectures .* has {len(TEXTS)}: ask for at most"):
        run(folder, count=99)


def test_a_batch_larger_than_the_training_set_is_refused(folder):
    with pytest.raises(ValueError, match="a batch of 5000 was asked for, but digits has 1000"):
        run(folder, batch_size=5000)


def test_a_misspelt_setting_is_answered_with_the_nearest(folder):
    with pytest.raises(ValueError, match="unknown key 'batchsize'; did you mean 'batch_size'"):
        run(folder, batchsize=8)


def test_timings_have_a_row_for_each_pass_and_architecture(folder):
    run(folder, count=7)
    run(folder, count=7, proxies=["params"])
    files = sorted(folder.glob("*.timings.parquet"))
    timings(chunks=files, output=folder / "timings.parquet")
    found = storage.read_parquet(folder / "timings.parquet")
    assert found.groupby("pass").size().to_dict() == {"gradients": 7, "structure": 7}
    assert (found["seconds"] > 0).all()


def test_the_joined_table_says_how_its_chunks_were_made(folder):
    join(
        folder,
        [run(folder, count=7), run(folder, count=7, proxies=["params"])],
        proxies=["params", "snip", "nwot"],
    )
    made = storage.parquet_metadata(folder / "features.parquet")
    extraction = json.loads(made["extraction"])
    assert set(extraction) == {"snip,nwot", "params"}
    assert len({how["code"] for how in extraction.values()}) == 2
    assert (made["device"], made["threads"]) == ("cpu", "1")


def test_chunks_that_were_made_differently_are_refused(folder):
    chunks = [run(folder), run(folder, start=3, count=4, seed=2)]
    with pytest.raises(ValueError, match="differs in shared from the other chunks"):
        join(folder, chunks)
