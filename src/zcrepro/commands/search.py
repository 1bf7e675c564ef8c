"""``zcrepro search``: search a space for good architectures by a proxy, without training."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import Int64, PositiveFloat, PositiveInt

from zcrepro.commands._output import Listing, Output
from zcrepro.commands._scoring import proxy_named
from zcrepro.searching.by_proxy import EVALUATIONS
from zcrepro.searching.by_proxy import search as search_space
from zcrepro.spaces.lookup import get_space

DEFAULT = Output()


def search(
    space: str,
    *,
    proxy: Sequence[str] = ("synflow",),
    task: str | None = None,
    evaluations: Annotated[PositiveInt | None, Parameter(alias="--budget")] = None,
    minutes: PositiveFloat | None = None,
    max_params: PositiveFloat | None = None,
    max_flops: PositiveFloat | None = None,
    pool: PositiveInt = 32,
    tournament: PositiveInt = 8,
    batch_size: PositiveInt = 64,
    show: PositiveInt = 5,
    seed: Int64 = 0,
    output: Output = DEFAULT,
) -> None:
    """Search a space for the architectures that proxies rank best; nothing is trained.

    All architectures see the same batch, of standard normal images and random labels. With --output, the
    scores are kept beside the file: a search that was killed, or is repeated with more evaluations, goes on.
    As JSON, the result also says how it was found, and has the commands that score the architectures again.

    Examples: ``zcrepro search nasbench201 --proxy synflow --evaluations 500`` and
    ``zcrepro search nasbench301 --proxy nwot meco --minutes 15 --max-params 4e6 --output found.json``.

    Parameters
    ----------
    space
        The search space, for example ``nasbench201``.
    proxy
        A proxy (``zcrepro proxies`` lists them), or the JSON file of an evolved formula or program. Several
        are several objectives: the architectures that no other one dominates come first.
    task
        The task of the space, which determines the input shape and the classes; the first one by default.
    evaluations
        Number of architectures to propose; 200 by default, or as many as --minutes allows.
    minutes
        Time after which no further architecture is proposed. The result then depends on the machine.
    max_params
        The largest number of parameters.
    max_flops
        The largest number of multiply-adds for one example.
    pool
        Number of architectures in the population.
    tournament
        Number of architectures in a tournament, the best of which is mutated.
    batch_size
        Number of images.
    show
        Number of the best architectures to show.
    seed
        Seed of the weights, images, labels and the search.
    """
    if not proxy:
        raise ValueError("--proxy needs the name of a proxy, such as synflow")
    chosen = next(iter(get_space(space).tasks)) if task is None else task
    found = search_space(
        space,
        [proxy_named(name) for name in proxy],
        chosen,
        evaluations,
        minutes=minutes,
        max_params=max_params,
        max_flops=max_flops,
        pool=pool,
        tournament=tournament,
        batch_size=batch_size,
        seed=seed,
        journal=output.output,
    )
    names = [name for name in found.columns if name not in ("arch", "status", "front")]
    several = len(names) > 1
    rows = [
        {name: row[name] for name in names}
        | ({"front": "yes" if row["front"] else "no"} if several else {})
        | {"status": row["status"], "architecture": row["arch"]}
        for row in found.head(show).to_dict("records")
    ]
    again = ["--space", space, "--task", chosen, "--proxies", *proxy]
    again += ["--batch-size", str(batch_size), "--seed", str(seed)]
    algorithm = found.attrs["algorithm"]
    title = (
        f"the best by {' and '.join(names)} of {len(found)} graphs of {space}/{chosen}, by {algorithm}. "
        f"To score one again: {_command('ARCHITECTURE', again)}"
    )
    facts = {
        "algorithm": algorithm,
        "space": space,
        "task": chosen,
        "objectives": [*proxy],
        "graphs": len(found),
        "evaluations": evaluations or (None if minutes else EVALUATIONS),
        "minutes": minutes,
        "limits": {"max_params": max_params, "max_flops": max_flops},
        "pool": pool,
        "tournament": tournament,
        "batch_size": batch_size,
        "seed": seed,
        "score_again": [_command(row["architecture"], again) for row in rows],
    }
    output.show(Listing("architectures", rows, title, whole=("architecture",)), found=facts)


def _command(architecture: str, options: Sequence[str]) -> str:
    """Return the command that scores an architecture as the search did."""
    return shlex.join(["zcrepro", "score", architecture, *options])
