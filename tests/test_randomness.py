"""Randomness is an argument: no code seeds a global generator or draws from one."""

import ast
import random
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch

import zcrepro
from zcrepro.commands._networks import named
from zcrepro.evolve.srgp import METHOD, Options
from zcrepro.networks import training
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.searching.training_free import training_free

REPOSITORY = Path(__file__).parents[1]

FOR_OTHERS = "src/zcrepro/networks/generators.py"
"""Seeds the global generators for networks that draw from them, and restores their states. Draws nothing."""

CLASSES = {
    "random.Random",
    *(f"numpy.random.{name}" for name in ("Generator", "RandomState", "SeedSequence", "default_rng")),
}
"""What may be used of the modules ``random`` and ``numpy.random``: generators that are objects."""

SEEDS = ("torch.manual_seed", "torch.seed", "torch.set_rng_state", "torch.default_generator", "torch.random.")
SEEDS_OF_DEVICES = ("torch.cuda.manual_seed", "torch.cuda.seed", "torch.cuda.set_rng_state")

DRAWS = {
    f"torch.{name}"
    for name in ("rand", "randn", "randint", "randperm", "bernoulli", "normal", "multinomial", "poisson")
} | {f"torch.{name}_like" for name in ("rand", "randn", "randint")}
DRAWING_METHODS = (
    "normal_",
    "uniform_",
    "bernoulli_",
    "random_",
    "exponential_",
    "trunc_normal_",
    "orthogonal_",
)
"""How the names of tensor methods and of functions of ``torch.nn.init`` end that draw."""


def offences(source: str) -> list[str]:
    """Return the uses of global generators in ``source``, as full names."""
    tree = ast.parse(source)
    meaning = dict(imported(tree))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = full_name(node, meaning)
            of_module = name.startswith(("random.", "numpy.random.")) and name not in CLASSES
            if of_module or name.startswith((*SEEDS, *SEEDS_OF_DEVICES)):
                found.append(name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = full_name(node.func, meaning)
            seeded = any(keyword.arg == "generator" for keyword in node.keywords)
            draws = name in DRAWS or name.endswith(DRAWING_METHODS)
            unseeded = name in ("numpy.random.default_rng", "random.Random") and not node.args
            if (draws and not seeded) or unseeded:
                found.append(f"{name}()")
    return found


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the local name and the full name of whatever is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def full_name(node: ast.expr, meaning: dict[str, str]) -> str:
    """Return the dotted name of an expression; what stands before it is a dot if it is no imported name."""
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, meaning)}.{node.attr}"
    return meaning.get(node.id, "") if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize(
    "source",
    [
        "import random\nrandom.choice([1, 2])",
        "import random\ndraw = random.random",
        "from random import shuffle\nshuffle([1, 2])",
        "import random\nrandom.Random()",
        "import numpy as np\nnp.random.rand(3)",
        "import numpy as np\nnp.random.seed(0)",
        "from numpy import random as r\nr.normal()",
        "import numpy as np\nnp.random.default_rng()",
        "import torch\ntorch.manual_seed(0)",
        "from torch import manual_seed\nmanual_seed(0)",
        "import torch\ntorch.cuda.manual_seed_all(0)",
        "import torch\ntorch.randn(3)",
        "from torch import randperm\nrandperm(3)",
        "import torch\ntorch.randn_like(torch.ones(3))",
        "import torch\ntorch.empty(3).uniform_(0, 1)",
        "from torch import nn\nnn.init.kaiming_normal_(weight)",
    ],
)
def test_a_use_of_a_global_generator_is_found(source: str) -> None:
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    [
        "import random\nrandom.Random(3).choice([1, 2])",
        "import numpy as np\ndef f(rng: np.random.Generator): return rng.random()",
        "import numpy as np\nnp.random.default_rng(3).normal()",
        "import torch\ntorch.Generator().manual_seed(0)",
        "import torch\ntorch.randn(3, generator=generator)",
        "import torch\ntorch.empty(3).uniform_(0, 1, generator=generator)",
        "def f(random): return random.choice",
    ],
)
def test_a_generator_that_is_an_object_is_allowed(source: str) -> None:
    assert offences(source) == []


def test_no_code_uses_a_global_generator() -> None:
    paths = [path for folder in ("src", "workflow", "perf") for path in (REPOSITORY / folder).rglob("*.py")]
    assert len(paths) > 200
    found = {path.relative_to(REPOSITORY).as_posix(): offences(path.read_text()) for path in paths}
    assert {path: names for path, names in found.items() if names and path != FOR_OTHERS} == {}
    assert found[FOR_OTHERS]
    assert not any(name.endswith("()") for name in found[FOR_OTHERS])


@pytest.fixture
def untouched() -> Iterator[None]:
    """Fail if a test changes the state of a global generator."""

    def states() -> tuple[object, ...]:
        _, keys, *place = np.random.get_state()
        return random.getstate(), keys.tolist(), place, torch.get_rng_state().tolist()

    before = states()
    yield
    assert states() == before


@pytest.mark.usefixtures("untouched")
def test_evolution_draws_from_its_generator_alone() -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=30) for name in ("p", "q")}
    arch = np.array([f"{number:02}" for number in range(30)], object)
    rows = Rows(Problem("s", "t"), "validation", arch, arch, columns, columns["p"] * columns["q"], {})
    for selection in ("tournament", "pareto"):
        options = Options(population=20, generations=3, restarts=2, selection=selection)
        METHOD.evolve([rows], options, rng)


@pytest.mark.usefixtures("untouched")
def test_building_scoring_and_searching_draw_from_their_seeds_alone() -> None:
    space = zcrepro.get_space("embedded_chain")
    network = space.network(space.sample(np.random.default_rng(0)), "digits")
    images = torch.randn(4, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    zcrepro.score(network, images, torch.arange(4), ["zen", "az_trainability", "vkdnw", "synflow"])
    training_free(space, lambda arch: (float(len(str(arch))),), 10, 4, 2, np.random.default_rng(0))


@pytest.mark.usefixtures("untouched")
def test_proxies_draw_from_generators_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is seeded or restored for the network, so a draw from a global generator would show."""
    monkeypatch.setattr(training, "seeded", lambda *_: nullcontext())
    space = zcrepro.get_space("embedded_chain")
    network = space.network(space.sample(np.random.default_rng(0)), "digits")
    images = torch.randn(4, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    names = list(zcrepro.list_proxies())
    scores = zcrepro.score(network, images, torch.arange(4), names)
    assert {"zen", "vkdnw", "az_trainability"} <= {name for name in names if scores.status[name] == "ok"}


@pytest.mark.usefixtures("untouched")
def test_the_weights_of_a_named_network_depend_on_the_seed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drawing_network.py").write_text(
        "import random\nimport numpy as np\nimport torch\nfrom torch import nn\n\n\n"
        "def make():\n"
        "    model = nn.Linear(1, 3, bias=False)\n"
        "    drawn = [random.random(), np.random.rand(), torch.rand(()).item()]\n"
        "    model.weight.data[:, 0] = torch.tensor(drawn)\n"
        "    return model\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    first, again, other = (named("drawing_network:make", 3, seed).weight.tolist() for seed in (1, 1, 2))
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))
