"""Media of time-continuous corpora: windows joined to labelled frames by recording and nearest time."""

import numpy as np
import pandas as pd

from avbaselines.experiment.loading.corpus import _windows_of
from avbaselines.extractors.table import FeatureTable


def test_frames_get_the_nearest_window_of_their_own_recording():
    frames = pd.DataFrame(
        {"recording": ["b", "a", "a", "a"], "time": [0.0, 0.0, 0.26, 9.0]}, index=["b0", "a0", "a1", "a9"]
    )
    ids = np.array(["a@0.00", "a@0.25", "b@0.00"])
    status = pd.DataFrame({"recording": ["a", "a", "b"], "time": [0.0, 0.25, 0.0], "status": "ok"}, index=ids)
    table = FeatureTable(clip_id=ids, X=np.array([[1.0], [2.0], [3.0]]), columns=["x"], status=status, info={})
    found, X = _windows_of(frames, table, hop=0.25)
    assert dict(zip(found, X[:, 0], strict=True)) == {"a0": 1.0, "b0": 3.0, "a1": 2.0}  # nothing near a9
