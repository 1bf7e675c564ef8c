"""A proxy of the user's own beside all others: values, paired leads, and what is refused."""

import re

import numpy as np
import pandas as pd
import pytest

import zcrepro
from sealing import to_parquet
from zcrepro import seeds
from zcrepro.problems.rivals import YOURS, read_own_scores
from zcrepro.ranking.correlation import kendall, spearman
from zcrepro.ranking.intervals import resampled_rows
from zcrepro.spaces.structural_counts import structural_counts

SPACE, TASK = "embedded_chain", "digits"
PROBLEM = f"{SPACE}/{TASK}"


@pytest.fixture(scope="module")
def known() -> pd.DataFrame:
    """Return arch, graph and the accuracy that is reported, sorted by arch."""
    found = zcrepro.accuracies(SPACE, TASK)
    return found[found["metric"] == "test"].sort_values("arch", ignore_index=True)


@pytest.fixture
def mine(known) -> pd.DataFrame:
    """Return scores that are the accuracies with noise."""
    noise = np.random.default_rng(0).normal(0, 5, len(known))
    return pd.DataFrame({"arch": known["arch"], "score": known["accuracy"] + noise})


@pytest.fixture
def results(tmp_path, known):
    """Return the folder of a run with accuracies, published scores and scores of our own.

    `snip` is published twice: once for all architectures, and once for the first 50. Ours has two draws.
    """
    accuracies = zcrepro.accuracies(SPACE, TASK)
    to_parquet(accuracies, folder := tmp_path / "run" / "accuracies" / f"{SPACE}.parquet")
    run = folder.parents[1]
    signal = known["accuracy"] + np.random.default_rng(1).normal(0, 3, len(known))
    whole = known[["arch", "graph", "task"]].assign(snip=-signal, zen=1.0, source="whole")
    part = whole.head(50).assign(snip=signal.head(50) ** 3, zen=np.nan, source="part")
    part.loc[3, "snip"] = np.nan
    to_parquet(pd.concat([whole, part]), run / "released" / f"{SPACE}.parquet")
    first = known[["arch", "graph"]].assign(draw=0, nwot=known["accuracy"], nwot_status="ok")
    drawn = [first, first.assign(draw=1, nwot=0.0)]
    to_parquet(pd.concat(drawn), run / "features" / SPACE / f"{TASK}.parquet")
    return run


def row(found: pd.DataFrame, proxy: str, source: str = "") -> pd.Series:
    (one,) = (one for _, one in found[found["proxy"] == proxy].iterrows() if source in one["source"])
    return one


def test_values_are_rank_correlations_with_test_accuracy(known, mine):
    found = zcrepro.compare(mine.sample(frac=1, random_state=0), SPACE, TASK)
    yours = row(found, YOURS)
    assert yours["n"] == len(known) == 200
    assert yours["kendall"] == pytest.approx(kendall(mine["score"], known["accuracy"]), abs=1e-12)
    assert yours["spearman"] == pytest.approx(spearman(mine["score"], known["accuracy"]), abs=1e-12)
    assert set(found["metric"]) == {"test"}
    space = zcrepro.get_space(SPACE)
    counts = [structural_counts(space.graph(space.parse(text)))["l_conv"] for text in known["arch"]]
    tau = kendall(np.array(counts, float), known["accuracy"].to_numpy())
    of_counts = row(found, "structure_l_conv")
    assert of_counts["kendall"] == pytest.approx(tau, abs=1e-12)
    assert of_counts["lead"] == pytest.approx(yours["kendall"] - abs(tau), abs=1e-12)


def test_the_interval_of_a_lead_is_of_both_proxies_on_the_same_resamples_of_graphs(known, mine):
    found = row(zcrepro.compare(mine, SPACE, TASK), "structure_l_pool")
    space = zcrepro.get_space(SPACE)
    pools = np.array([structural_counts(space.graph(space.parse(text)))["l_pool"] for text in known["arch"]])
    scores, accuracy = mine["score"].to_numpy(), known["accuracy"].to_numpy()
    assert kendall(pools, accuracy) < 0
    leads = [
        kendall(scores[rows], accuracy[rows]) + kendall(pools[rows], accuracy[rows])
        for rows in resampled_rows(
            known["graph"].to_numpy(), 200, seeds.numpy_generator(0, "compare", PROBLEM)
        )
    ]
    low, middle, high = np.quantile(leads, [0.025, 0.5, 0.975])
    expected = found["lead"] + low - middle, found["lead"] + high - middle
    assert (found["lead_low"], found["lead_high"]) == pytest.approx(expected, abs=1e-9)


def test_each_other_proxy_is_compared_where_both_are_defined(known, mine, results):
    found = zcrepro.compare(mine, SPACE, TASK, results)
    part = row(found, "snip", "part")
    at = np.delete(np.arange(50), 3)
    accuracy = known["accuracy"].to_numpy()[at]
    assert part["n"] == 49
    tau = kendall(mine["score"].to_numpy()[at], accuracy)
    assert part["lead"] == pytest.approx(tau - abs(part["kendall"]), abs=1e-12)
    whole = row(found, "snip", "whole")
    assert whole["n"] == 200
    assert whole["kendall"] < 0
    assert whole["lead"] == pytest.approx(row(found, YOURS)["kendall"] + whole["kendall"], abs=1e-12)


