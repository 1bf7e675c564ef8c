"""The trainer sells accuracies: a search is given what it paid for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable


class BudgetSpentError(Exception):
    """The search has trained as many models as it may."""


class Trainer:
    """Train models one by one, within a budget; a model that was trained before costs nothing again.

    ``validation`` is asked for the accuracy of a model when it is paid for, and not before. The trainer
    holds no other accuracy.
    """

    def __init__(self, validation: Callable[[int], float], size: int, budget: int) -> None:
        self._validation = validation
        self._affordable = min(budget, size)
        self._accuracy: dict[int, float] = {}

    def train(self, index: int) -> float:
        """Return the validation accuracy of a model, in percent.

        Raises BudgetSpentError before a model that cannot be paid for.
        """
        if index not in self._accuracy:
            if self.exhausted:
                raise BudgetSpentError
            self._accuracy[index] = self._validation(index)
        return self._accuracy[index]

    def knows(self, index: int) -> bool:
        """Return whether a model was trained before."""
        return index in self._accuracy

    @property
    def trained(self) -> list[int]:
        """The models that were trained, in the order of their training."""
        return list(self._accuracy)

    @property
    def accuracies(self) -> list[float]:
        """The accuracies of ``trained``."""
        return list(self._accuracy.values())

    @property
    def exhausted(self) -> bool:
        """Whether nothing new can be trained, because the budget is spent or because all is known."""
        return len(self._accuracy) >= self._affordable
