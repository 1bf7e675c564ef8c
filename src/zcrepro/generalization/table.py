"""The table of the generalization stage: which proxy ranks which problem how well.

The statistics of a row, in the column ``metric``, are

``kendall``, ``spearman``
    Rank correlation with accuracy; the mean over the draws of the scores.
``kendall at equal params``
    Kendall's tau among the pairs of architectures whose parameters differ by less than a tenth. It tells
    whether a proxy knows more than the size of a network.
``kendall at equal counts``
    Kendall's tau among the pairs of architectures with equal structural counts.
``regret``
    How many percentage points the accuracy of the architecture of the best score is below the highest. If
    several have the best score, it is their mean accuracy. A constant score has none.
``minus hand-crafted``, ``minus sound hand-crafted``, ``minus count``
    Kendall's tau of a formula minus that of the best hand-crafted proxy, of the best one whose published
    scores are more than rounding errors, and of the best structural count, on the same architectures. The
    best one is chosen on these very architectures and its sign is, too, which favours it. ``rival`` names it.
"""

import pyarrow as pa

KENDALL, SPEARMAN = "kendall", "spearman"
EQUAL_PARAMS, EQUAL_COUNTS = "kendall at equal params", "kendall at equal counts"
REGRET = "regret"
MINUS_HANDCRAFTED, MINUS_SOUND = "minus hand-crafted", "minus sound hand-crafted"
MINUS_COUNT = "minus count"

HANDCRAFTED = "hand-crafted"
"""The method of a proxy that was not evolved."""

LATER = "later"
"""The method of a hand-crafted proxy that is shown beside the others without being a rival of formulas."""

COUNT = "count"
"""The method of a structural count."""

ALL, HELD_OUT = "all", "held out"

SCHEMA = pa.schema(
    [
        ("method", pa.string()),
        ("name", pa.string()),
        ("training_set", pa.string()),
        ("repeat", pa.int64()),
        ("problem", pa.string()),
        ("population", pa.string()),
        ("metric", pa.string()),
        ("metric_of", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("rival", pa.string()),
        ("draws", pa.int64()),
        ("lowest", pa.float64()),
        ("highest", pa.float64()),
        ("n", pa.int64()),
        ("undefined", pa.int64()),
        ("status", pa.string()),
        ("formula", pa.string()),
        ("size", pa.int64()),
        ("normalisation", pa.string()),
        ("replaced", pa.string()),
        ("ours", pa.string()),
    ]
)
"""``n`` is the number of architectures, or of pairs for a statistic of pairs. ``undefined`` architectures
were left out. ``replaced`` are the inputs that the problem does not offer, and ``ours`` those whose scores
were not published; both are joined by commas. ``lowest`` and ``highest`` are those of a single draw."""

KEY = ["method", "name", "training_set", "problem", "population", "metric"]
