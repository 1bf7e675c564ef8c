"""The list of fetched files, ``config/datasets.tsv``: what each is called, where it lies and its digest.

``digest`` is of what the URL serves. Where that is an archive, ``member`` is the one file that is
taken out of it, and ``member_digest`` is of that file. Each is written with its algorithm, as it was
published: ``sha256:``, ``md5:`` or ``git-blob:`` and hexadecimal digits. ``bytes`` is the size of the
final file, empty where nobody says it.

Where no digest was published, ``digest`` is ``unknown``, and nothing is trusted for that. Of an
archive it is not needed: its member is verified. Any other such file is refused, from wherever it
comes, until its digest stands in the list; the refusal says the digest that was found.

Names that start with ``official/`` are of the authors' whole releases; all others are of smaller files
that are pinned to the byte. A folder in the place of a URL, as of ImageNet16, can be opened with a
browser only: what is in it goes into the mirror by hand, and is verified there.

Only the standard library is imported here, because the Snakefile reads the list at every start
and in every cluster job.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from zcrepro.files.text import read_text

FETCHED = ("name", "url", "member", "member_digest", "digest", "bytes")
"""What decides a file's content: the settings of its fetch job. A new licence text fetches nothing."""

COLUMNS = (*FETCHED, "licence", "citation")
MAY_BE_EMPTY = {"member", "member_digest", "bytes"}

UNKNOWN = "unknown"
"""Stands for a digest that nobody has published."""

DIGEST_LENGTHS = {"sha256": 64, "md5": 32, "git-blob": 40}
"""Hexadecimal digits by algorithm; ``git-blob`` is the id that git gives a file."""

Row = dict[str, str | int | None]


def read_datasets(path: Path) -> dict[str, Row]:
    """The rows of a dataset list by name. Raises ValueError that names the line and what is wrong there."""
    header, *lines = read_text(path).splitlines() or [""]
    if tuple(header.split("\t")) != COLUMNS:
        raise ValueError(f"{path}: the columns are {header.split()}, expected {list(COLUMNS)}, tabs between")
    rows: dict[str, Row] = {}
    for number, line in enumerate(lines, start=2):
        try:
            row = _row(line)
            if row["name"] in rows:
                raise ValueError(f"the name {row['name']!r} is there already")
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
        rows[str(row["name"])] = row
    return rows


def fetch_settings(row: Mapping[str, str | int | None]) -> Row:
    """The part of a row that its fetch job gets as settings."""
    return {column: row[column] for column in FETCHED}


def checked_digest(text: str) -> tuple[str, str]:
    """Algorithm and lower-case hexadecimal of ``sha256:0f...``. Raises ValueError for anything else."""
    algorithm, _, value = text.partition(":")
    length = DIGEST_LENGTHS.get(algorithm)
    if length is None or not re.fullmatch(rf"[0-9a-f]{{{length}}}", value):
        known = ", ".join(f"{name}:<{digits} digits>" for name, digits in DIGEST_LENGTHS.items())
        raise ValueError(f"digest {text!r} is none of {known} (digits 0-9a-f)")
    return algorithm, value


def checked_path(text: str, what: str) -> str:
    """``text``, a relative path that stays where it is put. Raises ValueError for one that leads out."""
    path = PurePosixPath(text)
    leads_out = path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text
    if leads_out or path.as_posix() != text or not path.parts:
        raise ValueError(f"{what} {text!r} is not a plain relative path: it may lead out of its folder")
    return text


def _row(line: str) -> Row:
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} cells between tabs, expected {len(COLUMNS)}")
    row = dict(zip(COLUMNS, cells, strict=True))
    for column, cell in row.items():
        if cell != cell.strip() or not (cell or column in MAY_BE_EMPTY):
            raise ValueError(f"{column} is {cell!r}: empty, or with spaces around it")
    checked_path(row["name"], "name")
    if row["digest"] != UNKNOWN:
        checked_digest(row["digest"])
    if not row["url"].startswith(("https://", "http://")):
        raise ValueError(f"url {row['url']!r} does not start with https:// or http://")
    if bool(row["member"]) != bool(row["member_digest"]):
        raise ValueError("member and member_digest go together: both or neither")
    if row["member"]:
        checked_path(row["member"], "member")
        checked_digest(row["member_digest"])
    if not re.fullmatch("([1-9][0-9]*)?", row["bytes"]):
        raise ValueError(f"bytes {row['bytes']!r} is not a positive whole number")
    return {**row, "bytes": int(row["bytes"]) if row["bytes"] else None}
