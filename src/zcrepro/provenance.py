"""Which code and which settings made a file: the digests that decide what is computed again.

Snakemake does not see a module that a command imports. So every rule carries two digests: of the
sources that its stage imports, followed through the package, and of its settings. Touching a file
changes neither; editing one reruns exactly the stages that import it. Only the standard library
is imported here, because the Snakefile is read at every start and by every cluster job.
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
    "accuracies": "zcrepro.benchmarks.tidy",
    "released": "zcrepro.benchmarks.tidy",
    "counts": "zcrepro.benchmarks.tidy",
    "order": "zcrepro.proxies.order",
    "extract": "zcrepro.proxies.extract",
    "features": "zcrepro.proxies.join",
    "timings": "zcrepro.proxies.join",
    "evolve": "zcrepro.evolve.stage",
    "generalize": "zcrepro.generalization",
    "search": "zcrepro.search.stage",
    "searches": "zcrepro.search.stage",
    "table": "zcrepro.report.table",
    "deviations": "zcrepro.report.deviations",
    "figure": "zcrepro.report.figure",
    "report": "zcrepro.report.page",
}
"""The module of each stage; the command line offers them under these names."""

PLUGINS = {
    "space": "zcrepro.spaces",
    "images": "zcrepro.images",
    "recipes": "zcrepro.benchmarks",
    "proxies": "zcrepro.proxies",
    "method": "zcrepro.evolve",
    "guides": "zcrepro.proxies",
    "algorithm": "zcrepro.search",
    "table": "zcrepro.report.tables",
    "figure": "zcrepro.report.figures",
}
"""Keys of settings whose values name modules, and the package these stand in."""

PASSES = "zcrepro.proxies._passes"

NEUTRAL = {"zcrepro.provenance", "zcrepro.progress"}
"""Modules that say how a result is made and how far it is, but do not decide what it is."""

LIBRARIES = ("torch", "numpy", "scipy", "pandas", "pyarrow", "deap")


def stage_modules(stage: str, settings: Mapping[str, Any]) -> list[str]:
    """The modules a job starts from: its stage, and every file that its settings name."""
    modules = [STAGES[stage]]
    for key, package in PLUGINS.items():
        named = settings.get(key, [])
        modules += [f"{package}.{name}" for name in ([named] if isinstance(named, str) else named)]
    return modules


def pass_groups(proxies: Iterable[str]) -> dict[str, list[str]]:
    """The proxies by what is computed together: the pass that a proxy's own file imports."""
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
    tree = ast.parse(_source_path(module).read_bytes(), filename=module)
    return tuple(name for node in ast.walk(tree) for name in _names(node) if _exists(name))


def code_digest(modules: Iterable[str]) -> str:
    """SHA-256 (16 hex digits) over the sources of ``modules`` and all they import from the package.

    A file beside a module that shares its name, such as a template, belongs to the module.
    """
    digest = hashlib.sha256()
    for module in sorted(_closure(modules)):
        source = _source_path(module)
        for path in sorted(source.parent.glob(f"{source.stem}.*")):
            digest.update(f"{module} {path.suffix}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def settings_digest(settings: Any) -> str:
    """SHA-256 (16 hex digits) of the canonical JSON of ``settings``."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def metadata(stage: str, settings: Mapping[str, Any], of_chunk: Iterable[str] = ()) -> dict[str, str]:
    """What a result file says of its making: no clock, no host, so that equal inputs give equal files.

    ``of_chunk`` names the settings that say which part of a whole this is. ``shared`` is the
    digest of all others: parts of one whole have it in common.
    """
    left_out = set(of_chunk)
    shared = {key: value for key, value in settings.items() if key not in left_out}
    return {
        "stage": stage,
        "settings": settings_digest(settings),
        "shared": settings_digest(shared),
        "code": code_digest(stage_modules(stage, settings)),
        "versions": json.dumps({name: version(name) for name in LIBRARIES}),
        "device": str(settings.get("device", "cpu")),
        "threads": str(settings.get("torch_threads", 1)),
    }


def _closure(modules: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting.extend(imports(module))
    return found - NEUTRAL


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
