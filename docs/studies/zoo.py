"""Score models of torchvision, timm and pytorchcv by the 13 proxies: which are defined, and why not.

    python docs/studies/zoo.py score             # go on where docs/studies/zoo.csv ends
    python docs/studies/zoo.py score --most 10   # ten further models
    python docs/studies/zoo.py table             # write docs/zoo.md

The models are all classifiers of torchvision, of each module of timm the one with the fewest parameters, and
of those whose errors pytorchcv publishes the ones for CIFAR-10, and of each family for ImageNet the one with
the fewest parameters. Each is scored on four images of the smallest side that it
takes, in a process of its own. If that takes longer than two minutes of a core, the status is ``time``.
"""

import argparse
import math
import multiprocessing
import re
import resource
import signal
import sys
import warnings
from collections.abc import Iterator
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from rich.progress import track
from torch import nn

import zcrepro
from zcrepro.files.atomic import write_text
from zcrepro.files.csv import read_csv, write_csv
from zcrepro.networks import libraries
from zcrepro.networks.generators import seeded
from zcrepro.proxies.suite_zero import SUITE_ZERO

HERE = Path(__file__).parent
SCORES, PAGE = HERE / "zoo.csv", HERE.parent / "zoo.md"
COLUMNS = ["library", "family", "model", "side", "proxy", "value", "status"]

SECONDS, GIGABYTES = 120, 12
"""The seconds of one core and the memory that a model may take. A larger one has the status ``time`` or
``memory``."""

TIME, MEMORY = "time", "memory"
SIDES = (32, 48, 64, 96, 128, 160, 192, 224, 240, 256, 288, 299, 320, 336, 384, 448, 512)
CLASSES, IMAGES = 10, 4

OF_IMAGENET = """
airnet50_1x64d_r16 airnext50_32x4d_r2 alexnet alexnetb bagnet9 bam_resnet50 bn_vgg11 bninception
cbam_resnet50 condensenet74_c8_g8 darknet_tiny darts densenet121 diracnet18v2 dla46c dpn68 drnc26 drnd22
efficientnet_b0 espnetv2_wd2 fbnet_cb fdmobilenet_wd4 fishnet150 hardnet39ds hrnet_w18_small_v1
hrnetv2_w18 ibn_densenet121 ibnb_resnet50 igcv3_wd4 inceptionresnetv2 inceptionv3 irevnet301
menet108_8x1_g3 mixnet_s mnasnet_a1 mobilenet_wd4 mobilenetv2_wd4 nasnet_4a1056 peleenet pnasnet5large
polynet preresnet18_wd4 preresnetbc14b proxylessnas_mobile pyramidnet101_a360 resnet18_wd4 resnetbc14b
resnext14_32x2d selecsls60 senet16 sepreresnet10 sepreresnetbc26b seresnet10 seresnetbc26b
seresnext50_32x4d shufflenet_g1_wd4 shufflenetv2_wd2 spnasnet sqnxt23_w1 squeezenet_v1_1
squeezeresnet_v1_1 vgg11 vovnet39 wrn50_2 xception zfnet zfnetb
"""
"""Of each family of pytorchcv for ImageNet the model with the fewest parameters."""

Model = tuple[str, str, str]
"""The library, the family and the name of a model."""


def models() -> Iterator[Model]:
    """Yield every model."""
    torchvision = libraries.module("torchvision")
    for name in torchvision.list_models(module=torchvision):
        yield "torchvision", torchvision.get_model_builder(name).__module__.split(".")[-1], name
    timm = libraries.module("timm")
    for family in timm.list_modules():
        if name := _smallest(timm, family):
            yield "timm", family, name
    space = zcrepro.get_space("pytorchcv")
    for name in (*map(space.text, space.architectures()), *OF_IMAGENET.split()):
        yield "pytorchcv", re.split("[0-9_]", name)[0], name


def _smallest(timm: Any, family: str) -> str:
    """Return the smallest model of a module; empty if none can be made by its name alone."""
    sizes = {}
    for name in timm.list_models(module=family):
        try:
            with torch.device("meta"):
                made = timm.create_model(name, pretrained=False, num_classes=CLASSES)
        except Exception:  # whatever a library raises for a model that needs more than its name
            continue
        sizes[name] = sum(parameter.numel() for parameter in made.parameters())
    return min(sizes, key=lambda name: (sizes[name], name), default="")


def score(most: int | None) -> None:
    """Score the models that have no rows yet, ``most`` of them, and add their rows to the file."""
    done = read_csv(SCORES) if SCORES.is_file() else pd.DataFrame(columns=COLUMNS)
    known = set(zip(done["library"], done["model"], strict=True))
    waiting = (each for each in models() if (each[0], each[2]) not in known)
    for model in track(list(islice(waiting, most)), "Models", disable=not sys.stderr.isatty()):
        side, found = _in_a_process(model)
        rows = [(*model, side, name, *found[name]) for name in SUITE_ZERO]
        done = pd.concat([done, pd.DataFrame(rows, columns=COLUMNS)], ignore_index=True)
        write_csv(SCORES, done)


