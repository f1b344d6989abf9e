"""Shipped models on real recordings and tables, and a deep model's outputs beside ours."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avbaselines.experiment.bundles import bundle
from avbaselines.predict import main as predict
from avbaselines.run import main as run

pytestmark = [pytest.mark.real, pytest.mark.slow]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "shipping.md"

# Every clip is a group of its own: two speakers are too few to leave any out within the training one.
STUDY = """
title = "two actors"
[corpus]
reader = "ravdess"
group = "sound_file"
[split]
column = "speaker"
train = ["actor05"]
test = ["actor12"]
[targets]
emotion = { metric = "uar" }
[modalities]
audio = { recipe = "egemaps", media = "${data}" }
[systems]
learners = ["ridge"]
inner_folds = 2
fusion = []
"""


def stored(folder, system):
    """Test predictions of a run, a column a class as a bundle names them."""
    rows = pd.read_parquet(folder / "predictions.parquet")
    rows = rows[(rows["system"] == system) & (rows["part"] == "test")]
    rows = rows.assign(column=rows["target"].astype(str) + "=" + rows["class"].astype(str))
    return rows.pivot(index="clip_id", columns="column", values="prediction")


def test_the_three_calls_of_the_documentation_and_the_command_on_recordings(shared_data, tmp_path, monkeypatch, capsys):
    wavs = tmp_path / "new-recordings"
    for actor in ("Actor_05", "Actor_12"):
        (wavs / actor).mkdir(parents=True)
        for path in sorted((shared_data / "ravdess" / "audio" / actor).glob("03-01-0[1356]-*-01-*.wav")):
            os.symlink(path, wavs / actor / path.name)
    (tmp_path / "my-study.toml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    assert run(["my-study.toml", "--data", "new-recordings", "--jobs", "1"]) == 0
    expected = stored(tmp_path / "runs" / "my-study", "ridge-audio").rename(lambda clip: f"03{clip[2:]}")
    assert len(expected) == 21

    shown = {}
    page = PAGE.read_text(encoding="utf-8")
    code = re.search(r"```python\n(from avbaselines import load_bundle\n.*?)```", page, re.S)
    exec(code[1], shown)
    found = shown["predictions"]
    assert len(found) == len(list(wavs.rglob("*.wav"))) and shown["system"].name == "ridge-audio"
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)

    video = shared_data / "samples" / "mexca_test_video_audio_5_seconds.mp4"
    wav = next((wavs / "Actor_12").iterdir())
    assert predict(["runs/my-study", str(wav), str(video), "--out", "p.csv", "--jobs", "1"]) == 0
    said = pd.read_csv("p.csv", index_col="clip_id")
    np.testing.assert_allclose(said.loc[[wav.stem], expected.columns], expected.loc[[wav.stem]], rtol=0, atol=1e-6)
    posteriors = said.loc[video.stem, expected.columns].astype(float)
    shares = np.array(list(shown["system"].card.fallback["emotion"]))
    assert posteriors.sum() == pytest.approx(1) and not np.allclose(posteriors, shares)


def test_of_tables_the_shipped_model_says_what_its_run_said(shared_data, tmp_path):
    data = shared_data / "ravdess"
    split = "split={column='fold', train=['1', '2', '3', '4'], test=['0']}"
    command = ["ravdess", "--data", str(data), "--jobs", "1", "--out", str(tmp_path), "--only", "ridge-face"]
    assert run([*command, "--set", split]) == 0
    expected = stored(tmp_path, "ridge-face")
    found = bundle.load(tmp_path, "ridge-face").predict({"face": data / "visual_openface_au_mean.npz"})
    assert len(expected) == 300 and len(found) == 1440
    np.testing.assert_allclose(found.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-6)


def test_deep_outputs_are_compared_and_fused(shared_data, tmp_path, capsys):
    data = shared_data / "ravdess"
    deep = f"predictions.wav2vec2={{path='{data / 'deep_posteriors.npz'}', key='test_wav2vec2'}}"
    fusion = "systems.fusion=[{method='ridge', inputs=['ridge-face', 'wav2vec2']}]"
    command = ["ravdess", "--data", str(data), "--jobs", "1", "--out", str(tmp_path), "--set", deep, fusion]
    assert run([*command, "--only", "late-ridge"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("wav2vec2: "))
    results = pd.read_csv(tmp_path / "results.csv").query("split == 'all' and metric == 'accuracy'")
    value = results[results["target"] == "mean"].set_index("system")["value"]
    assert value["wav2vec2"] == pytest.approx(0.8182, abs=5e-5)  # as its authors reported
    test = pd.read_csv(tmp_path / "comparisons.csv").set_index(["system_a", "system_b"]).loc["late-ridge", "wav2vec2"]
    assert test["difference"] == pytest.approx(value["late-ridge"] - value["wav2vec2"]) and test["ci_low"] > 0
    gain = f"+{test['difference']:.3f}".replace("0.", ".")
    assert f"it fused with ours (late-ridge) minus it alone {gain} [" in line and "(Holm)" in line
    assert "best of ours (ridge-face) minus it -." in line
