"""One thread for torch and BLAS, as in the workflow's jobs, and a word while a long test runs."""

import os
import time
from threading import Event, Thread

import pytest

# The workers of pytest share the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SECONDS_OF_SILENCE = 8.0


def pytest_sessionstart(session):
    plugins = session.config.pluginmanager
    # Only where pytest-xdist hands the tests to workers: in one process the words would land in a test's output.
    if plugins.hasplugin("dsession"):
        plugins.register(Running(plugins.getplugin("terminalreporter")))


def pytest_collection_modifyitems(items):
    """Put the long files first, so that they do not run alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


class Running:
    """Names the tests that are running whenever none has ended for some seconds."""

    def __init__(self, reporter):
        self._reporter = reporter
        self._running: dict[str, float] = {}
        self._ended = Event()
        self._last = time.monotonic()
        Thread(target=self._watch, daemon=True).start()

    def pytest_sessionfinish(self):
        self._ended.set()

    def pytest_runtest_logstart(self, nodeid):
        self._running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid):
        self._last = time.monotonic()
        self._running.pop(nodeid, None)

    def _watch(self):
        while not self._ended.wait(1.0):
            now = time.monotonic()
            if now - self._last >= SECONDS_OF_SILENCE:
                self._last = now
                self._print(now)

    def _print(self, now):
        running = [f"{nodeid} ({now - start:.0f} s)" for nodeid, start in self._running.copy().items()]
        self._reporter.ensure_newline()
        self._reporter.write_line(f"running: {', '.join(running) or 'no test; pytest collects them or ends'}")
        self._reporter.flush()


@pytest.fixture(scope="session")
def single_precision_bound():
    """Return a bound on the float32 error of scores, from disturbed scores of the same network and batch.

    Both arguments map names to numbers: the scores, and several disturbed ones.
    """

    def bound(scores, several):
        # The first term is conditioning. The second is sums of many numbers, which no noise on layers reaches.
        return {
            name: 2 * max(abs(other[name] - score) for other in several) + 1e-6 * abs(score)
            for name, score in scores.items()
        }

    return bound


@pytest.fixture(scope="session")
def disturbed():
    """Return a function that adds hooks to a network, which multiply what layers put out by one plus noise.

    This is Monte Carlo arithmetic (Parker, 1997). By the chain rule gradients are disturbed too. A layer rounds
    a few times and adds up to 576 products, so its error is a few roundings of float32; the noise is up to 64 of
    them. Scores of badly conditioned networks move with it as far as conditioning lets roundings move them.
    """
    import torch

    def disturb(network, seed):
        generator = torch.Generator().manual_seed(seed)

        def hook(module, inputs, output):
            del module, inputs
            noise = 2 * torch.rand(output.shape, generator=generator, dtype=output.dtype) - 1
            return output * (1 + 64 * 2.0**-24 * noise)

        for module in network.modules():
            if not list(module.children()):
                module.register_forward_hook(hook)
        return network

    return disturb
