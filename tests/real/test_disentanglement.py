"""The study `disentanglement` on the faces of RAVDESS: what its two tables must be able to show."""

import pandas as pd
import pytest

from avbaselines.run import main


@pytest.mark.real
@pytest.mark.slow
def test_faces_of_ravdess(shared_data, tmp_path, capsys):
    command = ["disentanglement", "--data", str(shared_data / "ravdess"), "--out", str(tmp_path), "--jobs", "1"]
    shorter = "identity.strengths=[1.0]", "identity.erasures=['leace', 'per-speaker', 'per-speaker-rank']"
    assert main([*command, "--only", "svr-face", "--set", *shorter]) == 0
    table = pd.read_csv(tmp_path / "identity.csv").query("strength == 'tuned' and probed == 'features'")
    table = table.set_index(["erasure", "metric", "speakers"])

    def value(erasure, metric, speakers, column="value"):
        return table.loc[(erasure, metric, speakers), column]

    loss = {row.erasure: row.value for row in table.reset_index().itertuples() if row.metric == "emotion_loss"}
    for speakers in ("seen", "unseen"):
        for kind in ("linear", "boosted"):
            assert value("raw", f"identity_{kind}", speakers, "ci_low") > 0.6
        for erasure in ("per-speaker", "per-speaker-rank"):
            assert value(erasure, "disentanglement", speakers) > 0.8 and loss[erasure] < 0.02
        # Trees see the floors of action units, which lie at a place of each speaker's own unless ranks replace them.
        assert value("per-speaker", "disentanglement_boosted", speakers) < 0
        assert value("per-speaker-rank", "disentanglement_boosted", speakers) > 0.8
    # What a fixed projection may cost, it does not take from unseen speakers.
    assert value("leace", "disentanglement", "unseen") < 0.5
    told = pd.read_csv(tmp_path / "identity.csv").query("probed == 'predictions' and metric == 'identity_linear'")
    told = told.set_index("system")["value"]
    assert 0 < told["svr-face+per-speaker-rank"] < told["svr-face"] < value("raw", "identity_linear", "unseen")
    assert "per-speaker-rank (seen and unseen speakers)" in capsys.readouterr().out.replace("\n", " ").replace(
        "  ", " "
    )
