"""Extraction in chunks, and the join of chunks and pass groups."""

import json
import os
from functools import partial

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro import seeds, settings
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.images.noise import random_batch
from zcrepro.proxies.extract import ExtractSettings, extract, score_chunk, shares
from zcrepro.proxies.feature_table import DRAWN_IMAGES, KEY, feature_schema
from zcrepro.proxies.join import features, timings
from zcrepro.proxies.order import SCHEMA as ORDER
from zcrepro.proxies.order import order
from zcrepro.spaces.order import random_order

SPACE = zcrepro.get_space("embedded_chain")
CELL = zcrepro.get_space("embedded_cell")
FUNCTION_ONLY = ["grad_norm", "snip", "plain", "fisher", "jacov", "epe_nas", "grasp", "synflow"]
COUNT_DEAD = ["params", "flops", "l2_norm", "nwot", "zen"]
SETTINGS = {
    "space": "embedded_chain",
    "task": "digits",
    "images": "digits",
    "digests": [],
    "proxies": ["snip", "nwot"],
    "start": 0,
    "stop": 3,
    "batch_size": 8,
    "share_equal_graphs": True,
    "initialisation": "default",
    "pass_seconds": 600,
    "augmented_batches": False,
    "draw": 0,
    "redraw": ["weights"],
    "seed": 1,
    "device": "cpu",
    "torch_threads": 1,
}
INITIALISATIONS = ["default", "kaiming", "xavier"]
TEXTS = [SPACE.text(arch) for arch in list(SPACE.architectures())[::1500]]


@pytest.fixture
def folder(tmp_path):
    graphs = [SPACE.canonical(SPACE.parse(text)) for text in TEXTS]
    frame = pd.DataFrame({"arch": TEXTS, "graph": graphs, "task": "digits", "metric": "test"})
    frame = frame.assign(accuracy=50.0, seeds=1, source="made up")
    parquet.write(tmp_path / "accuracies.parquet", frame, ACCURACIES, ["arch"], {})
    put_in_order(tmp_path, "embedded_chain")
    return tmp_path


def put_in_order(folder, space):
    (folder / "order.json").write_text(
        json.dumps({"space": space, "task": "digits", "among": "accuracies", "max_flops": 0})
    )
    order(
        settings_file=folder / "order.json",
        known=folder / "accuracies.parquet",
        output=folder / "order.parquet",
    )


def run(folder, **changes):
    chosen = SETTINGS | changes
    name = f"{'-'.join(chosen['proxies'])}-{chosen['draw']}-{chosen['start']}-{chosen['stop']}"
    (folder / "settings.json").write_text(json.dumps(chosen))
    output = folder / f"{name}.parquet"
    extract(
        settings_file=folder / "settings.json",
        order=folder / "order.parquet",
        output=output,
        timings=folder / f"{name}.timings.parquet",
    )
    return output


def join(
    folder, chunks, share=0.1, proxies=("snip", "nwot"), architectures=None, shards=False, draws=1, **asked
):
    rows = {arch for chunk in chunks for arch in parquet.read(chunk)["arch"]}
    made_with = json.loads(parquet.metadata(chunks[0])["how"]) | asked
    settings = made_with | {
        "architectures": len(rows) if architectures is None else architectures,
        "draws": draws,
        "shards": shards,
        "proxy_columns": list(proxies),
        "programs": [],
        "max_undefined_share": share,
    }
    (folder / "join.json").write_text(json.dumps(settings))
    features(
        settings_file=folder / "join.json",
        order=folder / "order.parquet",
        chunks=chunks,
        output=folder / "features.parquet",
    )
    return parquet.read(folder / "features.parquet")


def test_features_do_not_depend_on_the_number_of_processes(folder):
    alone = run(folder, stop=5).read_bytes()
    asked = {"settings_file": folder / "settings.json", "order": folder / "order.parquet"}
    extract(**asked, processes=2, output=folder / "two.parquet", timings=folder / "two.timings.parquet")
    assert (folder / "two.parquet").read_bytes() == alone
    timed = parquet.read(folder / "two.timings.parquet")
    assert len(timed) == len(parquet.read(next(folder.glob("*-0-5.timings.parquet"))))


