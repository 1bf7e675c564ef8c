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
    ordering="(-released)?",
    variant="(-[a-z0-9_-]+)?",
    draw=r"\d+",
    start=r"\d+",
    stop=r"\d+",
    shard=r"\d+",
    seed=r"\d+",
    experiment="[a-z0-9_]+",
    algorithm="[a-z0-9_]+",
    live="[a-z0-9_]+",
    recipe="(?!embedded/)[a-z0-9_]+",
    method="[a-z0-9_]+",


include: "workflow/rules/common.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/evolve.smk"
include: "workflow/rules/programs.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/embedded.smk"
include: "workflow/rules/reduced.smk"


# Short jobs, and the one that needs the network, stay where Snakemake runs.
localrules:
    fetch,
    timings,
    searches,
    trainings,
    deviations,
    page,


# Every configured table and figure, the page that shows them, what the passes cost, and all that these are
# made of: a file that was deleted from a finished run is made again.
rule all:
    input:
        sorted(
            {
                path
                for part in (
                    features,
                    evolution,
                    leading,
                    programs,
                    searching,
                    live,
                    reduced,
                    report_jobs,
                )
                for path in part.results()
            }
        ),


# A job that was killed leaves the file that it was writing.
onstart:
    for folder in (RESULTS, "data"):
        for path in remove_leftovers(Path(folder)):
            print(f"removed {path}, which a killed job left", file=sys.stderr)


# One target a paper that has tables, and one a table.
for target, wanted in report_jobs.targets().items():

    rule:
        name:
            target
        input:
            wanted,
