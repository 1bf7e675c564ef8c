"""What fails costs one score: of a proxy, a pass, a network with weights that are not finite, an architecture."""

import dataclasses
import json
import math
import signal
import sys
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import zcrepro
from proxies.small_networks import OF_SPACES, SEED, batch, built, convolutional
from zcrepro import registry
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.networks.errors import TimeLimitError
from zcrepro.networks.time_limit import time_limit
from zcrepro.proxies._passes.gradients import GRADIENTS
from zcrepro.proxies._passes.structure import STRUCTURE
from zcrepro.proxies.base import Proxy, Record
from zcrepro.proxies.engine import check_batch, compute
from zcrepro.proxies.extract import extract
from zcrepro.proxies.join import features
from zcrepro.proxies.order import order

ALL = sorted(zcrepro.list_proxies())
COUNTS = {"flops", "layers", "params"} | {name for name in ALL if name.startswith("structure_")} - OF_SPACES
LONG = 3600.0
"""A time limit in seconds that no test reaches: what is to be late sends the signal itself."""


def proxy(function, runs_in=GRADIENTS, name="mine", needs=()):
    return Proxy(
        name=name,
        runs_in=runs_in,
        needs=frozenset(needs),
        formula="",
        citation="",
        direction="higher",
        compute=function,
    )


def computed(*proxies, model=None, seconds=None):
    model = built(convolutional()) if model is None else model
    chosen = [registry.get("proxies", each) if isinstance(each, str) else each for each in proxies]
    return compute(model, check_batch(*batch()), chosen, SEED, seconds)


def raising(error):
    def function(_):
        raise error

    return function


def returning(value):
    return lambda _: value


# What a proxy raises or returns


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (raising(ValueError("bad value")), "fails: ValueError: bad value"),
        (raising(KeyError("x")), "fails: KeyError: 'x'"),
        (raising(torch.linalg.LinAlgError("no convergence")), "fails: _LinAlgError: no convergence"),
        (raising(SystemExit(2)), "fails: SystemExit: 2"),
        (raising(RecursionError()), "fails: RecursionError"),
        (returning(10**400), "fails: OverflowError: int too large to convert to float"),
        (returning(None), "returns None instead of a number"),
        (returning("1.5"), "returns a str instead of a number"),
        (returning(True), "returns a bool instead of a number"),
        (returning(1j), "returns a complex instead of a number"),
        (returning([1.0]), "returns a list instead of a number"),
        (returning(torch.ones(2)), "returns a Tensor of torch.float32 of shape (2,) instead of a number"),
        (returning(torch.tensor(1j)), "returns a Tensor of torch.complex64 of shape () instead of a number"),
        (returning(np.ones((1, 0))), "returns a ndarray of float64 of shape (1, 0) instead of a number"),
        (returning(math.inf), "gives inf"),
        (returning(torch.tensor(-math.inf)), "gives -inf"),
        (returning(np.float32("nan")), "gives nan"),
    ],
)
def test_a_proxy_without_a_finite_number_is_nan_and_named_and_costs_no_other_score(function, reason):
    found = computed("grad_norm", proxy(function), "snip", "params")
    assert math.isnan(found["mine"])
    assert found.status["mine"] == f"the proxy mine {reason}"
    del found.values_by_name["mine"]
    assert dict(found) == dict(computed("grad_norm", "snip", "params"))


@pytest.mark.parametrize(
    "value", [2, 2.0, np.int64(2), np.float32(2), Fraction(2), torch.tensor(2), torch.tensor([[2.0]])]
)
def test_a_number_is_a_score_whatever_its_type(value):
    found = computed(proxy(returning(value)))
    assert (type(found["mine"]), found["mine"], found.status["mine"]) == (float, 2.0, "ok")


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_an_error_that_is_to_end_the_program_does_so(error):
    with pytest.raises(error):
        computed(proxy(raising(error)))


def test_a_gpu_that_has_failed_ends_the_program():
    with pytest.raises(torch.AcceleratorError):
        computed(proxy(raising(torch.AcceleratorError("device-side assert"))))


# What a pass does


class MyPass:
    name, records, cost = "my_pass", frozenset(), "0"

    def __init__(self, run):
        self._run = run

    def run(self, model, batch, *_):
        return self._run(model, batch)


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (lambda *_: {}["x"], "fails: KeyError: 'x'"),
        (lambda *_: sys.exit(1), "fails: SystemExit: 1"),
        (lambda *_: None, "fails: TypeError: it returns a NoneType instead of a record"),
    ],
)
def test_a_pass_that_fails_costs_the_scores_of_its_proxies(run, reason):
    mine = MyPass(run)
    found = computed(proxy(returning(1), mine, "a"), "snip", proxy(returning(1), mine, "b"))
    assert found.status == dict.fromkeys("ab", f"the pass my_pass {reason}") | {"snip": "ok"}


