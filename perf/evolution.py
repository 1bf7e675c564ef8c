"""Measure the evolution of formulas beside its peers: ``python perf/evolution.py``.

**Evaluations.** The peer is DEAP as documented: ``gp.compile``, a call with the columns, and scipy's
``kendalltau`` or ``spearmanr``. Both evaluate the same random trees on the same columns, on one thread, and
nothing is looked up in a cache. Pairs alternate in one process, and the ratio is the median over pairs.
Kendall's tau must agree to 1e-15 and Spearman's rho to 1e-12. The last rows compare the evaluations of a
generation that looks at 1,000 of 15,625 rows (the option ``minibatch``) with DEAP's on all of them.

**Evolutions.** The peer is gplearn with its metric ``spearman``, if it is installed (``pip install
gplearn``). It evolves for some generations; then symbolic regression here evolves from the same data, with
the same functions, population and tournaments, until its fitness on the training rows is the same. The ratio
is that of CPU seconds, the median over seeds.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from deap import gp
from rich.console import Console
from rich.table import Table
from scipy import stats

from zcrepro.evolve import srgp
from zcrepro.evolve._engine.tree import Node, Primitives, Tree
from zcrepro.evolve._engine.variation import ramped_half_and_half
from zcrepro.files.journal import Journal
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.ranking.with_one import KendallWith, SpearmanWith

ROWS = (400, 1_000, 15_625)
COLUMNS = tuple(f"proxy{number}" for number in range(13))
TREES, PAIRS = 200, 11
HEIGHTS = (2, 4)

MINIBATCH = 1_000
POPULATION, GENERATIONS, TOURNAMENT, SEEDS = 500, 20, 4, 7
MAX_SIZE = 50  # gplearn has no limit, and its programs grow to hundreds of nodes
FUNCTION_SET = ("add", "sub", "mul", "max", "min")

Correlation = Callable[[np.ndarray], float]

PRIMITIVES = gp.PrimitiveSet("formula", len(COLUMNS), prefix="proxy")
for function in FUNCTIONS.values():
    PRIMITIVES.addPrimitive(function.compute, function.arity, name=function.name)

COLD = """
import time
start = time.process_time()
import numpy as np
loaded = time.process_time()
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.ranking.with_one import KendallWith
KendallWith(np.arange(400.0))(np.arange(400.0))
print(time.process_time() - loaded)
"""


def data(rows: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return columns of positive scores, and accuracies in percent with two decimals, which tie some rows."""
    rng = np.random.default_rng(rows)
    quality = rng.normal(size=rows)
    columns = {name: np.exp(0.5 * quality + rng.normal(size=rows)) for name in COLUMNS}
    return columns, np.round(70 + 10 * quality, 2)


def trees(columns: dict[str, np.ndarray]) -> list[Tree]:
    """Return different random trees that order the rows of ``columns``."""
    nodes = [Node(function.name, function.arity) for function in FUNCTIONS.values()]
    primitives = Primitives(nodes, [Node(name) for name in COLUMNS])
    drawn = ramped_half_and_half(primitives, HEIGHTS, 2 * TREES, np.random.default_rng(0))
    found = [tree for tree in dict.fromkeys(drawn) if np.ptp(Formula(tree.names).evaluate(columns)) > 0]
    return found[:TREES]


def ours(formulas: Sequence[Tree], columns: dict[str, np.ndarray], correlation: Correlation) -> list[float]:
    """Return the correlation of each formula as the fitness is computed here."""
    return [correlation(Formula(tree.names).evaluate(columns)) for tree in formulas]


def peers(
    formulas: Sequence[gp.PrimitiveTree], columns: dict[str, np.ndarray], correlation: Correlation
) -> list[float]:
    """Return the correlation of each formula as DEAP's documentation computes a fitness."""
    arguments = list(columns.values())
    with np.errstate(all="ignore"):
        return [correlation(gp.compile(tree, PRIMITIVES)(*arguments)) for tree in formulas]


