"""Small files in the formats of NAS-Bench-NLP: three trainings, of which two are of one cell."""

import json
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._nasbenchnlp_recipes import SCHEMA
from zcrepro.benchmarks.serianni_nasbenchnlp import COLUMNS, LOG
from zcrepro.files import parquet

PLAIN = "linear~x,h0|tanh~1|state~2"
GATED = "linear~x,h0|sigm~1|blend~2,h0,1|state~3"

LOGS = [
    "log_stats_model_1000000_2020-04-20_07-08-56_999943918.json",
    "log_stats_model_1000005_2020-04-20_07-08-56_999943919.json",
    "log_stats_model_2000001_2020-04-20_07-08-56_999943920.json",
]
UNKNOWN = "log_stats_model_1999999_2020-04-20_07-08-56_999943921.json"

PLAIN_NODES = {
    "f": {"op": "linear", "input": ["h_prev_0", "x"]},
    "h_new_0": {"op": "activation_tanh", "input": ["f"]},
}
GATED_NODES = {
    "node_0": {"op": "linear", "input": ["x", "h_prev_0"]},
    "gate": {"op": "activation_sigm", "input": ["node_0"]},
    "h_new_0": {"op": "blend", "input": ["gate", "h_prev_0", "node_0"]},
}


def write_logs(path: Path) -> None:
    """Write the CSV of the logs."""
    rows = {
        "log_name": LOGS,
        "status": ["OK", "OK", "loss is nan!"],
        "num_params": [5_731_600, 5_731_600, 6_833_200],
        "val_loss_last": [5.0, 4.0, None],
        "test_loss_last": [4.5, 3.5, None],
        "val_loss_epoch3": [6.0, 5.0, None],
        "recepie": list(map(json.dumps, [PLAIN_NODES, PLAIN_NODES, GATED_NODES])),
    }
    pd.DataFrame(rows).to_csv(path, index=False)


def write_recipes(path: Path) -> None:
    """Write the table of the same trainings."""
    rows = {
        "recipe": [1000000, 1000005, 2000001],
        "arch": [PLAIN, PLAIN, GATED],
        "status": ["OK", "OK", "loss is nan!"],
        "parameters": [5_731_600, 5_731_600, 6_833_200],
        "validation_loss": [5.0, 4.0, None],
        "test_loss": [4.5, 3.5, None],
        "validation_loss_3": [6.0, 5.0, None],
    }
    parquet.write(path, pd.DataFrame(rows), SCHEMA, ["recipe"], {})


def write_results(path: Path, first: str = LOGS[1]) -> None:
    """Write scores of these recipes, and of one whose architecture is not known; the order is another one."""
    logs = [first, LOGS[0], LOGS[2], UNKNOWN]
    rows = {LOG: logs} | {
        column: [20.0 + place, 10.0 + place, 30.0 + place, 40.0]
        if "Layer" in column
        else [20.0, 10.0, 30.0, 40.0]
        for place, column in zip([0] * 9 + [1, 2, 3], COLUMNS, strict=True)
    }
    pd.DataFrame(rows).to_csv(path, index=False, encoding="utf-8-sig")
