"""Programs as proxies: published ones, evolved ones, and published ones applied to other tensors."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zcrepro import registry
from zcrepro.programs.evolved import NamedProgram
from zcrepro.programs.names import SLASH
from zcrepro.programs.program import Program
from zcrepro.programs.published import PUBLISHED
from zcrepro.programs.terminals import TERMINALS
from zcrepro.proxies._passes.layer_statistics import IMAGES, LayerStatisticsPass, proxy_of
from zcrepro.proxies.base import Proxy
from zcrepro.settings import unknown_name


def on_tensor(name: str) -> NamedProgram:
    """Return the program called ``<published program>/<tensor>``; its direction is that of the published one.

    Raises ValueError if there is no such program or tensor, or if the program reads several tensors.
    """
    published, _, tensor = name.partition(SLASH)
    known: dict[str, Sequence[str]] = {"program": list(PUBLISHED), "tensor": list(TERMINALS)}
    for (what, names), each in zip(known.items(), (published, tensor), strict=True):
        if each not in names:
            raise ValueError(f"{name!r}: {unknown_name(what, each, names)}")
    program = PUBLISHED[published]
    if len(program.terminals) != 1:
        raise ValueError(
            f"{name!r}: {published} reads {', '.join(program.terminals)}; name one of one tensor"
        )
    tokens = tuple(tensor if token in program.terminals else token for token in program.tokens)
    proxy = registry.get("proxies", published)
    return NamedProgram(name, Program(tokens), proxy.direction, proxy.citation)


def program_proxies(
    published: Sequence[str], others: Sequence[NamedProgram], images: int = IMAGES
) -> list[Proxy[Any]]:
    """Return the proxies of published programs, by name, and of others.

    All share one pass, on at most ``images`` images.
    """
    programs = PUBLISHED | {each.name: each.program for each in others}
    run = LayerStatisticsPass({name: program.value for name, program in programs.items()}, images)
    return [
        *(replace(registry.get("proxies", name), runs_in=run) for name in published),
        *(proxy_of(each.name, each.program.latex(), run, each.source, each.direction) for each in others),
    ]
