"""Correlate formulas and hand-crafted proxies with accuracy, on problems of their training set and others.

The accuracy is test accuracy if the benchmark has it. If graphs of a problem's space were trained on, the
formula is judged on the others only, and so are the hand-crafted proxies beside it. All methods are judged
on the same architectures of a problem: those that have every score that any of them needs. Architectures on
which a formula itself has no value are left out for that formula and counted in ``undefined``. If the scores
have several draws, a correlation is the mean over the draws.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zcrepro import provenance, registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.formulas.evolved import EvolvedProxy, load_formula
from zcrepro.generalization.table import (
    ALL,
    COUNT,
    EQUAL_COUNTS,
    EQUAL_PARAMS,
    HANDCRAFTED,
    HELD_OUT,
    KENDALL,
    KEY,
    LATER,
    MINUS_COUNT,
    MINUS_HANDCRAFTED,
    MINUS_SOUND,
    REGRET,
    SCHEMA,
    SPEARMAN,
)
from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Files, Rows, completing, files_of, read_draws
from zcrepro.problems.scores import FEATURES, score_names
from zcrepro.problems.split import Split
from zcrepro.progress import track
from zcrepro.ranking import pairs
from zcrepro.ranking.intervals import Options
from zcrepro.ranking.pairs import Pairs
from zcrepro.ranking.resampled import Correlations, correlations

SIZE = "params"
NEARLY_EQUAL = 0.1
"""Pairs of architectures whose parameters differ by less than this share are of nearly equal size."""

ROUNDING_ERRORS = {
    "nasbench301": ("jacov", "epe_nas"),
    "transnasbench101_micro": ("jacov", "epe_nas"),
    "transnasbench101_macro": ("jacov", "epe_nas"),
}
"""Published scores that are mostly rounding errors, by space: their authors computed them in single precision
from matrices without full rank."""


@dataclass(frozen=True, kw_only=True)
class GeneralizeSettings(Options):
    """The ``problems`` (space/task), and the hand-crafted proxies and structural counts to compare with.

    ``later`` are proxies of later papers. They are judged too, but are no rivals of the formulas.

    ``source`` is one of SOURCES in ``zcrepro.problems.scores``. ``completed`` are the problems for which
    scores of our own fill what was not published.
    """

    problems: list[str]
    source: str
    completed: list[str]
    handcrafted: list[str]
    later: list[str]
    counts: list[str]
    seed: int
    max_undefined_share: float


@dataclass(frozen=True)
class Judged:
    """A formula, a hand-crafted proxy or a structural count, with its values on a problem, (draws, n).

    ``proxy`` is None if it was not evolved. ``replaced`` are its inputs that the problem does not offer.
    """

    method: str
    name: str
    proxy: EvolvedProxy | None
    values: np.ndarray
    replaced: Sequence[str] = ()

    @property
    def terminals(self) -> Sequence[str]:
        return self.proxy.terminals if self.proxy else (self.name,)


@dataclass(frozen=True)
class Subject:
    """A problem: its rows for each draw, and the values of every formula, proxy and count on them."""

    draws: Sequence[Rows]
    judged: Sequence[Judged]

    @property
    def rows(self) -> Rows:
        return self.draws[0]

    @property
    def problem(self) -> Problem:
        return self.rows.problem


@dataclass(frozen=True)
class Population:
    """The rows of a problem that are judged, a boolean mask, and the number of those that lack a score.

    ``training_set`` is the one whose graphs are left out; empty if none are.
    """

    name: str
    training_set: str
    kept: np.ndarray
    left_out: int


def generalize(
    *,
    settings_file: Path,
    evolved: list[Path],
    accuracies: list[Path],
    scores: list[Path],
    structure: list[Path],
    computed: Sequence[Path] = (),
    output: Path,
) -> None:
    """Correlate evolved and hand-crafted proxies with accuracy on every problem.

    Parameters
    ----------
    settings_file
        JSON of GeneralizeSettings.
    evolved
        JSON of evolved formulas.
    accuracies, scores, structure
        Parquet of accuracies, of released scores or features, and of structural counts, one each for every
        problem of the settings, in their order.
    computed
        Parquet of our features, one for each problem of the setting ``completed``, in its order.
    output
        Parquet: one row per method, problem, population and statistic (see ``zcrepro.generalization.table``),
        with its interval over architectures, and the lowest and highest value of a single draw.
    """
    chosen = settings.load(settings_file, GeneralizeSettings)
    metadata = provenance.metadata("generalize", settings.as_mapping(chosen))
    files = files_of(
        chosen.problems,
        accuracies,
        scores,
        structure,
        source=chosen.source,
        completed=completing(chosen.completed, computed),
    )
    proxies = [load_formula(path) for path in evolved]
    splits = _splits(proxies)
    _check_names(chosen, proxies, [*scores, *structure, *computed])
    rows: list[dict[str, Any]] = []
    problems = [Problem.parse(text) for text in chosen.problems]
    for problem, of in track(list(zip(problems, files, strict=True)), "generalization"):
        subject = _subject(problem, of, proxies, chosen)
        for population, judged in _populations(subject, splits):
            rows += _Judgement(subject, population, judged, chosen).rows()
    frame = pd.DataFrame(rows, columns=SCHEMA.names).astype({"repeat": "Int64"})
    parquet.write(output, frame, SCHEMA, KEY, metadata)


def _splits(proxies: Sequence[EvolvedProxy]) -> dict[str, Split]:
    """Return the split of each training set. Raises ValueError if two files of one set disagree."""
    found: dict[str, Split] = {}
    for proxy in proxies:
        if found.setdefault(proxy.training_set, proxy.split) != proxy.split:
            raise ValueError(
                f"{proxy.name} was evolved on other architectures than the rest of the training set "
                f"{proxy.training_set}; evolve all its repeats with the same problems, architectures and seed"
            )
    return found


def _check_names(chosen: GeneralizeSettings, proxies: Sequence[EvolvedProxy], scores: Sequence[Path]) -> None:
    """Raise ValueError for a proxy that no problem has. If only some lack it, the table says so."""
    known = {name for path in scores for name in score_names(path)}
    for name in _names(proxies, chosen):
        if name not in known:
            raise ValueError(settings.unknown_name("proxy", name, known))


def _names(proxies: Sequence[EvolvedProxy], chosen: GeneralizeSettings) -> list[str]:
    """Return every score that is judged or that a formula reads, each once."""
    read = [name for proxy in proxies for name in proxy.terminals]
    return list(dict.fromkeys([*chosen.handcrafted, *chosen.later, *chosen.counts, *read]))


def _subject(
    problem: Problem, files: Files, proxies: Sequence[EvolvedProxy], chosen: GeneralizeSettings
) -> Subject:
    share = chosen.max_undefined_share
    names = files.offered(problem, _names(proxies, chosen), share)
    draws = read_draws(problem, files, names, metrics=REPORTING, max_undefined_share=share)
    alone = {HANDCRAFTED: chosen.handcrafted, LATER: chosen.later, COUNT: chosen.counts}
    counts_of = files.counts_of
    judged = [_evolved(proxy, draws, counts_of) for proxy in proxies]
    judged += [
        Judged(method, name, None, np.stack([draw.columns[name] for draw in draws]))
        for method, named in alone.items()
        for name in named
        if name in names
    ]
    judged += [
        Judged(method, name, None, np.full((len(draws), len(draws[0])), np.nan), [name])
        for method, named in alone.items()
        for name in named
        if name not in names
    ]
    return Subject(draws, judged)


def _evolved(proxy: EvolvedProxy, draws: Sequence[Rows], counts_of: str) -> Judged:
    """Return a formula with its values."""
    known = proxy.offered(draws[0].columns, str(draws[0].problem), counts_of)
    columns = [{name: draw.columns[name] for name in known} for draw in draws]
    values = np.stack([proxy.values(of, len(draws[0])) for of in columns])
    replaced = [name for name in proxy.terminals if name not in known]
    return Judged(proxy.method, proxy.name, proxy, values, replaced)


def _populations(
    subject: Subject, splits: Mapping[str, Split]
) -> Iterator[tuple[Population, Sequence[Judged]]]:
    """Yield all rows with the formulas that were evolved in other spaces, and those held out of each set."""
    rows, space = subject.rows, subject.problem.space
    trained_here = {name for name, split in splits.items() if space in split.spaces}
    others = [one for one in subject.judged if not (one.proxy and one.proxy.training_set in trained_here)]
    yield Population(ALL, "", np.ones(len(rows), np.bool_), len(rows.left_out)), others
    for training_set in sorted(trained_here):
        split = splits[training_set]
        unseen = int(split.held_out(space, np.array(list(rows.left_out.values()), object)).sum())
        population = Population(HELD_OUT, training_set, split.held_out(space, rows.graph), unseen)
        yield (
            population,
            [one for one in subject.judged if one.proxy is None or one.proxy.training_set == training_set],
        )


@dataclass(frozen=True)
class _Judgement:
    """The rows of the table on one population."""

    subject: Subject
    population: Population
    judged: Sequence[Judged]
    chosen: GeneralizeSettings

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of all methods. Those defined on the same architectures are resampled together."""
        masks = [self.population.kept & ~np.isnan(one.values).any(axis=0) for one in self.judged]
        by_mask: dict[bytes, list[int]] = {}
        for place, mask in enumerate(masks):
            by_mask.setdefault(mask.tobytes(), []).append(place)
        whole = self.population.kept.tobytes()
        rivals = [place for place in by_mask.get(whole, []) if self.judged[place].proxy is None]
        for key, members in by_mask.items():
            beside = [] if key == whole else rivals
            yield from self._alike(members, beside, masks[members[0]])

    def _alike(
        self, members: Sequence[int], rivals: Sequence[int], mask: np.ndarray
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of ``members``, which are judged on ``mask``, beside ``rivals``."""
        judged = [self.judged[place] for place in (*members, *rivals)]
        rows = self.subject.rows.where(mask)
        # The key does not name the method, so that all have the same resamples.
        rng = seeds.numpy_generator(
            self.chosen.seed,
            "interval",
            str(rows.problem),
            self.population.name,
            self.population.training_set,
        )
        values = np.stack([one.values[:, mask] for one in judged])
        found = correlations(values, rows.accuracy, rows.graph, self.chosen.resamples, self.chosen.level, rng)
        alike = _alike_in_size_or_structure(rows, self.chosen.counts)
        for place, one in enumerate(judged[: len(members)]):
            same = self._about(one, mask)
            yield from (same | row for row in _correlation_rows(found, place, len(rows)))
            if one.proxy:
                yield from (same | row for row in _leads(found, place, judged, rows))
            regrets = [_regret(draw * _sign(one), rows.accuracy) for draw in values[place]]
            yield same | _row(REGRET, regrets, (math.nan, math.nan), len(rows))
            for metric, among in alike.items():
                by_draw = [among.kendall(draw, rows.accuracy) for draw in values[place]]
                yield same | _row(metric, by_draw, (math.nan, math.nan), len(among))

    def _about(self, one: Judged, mask: np.ndarray) -> dict[str, Any]:
        """Return what the rows of a method have in common."""
        rows, proxy = self.subject.rows, one.proxy
        size = int(self.population.kept.sum())
        read = [name for name in one.terminals if name not in one.replaced]
        ours = [name for name in read if rows.sources.get(name) == FEATURES]
        return {
            "method": one.method,
            "name": one.name,
            "training_set": proxy.training_set if proxy else self.population.training_set,
            "repeat": proxy.repeat if proxy else None,
            "problem": str(rows.problem),
            "population": self.population.name,
            "metric_of": rows.metric,
            "rival": "",
            "draws": len(self.subject.draws),
            "undefined": self.population.left_out + size - int(mask.sum()),
            "status": "ok" if proxy or not one.replaced else f"no score {one.name}",
            "formula": str(proxy.formula) if proxy else one.name,
            "size": proxy.size if proxy else 1,
            "normalisation": proxy.normalisation.kind if proxy else "",
            "replaced": ",".join(one.replaced) if proxy else "",
            "ours": ",".join(ours) if self.chosen.source != FEATURES else "",
        }


def _row(
    metric: str, by_draw: Sequence[float] | np.ndarray, bounds: tuple[float, float], n: int
) -> dict[str, Any]:
    return {
        "metric": metric,
        "value": float(np.mean(by_draw)),
        "ci_low": bounds[0],
        "ci_high": bounds[1],
        "lowest": float(np.min(by_draw)),
        "highest": float(np.max(by_draw)),
        "n": n,
    }


def _correlation_rows(found: Correlations, place: int, n: int) -> Iterator[dict[str, Any]]:
    for number, metric in enumerate((KENDALL, SPEARMAN)):
        by_draw = found.by_draw[place, :, number]
        row = _row(metric, by_draw, found.interval(place, number), n)
        yield row | ({"status": "constant"} if n and math.isnan(row["value"]) else {})


def _leads(found: Correlations, place: int, judged: Sequence[Judged], rows: Rows) -> Iterator[dict[str, Any]]:
    """Yield how far a formula is ahead of the best hand-crafted proxy and of the best count."""
    unsound = ROUNDING_ERRORS.get(rows.problem.space, ())
    handcrafted = [place for place, one in enumerate(judged) if one.method == HANDCRAFTED]
    among = {
        MINUS_HANDCRAFTED: handcrafted,
        MINUS_SOUND: [place for place in handcrafted if judged[place].name not in unsound],
        MINUS_COUNT: [place for place, one in enumerate(judged) if one.method == COUNT],
    }
    for metric, places in among.items():
        rival = found.best(places)
        if rival is not None:
            lead, bounds = found.lead(place, rival)
            yield _row(metric, [lead], bounds, len(rows)) | {"rival": judged[rival].name}


def _regret(values: np.ndarray, accuracy: np.ndarray) -> float:
    """Return how far the accuracy of the best value is below the highest, NaN if all values are equal."""
    if not len(values) or values.min() == values.max():
        return math.nan
    return float(accuracy.max() - accuracy[values == values.max()].mean())


def _sign(one: Judged) -> float:
    """Return -1 for a hand-crafted proxy of which smaller scores are better, else 1."""
    known = one.proxy is None and one.name in registry.names("proxies")
    return -1.0 if known and registry.get("proxies", one.name).direction == "lower" else 1.0


def _alike_in_size_or_structure(rows: Rows, counts: Sequence[str]) -> dict[str, Pairs]:
    """Return the pairs of rows of nearly equal parameters and those of equal counts, by statistic."""
    found = {}
    if SIZE in rows.columns and (rows.columns[SIZE] > 0).all():
        found[EQUAL_PARAMS] = pairs.within(rows.columns[SIZE], NEARLY_EQUAL)
    if known := [rows.columns[name] for name in counts if name in rows.columns]:
        found[EQUAL_COUNTS] = pairs.of_equal(*known)
    return found
