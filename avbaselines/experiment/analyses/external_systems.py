"""What an outside system is worth beside ours: the best of ours against it, and what ours add to it."""

from dataclasses import dataclass

import numpy as np

from avbaselines.experiment.planning.system import ExternalSystem, FusionSystem
from avbaselines.experiment.scoring.picking import may_be_picked
from avbaselines.experiment.scoring.selection_score import oof_score
from avbaselines.reports.summary import p_text, signed


@dataclass(frozen=True)
class Outside:
    """One outside system and the rows it is compared with, chosen out-of-fold.

    Attributes
    ----------
    name, protocol : str
    ours : str or None
        The best row that does not read it or any other outside system.
    fused : str or None
        The best fusion that reads it.
    reason : str
        Why there is no such fusion.
    """

    name: str
    protocol: str
    ours: str | None
    fused: str | None
    reason: str = ""

    @property
    def pairs(self):
        """Rows to compare, as (a, b)."""
        return [(other, self.name) for other in (self.ours, self.fused) if other]


def beside_outside(run, rows):
    """For every imported row the rows of ours to compare it with, none chosen by evaluated clips.

    Parameters
    ----------
    run : ProtocolRun
    rows : list of Scored

    Returns
    -------
    list of Outside
    """
    corpus, splits = run.corpus, run.corpus.splits
    external = [row for row in rows if isinstance(row.system, ExternalSystem)]
    names = [row.system.source for row in external if not row.id.matched]
    if not names:
        return []
    reads = _outside_below(run.systems)
    able = [row for row in rows if may_be_picked(row) and row.system.name in reads]
    score = {
        row.name: float(np.mean([oof_score(corpus, split, row.oof[split.name]) for split in splits])) for row in able
    }

    def best(chosen):
        chosen = [row.name for row in chosen]
        return max(chosen, key=score.get) if chosen else None

    ours, found = best(row for row in able if not reads[row.system.name]), []
    for name in names:
        fusions = [row for row in able if isinstance(row.system, FusionSystem)]
        fused, reason = best(row for row in fusions if name in reads[row.system.name]), ""
        if not _known_in_training(corpus.predictions[name], splits):
            fused, reason = None, "its predictions of training clips are not known, so no fusion can weigh it"
        elif fused is None:
            reason = "no late fusion reads it (systems.fusion)"
        found.append(Outside(name, run.protocol, ours, fused, reason))
    return found


def _outside_below(systems):
    """Names of the outside systems that each system reads, directly or through others."""
    reads = {}
    for system in systems:
        own = {system.source} if isinstance(system, ExternalSystem) else set()
        reads[system.name] = own.union(*(reads[name] for name in system.inputs))
    return reads


def _known_in_training(prediction, splits):
    return all(
        not np.isnan(values[split.fit]).all() for split in splits for values in prediction.of(split.name).values()
    )


def outside_lines(found, tests):
    """One sentence an outside system, for the terminal.

    Parameters
    ----------
    found : list of Outside
    tests : pandas.DataFrame
        As of comparisons.csv.

    Returns
    -------
    list of str
    """
    several = len({item.protocol for item in found}) > 1
    lines = []
    for item in found:
        parts = []
        if item.ours:
            parts.append(f"best of ours ({item.ours}) minus it {_difference(item, item.ours, tests)}")
        if item.fused:
            parts.append(f"it fused with ours ({item.fused}) minus it alone {_difference(item, item.fused, tests)}")
        else:
            parts.append(item.reason)
        lines.append(f"{item.name}{f' ({item.protocol})' if several else ''}: {'; '.join(parts)}")
    return lines


def _difference(item, other, tests):
    """``+.030 [+.010, +.050], p = .004``: positive = the other is better; p corrected for all comparisons."""
    own = tests[tests["protocol"] == item.protocol]
    row = own[(own["system_a"] == other) & (own["system_b"] == item.name)].iloc[0]
    spread = "" if np.isnan(row["ci_low"]) else f" [{signed(row['ci_low'])}, {signed(row['ci_high'])}]"
    # A plain minus, for terminals without any other.
    return f"{signed(row['difference'])}{spread}, {p_text(row['p_holm'])} (Holm)".replace("\N{MINUS SIGN}", "-")
