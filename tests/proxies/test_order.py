"""Which architectures are put into the order in which they are scored."""

import json

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro.benchmarks._base import ACCURACIES, PROXIES, released_schema
from zcrepro.files import parquet
from zcrepro.proxies.order import order
from zcrepro.spaces.order import random_order

SPACE = zcrepro.get_space("embedded_chain")
TEXTS = [SPACE.text(arch) for arch in list(SPACE.architectures())[::1000]]


def ordered(folder, schema, rows, **chosen):
    parquet.write(folder / "known.parquet", rows, schema, ["arch", "task", "source"], {})
    settings = {"space": SPACE.name, "task": "digits", "among": "accuracies", "max_flops": 0} | chosen
    (folder / "settings.json").write_text(json.dumps(settings))
    order(
        settings_file=folder / "settings.json",
        known=folder / "known.parquet",
        output=folder / "order.parquet",
    )
    return parquet.read(folder / "order.parquet")["arch"].tolist()


def rows_of(texts, task, source):
    return pd.DataFrame({"arch": texts, "graph": "", "task": task, "source": source})


def test_all_architectures_with_accuracies_are_put_in_order_whatever_their_source(tmp_path):
    parts = [
        rows_of(TEXTS[:4], "digits", "a"),
        rows_of(TEXTS[2:7], "digits", "b"),
        rows_of(TEXTS, "other", "a"),
    ]
    rows = pd.concat(parts).assign(metric="test", accuracy=50.0, seeds=1)
    assert ordered(tmp_path, ACCURACIES, rows) == random_order(SPACE, TEXTS[:7])


def test_architectures_with_released_scores_are_those_of_the_source_with_most_proxies(tmp_path):
    one = rows_of(TEXTS[:7], "digits", "one proxy").assign(zen=1.0)
    two = rows_of(TEXTS[5:9], "digits", "two proxies").assign(snip=1.0, fisher=1.0)
    other = rows_of(TEXTS, "other", "three proxies").assign(snip=1.0, fisher=1.0, zen=1.0)
    rows = pd.concat([one, two, other])
    rows = rows.assign(**{name: rows.get(name, np.nan) for name in PROXIES})
    assert ordered(tmp_path, released_schema(), rows, among="released") == random_order(SPACE, TEXTS[5:9])


def test_architectures_of_too_many_multiply_adds_are_left_out_and_the_others_keep_their_order(tmp_path):
    rows = rows_of(TEXTS, "digits", "a").assign(metric="test", accuracy=50.0, seeds=1)
    flops = {text: SPACE.flops(SPACE.parse(text), "digits") for text in TEXTS}
    limit = sorted(flops.values())[len(TEXTS) // 2]
    kept = [text for text in random_order(SPACE, TEXTS) if flops[text] <= limit]
    assert 0 < len(kept) < len(TEXTS)
    assert ordered(tmp_path, ACCURACIES, rows, max_flops=limit) == kept


def test_other_sets_of_architectures_are_refused(tmp_path):
    rows = rows_of(TEXTS, "digits", "a").assign(metric="test", accuracy=50.0, seeds=1)
    with pytest.raises(ValueError, match="among"):
        ordered(tmp_path, ACCURACIES, rows, among="counts")