def test_each_process_has_a_part_of_the_chunk():
    def spans(start, stop, processes):
        chosen = ExtractSettings(**SETTINGS | {"start": start, "stop": stop})
        return [(part.start, part.stop) for part in shares(chosen, processes)]

    assert spans(8, 15, 3) == [(8, 10), (10, 12), (12, 15)]
    assert spans(8, 15, 1) == [(8, 15)]
    assert spans(8, 10, 4) == [(8, 9), (9, 10)]


def test_a_killed_process_ends_the_job_with_the_remedy(folder):
    run(folder, stop=2)  # writes the settings
    chosen = settings.load(folder / "settings.json", ExtractSettings)
    said = "one of 2 processes that score embedded_chain/digits was killed.*lower jobs_per_gpu"
    with pytest.raises(MemoryError, match=said):
        score_chunk(chosen, partial(os._exit, 9), folder / "order.parquet", [], processes=2)


def test_features_do_not_depend_on_the_size_of_chunks(folder):
    small = join(
        folder, [run(folder, start=start, stop=start + count) for start, count in ((0, 3), (3, 3), (6, 1))]
    )
    large = join(folder, [run(folder, stop=7)])
    pd.testing.assert_frame_equal(small, large, check_exact=True)
    assert len(small) == 7


def test_features_do_not_depend_on_which_other_proxies_are_in_the_group(folder):
    together = parquet.read(run(folder))
    alone = parquet.read(run(folder, proxies=["snip"]))
    assert together["snip"].tolist() == alone["snip"].tolist()


def cell_texts():
    """Eight pairs of one live form each: dead branches, branches in another order, nothing at all."""
    codes = {"0": "none", "s": "skip_connect", "1": "nor_conv_1x1", "3": "nor_conv_3x3", "p": "avg_pool_3x3"}
    pairs = ["310300 000300", "p00p30 p10p30", "s13331 s31331", "p330sp p33p0p"]
    pairs += ["3s333s 333s3s", "133pss 1p33ss", "ps3p3s pp3s3s", "310000 000000"]
    cells = [tuple(codes[code] for code in cell) for pair in pairs for cell in pair.split()]
    return [CELL.text(cell) for cell in cells]


@pytest.fixture
def cells(tmp_path):
    frame = pd.DataFrame({"arch": cell_texts(), "graph": "", "task": "digits", "metric": "test"})
    frame = frame.assign(accuracy=50.0, seeds=1, source="made up")
    parquet.write(tmp_path / "accuracies.parquet", frame, ACCURACIES, ["arch"], {})
    put_in_order(tmp_path, "embedded_cell")
    return tmp_path


def of_cells(folder, proxies, chunks=((0, 16),), **changes):
    parts = [
        run(folder, space="embedded_cell", proxies=proxies, start=start, stop=start + count, **changes)
        for start, count in chunks
    ]
    return join(folder, parts, share=1.0, proxies=proxies).set_index("arch")


def test_what_counts_dead_modules_is_computed_for_every_text_and_the_rest_once_a_live_form(cells):
    order = random_order(CELL, cell_texts())
    live = [CELL.live(CELL.parse(text)) for text in order]
    of_cells(cells, ["snip", "nwot"])
    chunk = parquet.read(cells / "snip-nwot-0-0-16.parquet").set_index("arch").loc[order]
    originals = [order[live.index(form)] for form in live]
    assert len(set(live)) == 8
    for text, original in zip(order, originals, strict=True):
        assert not chunk.loc[text, "nwot_status"].startswith("as ")
        if text != original:
            assert pd.isna(chunk.loc[text, "snip"])
            assert chunk.loc[text, "snip_status"] == f"as {original}"