def seconds(call: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    start = time.thread_time()
    call()
    return time.thread_time() - start


def compare(rows: int) -> Iterator[tuple[str, float, float, float]]:
    """Yield for each correlation its name, the medians of evaluations per second, and their median ratio."""
    columns, accuracy = data(rows)
    formulas = trees(columns)
    for_deap = [gp.PrimitiveTree.from_string(str(Formula(tree.names)), PRIMITIVES) for tree in formulas]
    for name, correlation, scipys, tolerance in (
        ("Kendall", KendallWith(accuracy), stats.kendalltau, 1e-15),
        ("Spearman", SpearmanWith(accuracy), stats.spearmanr, 1e-12),
    ):
        mine = partial(ours, formulas, columns, correlation)
        theirs = partial(peers, for_deap, columns, partial(statistic, scipys, accuracy))
        np.testing.assert_allclose(mine(), theirs(), rtol=0, atol=tolerance)
        pairs = [(seconds(mine), seconds(theirs)) for _ in range(PAIRS)]
        ratio = statistics.median(their / my for my, their in pairs)
        speeds = [len(formulas) / statistics.median(column) for column in zip(*pairs, strict=True)]
        yield name, *speeds, ratio


def compare_minibatch() -> Iterator[tuple[str, float, float, float]]:
    """Yield the same as ``compare`` for evaluations on MINIBATCH rows beside the peer's on all rows."""
    columns, accuracy = data(ROWS[-1])
    rows = np.sort(np.random.default_rng(0).permutation(len(accuracy))[:MINIBATCH])
    drawn = {name: column[rows] for name, column in columns.items()}
    formulas = trees(columns)
    for_deap = [gp.PrimitiveTree.from_string(str(Formula(tree.names)), PRIMITIVES) for tree in formulas]
    for name, correlation, scipys in (
        ("Kendall", KendallWith(accuracy[rows]), stats.kendalltau),
        ("Spearman", SpearmanWith(accuracy[rows]), stats.spearmanr),
    ):
        mine = partial(ours, formulas, drawn, correlation)
        theirs = partial(peers, for_deap, columns, partial(statistic, scipys, accuracy))
        pairs = [(seconds(mine), seconds(theirs)) for _ in range(PAIRS)]
        ratio = statistics.median(their / my for my, their in pairs)
        yield name, *(len(formulas) / statistics.median(column) for column in zip(*pairs, strict=True)), ratio


class Until(Journal):
    """A journal that keeps nothing, and ends a run whose best fitness reaches ``target``."""

    def __init__(self, target: float) -> None:
        self.target = target

    def values(self) -> list[Any]:
        """Return nothing: every run starts anew."""
        return []

    def add(self, value: Any) -> None:
        """Raise StopIteration if the best fitness of the generation is the target or larger."""
        if value["line"]["best"] >= self.target:
            raise StopIteration


def compare_gplearn(seed: int) -> tuple[float, float, float]:
    """Return gplearn's best Spearman correlation, its CPU seconds, and ours to the same correlation."""
    from gplearn.genetic import SymbolicRegressor  # type: ignore[import-not-found]

    columns, accuracy = data(MINIBATCH)
    peer = SymbolicRegressor(
        population_size=POPULATION,
        generations=GENERATIONS,
        tournament_size=TOURNAMENT,
        stopping_criteria=1.0,  # the default of 0 ends a run of a rank correlation after one generation
        const_range=None,
        function_set=FUNCTION_SET,
        metric="spearman",
        random_state=seed,
    )
    theirs = seconds(partial(peer.fit, np.stack(list(columns.values()), axis=1), accuracy))
    target = float(peer.run_details_["best_fitness"][-1])
    names = np.arange(len(accuracy)).astype(object)
    rows = Rows(Problem("made", "up"), "validation", names, names, columns, accuracy, {})
    options = srgp.Options(
        functions=FUNCTION_SET,
        correlation="spearman",
        population=POPULATION,
        generations=50 * GENERATIONS,
        tournament=TOURNAMENT,
        max_size=MAX_SIZE,
        minibatch=1.0,
    )

    def mine() -> None:
        with suppress(StopIteration):
            srgp.evolve([rows], options, np.random.default_rng(seed), Until(target))

    return target, theirs, seconds(mine)


def statistic(function: Callable[..., Any], accuracy: np.ndarray, values: np.ndarray) -> float:
    """Return the correlation that a function of scipy computes."""
    return function(values, accuracy).statistic


def cold_start(cache: str) -> float:
    """Return the CPU seconds of a process's first tau, whose machine code is kept in the folder ``cache``."""
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    command = [sys.executable, "-c", COLD]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def processor() -> str:
    """Return the name of the processor, where Linux tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    """Print a table of evaluations per second, and the CPU seconds of the first evaluation in a process."""
    shown = Table("rows", "correlation", "evaluations/s", "DEAP + scipy", "ratio")
    for rows in ROWS:
        for name, mine, theirs, ratio in compare(rows):
            shown.add_row(f"{rows:,}", name, f"{mine:,.0f}", f"{theirs:,.0f}", f"{ratio:.1f}")
    for name, mine, theirs, ratio in compare_minibatch():
        shown.add_row(
            f"{MINIBATCH:,} of {ROWS[-1]:,}", name, f"{mine:,.0f}", f"{theirs:,.0f}", f"{ratio:.1f}"
        )
    Console().print(shown)
    sizes = [len(tree) for tree in trees(data(ROWS[0])[0])]
    print(f"{TREES} trees of {min(sizes)} to {max(sizes)} nodes, median {statistics.median(sizes):.0f}")
    print(f"processor: {processor()}; numpy {np.__version__}, scipy {scipy.__version__}")
    if find_spec("gplearn"):
        found = [compare_gplearn(seed) for seed in range(SEEDS)]
        ratios = sorted(their / mine for _, their, mine in found)
        rho, theirs, mine = (statistics.median(column) for column in zip(*found, strict=True))
        print(
            f"gplearn, {GENERATIONS} generations of {POPULATION} on {MINIBATCH:,} rows: Spearman {rho:.4f} in"
        )
        print(
            f"{theirs:.1f} CPU s, here {mine:.2f}; ratio {statistics.median(ratios):.1f}, over {SEEDS} seeds"
        )
        print(f"{ratios[0]:.1f} to {ratios[-1]:.1f}")
    else:
        print("gplearn is not installed: pip install gplearn to compare with it")
    with tempfile.TemporaryDirectory() as cache:
        for state in ("compiled", "from the cache"):
            print(f"first tau in a process, with the import of numba, {state}: {cold_start(cache):.2f} s")


if __name__ == "__main__":
    main()