def test_a_pass_that_writes_to_the_network_or_the_batch_changes_no_other_score():
    def write(model, batch):
        for parameter in model.parameters():
            parameter.data.zero_()
        batch.images.zero_()
        batch.labels.zero_()
        return Record()

    model = built(convolutional())
    found = computed(proxy(returning(1), MyPass(write)), "snip", model=model)
    assert (found["mine"], found["snip"]) == (1, computed("snip")["snip"])
    assert all(map(torch.equal, model.parameters(), built(convolutional()).parameters()))


# What a proxy is given


WRITES = {
    "a gradient": lambda record: record.weight_gradients[0].abs_(),
    "part of a gradient": lambda record: record.weight_gradients[1][0].fill_(7),
    "the data of a gradient": lambda record: record.weight_gradients[0].data.neg_(),
    "other data of a gradient": lambda record: setattr(
        record.weight_gradients[0], "data", torch.zeros_like(record.weight_gradients[0])
    ),
    "a weight": lambda record: record.weights[0].zero_(),
    "the images": lambda record: record.images.zero_(),
    "the labels": lambda record: record.labels.zero_(),
    "a list": lambda record: record.weight_gradients.reverse(),
    "the length of a list": lambda record: record.fan_ins.append(1),
    "an attribute": lambda record: setattr(record, "logits", record.logits * 2),
    "a mapping": lambda record: record.obstacles.update(weight_gradients="none"),
}
NEEDS = ("weight_gradients", "output_gradients")


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
@pytest.mark.parametrize("value", [1.0, None])
def test_a_proxy_that_changes_what_it_was_given_is_nan_and_changes_no_other_score(write, value):
    def function(record):
        write(record)
        return value

    model = built(convolutional())
    others = ["grad_norm", "snip", "fisher", "nwot", "l2_norm", "zico"]
    found = computed("grad_norm", proxy(function, needs=NEEDS), *others[1:], model=model)
    reason = "changed what it was given" if value else "returns None instead of a number"
    assert math.isnan(found["mine"])
    assert found.status["mine"] == f"the proxy mine {reason}"
    assert {name: found[name] for name in others} == dict(computed(*others))
    assert all(map(torch.equal, model.parameters(), built(convolutional()).parameters()))


def test_a_weight_that_the_structure_hands_out_is_protected_too():
    model = built(convolutional())
    mine = proxy(lambda record: float(record.weights[0].zero_().sum()), STRUCTURE, needs={"weights"})
    found = computed(mine, "l2_norm", "snip", model=model)
    assert found.status == {
        "mine": "the proxy mine changed what it was given",
        "l2_norm": "ok",
        "snip": "ok",
    }
    assert (found["l2_norm"], found["snip"]) == tuple(computed("l2_norm", "snip").values())


@pytest.mark.parametrize("as_array", [torch.Tensor.numpy, np.asarray, np.from_dlpack])
def test_an_array_that_a_proxy_makes_of_a_tensor_is_a_copy(as_array):
    def function(record):
        array = as_array(record.weight_gradients[0])
        array[:] = -1
        return array.sum()

    found = computed(proxy(function, needs=NEEDS), "snip")
    assert found["mine"] == -built(convolutional())[0].weight.numel()
    assert found["snip"] == computed("snip")["snip"]


@dataclasses.dataclass(frozen=True)
class Arrays(Record):
    nested: dict[str, list[np.ndarray]]


def test_arrays_of_a_record_are_watched_at_any_depth():
    mine = MyPass(lambda *_: Arrays({"of": [np.arange(3.0)]}))
    sums = [proxy(lambda record: record.nested["of"][0].sum(), mine, name) for name in ("before", "after")]
    found = computed(sums[0], proxy(lambda record: record.nested["of"][0].sort() or 1, mine, "no change"))
    assert set(found.status.values()) == {"ok"}

    def negate(record):
        record.nested["of"][0] *= -1
        return 1

    found = computed(sums[0], proxy(negate, mine), sums[1])
    assert dict(found) == pytest.approx({"before": 3, "mine": math.nan, "after": 3}, nan_ok=True)


def test_no_registered_proxy_changes_what_it_is_given():
    assert not [status for status in computed(*ALL).status.values() if "changed" in status]


