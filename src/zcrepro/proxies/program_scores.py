"""Score one chunk of architectures with programs: published ones, evolved ones, and others by name.

All programs share one recording of the layer statistics, which costs more than evaluating them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from zcrepro import provenance, settings
from zcrepro.programs.evolved import NamedProgram, load_program
from zcrepro.programs.names import is_evolved
from zcrepro.proxies.base import Proxy
from zcrepro.proxies.extract import OF_A_CHUNK, ChunkSettings, score_chunk
from zcrepro.proxies.programs import on_tensor, program_proxies


@dataclass(frozen=True, kw_only=True)
class ScoreProgramsSettings(ChunkSettings):
    """One chunk, and its programs: published ones, which are proxies, and others by name.

    The programs are evaluated on the first ``program_images`` images of the minibatch at most; see
    ``LayerStatisticsPass``.
    """

    proxies: list[str]
    programs: list[str]
    program_images: Annotated[int, Ge(1)]


def score_programs(
    *,
    settings_file: Path,
    order: Path,
    programs: Sequence[Path] = (),
    images: Sequence[Path] = (),
    processes: int = 1,
    output: Path,
    timings: Path,
) -> None:
    """Score one chunk of architectures with programs.

    Parameters
    ----------
    settings_file
        JSON of ScoreProgramsSettings.
    order
        The order of the problem's architectures.
    programs
        The files of evolved programs, of all that the settings name.
    images
        The files of the task's images; empty if an installed package contains the images.
    processes
        How many processes score parts of the chunk at the same time.
    output
        Parquet: arch, graph, draw, and for each program a column (NaN if it is undefined) and a status.
    timings
        Parquet: seconds of the pass for each architecture. Only a figure reads it.
    """
    chosen = settings.load(settings_file, ScoreProgramsSettings)
    metadata = provenance.metadata("score_programs", settings.as_mapping(chosen), of_chunk=OF_A_CHUNK)
    others = _others(chosen, programs)
    scored = score_chunk(chosen, partial(_proxies, chosen, programs), order, images, processes)
    texts = {program.name: str(program.program) for program in others}
    made = {"programs": json.dumps(texts), "program_images": str(chosen.program_images)}
    scored.write(output, timings, metadata | made)


def _proxies(chosen: ScoreProgramsSettings, files: Sequence[Path]) -> Sequence[Proxy[Any]]:
    return program_proxies(chosen.proxies, _others(chosen, files), chosen.program_images)


def _others(chosen: ScoreProgramsSettings, files: Sequence[Path]) -> list[NamedProgram]:
    """Return the programs that have no file among the proxies. Raises ValueError if a file is missing."""
    evolved = [load_program(path) for path in files]
    known = {program.name: program for each in evolved for program in (each.fittest, each.median)}
    lacking = [name for name in chosen.programs if is_evolved(name) and name not in known]
    if lacking:
        raise ValueError(f"--programs lacks the files of {', '.join(lacking)}")
    return [known[name] if name in known else on_tensor(name) for name in chosen.programs]
