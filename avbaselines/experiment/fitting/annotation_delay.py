"""Annotation delay and smoothing of base systems, as a study asks for them."""

from avbaselines.estimators.temporal.delay import DelayedRegressor


def surroundings(frames):
    """What estimators that look around a frame take beside X; nothing for corpora that are not continuous in time."""
    return {} if frames is None else {"recordings": frames.recordings, "times": frames.times}


def delayed(timing, model, chooser):
    """The model with delay and smoothing around it.

    Parameters
    ----------
    timing : Timing
    model : estimator
        New; with ``cv``, ``metric`` and ``matching``.
    chooser : estimator
        As for `DelayedRegressor`; may be the model itself.
    """
    cv, metric, matching = model.cv, model.metric, model.matching
    chooser = None if chooser is model else chooser.set_params(cv=None)
    return DelayedRegressor(
        model.set_params(cv=None),
        chooser,
        delays=list(timing.delays),
        smoothing=list(timing.smoothing),
        cv=cv,
        metric=metric,
        matching=matching,
    )