# Time


def late(*_):
    signal.raise_signal(signal.SIGALRM)
    while True:
        pass


def swallowing(*_):
    try:
        late()
    except Exception:
        return 1


@pytest.mark.parametrize("function", [late, swallowing])
def test_a_proxy_that_hangs_is_nan_and_costs_no_other_score(function):
    found = computed("snip", proxy(function), "grad_norm", seconds=LONG)
    assert math.isnan(found["mine"])
    assert found.status["mine"] == "the proxy mine takes more than 3600 s"
    assert (found["snip"], found["grad_norm"]) == tuple(computed("snip", "grad_norm").values())


def test_a_pass_that_hangs_costs_the_scores_of_its_proxies():
    found = computed(proxy(returning(1), MyPass(late)), "snip", seconds=LONG)
    assert found.status == {"mine": "the pass my_pass takes more than 3600 s", "snip": "ok"}


class Hanging(nn.Module):
    """Hangs in the middle of each forward pass."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        self.network[1].register_forward_hook(late)
        return self.network(x)


def test_a_network_that_hangs_costs_all_scores_of_forward_passes_and_is_left_as_it_was_found():
    model = Hanging(built(convolutional()))
    found = computed("snip", "zen", "params", model=model, seconds=LONG)
    assert found.status == {
        "snip": "the pass gradients takes more than 3600 s",
        "zen": "the pass zen takes more than 3600 s",
        "params": "ok",
    }
    assert not any(module._forward_hooks for module in model.modules())
    expected = built(convolutional()).state_dict().values()
    assert all(map(torch.equal, model.network.state_dict().values(), expected))


def test_a_limit_interrupts_what_runs_forever_though_it_swallows_the_first_signal():
    def forever():
        swallowed = 0
        while True:
            try:
                while True:
                    pass
            except TimeLimitError:
                if swallowed:
                    raise
                swallowed += 1

    with pytest.raises(TimeLimitError, match=r"^takes more than 0\.01 s$"), time_limit(0.01):
        forever()


def test_a_limit_restores_the_handler_and_the_timer_of_others():
    def theirs(*_):
        raise AssertionError

    before = signal.signal(signal.SIGALRM, theirs)
    outer = signal.setitimer(signal.ITIMER_REAL, 2 * LONG, 5.0)
    try:
        with time_limit(LONG):
            assert signal.getitimer(signal.ITIMER_REAL)[0] <= LONG
        assert signal.getsignal(signal.SIGALRM) is theirs
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        assert LONG < left <= 2 * LONG
        assert interval == 5.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, *outer)
        signal.signal(signal.SIGALRM, before)


def test_there_is_no_limit_outside_the_main_thread():
    scores = []
    thread = threading.Thread(target=lambda: scores.append(computed("params", seconds=1e-9)))
    thread.start()
    thread.join()
    assert scores[0].status == {"params": "ok"}


# Weights that are not finite


def changed(name, value):
    """Return a network with ``value`` as the first element of a parameter or buffer."""
    model = built(convolutional())
    model.state_dict()[name].view(-1)[0] = value
    return model


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["0.weight", "2.bias", "3.weight", "3.bias", "8.weight"])
def test_only_counts_are_defined_for_a_network_whose_parameters_are_not_finite(name, value):
    found = computed(*ALL, model=changed(name, value))
    assert {name: found[name] for name in COUNTS} == dict(computed(*sorted(COUNTS)))
    assert {found.status[name] for name in COUNTS} == {"ok"}
    others = set(ALL) - COUNTS - OF_SPACES
    assert all(math.isnan(found[name]) for name in others)
    assert {found.status[name] for name in others} == {"the network has parameters that are not finite"}


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["3.running_mean", "3.running_var"])
def test_running_statistics_that_no_score_reads_change_none(name, value):
    assert dict(computed(*ALL, model=changed(name, value))) == dict(computed(*ALL))


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.half, torch.sparse_coo])
def test_a_parameter_of_an_unusual_kind_beside_the_layers_hinders_no_score(kind):
    extra = torch.full((3,), 6e4 if kind == torch.half else 1.0)
    model = built(convolutional())
    made = extra.to_sparse() if kind == torch.sparse_coo else extra.to(kind)
    model[0].extra = nn.Parameter(made, requires_grad=False)
    found = computed("snip", model=model)
    assert (found["snip"], found.status["snip"]) == (computed("snip")["snip"], "ok")


class Scaled(nn.Module):
    """Multiplies its input by a buffer that is not a number, which no weight shows."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.full((4, 1, 1), math.nan))

    def forward(self, x):
        return x * self.scale


