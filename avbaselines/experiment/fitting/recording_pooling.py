"""Share of a fused prediction that is its recording's mean: chosen per target by out-of-fold score."""

from collections.abc import Mapping

from avbaselines.estimators.temporal.recording_share import toward_recording
from avbaselines.experiment.fitting.input_selection import oof_score_of
from avbaselines.experiment.fitting.predictions import Predictions
from avbaselines.experiment.fitting.split_task import SplitTask
from avbaselines.experiment.planning.system import FusionSystem


def drawn_to_recordings(
    system: FusionSystem, task: SplitTask, oof: Predictions
) -> tuple[dict[str, float], Predictions]:
    """Draw out-of-fold predictions of a fusion towards those of their recordings.

    Parameters
    ----------
    system
        Its stage names the shares to try; without any, nothing is drawn.
    task
    oof

    Returns
    -------
    shares : dict of str to float
        By target the smallest share of the best score on training groups; empty where none was asked for.
    oof : dict of str to ndarray

    Examples
    --------
    >>> from avbaselines.systems import Stage
    >>> late = FusionSystem(name="late", fusion=Stage(method="mean"), depth=1, parts=("a", "b"))
    >>> import numpy as np
    >>> groups = np.arange(4)
    >>> task = SplitTask([], {}, groups, groups[:0], groups % 2, matching=True, seed=0)
    >>> drawn_to_recordings(late, task, {})
    ({}, {})
    """
    tried = system.fusion.recording_share
    if not tried:
        return {}, oof
    assert task.frames is not None
    matching = task.matching and system.matched
    shares, pooled = {}, dict(oof)
    for target in task.targets:
        drawn = {share: toward_recording(oof[target.name], task.frames.recordings, share) for share in sorted(tried)}
        best = max(drawn, key=lambda share: oof_score_of(task, target, drawn[share], matching))
        shares[target.name], pooled[target.name] = best, drawn[best]
    return shares, pooled


def shares_note(shares: Mapping[str, float]) -> str:
    """Shares by target in words; empty where there are none.

    Examples
    --------
    >>> shares_note({"arousal": 0.5, "valence": 0.3})
    "share of the recording's mean: arousal 0.5, valence 0.3"
    """
    if not shares:
        return ""
    each = [f"{name} {share:g}" for name, share in shares.items()]
    same = len(set(shares.values())) == 1
    return f"share of the recording's mean: {each[0].split()[-1] if same else ', '.join(each)}"
