"""Kendall's tau of hand-crafted proxies, the best count and the evolved formulas, problem by problem.

After Phan and Luong (2025), whose printed values are not known. So there is no reference, and the claim to
look at is that the evolved formula ranks better than every hand-crafted proxy.
"""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report import _evolved, _formulas, _runs, _wins
from zcrepro.report._base import Table
from zcrepro.report._formulas import METRIC, Formulas
from zcrepro.report._populations import describe, embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import ARCHITECTURES, EVOLVED, HANDCRAFTED, Measured, absent, stated
from zcrepro.spaces.structural_counts import PREFIX

READS = ("generalization/srgp", "evolved/srgp/*")

METHOD = "srgp"

NUMBER, LEFT_OUT = "architectures", "left out: a score is undefined"
BEST_COUNT = "best count"
OUR_OWN = "scores of our own of a later paper's proxy, which is no rival of the formulas"
FITTEST, MEDIAN = "fittest", "median"


def rows(formulas: Formulas, context: Context) -> Iterator[Measured]:
    """Yield an entry per proxy, one for the best count, and two rows with their wins per training set.

    The intervals are those of the generalization stage.
    """
    del context
    for problem in formulas.problems:
        yield from _beside(formulas, problem)
    for training_set in formulas.training_sets:
        for which in (FITTEST, MEDIAN):
            yield from _evolved_rows(formulas, training_set, which)


def _beside(formulas: Formulas, problem: Problem) -> Iterator[Measured]:
    """Yield what stands beside the formulas: the architectures, the proxies, and the best count."""
    proxies = formulas.of_handcrafted(problem)
    defined = proxies[proxies["value"].notna()]
    if len(defined):
        yield _number(formulas, NUMBER, problem, defined.iloc[0], "n")
        yield _number(formulas, LEFT_OUT, problem, defined.iloc[0], "undefined")
    for _, row in proxies.iterrows():
        name = str(row["name"])
        if row["status"].startswith("no score"):
            yield absent(name, str(problem), METRIC, "", "no published score")
        else:
            yield replace(
                _tau(formulas, name, problem, row), role=HANDCRAFTED, name=name, seeds=int(row["draws"])
            )
    for _, row in formulas.of_later(problem).iterrows():
        name = str(row["name"])
        entry = _tau(formulas, f"{name} (later)", problem, row)
        yield replace(entry, name=name, seeds=int(row["draws"]), notes=stated([*entry.notes, OUR_OWN]))
    best = _formulas.best_either_way(formulas.of_counts(problem))
    if best is not None:
        choice = str(best["name"]).removeprefix(PREFIX)
        yield replace(_tau(formulas, BEST_COUNT, problem, best), name=choice, choice=choice)


def _evolved_rows(formulas: Formulas, training_set: str, which: str) -> Iterator[Measured]:
    """Yield the row of the fittest formula of a training set, or that of the middle one on each problem."""
    name = f"{training_set} ({which})"
    label = f"evolved on {name}"
    chosen = []
    for problem in formulas.problems:
        rows = formulas.of_training_set(problem, training_set)
        row = formulas.of_fittest(problem, training_set) if which == FITTEST else _formulas.median(rows)
        if row is not None:
            chosen.append((problem, row))
            yield replace(_tau(formulas, label, problem, row), role=EVOLVED, name=name, seeds=len(rows))
        elif which == FITTEST and _runs.fittest(formulas.runs, training_set) is None:
            yield absent(label, str(problem), METRIC, "", f"{_runs.EVOLUTIONS}/{METHOD}/{training_set}")
        else:
            yield absent(label, str(problem), METRIC, "", "no run was judged")
    how = tuple(dict.fromkeys(_evolved.normalisation(row) for _, row in chosen))
    yield from _wins.of_one(formulas, label, _wins.leads_of(formulas, chosen), how)


def _number(formulas: Formulas, label: str, problem: Problem, row: pd.Series, column: str) -> Measured:
    return Measured(
        row=label,
        column=str(problem),
        metric="architectures",
        value=float(row[column]),
        n=int(row["n"]),
        population=describe(problem, str(row["population"])),
        notes=stated(_about(problem, row)),
        cites=formulas.cites(problem),
    )


def _tau(formulas: Formulas, label: str, problem: Problem, row: pd.Series) -> Measured:
    about = [] if row["status"] == _evolved.CONSTANT else _about(problem, row)
    return Measured(
        row=label,
        column=str(problem),
        metric=METRIC,
        value=float(row["value"]),
        n=int(row["n"]),
        population=describe(problem, str(row["population"])),
        notes=stated([*_evolved.notes(row), *about]),
        interval=(float(row["ci_low"]), float(row["ci_high"])),
        interval_kind=ARCHITECTURES,
        seeds=1,
        problem=str(problem),
        cites=formulas.cites(problem),
    )


def _about(problem: Problem, row: pd.Series) -> Iterator[str]:
    yield f"with {row['metric_of']} accuracy"
    if row["draws"] > 1:
        yield f"mean over {row['draws']} draws of the scores"
    yield embedded_note(problem)


TABLE = Table(
    paper="SRGP",
    title="SRGP: rank correlation of hand-crafted and evolved proxies",
    caption=(
        "Kendall's tau with accuracy, with a bootstrap interval over architectures. Rows: every hand-crafted "
        "proxy; proxies of later papers, where the run has their scores; the best structural count of each "
        "problem, by absolute value; and for each training set the "
        "run that is fittest on its training architectures, and the middle run on each problem, which is "
        "another run from column to column. If a formula was evolved in a problem's space, it is judged on "
        "architectures that no evolution saw, and so are, for the first training set, the rows above. A "
        "formula compares the candidates of a problem; an input that the problem does not offer is replaced "
        f"by its mean. {_wins.OF_ONE} {_wins.RIVALS}"
    ),
    measure=_formulas.of_method(METHOD, rows),
)
