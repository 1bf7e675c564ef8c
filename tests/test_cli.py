"""The command line for people."""

import os
import statistics
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest

from zcrepro import proofs, storage
from zcrepro.commands.spaces import spaces
from zcrepro.proofs import holds, read

ARCH = "|conv_3x3|conv_1x1|conv_3x3|identity|identity|conv_3x3|"


def zcrepro(*arguments, cwd=None, ok=True):
    done = subprocess.run(
        [sys.executable, "-m", "zcrepro", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"COLUMNS": "160"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) == ok, done.stdout + done.stderr
    return done.stdout if ok else done.stderr


def test_help_lists_the_commands_with_what_they_do():
    text = zcrepro("--help")
    for word in ("score", "proxies", "info", "summary", "promote", "stage", "Score one network"):
        assert word in text


def test_the_help_of_a_stage_explains_its_files():
    text = zcrepro("stage", "extract", "--help")
    assert "--settings-file" in text
    assert "NaN where" in text


def test_proxies_lists_all_of_them():
    text = zcrepro("proxies")
    for name in ("snip", "synflow", "zen", "epe_nas"):
        assert name in text


def test_spaces_lists_every_space_its_sources_and_its_proofs():
    text = zcrepro("spaces")
    for word in ("nasbench101", "423,624", "nds_resnext_b", "official: natsbench_sss", "30,001", "kept"):
        assert word in text


def test_a_proof_that_fails_ends_in_an_error(tmp_path, monkeypatch, capsys):
    counts = {"arch": ARCH, "task": "digits", "quantity": "params", "source": "someone", "count": 1}
    proofs.record({"embedded_chain": pd.DataFrame([counts])}, tmp_path)
    monkeypatch.setattr(proofs, "read", lambda: read(tmp_path))
    monkeypatch.setattr(proofs, "holds", lambda proof: holds(proof, tmp_path))
    with pytest.raises(ValueError, match="1 of 1 proofs failed"):
        spaces(prove=True)
    assert "FAILED" in capsys.readouterr().out


def test_published_counts_are_promoted_as_proofs(tmp_path):
    counts = {"arch": ARCH, "task": "digits", "quantity": "params", "source": "someone", "count": 1}
    table = tmp_path / "embedded_chain.parquet"
    pd.DataFrame([counts]).to_parquet(table)
    said = zcrepro("promote_counts", table, "--to", tmp_path / "proofs")
    assert "embedded_chain/digits: params of 1 by someone" in said
    assert [proof.source for proof in read(tmp_path / "proofs")] == ["someone"]


def test_an_architecture_of_a_space_is_scored_by_its_text():
    text = zcrepro("score", ARCH, "--space", "embedded_chain", "--proxies", "params", "snip")
    assert "params" in text
    assert "ok" in text


def test_a_space_is_searched_by_a_proxy_alone():
    text = zcrepro("search", "embedded_chain", "--proxy", "params", "--evaluations", 150, "--batch-size", 2)
    full = "|conv_3x3|conv_3x3|conv_3x3|conv_3x3|conv_3x3|conv_3x3|"
    assert full in "".join(text.replace("│", " ").split())
    assert "did you mean 'params'" in zcrepro("search", "embedded_chain", "--proxy", "parms", ok=False)


def test_several_draws_show_their_spread():
    def score(*options):
        shown = zcrepro("score", ARCH, "--space", "embedded_chain", "--proxies", "l2_norm", "nwot", *options)
        row = next(line for line in shown.splitlines() if "l2_norm" in line)
        return shown, [float(cell) for cell in row.split("│")[2:-2]]

    single = [score("--seed", seed)[1][0] for seed in (4, 5, 6)]
    shown, row = score("--draws", 3, "--seed", 4)
    assert all(word in shown for word in ("mean", "lowest", "highest", "sd"))
    expected = [statistics.mean(single), min(single), max(single), statistics.stdev(single)]
    assert row == pytest.approx(expected, rel=1e-3)
    some = zcrepro(
        "score", ARCH, "--space", "embedded_chain", "--proxies", "epe_nas", "--draws", 6, "--batch-size", 3
    )
    assert "of 6: no class has two images to correlate" in some
    assert "of 6: ok" in some
    assert float(next(line for line in some.splitlines() if "epe_nas" in line).split("│")[2]) > 0
    flat = zcrepro(
        "score", ARCH, "--space", "embedded_chain", "--proxies", "jacov", "--draws", 2, "--batch-size", 1
    )
    assert "nan" in flat
    assert flat.count("a batch of one has nothing to correlate") == 1
    assert "--draws must be 1 or more" in zcrepro("score", "x:y", "--draws", 0, ok=False)


def test_a_network_of_the_users_own_is_scored(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from torch import nn\ndef make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(12, 3))\n"
    )
    text = zcrepro(
        "score", "mine:make", "--proxies", "params", "nwot", "--shape", 3, 2, 2, "--classes", 3, cwd=tmp_path
    )
    assert "39" in text
    assert "no nn.ReLU module" in " ".join(text.split())


