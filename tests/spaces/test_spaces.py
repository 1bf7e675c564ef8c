"""The interface that every space implements."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import zcrepro
from zcrepro.spaces.base import CategoricalSpace, Space

SPACES = zcrepro.list_spaces()
CATEGORICAL = [name for name in SPACES if isinstance(zcrepro.get_space(name), CategoricalSpace)]
SPELT = [  # texts that hold the names of operations, not their digits
    name
    for name in CATEGORICAL
    if zcrepro.get_space(name).operations[0]
    in zcrepro.get_space(name).text(next(zcrepro.get_space(name).architectures()))
]
WITHOUT_EDITS = ["nasbenchnlp"]
EDITED = [name for name in SPACES if name not in WITHOUT_EDITS]
ENUMERABLE = [name for name in SPACES if (zcrepro.get_space(name).size or 1e9) < 50_000]
FEW = settings(max_examples=20, deadline=None)
SMALL = 32  # pixels: larger images are cut to this side where a network runs for real


def samples(space, count, seed=0):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("name", SPACES)
@given(seed=st.integers(0, 2**32 - 1))
@FEW
def test_parse_and_text_are_inverse(name, seed):
    space = zcrepro.get_space(name)
    (arch,) = samples(space, 1, seed)
    text = space.text(arch)
    assert space.parse(text) == arch
    assert space.text(space.parse(text)) == text


@pytest.mark.parametrize("name", EDITED)
@given(seed=st.integers(0, 2**32 - 1))
@FEW
def test_neighbours_are_symmetric_one_edit_away_and_without_repeats(name, seed):
    space = zcrepro.get_space(name)
    (arch,) = samples(space, 1, seed)
    neighbours = space.neighbours(arch)
    assert neighbours
    assert len(set(neighbours)) == len(neighbours)
    assert arch not in neighbours
    assert space.distance(arch, arch) == 0
    few = np.random.default_rng(seed).choice(len(neighbours), min(5, len(neighbours)), replace=False)
    for other in (neighbours[i] for i in few):
        assert arch in space.neighbours(other)
        assert space.distance(arch, other) == space.distance(other, arch) == 1
        assert space.parse(space.text(other)) == other


@pytest.mark.parametrize("name", EDITED)
def test_a_mutation_is_a_neighbour_and_every_neighbour_occurs(name):
    space = zcrepro.get_space(name)
    (arch,) = samples(space, 1)
    neighbours = set(space.neighbours(arch))
    rng = np.random.default_rng(1)
    mutants = {space.mutate(arch, rng) for _ in range(300)}
    assert mutants <= neighbours
    # With fewer than 300 neighbours, 300 draws find more than half of them almost surely.
    assert len(mutants) > min(len(neighbours), 300) / 2


@pytest.mark.parametrize("name", WITHOUT_EDITS)
def test_a_space_without_edits_says_so_and_names_the_architecture(name):
    space = zcrepro.get_space(name)
    one, other = samples(space, 2)
    for call in (
        lambda: space.neighbours(one),
        lambda: space.mutate(one, np.random.default_rng(0)),
        lambda: space.distance(one, other),
    ):
        with pytest.raises(
            ValueError, match=rf"space {name} does not define edits .* sample\(rng\)"
        ) as raised:
            call()
        assert repr(space.text(one)) in str(raised.value)


@pytest.mark.parametrize("name", ENUMERABLE)
def test_the_architectures_are_as_many_as_size_says_and_all_different(name):
    space = zcrepro.get_space(name)
    texts = [space.text(arch) for arch in space.architectures()]
    assert len(texts) == len(set(texts)) == space.size
    assert {space.text(arch) for arch in samples(space, 20)} <= set(texts)


@pytest.mark.parametrize(
    "name", [name for name in SPACES if type(zcrepro.get_space(name)).architectures is Space.architectures]
)
def test_a_space_that_cannot_be_enumerated_says_to_sample(name):
    with pytest.raises(ValueError, match=rf"{name} is too large to enumerate; .* sample\(rng\)"):
        zcrepro.get_space(name).architectures()


@pytest.mark.parametrize("name", SPELT)
def test_an_unknown_operation_is_named(name):
    space = zcrepro.get_space(name)
    text = space.text(next(iter(space.architectures())))
    wrong = text.replace(space.operations[0], "conv_9x9", 1)
    with pytest.raises(ValueError, match=r"unknown (operation|model) 'conv_9x9'"):
        space.parse(wrong)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("text", ["", "conv_9x9", "|", "{text}|none~0|", "x{text}"])
def test_a_text_that_is_none_is_refused_and_quoted(name, text):
    space = zcrepro.get_space(name)
    wrong = text.format(text=space.text(samples(space, 1)[0]))
    with pytest.raises(ValueError, match=name) as raised:
        space.parse(wrong)
    assert repr(wrong) in str(raised.value)


def test_an_unknown_space_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'nasbench201'"):
        zcrepro.get_space("nasbench_201")


@pytest.mark.parametrize("name", SPACES)
def test_an_unknown_task_is_answered_with_those_there_are(name):
    space = zcrepro.get_space(name)
    with pytest.raises(ValueError, match=sorted(space.tasks)[0]):
        space.network(samples(space, 1)[0], "cifar11")


@pytest.mark.parametrize("name", SPACES)
def test_sampled_networks_map_the_shape_of_every_task(name):
    """The meta device knows shapes and computes nothing."""
    space = zcrepro.get_space(name)
    for task, shape in space.tasks.items():
        for arch in samples(space, 3):
            with torch.device("meta"):
                outputs = space.blueprint(arch, task)(shape.zeros(2))
            assert outputs.shape == (2, *shape.output)


def small_input(shape):
    small = [min(side, SMALL) for side in shape.input]
    generator = torch.Generator().manual_seed(0)
    if shape.reads_tokens:
        return torch.randint(shape.classes, (2, *small), generator=generator)
    return torch.randn(2, *small, generator=generator)


@pytest.mark.parametrize("name", SPACES)
def test_a_sampled_network_learns_from_a_small_input(name):
    """Every output is finite, and the first weight gets a gradient."""
    space = zcrepro.get_space(name)
    for task, shape in islice(space.tasks.items(), 4):
        network = space.network(samples(space, 1)[0], task)
        outputs = network(small_input(shape))
        outputs.square().mean().backward()
        assert outputs.isfinite().all()
        assert next(network.parameters()).grad is not None


@pytest.mark.parametrize("name", SPACES)
def test_parameters_are_those_of_the_network(name):
    space = zcrepro.get_space(name)
    for task in space.tasks:
        for arch in samples(space, 3):
            network = space.network(arch, task)
            assert space.parameters(arch, task) == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("name", SPACES)
def test_weights_depend_on_the_seed_and_leave_the_global_generator_alone(name):
    space = zcrepro.get_space(name)
    arch, task = samples(space, 1)[0], next(iter(space.tasks))
    before = torch.get_rng_state()
    first, again, other = (next(space.network(arch, task, seed).parameters()) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", sorted({*SPACES} - {"pytorchcv"}))  # whose package has its own
def test_weights_are_those_of_torchs_default_initialisation(name):
    space = zcrepro.get_space(name)
    network = space.network(samples(space, 1)[0], next(iter(space.tasks)))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            bound = module.weight[0].numel() ** -0.5
            assert module.weight.abs().max() <= bound
            if module.weight.numel() > 500:
                spread = module.weight.std().item()
                assert spread == pytest.approx(bound / 3**0.5, rel=0.1)


TAKES_AN_ARCHITECTURE = {
    "network": lambda space, arch, task: space.network(arch, task),
    "network by keyword": lambda space, arch, task: space.network(arch=arch, task=task),
    "parameters": lambda space, arch, task: space.parameters(arch, task),
    "flops": lambda space, arch, task: space.flops(arch, task),
    "mutate": lambda space, arch, _: space.mutate(arch, np.random.default_rng(0)),
    "neighbours": lambda space, arch, _: space.neighbours(arch),
    "canonical": lambda space, arch, _: space.canonical(arch),
    "live": lambda space, arch, _: space.live(arch),
    "text": lambda space, arch, _: space.text(arch),
    "distance": lambda space, arch, _: space.distance(arch, arch),
}


@pytest.mark.parametrize("call", TAKES_AN_ARCHITECTURE.values(), ids=TAKES_AN_ARCHITECTURE)
@pytest.mark.parametrize("name", zcrepro.list_spaces())
def test_a_text_in_place_of_an_architecture_is_an_error_that_says_to_parse_it(name, call):
    space = zcrepro.get_space(name)
    text = space.text(space.sample(np.random.default_rng(0)))
    with pytest.raises(TypeError, match=rf"space {name} takes .* call space\.parse\(text\) first"):
        call(space, text, next(iter(space.tasks)))
