import subprocess
import sys
from pathlib import Path

import pytest

from zcrepro.fetching.datasets import (
    COLUMNS,
    FETCHED,
    NO_URL,
    UNKNOWN,
    Row,
    checked_path,
    fetch_settings,
    read_datasets,
)

ROOT = Path(__file__).parents[2]
LIST = ROOT / "config" / "datasets.tsv"

GOOD = {
    "name": "a/b.csv",
    "url": "https://example.org/b.csv",
    "member": "",
    "member_digest": "",
    "digest": "sha256:" + "0f" * 32,
    "bytes": "12",
    "licence": "MIT",
    "citation": "Someone, 2020",
}


def written(folder: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    path = folder / "datasets.tsv"
    lines = ["\t".join(columns)] + ["\t".join(row[column] for column in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def official() -> dict[str, Row]:
    return {name: row for name, row in read_datasets(LIST).items() if name.startswith("official/")}


def pinned() -> dict[str, Row]:
    return {name: row for name, row in read_datasets(LIST).items() if not name.startswith("official/")}


def test_every_row_of_the_list_is_valid_and_has_a_url():
    assert (len(pinned()), len(official())) == (34, 37)
    assert all(str(row["url"]).startswith("https://") for row in read_datasets(LIST).values())


def test_all_pinned_files_have_a_digest_and_a_size():
    for name, row in pinned().items():
        assert row["digest"] != UNKNOWN, name
        assert row["bytes"], name


def test_the_official_files_that_nobody_vouches_for_are_these():
    unknown = {name for name, row in official().items() if row["digest"] == UNKNOWN and not row["member"]}
    assert unknown == {
        "official/nas-bench-suite-zero/zc_nasbench101.json",
        "official/nas-bench-suite-zero/zc_nasbench201.json",
        "official/nas-bench-suite-zero/zc_nasbench301.json",
        "official/nas-bench-suite-zero/zc_transbench101_macro.json",
        "official/nas-bench-suite-zero/zc_transbench101_micro.json",
        "official/nats-bench/NATS-sss-v1_0-50262-simple.tar",
        "official/transnas-bench-101/transnas-bench_v10141024.pth",
    }


def test_the_members_of_an_archive_agree_on_its_digest():
    digests: dict[object, set[object]] = {}
    for row in read_datasets(LIST).values():
        if row["member"]:
            digests.setdefault(row["url"], set()).add(row["digest"])
    assert {len(of_one) for of_one in digests.values()} == {1}


def test_the_pinned_batch_of_cifar10_is_the_official_one_by_another_digest():
    small, official_one = (
        read_datasets(LIST)["images/cifar10_data_batch_1.bin"],
        official()["official/cifar10/data_batch_1.bin"],
    )
    for column in ("url", "member", "digest", "bytes"):
        assert small[column] == official_one[column]


def test_urls_are_pinned_to_a_commit_where_they_are_a_repositorys():
    for row in read_datasets(LIST).values():
        url = str(row["url"])
        if "raw.githubusercontent.com" in url:
            assert len(url.split("/")[5]) == 40, url


def test_cifar_is_a_member_of_the_official_archive():
    row = read_datasets(LIST)["images/cifar10_data_batch_1.bin"]
    assert row["digest"] == "md5:c32a1d4ab5d03f1284b67883e8d87530"
    assert row["member"] == "cifar-10-batches-bin/data_batch_1.bin"
    assert row["bytes"] == 10_000 * 3073


def test_the_settings_of_a_fetch_job_leave_out_what_does_not_decide_the_content(tmp_path):
    row = read_datasets(written(tmp_path, GOOD))["a/b.csv"]
    assert tuple(fetch_settings(row)) == FETCHED
    assert fetch_settings(row)["bytes"] == 12


def test_reading_the_list_imports_nothing_heavy():
    code = "import sys, zcrepro.fetching.datasets; print({'pandas', 'numpy', 'torch', 'requests'} & set(sys.modules))"
    environment = {"PYTHONPATH": str(ROOT / "src")}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert answer.stdout.strip() == "set()", answer.stderr


def test_what_nobody_knows_is_left_open(tmp_path):
    digest = "git-blob:" + "0f" * 20
    row = GOOD | {"member": "in/b.csv", "member_digest": digest, "digest": UNKNOWN, "bytes": ""}
    read = read_datasets(written(tmp_path, row))["a/b.csv"]
    assert (read["member_digest"], read["digest"], read["bytes"]) == (digest, UNKNOWN, None)


def test_lists_are_read_together_and_share_no_name(tmp_path):
    (first, second) = (tmp_path / name for name in "ab")
    first.mkdir(), second.mkdir()
    lists = written(first, GOOD), written(second, GOOD | {"name": "c/d.csv", "url": NO_URL})
    assert list(read_datasets(*lists)) == ["a/b.csv", "c/d.csv"]
    with pytest.raises(ValueError, match=r"line 2: the name 'a/b.csv' is already in the list"):
        read_datasets(lists[0], lists[0])


def test_only_the_configuration_of_lookalikes_lists_files_without_a_public_address():
    lists = sorted(LIST.parent.glob("*.tsv"))
    without = {path.name for path in lists for row in read_datasets(path).values() if row["url"] == NO_URL}
    assert without == {"lookalike.tsv"}
    naming = [path.name for path in LIST.parent.glob("*.yaml") if "lookalike" in path.read_text()]
    assert naming == ["lookalike.yaml"]


def test_a_name_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"line 3: the name 'a/b.csv' is already in the list"):
        read_datasets(written(tmp_path, GOOD, GOOD))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"digest": ""}, "line 2: digest is ''"),
        ({"digest": "sha256:12"}, "line 2: digest 'sha256:12' does not have one of the forms"),
        ({"digest": "crc32:12345678"}, "line 2: digest 'crc32:12345678' does not have one of the forms"),
        ({"url": ""}, "line 2: url is ''"),
        ({"url": "file:///etc/passwd"}, "line 2: url 'file:///etc/passwd' does not start with"),
        ({"bytes": "many"}, "line 2: bytes 'many' is not a positive whole number"),
        ({"licence": " MIT"}, "line 2: licence is ' MIT'"),
        ({"name": "../b.csv"}, "line 2: name '../b.csv' is not a plain relative path"),
        ({"bytes": "0"}, "line 2: bytes '0' is not a positive whole number"),
        ({"member": "b.csv"}, "line 2: member and member_digest have to be given together"),
        ({"member_digest": "md5:" + "0f" * 16}, "line 2: member and member_digest have to be given together"),
        (
            {"member": "/b.csv", "member_digest": "md5:" + "0f" * 16},
            "line 2: member '/b.csv' is not a plain relative path",
        ),
        (
            {"member": "b.csv", "member_digest": "sha256:0f"},
            "line 2: digest 'sha256:0f' does not have one of the forms",
        ),
        (
            {"member": "b.csv", "member_digest": UNKNOWN},
            "line 2: digest 'unknown' does not have one of the forms",
        ),
    ],
)
def test_a_bad_cell_is_refused_by_line_and_value(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read_datasets(written(tmp_path, GOOD | change))


def test_other_columns_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected .*'member_digest'"):
        read_datasets(written(tmp_path, GOOD, columns=("name", "url")))


def test_a_row_that_lacks_a_cell_is_refused(tmp_path):
    path = written(tmp_path, GOOD)
    path.write_text(path.read_text() + "a\tb\n")
    with pytest.raises(ValueError, match="line 3: 2 tab-separated cells, expected 8"):
        read_datasets(path)


def test_an_empty_list_is_refused(tmp_path):
    (tmp_path / "empty.tsv").write_text("")
    with pytest.raises(ValueError, match="the columns are"):
        read_datasets(tmp_path / "empty.tsv")


@pytest.mark.parametrize("text", ["../a", "a/../../b", "/a", "C:/a", "a\\..\\b", "", ".", "a//b", "./a"])
def test_a_path_that_may_lead_out_of_its_folder_is_refused(text):
    with pytest.raises(ValueError, match="not a plain relative path"):
        checked_path(text, "member")
