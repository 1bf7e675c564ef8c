"""Heat maps: fields in shades of two colours, with their numbers."""

import math
from typing import Any

import pandas as pd

from zcrepro.report import _vega
from zcrepro.report._colours import HEAT, STEPS, var

FULL = 0.8
"""The value, on either side of zero, from which on the colour is the strongest."""

MISSING = "-"
"""What stands in a field without a value."""


def heat_map(
    cells: pd.DataFrame,
    description: str,
    *,
    across: str,
    down: str,
    height: int,
    tooltip: dict[str, str] | None = None,
    **parts: Any,
) -> dict[str, Any]:
    """Return a heat map of the columns ``down``, ``across`` and ``value``, in the order of the rows.

    ``across`` and ``down`` are also titles for the pointer, as ``tooltip`` has them for further columns. A
    column ``text`` is displayed instead of the values.
    """
    text = {"field": "text"} if "text" in cells else {"field": "shown"}
    cells = cells.assign(shown=[MISSING if math.isnan(value) else f"{value:.2f}" for value in cells["value"]])
    bounds = [(step - STEPS - 0.5) * FULL / STEPS for step in range(1, 2 * STEPS + 1)]
    fill = {
        "field": "value",
        "type": "quantitative",
        "scale": {"type": "threshold", "domain": bounds, "range": list(HEAT)},
        "legend": None,
    }
    titles = _vega.tooltip(down=down, across=across, value="value") + _vega.tooltip(**(tooltip or {}))
    return _vega.chart(
        description,
        data=_vega.rows(cells),
        height=height,
        encoding={
            "x": _vega.nominal(
                "across",
                axis={
                    "labelAngle": -40,
                    "labelOverlap": False,
                    "labelLimit": 190,
                    "labelExpr": "split(datum.label, '/')",
                },
            ),
            "y": _vega.nominal("down", axis={"labelOverlap": False, "labelLimit": 190}),
            "tooltip": titles,
        },
        layer=[
            {"mark": {"type": "rect", "stroke": var("page"), "strokeWidth": 1}, "encoding": {"color": fill}},
            {
                "mark": {"type": "text", "fontSize": 11, "color": var("text")},
                "encoding": {"text": text},
            },
        ],
        **parts,
    )