def test_shared_scores_equal_those_of_each_network_on_its_own(cells, monkeypatch):
    """In float64: branches are added in another order, which moves the last digits and nothing else."""
    import torch

    from zcrepro.proxies import extract as stage
    from zcrepro.proxies.base import Batch
    from zcrepro.proxies.minibatches import FixedMinibatch

    network = type(CELL).network
    images = torch.randn(8, 1, 12, 12, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    monkeypatch.setattr(type(CELL), "network", lambda *which: network(*which).double())
    batch = Batch(images, torch.arange(8) % 4)
    monkeypatch.setattr(FixedMinibatch, "__call__", lambda *_: batch)
    shared = of_cells(cells, FUNCTION_ONLY + COUNT_DEAD)
    places = stage.read_places
    monkeypatch.setattr(
        stage, "read_places", lambda *which: (found := places(*which)).assign(original=found["arch"])
    )
    alone = of_cells(cells, FUNCTION_ONLY + COUNT_DEAD)
    pd.testing.assert_frame_equal(shared, alone, rtol=1e-10)
    assert not shared.filter(like="_status").map(lambda status: status.startswith("as ")).any(axis=None)
    assert (alone.drop(index=cell_texts()[-2:]).filter(like="_status") == "ok").all(axis=None)


def test_sharing_does_not_depend_on_the_size_of_chunks(cells):
    proxies = ["snip", "synflow", "nwot"]
    large = of_cells(cells, proxies)
    small = of_cells(cells, proxies, [(0, 5), (5, 5), (10, 6)])
    pd.testing.assert_frame_equal(small, large, check_exact=True)


def test_a_chunk_without_a_first_of_its_live_form_is_made_and_joined(cells):
    order = random_order(CELL, cell_texts())
    live = [CELL.live(CELL.parse(text)) for text in order]
    later = next(place for place in range(16) if live[place] in live[:place])
    chunks = [(0, later), (later, 1), (later + 1, 15 - later)]
    found = of_cells(cells, ["synflow"], [chunk for chunk in chunks if chunk[1]])
    assert found.loc[order[later], "synflow"] == found.loc[order[live.index(live[later])], "synflow"]
    assert parquet.read(cells / f"synflow-0-{later}-{later + 1}.timings.parquet").empty


def test_a_missing_chunk_is_named_by_what_it_should_hold(cells):
    chunk = run(cells, space="embedded_cell", proxies=["synflow"], start=8, stop=16)
    with pytest.raises(ValueError, match=r"a chunk is missing: there is no synflow of '\|"):
        join(cells, [chunk], share=1.0, proxies=["synflow"], architectures=16, shards=True)


def test_without_sharing_equal_graphs_draw_their_own_weights(cells):
    first, second, *_ = cell_texts()
    assert CELL.live(CELL.parse(first)) == CELL.live(CELL.parse(second))
    shared, independent = (of_cells(cells, ["snip"], share_equal_graphs=share) for share in (True, False))
    assert shared.loc[first, "snip"] == shared.loc[second, "snip"]
    assert independent.loc[first, "snip"] != independent.loc[second, "snip"]
    assert (independent["snip_status"] != "").all()


def test_initial_weights_are_drawn_as_asked_for_and_equally_for_equal_graphs(cells):
    first, second, *_ = cell_texts()
    made = {name: of_cells(cells, ["snip", "l2_norm"], initialisation=name) for name in INITIALISATIONS}
    assert len({scores.loc[first, "snip"] for scores in made.values()}) == len(INITIALISATIONS)
    for scores in made.values():
        assert scores.loc[first, "snip"] == scores.loc[second, "snip"]
    # A weight of n inputs has variance 1 / (3 n) by torch, and 2 / n by Kaiming.
    ratio = made["kaiming"]["l2_norm"] / made["default"]["l2_norm"]
    assert np.allclose(ratio, 6**0.5, rtol=0.1)


def test_chunks_from_before_there_was_a_choice_of_initial_weights_are_read(cells):
    chunk = run(cells, space="embedded_cell", proxies=["snip"], stop=16)
    made = parquet.metadata(chunk)
    how = {name: value for name, value in json.loads(made["how"]).items() if name != "initialisation"}
    parquet.write(chunk, parquet.read(chunk), parquet.schema_of(chunk), KEY, made | {"how": json.dumps(how)})
    asked = {"proxies": ["snip"], "share": 1.0, "architectures": 16}
    assert len(join(cells, [chunk], initialisation="default", **asked)) == 16
    with pytest.raises(ValueError, match="initialisation 'default' in place of 'xavier'"):
        join(cells, [chunk], initialisation="xavier", **asked)


def test_the_first_architectures_in_random_order_are_taken(folder):
    found = join(
        folder, [run(folder, start=start, stop=start + count) for start, count in ((0, 3), (3, 3), (6, 1))]
    )
    assert set(found["arch"]) == set(random_order(SPACE, TEXTS)[:7])


def test_a_score_equals_that_of_the_public_function_on_the_same_network(folder):
    import torch

    from zcrepro import registry
    from zcrepro.images.base import minibatch

    row = parquet.read(run(folder)).iloc[0]
    images = registry.get("images", "digits").training()
    drawn = images.take(minibatch(images, 8, 1, "digits"))
    network = SPACE.network(SPACE.parse(row["arch"]), "digits", 1)
    batch = torch.from_numpy(drawn.pixels), torch.from_numpy(drawn.labels)
    assert zcrepro.score(network, *batch, ["snip"])["snip"] == row["snip"]
    assert row["snip_status"] == "ok"
    assert row["graph"] == SPACE.canonical(SPACE.parse(row["arch"]))


def test_pass_groups_are_joined_by_architecture(folder):
    groups = [run(folder, stop=7), run(folder, stop=7, proxies=["params"])]
    found = join(folder, groups, proxies=["params", "snip", "nwot"])
    assert found.columns.tolist()[:6] == ["arch", "graph", "draw", "params", "snip", "nwot"]
    assert found["params"].notna().all()


def test_each_draw_draws_anew_what_it_is_told_to_and_nothing_else(folder):
    def scores(**changes):
        path = run(folder, proxies=["params", "snip", "l2_norm"], **changes)
        return parquet.read(path), parquet.metadata(path)["minibatch"]

    first, first_batch = scores()
    for redraw in (["weights"], ["images"], ["weights", "images"]):
        (again, batch), *others = [scores(draw=draw, redraw=redraw) for draw in (0, 1, 2)]
        pd.testing.assert_frame_equal(again, first, check_exact=True)
        assert batch == first_batch
        for draw, batch in others:
            assert (draw["params"] == first["params"]).all()
            assert (draw["snip"] != first["snip"]).all()
            if "weights" in redraw:
                assert (draw["l2_norm"] != first["l2_norm"]).all()
            else:
                assert (draw["l2_norm"] == first["l2_norm"]).all()
            assert (batch != first_batch) == ("images" in redraw)
        (second, _), (third, _) = others
        assert (second["snip"] != third["snip"]).all()


def test_all_draws_are_in_one_table_and_a_missing_one_is_named(cells):
    chunks = [run(cells, space="embedded_cell", proxies=["snip"], stop=16, draw=draw) for draw in range(3)]
    found = join(cells, chunks, share=1.0, proxies=["snip"], draws=3)
    assert found["draw"].tolist() == [draw for draw in range(3) for _ in range(16)]
    for draw, chunk in enumerate(chunks):
        alone = join(
            cells, [run(cells, space="embedded_cell", proxies=["snip"], stop=16)], share=1.0, proxies=["snip"]
        )
        of = found[found["draw"] == draw].reset_index(drop=True)
        assert (of["arch"] == alone["arch"]).all()
        assert of["snip"].equals(alone["snip"]) == (draw == 0)
        own = parquet.read(chunk).set_index("arch")["snip"].dropna()
        assert of.set_index("arch")["snip"].loc[own.index].equals(own)
    first_two = join(cells, chunks, share=1.0, proxies=["snip"], draws=2)
    pd.testing.assert_frame_equal(first_two, found[found["draw"] < 2], check_categorical=False)
    with pytest.raises(ValueError, match="the chunks lack snip of 16 in draw 3"):
        join(cells, chunks, share=1.0, proxies=["snip"], draws=4)


def test_the_first_draw_redraws_nothing_whatever_the_others_do(cells):
    first = run(cells, space="embedded_cell", proxies=["snip"], stop=16, redraw=[])
    second = run(cells, space="embedded_cell", proxies=["snip"], stop=16, draw=1, redraw=["images"])
    found = join(cells, [second, first], share=1.0, proxies=["snip"], draws=2)
    assert len(found) == 32
    with pytest.raises(ValueError, match=r"redraw \['images'\] in place of \['weights'\]"):
        join(cells, [second, first], share=1.0, proxies=["snip"], draws=2, redraw=["weights"])


def test_a_row_that_stands_in_two_chunks_is_refused(cells):
    chunks = [
        run(cells, space="embedded_cell", proxies=["snip"], start=a, stop=b) for a, b in ((0, 9), (8, 16))
    ]
    with pytest.raises(ValueError, match="which another chunk holds as well"):
        join(cells, chunks, share=1.0, proxies=["snip"])


def test_a_join_holds_no_more_memory_for_many_chunks_than_for_few(folder):
    """Chunks are read one by one, so 600 of ten rows need no more than six of a thousand."""
    import tracemalloc

    made = parquet.metadata(run(folder, proxies=["snip"]))
    rows = 6_000
    texts = [f"|a{number}|" for number in range(rows)]
    places = pd.DataFrame({"place": range(rows), "arch": texts, "graph": texts, "first": range(rows)})
    parquet.write(folder / "order.parquet", places, ORDER, ["place"], {"problem": made["problem"]})
    schema = feature_schema(["snip"])

    def peak(size):
        chunks = []
        for start in range(0, rows, size):
            frame = places.iloc[start : start + size].assign(draw=0, snip=1.0, snip_status="ok")
            chunks.append(folder / f"chunk-{size}-{start}.parquet")
            parquet.write(chunks[-1], frame, schema, KEY, made)
        tracemalloc.start()
        found = join(folder, chunks, proxies=["snip"], architectures=rows)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found) == rows
        return highest

    assert peak(10) < 1.5 * peak(1000)


