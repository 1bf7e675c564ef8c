"""Ask whether each file of config/datasets.tsv is still at its address: ``python docs/check_datasets.py``.

Only the heads of the answers are read, so nothing is downloaded. A size that is not the listed one is an
error too. ``make links`` runs it.
"""

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from zcrepro.fetching.datasets import NO_URL, read_datasets

LIST = Path(__file__).parents[1] / "config/datasets.tsv"
SECONDS, AT_ONCE = 30, 8


def main() -> None:
    """Print what is wrong, and exit with 1 if anything is."""
    rows = [row for row in read_datasets(LIST).values() if row["url"] != NO_URL]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [text for text in pool.map(problem, rows) if text]
    print("\n".join([*wrong, f"{len(rows)} addresses, {len(wrong)} with a problem"]))
    sys.exit(1 if wrong else 0)


def problem(row: Mapping[str, str | int | None]) -> str:
    """Return what is wrong with the address of a file, or an empty text."""
    url = str(row["url"])
    try:
        # A server that compresses states the size of what it sends.
        headers = {"Accept-Encoding": "identity"}
        answer = requests.head(url, headers=headers, timeout=SECONDS, allow_redirects=True)
        answer.raise_for_status()
    except requests.RequestException as error:
        return f"{row['name']}: {url}: {error}"
    # A member of an archive is listed with its own size, and a folder is a page for browsers.
    is_listed = row["bytes"] is not None and not row["member"]
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    size = int(answer.headers.get("Content-Length", row["bytes"] or 0))
    if is_listed and not is_page and size != row["bytes"]:
        return f"{row['name']}: {url} has {size} bytes instead of {row['bytes']}"
    return ""


if __name__ == "__main__":
    main()
