"""A split's task in miniature: what one fit is given, without a study or a run."""

import numpy as np

from avbaselines.corpora.corpus import Target
from avbaselines.estimators.tuned.group_folds import group_folds
from avbaselines.experiment.fitting.split_task import SplitTask


def small_task(seed: int = 0, n: int = 90) -> tuple[SplitTask, np.ndarray]:
    """Arousal that two of twenty features know, of n clips of six a group; and the features, shape (n, 20)."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 20)).astype(np.float32)
    y = X[:, 0] + 0.5 * X[:, 1] + rng.normal(size=n)
    groups = np.arange(n) // 6
    target = Target("arousal", "ccc")
    folds = group_folds(groups, 3)
    return SplitTask([target], {"arousal": y}, groups, np.array([99]), folds, matching=True, seed=seed), X