def test_chunks_that_were_made_otherwise_than_asked_for_are_refused_whatever_their_group(cells):
    one = run(cells, space="embedded_cell", proxies=["snip"], stop=16)
    for change, message in (
        ({"batch_size": 4}, "batch_size 4 in place of 8"),
        ({"seed": 9}, "seed 9 in place of 1"),
        ({"share_equal_graphs": False}, "share_equal_graphs False in place of True"),
    ):
        other = run(cells, space="embedded_cell", proxies=["synflow"], stop=16, **change)
        for shards in (True, False):
            with pytest.raises(ValueError, match=message):
                join(cells, [one, other], proxies=["snip", "synflow"], share=1.0, shards=shards)
    with pytest.raises(ValueError, match=r"redraw .* in place of .*Set features as it says"):
        join(cells, [one], proxies=["snip"], share=1.0, redraw=["images"])


def test_a_proxy_that_the_shards_do_not_hold_is_named_with_what_to_do(folder):
    with pytest.raises(
        ValueError, match=r"no chunk holds zen; they hold snip, nwot\. Take it out of features"
    ):
        join(folder, [run(folder, stop=7)], proxies=["snip", "zen"], shards=True)


def test_shards_that_reach_less_far_leave_scores_that_were_not_computed(cells):
    parts = [
        run(cells, space="embedded_cell", proxies=["snip", "nwot"], stop=10),
        run(cells, space="embedded_cell", proxies=["synflow"], stop=16),
    ]
    names = ["synflow", "snip", "nwot"]
    found = join(cells, parts, share=0.5, proxies=names, architectures=15625, shards=True).set_index("arch")
    order = random_order(CELL, cell_texts())
    assert len(found) == 16
    assert found.loc[order[:10], "snip_status"].eq("ok").all()
    assert found.loc[order[10:], ["snip_status", "nwot_status"]].eq("not computed").all(axis=None)
    assert found.loc[order[10:], ["snip", "nwot"]].isna().all(axis=None)
    assert found.loc[order[:10], "nwot_status"].ne("not computed").all()
    with pytest.raises(ValueError, match=r"the chunks lack snip of 6 in draw 0"):
        join(cells, parts, share=0.5, proxies=names)
    with pytest.raises(ValueError, match="holds 16 architectures, not all of which are among the first 12"):
        join(cells, parts, share=0.5, proxies=names, architectures=12, shards=True)


