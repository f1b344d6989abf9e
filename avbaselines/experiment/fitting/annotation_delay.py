"""Annotation delay and smoothing of base systems, as a study asks for them."""

from avbaselines.estimators.temporal.delay import DelayedRegressor

TIMING = ("delay", "smoothing")


def is_timed(system):
    """Whether a system's labels are moved or its predictions smoothed."""
    return any(name in system.settings for name in TIMING)


def untimed(system):
    """Settings of a system's task mode alone."""
    return {name: value for name, value in system.settings.items() if name not in TIMING}


def surroundings(frames):
    """What estimators that look around a frame take beside X; nothing for corpora that are not continuous in time."""
    return {} if frames is None else {"recordings": frames.recordings, "times": frames.times}


def delayed(system, model, chooser):
    """The model with delay and smoothing around it.

    Parameters
    ----------
    system : System
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
        delays=system.settings["delay"],
        smoothing=system.settings["smoothing"],
        cv=cv,
        metric=metric,
        matching=matching,
    )
