"""Digests of code and settings, which decide what is computed again.

Snakemake does not see the modules that a command imports. So every rule carries two digests: one of all
sources that its stage imports, directly or not, and one of its settings. Touching a file changes neither.
Editing a source reruns exactly the stages that import it. Only the standard library is imported here,
because the Snakefile is read at every start and by every cluster job.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGE = "zcrepro"
ROOT = Path(__file__).parent

STAGES = {
    "fetch": "zcrepro.fetching.fetch",
    "train": "zcrepro.training.stage",
    "train_reduced": "zcrepro.training.reduced",
    "trainings": "zcrepro.training.reduced_table",
    "accuracies": "zcrepro.benchmarks.tidy",
    "released": "zcrepro.benchmarks.tidy",
    "counts": "zcrepro.benchmarks.tidy",
    "epochs": "zcrepro.benchmarks.tidy",
    "order": "zcrepro.proxies.order",
    "structure": "zcrepro.proxies.structure",
    "extract": "zcrepro.proxies.extract",
    "features": "zcrepro.proxies.join",
    "timings": "zcrepro.proxies.join",
    "evolve": "zcrepro.evolve.stage",
    "evolve_program": "zcrepro.evolve.program_stage",
    "score_programs": "zcrepro.proxies.program_scores",
    "generalize": "zcrepro.generalization.stage",
    "lead": "zcrepro.leaderboard",
    "search": "zcrepro.searching.stage",
    "searches": "zcrepro.searching.search_table",
    "live_search": "zcrepro.searching.live",
    "table": "zcrepro.report.table",
    "deviations": "zcrepro.report.deviations",
    "figure": "zcrepro.report.figure",
    "report": "zcrepro.report.page.stage",
}
"""The module of each stage; the command line offers them under these names."""

PLUGINS = {
    "space": "zcrepro.spaces",
    "images": "zcrepro.images",
    "recipes": "zcrepro.benchmarks",
    "proxies": "zcrepro.proxies",
    "method": "zcrepro.evolve",
    "guides": "zcrepro.proxies",
    "algorithm": "zcrepro.searching",
    "table": "zcrepro.report.tables",
    "figure": "zcrepro.report.figures",
}
"""Keys of settings whose values name modules, and the package of these modules."""

PASSES = "zcrepro.proxies._passes"

NEUTRAL = {"zcrepro.provenance", "zcrepro.progress"}
"""Modules that record how a result is made or show progress. They do not change any result."""

OF_TRAINING = ("start", "stop", "device", "torch_threads")
"""Settings in which chunks of one table of reduced trainings may differ. Rounding errors grow in a training,
and are not the same on another processor. Each chunk says where it was made."""

LIBRARIES = ("torch", "numpy", "scipy", "pandas", "pyarrow", "deap", "numba", "scikit-learn", "onnxruntime")


def stage_modules(stage: str, settings: Mapping[str, Any]) -> list[str]:
    """Return the modules that a job starts from: its stage, and every file that its settings name."""
    modules = [STAGES[stage]]
    for key, package in PLUGINS.items():
        named = settings.get(key, [])
        modules += [f"{package}.{name}" for name in ([named] if isinstance(named, str) else named)]
    return modules


def pass_groups(proxies: Iterable[str]) -> dict[str, list[str]]:
    """Group proxies by the pass that each one's own file imports: those of a pass are computed together.

    Raises ValueError if a proxy's file does not import exactly one pass.
    """
    groups: dict[str, list[str]] = {}
    for proxy in proxies:
        passes = [name for name in imports(f"{PLUGINS['proxies']}.{proxy}") if name.startswith(PASSES)]
        if len(passes) != 1:
            raise ValueError(
                f"the file of proxy {proxy!r} must import from one module of {PASSES}, not {passes}"
            )
        groups.setdefault(passes[0].rpartition(".")[2], []).append(proxy)
    return groups


@cache
def imports(module: str) -> tuple[str, ...]:
    """Return the package's modules that ``module`` imports, at any place in its file.

    Packages are left out: their own files hold no code. Raises ValueError if there is no such module.
    """
    tree = ast.parse(source(module), filename=module)
    return tuple(name for statement in _statements(tree) for name in _names(statement) if _exists(name))


def source(module: str) -> bytes:
    """Return the source of a module of the package. Raises ValueError if there is no such module."""
    return _source_path(module).read_bytes()


def code_digest(modules: Iterable[str]) -> str:
    """Return the SHA-256 (16 hex digits) of the sources of ``modules`` and of all that they import of ours.

    A file beside a module that shares its name, such as a template, belongs to the module.
    """
    digest = hashlib.sha256()
    for module in sorted(_closure(modules)):
        for suffix, content in _files(module):
            digest.update(f"{module} {suffix}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:16]


def settings_digest(settings: Any) -> str:
    """Return the SHA-256 (16 hex digits) of the canonical JSON of ``settings``; 1.0 is 1 in it."""
    text = json.dumps(_canonical(settings), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def metadata(stage: str, settings: Mapping[str, Any], of_chunk: Iterable[str] = ()) -> dict[str, str]:
    """Return what a result file says of how it was made.

    There is no clock and no host in it, so that equal inputs give equal files. ``of_chunk`` names the
    settings that say which part of a whole the file is. ``shared`` is the digest of all others, which the
    parts of one whole have in common.
    """
    left_out = set(of_chunk)
    shared = {key: value for key, value in settings.items() if key not in left_out}
    return {
        "stage": stage,
        "settings": settings_digest(settings),
        "shared": settings_digest(shared),
        "code": code_digest(stage_modules(stage, settings)),
        "versions": versions(),
        "device": str(settings.get("device", "cpu")),
        "threads": str(settings.get("torch_threads", 1)),
    }


def versions() -> str:
    """Return the installed versions of the libraries that results depend on, as JSON."""
    return json.dumps({name: version(name) for name in LIBRARIES})


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _closure(modules: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(imports(module))
    return found - NEUTRAL


@cache
def _files(module: str) -> list[tuple[str, bytes]]:
    """Return the suffix and the content of each file of a module, which dozens of stages share."""
    path = _source_path(module)
    return [(each.suffix, each.read_bytes()) for each in sorted(path.parent.glob(f"{path.stem}.*"))]


def _statements(block: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a block at any depth. The expressions in them hold no imports."""
    for part in ("body", "orelse", "handlers", "finalbody", "cases"):
        for statement in getattr(block, part, ()):
            yield statement
            yield from _statements(statement)


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _exists(name: str) -> bool:
    # A package's own file is left out: it holds no code but the lazy names of the public API.
    return name.startswith(f"{PACKAGE}.") and _plain_path(name).is_file()


def _source_path(module: str) -> Path:
    path = _plain_path(module)
    if not path.is_file():
        raise ValueError(
            f"there is no module {module} (looked for {path}); is a name in the config misspelt?"
        )
    return path


def _plain_path(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")