class Root(nn.Module):
    """Puts out its input. The derivative of the square root of zero is infinite, and times zero not a number."""

    def forward(self, x):
        return x + (x * 0).sqrt()


def with_inner(module):
    layers = convolutional()
    return built([*layers[:3], module, *layers[4:]])


def test_no_score_of_features_is_defined_if_these_are_not_finite():
    found = computed(*ALL, model=with_inner(Scaled()))
    defined = {name for name in ALL if found.status[name] == "ok"}
    assert defined == COUNTS | {"l2_norm"}
    assert not any("fails" in status for status in found.status.values())


def test_scores_of_a_network_with_huge_weights_are_those_of_proxies_that_draw_their_own():
    model = built(convolutional())
    with torch.no_grad():
        model[0].weight.fill_(1e200)
        model[2].weight.fill_(1e200)
    found, usual = computed(*ALL, model=model), computed(*ALL)
    drawing = {"az_expressivity", "az_progressivity", "az_trainability", "vkdnw", "zen"}
    defined = {name for name in ALL if found.status[name] == "ok"}
    assert defined == COUNTS | drawing
    assert all(found[name] == usual[name] for name in defined)


def test_no_score_of_gradients_is_defined_if_these_are_not_finite():
    found = computed(*ALL, model=with_inner(Root()))
    defined = {name for name in ALL if found.status[name] == "ok"}
    assert defined == COUNTS | {
        *("az_expressivity", "az_progressivity", "l2_norm", "linear_regions", "meco", "nwot", "swap", "zen")
    }


# An architecture of a benchmark

CELL = zcrepro.get_space("embedded_cell")
TEXTS = [
    CELL.text(tuple({"0": "none", "s": "skip_connect", "3": "nor_conv_3x3"}[code] for code in cell))
    for cell in ("333333", "s33s33", "3ss333", "33s3s3")
]
BAD = TEXTS[1]
TRACKED = Path(__file__).parents[2] / "resources/released/nasbench201"
SETTINGS = {
    "space": "embedded_cell",
    "task": "digits",
    "images": "digits",
    "proxies": ["params", "snip", "nwot"],
    "draw": 0,
    "redraw": [],
    "start": 0,
    "stop": len(TEXTS),
    "pass_seconds": LONG,
    "digests": [],
    "batch_size": 4,
    "share_equal_graphs": True,
    "initialisation": "default",
    "augmented_batches": False,
    "seed": 1,
    "device": "cpu",
    "torch_threads": 1,
}


@pytest.fixture
def folder(tmp_path):
    frame = pd.DataFrame({"arch": TEXTS, "graph": TEXTS, "task": "digits", "metric": "test"})
    known = frame.assign(accuracy=50.0, seeds=1, source="made up")
    parquet.write(tmp_path / "accuracies.parquet", known, ACCURACIES, ["arch"], {})
    settings = written(tmp_path, space="embedded_cell", task="digits", among="accuracies", max_flops=0)
    accuracies, output = tmp_path / "accuracies.parquet", tmp_path / "order.parquet"
    order(settings_file=settings, known=accuracies, output=output)
    return tmp_path


def written(folder, **settings):
    (folder / "settings.json").write_text(json.dumps(settings))
    return folder / "settings.json"


def scores_in(path):
    found = parquet.read(path).set_index("arch")
    return found.astype({name: str for name in found if name.endswith("_status")})


def extracted(folder, **changes):
    chosen = SETTINGS | changes
    output = folder / f"{chosen['start']}-{chosen['stop']}.parquet"
    extract(
        settings_file=written(folder, **chosen),
        order=folder / "order.parquet",
        output=output,
        timings=folder / "timings.parquet",
    )
    return output


def joined(folder, chunks, **changes):
    made = json.loads(parquet.metadata(chunks[0])["how"])
    asked = {
        "architectures": len(TEXTS),
        "draws": 1,
        "shards": False,
        "programs": [],
        "max_undefined_share": 1.0,
    }
    settings = made | asked | {"proxy_columns": SETTINGS["proxies"]} | changes
    output = folder / "features.parquet"
    features(
        settings_file=written(folder, **settings),
        order=folder / "order.parquet",
        chunks=chunks,
        output=output,
    )
    return scores_in(output)


def instead_of_bad(monkeypatch, failing):
    """Let ``failing`` make the network of one architecture."""
    usual = CELL.network

    def network(arch, task, seed=0):
        return failing() if CELL.text(arch) == BAD else usual(arch, task, seed)

    monkeypatch.setattr(CELL, "network", network)


