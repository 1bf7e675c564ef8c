"""A problem: to rank the architectures of a search space by their accuracy on a task."""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDED = "embedded"
"""The prefix of the names of spaces whose networks the project trains itself."""


@dataclass(frozen=True, order=True)
class Problem:
    """A search space and one of its tasks, written ``space/task``."""

    space: str
    task: str

    @classmethod
    def parse(cls, text: str) -> Problem:
        """Return the problem written ``space/task``. Raises ValueError for any other text."""
        space, slash, task = text.partition("/")
        if not (space and slash and task):
            raise ValueError(f"a problem is written space/task, not {text!r}")
        return cls(space, task)

    def __str__(self) -> str:
        return f"{self.space}/{self.task}"

    @property
    def is_embedded(self) -> bool:
        """Whether it belongs to the embedded benchmark. Tables and figures made from that are labelled so."""
        return self.space.startswith(EMBEDDED)
