"""Studies whose results are pages of the documentation."""

import runpy
from pathlib import Path

from zcrepro.files.csv import read_csv
from zcrepro.proxies.suite_zero import SUITE_ZERO

ROOT = Path(__file__).parents[2]


def test_the_page_of_model_libraries_is_that_of_the_tracked_scores():
    table = runpy.run_path(str(ROOT / "docs/studies/zoo.py"))["table"]
    assert (ROOT / "docs/zoo.md").read_text(encoding="utf-8") == table()


def test_each_proxy_of_each_model_has_a_value_or_a_reason():
    scores = read_csv(ROOT / "docs/studies/zoo.csv")
    assert set(scores.groupby(["library", "model"])["proxy"].agg(tuple)) == {tuple(SUITE_ZERO)}
    assert (scores["value"].notna() == (scores["status"] == "ok")).all()
    assert scores["status"].notna().all()
