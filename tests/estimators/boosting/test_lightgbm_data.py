"""Rows binned by LightGBM."""

import lightgbm
import numpy as np

from avbaselines.estimators.boosting.lightgbm_models import LightGBMRegressor


def test_rows_are_binned_once_for_all_folds_and_targets(monkeypatch):
    """Folds copy bins: of the features, one copy is read, and that once."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 6)).astype(np.float32), rng.normal(size=(60, 3))
    binned, start = [], lightgbm.Dataset.__init__

    def counted(self, data, *arguments, **options):
        if data is not None:
            binned.append(data.nbytes)
        start(self, data, *arguments, **options)

    monkeypatch.setattr(lightgbm.Dataset, "__init__", counted)
    LightGBMRegressor(rounds=(2, 4), cv=5).fit(X, Y)
    assert binned == [X.nbytes]
