"""What all rules share: the inputs that decide whether a job runs again, and lists of files as parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jobs.run import Settings, Wildcards
from zcrepro import provenance
from zcrepro.fetching import verified
from zcrepro.fetching.datasets import listed_digest
from zcrepro.files import record, seal
from zcrepro.files.atomic import write_text
from zcrepro.files.json import sealed_text

MOST_ON_A_COMMAND_LINE = 100

Of = Callable[[Wildcards], Settings]
Inputs = dict[str, str | list[str]]


@dataclass(frozen=True)
class Jobs:
    """The inputs that decide whether the jobs of a run are done again.

    ``settings`` is the file of a job's settings. It is named by the digests of the settings and of the code,
    so that a change of either is another input. ``again`` is a note on what is wrong with the outputs of the
    job: they are damaged, or were made with other settings or code than the job has. Snakemake alone would
    not notice, because it knows of a file only what it noted in ``.snakemake``. There is a note only if
    something was wrong once.

    Each has a folder of its own: Snakemake lists a folder once, and takes what is written there later for
    missing.

    ``folder`` is that of the results. Only the process that plans the run ``verifies`` outputs.
    """

    folder: str
    verifies: bool
    _known: dict[tuple[str, ...], Inputs] = field(default_factory=dict)

    def inputs(
        self, stage: str, of: Of = lambda _: {}, *, makes: Iterable[str]
    ) -> Callable[[Wildcards], Inputs]:
        """Return a function that gives the inputs of a job. ``makes`` are its outputs, with wildcards."""
        patterns = tuple(makes)

        def found(wildcards: Wildcards) -> Inputs:
            outputs = tuple(pattern.format(**vars(wildcards)) for pattern in patterns)
            if (stage, *outputs) not in self._known:
                self._known[stage, *outputs] = self._inputs(stage, of(wildcards), outputs)
            return self._known[stage, *outputs]

        return found

    def fetched(self, of: Of, *, makes: str) -> Callable[[Wildcards], Inputs]:
        """Return a function that gives the inputs of a job that fetches a file into ``data/``.

        Its code does not decide what it makes: the digest in its settings does.
        """

        def found(wildcards: Wildcards) -> Inputs:
            settings = of(wildcards)
            output = makes.format(**vars(wildcards))
            digest = provenance.settings_digest(settings)
            path = _settings("data", "fetch", digest, settings)
            return self._with_note(path, output, lambda: _not_listed(Path(output), settings))

        return found

    def _inputs(self, stage: str, settings: Settings, outputs: Sequence[str]) -> Inputs:
        expected = {
            "stage": stage,
            "settings": provenance.settings_digest(settings),
            "code": _code(tuple(provenance.stage_modules(stage, settings))),
        }
        path = _settings(self.folder, stage, provenance.settings_digest(expected), settings)
        return self._with_note(path, outputs[0], lambda: _faults(outputs, expected))

    def _with_note(self, settings: str, output: str, faults: Callable[[], Iterable[str]]) -> Inputs:
        note = Path(settings).parent / _digest_of(output) / "again.txt"
        # New settings are newer than the outputs: Snakemake makes these again in any case.
        if self.verifies and not _is_newer(Path(settings), Path(output)):
            found = "".join(f"{fault}\n" for fault in faults())
            if found:
                write_text(note, found)
        return {"settings": settings, "again": [str(note)] if note.exists() else []}


def listed(files: Sequence[str], folder: str) -> str:
    """Return files as words of a command, or the name of a list of them if they are many.

    An argument of a command holds 128 KiB on Linux. The command line reads ``@NAME`` as the lines of a file.
    """
    files = [files] if isinstance(files, str) else files
    if len(files) <= MOST_ON_A_COMMAND_LINE:
        return " ".join(map(str, files))
    text = "".join(f"{file}\n" for file in files)
    return "@" + _written(f"{folder}/settings/files-{_digest_of(text)}.txt", text)


# Thousands of jobs start from a few sets of modules.
_code: Any = cache(provenance.code_digest)


def _faults(outputs: Sequence[str], expected: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with each output of a job that is there."""
    for path in map(Path, outputs):
        if path.is_file() and (fault := _fault(path, expected)):
            # The time makes the same damage another note when it comes a second time.
            yield f"{fault} (written at {path.stat().st_mtime_ns})"


def _fault(path: Path, expected: dict[str, str]) -> str:
    try:
        if path.suffix in record.SUFFIXES:
            record.check(path)
            return ""
        made = seal.record(seal.verified(path))
    except ValueError as error:
        return str(error)
    differing = [key for key, value in expected.items() if made.get(key) != value]
    said = ", ".join(f"{key} {made.get(key)} instead of {expected[key]}" for key in differing)
    return f"{path} was made with {said}" if said else ""


def _not_listed(path: Path, settings: Settings) -> Iterator[str]:
    """Yield what tells a fetched file that is there from the listed one."""
    if path.is_file() and (found := verified.difference(path, listed_digest(settings))):
        yield found


def _is_newer(one: Path, other: Path) -> bool:
    return not other.exists() or one.stat().st_mtime_ns > other.stat().st_mtime_ns


def _settings(folder: str, stage: str, digest: str, settings: Settings) -> str:
    return _written(f"{folder}/settings/{stage}-{digest}/settings.json", sealed_text(settings))


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _written(name: str, text: str) -> str:
    path = Path(name)
    # A file that was edited by hand is not trusted.
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return name
