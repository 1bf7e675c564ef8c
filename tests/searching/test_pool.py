"""Pools, trainers and guides: what a search is given, and what it must pay for."""

import numpy as np
import pytest

import zcrepro
from zcrepro.searching._guide import Guide, Help, warmed_up
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import BudgetSpentError, Ledger, Trainer

SPACE = zcrepro.get_space("embedded_chain")


def table(archs):
    return Pool(SPACE, archs)


def test_in_a_complete_table_neighbours_are_one_edit_away():
    archs = list(SPACE.architectures())
    complete = table(archs)
    for index in (0, 77, len(archs) - 1):
        assert {archs[i] for i in complete.neighbours(index)} == set(SPACE.neighbours(archs[index]))


def test_in_a_sparse_table_neighbours_are_the_eight_nearest():
    rng = np.random.default_rng(0)
    archs = [SPACE.sample(rng) for _ in range(60)]
    sparse = table(archs)
    found = sparse.neighbours(0)
    distances = sorted(SPACE.distance(archs[0], arch) for arch in archs[1:])
    assert sorted(SPACE.distance(archs[0], archs[i]) for i in found) == distances[:8]
    assert 0 not in found


def test_the_choices_of_architectures_are_one_hot():
    archs = [("conv_3x3", "identity"), ("conv_3x3", "conv_1x1"), ("identity", "identity")]
    found = Pool(SPACE, archs).choices
    assert found.tolist() == [[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]]


def test_the_inputs_of_a_node_have_no_order_among_the_choices():
    one = (("conv3x3", (0,)), ("output", (0, 1)))
    other = (("conv3x3", (0,)), ("output", (1,)))
    found = Pool(zcrepro.get_space("nasbench101"), [one, other]).choices
    assert found.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 1]]


def test_operations_are_the_nodes_of_operation_graphs():
    space = zcrepro.get_space("nasbench201")
    arch = ("nor_conv_3x3", "none", "skip_connect", "none", "none", "nor_conv_3x3")  # 0-1, 0-2, 1-2, 0-3, ...
    found = Pool(space, [arch]).operation_graphs
    assert found.kinds.shape == (1, 8, 5)
    assert found.kinds.sum(axis=2).tolist() == [[1] * 8]
    edges = {(source, target) for source, target in np.argwhere(found.adjacency[0])}
    assert {(0, 2), (2, 4), (4, 7), (7, 1)} <= edges  # input, 0-1, 1-2, 2-3, output
    assert (2, 3) not in edges


def test_the_nearest_differ_in_the_fewest_choices():
    one = (("conv3x3", (0,)), ("output", (0, 1)))
    others = [
        (("conv1x1", (0,)), ("output", (0, 1))),  # another operation: two choices
        (("conv3x3", (0,)), ("output", (1,))),  # an input less: one choice
        (("maxpool3x3", (0,)), ("conv3x3", (1,)), ("output", (2,))),
    ]
    sparse = Pool(zcrepro.get_space("nasbench101"), [one, *others])
    assert sparse.neighbours(0).tolist() == [2, 1, 3]


def test_a_model_is_paid_for_once_and_the_budget_holds():
    trainer = Trainer(float, size=5, budget=2)
    assert trainer.train(3) == 3.0
    assert trainer.train(3) == 3.0
    assert not trainer.exhausted
    trainer.train(1)
    assert trainer.trained == [3, 1]
    assert trainer.accuracies == [3.0, 1.0]
    assert [trainer.knows(index) for index in (1, 2, 3)] == [True, False, True]
    assert trainer.exhausted
    with pytest.raises(BudgetSpentError):
        trainer.train(2)
    assert trainer.train(3) == 3.0


def test_a_guide_puts_the_best_first_and_the_undefined_last():
    guide = Guide(np.array([1.0, np.nan, 3.0, 2.0]), Help("warmup", 4))
    assert guide.best_first(np.array([0, 1, 2, 3])).tolist() == [2, 3, 0, 1]
    assert guide.best(np.array([0, 1, 3])) == 3


def test_a_warmup_orders_only_the_architectures_that_it_scores():
    archs = [SPACE.sample(np.random.default_rng(i)) for i in range(50)]
    guide = Guide(np.arange(50.0), Help("warmup", 10))
    plain = warmed_up(table(archs), None, np.random.default_rng(3))
    guided = warmed_up(table(archs), guide, np.random.default_rng(3))
    assert guided[:10].tolist() == sorted(plain[:10], reverse=True)
    assert guided[10:].tolist() == plain[10:].tolist()


def test_a_search_that_tries_to_look_at_accuracies_finds_those_that_it_paid_for_alone():
    """Whatever it can reach from what it is given: attributes, private ones too, and what these hold."""
    secret = {index: 70.0 + index / 7 for index in range(5)}
    asked = []

    def validation(index):
        asked.append(index)
        return secret[index]

    trainer = Trainer(validation, size=5, budget=3)
    pool = table([SPACE.sample(np.random.default_rng(i)) for i in range(5)])
    trainer.train(2)
    held = repr([vars(trainer), vars(pool)])
    assert str(secret[2]) in held
    assert not any(str(secret[index]) in held for index in (0, 1, 3, 4))
    assert asked == [2]
    assert trainer.trained == [2]


def test_no_attribute_of_the_trainer_gives_an_accuracy_that_was_not_paid_for():
    """Every callable that hangs on it is the paid call, and no account can be emptied to pay again."""
    trainer = Trainer(float, size=5, budget=2)
    for held in vars(trainer).values():
        if callable(held):
            assert held(4) == 4.0
    assert trainer.trained == [4]
    trainer.train(1)
    for held in vars(trainer).values():
        if callable(held):
            with pytest.raises(BudgetSpentError):
                held(0)
    with pytest.raises(AttributeError):
        trainer._accuracy.clear()


def test_the_ledger_tells_what_was_handed_out_from_what_was_paid_for():
    ledger = Ledger()
    trainer = Trainer(ledger.noting(float), size=9, budget=9)
    for index in (3, 1, 3):
        trainer.train(index)
    ledger.check(trainer.trained, "honest")
    with pytest.raises(ValueError, match=r"greedy looked at accuracies without paying for them: of model 1$"):
        ledger.check([3], "greedy")
    with pytest.raises(
        ValueError, match="boaster claims to have trained models that it did not: 2 models, 5, 7"
    ):
        ledger.check([3, 1, 7, 5], "boaster")
