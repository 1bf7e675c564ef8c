"""The head of the page: what the run computed and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from zcrepro.problems.problem import EMBEDDED
from zcrepro.report import headline
from zcrepro.report.findings import findings
from zcrepro.report.headline import Headline


@dataclass(frozen=True)
class Overview:
    """Contents of the overview, the head of the page.

    ``sentences`` are the results in words, and ``compared`` says how many values of papers they stand beside.
    ``headlines`` are the best by problem, ``findings`` what the tables say of the papers, and ``embedded``
    whether values are of the embedded benchmark.
    """

    sentences: list[str]
    compared: str
    headlines: list[Headline]
    findings: list[str]
    embedded: bool


def overview(frames: Mapping[str, pd.DataFrame], cited: set[str]) -> Overview:
    """Return the head of the page from the tables by name, and the keys of the data that they cite."""
    return Overview(
        sentences=headline.sentences(frames),
        compared=headline.compared(frames),
        headlines=headline.headlines(frames),
        findings=findings(frames),
        embedded=EMBEDDED in cited,
    )