def test_groups_of_different_architectures_are_refused(folder):
    groups = [run(folder, stop=7), run(folder, stop=5, proxies=["params"])]
    with pytest.raises(ValueError, match=r"the chunks lack params of 2 in draw 0; rerun them"):
        join(folder, groups, proxies=["params", "snip", "nwot"])


def test_the_numbers_of_the_images_of_the_minibatch_are_recorded(folder):
    from zcrepro import registry
    from zcrepro.images.base import minibatch

    join(folder, [run(folder, stop=7)])
    images = registry.get("images", "digits").training()
    recorded = json.loads(parquet.metadata(folder / "features.parquet")["minibatch"])
    assert recorded == minibatch(images, 8, 1, "digits").tolist()
    assert len(set(recorded)) == 8


def test_augmented_minibatches_differ_by_architecture_and_equal_graphs_share_one(cells, monkeypatch):
    from zcrepro.images import digits

    seen = []

    class Varied(digits.DigitTask):
        def augmented(self, images, rng):
            variation = type(images)(images.pixels + rng.normal(), images.labels)
            seen.append(variation.pixels.tobytes())
            return variation

    monkeypatch.setattr(digits, "IMAGES", Varied("digits", noise=0.3))
    fixed = of_cells(cells, ["snip"])
    found = of_cells(cells, ["snip"], augmented_batches=True)
    small = of_cells(cells, ["snip"], [(0, 5), (5, 5), (10, 6)], augmented_batches=True)
    pd.testing.assert_frame_equal(small, found, check_exact=True)
    assert len(set(seen)) == 8  # one a live form, whatever the chunks
    alive = found["snip"] != 0
    assert alive.any()
    assert (found["snip"] != fixed["snip"])[alive].all()
    first, second, *_ = cell_texts()
    assert found.loc[first, "snip"] == found.loc[second, "snip"]
    recorded = parquet.metadata(cells / "features.parquet")["minibatch"]
    assert recorded == "augmented, another one for each architecture"


