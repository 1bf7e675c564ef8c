"""Every algorithm, plain and guided, on a pool whose best model is known."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest
import torch

import zcrepro
from zcrepro import registry
from zcrepro.searching import predictor
from zcrepro.searching._guide import Guide, Help
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import BudgetSpentError, Trainer
from zcrepro.searching.binary_relation import _initialised
from zcrepro.searching.reinforce import Policy, _ranks

SPACE = zcrepro.get_space("embedded_chain")
OPTIONS = {
    "aging_evolution": {"alive": 16, "tournament": 5},
    "proxy_evolution": {"evaluations": 500},
    "predictor": {"trees": 10},
    "binary_relation": {"steps": 30},
}
ALGORITHMS = registry.names("algorithm")
PLAIN = [name for name in ALGORITHMS if registry.get("algorithm", name).plain]


def helps(name):
    """Return the ways in which a guide helps an algorithm, one for each kind."""
    algorithm = registry.get("algorithm", name)
    ways = algorithm.helps(algorithm.options(**OPTIONS.get(name, {})))
    return list({way.kind: way for way in ways}.values())


HELPED = [(name, way) for name in ALGORITHMS for way in helps(name)]


@dataclass
class Known:
    """A pool and its accuracies."""

    pool: Pool
    validation: np.ndarray


def smooth(count=3000):
    """Accuracy grows with the number of 3x3 convolutions and of pools, with a little noise."""
    rng = np.random.default_rng(0)
    archs = list(dict.fromkeys(SPACE.sample(rng) for _ in range(count)))
    worth = {"conv_3x3": 3.0, "depthwise_3x3": 2.0, "max_pool_3x3": 1.0}
    accuracy = np.array([sum(worth.get(op, 0) for op in arch) for arch in archs])
    return Known(Pool(SPACE, archs), accuracy + rng.normal(0, 0.3, len(archs)))


TABLE = smooth()


def trained(name, budget, guide=None, seed=0, table=TABLE):
    trainer = Trainer(lambda index: float(table.validation[index]), len(table.pool), budget)
    algorithm = registry.get("algorithm", name)
    options = algorithm.options(**OPTIONS.get(name, {}))
    with suppress(BudgetSpentError):
        algorithm.run(table.pool, trainer, guide, np.random.default_rng(seed), options)
    return trainer.trained


@pytest.mark.parametrize("name", PLAIN)
def test_the_budget_is_spent_exactly_on_different_models(name):
    models = trained(name, 80)
    assert len(models) == len(set(models)) == 80


@pytest.mark.parametrize("name", PLAIN)
def test_a_budget_larger_than_the_table_trains_the_whole_table(name):
    small = Known(Pool(SPACE, TABLE.pool.archs[:30]), TABLE.validation[:30])
    assert sorted(trained(name, 100, table=small)) == list(range(30))


@pytest.mark.parametrize("name", PLAIN)
def test_a_search_is_a_function_of_its_seed(name):
    assert trained(name, 50, seed=1) == trained(name, 50, seed=1) != trained(name, 50, seed=2)


def guide(scores, way):
    return Guide(scores, way, 0.75, scores[:, np.newaxis])


@pytest.mark.parametrize(("name", "way"), HELPED, ids=lambda value: str(value))
def test_a_perfect_guide_finds_a_better_model_sooner(name, way):
    # Aging evolution moves only when its first models are trained, and a predictor fits only then.
    budget = 40 if way.kind in ("move", "inputs") else 20
    perfect = guide(TABLE.validation, way)
    rival = name if name in PLAIN else "random_search"
    plain = np.mean([TABLE.validation[trained(rival, budget, seed=s)].max() for s in range(6)])
    guided = np.mean([TABLE.validation[trained(name, budget, perfect, seed=s)].max() for s in range(6)])
    assert guided > plain + 0.4


@pytest.mark.parametrize(("name", "way"), HELPED, ids=lambda value: str(value))
def test_undefined_scores_end_no_search(name, way):
    undefined = guide(np.full(len(TABLE.pool), np.nan), way)
    models = trained(name, 30, undefined)
    assert len(models) == len(set(models)) == 30


def test_a_warmed_up_random_search_trains_the_best_scored_first():
    warmup = guide(TABLE.validation, Help("warmup", len(TABLE.pool)))
    assert trained("random_search", 5, warmup) == np.argsort(-TABLE.validation)[:5].tolist()


def test_equal_scores_are_equal_inputs_of_a_predictor():
    pool = Pool(SPACE, TABLE.pool.archs[:5])
    scores = np.array([[3.0, 1.0], [2.0, 1.0], [3.0, np.nan], [np.nan, 1.0], [np.nan, 2.0]])
    given = predictor._inputs(pool, Guide(scores[:, 0], Help("inputs"), inputs=scores))
    assert (
        given[:, -2:].tolist() == np.float32([[0.4, 0.2], [0.2, 0.2], [0.4, 0], [0, 0.2], [0, 0.4]]).tolist()
    )


@pytest.mark.parametrize("name", ["aging_evolution", "reinforce", "predictor", "binary_relation"])
def test_an_algorithm_that_learns_beats_random_search_on_a_smooth_landscape(name):
    best = {
        n: np.mean([TABLE.validation[trained(n, 150, seed=s)].max() for s in range(4)])
        for n in (name, "random_search")
    }
    assert best[name] > best["random_search"] + 0.5


def test_evolution_by_a_proxy_trains_what_scores_best_of_what_it_found():
    """With the accuracy as the score; nothing is trained before the evolution ends."""
    way = Help("objective")
    first = [trained("proxy_evolution", 3, guide(TABLE.validation, way), seed=s) for s in range(4)]
    assert all(np.diff(TABLE.validation[models]).max() <= 0 for models in first)
    assert np.mean([TABLE.validation[models[0]] for models in first]) > np.quantile(TABLE.validation, 0.99)


class TestPolicy:
    CHOICES = np.eye(4, dtype=np.float32)

    def test_it_is_uniform_at_first_and_prefers_what_was_rewarded(self):
        policy = Policy(self.CHOICES, 0.1)
        assert policy.probabilities().tolist() == [0.25] * 4
        for _ in range(20):
            policy.reward(np.array([2]), np.array([1.0]))
        assert policy.probabilities().argmax() == 2
        assert policy.probabilities().sum() == pytest.approx(1)
        # The first step of Adam is as long as the learning rate.
        other = Policy(self.CHOICES, 0.1)
        other.reward(np.array([1]), np.array([-3.0]))
        expected = np.exp([0.1, -0.1, 0.1, 0.1])
        assert other.probabilities() == pytest.approx(expected / expected.sum(), abs=1e-6)

    def test_what_is_known_is_not_drawn_however_probable(self):
        policy, rng = Policy(self.CHOICES, 5.0), np.random.default_rng(0)
        for _ in range(20):
            policy.reward(np.array([2]), np.array([1.0]))
        known = np.array([False, False, True, True])
        drawn = policy.draw_unknown(50, rng, known)
        assert set(drawn) <= {0, 1}
        assert policy.draw(50, rng).tolist() == [2] * 50

    def test_equal_scores_are_rewarded_alike(self):
        assert _ranks(np.array([5.0, 1.0, 5.0, -np.inf])).tolist() == pytest.approx(
            [2 / 3, -1 / 3, 2 / 3, -1]
        )


def test_the_output_of_the_graph_network_does_not_depend_on_empty_nodes():
    graphs = TABLE.pool.operation_graphs
    network = _initialised(graphs.kinds.shape[2], 8, torch.Generator().manual_seed(0))
    kinds, adjacency = torch.from_numpy(graphs.kinds[:5]), torch.from_numpy(graphs.adjacency[:5])
    wider = torch.nn.functional.pad(kinds, (0, 0, 0, 3)), torch.nn.functional.pad(adjacency, (0, 3, 0, 3))
    found = network(kinds, adjacency).detach()
    assert network(*wider).detach().numpy() == pytest.approx(found.numpy(), abs=1e-6)
    assert found.unique().numel() > 1
