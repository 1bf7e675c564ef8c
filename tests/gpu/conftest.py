"""End the run with one line if torch finds no GPU for the tests of this folder."""

import pytest
import torch


def pytest_collection_finish(session):
    of_gpu = [item for item in session.items if item.get_closest_marker("gpu")]
    if of_gpu and not torch.cuda.is_available():
        pytest.exit(
            f"{len(of_gpu)} tests need a CUDA device, and torch {torch.__version__} finds none; leave them out "
            "with -m 'not gpu'",
            returncode=1,
        )
