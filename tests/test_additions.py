"""An addition is one file of the package and at most one line of a configuration.

One of each kind, as the documentation shows it, is added to a copy of the repository. The jobs that a dry run
plans are then run.
"""

import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from zcrepro import provenance

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.workflow

CONFIG = "config/added.yaml"
BENCHMARKS = "config/benchmarks.yaml"

RUN = """\
run: added
spaces:
  embedded_cell: {source: embedded, tasks: {digits: {images: digits}}}
features:
  runs: [{problem: embedded_cell/digits, architectures: 12}]
  variants: []
  proxies: [params, flops]
  draws: 1
  batch_size: 4
training_sets: {cell: {problems: {embedded_cell/digits: 6}}}
evolution:
  srgp: {train_on: [], completed: []}
leaderboard: []
programs: {train_on: []}
live: {runs: []}
reduced_trainings: {runs: []}
generalization: {problems: [embedded_cell/digits], resamples: 5}
search:
  zcp:
    runs: [{problem: embedded_cell/digits, guides: [params]}]
    algorithms: [random_search]
    repeats: 1
    budget: 4
    random_search: {warmup: [4]}
  zcp_predictors: {runs: []}
  zcp_nasbench101: {runs: []}
  eznas: {runs: []}
  srgp: {runs: []}
report:
  tables: []
  figures: []
"""


@dataclass(frozen=True)
class Addition:
    """A file of a kind of plugin, and the line of a configuration that selects it, before and after.

    The file is the first listing of its page of the documentation, ``docs/add/<page>.md``.
    """

    kind: str
    name: str
    page: str
    config: str
    before: str
    after: str

    def shown(self):
        """Return the file, which the page shows below the path that it has to get."""
        text = (ROOT / "docs/add" / f"{self.page}.md").read_text()
        file = "/".join(("src", *provenance.PLUGINS[self.kind].split("."), f"{self.name}.py"))
        (source,) = re.findall(rf"^Write `{file}`:\n\n```python\n(.*?)^```", text, flags=re.M | re.S)
        return source

    def apply(self, folder):
        """Write the file and change the line."""
        path = folder / "src" / Path(*provenance.PLUGINS[self.kind].split(".")) / f"{self.name}.py"
        assert not path.exists()
        path.write_text(self.shown())
        config = folder / self.config
        text = config.read_text()
        assert text.count(self.before) == 1
        config.write_text(text.replace(self.before, self.after))


PROXY = Addition(
    "proxies",
    "root_params",
    "proxy",
    CONFIG,
    "proxies: [params, flops]",
    "proxies: [params, flops, root_params]",
)

SPACE = Addition(
    "space",
    "convolutional_chain",
    "space",
    CONFIG,
    "spaces:\n",
    "spaces:\n  convolutional_chain: {source: chosen, tasks: {digits: {images: digits}}}\n",
)

RECIPE = Addition(
    "recipes",
    "chosen_chains",
    "benchmark",
    BENCHMARKS,
    "benchmarks:\n",
    "benchmarks:\n  convolutional_chain: "
    "{chosen: {accuracies: {chosen_chains: [resources/embedded/embedded_chain-digits.parquet]}}}\n",
)

IMAGES = Addition(
    "images",
    "negative_digits",
    "images",
    CONFIG,
    "  embedded_cell: {source: embedded, tasks: {digits: {images: digits}}}",
    "  embedded_cell: {source: embedded, tasks: {digits: {images: negative_digits}}}",
)

ALGORITHM = Addition(
    "algorithm",
    "grid_search",
    "algorithm",
    CONFIG,
    "algorithms: [random_search]",
    "algorithms: [random_search, grid_search]",
)

METHOD = Addition(
    "method",
    "best_input",
    "method",
    CONFIG,
    "evolution:\n",
    "evolution:\n  best_input: {train_on: [cell], repeats: 1, candidates: 1}\n",
)

TABLE = Addition(
    "table",
    "sizes",
    "table",
    CONFIG,
    "tables: []",
    "tables: [sizes]",
)

FIGURE = Addition(
    "figure",
    "trained",
    "figure",
    CONFIG,
    "figures: []",
    "figures: [trained]",
)

ADDITIONS = (PROXY, SPACE, RECIPE, IMAGES, ALGORITHM, METHOD, TABLE, FIGURE)

CHUNK = "results/added/features/convolutional_chain/digits/draw-0/structure/0-4.parquet"

JUDGED = "results/added/generalization/best_input.parquet"


@dataclass
class Repository:
    """A copy of the repository with every addition, in which all planned jobs were run."""

    folder: Path

    @property
    def results(self):
        return self.folder / "results/added"

    def settings(self, stage):
        files = (self.results / "settings").glob(f"{stage}-*/settings.json")
        return [json.loads(path.read_text()) for path in files]

    def frame(self, name):
        return pd.read_parquet(self.results / f"{name}.parquet")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("additions")
    for name in ("workflow", "config", "resources", "src"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / CONFIG).write_text(RUN)
    return folder


@pytest.fixture(scope="module")
def added(copy):
    """The repository, and for each addition the texts of all sources and configurations before and after."""
    changes = {}
    for addition in ADDITIONS:
        before = texts(copy)
        addition.apply(copy)
        changes[addition.kind] = before, texts(copy)
    options = ["--config", "search={zcp: {grid_search: {step: 3}}}"]
    command = [sys.executable, "-m", "snakemake", "all", CHUNK, JUDGED, "--configfile", CONFIG, *options]
    planned = output_of([*command, "--cores", "1", "--nocolor", "--dry-run", "--printshellcmds"], copy)
    jobs = re.findall(r"zcrepro (stage .*?) 2>&1", planned)
    output_of([sys.executable, "-c", IN_ONE_PROCESS, *sorted(jobs, key=place_in_the_flow)], copy)
    return Repository(copy), changes


