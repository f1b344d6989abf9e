"""From a folder of mp4 files and a table of clips to a leaderboard: voice and face of the same films."""

import csv

import av
import numpy as np
import pytest
from drawn_faces import GROUND, drawn_face

from avbaselines.corpora.synthesis.voice import draw_traits, speak
from avbaselines.extractors.mesh_models import available
from avbaselines.run import main

SPEAKERS, CLIPS, SECONDS, FPS, RATE = 6, 6, 1.2, 8, 16000

STUDY = """
title = "Films alone"
[corpus]
reader = "table"
clips = "${data}/clips.csv"
group = "speaker"
[split]
group_kfold = 3
[targets]
arousal = { metric = "ccc", range = [-1, 1] }
[modalities]
voice = { recipe = "egemaps", media = "${data}/films" }
face = { recipe = "face-mesh", media = "${data}/films" }
[systems]
learners = ["ridge"]
"""


def film(path, sound, pictures):
    """An mp4 with a voice (16 kHz, -1 to 1) and pictures."""
    with av.open(str(path), "w") as output:
        video, audio = output.add_stream("mpeg4", rate=FPS), output.add_stream("aac", rate=RATE, layout="mono")
        video.height, video.width = pictures[0].shape[:2]
        video.options = {"qmin": "1", "qmax": "3"}
        for index, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray((sound[None] * 32767).astype(np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE, frame_size=1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(audio.encode(part))
        output.mux(audio.encode(None))


@pytest.mark.slow
@pytest.mark.skipif(not available(), reason="the packages of face-mesh are not installed (extra [mesh])")
def test_films_alone_make_a_leaderboard(tmp_path, capsys):
    rng = np.random.default_rng(0)
    (tmp_path / "films").mkdir()
    rows = []
    for speaker in range(SPEAKERS):
        traits = draw_traits(rng, female=bool(speaker % 2))
        brows = rng.uniform(0, 0.3)
        for clip in range(CLIPS):
            arousal = rng.uniform(-1, 1)
            pictures = []
            for frame in range(round(SECONDS * FPS)):
                picture = np.full((120, 160, 3), GROUND, np.uint8)
                mouth = np.clip((arousal + 1) / 2 * abs(np.sin(frame + clip)) + rng.normal(0, 0.02), 0, 1)
                picture[10:110, 30:130] = drawn_face(100, mouth, brows)
                pictures.append(picture)
            film(tmp_path / "films" / f"s{speaker}c{clip}.mp4", speak(traits, arousal, 0.0, SECONDS, rng), pictures)
            rows.append((f"s{speaker}c{clip}", f"s{speaker}", f"{arousal:.4f}"))
    with open(tmp_path / "clips.csv", "w", newline="") as stream:
        csv.writer(stream).writerows([("clip_id", "speaker", "arousal"), *rows])
    (tmp_path / "films.toml").write_text(STUDY)
    out = tmp_path / "run"
    assert main([str(tmp_path / "films.toml"), "--data", str(tmp_path), "--out", str(out), "--jobs", "1"]) == 0
    with open(out / "results.csv", newline="") as stream:
        results = [row for row in csv.DictReader(stream) if row["target"] == "arousal" and row["metric"] == "ccc"]
    scores = {row["system"]: float(row["value"]) for row in results if row["kind"] == "measured"}
    assert scores["ridge-face"] > 0.5, "the mouths were drawn by the labels"
    assert {"ridge-voice", "ridge-voice+face"} <= set(scores)
    assert "ridge-voice+face" in (out / "leaderboard.md").read_text()
