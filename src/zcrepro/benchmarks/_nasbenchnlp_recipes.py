"""Make the table of the trained recipes of NAS-Bench-NLP from the authors' logs.

The logs are one JSON file per training, and a CSV has what is needed of each. This CSV has no address of its
own, so the table made of it is stored in ``resources/nasbenchnlp/recipes.parquet``. Its recipes need not be
trusted, because each row contains the published number of parameters, and the network built here has as many.
"""

import json
import re
from pathlib import Path

import cyclopts
import pandas as pd
import pyarrow as pa

from zcrepro.benchmarks._base import count, parses
from zcrepro.files import parquet
from zcrepro.files.csv import read_csv
from zcrepro.files.errors import FETCH_AGAIN, reads
from zcrepro.spaces import nasbenchnlp_recipe as recipes

REMEDY = "make it again as resources/nasbenchnlp/README.md says"

FINISHED = "OK"
"""The status of a training that did not diverge."""

OPERATIONS = {
    "linear": "linear",
    "activation_tanh": "tanh",
    "activation_sigm": "sigm",
    "activation_leaky_relu": "leaky_relu",
    "elementwise_prod": "prod",
    "elementwise_sum": "sum",
    "blend": "blend",
}
"""The benchmark's names of the operations, and those of a text."""

SCHEMA = pa.schema(
    [
        ("recipe", pa.int64()),  # the benchmark's number of the recipe
        ("arch", pa.string()),
        ("status", pa.string()),  # FINISHED, or why the training ended
        ("parameters", pa.int64()),
        ("validation_loss", pa.float64()),  # nats per word after the last epoch; NaN if it diverged
        ("test_loss", pa.float64()),
        ("validation_loss_3", pa.float64()),  # after the third epoch
    ]
)

LOG = re.compile(r"log_stats_model_(\d+)_[\d_-]+\.json")
"""The name of a log, which contains the number of the recipe."""


def tabulate(output: Path, logs: Path) -> None:
    """Write the table of the trained recipes.

    Parameters
    ----------
    output
        Parquet with the columns of SCHEMA, one row per training.
    logs
        CSV of the logs: log_name, status, num_params, val_loss_last, test_loss_last, val_loss_epoch3 and
        recepie.
    """
    parquet.write(output, table_of_logs(logs), SCHEMA, ["recipe"], {})


@parses
def table_of_logs(path: Path) -> pd.DataFrame:
    """Return the columns of SCHEMA. Raises ValueError if a log is not of a recipe."""
    logs = read_csv(path, FETCH_AGAIN)
    return pd.DataFrame(
        {
            "recipe": logs["log_name"].map(recipe_number),
            "arch": [recipes.write(decoded(text)) for text in logs["recepie"]],
            "status": logs["status"],
            "parameters": logs["num_params"].map(count),
            "validation_loss": logs["val_loss_last"],
            "test_loss": logs["test_loss_last"],
            "validation_loss_3": logs["val_loss_epoch3"],
        }
    )


@reads(REMEDY)
def read_recipes(path: Path) -> pd.DataFrame:
    """Return the table that ``tabulate`` wrote."""
    return parquet.read(path, SCHEMA.names)


def recipe_number(log: str) -> int:
    """Return the number of the recipe in the name of a log. Raises ValueError for another name."""
    match = LOG.fullmatch(log)
    if match is None:
        raise ValueError(f"{log!r} is not the name of a log of NAS-Bench-NLP")
    return int(match[1])


def decoded(text: str) -> tuple[recipes.Node, ...]:
    """Return the cell of a recipe in the benchmark's notation.

    That is JSON, ``{"f": {"op": "linear", "input": ["x", "h_prev_0"]}, "h_new_0": {"op": ...}}``: each node
    with its operation and sources. The nodes h_new_0, h_new_1 ... are the new states. Raises ValueError for
    other input.
    """
    try:
        nodes = {
            name: (OPERATIONS[node["op"]], [source.replace("h_prev_", "h") for source in node["input"]])
            for name, node in json.loads(text).items()
        }
        states = [name for k in range(recipes.MOST_STATES) if (name := f"h_new_{k}") in nodes]
        return recipes.from_nodes(nodes, states)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{text!r:.200} is not a recipe of NAS-Bench-NLP: {error}") from error


if __name__ == "__main__":
    cyclopts.run(tabulate)
