"""A tracked formula is what the workflow evolves from the published files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FORMULA = "evolved/srgp/D_minus/seed-0.json"
UNTRACKED = "evolution={srgp: {promoted: ''}}"

pytestmark = pytest.mark.data


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_tracked_formula_evolves_again(tmp_path: Path) -> None:
    made = f"results/sample/{FORMULA}"
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "2",
        made,
        "--snakefile",
        str(ROOT / "Snakefile"),
    ]
    command += ["--configfile", str(ROOT / "config/sample.yaml"), "--config", UNTRACKED]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    again, tracked = read(tmp_path / made), read(ROOT / "resources" / FORMULA)
    for key in ("formula", "training_fitness", "front", "split", "normalisation", "history", "settings"):
        assert again[key] == tracked[key], key
