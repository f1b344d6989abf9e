"""Extraction on real recordings: RAVDESS, talking faces, and the tables of face tools."""

from pathlib import Path

import av
import numpy as np
import opensmile
import pandas as pd
import pytest
import soundfile as sf
from scipy.spatial.transform import Rotation

from avbaselines.extractors import extract, find_media
from avbaselines.extractors.face_tables import read_face_table
from avbaselines.extractors.media import SAMPLING_RATE, read_sound
from avbaselines.extractors.mesh_models import available
from avbaselines.extractors.recipe import FaceOptions

pytestmark = pytest.mark.real

TABLES = {"egemaps": "audio_egemapsv02.npz", "compare": "audio_compare2016.npz"}
SETS = {"egemaps": "eGeMAPSv02", "compare": "ComParE_2016"}


def published(shared_data, recipe):
    """Published features by clip, and the spread of each feature over the corpus."""
    with np.load(shared_data / "ravdess" / TABLES[recipe], allow_pickle=False) as stored:
        frame = pd.DataFrame(stored["X"], index=stored["clip_id"], columns=stored["columns"])
    return frame, frame.std()


@pytest.fixture(scope="module")
def wavs(shared_data):
    return find_media(shared_data / "ravdess" / "audio", (".wav",))


@pytest.mark.parametrize("recipe", TABLES)
def test_tables_of_recordings_equal_bare_opensmile(wavs, recipe):
    assert len(wavs) == 120  # benchmarks/extraction.py compares them all
    some = dict(list(wavs.items())[::8])
    table = extract(recipe, some, cache=False)
    smile = opensmile.Smile(opensmile.FeatureSet[SETS[recipe]])
    bare = np.concatenate([smile.process_file(str(path)).to_numpy() for path in some.values()])
    np.testing.assert_array_equal(table.X, bare.astype(np.float32))
    assert (table.status["status"] == "ok").all()


# Of the eight 16 kHz copies, these four are the published features' own samples but for the rounding of the copy.
SAME_SAMPLES = ("01-01-01-01-01-01-05", "01-01-03-02-01-01-05", "01-01-04-02-01-01-05", "01-01-06-02-01-01-05")


@pytest.mark.parametrize("recipe", TABLES)
def test_tables_equal_the_published_ones_where_the_samples_do(shared_data, tmp_path, recipe):
    """The published features were computed before the 16 kHz sound was stored: stored, it was rounded down.

    Half a step added, and handed over as floats, openSMILE's cast meets the same 16-bit numbers again.
    """
    for clip_id in SAME_SAMPLES:
        stored, _ = sf.read(shared_data / "samples" / "ravdess_wav16k" / f"{clip_id}.wav", dtype="int16")
        sf.write(
            tmp_path / f"{clip_id}.wav", ((stored + 0.5) / 32768).astype(np.float32), SAMPLING_RATE, subtype="FLOAT"
        )
    table = extract(recipe, find_media(tmp_path, (".wav",)), cache=False)
    expected, _ = published(shared_data, recipe)
    assert table.columns == list(expected.columns)
    np.testing.assert_array_equal(table.X, expected.loc[table.clip_id].to_numpy())


@pytest.mark.parametrize(("recipe", "apart", "alike"), [("egemaps", 0.01, 0.999), ("compare", 0.15, 0.9)])
def test_tables_agree_with_the_published_ones_from_another_resampling(shared_data, wavs, recipe, apart, alike):
    """The 120 wavs came to 16 kHz by another filter, so that features agree but for the most fragile."""
    some = dict(list(wavs.items())[::8])
    ours = extract(recipe, some, cache=False).frame()
    expected, spread = published(shared_data, recipe)
    expected = expected.loc["01" + ours.index.str[2:]].to_numpy()
    varying = spread.to_numpy() > 1e-6
    distance = np.abs(ours.to_numpy() - expected)[:, varying] / spread.to_numpy()[varying]
    assert np.median(distance) < apart
    pairs = zip(ours.to_numpy()[:, varying].T, expected[:, varying].T, strict=True)
    with np.errstate(invalid="ignore"):  # features that are the same in these few clips
        correlations = [np.corrcoef(a, b)[0, 1] for a, b in pairs]
    assert np.nanmedian(correlations) > alike


