"""Read published scores of the 13 proxies on TransNAS-Bench-101: NAS-Bench-Suite-Zero (NeurIPS 2022).

One recipe reads micro and macro; the files determine which of them. The sources are:

* the first run: 711 architectures of micro, 662 or 725 of macro, and 11 proxies (no synflow, no zen). Its
  epe_nas failed on every task except jigsaw, and there for nearly half of the architectures.
* the tables of all architectures: zen on all seven tasks, synflow and epe_nas on the four tasks without a
  dense output.
* both combined: the architectures of the first run, with the columns of the tables added.
* instead of these three, the official file of the final release, if it is given.
* micro only, on ninapro, svhn and scifar100: 192 architectures and all 13 proxies.

Two encodings of micro look alike. In the files of the seven tasks, ``(1, 0, 2, 3, 3, 3)`` are the digits of
the benchmark's own text, 64-41414-1_02_333: NASLib wrote its numbers into the text unchanged, so scores and
accuracies are of that network. Only on ninapro, svhn and scifar100 are they NASLib's own numbers of
operations and order of edges, because NASLib built those networks itself. The parameter counts of all
architectures, and the accuracies of disconnected ones, which are at chance, verify both.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import parses, require_files
from zcrepro.benchmarks._suite_zero import archive_scores, json_scores, published_counts
from zcrepro.spaces import transnasbench101_macro, transnasbench101_micro
from zcrepro.spaces.base import Space
from zcrepro.spaces.cell import EDGES
from zcrepro.spaces.transnasbench101_micro import FURTHER_TASKS

SYNFLOW = "nas-bench-suite-zero/tnb101_classification_synflow.zip"
EPE_NAS = "nas-bench-suite-zero/tnb101_classification_epe_nas.zip"
FURTHER = "nas-bench-suite-zero/9x_all.zip"

CLASSIFICATIONS = ("class_object", "class_scene", "jigsaw", "room_layout")
"""Tasks that have tables of synflow and epe_nas. (room_layout is a regression with nine outputs.)"""

NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1")
NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))  # NASLib counts nodes from 1

FIRST_RUN_SOURCE = "NASLib first run"
FINAL_SOURCE = "NASLib final release"
FURTHER_SOURCE = "NASLib further tasks"


@cache
def micro_text(encoding: str) -> str:
    """Return the text with the digits of ``(1, 0, 2, 3, 3, 3)``. Raises ValueError for other input."""
    digits = _digits(encoding)
    text = f"{transnasbench101_micro.PREFIX}{digits[:1]}_{digits[1:3]}_{digits[3:]}"
    return _checked(transnasbench101_micro.SPACE, text, encoding)


@cache
def macro_text(encoding: str) -> str:
    """Return the text of ``(1, 2, 3, 4)`` or ``(1, 2, 3, 4, 0, 0)``. Raises ValueError for other input."""
    digits = _digits(encoding).rstrip("0")
    text = f"{transnasbench101_macro.PREFIX}{digits}{transnasbench101_macro.SUFFIX}"
    return _checked(transnasbench101_macro.SPACE, text, encoding)


@cache
def naslib_text(encoding: str) -> str:
    """Return the text of a micro cell in NASLib's own numbers. Raises ValueError for other input."""
    try:
        operations = [NASLIB_OPERATIONS[int(digit)] for digit in _digits(encoding)]
        operation = dict(zip(NASLIB_EDGES, operations, strict=True))
    except (ValueError, IndexError) as error:
        raise ValueError(f"{encoding!r} is not NASLib's encoding of a micro cell") from error
    return transnasbench101_micro.SPACE.text(tuple(operation[edge] for edge in EDGES))


def _digits(encoding: str) -> str:
    """Return the digits of an encoding such as ``(1, 0, 2)``, joined. Raises ValueError for other input."""
    try:
        numbers = ast.literal_eval(encoding)
        if all(type(number) is int and 0 <= number <= 9 for number in numbers):
            return "".join(map(str, numbers))
    except (ValueError, SyntaxError, TypeError):
        pass
    raise ValueError(f"{encoding!r} is not NASLib's encoding of an architecture")


def _checked(space: Space, text: str, encoding: str) -> str:
    try:
        return space.text(space.parse(text))
    except ValueError as error:
        raise ValueError(f"{encoding!r} is not NASLib's encoding of an architecture: {error}") from error


