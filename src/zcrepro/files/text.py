"""Read text files.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

from pathlib import Path


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file. Raises ValueError, which names the file, if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file in UTF-8 ({error})") from error
