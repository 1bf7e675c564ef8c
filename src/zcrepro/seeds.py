"""Derive named random streams: a stream is keyed by its purpose, never by the order of calls.

A key is any sequence of strings and integers, for example ``(7, "nasbench201", "cifar10", graph)``.
Equal keys give equal streams in every process and on every machine. The number of cores, the chunk size
and the order of the architectures therefore do not change a result.
"""

import hashlib
import json

import numpy as np

SEED_BITS = 63  # seeds of this length are accepted by torch, NumPy and Python's random


def derive(*key: str | int) -> int:
    """Return a seed in ``[0, 2**63)``: the leading bits of the SHA-256 of the key's JSON text."""
    digest = hashlib.sha256(json.dumps(key, ensure_ascii=True).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)


def numpy_generator(*key: str | int) -> np.random.Generator:
    """Return a NumPy generator seeded from ``key`` alone."""
    return np.random.default_rng(derive(*key))
