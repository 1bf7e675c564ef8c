# What all rules need; there is no rule here.
import sys

sys.path.insert(0, str(HERE / "workflow"))
from checks import check_references
from defaults import with_defaults
from jobs.benchmarks import Benchmarks, TABLES
from jobs.evolution import Evolution
from jobs.features import PROGRAMS, Features
from jobs.leading import Leading
from jobs.live import Live
from jobs.parameters import Jobs, listed
from jobs.programs import Programs
from jobs.reduced import ReducedTrainings
from jobs.report import Report
from jobs.resources import Needs
from jobs.run import Run
from jobs.searching import Searching
from jobs.training import Training
from schema import check_files, completed, read_schema

from zcrepro.fetching.datasets import read_datasets
from zcrepro.files.atomic import remove_leftovers

check_files(workflow.configfiles)
config = completed(config, read_schema(HERE / "workflow/schemas/config.schema.yaml"))
DATASETS = read_datasets(*(HERE / name for name in config["datasets"]))
config = with_defaults(config)
check_references(config, DATASETS, HERE)

RUN = Run(config, HERE, DATASETS)
RESULTS = RUN.results
benchmarks = Benchmarks(RUN)
features = Features(RUN)
evolution = Evolution(RUN)
leading = Leading(RUN)
programs = Programs(RUN)
searching = Searching(RUN)
training = Training(RUN)
reduced = ReducedTrainings(RUN)
live = Live(RUN)
report_jobs = Report(RUN, benchmarks)
JOBS = Jobs(RESULTS, verifies=workflow.is_main_process)
NEEDS = Needs(RUN)

# What a command that runs networks begins with.
ON_DEVICE = f". {HERE}/workflow/one_gpu.sh; " if config["device"] == "cuda" else ""

# The command line of this environment, whether or not it is activated. A prefix replaces the strict mode that Snakemake
# would set, without which a failed stage passes for a success behind its pipe.
shell.prefix(f"set -euo pipefail; export PATH={Path(sys.executable).parent}:$PATH; ")


def words(name):
    """A parameter: the input called ``name`` as words of the command, or the name of a list of them."""
    return lambda wildcards, input: listed(input.get(name), RESULTS)


def option(name):
    """A parameter: the input called ``name`` as an option of the command, or nothing if it has no files."""
    return lambda wildcards, input: (
        f"--{name} {listed(input.get(name), RESULTS)}" if input.get(name) else ""
    )
