"""Where the page comes from: the files that it is made from, its versions and its configuration."""

import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any

import zcrepro
from zcrepro import __version__, checkout
from zcrepro.files import digests
from zcrepro.files.text import read_text

TOOLS = ("snakemake", "vl-convert-python")
"""Libraries that run the workflow and draw its figures, so that the metadata of results leave them out."""

README = "README.md"

LICENCE = re.compile(r"^Licence: (.+)$", re.MULTILINE)
"""The line of a README that names the licence of the files beside it, if that is not the project's."""


@dataclass(frozen=True)
class Dataset:
    """A fetched file, as ``config/datasets.tsv`` lists it; ``digest`` is that of the final file."""

    name: str
    url: str
    digest: str
    bytes: int | None
    licence: str
    citation: str

    @property
    def size(self) -> str:
        """The size in words; empty if it is not known."""
        return "" if self.bytes is None else f"{self.bytes / 1e6:,.1f} MB"


@dataclass(frozen=True)
class Tracked:
    """A file of the repository, or all files in a folder but what describes them.

    ``digest`` is the SHA-256 of a file, and of a folder that of what ``sha256sum`` prints of its files. It is
    empty if there are no files. ``readme`` is the path of the nearest README; empty if there is none.
    ``licence`` is the one that the README names, otherwise that of the project.
    """

    name: str
    files: int
    digest: str
    readme: str
    licence: str


@dataclass(frozen=True)
class Origins:
    """Data sources, provenance and citations: the last sections of the page.

    ``commit`` is that of the checkout which made the page; empty if there is none. ``versions`` are those of
    the package, the language and the libraries, ``platform`` is the system without its host, ``code`` and
    ``settings`` are digests, and ``configuration`` is JSON.
    """

    datasets: Sequence[Dataset]
    tracked: Sequence[Tracked]
    commit: str
    versions: Mapping[str, str]
    platform: str
    code: str
    settings: str
    seed: str
    configuration: str


def origins(
    datasets: Sequence[Dataset],
    tracked: Sequence[str],
    configuration: Mapping[str, Any],
    made: Mapping[str, str],
) -> Origins:
    """Return what the page says of its making; ``made`` is its metadata."""
    return Origins(
        datasets=datasets,
        tracked=[_tracked(name, checkout.FOLDER) for name in tracked],
        commit=checkout.commit(),
        versions=_versions(made),
        platform=f"{platform.system()}, {platform.machine()}",
        code=made["code"],
        settings=made["settings"],
        seed=str(configuration.get("seed", "")),
        configuration=json.dumps(configuration, indent=2, sort_keys=True),
    )


def _versions(made: Mapping[str, str]) -> dict[str, str]:
    return {
        "zcrepro": __version__,
        "Python": platform.python_version(),
        **{name: version(name) for name in TOOLS},
        **json.loads(made["versions"]),
    }


def _tracked(name: str, root: Path) -> Tracked:
    """Describe what is at a path of the repository at ``root``; an installed wheel holds a part of it."""
    path = root / name
    found = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    files = sorted(each.relative_to(root).as_posix() for each in found if each.name != README)
    readme = _readme(name, root)
    return Tracked(name, len(files), digests.of_files(files, root), readme, _licence(readme, root))


def _readme(name: str, root: Path) -> str:
    folders = (name, *(parent.as_posix() for parent in Path(name).parents[:-1]))
    return next((f"{each}/{README}" for each in folders if (root / each / README).is_file()), "")


def _licence(readme: str, root: Path) -> str:
    named = LICENCE.search(read_text(root / readme)) if readme else None
    return named[1] if named else str(metadata(zcrepro.__name__)["License-Expression"])
