"""Scores, intervals over speakers and a paired test, of plain arrays."""

import numpy as np

from avbaselines import METRICS, ccc, compare, holm, interval

rng = np.random.default_rng(0)
speaker = np.repeat(np.arange(20), 30)
truth = rng.normal(size=600) + rng.normal(size=20)[speaker]
ours = 0.8 * truth + rng.normal(0, 0.6, size=600) + rng.normal(0, 0.5, size=20)[speaker]
theirs = 0.8 * truth + rng.normal(0, 1.1, size=600) + rng.normal(0, 0.5, size=20)[speaker]

# A metric sums up each group once; scores, intervals and tests follow from these sums.
metric = METRICS["ccc"]
sums = {name: metric.sums(truth, predicted, speaker, 20) for name, predicted in (("ours", ours), ("theirs", theirs))}
by_clip = metric.sums(truth, ours, np.arange(600), 600)
for name, predicted in (("ours", ours), ("theirs", theirs)):
    low, high = interval(metric, sums[name])
    print(f"{name:7} CCC {ccc(truth, predicted):.2f}, over speakers [{low:.2f}, {high:.2f}]")
print("ours, over clips (too narrow) [{:.2f}, {:.2f}]".format(*interval(metric, by_clip)))

outcome = compare(metric, sums["ours"], sums["theirs"])
print(f"difference {outcome.difference:.2f} [{outcome.ci_low:.2f}, {outcome.ci_high:.2f}]")
print("p values of three comparisons, corrected:", holm([0.01, 0.04, 0.03]).round(2).tolist())
