"""What every space owes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import zcrepro

SPACES = zcrepro.list_spaces()
FEW = settings(max_examples=25, deadline=None)


def samples(space, count, seed=0):
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("name", SPACES)
@given(seed=st.integers(0, 2**32 - 1))
@FEW
def test_parse_and_text_are_inverse(name, seed):
    space = zcrepro.get_space(name)
    (arch,) = samples(space, 1, seed)
    assert space.parse(space.text(arch)) == arch


@pytest.mark.parametrize("name", SPACES)
@given(seed=st.integers(0, 2**32 - 1))
@FEW
def test_neighbours_are_symmetric_one_edit_away_and_without_repeats(name, seed):
    space = zcrepro.get_space(name)
    (arch,) = samples(space, 1, seed)
    neighbours = space.neighbours(arch)
    assert len(set(neighbours)) == len(neighbours)
    for other in neighbours:
        assert arch in space.neighbours(other)
        assert space.distance(arch, other) == 1
    assert arch not in neighbours


@pytest.mark.parametrize("name", SPACES)
def test_a_mutation_is_a_neighbour_and_every_neighbour_occurs(name):
    space = zcrepro.get_space(name)
    (arch,) = samples(space, 1)
    rng = np.random.default_rng(1)
    mutants = {space.mutate(arch, rng) for _ in range(500)}
    assert mutants == set(space.neighbours(arch))


@pytest.mark.parametrize("name", SPACES)
def test_the_architectures_are_as_many_as_size_says_and_all_different(name):
    space = zcrepro.get_space(name)
    texts = [space.text(arch) for arch in space.architectures()]
    assert len(texts) == len(set(texts)) == space.size == 15625


@pytest.mark.parametrize("name", SPACES)
def test_an_unknown_operation_is_named(name):
    space = zcrepro.get_space(name)
    text = space.text(next(iter(space.architectures())))
    wrong = text.replace(space.operations[0], "conv_9x9", 1)
    with pytest.raises(ValueError, match="unknown operation 'conv_9x9'"):
        space.parse(wrong)


@pytest.mark.parametrize("name", SPACES)
def test_a_text_of_another_length_or_form_is_refused(name):
    space = zcrepro.get_space(name)
    text = space.text(next(iter(space.architectures())))
    with pytest.raises(ValueError, match="expected 6 operations, found 7"):
        space.parse(text + f"+|{space.operations[0]}~0|" if "~" in text else text + f"{space.operations[0]}|")
    with pytest.raises(ValueError, match="is not written as"):
        space.parse("|" + text)


def test_an_unknown_space_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'nasbench201'"):
        zcrepro.get_space("nasbench_201")


@pytest.mark.parametrize("name", SPACES)
def test_an_unknown_task_is_answered_with_those_there_are(name):
    space = zcrepro.get_space(name)
    with pytest.raises(ValueError, match=sorted(space.tasks)[0]):
        space.network(next(iter(space.architectures())), "cifar11")


@pytest.mark.parametrize("name", SPACES)
def test_sampled_networks_run_forward_on_every_task(name):
    space = zcrepro.get_space(name)
    for task, shape in space.tasks.items():
        for arch in samples(space, 3):
            network = space.network(arch, task)
            logits = network(torch.zeros(2, shape.channels, shape.resolution, shape.resolution))
            assert logits.shape == (2, shape.classes)


@pytest.mark.parametrize("name", SPACES)
def test_weights_depend_on_the_seed_and_leave_the_global_generator_alone(name):
    space = zcrepro.get_space(name)
    arch, task = samples(space, 1)[0], next(iter(space.tasks))
    before = torch.get_rng_state()
    first, again, other = (space.network(arch, task, seed).classifier.weight for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", SPACES)
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
