"""Seeds by name: every random stream is keyed by what it is for, never by the order of calls.

A key is any sequence of strings and integers, for example ``(7, "nasbench201", "cifar10", graph)``.
Equal keys give equal streams in every process, on every machine, whatever the number of cores,
the chunk size or the order of the architectures.
"""

import hashlib
import json

import numpy as np

SEED_BITS = 63  # what torch, numpy and Python's random all accept


def derive(*key: str | int) -> int:
    """A seed in ``[0, 2**63)`` from the SHA-256 of the key's JSON text."""
    digest = hashlib.sha256(json.dumps(key, ensure_ascii=True).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)


def numpy_generator(*key: str | int) -> np.random.Generator:
    """A numpy generator of its own for ``key``."""
    return np.random.default_rng(derive(*key))