def extracted_wav(mp4, path):
    """The sound of a film written as 16-bit wav at its own rate and channels, by PyAV alone."""
    with av.open(str(mp4)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout=stream.layout.name, rate=stream.rate)
        parts = [part for frame in container.decode(stream) for part in resampler.resample(frame)]
        samples = np.concatenate([part.to_ndarray().reshape(-1, stream.layout.nb_channels) for part in parts])
        sf.write(path, samples, stream.rate, subtype="PCM_16")


@pytest.mark.parametrize("name", ["mexca_test_video_audio_5_seconds", "pyfeat_single_face"])
def test_sound_straight_from_a_film_equals_its_extracted_wav(shared_data, tmp_path, name):
    mp4, wav = shared_data / "samples" / f"{name}.mp4", tmp_path / "sound.wav"
    extracted_wav(mp4, wav)
    np.testing.assert_allclose(read_sound(mp4).samples, read_sound(wav).samples, atol=1.5 / 32768)
    table = extract("egemaps", {"film": mp4, "wav": wav}, cache=False)
    apart = np.abs(table.X[0] - table.X[1]) / (np.abs(table.X[1]) + 1e-3)
    assert np.median(apart) < 1e-3


def test_sound_from_a_film_has_no_lag_against_the_wav_that_came_with_it(shared_data):
    film = read_sound(shared_data / "samples" / "mexca_test_video_audio_5_seconds.mp4").samples
    came = read_sound(shared_data / "samples" / "mexca_test_video_audio_5_seconds.wav").samples
    part = slice(1000, 60000)  # the last half second differs in the two files themselves
    agreement = [np.corrcoef(film[part], np.roll(came, lag)[part])[0, 1] for lag in range(-20, 21)]
    assert np.argmax(agreement) == 20
    assert max(agreement) > 0.99


def test_a_film_with_a_silent_track_is_said_to_be_silent(shared_data):
    table = extract("egemaps", {"x": shared_data / "samples" / "pyfeat_WolfgangLanger_Pexels.mp4"}, cache=False)
    assert table.status.loc["x", "status"] == "partial"
    assert "silent" in table.status.loc["x", "reason"]


def test_the_openface_sample_becomes_functionals(shared_data):
    path = shared_data / "samples" / "pyfeat_OpenFace_Test.csv"
    table = extract("openface", {"x": path}, cache=False)
    raw = pd.read_csv(path, skipinitialspace=True)
    row = table.frame().loc["x"]
    assert table.status.loc["x", ["status", "detection_rate"]].tolist() == ["ok", 1.0]
    assert table.info["scale"] == "0-5"
    for unit in ("AU01_r", "AU12_r", "AU45_r"):
        assert row[f"{unit}_mean"] == pytest.approx(raw[unit].mean(), rel=1e-5)
        assert row[f"{unit}_p90"] == pytest.approx(np.percentile(raw[unit], 90), rel=1e-5)
    assert row["AU23_c_share"] == pytest.approx(raw["AU23_c"].mean())
    assert row["pitch_mean"] == pytest.approx(np.degrees(raw["pose_Rx"]).mean(), rel=1e-5)
    assert np.isfinite(table.X).all()


def test_the_pyfeat_sample_becomes_functionals(shared_data):
    path = shared_data / "samples" / "pyfeat_Feat_Test.csv"
    table = extract("action-units", {"x": path}, cache=False)
    raw = pd.read_csv(path).iloc[0]
    assert table.info["scale"] == "0-1"
    assert table.frame().loc["x", "AU12_mean"] == pytest.approx(raw["AU12"])
    assert table.frame().loc["x", "AU06_AU12_together"] == 1
    assert np.isfinite(table.X).all()


