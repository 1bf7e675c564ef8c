"""``zcrepro promote``: keep results of a run in the repository."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from zcrepro import checkout
from zcrepro.commands._files import existing
from zcrepro.commands._promotion.base import Promotion
from zcrepro.commands._promotion.counts import promote_counts
from zcrepro.commands._promotion.features import promote_features
from zcrepro.commands._promotion.formulas import promote_formulas
from zcrepro.commands._promotion.live import promote_live
from zcrepro.commands._promotion.programs import promote_programs
from zcrepro.commands._promotion.reduced import promote_reduced
from zcrepro.commands._promotion.run import promote_run
from zcrepro.commands._promotion.searches import promote_searches
from zcrepro.commands._promotion.trainings import promote_trainings
from zcrepro.files import parquet
from zcrepro.files.json import read_sealed

RUN = "run"

KINDS: Mapping[str, Callable[[Sequence[Path], Path], Iterable[Promotion]]] = {
    "extract": promote_features,
    "score_programs": promote_features,
    "train": promote_trainings,
    "train_reduced": promote_reduced,
    "evolve": promote_formulas,
    "evolve_program": promote_programs,
    "searches": promote_searches,
    "live_search": promote_live,
    "counts": promote_counts,
    RUN: promote_run,
}
"""What promotes the files of each stage, and the folder of a run."""


def promote(paths: Sequence[Path], /, *, to: Path | None = None) -> None:
    """Keep results of a run in the repository, where no rule makes them.

    What is kept, and where: chunks of features in resources/released, trainings of the embedded benchmark in
    resources/embedded, reduced trainings in resources/trainings, evolved formulas and programs in
    resources/evolved, searches in resources/search, records of live searches in resources/live, published
    counts in resources/proofs, and the tables and figures of a run in docs/reproduction. Chunks and trainings
    are added to what is tracked already.

    Parameters
    ----------
    paths
        Files in the folder of a run, for example results/sample/evolved/srgp/all/seed-0.json, and folders of
        them. The folder of the run itself, for example results/sample, stands for its tables and figures.
    to
        The root of the checkout to write to, if it is not the one that zcrepro runs from.
    """
    if not paths:
        raise ValueError("name the files or folders of results/<run>/ to promote")
    root = checkout.path("Snakefile").parent if to is None else to
    files: dict[str, list[Path]] = {}
    for path in dict.fromkeys(file for given in paths for file in _files(given)):
        files.setdefault(_stage(path), []).append(path)
    promotions = [each for stage, found in files.items() for each in KINDS[stage](found, root)]
    for promotion in promotions:
        promotion.write(root / promotion.name)
        print(promotion.name)


def _files(path: Path) -> list[Path]:
    """Return a file, the folder of a run, or what can be promoted in another folder."""
    if not path.is_dir():
        found = [existing(path)]
    else:
        found = [path] if _stage(path) == RUN else sorted(path.rglob("*.*"))
    files = [each for each in found if _stage(each) in KINDS]
    if not files:
        raise ValueError(
            f"{path} cannot be promoted; name chunks of features, trainings, evolved formulas or programs, "
            "searches or counts of results/<run>/, a folder of them, or results/<run> itself"
        )
    return files


def _stage(path: Path) -> str:
    """Return the stage that made a file, RUN for the folder of a run, and an empty string for others."""
    if path.is_dir():
        return RUN if path.resolve().parent.name == "results" else ""
    if path.suffix == ".parquet":
        return parquet.metadata(path).get("stage", "")
    if path.suffix == ".json":
        provenance = read_sealed(path).get("provenance")
        return str(provenance.get("stage")) if isinstance(provenance, dict) else ""
    return ""
