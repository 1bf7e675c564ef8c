"""Time what a search costs beside the trainings: CPU time of each algorithm for each trained model.

python perf/search.py [--repeats 3]

The pool is all of NAS-Bench-201, with random accuracies and scores. The time for a pool's neighbours, choices
and graphs, which are computed once for all searches, is left out.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import sys
import time
from contextlib import suppress

import numpy as np
import torch

from zcrepro import registry
from zcrepro.searching._guide import Guide
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import BudgetSpentError, Trainer

BUDGET = 300


def main() -> None:
    """Print one line per algorithm and way in which a score helps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    space = registry.get("space", "nasbench201")
    pool = Pool(space, list(space.architectures()))
    rng = np.random.default_rng(0)
    accuracy, scores = rng.normal(size=(2, len(pool)))
    for name in registry.names("algorithm"):
        algorithm = registry.get("algorithm", name)
        options = algorithm.options()
        for way in [*([None] if algorithm.plain else []), *algorithm.helps(options)]:
            guide = None if way is None else Guide(scores, way, 0.75, scores[:, np.newaxis])
            seconds, trained = [], 0
            for seed in range(repeats + 1):  # the first search fills what is computed once
                trainer = Trainer(lambda index: float(accuracy[index]), len(pool), BUDGET)
                start = time.process_time()
                with suppress(BudgetSpentError):
                    algorithm.run(pool, trainer, guide, np.random.default_rng(seed), options)
                seconds.append(time.process_time() - start)
                trained = len(trainer.trained)
            median = np.median(seconds[1:])
            each = 1e6 * median / trained
            print(f"{name:18s} {way or 'plain'!s:14s} {each:9.0f} us a model, {median:7.2f} s a search")
    print(f"python {sys.version.split()[0]}, numpy {np.__version__}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