def test_a_batch_reaches_a_gpu_through_pinned_memory(monkeypatch):
    """There is no GPU here: this much of the way can be followed without."""
    import torch

    from zcrepro.proxies import minibatches

    moved = []

    class Pinned:
        def to(self, device, non_blocking):
            moved.append((str(device), non_blocking))
            return torch.zeros(1)

    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda _: Pinned())
    minibatches._moved(torch.ones(2), "cuda:0")
    assert moved == [("cuda:0", True)]
    assert minibatches._moved(torch.ones(2), "cpu").tolist() == [1, 1]


def test_images_without_variations_refuse_to_be_augmented(folder):
    with pytest.raises(ValueError, match=r"'digits' have no variations: set features\.augm"):
        run(folder, augmented_batches=True)


def test_too_many_undefined_scores_stop_the_stage_and_say_why(folder):
    chunk = run(folder, stop=7)
    frame = parquet.read(chunk)
    frame["nwot_status"] = frame["nwot_status"].astype(str)
    frame.loc[:1, "nwot"], frame.loc[:1, "nwot_status"] = float("nan"), "the kernel is singular"
    import pyarrow.parquet as pq

    made = parquet.metadata(chunk)
    parquet.write(chunk, frame, pq.read_schema(chunk).remove_metadata(), ["arch"], made)
    assert len(join(folder, [chunk], share=0.3)) == 7
    with pytest.raises(ValueError, match=r"nwot is undefined for 2 of 7 .*: the kernel is singular"):
        join(folder, [chunk], share=0.2)


def test_more_architectures_than_there_are_is_an_error_that_says_so(folder):
    with pytest.raises(ValueError, match=f"at least 99 architectures .* has {len(TEXTS)}: ask for at most"):
        run(folder, stop=99)


def test_a_batch_larger_than_the_training_set_is_refused(folder):
    with pytest.raises(ValueError, match="a batch of 5000 was asked for, but digits has 1000"):
        run(folder, batch_size=5000)


