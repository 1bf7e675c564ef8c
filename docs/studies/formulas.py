"""Print what the tracked formulas have in common: their inputs, with direction, and their functions.

`python docs/studies/formulas.py [FOLDER]` reads resources/evolved/srgp. The direction and weight of an input
is Spearman's rho between it and the formula if all inputs are independent and standard normal.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from zcrepro.formulas.evolved import EvolvedProxy, load_formula
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.ranking.correlation import spearman

FOLDER = Path(__file__).parents[2] / "resources/evolved/srgp"

ROWS = 2000
SHOWN = 8
"""Inputs that are printed of a training set, those of the most runs."""


def effects(proxy: EvolvedProxy, rng: np.random.Generator) -> dict[str, float]:
    """Return rho of the formula with each of its inputs."""
    inputs = dict(zip(proxy.terminals, rng.standard_normal((len(proxy.terminals), ROWS)), strict=True))
    values = proxy.formula.evaluate(inputs)
    return {name: spearman(values, column) for name, column in inputs.items()}


def described(proxies: list[EvolvedProxy]) -> str:
    """Return the inputs and functions of the runs of one training set, in words."""
    rng = np.random.default_rng(0)
    by_input: dict[str, list[float]] = defaultdict(list)
    for proxy in proxies:
        for name, rho in effects(proxy, rng).items():
            by_input[name].append(rho)
    most = sorted(by_input, key=lambda name: (-len(by_input[name]), name))[:SHOWN]
    inputs = ", ".join(
        f"{name.removeprefix('structure_')} {len(by_input[name])} ({np.mean(by_input[name]):+.2f})"
        for name in most
    )
    functions = Counter(name for proxy in proxies for name in proxy.formula.tokens if name in FUNCTIONS)
    total = sum(functions.values())
    shares = ", ".join(f"{name} {count / total:.0%}" for name, count in functions.most_common())
    size = np.median([proxy.size for proxy in proxies])
    return f"{len(proxies)} | {size:.0f} | {inputs} | {shares}"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    print("| training set | runs | median size | inputs: runs that use them (mean rho) | functions |")
    print("| --- | --- | --- | --- | --- |")
    for of_set in sorted(path for path in folder.iterdir() if path.is_dir()):
        proxies = [load_formula(path) for path in sorted(of_set.glob("seed-*.json"))]
        print(f"| {of_set.name} | {described(proxies)} |")


if __name__ == "__main__":
    main()
