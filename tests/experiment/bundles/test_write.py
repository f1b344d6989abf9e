"""What a run ships: the fit on everybody, no pickle, and a card that speaks."""

import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from shipped_systems import finished, knowing_study
from small_study import small_release

from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.bundles.card import Extent


def test_after_folds_the_shipped_fit_learnt_from_everybody(tmp_path):
    study = knowing_study(tmp_path, split={"folds": "fold"})
    folder = finished(study, "systems.learners=['ridge']", "systems.fusion=['ridge']").folder.parent
    index = json.loads((folder / "run" / "models" / "index.json").read_text())
    system = bundle.load(folder / "run")
    assert system.name == index["system"] and system.card.handed_over and system.card.split == "final"
    assert system.card.learnt_from == Extent(clips=72, groups=9)
    picked = pd.read_csv(folder / "run" / "results.csv").query("picked == 'yes'")["system"].unique()
    assert list(picked) in ([system.name], ["picked"])
    # Nobody is left out of the final fit, so its estimators are asked directly.
    ridge = bundle.load(folder / "run", "ridge-face-raw")
    models = skops.io.load(folder / "run" / "models" / "ridge-face" / "model.skops", trusted=list(bundle.TRUSTED))
    face = pd.read_csv(folder / "face.csv", index_col="clip_id").drop(columns="nothing")
    expected = models["arousal"].predict(face.to_numpy(np.float32))[:, 0]
    np.testing.assert_allclose(ridge.predict({"face": folder / "face.csv"})["arousal"], expected, rtol=0, atol=1e-6)


def test_a_blend_is_shipped_with_the_fusions_that_it_reads_and_predicts_as_the_run_did(tmp_path):
    given = "split={column='fold', train=['1', '2'], test=['0']}"
    fusions = "systems.fusion=['greedy', 'ridge', 'blend']"
    run = small_release(tmp_path, speakers=9).run(given, "systems.transductive=[]", fusions)
    index = json.loads((run.folder / "models" / "index.json").read_text())
    assert index["system"] == "late-blend" and index["reason"].startswith("the mean of its fusions")
    system = bundle.load(run.folder)
    told = system.predict({key: tmp_path / f"{key}.npz" for key in system.modalities}, clips=tmp_path / "clips.csv")
    mine = "part == 'test' and target == 'arousal' and system == 'late-blend'"
    stored = run.predictions().query(mine).set_index("clip_id")
    expected = stored["prediction"].astype(float).to_numpy()
    assert told.loc[stored.index, "arousal"].to_numpy() == pytest.approx(expected, abs=1e-6)
    # Its out-of-fold predictions are the mean of theirs, each made without the clip's fold, and nothing else.
    oof = run.predictions().query("part == 'train_oof' and target == 'mood'")
    greedy, ridge, blend = (
        oof[oof["system"] == name]["prediction"].to_numpy(float) for name in ("late-greedy", "late-ridge", "late-blend")
    )
    np.testing.assert_allclose(blend, (greedy + ridge) / 2, atol=1e-6)


def test_no_file_of_a_bundle_is_a_pickle_and_its_card_speaks(given):
    models = given / "run" / "models"
    files = [path for path in models.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"model.skops", "card.json", "CARD.md", "index.json"}
    for path in models.rglob("model.skops"):
        assert path.read_bytes()[:2] == b"PK"  # a zip, whose members are JSON and arrays without objects
    text = (models / "late-ridge" / "CARD.md").read_text()
    for said in (
        "small",
        "48 clips of 6 groups",
        "| arousal | ccc |",
        "openSMILE",
        "research only",
        "Limits",
        "`deep`",
    ):
        assert said in text, said
