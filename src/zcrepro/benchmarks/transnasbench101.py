"""Read accuracies of TransNAS-Bench-101 (Duan et al., CVPR 2021): all networks of micro or macro.

There are seven tasks. The accuracies are the validation results after the last epoch of one training each,
from the archives of NAS-Bench-Suite-Zero. The results in its JSON files (its first run) are those of the best
epoch. A search could not have known that epoch, so they are not read. Some equal graphs were trained once:
the 4,096 texts of micro have 2,994 different results, and no result belongs to two graphs.

Not every result is a percentage. room_layout is a negative loss, autoencoder and normal are a structural
similarity (SSIM), and segmentsemantic is the percentage of correct pixels.

On ninapro, svhn and scifar100 the authors of NAS-Bench-Suite-Zero trained 192 architectures of micro. They
publish one accuracy each, which they call validation accuracy.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import require_files
from zcrepro.benchmarks._suite_zero import ACCURACY, further_accuracies
from zcrepro.benchmarks.suite_zero_transnasbench101 import files_of, naslib_text, table
from zcrepro.spaces import transnasbench101_macro
from zcrepro.spaces.transnasbench101_micro import FURTHER_TASKS

NOT_PERCENT = frozenset({"room_layout", "autoencoder", "normal"})


class TransNASBench101:
    """Recipe for validation accuracies of all architectures of one space."""

    not_percent = NOT_PERCENT

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``. Raises ValueError if an architecture is missing."""
        return pd.concat(self._parts(files), ignore_index=True)

    def _parts(self, files: Mapping[str, Path]) -> Iterator[pd.DataFrame]:
        of = files_of(files)
        require_files(files, [of.zen, *of.further], "transnasbench101")
        for task in transnasbench101_macro.SPACE.tasks:
            yield final_epoch(table(files[of.zen], of, task)).assign(task=task, file=of.zen)
        for name in of.further:
            for task in FURTHER_TASKS:
                further = further_accuracies(files[name], of.naslib, task, naslib_text)
                yield further.assign(file=name)


def final_epoch(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of accuracies from scores of ``_suite_zero.archive_scores``."""
    frame = pd.DataFrame({"arch": scores["arch"], "accuracy": scores[ACCURACY]})
    frame["seeds"] = pd.Series(1, frame.index, "Int64")
    return frame.assign(metric="validation", source="TransNAS-Bench-101, final epoch")


RECIPE = TransNASBench101()
