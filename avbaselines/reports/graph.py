"""The fusion graph: the systems that feed the answer, and the weight of each."""

from typing import TYPE_CHECKING

import pandas as pd

from ..errors import InputError
from .drawing import BLUE, GREY, VERMILION, Drawing, absent, axes, styled, svg
from .formatting import number
from .heading import ReportTarget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ("system", "target", "input", "weight")
MOST_INPUTS = 12


@styled
def fusion_graph(weights: pd.DataFrame | None, system: str, target: ReportTarget, shares: bool = False) -> Drawing:
    """The systems below `system`, an edge's width its weight and its colour the weight's sign.

    Parameters
    ----------
    weights : DataFrame or None
        Columns system, target, input, weight: how much `system` takes of `input` for `target`; several rows of one edge
        (folds) are averaged.
    system : str
        The system at the right of the graph.
    target : ReportTarget
    shares : bool
        Whether the weights into `system` are shares of splits.

    Raises
    ------
    InputError
        A column is missing, or a system feeds itself.

    Examples
    --------
    >>> weights = pd.DataFrame([("late", "arousal", "svr", 0.6)], columns=COLUMNS)
    >>> fusion_graph(weights, "late", ReportTarget("arousal", "ccc")).alt
    'Weights for arousal: late takes .60 of svr.'
    """
    title = f"{target.name}: fusion graph"
    if weights is None or weights.empty:
        return absent(title, "no fusion weights were given")
    missing = [name for name in COLUMNS if name not in weights.columns]
    if missing:
        raise InputError(f"weights/{missing[0]}: column missing; has {', '.join(map(str, weights.columns))}")
    table = (
        weights[weights["target"] == target.name]
        .groupby(["system", "input"], sort=False, observed=True)["weight"]
        .mean()
    )
    edges, hidden = _edges(table, system)
    if not edges:
        return absent(title, f"{system} is not a weighted fusion")
    figure = _drawn(edges, _places(system, edges))
    words = "; ".join(f"{upper} takes {number(weight)} of {lower}" for upper, lower, weight in edges)
    into = f" Into {system}: the share of splits that chose it." if shares else ""
    rest = f" {hidden} lighter inputs are not drawn." if hidden else ""
    return Drawing(
        title,
        svg(figure),
        f"Weights for {target.name}: {words}.",
        f"Width: size of the weight; dashed: negative.{into}{rest}",
    )


def _drawn(edges: list[tuple[str, str, float]], place: dict[str, tuple[int, float]]) -> "Figure":
    """Nodes at their places, the edges between them with their weights."""
    deepest = max(column for column, _ in place.values())
    tallest = max(sum(other == column for other, _ in place.values()) for column in range(deepest + 1))
    n_between = max((sum(c == k for c, _ in place.values()) for k in range(1, deepest)), default=0)
    figure, axis = axes(width=max(4.4, 1.7 * (deepest + 1)), height=max(2.0, 0.4 * tallest + 0.4 * n_between + 0.4))
    axis.axis("off")
    heaviest = max(abs(weight) for _, _, weight in edges) or 1.0
    # The weights of systems that stand above one another are written apart.
    ranks = {name: sum(place[other][0] == place[name][0] for other in list(place)[:k]) for k, name in enumerate(place)}
    for upper, lower, weight in edges:
        (x1, y1), (x0, y0) = place[upper], place[lower]
        x1, x0 = deepest - x1, deepest - x0
        colour = BLUE if weight >= 0 else VERMILION
        axis.plot([x0, x1], [y0, y1], color=colour, lw=0.4 + 4 * abs(weight) / heaviest, alpha=0.55, zorder=1,
                  ls="-" if weight >= 0 else "--", solid_capstyle="butt")  # fmt: skip
        along = 0.66 - 0.2 * (ranks[upper] % 3)
        axis.text(x0 + along * (x1 - x0), y0 + along * (y1 - y0), number(weight), fontsize=8, ha="center", va="center",
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6}, zorder=2)  # fmt: skip
    for name, (column, y) in place.items():
        side = "left" if column == deepest else "right" if column == 0 else "center"
        axis.text(deepest - column, y, name, ha=side, va="center", fontsize=8, zorder=3,
                  bbox={"facecolor": "white", "edgecolor": GREY, "boxstyle": "round,pad=0.3"})  # fmt: skip
    axis.set_xlim(-0.05, deepest + 0.05)
    return figure


def _edges(table: pd.Series, system: str) -> tuple[list[tuple[str, str, float]], int]:
    """Edges reachable from `system`, heaviest first within a node, and how many were left out."""
    edges, hidden, waiting, seen = [], 0, [system], {system}
    while waiting:
        upper = waiting.pop(0)
        if upper not in table.index.get_level_values("system"):
            continue
        inputs = table.loc[upper].sort_values(key=abs, ascending=False, kind="stable")
        hidden += max(0, len(inputs) - MOST_INPUTS)
        for lower, weight in inputs.head(MOST_INPUTS).items():
            if lower == upper:
                raise InputError(f"weights: {upper!r} is an input of itself; mend the table of weights")
            edges.append((upper, str(lower), float(weight)))
            if lower not in seen:
                seen.add(lower)
                waiting.append(lower)
    return edges, hidden


def _places(system: str, edges: list[tuple[str, str, float]]) -> dict[str, tuple[int, float]]:
    """Column (0 = the answer) and height (0 .. 1 and above) of each node; a node stands left of everything it feeds."""
    depth = {system: 0}
    # As many rounds as edges reach the longest path; a cycle would still be moving after them.
    for _ in range(len(edges) + 1):
        before = dict(depth)
        for upper, lower, _ in edges:
            depth[lower] = max(depth.get(lower, 0), depth[upper] + 1)
        if depth == before:
            break
    else:
        raise InputError(f"weights: the inputs of {system!r} form a cycle; mend the table of weights")
    columns: dict[int, list[str]] = {}
    for name, column in depth.items():
        columns.setdefault(column, []).append(name)
    deepest, step = max(columns), 1 / max(map(len, columns.values()))
    # What stands between the first inputs and the answer goes above them, out of the way of edges that skip it.
    return {
        name: (column, 1 + (rank + 0.6) * step if 0 < column < deepest else 1 - (rank + 0.5) / len(names))
        for column, names in columns.items()
        for rank, name in enumerate(names)
    }
