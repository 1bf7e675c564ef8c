"""Read the files of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022): scores of the 13 proxies.

There are two formats for all its search spaces:

* ``zc_<space>.json`` contains all proxies by task and architecture. The authors' first run, on 500 to 725
  architectures per task, and their final release have the same format and the same names. Their values are
  not interchangeable (Spearman between them: plain .19, grasp .70), so they are never combined.
* Archives of one or several proxies contain members ``<proxy>/benchmark--<space>--<task>--<first
  index>.json``.

Both also contain ``val_accuracy``, which is not a validation accuracy in every space; see the recipes.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.benchmarks._base import PROXIES, millions, parses, without_failures
from zcrepro.files import archives
from zcrepro.files.errors import FETCH_AGAIN
from zcrepro.files.json import parsed, read_json

Decode = Callable[[str], str]
"""Maps NASLib's encoding, such as ``(4, 0, 3, 1, 4, 3)``, to the space's text; else raises ValueError."""

Entry = Mapping[str, Any]

ACCURACY = "val_accuracy"


@parses
def json_scores(path: Path, task: str, decode: Decode) -> pd.DataFrame:
    """Read the scores of one task from a ``zc_<space>.json``.

    The columns are ``arch``, the 13 proxies and ``val_accuracy``, with NaN for a missing value.
    """
    entries = json_entries(path, task)
    return frame(entries.values()).assign(arch=_decoded(entries, decode))


@parses
def archive_scores(path: Path, space: str, task: str, decode: Decode) -> pd.DataFrame:
    """Read the scores of one task from an archive, as ``json_scores`` does.

    ``space`` is NASLib's name of the space. Raises ValueError if an architecture has two values of a proxy,
    or if no member belongs to the task.
    """
    merged: dict[str, dict[str, Any]] = {}
    for entry in _archive_entries(path, space, task):
        known = merged.setdefault(entry["arch"], {})
        repeated = (known.keys() & entry.keys() & set(PROXIES)) | _conflicts(known, entry)
        if repeated:
            raise ValueError(f"{entry['arch']} has {', '.join(sorted(repeated))} twice on {task}")
        known.update(entry)
    if not merged:
        raise ValueError(f"no scores of {space} on {task}")
    return frame(merged.values()).assign(arch=_decoded(merged, decode))


def further_accuracies(path: Path, space: str, task: str, decode: Decode) -> pd.DataFrame:
    """Read the accuracies on a task for which NAS-Bench-Suite-Zero trained networks, once each."""
    scores = archive_scores(path, space, task, decode)
    frame = pd.DataFrame({"arch": scores["arch"], "accuracy": scores[ACCURACY]})
    frame["seeds"] = pd.Series(pd.NA, frame.index, "Int64")
    return frame.assign(task=task, metric="validation", source="NASLib further tasks")


@parses
def json_entries(path: Path, task: str) -> dict[str, Entry]:
    """Return the entries of one task in a ``zc_<space>.json``, by NASLib's encoding.

    Raises ValueError if the file has no such task.
    """
    by_task = read_json(path, FETCH_AGAIN)
    # In the first run of NAS-Bench-101, the only task is one level deeper, under the name of the space.
    by_task = by_task.get("nasbench101", by_task)
    if task not in by_task:
        raise ValueError(f"no task {task}; it has {', '.join(by_task)}")
    entries: dict[str, Entry] = by_task[task]
    return entries


def _archive_entries(path: Path, space: str, task: str) -> Iterable[Entry]:
    for name, content in archives.zip_members(path, lambda name: f"--{space}--{task}--" in name):
        yield from parsed(content, f"{path}: {name}", FETCH_AGAIN)


def _decoded(encodings: Iterable[str], decode: Decode) -> list[str]:
    """Return the texts of encodings. Raises ValueError if two are of one architecture."""
    texts: dict[str, str] = {}
    for encoding in encodings:
        text = decode(encoding)
        if text in texts:
            raise ValueError(f"{texts[text]} and {encoding} are one architecture, {text}")
        texts[text] = encoding
    return list(texts)


def _conflicts(known: Entry, entry: Entry) -> set[str]:
    """Return the name of the accuracy if two entries of an architecture disagree on it."""
    return {ACCURACY} if known.get(ACCURACY, entry.get(ACCURACY)) != entry.get(ACCURACY) else set()


def frame(entries: Iterable[Entry]) -> pd.DataFrame:
    """Return one row per entry: the 13 proxies and ``val_accuracy``, float64."""
    rows = [{name: _value(entry.get(name)) for name in (*PROXIES, ACCURACY)} for entry in entries]
    return without_failures(pd.DataFrame(rows, columns=[*PROXIES, ACCURACY]))


def _value(found: Any) -> float | None:
    """Return a score. Most files write ``{"score": value, "time": seconds}``, and one the value alone.

    NaN and infinity are scores that failed. Raises ValueError if the value is not a number.
    """
    value = found["score"] if isinstance(found, Mapping) else found
    if value is not None and type(value) not in (int, float):
        raise ValueError(f"{value!r:.80} is not a score")
    return value


def published_counts(released: pd.DataFrame) -> pd.DataFrame:
    """Return params and flops among the scores, where they are in millions.

    The columns are those of ``_base.Counts``.
    """
    keys = ["arch", "task", "source", "file"]
    long = released.melt(keys, ["params", "flops"], var_name="quantity", value_name="millions").dropna()
    return long.assign(count=long["millions"].map(millions)).drop(columns="millions")
