"""Features of hidden units that are silent for almost everybody: one exploding prediction may not ruin the fusions."""

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

SPEAKERS, CLIPS = 15, 12


def write_silent_units(folder):
    """Two modalities that know arousal a little, each with a unit that is zero but for rounding and fires in one clip.

    Fits without that speaker know the unit by its rounding alone, in every inner fold: what fires is then thousands of
    deviations away, and nothing on the training side warns of it.
    """
    rng, clips = np.random.default_rng(0), people(SPEAKERS, CLIPS)
    n, ids = len(clips), clips["clip_id"]
    speaker = np.repeat(np.arange(SPEAKERS), CLIPS)
    arousal = rng.normal(size=n)
    tables = {}
    for number, name in enumerate(("audio", "face")):
        known = arousal[:, None] * [0.6, 0.4, 0, 0] + rng.normal(size=(n, 4))
        silent = 1e-4 * rng.normal(size=(n, 1))
        silent[np.flatnonzero(speaker == 4 + number)[0]] = 3.0
        tables[name] = pd.DataFrame(np.hstack([known, silent]), index=ids)
    return write_study(
        folder,
        clips.assign(arousal=arousal),
        tables,
        targets={"arousal": {"metric": "ccc"}},
        systems={"learners": ["ridge", "svr"], "fusion": ["mean", "ridge", "greedy"]},
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return write_silent_units(tmp_path_factory.mktemp("silent")).run()


def test_no_row_errs_by_more_than_a_deviation_and_a_half(finished):
    rows = finished.results(metric="rmse", target="arousal")
    deviation = finished.corpus.y["arousal"].std()
    assert len(rows) > 12
    assert rows["value"].max() < 1.5 * deviation


def test_fusions_keep_up_with_the_best_single(finished):
    rows = finished.results(metric="ccc", target="arousal", split="all").set_index("system")
    single = rows.loc[(rows["stage"] == 0) & rows["ci_low"].notna(), "value"].max()
    for name in ("late-matched-mean", "late-ridge"):
        assert rows.loc[name, "value"] > single - 0.05