def test_images_of_another_content_than_listed_are_refused_with_both_digests(folder):
    images = folder / "batch.bin"
    images.write_bytes(b"another file")
    (folder / "settings.json").write_text(json.dumps(SETTINGS | {"digests": [f"md5:{'0' * 32}"]}))
    with pytest.raises(ValueError, match=r"batch\.bin is not the listed file: expected md5:0+, found md5:"):
        extract(
            settings_file=folder / "settings.json",
            order=folder / "order.parquet",
            images=[images],
            output=folder / "out.parquet",
            timings=folder / "out.timings.parquet",
        )
    assert not (folder / "out.parquet").exists()


def test_a_chunk_of_another_problem_is_refused(cells, folder):
    chunk = run(cells, space="embedded_cell", proxies=["snip"], stop=8)
    with pytest.raises(
        ValueError, match="holds scores of embedded_cell/digits, but those of embedded_chain/digits"
    ):
        join(folder, [chunk], share=1.0, proxies=["snip"])


def test_a_misspelt_setting_is_answered_with_the_nearest(folder):
    with pytest.raises(ValueError, match="unknown key 'batchsize'; did you mean 'batch_size'"):
        run(folder, batchsize=8)


def test_timings_have_a_row_for_each_pass_and_architecture(folder):
    run(folder, stop=7)
    run(folder, stop=7, proxies=["params"])
    files = sorted(folder.glob("*.timings.parquet"))
    timings(chunks=files, output=folder / "timings.parquet")
    found = parquet.read(folder / "timings.parquet")
    assert found.groupby("pass").size().to_dict() == {"gradients": 7, "structure": 7}
    assert (found["seconds"] > 0).all()


def test_the_joined_table_says_how_its_chunks_were_made(folder):
    join(
        folder,
        [run(folder, stop=7), run(folder, stop=7, proxies=["params"])],
        proxies=["params", "snip", "nwot"],
    )
    made = parquet.metadata(folder / "features.parquet")
    extraction = json.loads(made["extraction"])
    assert set(extraction) == {"snip,nwot", "params"}
    assert len({how["code"] for how in extraction.values()}) == 2
    assert (made["device"], made["threads"]) == ("cpu", "1")


def test_chunks_that_were_made_differently_are_refused(folder):
    chunks = [run(folder), run(folder, start=3, stop=7, seed=2)]
    with pytest.raises(ValueError, match="was made with seed 2 in place of 1"):
        join(folder, chunks)


def test_chunks_of_another_number_of_architectures_than_was_asked_for_are_an_error(folder):
    chunks = [run(folder, proxies=["params"], stop=3)]
    with pytest.raises(ValueError, match=r"the chunks lack params of 1 in draw 0; rerun them"):
        join(folder, chunks, proxies=["params"], architectures=4)


def test_noise_stands_in_for_images_that_are_not_at_hand(folder):
    path = run(folder, images="noise", stop=2)
    assert parquet.metadata(path)["minibatch"] == DRAWN_IMAGES
    seed, size = SETTINGS["seed"], SETTINGS["batch_size"]
    batch = random_batch(size, SPACE.task_shape("digits").input, 10, seed)
    for row in parquet.read(path).to_dict("records"):
        network = SPACE.network(SPACE.parse(row["arch"]), "digits", seed)
        own = seeds.derive(seed, SPACE.name, "digits", row["arch"])
        assert row["snip"] == zcrepro.score(network, *batch, ["snip"], own)["snip"]


def test_noise_of_a_puzzle_has_the_channels_of_its_tiles(folder):
    micro, arch = zcrepro.get_space("transnasbench101_micro"), "64-41414-1_00_210"
    placed = pd.DataFrame({"place": [0], "arch": [arch], "graph": [arch], "first": [0]})
    parquet.write(folder / "order.parquet", placed, ORDER, ["place"], {})
    jigsaw = {"space": micro.name, "task": "jigsaw", "images": "noise", "proxies": ["params"], "stop": 1}
    scores = parquet.read(run(folder, **jigsaw))
    assert scores["params"].tolist() == [micro.parameters(micro.parse(arch), "jigsaw")]


def test_noise_has_no_augmented_batches(folder):
    with pytest.raises(ValueError, match="the images 'noise' have no variations"):
        run(folder, images="noise", augmented_batches=True)