@dataclass(frozen=True)
class Files:
    """Names of the files of one of the two spaces, NASLib's name of the space, and its encoding."""

    space: Space
    naslib: str
    decode: Callable[[str], str]
    first_run: str
    official: str
    zen: str
    further: tuple[str, ...]


MICRO = Files(
    transnasbench101_micro.SPACE,
    "transbench101_micro",
    micro_text,
    "nas-bench-suite-zero/zc_transbench101_micro.json",
    "official/nas-bench-suite-zero/zc_transbench101_micro.json",
    "nas-bench-suite-zero/tnb101_micro_zen.zip",
    (FURTHER,),
)
MACRO = Files(
    transnasbench101_macro.SPACE,
    "transbench101_macro",
    macro_text,
    "nas-bench-suite-zero/zc_transbench101_macro.json",
    "official/nas-bench-suite-zero/zc_transbench101_macro.json",
    "nas-bench-suite-zero/tnb101_macro_zen.zip",
    (),
)


def files_of(files: Mapping[str, Path]) -> Files:
    """Return the names for macro if its table of zen or its official file is given, else those for micro."""
    return MACRO if MACRO.zen in files or MACRO.official in files else MICRO


class SuiteZeroTransNASBench101:
    """Recipe for published scores on seven tasks, and on three more for micro."""

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return published scores, see ``_base.Released``."""
        return pd.concat(self._parts(files), ignore_index=True)

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``. The flops of jigsaw are those of one tile out of nine."""
        released = self.released(files)
        counted = released["source"].isin([FIRST_RUN_SOURCE, FINAL_SOURCE, FURTHER_SOURCE])
        return published_counts(released[counted])

    def _parts(self, files: Mapping[str, Path]) -> Iterator[pd.DataFrame]:
        of = files_of(files)
        if of.official in files:
            require_files(files, [of.official, *of.further], "suite_zero_transnasbench101")
            yield from self._official(files[of.official], of)
        else:
            names = [of.first_run, of.zen, SYNFLOW, EPE_NAS, *of.further]
            require_files(files, names, "suite_zero_transnasbench101")
            yield from self._pinned(files, of)
        for name in of.further:
            for task in FURTHER_TASKS:
                further = archive_scores(files[name], of.naslib, task, naslib_text)
                yield further.assign(task=task, source=FURTHER_SOURCE, file=name)

    def _official(self, path: Path, of: Files) -> Iterator[pd.DataFrame]:
        for task in transnasbench101_macro.SPACE.tasks:
            scores = json_scores(path, task, of.decode)
            yield scores.assign(task=task, source=FINAL_SOURCE, file=of.official)

    def _pinned(self, files: Mapping[str, Path], of: Files) -> Iterator[pd.DataFrame]:
        for task in transnasbench101_macro.SPACE.tasks:
            columns = ["zen", "synflow", "epe_nas"] if task in CLASSIFICATIONS else ["zen"]
            named = "tables of zen, synflow and epe_nas" if task in CLASSIFICATIONS else "table of zen"
            tables = table(files[of.zen], of, task)
            for proxy, name in {"synflow": SYNFLOW, "epe_nas": EPE_NAS}.items():
                if proxy in columns:
                    tables[proxy] = _looked_up(tables, table(files[name], of, task), proxy)
            yield tables.assign(task=task, source=f"NASLib {named}", file=of.zen)
            first = json_scores(files[of.first_run], task, of.decode)
            yield first.assign(task=task, source=FIRST_RUN_SOURCE, file=of.first_run)
            joined = first.assign(**{proxy: _looked_up(first, tables, proxy) for proxy in columns})
            yield joined.assign(task=task, source=f"{FIRST_RUN_SOURCE} + {named}", file=of.first_run)


@parses
def table(path: Path, of: Files, task: str) -> pd.DataFrame:
    """Return an archive of all architectures for one task, as ``_suite_zero.archive_scores`` does.

    Raises ValueError if an architecture is missing.
    """
    scores = archive_scores(path, of.naslib, task, of.decode)
    if len(scores) != of.space.size:
        raise ValueError(f"{len(scores)} architectures on {task}, expected {of.space.size}")
    return scores


def _looked_up(rows: pd.DataFrame, scores: pd.DataFrame, proxy: str) -> pd.Series:
    return rows["arch"].map(scores.set_index("arch")[proxy])


RECIPE = SuiteZeroTransNASBench101()
