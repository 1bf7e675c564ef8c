# Helpers of the rules; there is no rule here.
import json
import sys
from math import ceil
from pathlib import Path

import yaml

from zcrepro import provenance
from zcrepro.datasets import fetch_settings, read_datasets
from zcrepro.files import write_json
from zcrepro.schema import completed

HERE = Path(workflow.basedir)
sys.path.insert(0, str(HERE / "workflow"))
from checks import check_references

config = completed(
    config, yaml.safe_load((HERE / "workflow/schemas/config.schema.yaml").read_text())
)
DATASETS = read_datasets(HERE / "config/datasets.tsv")
check_references(config, DATASETS)
RESULTS = f"results/{config['run']}"
# The command line of this environment, whether or not it is activated.
shell.prefix(f"export PATH={Path(sys.executable).parent}:$PATH; ")

GPU = 1 if config["device"] == "cuda" else 0


def settings_of(stage, of, folder=f"{RESULTS}/settings"):
    """A parameter: where the settings of a job stand, a file named by their digest."""

    def path(wildcards):
        settings = of(wildcards)
        digest = provenance.settings_digest(settings)
        target = Path(f"{folder}/{stage}-{digest}.json")
        if not target.exists() or json.loads(target.read_text()) != settings:
            write_json(target, settings)
        return str(target)

    return path


def code_of(stage, of):
    """A parameter: the digest of all the sources that a job imports."""
    return lambda wildcards: provenance.code_digest(
        provenance.stage_modules(stage, of(wildcards))
    )


def source_files(names_of_files):
    """The places of data sets (fetched) and of tracked files (below resources/)."""
    return [
        name if name.startswith("resources/") else f"data/{name}"
        for name in names_of_files
    ]


def space_of(problem):
    return problem.split("/")[0]


def task_of(problem):
    return problem.split("/")[1]


def accuracies_of(problems):
    return [f"{RESULTS}/accuracies/{space_of(problem)}.parquet" for problem in problems]


def scores_of(source, problems):
    """The files that hold the scores of problems: published ones, or our own features."""
    if source == "released":
        return [
            f"{RESULTS}/released/{space_of(problem)}.parquet" for problem in problems
        ]
    return [f"{RESULTS}/features/{problem}.parquet" for problem in problems]
