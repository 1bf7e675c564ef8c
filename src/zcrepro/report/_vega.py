"""Build Vega-Lite specifications from shared parts, and render them as SVG.

A chart is a specification without a look of its own: colours are roles (``zcrepro.report._colours``), and its
width is that of its container. The page shows it with Vega, and ``svg`` draws its first state.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import vl_convert

from zcrepro.problems.problem import EMBEDDED, Problem
from zcrepro.report._colours import SERIES, resolved, var

Spec = dict[str, Any]
"""A specification of Vega-Lite, or a part of one."""

VERSION = "6.4"
"""The release of Vega-Lite, of those in vl-convert."""

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'

EVERY = "all"
"""The choice that singles nothing out."""

MOST_TITLES = 3  # of problems in a line

WIDTH = 760  # of an SVG file, in pixels

CONFIG: Spec = {
    "font": FONT,
    "lineBreak": "\n",
    "background": var("page"),
    "view": {"stroke": None},
    "axis": {
        "labelColor": var("muted"),
        "titleColor": var("text"),
        "gridColor": var("line"),
        "domainColor": var("control"),
        "tickColor": var("control"),
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titlePadding": 8,
        "labelLimit": 260,
        "labelOverlap": "greedy",
    },
    "axisX": {"labelFlush": False},
    "legend": {
        "labelColor": var("text"),
        "titleColor": var("text"),
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": 300,
        "orient": "top",
        "symbolOpacity": 1,
    },
    "title": {
        "color": var("text"),
        "fontSize": 13,
        "anchor": "start",
        "fontWeight": 500,
        "offset": 10,
        "frame": "bounds",
    },
    "range": {"category": list(SERIES)},
}


def chart(description: str, **parts: Any) -> Spec:
    """Return a chart that fills the width of its container. Screen readers read the ``description``."""
    return {
        "$schema": f"https://vega.github.io/schema/vega-lite/v{VERSION}.json",
        "description": description,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
        **parts,
    }


def nothing(why: str) -> Spec:
    """Return a chart that says why there is nothing to see; the page shows the sentence alone."""
    mark = {"type": "text", "color": var("muted"), "fontSize": 13}
    shown = {"text": {"value": why}}
    return chart(why, data={"values": [{}]}, mark=mark, encoding=shown, height=40, usermeta={"nothing": why})


def rows(frame: pd.DataFrame, digits: int = 4) -> Spec:
    """Return the rows of a frame as the data of a chart, with so many significant digits.

    They are CSV, a third as long as JSON. An empty field is a missing value.
    """
    numbers = dict.fromkeys(frame.select_dtypes("number").columns, "number")
    text = frame.to_csv(index=False, lineterminator="\n", float_format=f"%.{digits}g")
    texts = {name: "string" for name in frame.columns if name not in numbers}
    return {"values": text, "format": {"type": "csv", "parse": numbers | texts}}


def choice(name: str, label: str, options: Sequence[str], value: str | None = None) -> Spec:
    """Return a parameter that the reader chooses from a list; its first value is the first option's."""
    bind = {"input": "select", "options": list(options), "name": label}
    return {"name": name, "value": options[0] if value is None else value, "bind": bind}


def legend(field: str) -> Spec:
    """Return the selection of entries of the legend of ``field`` by the pointer."""
    return {"name": "shown", "select": {"type": "point", "fields": [field]}, "bind": "legend"}


def single(options: Sequence[str]) -> Spec:
    """Return the parameter that singles out an entry of the legend without a pointer."""
    return choice("single", "Single out", [EVERY, *options])


def singled(field: str, strong: float, faint: float) -> Spec:
    """Return the opacity of a mark: ``faint`` if the legend or ``single`` singles out another ``field``."""
    test = {"and": [{"param": "shown"}, f"single === '{EVERY}' || datum[{field!r}] === single"]}
    return {"condition": {"test": test, "value": strong}, "value": faint}


def chosen(field: str, name: str | None = None) -> Spec:
    """Return the transform that keeps the rows whose ``field`` is the reader's choice of that name."""
    return {"filter": f"datum[{field!r}] === {name or field}"}


def quantitative(field: str, title: str, **more: Any) -> Spec:
    """Return the encoding of a number; the axis need not start at zero."""
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": False}} | more


def nominal(field: str, title: str | None = None, **more: Any) -> Spec:
    """Return the encoding of a name, in the order of the data."""
    return {"field": field, "type": "nominal", "title": title, "sort": None} | more


def tooltip(**titles: str) -> list[Spec]:
    """Return what a pointer shows of a mark: fields with their titles."""
    return [{"field": field, "title": title} for field, title in titles.items()]


def panel(title: str, fields: Mapping[str, str], **more: Any) -> Spec:
    """Return what the page shows beside a chart of the mark under the pointer or the cursor.

    ``title`` is the field that names the mark, and ``fields`` maps further ones to their titles.
    """
    return {"panel": {"title": title, "fields": dict(fields)} | more}


def counted(numbers: Sequence[int]) -> str:
    """Return ``n = 400`` if all numbers are equal, else ``n = `` the smallest to the largest."""
    low, high = min(numbers), max(numbers)
    return f"n = {low:,}" if low == high else f"n = {low:,} to {high:,}"


def problem_title(problem: Problem) -> str:
    """Return the problem as text; one of the embedded benchmark says so."""
    return f"{problem} ({EMBEDDED})" if problem.is_embedded else str(problem)


def problem_titles(problems: Sequence[Problem]) -> str:
    """Return the problems as text, or how many there are if they are more than a line holds."""
    text = ", ".join(map(problem_title, problems))
    return text if len(problems) <= MOST_TITLES else f"{len(problems)} problems"


def svg(specification: Spec) -> str:
    """Return the first state of a chart as SVG, in light colours."""
    fixed = specification | {"width": WIDTH, "autosize": {"type": "pad"}}
    text = resolved(json.dumps(fixed, sort_keys=True, allow_nan=False))
    return str(vl_convert.vegalite_to_svg(json.loads(text), vl_version=VERSION))