IN_ONE_PROCESS = """
import shlex, sys
from zcrepro.cli import main
for job in sys.argv[1:]:
    try:
        main(shlex.split(job))
    except SystemExit as end:
        if end.code:
            raise
"""


def place_in_the_flow(job):
    """A dry run lists jobs in any order; the stages are listed in the order of the flow."""
    return list(provenance.STAGES).index(job.split()[1])


def output_of(command, folder):
    """Run a command on the copy's own sources."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "MPLBACKEND": "agg"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def texts(folder):
    """The text of every file that a person edits."""
    paths = [
        path for name in ("src", "workflow", "config", "resources") for path in (folder / name).rglob("*")
    ]
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in [*paths, folder / "Snakefile"]
        if path.suffix in ("", ".py", ".yaml", ".smk", ".tsv", ".csv") and path.is_file()
    }


@pytest.fixture(scope="module")
def repository(added):
    return added[0]


def test_there_is_an_addition_of_every_kind():
    assert {addition.kind for addition in ADDITIONS} == set(provenance.PLUGINS) - {"guides"}  # proxies


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda addition: addition.kind)
def test_an_addition_is_one_file_and_at_most_one_line_of_a_configuration(added, addition):
    before, after = added[1][addition.kind]
    (file,) = after.keys() - before.keys()
    assert Path(file).stem == addition.name
    assert before.keys() <= after.keys()
    changed = [name for name in before if after[name] != before[name]]
    assert changed == [addition.config]
    lines = list(difflib.ndiff(before[addition.config].splitlines(), after[addition.config].splitlines()))
    assert sum(line.startswith("+ ") for line in lines) == 1
    assert sum(line.startswith("- ") for line in lines) <= 1


def test_a_proxy_is_extracted_joined_and_an_input_of_formulas(repository):
    (extracted,) = (job for job in repository.settings("extract") if job["space"] == "embedded_cell")
    assert extracted["proxies"] == ["params", "flops", "root_params"]
    features = repository.frame("features/embedded_cell/digits")
    assert features["root_params"].tolist() == pytest.approx((features["params"] ** 0.5).tolist())
    assert [job["inputs"] for job in repository.settings("evolve")] == [["params", "flops", "root_params"]]
    judged = repository.frame("generalization/best_input")
    assert "root_params" in set(judged["name"])


def test_a_space_has_a_table_of_accuracies_an_order_and_scores(repository):
    order = repository.frame("order/convolutional_chain/digits")
    scores = repository.frame("features/convolutional_chain/digits/draw-0/structure/0-4")
    assert set(scores["arch"]) == set(order["arch"][:4])
    assert (scores["root_params"] > 0).all()


def test_a_recipe_makes_the_accuracies_of_its_space(repository):
    accuracies = repository.frame("accuracies/convolutional_chain")
    assert set(accuracies["source"]) == {"chosen"}
    assert not accuracies["arch"].str.contains("max_pool").any()
    assert accuracies["accuracy"].between(0, 100).all()


def test_images_are_those_that_networks_are_scored_on(repository):
    images = {job["space"]: job["images"] for job in repository.settings("extract")}
    assert images == {"embedded_cell": "negative_digits", "convolutional_chain": "digits"}


def test_an_algorithm_searches_with_options_that_the_configuration_knows(repository):
    options = {job["algorithm"]: job["options"] for job in repository.settings("search")}
    assert options == {"random_search": {"warmup": [4]}, "grid_search": {"step": 3}}
    found = repository.frame("search/zcp/embedded_cell-digits")
    assert set(found["method"]) == {"grid_search", "random_search", "random_search+params warmup 4"}


def test_a_method_evolves_with_options_that_the_configuration_knows_and_is_judged(repository):
    (job,) = repository.settings("evolve")
    assert (job["method"], job["options"]) == ("best_input", {"candidates": 1})
    evolved = json.loads((repository.results / "evolved/best_input/cell/seed-0.json").read_text())
    assert evolved["formula"] == "root_params"


def test_an_unknown_option_of_an_addition_is_named(repository):
    code = (
        "import sys; sys.path.insert(0, 'workflow')\n"
        "from pathlib import Path; from schema import completed, read_schema\n"
        "schema = read_schema(Path('workflow/schemas/config.schema.yaml'))\n"
        "wrong = {'evolution': {'best_input': {'candidate': 1}}, 'search': {'a': {'grid_search': {'steps': 1}}}}\n"
        "try: completed({'run': 'a', 'spaces': {}} | wrong, schema)\n"
        "except ValueError as error: print(error)\n"
    )
    printed = output_of([sys.executable, "-c", code], repository.folder)
    assert "unknown key 'candidate'; did you mean 'candidates'" in printed
    assert "unknown key 'steps'; did you mean 'step'" in printed


def test_a_table_is_made_from_what_it_says_that_it_reads(repository):
    (job,) = repository.settings("table")
    assert job["reads"] == ["features/embedded_cell/digits"]
    table = pd.read_csv(repository.results / "tables/sizes.csv")
    assert table["value"].tolist() == [12]


def test_a_figure_is_made_from_what_it_says_that_it_reads_and_shown_on_the_page(repository):
    (job,) = repository.settings("figure")
    assert job["reads"] == ["search/zcp/embedded_cell-digits"]
    assert "trained models" in (repository.results / "figures/trained.svg").read_text()
    page = (repository.results / "report.html").read_text()
    assert "Rows of each table of features." in page
    assert "Best accuracy." in page
