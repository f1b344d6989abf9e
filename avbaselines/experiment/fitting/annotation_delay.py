"""Annotation delay and smoothing of base systems, as a study asks for them."""

from typing import Any

from avbaselines.estimators.temporal.delay import DelayedRegressor
from avbaselines.experiment.planning.system import Timing


def delayed(timing: Timing, model: Any, chooser: Any) -> DelayedRegressor:
    """The model with delay and smoothing around it.

    Parameters
    ----------
    timing
    model
        A new estimator with parameters ``cv``, ``metric`` and ``matching``.
    chooser
        A new estimator, as for `DelayedRegressor`; may be the model itself.

    Examples
    --------
    >>> from avbaselines.estimators.linear.ridge import RidgeRegressor
    >>> ridge = RidgeRegressor()
    >>> delayed(Timing((0.0, 2.0), (0.0,)), ridge, ridge).delays
    [0.0, 2.0]
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
