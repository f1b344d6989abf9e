"""Figures of a search: the rise of its best score trial by trial, and the parameters that made the difference."""

import numpy as np
import pandas as pd

from .drawing import BLUE, GREY, Drawing, axes, styled, svg

MOST_LINES = 12
MOST_BARS = 12


def tuning_drawings(trials: pd.DataFrame, importance: pd.DataFrame) -> list[Drawing]:
    """History and importance of all searches of a run.

    Parameters
    ----------
    trials : DataFrame
        Columns protocol, split, system, trial, value (NaN = pruned or failed).
    importance : DataFrame
        Columns protocol, split, system, parameter, importance (0 .. 1).

    Returns
    -------
    list of Drawing
        Empty where nothing was tuned.

    Examples
    --------
    >>> tuning_drawings(pd.DataFrame(columns=["trial", "value"]), pd.DataFrame())
    []
    """
    if trials.empty:
        return []
    return [_history(trials), *([_importance(importance)] if len(importance) else [])]


@styled
def _history(trials: pd.DataFrame) -> Drawing:
    values = trials.pivot_table(index="trial", columns=["protocol", "split", "system"], values="value", dropna=False)
    gains = values.cummax().ffill().sub(values.iloc[0])
    by_system = gains.T.groupby(level="system").mean().T
    order = by_system.iloc[-1].sort_values(ascending=False).index
    figure, axis = axes(height=3.8)
    for rank, system in enumerate(order):
        shown = rank < MOST_LINES
        axis.step(
            by_system.index, by_system[system], where="post", lw=1.2,
            color=None if shown else GREY, alpha=1 if shown else 0.4, label=system if shown else None,
        )  # fmt: skip
    axis.set(xlabel="trial", ylabel="gain over the defaults, out-of-fold")
    axis.legend(fontsize=6)
    pruned = int(trials["value"].isna().sum())
    table = [["system", "gain"], *([system, f"{by_system[system].iloc[-1]:+.3f}"] for system in order)]
    return Drawing(
        "Tuning: gain by trial",
        svg(figure),
        alt="; ".join(f"{system} {gain}" for system, gain in table[1:]),
        caption="Best out-of-fold score so far, less that of the defaults (trial 0), mean over splits. What is chosen "
        "by a score looks better by it than on new speakers. "
        f"{pruned} of {len(trials)} trials were pruned or failed.",
        table=table,
    )


@styled
def _importance(importance: pd.DataFrame) -> Drawing:
    mean = importance.groupby("parameter")["importance"].mean().sort_values(ascending=False)[:MOST_BARS]
    figure, axis = axes(height=1.2 + 0.22 * len(mean))
    places = np.arange(len(mean))
    axis.barh(places, mean, color=BLUE)
    axis.set_yticks(places, mean.index)
    axis.invert_yaxis()
    axis.set_xlabel("importance")
    table = [["parameter", "importance"], *([name, f"{value:.2f}"] for name, value in mean.items())]
    return Drawing(
        "Tuning: what mattered",
        svg(figure),
        alt="; ".join(f"{name} {value}" for name, value in table[1:]),
        caption="Share of each searched parameter in what sets good trials apart (PED-ANOVA), mean over the searches "
        "that had it.",
        table=table,
    )
