"""The one row that a protocol hands over, picked out-of-fold."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from avbaselines.corpora.corpus import Corpus, Split
from avbaselines.experiment.fitting.store import digest
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import FusionSystem, PickedSystem, System
from avbaselines.experiment.scoring.gathering import TRANSDUCTIVE
from avbaselines.experiment.scoring.lazy_predictions import ComposedPredictions
from avbaselines.experiment.scoring.scoreboard import Scoreboard, Scored
from avbaselines.results_table import Remark, RemarkKind
from avbaselines.systems import PickRule


def pick(
    corpus: Corpus,
    rows: list[Scored],
    splits: Sequence[Split],
    answer: str | None = None,
    board: Scoreboard | None = None,
    rule: PickRule = "blend",
) -> tuple[str | None, list[Scored]]:
    """The row to hand over: the one that the study names, else its blend of fusions, else by out-of-fold score.

    On 15 of 16 corpora, real and generated, the blend was better than what the best out-of-fold score chose; see
    ``benchmarks/README.md``.

    Where several rows may be it, each split has the one with the best out-of-fold score of the study's metrics there:
    where the splits agree it is that row; where they do not, a row of its own that is another system in each split. So
    no evaluated clip has a say.

    Parameters
    ----------
    corpus
    rows
        Of all systems.
    splits
        The evaluated ones.
    answer
        Name of the row that the study hands over.
    board
        Of the corpus and the splits, where out-of-fold scores are kept; made where there is none.
    rule
        ``best`` lets all rows compete where the study has a blend, too.

    Returns
    -------
    name
        None where no row could be handed over.
    rows
        With the row ``picked`` added where the splits disagree.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Target
    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> split, names = Split("0", np.arange(2), np.array([], int), np.arange(2, 4)), np.array(list("wxyz"))
    >>> corpus = Corpus(names, names, [Target("arousal", "mae")], {"arousal": np.arange(4.0)}, [split], once=True)
    >>> systems = [BaseSystem(name=name, learner="ridge") for name in "ab"]
    >>> oofs = [{"0": {"arousal": np.array([[0.0], [1.0]]) + error}} for error in (0.5, 0.1)]
    >>> rows = [Scored(one.rows[0], one, {}, oof) for one, oof in zip(systems, oofs)]
    >>> pick(corpus, rows, [split])[0]
    'b'
    """
    able = [row for row in rows if may_be_picked(row)]
    if not able:
        return None, rows
    if any(row.name == answer for row in able):
        return answer, rows
    if rule == "blend":
        able = [row for row in able if is_blend(row.system)] or able
    best, board = {}, board or Scoreboard(corpus, splits)
    for split in splits:
        scores = [board.oof_score(row, split) for row in able]
        best[split.name] = able[int(np.argmax(scores))]
    counts = Counter(row.name for row in best.values())
    if len(counts) == 1:
        return next(iter(counts)), rows
    return PICKED, [*rows, _composed(best, counts)]


def _composed(best: dict[str, Scored], counts: Counter[str]) -> Scored:
    """The row that is another system in each split."""
    shares = ", ".join(f"{name} in {count}" for name, count in counts.most_common())
    text = f"best out-of-fold system of each split ({shares} of {len(best)})"
    chosen = [row.system for row in best.values()]
    parts = {split: row.identity for split, row in best.items()}
    system = PickedSystem(
        name=PICKED,
        raw_label=f"{PICKED}-raw" if any(one.matched for one in chosen) else None,
        modalities=tuple(dict.fromkeys(name for one in chosen for name in one.modalities)),
        choices=tuple(one.name for one in chosen),
        depth=max(one.stage for one in chosen),
        transductive=any(one.transductive for one in chosen),
        allowed=any(one.allowed for one in chosen),
    )
    return Scored(
        system.rows[0],
        system,
        ComposedPredictions({split: row.test for split, row in best.items()}),
        ComposedPredictions({split: row.oof for split, row in best.items()}),
        remarks=(*[TRANSDUCTIVE] * system.transductive, Remark(RemarkKind.COMPOSED, text)),
        identity=digest(parts) if all(parts.values()) else None,
    )


def is_blend(system: System) -> bool:
    """Whether a system is a mean of fusions, what a study hands over by default.

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> parts = ("late-greedy", "late-ridge")
    >>> is_blend(FusionSystem(name="late-blend", fusion=Stage(method="blend"), depth=2, parts=parts))
    True
    """
    return isinstance(system, FusionSystem) and system.is_blend


def may_be_picked(row: Scored) -> bool:
    """Whether a row could be handed over.

    Unmatched twins are there to show what matching does and are not handed over; transductive rows are where the study
    allows it.

    Examples
    --------
    >>> from avbaselines.experiment.planning.system import BaseSystem
    >>> system = BaseSystem(name="ridge-audio-by-speaker", learner="ridge", transductive=True)
    >>> may_be_picked(Scored(system.rows[0], system, {}, {}))
    False
    """
    return row.system.kind == "measured" and not (row.is_twin or not row.system.pickable or row.failed)
