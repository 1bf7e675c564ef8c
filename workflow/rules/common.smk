# Helpers of the rules; there is no rule here.
import sys
from functools import cache
from math import ceil

import yaml

from zcrepro import provenance
from zcrepro.fetching.datasets import fetch_settings, read_datasets
from zcrepro.files.atomic import write_text
from zcrepro.files.json import json_text

sys.path.insert(0, str(HERE / "workflow"))
from checks import check_references
from defaults import with_proxies
from schema import completed

SCHEMA = yaml.safe_load((HERE / "workflow/schemas/config.schema.yaml").read_text())
config = with_proxies(completed(config, SCHEMA))
DATASETS = read_datasets(HERE / "config/datasets.tsv")
check_references(config, DATASETS, HERE)
RESULTS = f"results/{config['run']}"
# The command line of this environment, whether or not it is activated.
shell.prefix(f"export PATH={Path(sys.executable).parent}:$PATH; ")

GPU = 1 if config["device"] == "cuda" else 0


def settings_of(stage, of, folder=f"{RESULTS}/settings"):
    """A parameter: where the settings of a job stand, a file named by their digest."""

    def path(wildcards):
        settings = of(wildcards)
        target = Path(f"{folder}/{stage}-{provenance.settings_digest(settings)}.json")
        text = json_text(settings)
        # One that was edited by hand is not trusted.
        if not target.exists() or target.read_text() != text:
            write_text(target, text)
        return str(target)

    return path


def code_of(stage, of):
    """A parameter: the digest of all the sources that a job imports."""
    return lambda wildcards: digest_of(
        tuple(provenance.stage_modules(stage, of(wildcards)))
    )


# Thousands of jobs start from a few sets of modules.
digest_of = cache(provenance.code_digest)


def source_files(names_of_files):
    """The places of data sets (fetched) and of tracked files (below resources/)."""
    return [
        str(HERE / name) if name.startswith("resources/") else f"data/{name}"
        for name in names_of_files
    ]


def space_of(problem):
    return problem.split("/")[0]


def accuracies_of(problems):
    return [f"{RESULTS}/accuracies/{space_of(problem)}.parquet" for problem in problems]


def scores_of(source, problems):
    """The files that hold the scores of problems: published ones, or our own features' first draw."""
    if source == "released":
        return [
            f"{RESULTS}/released/{space_of(problem)}.parquet" for problem in problems
        ]
    return [f"{RESULTS}/features/{problem}.parquet" for problem in problems]
