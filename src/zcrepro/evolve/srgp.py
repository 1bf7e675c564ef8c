"""Symbolic regression by genetic programming (Phan and Luong 2025): a formula over hand-crafted proxies.

The paper does not state its function set, sizes and operators; those here are ours. The fitness of a formula
is the rank correlation between its values and the accuracies, combined over the problems. A rank correlation
ignores monotone transforms of the formula as a whole, and inputs are standardised, so that there are no
random constants: in trials they lowered the correlation on problems that were not trained on. Products, the
smaller and the larger of two inputs let one proxy decide where another has no say; logarithms, roots and
quotients added nothing to them. Between formulas of equal fitness the smaller one wins.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le

from zcrepro.evolve._engine.evaluation import Evaluation, Fitness
from zcrepro.evolve._engine.generations import Run, Search, best, run
from zcrepro.evolve._engine.selection import Pareto, Selection, Tournament, non_dominated
from zcrepro.evolve._engine.simplification import simplified
from zcrepro.evolve._engine.tree import Names, Node, Primitives, Tree
from zcrepro.evolve._engine.variation import ramped_half_and_half
from zcrepro.evolve.stage import Evolution, Method, OnFront
from zcrepro.files.journal import Journal
from zcrepro.formulas.formula import Formula, evaluated
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.rows import Rows

INITIAL_HEIGHTS = (1, 3)
"""Lowest and highest height of an initial formula: from one function to 8 terminals."""

SHORT_RUNS, SHORT_POPULATION, SHORT_GENERATIONS = 6, 300, 40
"""Number and size of the short evolutions that choose inputs."""

SHORT_BEST = 3
"""Formulas of each short evolution that count, the fittest of its front."""

RANDOM_ROWS = 1000
"""Rows of standard normal inputs on which a simplified formula must rank as before."""


@dataclass(frozen=True)
class Options:
    """Options of symbolic regression."""

    functions: tuple[str, ...] = ("add", "sub", "mul", "min", "max")
    """The functions that formulas are made of, rows of src/zcrepro/formulas/functions.py."""

    correlation: Literal["kendall", "spearman"] = "kendall"
    """The rank correlation that is the fitness on one problem."""

    combine: Literal["mean", "minimum"] = "mean"
    """How the correlations on all problems become one fitness."""

    population: Annotated[int, Ge(2)] = 500
    """Formulas in a generation."""

    generations: Annotated[int, Ge(1)] = 100
    """Generations of a run."""

    restarts: Annotated[int, Ge(1)] = 1
    """How often a run starts anew with other random numbers; the formula of the best fitness is kept."""

    crossover: Annotated[float, Ge(0), Le(1)] = 0.6
    """Probability that two formulas exchange subtrees."""

    mutation: Annotated[float, Ge(0), Le(1)] = 0.3
    """Probability that a formula is mutated: a new subtree, another node, or a function removed."""

    selection: Literal["tournament", "pareto"] = "tournament"
    """Parents are selected by fitness (tournament), or by fitness and size (pareto: NSGA-II)."""

    tournament: Annotated[int, Ge(1)] = 4
    """Formulas in a tournament, the best of which becomes a parent."""

    price: Annotated[float, Ge(0), Le(1)] = 0.0
    """What each node of a formula costs, in units of fitness."""

    max_size: Annotated[int, Ge(1)] = 25
    """Largest number of nodes of a formula."""

    minibatch: Annotated[float, Gt(0), Le(1)] = 0.5
    """Share of each problem's training architectures that a generation is judged on, drawn anew for each. The
    best ten are judged on all."""

    most_important: Annotated[int, Ge(0)] = 0
    """How many inputs are used: those that the best formulas of short evolutions have in common, on the same
    training architectures. 0 for all."""


def evolve(
    training: Sequence[Rows], options: Options, rng: np.random.Generator, journal: Journal | None = None
) -> Evolution:
    """Return the formula with the largest fitness on ``training``, simplified.

    The terminals are the columns of ``training``. ``journal`` keeps the generations for a run that goes on
    after this one was killed; the result depends on the other arguments only. Raises ValueError if no
    formula orders the architectures of every problem, as with constant scores.
    """
    if options.most_important:
        training = _with_inputs(training, _most_used(training, options, rng)[: options.most_important])
    primitives = _primitives(list(training[0].columns), options)
    runs = [
        _run(training, primitives, options, stream, journal, number)
        for number, stream in enumerate(rng.spawn(options.restarts))
    ]
    chosen = best((each.best for each in runs), options.price)
    values = _values_to_keep(training, rng)
    tree = simplified(chosen.tree, values)
    front = next(each for each in runs if each.best is chosen).front
    smaller = non_dominated([replace(each, tree=simplified(each.tree, values)) for each in front])
    return Evolution(
        formula=Formula(tree.names),
        fitness=chosen.fitness,
        history=[line for each in runs for line in each.history],
        front=[OnFront(Formula(each.tree.names), each.fitness) for each in smaller],
    )


def _most_used(training: Sequence[Rows], options: Options, rng: np.random.Generator) -> list[str]:
    """Return all inputs, first those that the best formulas of the most short evolutions use.

    A few inputs are searched better than many. Importances of a regression with trees choose worse, because
    they are shared out among inputs that say the same.
    """
    names = list(training[0].columns)
    primitives, short = (
        _primitives(names, options),
        replace(options, population=SHORT_POPULATION, generations=SHORT_GENERATIONS),
    )
    used = Counter(
        name
        for stream in rng.spawn(SHORT_RUNS)
        for each in _run(training, primitives, short, stream, None, 0).front[-SHORT_BEST:]
        for name in set(each.tree.names)
    )
    return sorted(names, key=lambda name: -used[name])


def _with_inputs(training: Sequence[Rows], names: Sequence[str]) -> list[Rows]:
    return [replace(rows, columns={name: rows.columns[name] for name in names}) for rows in training]


def fitness(training: Sequence[Rows], options: Options) -> Fitness:
    """Return how formulas are judged on the problems of ``training``."""

    def evaluation(problems: Sequence[Rows]) -> Evaluation:
        columns = _concatenated(problems)

        def values(formula: Names) -> np.ndarray:
            return evaluated(formula, columns)

        return Evaluation(values, [rows.accuracy for rows in problems], options.correlation, options.combine)

    def of_some(rng: np.random.Generator) -> Evaluation:
        return evaluation([_drawn(rows, options.minibatch, rng) for rows in training])

    return Fitness(evaluation(training), of_some if options.minibatch < 1 else None)


def _primitives(terminals: Sequence[str], options: Options) -> Primitives:
    functions = [Node(name, FUNCTIONS[name].arity) for name in options.functions]
    return Primitives(functions, [Node(name) for name in terminals])


def _run(
    training: Sequence[Rows],
    primitives: Primitives,
    options: Options,
    rng: np.random.Generator,
    journal: Journal | None,
    restart: int,
) -> Run:
    def fits(tree: Tree) -> bool:
        return len(tree) <= options.max_size

    first = ramped_half_and_half(primitives, INITIAL_HEIGHTS, options.population, rng)
    first = [tree if fits(tree) else tree.subtree(len(tree) - 1) for tree in first]
    search = Search(first, primitives, fitness(training, options), _selection(options), fits, options.price)
    return run(search, options, rng, journal, restart)


def _selection(options: Options) -> Selection:
    if options.selection == "pareto":
        return Pareto(options.tournament)
    return Tournament(options.tournament, options.price)


def _drawn(rows: Rows, share: float, rng: np.random.Generator) -> Rows:
    """Return a random share of the rows, two at least."""
    number = max(2, round(share * len(rows)))
    return rows.where(np.sort(rng.permutation(len(rows))[:number]))


def _concatenated(problems: Sequence[Rows]) -> Mapping[str, np.ndarray]:
    return {name: np.concatenate([rows.columns[name] for rows in problems]) for name in problems[0].columns}


def _values_to_keep(training: Sequence[Rows], rng: np.random.Generator) -> Callable[[Names], np.ndarray]:
    """Return a function from a formula to its values on the training rows and on random ones."""
    known = _concatenated(training)
    columns = {
        name: np.concatenate([column, rng.standard_normal(RANDOM_ROWS)]) for name, column in known.items()
    }

    def values(formula: Names) -> np.ndarray:
        return evaluated(formula, columns)

    return values


METHOD = Method(Options, evolve)
