"""What a table says of files that a run does not make."""

SECTIONS = {
    "accuracies": "spaces",
    "released": "spaces",
    "structure": "spaces",
    "features": "features.runs",
    "generalization": "generalization.problems",
    "leaderboard": "leaderboard",
    "search": "search",
    "live": "live.runs",
    "trainings": "reduced_trainings.runs",
    "evolved": "evolution",
    "programs": "programs",
}
"""By folder of the results, the section of the configuration that asks for its files."""

VARIANTS = "features.variants"
"""The section that asks for the files of ``features-<variant>``."""


def not_made(*names: str) -> str:
    """Return a note on files that a run does not make, and on what asks for them.

    ``names`` are paths below ``results/<run>/`` without ending, or folders, which end in a slash.
    """
    folders = [name.split("/")[0] for name in names]
    sections = dict.fromkeys(SECTIONS.get(folder, VARIANTS) for folder in folders)
    return f"the run makes no {' and no '.join(names)}, which {' and '.join(sections)} would ask for"
