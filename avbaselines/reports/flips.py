"""The figure of flips: which groups an external system wins, and which the picked one."""

import numpy as np
import pandas as pd

from .drawing import BLUE, ORANGE, Drawing, absent, axes, styled, svg
from .formatting import number

MOST_LABELLED_GROUPS = 40


@styled
def draw_flips(flips: pd.DataFrame, system: str, target: str, ours: str) -> Drawing:
    """Per group, the share of clips that each side wins, the group that the external system wins most on top.

    Parameters
    ----------
    flips
        ``flips.csv``: columns group, system, target and better (theirs, ours, neither).
    system
        The external one.
    target
    ours
        Name of the picked row.

    Examples
    --------
    >>> table = pd.DataFrame({"group": ["s1", "s1", "s2"], "better": ["theirs", "neither", "ours"]})
    >>> draw_flips(table.assign(system="deep", target="mood"), "deep", "mood", "svr").alt
    'Share of clips won in each of 2 groups; deep wins most in s1 (.50), svr in s2 (1.00).'
    """
    title = f"{target}: clips won by {system} and by {ours}"
    own = flips[(flips["system"] == system) & (flips["target"] == target)]
    if own.empty:
        return absent(title, f"no clips of {system}")
    shares = pd.crosstab(own["group"], own["better"], normalize="index")
    shares = shares.reindex(columns=["theirs", "ours"], fill_value=0.0)
    shares = shares.loc[(shares["theirs"] - shares["ours"]).sort_values(kind="stable").index]
    labelled = len(shares) <= MOST_LABELLED_GROUPS
    figure, axis = axes(height=max(2.2, 0.17 * len(shares) + 0.9) if labelled else 3.4)
    position = np.arange(len(shares))
    axis.barh(position, shares["theirs"], color=ORANGE, label=system)
    axis.barh(position, -shares["ours"], color=BLUE, label=ours)
    axis.axvline(0, color="black", lw=0.8)
    axis.set_yticks(position if labelled else [], list(shares.index) if labelled else [])
    far = max(0.05, float(shares.to_numpy().max()) * 1.05)
    axis.set_xlim(-far, far)
    ticks = np.linspace(-far, far, 5)
    axis.set_xticks(ticks, [number(abs(tick)) for tick in ticks])
    axis.set_xlabel("share of the group's clips: ours | theirs")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    counts = own["better"].value_counts()
    won = shares["theirs"].gt(shares["ours"]).sum()
    top, bottom = shares["theirs"].idxmax(), shares["ours"].idxmax()
    return Drawing(
        title,
        svg(figure),
        f"Share of clips won in each of {len(shares)} groups; {system} wins most in {top} "
        f"({number(shares['theirs'][top])}), {ours} in {bottom} ({number(shares['ours'][bottom])}).",
        f"{system} wins {counts.get('theirs', 0):,} clips, {ours} {counts.get('ours', 0):,} of {len(own):,}; {system} "
        f"wins more clips than it loses in {won} of {len(shares)} groups. Clips are in flips.csv.",
    )
