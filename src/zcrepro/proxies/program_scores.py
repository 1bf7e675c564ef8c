"""Score networks with programs: those that were evolved, and published ones beside them.

All programs share one recording of the layer statistics, which costs more than evaluating them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zcrepro import provenance, registry, settings
from zcrepro.programs.evolved import EvolvedProgram, load_program
from zcrepro.programs.published import PUBLISHED
from zcrepro.proxies._passes.layer_statistics import LayerStatisticsPass, proxy_of
from zcrepro.proxies.base import Proxy
from zcrepro.proxies.extract import OF_A_CHUNK, ChunkSettings, score_chunk


@dataclass(frozen=True, kw_only=True)
class ScoreProgramsSettings(ChunkSettings):
    """One chunk, the published programs (names of proxies), and the names of the evolved programs.

    The programs are evaluated on the first images of the minibatch; see ``LayerStatisticsPass``.
    """

    proxies: list[str]
    programs: list[str]


def score_programs(
    *,
    settings_file: Path,
    order: Path,
    programs: Sequence[Path] = (),
    images: Sequence[Path] = (),
    output: Path,
) -> None:
    """Score one chunk of architectures with published and with evolved programs.

    Parameters
    ----------
    settings_file
        JSON of ScoreProgramsSettings.
    order
        The order of the problem's architectures.
    programs
        The files of the evolved programs, in the order of the settings; none if published ones alone score.
    images
        The files of the task's images; empty if an installed package contains the images.
    output
        Parquet: arch, graph, draw, and for each program a column (NaN if it is undefined) and a status.
    """
    chosen = settings.load(settings_file, ScoreProgramsSettings)
    metadata = provenance.metadata("score_programs", settings.as_mapping(chosen), of_chunk=OF_A_CHUNK)
    evolved = [load_program(path) for path in programs]
    if (found := [each.name for each in evolved]) != chosen.programs:
        raise ValueError(
            f"--programs are the files of {', '.join(found)}, not of {', '.join(chosen.programs)}"
        )
    scored = score_chunk(chosen, _proxies(chosen.proxies, evolved), order, images)
    texts = {each.name: str(each.program) for each in evolved}
    scored.write(output, metadata | {"programs": json.dumps(texts)})


def _proxies(published: Sequence[str], evolved: Sequence[EvolvedProgram]) -> list[Proxy[Any]]:
    """Return the proxies of the programs, which share one pass."""
    programs = PUBLISHED | {each.name: each.program for each in evolved}
    run = LayerStatisticsPass({name: program.value for name, program in programs.items()})
    return [
        *(replace(registry.get("proxies", name), runs_in=run) for name in published),
        *(
            proxy_of(each.name, each.program.latex(), run, f"evolved on {each.problem}", each.direction)
            for each in evolved
        ),
    ]
