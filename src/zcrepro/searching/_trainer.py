"""What a search may know: the accuracies of the models that it has trained, and no others.

The ledger, which no search is given, notes each accuracy that is handed out. Afterwards these must be the
accuracies of the trained models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

Validation = Callable[[int], float]
"""Maps a model to its validation accuracy, in percent."""


SHOWN = 5
"""Models that an error names."""


class BudgetSpentError(Exception):
    """The search has trained as many models as it may."""


class Trainer:
    """Train models one by one, within a budget; a model that was trained before costs nothing again.

    ``validation`` is asked for the accuracy of a model when it is paid for, and not before. The trainer
    holds no other accuracy, and no attribute of it leads past the payment.
    """

    def __init__(self, validation: Validation, size: int, budget: int) -> None:
        self._affordable = min(budget, size)
        self._train, self._accuracy = _training(validation, self._affordable)

    def train(self, index: int) -> float:
        """Return the validation accuracy of a model, in percent.

        Raises BudgetSpentError before a model that cannot be paid for.
        """
        return self._train(index)

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


class Ledger:
    """Note which accuracies are handed out to a search."""

    def __init__(self) -> None:
        self._handed_out: list[int] = []

    def noting(self, validation: Validation) -> Validation:
        """Return ``validation`` such that each model that it is asked for is noted."""

        def noted(index: int) -> float:
            self._handed_out.append(index)
            return validation(index)

        return noted

    def check(self, trained: list[int], algorithm: str) -> None:
        """Check that what was handed out was paid for, and the other way round.

        Raises ValueError, which names the algorithm and the models.
        """
        unpaid = sorted(set(self._handed_out) - set(trained))
        unseen = sorted(set(trained) - set(self._handed_out))
        if unpaid:
            raise ValueError(f"{algorithm} looked at accuracies without paying for them: of {_few(unpaid)}")
        if unseen:
            raise ValueError(f"{algorithm} claims to have trained models that it did not: {_few(unseen)}")


def _training(validation: Validation, affordable: int) -> tuple[Validation, Mapping[int, float]]:
    """Return a function that trains a model, and a view of the accuracies of all that were trained.

    They share a closure instead of attributes, so that a search reaches neither ``validation`` nor the dict.
    """
    known: dict[int, float] = {}

    def train(index: int) -> float:
        if index not in known:
            if len(known) >= affordable:
                raise BudgetSpentError
            known[index] = validation(index)
        return known[index]

    return train, MappingProxyType(known)


def _few(models: list[int]) -> str:
    shown = ", ".join(map(str, models[:SHOWN])) + (", ..." if len(models) > SHOWN else "")
    return f"model {shown}" if len(models) == 1 else f"{len(models)} models, {shown}"
