import json
from pathlib import Path

import pandas as pd
import pytest

from zcrepro.benchmarks import tidy as stage
from zcrepro.benchmarks.nasbench_macro import FILE, RECIPE
from zcrepro.files import parquet
from zcrepro.spaces.nasbench_macro import SPACE

TEXTS = [SPACE.text(arch) for arch in SPACE.architectures()]
CHOSEN = "02012100"


def entry(**change: object) -> dict[str, object]:
    plain = {"test_acc": [80.0, 80.0, 80.0], "mean_acc": 11.0, "std": 0.0, "params": 5, "flops": 7}
    return plain | change


def written(folder: Path, changed: dict[str, dict[str, object]], texts: list[str] = TEXTS) -> dict[str, Path]:
    """Write a file with 80 percent, 5 parameters and 7 flops for all architectures except ``changed``."""
    path = folder / "macro.json"
    path.write_text(json.dumps({text: changed.get(text, entry()) for text in texts}))
    return {FILE: path}


def tidy(folder: Path, files: dict[str, Path]) -> pd.DataFrame:
    settings_file, output = folder / "settings.json", folder / "accuracies.parquet"
    settings = {
        "space": "nasbench_macro",
        "recipes": ["nasbench_macro"],
        "files": [list(files)],
        "digests": {},
    }
    settings_file.write_text(json.dumps(settings))
    stage.accuracies(settings_file=settings_file, files=list(files.values()), output=output)
    return parquet.read(output)


def test_the_accuracy_is_the_mean_of_the_three_trainings(tmp_path):
    frame = tidy(tmp_path, written(tmp_path, {CHOSEN: entry(test_acc=[90.0, 91.0, 95.0])})).set_index("arch")
    assert len(frame) == 6561
    assert frame.loc[CHOSEN, ["task", "metric", "accuracy", "seeds"]].tolist() == ["cifar10", "test", 92, 3]
    assert (frame["accuracy"].drop(CHOSEN) == 80).all()


def test_trap_equal_graphs_are_known_by_their_graph(tmp_path):
    frame = tidy(tmp_path, written(tmp_path, {})).set_index("arch")
    assert frame["graph"].nunique() == 3969
    assert frame.loc["00000001", "graph"] == frame.loc["00000010", "graph"] == "00000010"


def test_counts_are_taken_as_they_stand(tmp_path):
    counts = RECIPE.counts(written(tmp_path, {CHOSEN: entry(params=890_666, flops=47_327_744)}))
    assert counts["count"].dtype == "int64"
    chosen = counts[counts["arch"] == CHOSEN].set_index("quantity")["count"]
    assert chosen.to_dict() == {"params": 890_666, "flops": 47_327_744}
    assert len(counts) == 2 * 6561
    assert set(counts["task"]) == {"cifar10"}


def test_a_file_that_lacks_an_architecture_names_one(tmp_path):
    files = written(tmp_path, {}, [text for text in TEXTS if text != CHOSEN])
    with pytest.raises(ValueError, match=r"macro\.json cannot be read .*missing: 1, for example 02012100"):
        RECIPE.accuracies(files)


def test_a_text_of_no_architecture_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(ValueError, match=r"macro\.json cannot be read .*unknown: 1, for example 02012103"):
        tidy(tmp_path, written(tmp_path, {}, [*TEXTS, "02012103"]))


@pytest.mark.parametrize("bad", [{"test_acc": [90.0]}, {"params": 1, "flops": 1}, entry(test_acc=[])])
def test_an_entry_that_lacks_something_names_the_architecture(tmp_path, bad):
    with pytest.raises(ValueError, match="02012100 does not have all of test_acc, params and flops"):
        RECIPE.counts(written(tmp_path, {CHOSEN: bad}))


def test_a_file_that_the_config_forgot_is_named():
    with pytest.raises(ValueError, match=r"missing: \['nasbench-macro/nas-bench-macro_cifar10\.json'\]"):
        RECIPE.accuracies({})
