import os
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")

# Results and data land in the folder where Snakemake starts, which may be another one; all else is here.
HERE = Path(os.path.relpath(workflow.basedir))


configfile: str(HERE / "config/benchmarks.yaml")
configfile: str(HERE / "config/config.yaml")


wildcard_constraints:
    space="[a-z0-9_]+",
    task="[A-Za-z0-9_-]+",
    draw=r"\d+",
    start=r"\d+",
    stop=r"\d+",
    shard=r"\d+",
    seed=r"\d+",
    experiment="[a-z0-9_]+",
    algorithm="[a-z0-9_]+",
    method="[a-z0-9_]+",


include: "workflow/rules/common.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/evolve.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/embedded.smk"


# Short jobs, and the one that needs the network, stay where Snakemake runs.
localrules:
    fetch,
    timings,
    searches,
    deviations,
    page,


# Every configured table and figure, the page that shows them, and what the passes cost.
rule all:
    input:
        f"{RESULTS}/report.html",
        f"{RESULTS}/tables/deviations.csv",
        [f"{RESULTS}/timings/{problem}.parquet" for problem in features.computed],


# One target a paper that has tables, and one a table.
for target, wanted in report_jobs.targets().items():

    rule:
        name:
            target
        input:
            wanted,
