"""Every proxy and the evolved formulas by problem: Kendall's tau with accuracy, as a heat map."""

from typing import Any

import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, _heat, _vega
from zcrepro.report._base import Figure
from zcrepro.report._formulas import GENERALIZATION, Formulas
from zcrepro.report._not_made import not_made
from zcrepro.report._runs import fittest
from zcrepro.report.context import Context

READS = ("generalization/*", "evolved/*")

HANDCRAFTED, LATER, EVOLVED = "hand-crafted", "later", "evolved"


def draw(context: Context) -> dict[str, Any]:
    """Draw a line per proxy and formula, in the order of their mean over the problems."""
    found = _formulas.every_method(context.inputs)
    if not found:
        return _vega.nothing(not_made(f"{GENERALIZATION}/"))
    problems = sorted({problem for formulas in found for problem in formulas.problems})
    shown = pd.concat([_rows(found, problem) for problem in problems])
    constant = (shown["kind"] == EVOLVED) & shown["value"].isna()
    means = shown["value"].mask(constant, 0.0).groupby(shown["label"]).mean()
    order = means.sort_values(kind="stable", ascending=False).index
    place = {label: number for number, label in enumerate(order)}
    cells = shown.sort_values("label", key=lambda labels: labels.map(place), kind="stable")
    numbers = _vega.counted(cells.loc[cells["value"].notna(), "n"].tolist() or [0])
    return _heat.heat_map(
        cells[["label", "across", "value", "ci_low", "ci_high", "n", "kind"]].rename(
            columns={"label": "down"}
        ),
        "Heat map of Kendall's tau with accuracy, a line per proxy or formula and a column per problem.",
        across="problem",
        down="proxy or formula",
        height=24 * len(order),
        tooltip={"ci_low": "interval from", "ci_high": "to", "n": "architectures", "kind": "kind"},
        title=f"Kendall's tau with accuracy, {numbers} architectures",
    )


def _rows(found: list[Formulas], problem: Problem) -> pd.DataFrame:
    """Return the hand-crafted proxies, those of later papers, and a formula per method and training set.

    The formula is the fittest one, or the middle one if the runs are not among the inputs.
    """
    kinds = {HANDCRAFTED: found[0].of_handcrafted(problem), LATER: found[0].of_later(problem)}
    parts = [rows.assign(label=rows["name"], kind=kind) for kind, rows in kinds.items()]
    chosen = []
    for formulas in found:
        for training_set in formulas.training_sets:
            has_runs = fittest(formulas.runs, training_set) is not None
            rows = formulas.of_training_set(problem, training_set)
            row = formulas.of_fittest(problem, training_set) if has_runs else _formulas.median(rows)
            if row is not None:
                which = "" if has_runs else ", middle run"
                label = f"{formulas.method} on {training_set}{which}"
                chosen.append({**row, "label": label, "kind": EVOLVED})
    shown = pd.concat([*parts, pd.DataFrame(chosen)] if chosen else parts)
    return shown.assign(across=_vega.problem_title(problem))


FIGURE = Figure(
    title="How well each proxy ranks, problem by problem",
    caption=(
        "Kendall's tau with accuracy: 1 if the score orders all pairs of architectures as their trained "
        "accuracies do, 0 if it does no better than chance. Blue: the higher the score the better the "
        "network; orange: the reverse. For each training set the formula is shown that is fittest on its "
        "training architectures. Lines stand in the order of their mean over the problems."
    ),
    section="explore",
    draw=draw,
    width=760,
)
