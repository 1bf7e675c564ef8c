"""The command line for people."""

import io
import json
import math
import os
import shlex
import statistics
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest

import zcrepro as api
from zcrepro import checkout, cli
from zcrepro.benchmarks import proofs
from zcrepro.benchmarks.proofs import holds, read
from zcrepro.commands._latex import plain_text
from zcrepro.commands._output import Listing, Output
from zcrepro.commands.spaces import spaces
from zcrepro.files import markup, parquet, record
from zcrepro.files.json import write_sealed
from zcrepro.proxies.lookup import list_proxies

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
    for word in (
        "score",
        "compare",
        "diff",
        "proxies",
        "info",
        "summary",
        "promote",
        "stage",
        "Score one network",
    ):
        assert word in text


def test_the_help_of_a_stage_explains_its_files():
    text = zcrepro("stage", "extract", "--help")
    assert "--settings-file" in text
    assert "NaN if it is undefined" in text


def run(arguments):
    """Runs a command without a process of its own; it must end well."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*map(str, arguments)])
    assert ended.value.code == 0


def output_of(arguments, capsys):
    """What a command prints, without a process of its own."""
    run(arguments)
    return capsys.readouterr().out


def test_a_list_of_files_can_be_read_from_a_file(tmp_path):
    schema = pa.schema([("arch", pa.string()), ("pass", pa.string()), ("seconds", pa.float64())])
    chunks = [tmp_path / f"{number}.parquet" for number in range(3)]
    for number, chunk in enumerate(chunks):
        frame = pd.DataFrame({"arch": [f"a{number}"], "pass": ["zen"], "seconds": [1.0]})
        parquet.write(chunk, frame, schema, ["arch"], {})
    (tmp_path / "chunks.txt").write_text("".join(f"{chunk}\n" for chunk in chunks))
    output = tmp_path / "all.parquet"
    run(["stage", "timings", "--chunks", f"@{tmp_path / 'chunks.txt'}", "--output", output])
    assert parquet.read(output)["arch"].tolist() == ["a0", "a1", "a2"]
    lost = ["stage", "timings", "--chunks", f"@{tmp_path / 'lost.txt'}", "--output", output]
    assert "No such file" in zcrepro(*lost, ok=False)


def test_proxies_lists_all_of_them(capsys):
    text = zcrepro("proxies")
    for name in ("snip", "synflow", "zen", "epe_nas"):
        assert name in text
    groups = json.loads(output_of(["proxies", "--format", "json"], capsys))
    listed, counts = groups["proxies"], groups["structural_counts"]
    assert sorted(row["proxy"] for row in (*listed, *counts)) == list(list_proxies())
    assert {row["proxy"]: row["better"] for row in counts} == {
        name: proxy.direction for name, proxy in list_proxies().items() if proxy.runs_in.name == "graph"
    }
    costs = {row["proxy"]: row["cost"] for row in listed}
    assert costs["vkdnw"] == "1.1 per class"
    assert float(costs["snip"]) > float(costs["synflow"]) > 0


def test_formulas_are_text_that_a_terminal_can_show():
    for proxy in list_proxies().values():
        text = plain_text(proxy.formula)
        assert not set(text.replace("|{", "").replace("}|", "")) & set("\\{}$"), text
        assert "  " not in text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\sum_l \sum \left|W_l \odot \partial L/\partial W_l\right|", "Σ_l Σ |W_l ⊙ ∂L/∂W_l|"),
        (r"\frac{a + b}{2n}", "(a + b)/(2n)"),
        (r"\frac{1}{B - 1} x", "1/(B - 1) x"),
        (r"\frac{a}{\sqrt{\mathrm{Var}(b)}}", "a/√(Var(b))"),
        (r"\min_b \left(H_{b+1} - H_b\right)", "min_b (H_(b+1) - H_b)"),
        (r"(\lambda_i + k)^{-1}, \quad \tilde\lambda_{ij}", "(λ_i + k)^(-1), λ\u0303_ij"),
        (r"E\left\|\overline{\sigma^2_l}\right\|_2", "E‖mean(σ^2_l)‖_2"),  # noqa: RUF001
        (r"\unknown{x}", "unknownx"),
    ],
)
def test_a_formula_keeps_its_grouping_as_text(latex, text):
    assert plain_text(latex) == text


ARCHITECTURE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"


@pytest.mark.parametrize("width", ["20", "80", "300"])
def test_a_table_cuts_nothing_however_narrow_the_terminal_is(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", width)
    reason = "a very long reason with_a_word_that_is_longer_than_the_column_of_a_narrow_terminal [bold]"
    row = {"score": 0.123456, "status": reason, "architecture": ARCHITECTURE}
    Output().show(Listing("found", [row], whole=("architecture",)))
    text = capsys.readouterr().out
    assert f" {ARCHITECTURE} " in text
    assert " 0.123456 " in text
    assert "…" not in text
    column = [line.split("│")[2].strip() for line in text.splitlines() if line.startswith("│")]
    assert "".join(column).replace(" ", "") == reason.replace(" ", "")


def test_json_is_strict_and_holds_the_status(capsys):
    arguments = ["score", ARCH, "--space", "embedded_chain", "--proxies", "params", "jacov"]
    listed = json.loads(
        output_of([*arguments, "--batch-size", 1, "--format", "json"], capsys),
        parse_constant=lambda name: pytest.fail(f"{name} is not JSON"),
    )
    params, jacov = listed["scores"]
    assert params["proxy"] == "params"
    assert params["status"] == "ok"
    assert isinstance(params["score"], float)
    assert jacov == {"proxy": "jacov", "score": None, "status": "a batch of one has nothing to correlate"}


def test_the_result_of_a_search_goes_to_a_file(tmp_path, capsys):
    where = tmp_path / "new" / "found.json"
    arguments = ["search", "embedded_chain", "--proxy", "params", "--evaluations", 5, "--batch-size", 2]
    assert output_of([*arguments, "--output", where, "--format", "json"], capsys) == ""
    best, *others = json.loads(where.read_text())["architectures"]
    assert best["status"] == "ok"
    assert best["params"] >= max(other["params"] for other in others)
    assert best["architecture"].count("|") == 7


def test_the_result_of_a_search_says_how_it_was_found_and_its_commands_score_again(tmp_path, capsys):
    where = tmp_path / "found.json"
    options = ["--proxy", "snip", "params", "--evaluations", 5, "--batch-size", 2, "--seed", 3, "--show", 2]
    run(["search", "embedded_chain", *options, "--max-params", 1e6, "--output", where])
    capsys.readouterr()
    written = json.loads(where.read_text())
    found, best = written["found"], written["architectures"]
    again = found.pop("score_again")
    assert found == {
        "algorithm": "regularized evolution",
        "space": "embedded_chain",
        "task": "digits",
        "objectives": ["snip", "params"],
        "graphs": 5,
        "evaluations": 5,
        "minutes": None,
        "limits": {"max_params": 1e6, "max_flops": None},
        "pool": 32,
        "tournament": 8,
        "batch_size": 2,
        "seed": 3,
    }
    assert len(again) == len(best) == 2
    for command, row in zip(again, best, strict=True):
        program, *words = shlex.split(command)
        assert program == "zcrepro"
        scores = json.loads(output_of([*words, "--format", "json"], capsys))["scores"]
        assert {one["proxy"]: one["score"] for one in scores} == {
            name: row[name] for name in ("snip", "params")
        }


def test_the_suffix_of_a_file_is_its_format_if_none_is_named(tmp_path, capsys):
    def written(name, *options):
        run(["score", ARCH, "--space", "embedded_chain", "--proxies", "params", "jacov", "--batch-size", 1,
             "--output", tmp_path / name, *options])  # fmt: skip
        return (tmp_path / name).read_text()

    rows = json.loads(written("scores.json"))["scores"]
    assert [row["proxy"] for row in rows] == ["params", "jacov"]
    assert json.loads(written("scores.txt", "--format", "json"))["scores"] == rows
    table = pd.read_csv(io.StringIO(written("scores.csv")))
    assert table["score"].iloc[0] == rows[0]["score"]
    assert math.isnan(table["score"].iloc[1])
    heading, rule, params, _ = written("scores.md").splitlines()
    assert (heading, rule) == ("| proxy | score | status |", "| --- | --- | --- |")
    assert params.startswith("| params | ")
    assert "┃" in written("scores.txt") == written("scores.json", "--format", "table")
    capsys.readouterr()


def test_several_listings_are_one_csv_and_bars_of_a_text_do_not_end_a_cell_in_markdown(capsys):
    def text(form, *listings):
        Output(format=form).show(*listings)
        return capsys.readouterr().out

    several = [Listing("one", [{"a": ["x", "y"], "n": 3}]), Listing("two", [{"b": "z"}], "said")]
    assert text("csv", *several) == 'listing,a,n,b\none,"x, y",3,\ntwo,,,z\n'
    assert text("markdown", Listing("one", [{"a": "|x|"}], "said"), Listing("none", [], "nothing")) == (
        "said\n\n| a |\n| --- |\n| \\|x\\| |\n\nnothing\n"
    )


@pytest.mark.parametrize("name", ["spaces", "proxies"])
def test_a_table_in_a_file_is_as_wide_as_it_needs(name, tmp_path, capsys):
    output_of([name, "--output", tmp_path / "table.txt"], capsys)
    output_of([name, "--output", tmp_path / "table.json", "--format", "json"], capsys)
    text = (tmp_path / "table.txt").read_text()
    for rows in json.loads((tmp_path / "table.json").read_text()).values():
        for row in rows:
            assert any(
                all(v in line for v in row.values() if isinstance(v, str)) for line in text.splitlines()
            )


def test_spaces_are_listed_away_from_the_repository(tmp_path):
    assert "423,624" in zcrepro("spaces", cwd=tmp_path)


def test_a_package_without_a_file_of_the_repository_says_how_to_get_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("zcrepro.checkout.FOLDER", tmp_path)
    assert "the installed zcrepro does not contain; clone the repository" in error_of(["spaces"], capsys)


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


def test_an_architecture_of_a_space_is_scored_by_its_text():
    text = zcrepro("score", ARCH, "--space", "embedded_chain", "--proxies", "params", "snip")
    assert "params" in text
    assert "ok" in text


def test_a_space_is_searched_by_a_proxy_alone():
    text = zcrepro("search", "embedded_chain", "--proxy", "params", "--evaluations", 150, "--batch-size", 2)
    full = "|conv_3x3|conv_3x3|conv_3x3|conv_3x3|conv_3x3|conv_3x3|"
    assert full in "".join(text.replace("│", " ").split())
    assert "did you mean 'params'" in zcrepro("search", "embedded_chain", "--proxy", "parms", ok=False)


def test_a_search_takes_the_space_by_name_and_its_number_of_evaluations_as_a_budget():
    options = ("--proxy", "params", "--pool", 2, "--batch-size", 2, "--format", "json")
    named = zcrepro("search", "--space", "embedded_chain", "--budget", 3, *options)
    assert json.loads(named) == json.loads(zcrepro("search", "embedded_chain", "--evaluations", 3, *options))


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


def test_a_network_of_the_users_own_is_scored(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from torch import nn\ndef make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(12, 3))\n"
    )
    text = zcrepro(
        "score", "mine:make", "--proxies", "params", "nwot", "--shape", 3, 2, 2, "--classes", 3, cwd=tmp_path
    )
    assert "39" in text
    assert "no ReLU" in " ".join(text.split())


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


def test_a_missing_model_library_is_answered_with_the_install_that_keeps_torch(tmp_path):
    (tmp_path / "timm.py").write_text("raise ModuleNotFoundError(\"No module named 'timm'\")\n")
    said = sentence(zcrepro("score", "timm/tiny", cwd=tmp_path, ok=False))
    assert "timm/tiny needs timm: pip install" in said
    assert "[models]" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["score", ARCH.replace("conv_1x1", "conv_7x7"), "--space", "embedded_chain"],
            "unknown operation 'conv_7x7'",
        ),
        (["score", "x", "--space", "embedded_chan"], "did you mean 'embedded_chain'"),
        (["score", "nothing"], "neither module:function nor a name such as torchvision/..."),
        (["score", "no_such_module:make"], "No module named 'no_such_module'"),
        (["score", "math:make"], "has no attribute 'make'"),
        (["info", "missing.parquet"], "missing.parquet does not exist in "),
        (["score", "x:y", "--draws", "0"], 'Invalid value "0" for --draws. Must be > 0.'),
        (["score", "x:y", "--format", "jsn"], 'Did you mean "json"?'),
        (["scor", "x:y"], 'Did you mean "score"?'),
    ],
)
def test_an_error_in_the_input_is_one_line_that_says_what_to_do(arguments, message):
    assert message in sentence(zcrepro(*arguments, ok=False))


COUNTS = {
    "score": ["draws", "batch-size", "classes", "shape"],
    "search": ["evaluations", "pool", "tournament", "batch-size", "show"],
}


@pytest.mark.parametrize(("command", "option"), [(c, o) for c, names in COUNTS.items() for o in names])
@pytest.mark.parametrize("value", ["0", "-1", "x"])
def test_an_option_that_counts_something_refuses_what_counts_nothing(command, option, value, capsys):
    given = ["3", "8", value] if option == "shape" else [value]
    said = error_of([command, "embedded_chain", f"--{option}", *given], capsys)
    assert f"--{option}" in said
    assert value in said


def error_of(arguments, capsys):
    """What a command says that ends with the exit status 1, without a process of its own."""
    with pytest.raises(SystemExit) as ended:
        cli.main([*map(str, arguments)])
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    return sentence(captured.err)


def sentence(err):
    """The one line of an error; what is slow may show its progress before it."""
    (line,) = (line for line in err.splitlines() if not line.startswith(("scoring: ", "searching ")))
    assert line.startswith("zcrepro: error: ")
    return line.removeprefix("zcrepro: error: ")


def test_options_that_do_not_go_together_are_an_error(capsys):
    assert "--task digits needs --space" in error_of(["score", "x:y", "--task", "digits"], capsys)
    assert "--proxies needs the name" in error_of(["score", "x:y", "--empty-proxies"], capsys)


@pytest.fixture
def own_scores(tmp_path):
    """A CSV file with scores of the embedded architectures, and what the function returns for them."""
    known = api.accuracies("embedded_chain", "digits").query("metric == 'test'")
    mine = known.assign(score=known["accuracy"].round())[["arch", "score"]]
    mine.to_csv(path := tmp_path / "mine.csv", index=False)
    return path, api.compare(mine, "embedded_chain")


def test_scores_of_ones_own_are_ranked_beside_others(own_scores, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    path, found = own_scores
    text = output_of(["compare", path, "--space", "embedded_chain"], capsys)
    assert "200 of your 200 architectures of embedded_chain have one" in text
    assert "--results" in text
    assert "--lower-is-better" not in text
    listed = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    assert [cells[0] for cells in listed] == list(found["proxy"])
    for cells, row in zip(listed, found.to_dict("records"), strict=True):
        assert cells[2] == str(row["n"])
        assert cells[3] == f"{row['kendall']:.3f} [{row['kendall_low']:.3f}, {row['kendall_high']:.3f}]"
        if row["proxy"] != "yours":
            assert cells[5] == f"{row['lead']:.3f} [{row['lead_low']:.3f}, {row['lead_high']:.3f}]"


def test_a_negative_tau_is_pointed_out(own_scores, tmp_path, capsys):
    path, _ = own_scores
    turned = pd.read_csv(path).assign(score=lambda of: -of["score"])
    turned.to_csv(tmp_path / "turned.csv", index=False)
    for name, options, said in (
        ("turned.csv", [], "if a lower score is better, add --lower-is-better"),
        ("mine.csv", ["--lower-is-better"], "if a higher score is better, leave out --lower-is-better"),
    ):
        text = output_of(["compare", tmp_path / name, "--space", "embedded_chain", *options], capsys)
        assert said in " ".join(text.split())


def test_a_comparison_as_json_has_numbers(own_scores, capsys):
    path, found = own_scores
    text = output_of(["compare", path, "--space", "embedded_chain", "--format", "json"], capsys)
    rows = json.loads(text)["proxies"]
    assert rows == json.loads(json.dumps(found.to_dict("records")))


def test_what_cannot_be_compared_is_one_line(own_scores, tmp_path, capsys):
    path, _ = own_scores
    assert "lost.csv does not exist" in error_of(["compare", tmp_path / "lost.csv", "--space", "x"], capsys)
    made = "snakemake --cores 1 results/paper/accuracies/nasbench201.parquet"
    assert made in error_of(["compare", path, "--space", "nasbench201"], capsys)
    assert "did you mean 'embedded_chain'" in error_of(["compare", path, "--space", "embedded_chan"], capsys)


KEPT = checkout.FOLDER / "docs/reproduction/sample"


def test_runs_with_equal_tables_have_no_difference(capsys):
    number = len(list(KEPT.glob("tables/*.csv")))
    text = " ".join(output_of(["diff", KEPT, KEPT], capsys).split())
    assert text == f"the {number} tables of {KEPT} and {KEPT} are equal"


def test_runs_that_differ_end_with_the_exit_status_1(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    (tmp_path / "tables").mkdir()
    for path in KEPT.glob("tables/*.csv"):
        content = path.read_text(encoding="utf-8")
        changed = content.replace(",notebook,0.594,", ",notebook,0.595,", 1)
        (tmp_path / "tables" / path.name).write_text(changed, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["diff", str(KEPT), str(tmp_path)])
    assert ended.value.code == 1
    text = capsys.readouterr().out
    (line,) = (line for line in text.splitlines() if line.startswith("│"))
    cells = [cell.strip() for cell in line.split("│")[1:-1]]
    assert cells[:4] == ["zcp_table1", "grad_norm", "cifar10", "abs_spearman, released scores, notebook"]
    assert cells[4] == cells[5]
    assert cells[-1] == "paper_value"
    assert f"and the second, {tmp_path}: 1; " in " ".join(text.split())


def test_a_folder_without_tables_cannot_be_compared(tmp_path, capsys):
    assert f"{tmp_path} has no tables; name the folder of a run" in error_of(["diff", KEPT, tmp_path], capsys)


def described(path, capsys):
    run(["info", path])
    return capsys.readouterr()


def test_info_describes_every_kind_of_result_and_any_csv(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    frame = pd.DataFrame({"[a]": [1.5, None], "b": ["x", "y"]})
    schema = pa.schema([("[a]", pa.float64()), ("b", pa.string())])
    parquet.write(tmp_path / "ours.parquet", frame, schema, ["b"], {"stage": "[s]"})
    frame.to_csv(tmp_path / "table.csv", index=False)
    frame.to_csv(tmp_path / "recorded.csv", index=False)
    record.write([tmp_path / "recorded.csv"], {"stage": "[s]"})
    write_sealed(tmp_path / "ours.json", {"formula": "zen", "provenance": {"stage": "[s]"}})
    markup.write(tmp_path / "ours.svg", "<svg/>", {"stage": "[s]"})
    for name in ("ours.parquet", "table.csv", "recorded.csv"):
        shown = described(tmp_path / name, capsys).out
        assert "2 rows" in shown
        assert [cell.strip() for cell in shown.splitlines()[-3].split("│")[1:-1]][::2] == ["[a]", "1"]
    for name in ("ours.parquet", "ours.json", "ours.svg", "recorded.csv"):
        assert "[s]" in described(tmp_path / name, capsys).out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"no Parquet", "a.parquet cannot be read (it holds no digest of its content"),
        ("a.json", b"{", "a.json cannot be read (it holds no digest of its content"),
        ("a.csv", b"", "a.csv cannot be read"),
        ("a.csv", b"a\n1,2\n3,4,5\n", "a.csv cannot be read"),
        ("a.csv", b"\xa5", "a.csv cannot be read"),
        ("a.svg", b"<svg/>", "a.svg cannot be read (it holds no digest of its content"),
        ("a.md", b"#", "a.md is none of the .parquet, .csv, .json, .svg, .html files that zcrepro info"),
    ],
)
def test_info_says_in_a_sentence_what_it_cannot_describe(name, content, message, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    assert message in error_of(["info", tmp_path / name], capsys)


def test_info_of_a_folder_names_a_file_of_it(tmp_path, capsys):
    assert "there is none in it" in error_of(["info", tmp_path], capsys)
    (tmp_path / "a.csv").touch()
    assert f"such as {tmp_path / 'a.csv'}" in error_of(["info", tmp_path], capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "{}"],
        ["summary", "{}"],
        ["promote", "{}", "--to", "x"],
        ["spaces", "--benchmarks", "{}"],
        ["score", "x:y", "--proxies", "{}.json"],
        ["search", "embedded_chain", "--proxy", "{}.json"],
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("kind", ["missing", "folder", "text"])
def test_a_path_that_does_not_fit_is_named_in_one_sentence(arguments, kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("given", "given.json"):
        if kind == "folder":
            (tmp_path / name).mkdir()
        elif kind == "text":
            (tmp_path / name).write_text("[1]")
    before = sorted(tmp_path.rglob("*"))
    assert "given" in error_of([argument.format("given") for argument in arguments], capsys)
    assert sorted(tmp_path.rglob("*")) == before