def test_our_scores_are_those_of_the_first_draw_and_what_ranks_nothing_is_left_out(mine, results):
    found = zcrepro.compare(mine, SPACE, TASK, results)
    assert row(found, "nwot", "zcrepro")["kendall"] == 1
    assert "zen" not in set(found["proxy"])  # the same for all


def test_the_best_come_first_and_a_copy_of_yours_is_as_good(results):
    copy = pd.read_parquet(results / "released" / f"{SPACE}.parquet").query("source == 'whole'")
    scores = copy[["arch"]].assign(score=-copy["snip"])
    found = zcrepro.compare(scores, SPACE, TASK, str(results))
    assert found["lead"].is_monotonic_increasing
    assert row(found, "snip", "whole")[["lead", "lead_low", "lead_high"]].tolist() == [0, 0, 0]
    assert found["proxy"].iloc[0] == "nwot"


def test_a_space_without_a_graph_has_no_counts(tmp_path):
    texts = list(zcrepro.get_space("pytorchcv").operations[:12])
    models = pd.DataFrame({"arch": texts, "graph": texts, "accuracy": np.arange(90.0, 102.0)})
    tidy = models.assign(task="cifar10", metric="test", seeds=1.0, source="made up")
    to_parquet(tidy, tmp_path / "accuracies" / "pytorchcv.parquet")
    own = models[["arch"]].assign(score=models["accuracy"])
    found = zcrepro.compare(own, "pytorchcv", "cifar10", results=tmp_path)
    assert row(found, YOURS)["kendall"] == 1
    assert not found["proxy"].str.startswith("structure_").any()


def test_lower_can_be_better(mine):
    turned = mine.assign(score=-mine["score"])
    found = zcrepro.compare(turned, SPACE, TASK, lower_is_better=True)
    pd.testing.assert_frame_equal(found, zcrepro.compare(mine, SPACE, TASK))
    assert row(zcrepro.compare(turned, SPACE, TASK), YOURS)["kendall"] < 0


def test_architectures_that_were_not_trained_are_left_out(known, mine):
    space = zcrepro.get_space(SPACE)
    other = next(text for text in map(space.text, space.architectures()) if text not in set(known["arch"]))
    more = pd.concat([mine, pd.DataFrame({"arch": [other], "score": [0.0]})])
    pd.testing.assert_frame_equal(zcrepro.compare(more, SPACE), zcrepro.compare(mine, SPACE, TASK))


def test_equal_scores_give_equal_tables(mine):
    pd.testing.assert_frame_equal(zcrepro.compare(mine, SPACE), zcrepro.compare(mine, SPACE))


def changed(mine: pd.DataFrame, at: int, column: str, value: object) -> pd.DataFrame:
    other = mine.astype({column: object})
    other.loc[at, column] = value
    return other


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda of: of.rename(columns={"score": "value"}), "have no column 'score', but arch, value"),
        (lambda of: changed(of, 2, "score", "high"), "row 3 of your scores, |conv"),
        (lambda of: changed(of, 2, "score", "high"), "has the score 'high', which is not a finite number"),
        (lambda of: changed(of, 0, "score", np.nan), "row 1 of your scores"),
        (lambda of: changed(of, 4, "score", -np.inf), "'-inf', which is not a finite number; leave"),
        (lambda of: pd.concat([of, of.head(2)]), "2 of your architectures occur twice, such as |"),
        (lambda of: of.assign(arch="x" + of["arch"]), "200 of your 200 architectures are none of embedded_ch"),
        (lambda of: changed(of, 7, "arch", "one"), "1 of your 200 architectures are none of embedded_chain, "
         "such as 'one'; an architecture is written like |"),
        (lambda of: of.assign(arch=1), "such as '1', '1', '1'"),
        (lambda of: of.head(9), "9 of your 9 architectures have an accuracy on embedded_chain/digits, and a"),
        (lambda of: of.head(0), "0 of your 0 architectures have an accuracy"),
        (lambda of: of.assign(score=1), "your scores of the 200 architectures are all equal"),
    ],
)  # fmt: skip
def test_wrong_scores_are_refused_in_one_line(mine, change, message):
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        zcrepro.compare(change(mine), SPACE, TASK)
    assert "\n" not in str(raised.value)


def test_no_more_than_three_unknown_architectures_are_named(mine):
    wrong = mine.assign(arch=[f"a{number}" for number in range(len(mine))])
    with pytest.raises(ValueError, match="such as 'a0', 'a1', 'a2'; an"):
        zcrepro.compare(wrong, SPACE, TASK)


def test_a_space_without_accuracies_in_reach_says_what_makes_them(mine):
    with pytest.raises(ValueError, match=r"snakemake --cores 1 results/paper/accuracies/nasbench201.parquet"):
        zcrepro.compare(mine, "nasbench201")
    with pytest.raises(ValueError, match="unknown space 'nasbench21'"):
        zcrepro.compare(mine, "nasbench21")


def test_a_csv_is_read_with_spaces_behind_its_commas(tmp_path):
    (path := tmp_path / "mine.csv").write_text("arch, score\nNA, 1.5\n")
    assert read_own_scores(path).to_dict("records") == [{"arch": "NA", "score": 1.5}]


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"arch,score\na,1,2\nb,1,2,3\n"])
def test_a_file_that_is_no_csv_is_named(tmp_path, content):
    (path := tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"mine.csv cannot be read .*a CSV file with the columns arch and s"):
        read_own_scores(path)
