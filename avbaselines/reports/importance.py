"""The figure of the score lost without each family of features."""

import math

import pandas as pd

from .drawing import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION, Drawing, axes, styled, svg
from .formatting import number
from .heading import Heading

MARKS = (("o", ORANGE), ("s", GREEN), ("^", PURPLE), ("v", VERMILION))


@styled
def family_losses(table: pd.DataFrame | None, heading: Heading) -> list[Drawing]:
    """A figure a system: the score lost when a family's values are another clip's, with its interval over groups.

    Parameters
    ----------
    table : DataFrame or None
        ``importance.csv``.
    heading : Heading

    Examples
    --------
    >>> from avbaselines.reports.heading import ReportTarget
    >>> family_losses(None, Heading("A study", [ReportTarget("arousal", "ccc")]))
    []
    """
    if table is None or table.empty:
        return []
    return [_of_system(str(system), part, heading) for system, part in table.groupby("system", sort=False)]


def _of_system(system: str, part: pd.DataFrame, heading: Heading) -> Drawing:
    names = [target.name for target in heading.targets]
    several = len(names) > 1
    main = part[part["target"] == ("mean" if several else names[0])].sort_values("loss", ascending=False)
    metric = heading.metric_label(main["metric"].iloc[0])
    place = {family: len(main) - 1 - rank for rank, family in enumerate(main["family"])}
    figure, axis = axes(height=max(1.6, 0.32 * len(main) + 0.9))
    axis.axvline(0, color=BLACK, lw=0.8)
    for row in main.itertuples():
        y = place[row.family]
        if not math.isnan(row.ci_low):
            axis.plot([row.ci_low, row.ci_high], [y, y], color=BLUE, lw=1.8, solid_capstyle="butt")
        axis.plot(row.loss, y, "D", color=BLUE, ms=6, label="mean" if several and y == 0 else None)
    for name, (mark, colour) in zip(names if several else (), MARKS, strict=False):
        own = part[part["target"] == name]
        axis.plot(own["loss"], [place[family] + 0.22 for family in own["family"]], mark, color=colour, ms=4, label=name)
    axis.set_yticks(list(place.values()), [f"{row.family} ({row.n_features})" for row in main.itertuples()])
    axis.set_ylim(-0.6, len(main) - 0.4)
    axis.set_xlabel(f"{metric} lost")
    if several:
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4)
    words = "; ".join(
        f"{row.family} {number(row.loss, 3)}"
        + ("" if math.isnan(row.ci_low) else f" [{number(row.ci_low, 3)}, {number(row.ci_high, 3)}]")
        for row in main.itertuples()
    )
    return Drawing(
        f"What {system} takes from each family",
        svg(figure),
        f"{metric} that {system} loses (of {number(main['score'].iloc[0], 3)}) without a family of features: {words}.",
        f"{metric} lost, of {number(main['score'].iloc[0])}, when evaluated clips are given another clip's values "
        f"of the family (number of features), mean of {main['n_repeats'].iloc[0]} permutations, intervals over groups. "
        "The best system of its modalities, chosen out-of-fold. It tells what this model takes from a family, not what "
        "the family knows.",
    )
