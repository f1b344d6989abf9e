"""What many runs hand over, how that stands against the figures of others, and what moved since earlier runs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..evaluation.combined import COMBINED
from ..evaluation.metrics import oriented
from ..finished_run import FinishedRun
from .formatting import number
from .summary import signed

__all__ = ["Before", "Rival", "Standing", "standings"]

OTHERS = ("imported", "reported")
SAME = 0.0005
"""Scores that differ by less are shown alike."""

Row = Mapping[str, Any]
TIE = 1e-12


@dataclass(frozen=True)
class Rival:
    """The best figure of others in the place of the picked system's, and the verdict of the picked system against it.

    Examples
    --------
    >>> Rival("LSTM", "reported", 0.45, "inside the interval").words
    'LSTM (reported) .45: inside the interval'
    """

    system: str
    kind: str
    value: float
    verdict: str

    @property
    def words(self) -> str:
        """In one line."""
        return f"{self.system} ({self.kind}) {number(self.value)}: {self.verdict}"


@dataclass(frozen=True)
class Before:
    """The same figure in an earlier run.

    Attributes
    ----------
    system
        What was picked then.
    same_clips
        Whether it was scored on the same clips and groups; None where that is not known.

    Examples
    --------
    >>> Before("svr-audio", 0.40, 0.30, 0.50, "0.2.0", True).moved("ridge-audio", 0.55)
    '+.150, outside the interval of before; picked was svr-audio'
    """

    system: str
    value: float
    low: float
    high: float
    version: str
    same_clips: bool | None

    def moved(self, picked: str, value: float) -> str:
        """What became of it, in words."""
        change = value - self.value
        words = []
        if math.isnan(change):
            words.append("no figure")
        elif abs(change) < SAME:
            words.append("same score")
        else:
            outside = not self.low <= value <= self.high and not math.isnan(self.low)
            words.append(f"{signed(change)}{', outside the interval of before' if outside else ''}")
        if picked != self.system:
            words.append(f"picked was {self.system}")
        if self.same_clips is False:
            words.append("on other clips or groups")
        return "; ".join(words)


@dataclass(frozen=True)
class Standing:
    """The picked system of a run under one protocol, in one figure.

    Attributes
    ----------
    run
    protocol
    target, metric
        A target, ``mean`` over targets, or ``combined``; in the study's metric.
    picked
        Empty where the run picked nothing.
    value, low, high
        The score and its 95 % interval.
    n_clips, n_groups
    note
    transductive
        The picked system reads unlabelled clips of evaluated groups.
    rival
        None where nobody else's figure stands beside it.
    before
        None where there is no earlier run, or it has no such figure.
    failed
        Number of systems that failed.

    Examples
    --------
    >>> from pathlib import Path
    >>> run = FinishedRun(Path("runs/mine"), "mine", "Mine", {"arousal": "ccc"}, pd.DataFrame(), pd.DataFrame())
    >>> Standing(run, "honest", "arousal", "ccc", "svr-audio", 0.5, 0.4, 0.6).figure
    'arousal ccc .50'
    """

    run: FinishedRun
    protocol: str
    target: str
    metric: str
    picked: str = ""
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n_clips: float = math.nan
    n_groups: float = math.nan
    note: str = ""
    transductive: bool = False
    rival: Rival | None = None
    before: Before | None = None
    failed: int = 0

    @property
    def figure(self) -> str:
        """The score in words."""
        return f"{self.what} {number(self.value)}".strip()

    @property
    def what(self) -> str:
        """Target and metric."""
        return self.target if self.target == self.metric else f"{self.target} {self.metric}"

    @property
    def moved(self) -> str:
        """What became of the earlier figure; empty where there is none."""
        return self.before.moved(self.picked, self.value) if self.before else ""


def standings(runs: Sequence[FinishedRun], before: Sequence[FinishedRun] = ()) -> list[Standing]:
    """A standing of every run, protocol and figure that the study is judged by.

    A study of one metric is judged by the mean over its targets (or its only target), one of several metrics by the
    mean in each, one with a combined score by that.

    Parameters
    ----------
    runs
    before
        Earlier runs; one belongs to the run of the same key, or else of the same title.

    Examples
    --------
    >>> from pathlib import Path
    >>> row = {"protocol": "honest", "split": "all", "system": "svr", "picked": "yes", "kind": "measured", "note": ""}
    >>> row |= {"target": "mood", "metric": "uar", "value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "status": "ok"}
    >>> run = FinishedRun(Path("runs/mine"), "mine", "Mine", {"mood": "uar"}, pd.DataFrame([row]), pd.DataFrame())
    >>> [(standing.picked, standing.figure) for standing in standings([run])]
    [('svr', 'mood uar .50')]
    """
    return [standing for run in runs for standing in _of_run(run, _earlier(run, runs, before))]


def _earlier(run: FinishedRun, runs: Sequence[FinishedRun], before: Sequence[FinishedRun]) -> FinishedRun | None:
    for same in (
        [old for old in before if old.key == run.key],
        [old for old in before if old.title == run.title and old.key not in {other.key for other in runs}],
    ):
        if len(same) == 1:
            return same[0]
    return None


def _of_run(run: FinishedRun, old: FinishedRun | None) -> list[Standing]:
    table = run.results
    measured = table[table["kind"] == "measured"]
    found = []
    for protocol in dict.fromkeys(measured["protocol"]):
        of_protocol = measured[measured["protocol"] == protocol]
        failed = int(of_protocol[of_protocol["status"] == "failed"]["system"].nunique())
        for target, metric in _figures(run):
            here = _rows(table, protocol, target, metric)
            row = _picked(here)
            earlier = None if old is None else _before(old, run, protocol, target, metric)
            if row is None:
                found.append(Standing(run, protocol, target, metric, before=earlier, failed=failed))
                continue
            found.append(
                Standing(
                    run, protocol, target, metric, str(row["system"]), row["value"], row["ci_low"], row["ci_high"],
                    row.get("n_clips", math.nan), row.get("n_groups", math.nan), str(row.get("note", "")),
                    row.get("transductive", "") == "yes", _rival(run, here, row), earlier, failed,
                )  # fmt: skip
            )
    return found


def _figures(run: FinishedRun) -> list[tuple[str, str]]:
    """Target and metric of the figures that a study is judged by."""
    combined = run.results[(run.results["target"] == COMBINED) & (run.results["kind"] == "measured")]
    if len(combined):
        return [(COMBINED, str(combined["metric"].iloc[0]))]
    by_metric: dict[str, list[str]] = {}
    for target, metric in run.metrics.items():
        by_metric.setdefault(metric, []).append(target)
    return [("mean" if len(targets) > 1 else targets[0], metric) for metric, targets in by_metric.items()]


def _rows(table: pd.DataFrame, protocol: str, target: str, metric: str) -> pd.DataFrame:
    """Rows of one figure over all splits, or over the only split; figures that others report included."""
    measured = table[(table["kind"] == "measured") & (table["protocol"] == protocol)]
    splits = list(dict.fromkeys(measured["split"]))
    split = "all" if "all" in splits or len(splits) != 1 else splits[0]
    of_figure = (table["protocol"] == protocol) & (table["target"] == target) & (table["metric"] == metric)
    reported = (table["kind"] == "reported") & table["split"].isin(["", "all", split])
    return table[of_figure & ((table["split"] == split) | reported) & (table["status"] != "failed")]


def _picked(rows: pd.DataFrame) -> Row | None:
    picked = rows[(rows["picked"] == "yes") & (rows["kind"] == "measured")].to_dict("records")
    return picked[0] if picked else None


def _before(old: FinishedRun, run: FinishedRun, protocol: str, target: str, metric: str) -> Before | None:
    row = _picked(_rows(old.results, protocol, target, metric))
    if row is None:
        return None
    known = old.clips_digest and run.clips_digest
    same = old.clips_digest == run.clips_digest if known else None
    return Before(str(row["system"]), row["value"], row["ci_low"], row["ci_high"], old.version, same)


def _rival(run: FinishedRun, rows: pd.DataFrame, picked: Row) -> Rival | None:
    others = rows[rows["kind"].isin(OTHERS) & rows["value"].notna()].to_dict("records")
    if not others:
        return None
    # Of equal figures the imported one, which is compared on the same clips.
    best = max(
        others, key=lambda other: (oriented(other["metric"], other["value"]), other["kind"] == "imported")
    )
    verdict = _paired(run, picked, best) if best["kind"] == "imported" else ""
    return Rival(best["system"], best["kind"], best["value"], verdict or _by_interval(picked, best))


def _paired(run: FinishedRun, picked: Row, other: Row) -> str:
    """The verdict of the paired comparison of the two, where the run made one of this very figure."""
    table = run.comparisons
    if table.empty:
        return ""
    # Runs compare the mean over all targets: it is this figure where all have one metric.
    targets = {picked["target"]} | ({"mean"} if len(set(run.metrics.values())) == 1 else set())
    here = table[table["target"].isin(targets)]
    if "protocol" in here.columns:
        here = here[here["protocol"].isin(["", picked["protocol"]])]
    for a, b, back in ((picked, other, False), (other, picked, True)):
        same = here[(here["system_a"] == a["system"]) & (here["system_b"] == b["system"])]
        if len(same):
            row = same.iloc[0]
            words = str(row["verdict"]) if "verdict" in same.columns else _told(row["ci_low"], row["ci_high"])
            return REVERSED.get(words, words) if back else words
    return ""


REVERSED = {"better": "worse", "worse": "better", "not worse": "not better", "not better": "not worse"}


def _told(low: float, high: float) -> str:
    return "better" if low > 0 else "worse" if high < 0 else "undecided"


def _by_interval(picked: Row, other: Row) -> str:
    """Where the other's figure lies: it was not scored on the same clips, so there is no paired test."""
    value, low, high = other["value"], picked["ci_low"], picked["ci_high"]
    if math.isnan(low) or math.isnan(high):
        gap = oriented(picked["metric"], picked["value"] - value)
        return "higher, without interval" if gap > 0 else "not higher, without interval"
    if low - TIE <= value <= high + TIE:
        return "inside the interval"
    return "better: below the interval" if oriented(picked["metric"], low - value) > 0 else "worse: beyond the interval"
