"""Estimators without a study: two modalities side by side, some clips without a face, folds by speaker."""

import numpy as np

from avbaselines import ccc
from avbaselines.estimators import GreedyFusionRegressor, KernelRegressor, RidgeRegressor

rng = np.random.default_rng(0)
speaker = np.repeat(np.arange(12), 20)
y = rng.normal(size=240)
voice = y[:, None] + rng.normal(0, 1.5, size=(240, 8))
face = y[:, None] + rng.normal(0, 2.0, size=(240, 4))
face[::5] = np.nan  # a block of NaN: that modality is missing there
X = np.hstack([voice, face])
blocks = [list(range(8)), list(range(8, 12))]
train, test = speaker < 8, speaker >= 8

for model in (RidgeRegressor(blocks=blocks, cv=4), KernelRegressor(blocks=blocks, cv=4)):
    model.fit(X[train], y[train], groups=speaker[train])
    print(f"{type(model).__name__:16} CCC {ccc(y[test], model.predict(X[test])):.2f}")

# A fusion learns from predictions of groups that the systems had not seen.
P = y[:, None] + rng.normal(0, [0.8, 1.0, 5.0], size=(240, 3))
fusion = GreedyFusionRegressor(cv=4).fit(P[train], y[train], groups=speaker[train])
print(f"greedy fusion    CCC {ccc(y[test], fusion.predict(P[test])):.2f}, weights {fusion.weights_.round(1).tolist()}")