def _in_a_process(model: Model) -> tuple[int, dict[str, tuple[float, str]]]:
    """Return the side of the images, 0 if it is not known, and value and status of each proxy."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_score, args=(model, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:  # the process has ended without a word
        process.join()
        status = TIME if process.exitcode == -signal.SIGXCPU else MEMORY
        return 0, dict.fromkeys(SUITE_ZERO, (math.nan, status))
    finally:
        process.join()


def _score(model: Model, sender: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES * 2**30,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    warnings.simplefilter("ignore")  # those of the libraries
    torch.set_num_threads(1)
    library, _, name = model
    with seeded(nn.Identity(), 0):
        network = libraries.network(library, name, CLASSES)
    side = next((side for side in SIDES if _takes(network, side)), 0)
    images = torch.randn(IMAGES, 3, side or SIDES[-1], side or SIDES[-1], generator=_generator())
    labels = torch.arange(IMAGES) // 2  # two images of a class
    found = zcrepro.score(network, images, labels, SUITE_ZERO)
    sender.send((side, {proxy: (found[proxy], found.status[proxy]) for proxy in SUITE_ZERO}))


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def _takes(network: nn.Module, side: int) -> bool:
    """Return whether the network maps a batch of images of this side to logits, as it does in training."""
    try:
        with torch.no_grad():
            network(torch.randn(IMAGES, 3, side, side, generator=_generator()))
    except Exception:  # what a library raises depends on the layer that is reached first
        return False
    return True


def table() -> str:
    """Return the page: a row per family, a column per proxy, and the reasons."""
    scores = read_csv(SCORES)
    scores["status"] = scores["status"].str.replace(
        r"puts out \d+ rows", "puts out other than 4 rows", regex=True
    )
    undefined = scores[scores["status"] != "ok"]
    reasons = {status: number for number, status in enumerate(undefined["status"].unique(), 1)}
    count = len(scores) // len(SUITE_ZERO)
    lines = [INTRODUCTION.format(models=count, families=scores.groupby(["library", "family"]).ngroups)]
    lines += [
        "| family | models | shown | side | " + " | ".join(SUITE_ZERO) + " |",
        "| --- | ---: | --- | ---: |" + " ---: |" * len(SUITE_ZERO),
    ]
    for (library, family), rows in scores.groupby(["library", "family"], sort=False):
        lines.append(f"| {family} ({library}) | {rows['model'].nunique()} | " + _family(rows, reasons) + " |")
    lines += [WHY, "| | reason | proxies | models |", "| ---: | --- | --- | ---: |"]
    for status, number in reasons.items():
        rows = undefined[undefined["status"] == status]
        names = ", ".join(name for name in SUITE_ZERO if name in set(rows["proxy"]))
        lines.append(f"| {number} | {status} | {names} | {rows['model'].nunique()} |")
    return "\n".join(lines) + "\n"


def _family(rows: pd.DataFrame, reasons: dict[str, int]) -> str:
    """Return the model with the fewest parameters, its side, and the cells of the proxies."""
    defined = rows[rows["status"] == "ok"].groupby("proxy")["model"].nunique()
    shown = rows.loc[rows["proxy"] == "params"].sort_values(["value", "model"])["model"].iloc[0]
    of_shown = rows[rows["model"] == shown].set_index("proxy")
    cells = [_cell(of_shown.loc[name], reasons) for name in SUITE_ZERO]
    total = rows["model"].nunique()
    for place, name in enumerate(SUITE_ZERO):
        if (of_shown.loc[name, "status"] == "ok") != (defined.get(name, 0) == total):
            cells[place] += f", {defined.get(name, 0)} of {total}"
    side = int(of_shown["side"].iloc[0])
    return " | ".join([shown, str(side or ""), *cells])


def _cell(row: pd.Series, reasons: dict[str, int]) -> str:
    return f"{row['value']:.3g}" if row["status"] == "ok" else f"({reasons[row['status']]})"


INTRODUCTION = """# The proxies on models of three libraries
{models} classifiers of {families} families, each on four images of the smallest side that it takes. Of each
family the model with the fewest parameters is shown: a cell has its score, or in brackets the number of the
reason why it is undefined. Where other models of the family differ from it in that, the cell also says of how
many the score is defined. [All scores](studies/zoo.csv) are those of `python docs/studies/zoo.py`, which says
how the models were chosen.
"""

WHY = """
## Why a score is undefined"""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    scoring = commands.add_parser("score", help="score further models")
    scoring.add_argument("--most", type=int, help="how many; by default all that are left")
    commands.add_parser("table", help="write docs/zoo.md")
    chosen = parser.parse_args()
    if chosen.command == "score":
        score(chosen.most)
    else:
        write_text(PAGE, table())


if __name__ == "__main__":
    main()