def unbuilt():
    raise RuntimeError("no such operation\nin this cell")


def hanging():
    return Hanging(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()))


def too_narrow():
    return nn.Sequential(nn.Flatten(), nn.Linear(3, 10))


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (unbuilt, "the network cannot be built: RuntimeError: no such operation"),
        (late, "building the network takes more than 3600 s"),
        (too_narrow, "the network cannot process images of shape"),
        (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1)), "the network returns torch.float32 of shape"),
        (hanging, "the pass gradients takes more than 3600 s"),
    ],
)
def test_an_architecture_that_fails_costs_its_own_row(folder, monkeypatch, failing, reason):
    usual = scores_in(extracted(folder))
    instead_of_bad(monkeypatch, failing)
    found = scores_in(extracted(folder))
    pd.testing.assert_frame_equal(found.drop(BAD), usual.drop(BAD), check_exact=True)
    assert found.loc[BAD, ["snip", "nwot"]].isna().all()
    assert found.loc[BAD, "snip_status"].startswith(reason)


def test_too_little_memory_ends_the_job_and_names_the_architecture(folder, monkeypatch):
    def greedy():
        raise MemoryError("no room")

    instead_of_bad(monkeypatch, greedy)
    with pytest.raises(MemoryError) as caught:
        extracted(folder)
    assert str(caught.value) == f"embedded_cell/digits, architecture {BAD!r}: no room"


def test_a_gpu_that_has_failed_ends_the_job_and_names_the_architecture(folder, monkeypatch):
    def failed():
        raise torch.AcceleratorError("device-side assert")

    instead_of_bad(monkeypatch, failed)
    with pytest.raises(torch.AcceleratorError) as caught:
        extracted(folder)
    assert caught.value.__notes__ == [f"embedded_cell/digits, architecture {BAD!r}"]


def test_images_that_do_not_fit_the_task_end_the_job(folder, monkeypatch):
    shape = CELL.task_shape("digits")
    few = dataclasses.replace(shape, output=(3,))
    monkeypatch.setattr(CELL, "task_shape", lambda _: few)
    with pytest.raises(
        ValueError, match=r"digits has \d channels and 3 classes, but the images 'digits' have"
    ):
        extracted(folder)


def test_an_unknown_task_ends_the_job(folder):
    with pytest.raises(ValueError, match="has no task 'cifar9'"):
        extracted(folder, task="cifar9")


def test_chunks_that_were_made_with_other_time_limits_are_joined(folder):
    halves = [extracted(folder, stop=2), extracted(folder, start=2, pass_seconds=60)]
    found = joined(folder, halves)
    whole = scores_in(extracted(folder))
    pd.testing.assert_frame_equal(found, whole[found.columns], check_exact=True, check_like=True)


def test_tracked_scores_say_how_they_were_made_as_new_ones_do(folder):
    made = parquet.metadata(extracted(folder))
    for shard in TRACKED.rglob("*.parquet"):
        how = json.loads(parquet.metadata(shard)["how"]).keys()
        assert how | {"initialisation"} == json.loads(made["how"]).keys()  # older files do not name it


def test_too_many_undefined_scores_are_told_by_proxy_reason_and_architecture(folder, monkeypatch):
    instead_of_bad(monkeypatch, unbuilt)
    chunk = extracted(folder)
    assert len(joined(folder, [chunk], max_undefined_share=0.25)) == len(TEXTS)
    with pytest.raises(ValueError, match="max_undefined_share") as caught:
        joined(folder, [chunk], max_undefined_share=0.2)
    reason = "the network cannot be built: RuntimeError: no such operation"
    for name in SETTINGS["proxies"]:
        expected = f"{name} is undefined for 1 of 4 rows: {reason} (1 of them, such as {BAD!r})"
        assert expected in str(caught.value)
    assert "Leave params, snip, nwot out of features.proxies" in str(caught.value)


def test_any_share_of_the_scores_of_programs_may_be_undefined(folder, monkeypatch):
    instead_of_bad(monkeypatch, unbuilt)
    chunk = extracted(folder)
    with pytest.raises(ValueError, match=r"Leave params, nwot out of features\.proxies"):
        joined(folder, [chunk], max_undefined_share=0.2, programs=["snip"])
    programs = SETTINGS["proxies"]
    assert len(joined(folder, [chunk], max_undefined_share=0.0, programs=programs)) == len(TEXTS)