def news_tables(shared_data, folder):
    """The news sample's frames as Py-Feat would have written them, a table a clip."""
    with np.load(shared_data / "samples" / "pyfeat_news_frames.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    columns = [str(name) for name in arrays["columns"]]
    clips = arrays["clip_id"].astype(str)
    X = arrays["X"]
    for clip_id in np.unique(clips):
        frame = pd.DataFrame(X[clips == clip_id], columns=columns)
        frame.insert(0, "frame", np.arange(len(frame)))
        frame.to_csv(Path(folder) / f"{clip_id}.csv", index=False)
    return find_media(folder, (".csv",))


def test_twenty_clips_of_pyfeat_become_one_table(shared_data, tmp_path):
    table = extract("action-units", news_tables(shared_data, tmp_path), cache=False)
    assert len(table.clip_id) == 20
    assert (table.status["status"] != "failed").all()
    assert table.frame().filter(regex="^AU.*_mean$").shape[1] == 20
    smile = table.frame()["AU12_mean"]
    assert smile[:10].min() > smile[10:].max(), "ten speakers had good news, ten had not"


def test_pose_of_openface_s_sample_is_the_turn_of_its_own_landmarks(shared_data):
    path = shared_data / "samples" / "pyfeat_OpenFace_Test.csv"
    frames = read_face_table(path, FaceOptions())
    raw = pd.read_csv(path, skipinitialspace=True)
    points = np.stack([raw[[f"{axis}_{i}" for i in range(68)]].to_numpy() for axis in "XYZ"], axis=-1)
    # without the jaw's line and the mouth, which speech moves
    points = points[:, 17:48] - points[:, 17:48].mean(axis=1, keepdims=True)
    first, turns = Rotation.from_euler("XYZ", frames.pose[0], degrees=True), []
    for place, pose in zip(points, frames.pose, strict=True):
        moved = Rotation.from_euler("XYZ", pose, degrees=True) * first.inv()
        rigid, _ = Rotation.align_vectors(place, points[0])
        turns.append((moved.magnitude(), rigid.magnitude()))
    by_pose, by_landmarks = np.degrees(turns).T
    assert by_landmarks.max() > 3
    np.testing.assert_allclose(by_pose, by_landmarks, atol=1.5)


def test_pose_of_pyfeat_s_samples_is_degrees(shared_data, tmp_path):
    frames = read_face_table(shared_data / "samples" / "pyfeat_Feat_Test.csv", FaceOptions())
    assert frames.info["pose"] == "degrees, told by the values"
    table = extract("action-units", news_tables(shared_data, tmp_path), cache=False)
    assert table.info["pose"] == "radians, told by the values"
    turned = table.frame()[["pitch_mean", "yaw_mean", "roll_mean"]].abs().max()
    assert turned.between(2, 30).all(), "news readers who look into a camera, turned by more than a hair"


needs_mesh = pytest.mark.skipif(not available(), reason="the packages of face-mesh are not installed (extra [mesh])")


@needs_mesh
def test_two_tools_agree_on_the_head_of_one_picture(shared_data):
    """A mesh whose pose was checked on turned heads, and Py-Feat's own table of the same picture."""
    table = extract("face-mesh", {"x": shared_data / "samples" / "pyfeat_single_face.jpg"}, cache=False)
    theirs = read_face_table(shared_data / "samples" / "pyfeat_Feat_Test.csv", FaceOptions()).pose[0]
    ours = table.frame().loc["x", ["pitch_mean", "yaw_mean"]]
    np.testing.assert_allclose(ours, theirs[:2], atol=5)


@needs_mesh
@pytest.mark.parametrize(
    ("name", "frames", "at_least"),
    [("pyfeat_single_face", 72, 72), ("pyfeat_WolfgangLanger_Pexels", 472, 472)]
    + [("mexca_test_video_audio_5_seconds", 125, 60)],
)
def test_faces_that_the_mesh_finds_in_the_samples(shared_data, name, frames, at_least):
    table = extract("face-mesh", {name: shared_data / "samples" / f"{name}.mp4"}, cache=False)
    assert table.status.loc[name, "detection_rate"] * frames >= at_least
    if at_least == frames:
        assert table.status.loc[name, "status"] == "ok"


@needs_mesh
def test_a_picture_of_five_people_has_several_faces(shared_data):
    table = extract("face-mesh", {"x": shared_data / "samples" / "pyfeat_multi_face.jpg"}, cache=False)
    assert table.status.loc["x", "several_faces"] == 1.0
