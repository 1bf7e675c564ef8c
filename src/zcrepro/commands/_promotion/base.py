"""Say where a result is tracked, and find the names in the path of a result."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Promotion:
    """A tracked file that is going to be written.

    ``name`` is its path below the root of the checkout, and ``write`` writes it at the path that it is given.
    A kind of result is checked when its promotions are made, so that nothing is written if one is refused.
    """

    name: str
    write: Callable[[Path], None]


def located(path: Path, layout: str) -> dict[str, str]:
    """Return the names that a path below ``results/<run>/`` has in place of those in angle brackets.

    ``layout`` is the end of the path, for example ``counts/<space>.parquet``. Raises ValueError if the path
    does not end like this.
    """
    pattern = re.sub(r"<(\w+)>", r"(?P<\1>[^/]*)", re.escape(layout))
    match = re.search(f"/{pattern}$", path.resolve().as_posix())
    if match is None:
        raise ValueError(
            f"{path} is not at results/<run>/{layout}, which says where to promote it; name the file that "
            "the workflow wrote"
        )
    return match.groupdict()
