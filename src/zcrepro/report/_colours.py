"""The colours of the report by role, for light and for dark pages.

A chart names a role as ``var(--role)``. The page defines these as properties of CSS, so that charts follow
its theme, and SVG files get the light ones. Text has a contrast of at least 4.5 to its ground.
"""

import re

PAIRS = {
    "page": ("#ffffff", "#0e1116"),
    "card": ("#f6f8fa", "#161b22"),
    "text": ("#1b1f24", "#e6edf3"),
    "muted": ("#57606a", "#9ba7b4"),
    "line": ("#d5dae0", "#30363d"),
    "control": ("#7d8590", "#6e7681"),
    "link": ("#0b5cad", "#6cb6ff"),
    "on-link": ("#ffffff", "#0e1116"),
    "series-1": ("#0072b2", "#56b4e9"),
    "series-2": ("#c44e00", "#e69f00"),
    "series-3": ("#007a5a", "#4fd1a5"),
    "series-4": ("#9c3d7a", "#e08bc0"),
    "series-5": ("#7a5c00", "#f0e442"),
    "series-6": ("#4a4fb8", "#a9b4ff"),
    "reproduced": ("#116329", "#7ee2a0"),
    "reproduced-ground": ("#dafbe1", "#0f2e1c"),
    "differs": ("#8a1c12", "#ffb3a8"),
    "differs-ground": ("#ffe3df", "#3f1512"),
    "undecided": ("#6b4700", "#f2cc60"),
    "undecided-ground": ("#fff1c9", "#332701"),
    "other": ("#434a52", "#b6c2cf"),
    "other-ground": ("#e7ebf0", "#232932"),
}
"""The light and the dark colour of each role. The series are told apart by colour-blind readers too."""

SERIES = tuple(f"var(--{role})" for role in PAIRS if role.startswith("series-"))

STEPS = 8
"""Shades of a heat map on each side of zero."""

STRONGEST = 0.52  # of a colour mixed into the page: with more, text on it has too little contrast


def var(role: str) -> str:
    """Return how a chart names the colour of a role. Raises KeyError if there is no such role."""
    assert role in ROLES, role
    return f"var(--{role})"


def resolved(text: str) -> str:
    """Return a text with the light colours in the place of the roles that it names."""
    return re.sub(r"var\(--([\w-]+)\)", lambda found: ROLES[found[1]][0], text)


def _mixed(page: str, colour: str, share: float) -> str:
    pairs = ((int(page[i : i + 2], 16), int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(ground + share * (top - ground)):02x}" for ground, top in pairs)


def _shades(sign: str, series: str) -> dict[str, tuple[str, str]]:
    return {
        f"heat-{sign}{step}": (
            _mixed(PAIRS["page"][0], PAIRS[series][0], STRONGEST * step / STEPS),
            _mixed(PAIRS["page"][1], PAIRS[series][1], STRONGEST * step / STEPS),
        )
        for step in range(1, STEPS + 1)
    }


ROLES = PAIRS | {"heat-0": PAIRS["page"]} | _shades("plus", "series-1") | _shades("minus", "series-2")
"""All colour roles: PAIRS, and the shades of heat maps for negative and positive values."""

HEAT = (
    *(var(f"heat-minus{step}") for step in range(STEPS, 0, -1)),
    var("heat-0"),
    *(var(f"heat-plus{step}") for step in range(1, STEPS + 1)),
)
"""The shades of heat maps from the lowest value to the highest."""