def test_a_network_of_an_installed_library_is_scored_by_its_name(tmp_path):
    (tmp_path / "timm.py").write_text(
        "from torch import nn\n"
        "def create_model(name, pretrained, num_classes):\n"
        "    if name != 'tiny':\n"
        "        raise RuntimeError(f'Unknown model ({name})')\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(12, num_classes))\n"
    )
    options = ["--proxies", "params", "--shape", 3, 2, 2, "--classes", 3]
    assert "39" in zcrepro("score", "timm/tiny", *options, cwd=tmp_path)
    assert "timm has no network 'huge'" in zcrepro("score", "timm/huge", *options, cwd=tmp_path, ok=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["score", ARCH.replace("conv_1x1", "conv_7x7"), "--space", "embedded_chain"],
            "unknown operation 'conv_7x7'",
        ),
        (["score", "x", "--space", "embedded_chan"], "did you mean 'embedded_chain'"),
        (["score", "nothing"], "neither module:function nor a name such as torchvision/..."),
        (["score", "pytorchcv/resnet18"], "needs pytorchcv: pip install pytorchcv"),
        (["score", "no_such_module:make"], "No module named 'no_such_module'"),
        (["score", "math:make"], "has no attribute 'make'"),
        (["info", "missing.parquet"], "missing.parquet"),
    ],
)
def test_an_error_in_the_input_is_one_line_that_says_what_to_do(arguments, message):
    text = zcrepro(*arguments, ok=False)
    assert message in text
    assert "Traceback" not in text


def test_a_run_is_published_with_its_tables_and_figures(tmp_path):
    results = tmp_path / "results" / "mine"
    for name, text in {
        "tables/one.md": "# A table",
        "tables/one.csv": "x",
        "tables/one.tex": "t",
        "figures/a.svg": "<svg/>",
    }.items():
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text(text)
    zcrepro("publish", "results/mine", cwd=tmp_path)
    kept = tmp_path / "docs" / "reproduction" / "mine"
    assert {str(p.relative_to(kept)) for p in kept.rglob("*.*")} == {
        "README.md",
        "tables/one.md",
        "tables/one.csv",
        "figures/a.svg",
    }
    assert "[A table](tables/one.md)" in (kept / "README.md").read_text()
    assert "has no tables" in zcrepro("publish", "results/none", cwd=tmp_path, ok=False)


def test_shards_are_promoted_to_one_file_and_mixtures_are_refused(tmp_path):
    schema = pa.schema([("arch", pa.string()), ("score", pa.float64())])
    for number, code in enumerate(("same", "same", "other")):
        frame = pd.DataFrame({"arch": [f"a{number}"], "score": [float(number)]})
        made = {"stage": "extract", "code": code, "versions": "{}", "settings": str(number)}
        storage.write_parquet(tmp_path / f"{number}.parquet", frame, schema, ["arch"], made)
    to = tmp_path / "kept.parquet"
    zcrepro("promote", tmp_path / "0.parquet", tmp_path / "1.parquet", "--to", to, "--key", "arch")
    assert storage.read_parquet(to)["arch"].tolist() == ["a0", "a1"]
    assert storage.parquet_metadata(to) == {"stage": "extract", "code": "same", "versions": "{}"}
    text = zcrepro(
        "promote", tmp_path / "1.parquet", tmp_path / "2.parquet", "--to", to, "--key", "arch", ok=False
    )
    assert "differ in code" in text
