"""Every algorithm, plain and guided, on a pool whose best model is known."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest

import zcrepro
from zcrepro import registry
from zcrepro.searching._guide import Guide
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import BudgetSpentError, Trainer

SPACE = zcrepro.get_space("embedded_chain")
OPTIONS = {"aging_evolution": {"alive": 16, "tournament": 5}}
ALGORITHMS = registry.names("algorithm")


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


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_budget_is_spent_exactly_on_different_models(name):
    models = trained(name, 80)
    assert len(models) == len(set(models)) == 80


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_budget_larger_than_the_table_trains_the_whole_table(name):
    small = Known(Pool(SPACE, TABLE.pool.archs[:30]), TABLE.validation[:30])
    assert sorted(trained(name, 100, table=small)) == list(range(30))


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_search_is_a_function_of_its_seed(name):
    assert trained(name, 50, seed=1) == trained(name, 50, seed=1) != trained(name, 50, seed=2)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_perfect_guide_finds_a_better_model_sooner(name):
    guide = Guide(TABLE.validation, warmup=500, move_probability=0.75)
    plain = np.mean([TABLE.validation[trained(name, 20, seed=s)].max() for s in range(10)])
    guided = np.mean([TABLE.validation[trained(name, 20, guide, seed=s)].max() for s in range(10)])
    assert guided > plain + 1


def test_a_warmed_up_random_search_trains_the_best_scored_first():
    guide = Guide(TABLE.validation, warmup=len(TABLE.pool), move_probability=0)
    assert trained("random_search", 5, guide) == np.argsort(-TABLE.validation)[:5].tolist()


def test_aging_evolution_beats_random_search_on_a_smooth_landscape():
    best = {
        n: np.mean([TABLE.validation[trained(n, 150, seed=s)].max() for s in range(10)]) for n in ALGORITHMS
    }
    assert best["aging_evolution"] > best["random_search"] + 0.5
