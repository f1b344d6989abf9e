"""The study `disentanglement` on the faces of RAVDESS: what its two tables must be able to show."""

import pandas as pd
import pytest

from avbaselines import catalog
from avbaselines.run import main
from avbaselines.study import load_study


@pytest.mark.parametrize("name", ["disentanglement-crema-d", "disentanglement-msp-improv"])
def test_studies_for_those_who_hold_the_corpora(name, monkeypatch, capsys):
    study = load_study(catalog.find("studies", name))
    assert study.identity.content == "sentence" and set(study.modalities) == {"audio", "face"}
    variable = f"AVBASELINES_{name.removeprefix('disentanglement-').upper().replace('-', '_')}"
    monkeypatch.delenv(variable, raising=False)
    assert main([name]) == 2
    error = capsys.readouterr().err
    assert variable in error and "needed is" in error and error.count("\n") == 1


@pytest.mark.real
@pytest.mark.slow
def test_faces_of_ravdess(shared_data, tmp_path, capsys):
    command = ["disentanglement", "--data", str(shared_data / "ravdess"), "--out", str(tmp_path), "--jobs", "1"]
    assert main([*command, "--only", "svr-face"]) == 0
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
