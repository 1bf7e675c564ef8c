"""How the architectures of a problem are cut into chunks."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import parameters
from jobs.features import Features, partition, spans_in
from jobs.run import Run

ROOT = Path(__file__).parents[2]
SPANS = st.tuples(st.integers(0, 90), st.integers(0, 120))


@given(st.integers(1, 100), st.integers(1, 40), st.lists(SPANS, max_size=8))
def test_chunks_cover_every_place_once_and_keep_those_that_are_done(total, size, done):
    found = partition(total, size, done)
    assert found[0][0] == 0
    assert found[-1][1] == total
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert all(start < stop for start, stop in found)
    assert all(stop - start <= size for start, stop in found if (start, stop) not in done)


def test_chunks_that_are_done_stay_when_their_size_or_their_number_changes():
    done = partition(100, 16, [])
    assert partition(100, 50, done) == done
    assert partition(130, 16, done) == [*done, (100, 116), (116, 130)]
    assert partition(100, 50, done[:2] + done[4:]) == [*done[:2], (32, 64), *done[4:]]


def test_chunks_beyond_what_is_asked_for_or_overlapping_are_passed_over():
    assert partition(20, 8, [(0, 16), (16, 32)]) == [(0, 16), (16, 20)]
    assert partition(20, 8, [(0, 10), (5, 20)]) == [(0, 10), (10, 18), (18, 20)]


def test_only_whole_chunks_are_found_in_a_folder(tmp_path):
    for name in ("0-16.parquet", ".16-32.parquet.77.partial", "notes.txt", "0001.parquet"):
        (tmp_path / name).touch()
    assert spans_in(tmp_path) == [(0, 16)]
    assert spans_in(tmp_path / "nothing") == []


BATCHES = {"problem": "nasbench201/cifar10", "architectures": 9, "among": "accuracies", "proxies": ["snip"]}


def features(**changes):
    options = {
        "batch_size": 64,
        "share_equal_graphs": True,
        "initialisation": "default",
        "augmented_batches": False,
        "redraw": ["weights"],
    }
    section = {
        "runs": [],
        "variants": [],
        "proxies": ["params", "zen", "fisher"],
        "chunk_seconds": 300,
    } | options
    rest = {"seed": 1, "device": "cpu", "torch_threads": 1, "max_undefined_share": 0.1}
    rest |= {"spaces": {"nasbench101": {"max_flops": 0}}}
    return Features(Run(rest | {"run": "test", "features": section | {"pass_seconds": 9} | changes}, ROOT))


def test_a_chunk_takes_the_seconds_asked_for_at_the_cost_on_record():
    cheap, dear = (
        features().chunk_size("features/nasbench201/cifar10", group) for group in ("structure", "gradients")
    )
    assert cheap > 8 * dear > 8
    assert cheap & (cheap - 1) == dear & (dear - 1) == 0  # powers of two
    longer = features(chunk_seconds=1200).chunk_size("features/nasbench201/cifar10", "gradients")
    assert longer == 4 * dear
    assert features(batch_size=16).chunk_size("features/nasbench201/cifar10", "gradients") == longer
    tables = features(variants=[BATCHES | {"variant": "small", "options": {"batch_size": 16}}])
    assert tables.chunk_size("features-small/nasbench201/cifar10", "gradients") == longer
    assert features(chunk_seconds=1e-9).chunk_size("features/nasbench201/cifar10", "gradients") == 1
    assert features(chunk_seconds=1e9).chunk_size("features/nasbench201/cifar10", "gradients") == 4096


def test_a_problem_is_ordered_and_scored_as_its_own_entry_says():
    own = {
        "problem": "nasbench101/cifar10",
        "architectures": 9,
        "among": "released",
        "proxies": ["zen", "nwot"],
    }
    other = {"problem": "nasbench201/cifar10", "architectures": 9, "among": "accuracies", "proxies": ["zen"]}
    jobs = features(runs=[own | {"shards": ""}, other | {"shards": "resources/released/x"}], draws=1)
    job = SimpleNamespace(variant="", space="nasbench101", task="cifar10")
    assert jobs.ordered(job) == "results/test/order-released/nasbench101/cifar10.parquet"
    job.ordering = "-released"
    assert jobs.known(job) == "results/test/released/nasbench101.parquet"
    assert jobs.order(job) == {
        "space": "nasbench101",
        "task": "cifar10",
        "among": "released",
        "max_flops": 0,
    }
    assert [Path(path).parts[-2] for path in jobs.chunks(job)] == ["zen", "gradients"]
    job = SimpleNamespace(variant="", space="nasbench201", task="cifar10", ordering="")
    assert jobs.ordered(job) == "results/test/order/nasbench201/cifar10.parquet"
    assert jobs.known(job) == "results/test/accuracies/nasbench201.parquet"
    assert jobs.chunks(job) == [str(ROOT / "resources/released/x/zen.parquet")]


def test_a_variant_is_scored_otherwise_in_a_folder_of_its_own():
    plain = {"problem": "s/t", "architectures": 9, "among": "accuracies", "proxies": ["zen"], "shards": ""}
    variant = {
        "variant": "noise",
        "images": "noise",
        "options": {"batch_size": 2},
        "draws": 1,
        "program_images": 4,
    }
    programs = ["zen", "eznas_a", "eznas/set/seed-0", "eznas_a/wt"]
    jobs = features(
        runs=[plain], variants=[plain | variant | {"architectures": 1, "proxies": programs}], draws=2
    )
    job = SimpleNamespace(variant="-noise", space="s", task="t", draw="0", group="zen", start="0", stop="1")
    assert jobs.chunks(job) == [
        f"results/test/features-noise/s/t/draw-0/{group}/0-1.parquet" for group in ("zen", "programs")
    ]
    assert jobs.timings(job)[0] == "results/test/timings-noise/s/t/draw-0/zen/0-1.parquet"
    made = jobs.extract(job)
    assert (made["images"], made["digests"], made["batch_size"], made["proxies"]) == ("noise", [], 2, ["zen"])
    assert (jobs.join(job)["draws"], jobs.join(job)["batch_size"]) == (1, 2)
    assert jobs.join(job)["proxy_columns"] == programs
    # Programs that were evolved elsewhere may be undefined everywhere.
    assert jobs.join(job)["programs"] == programs[1:]
    of_plain = jobs.join(SimpleNamespace(variant="", space="s", task="t"))
    assert (of_plain["draws"], of_plain["batch_size"], of_plain["max_undefined_share"]) == (2, 64, 0.1)
    assert "results/test/features-noise/s/t.parquet" in jobs.results()


def test_a_problem_that_nobody_measured_is_taken_for_a_typical_one():
    typical = features().chunk_size("features/nasbench201/cifar10", "zen")
    assert features().chunk_size("features/unknown/task", "zen") == typical


def test_many_files_of_a_command_are_handed_over_in_a_list(tmp_path):
    few, many = ([f"results/{number}.parquet" for number in range(count)] for count in (100, 101))
    assert parameters.listed(few, str(tmp_path)) == " ".join(few)
    assert parameters.listed(few[0], str(tmp_path)) == few[0]  # as Snakemake hands over a single file
    word = parameters.listed(many, str(tmp_path))
    assert word.startswith("@")
    assert Path(word[1:]).read_text().splitlines() == many
    assert len(word) < 200
    assert parameters.listed(many, str(tmp_path)) == word


def test_the_settings_of_a_job_are_written_once_and_mended_if_they_were_edited(tmp_path):
    def path(space):
        jobs = parameters.Jobs(str(tmp_path), verifies=True)
        of = jobs.inputs("order", lambda wildcards: {"space": wildcards.space}, makes=["{space}.parquet"])
        return of(SimpleNamespace(space=space))["settings"]

    first = path("nasbench201")
    assert first == path("nasbench201") != path("nasbench101")
    text = Path(first).read_text()
    Path(first).write_text("{}")
    path("nasbench201")
    assert Path(first).read_text() == text


@pytest.mark.parametrize("name", ["zcp_table1", "suite_zero_28_tasks", "generalization", "zcp_econas"])
def test_a_table_reads_what_the_run_makes_of_what_its_file_names(name):
    from jobs.report import Report

    class Made(Report):
        made = dict.fromkeys(
            ["accuracies/nasbench201", "accuracies/nasbench101", "released/nasbench201", "search/zcp/x-y",
             "epochs/nasbench101", "epochs/nasbench301", "trainings/r8c4/nasbench101/cifar10", "features/nasbench201/cifar10",
             "generalization/srgp", "evolved/srgp/a/seed-0"], ""
        )  # fmt: skip

    report = Made(Run({"report": {"tables": [name], "figures": ["scatter"]}}, ROOT), None)
    assert (
        report.reads(name)
        == {
            "zcp_table1": ["accuracies/nasbench201", "released/nasbench201", "features/nasbench201/cifar10"],
            "suite_zero_28_tasks": [
                "accuracies/nasbench201",
                "accuracies/nasbench101",
                "released/nasbench201",
            ],
            "generalization": ["generalization/srgp", "evolved/srgp/a/seed-0"],
            # It reads nothing of a space without scores and trainings, so that nothing is fetched for it.
            "zcp_econas": [
                "trainings/r8c4/nasbench101/cifar10",
                "features/nasbench201/cifar10",
                "accuracies/nasbench201",
                "accuracies/nasbench101",
                "epochs/nasbench101",
            ],
        }[name]
    )
    assert "accuracies/nasbench201" in report.reads("scatter")
    assert "accuracies/nasbench101" not in report.reads("scatter")


def test_the_page_explains_the_proxies_but_not_the_number_of_images():
    from jobs.report import Report

    runs = [
        {"problem": "nasbench201/cifar10", "proxies": ["synflow", "eznas_a", "eznas_images"]},
        {"problem": "nasbench101/cifar10", "proxies": ["snip", "synflow"]},
    ]
    shown = {"title": "", "description": "", "tables": [], "figures": []}
    report = Report(Run({"run": "x", "features": {"runs": runs}, "spaces": {}, "report": shown}, ROOT), None)
    assert report.page(None)["proxies"] == ["eznas_a", "snip", "synflow"]
