"""Read the list of fetched files, ``config/datasets.tsv``: names, addresses and digests.

``digest`` is the digest of what the URL serves. If the URL serves an archive, ``member`` is the one file that
is extracted from it, and ``member_digest`` is the digest of that file. A digest is written with its
algorithm, as it was published: ``sha256:``, ``md5:`` or ``git-blob:``, then hexadecimal digits. ``bytes`` is
the size of the final file. It is empty if nobody has published it.

If no digest was published, ``digest`` is ``unknown``. An archive does not need one, because its member is
verified. Any other file without a digest is refused, wherever it comes from, until the list holds its digest.
The error states the digest that was found.

Names that start with ``official/`` are complete releases by the authors of a benchmark. All other names are
smaller files, pinned by their digest. A URL may also point to a folder, as for ImageNet16, that only a
browser can open. Its files have to be put into the mirror by hand, and are verified there.

A file whose URL is ``none`` has no public address. It is taken from the mirror, or not at all.

Only the standard library is imported here, because the Snakefile imports this module at every start and in
every cluster job.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from zcrepro.files.text import read_text

FETCHED = ("name", "url", "member", "member_digest", "digest", "bytes")
"""Columns that determine the content of a file: the settings of its fetch job.

The licence and the citation are left out, so that editing them fetches nothing again.
"""

COLUMNS = (*FETCHED, "licence", "citation")
MAY_BE_EMPTY = {"member", "member_digest", "bytes"}

UNKNOWN = "unknown"
"""Written in place of a digest that nobody has published."""

NO_URL = "none"
"""Written in place of a URL that there is not."""

DIGEST_LENGTHS = {"sha256": 64, "md5": 32, "git-blob": 40}
"""Number of hexadecimal digits of each algorithm. ``git-blob`` is the id that git gives to a file."""

Row = dict[str, str | int | None]


def read_datasets(*paths: Path) -> dict[str, Row]:
    """Return the rows of one or more dataset lists by name.

    Raises ValueError, which names the list, the line and its error, if one is malformed or repeats a name.
    """
    rows: dict[str, Row] = {}
    for path in paths:
        _read(path, rows)
    return rows


def _read(path: Path, rows: dict[str, Row]) -> None:
    """Add the rows of a list to ``rows``."""
    header, *lines = read_text(path).splitlines() or [""]
    if tuple(header.split("\t")) != COLUMNS:
        raise ValueError(f"{path}: the columns are {header.split()}, expected {list(COLUMNS)} between tabs")
    for number, line in enumerate(lines, start=2):
        try:
            row = _row(line)
            if row["name"] in rows:
                raise ValueError(f"the name {row['name']!r} is already in the list")
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
        rows[str(row["name"])] = row


def fetch_settings(row: Mapping[str, str | int | None]) -> Row:
    """Return the columns of a row that are the settings of its fetch job."""
    return {column: row[column] for column in FETCHED}


def listed_digest(row: Mapping[str, str | int | None]) -> str:
    """Return the digest of the final file of a row: of the member if the URL serves an archive."""
    return str(row["member_digest"] or row["digest"])


def checked_digest(text: str) -> tuple[str, str]:
    """Return the algorithm and the hexadecimal digits of a digest such as ``sha256:0f...``.

    Raises ValueError if the text is not a digest in lower case of a known algorithm.
    """
    algorithm, _, value = text.partition(":")
    length = DIGEST_LENGTHS.get(algorithm)
    if length is None or not re.fullmatch(rf"[0-9a-f]{{{length}}}", value):
        known = ", ".join(f"{name}:<{digits} digits>" for name, digits in DIGEST_LENGTHS.items())
        raise ValueError(f"digest {text!r} does not have one of the forms {known} (digits 0-9a-f)")
    return algorithm, value


def checked_path(text: str, what: str) -> str:
    """Return ``text`` if it is a relative path that stays inside its folder. Raises ValueError otherwise.

    ``what`` names the value in the error.
    """
    path = PurePosixPath(text)
    leads_out = path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text
    if leads_out or path.as_posix() != text or not path.parts:
        raise ValueError(f"{what} {text!r} is not a plain relative path, so it may lead out of its folder")
    return text


def _row(line: str) -> Row:
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} tab-separated cells, expected {len(COLUMNS)}")
    row = dict(zip(COLUMNS, cells, strict=True))
    for column, cell in row.items():
        if cell != cell.strip() or not (cell or column in MAY_BE_EMPTY):
            raise ValueError(f"{column} is {cell!r}, which is empty or has spaces around it")
    checked_path(row["name"], "name")
    if row["digest"] != UNKNOWN:
        checked_digest(row["digest"])
    if row["url"] != NO_URL and not row["url"].startswith(("https://", "http://")):
        raise ValueError(f"url {row['url']!r} does not start with https:// or http://, and is not {NO_URL}")
    if bool(row["member"]) != bool(row["member_digest"]):
        raise ValueError("member and member_digest have to be given together")
    if row["member"]:
        checked_path(row["member"], "member")
        checked_digest(row["member_digest"])
    if not re.fullmatch("([1-9][0-9]*)?", row["bytes"]):
        raise ValueError(f"bytes {row['bytes']!r} is not a positive whole number")
    return {**row, "bytes": int(row["bytes"]) if row["bytes"] else None}
