"""Flips bits of files and cuts them short, and sorts what a reader makes of it."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FLIPS, CUTS = 300, 100
"""How many damaged copies of each file are read; each is damaged in one place."""


def damaged(
    content: bytes, flips: int = FLIPS, cuts: int = CUTS, seed: int = 0
) -> Iterator[tuple[str, bytes]]:
    """Yield copies of ``content`` with one flipped bit, then copies that end early, each with its name."""
    rng = random.Random(seed)
    for _ in range(flips):
        place, bit = rng.randrange(len(content)), rng.randrange(8)
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        yield f"bit {bit} of byte {place}", bytes(flipped)
    for _ in range(cuts):
        length = rng.randrange(len(content))
        yield f"cut to {length} bytes", content[:length]


def outcomes(
    read: Callable[[Path], Any], path: Path, same: Callable[[Any, Any], bool], **how: int
) -> tuple[Counter[str], list[str]]:
    """Read damaged copies of the file at ``path``; return how often each outcome occurred, and the faults.

    The outcomes are ``refused`` (a ValueError or OSError that names the file), ``equal`` (the damage changed
    nothing that is read), and the faults ``silent`` (another value), ``unnamed`` and ``traceback`` (any other
    exception, which the command line would not catch).
    """
    content, expected = path.read_bytes(), read(path)
    counts: Counter[str] = Counter()
    faults = []
    for name, copy in damaged(content, **how):
        path.write_bytes(copy)
        outcome, said = _outcome(read, path, same, expected)
        counts[outcome] += 1
        if outcome not in ("refused", "equal"):
            faults.append(f"{outcome}: {name}: {said}")
    path.write_bytes(content)
    return counts, faults


def _outcome(
    read: Callable[[Path], Any], path: Path, same: Callable[[Any, Any], bool], expected: Any
) -> tuple[str, str]:
    try:
        found = read(path)
    except (ValueError, OSError) as error:
        return ("refused" if str(path) in str(error) else "unnamed"), f"{type(error).__name__}: {error}"
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"
    return ("equal" if same(found, expected) else "silent"), ""
