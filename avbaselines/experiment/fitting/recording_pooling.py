"""How much of a fused prediction is its recording's mean: chosen per target by out-of-fold score."""

from avbaselines.estimators.temporal.recording_share import toward_recording
from avbaselines.experiment.fitting.input_selection import oof_score_of


def drawn_to_recordings(system, task, fitted):
    """Draw the predictions of a fitted fusion towards those of their recordings, in place.

    Parameters
    ----------
    system : FusionSystem
    task : SplitTask
    fitted : Fitted
        Gets ``shares``; the smallest share of the best score on training groups is taken.

    Returns
    -------
    str
        The shares in words; empty where none was asked for.
    """
    tried = system.fusion.recording_share
    if not tried:
        return ""
    matching = task.matching and system.matched
    for target in task.targets:
        oof, drawn = fitted.oof[target.name], {}
        for share in sorted(tried):
            drawn[share] = toward_recording(oof, task.frames.recordings, share)
        best = max(drawn, key=lambda share: oof_score_of(task, target, drawn[share], matching))
        fitted.shares[target.name], fitted.oof[target.name] = best, drawn[best]
        for found in (fitted.test, *fitted.masked.values()):
            if len(found[target.name]):
                found[target.name] = toward_recording(found[target.name], task.test_frames.recordings, best)
    each = [f"{name} {share:g}" for name, share in fitted.shares.items()]
    same = len(set(fitted.shares.values())) == 1
    return f"share of the recording's mean: {each[0].split()[-1] if same else ', '.join(each)}"
