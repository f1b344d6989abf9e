"""The figure of the score lost without each family of features."""

import numpy as np
import pandas as pd

from avbaselines.reports.importance import family_losses

TABLE = pd.DataFrame(
    [
        {"system": "svr", "family": family, "n_features": 3, "target": target, "metric": "ccc", "score": 0.6,
         "loss": loss, "ci_low": loss - 0.1 if family == "pitch" else np.nan, "ci_high": loss + 0.1, "n_repeats": 5}
        for family, loss in (("energy", 0.05), ("pitch", 0.3))
        for target in ("arousal", "valence", "mean")
    ]
)  # fmt: skip


def test_families_are_named_the_greatest_loss_first(heading):
    [drawing] = family_losses(TABLE, heading)
    assert drawing.title == "What svr takes from each family"
    assert drawing.alt == (
        "CCC that svr loses (of .600) without a family of features: pitch .300 [.200, .400]; energy .050."
    )
    assert "mean of 5 permutations" in drawing.caption


def test_nothing_measured_is_nothing_drawn(heading):
    assert family_losses(None, heading) == family_losses(TABLE[:0], heading) == []
