"""The embedded corpus: its files, that they repeat bit for bit, and that they say what they are meant to say."""

import wave

import numpy as np
import pandas as pd
import pydantic
import pytest
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from avbaselines.corpora.readers import synthetic
from avbaselines.corpora.synthesis import face as synthetic_face
from avbaselines.corpora.synthesis import voice as synthetic_voice
from avbaselines.errors import InputError

TINY = synthetic.Options(speakers=2, clips_per_speaker=2)
UNITS = "01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26".split()
HEADER = ", ".join(
    "frame timestamp confidence success pose_Tx pose_Ty pose_Tz pose_Rx pose_Ry pose_Rz".split()
    + [f"AU{unit}_r" for unit in [*UNITS, "45"]]
    + [f"AU{unit}_c" for unit in [*UNITS, "28", "45"]]
)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny") / "corpus"
    synthetic.generate(folder, TINY)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Clips, eGeMAPS functionals and action-unit functionals of 12 speakers with 12 clips each."""
    opensmile = pytest.importorskip("opensmile")
    folder = tmp_path_factory.mktemp("small") / "corpus"
    clips = synthetic.read(synthetic.Options(speakers=12, clips_per_speaker=12), folder).clips
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    audio = pd.concat([smile.process_file(str(folder / "audio" / f"{clip}.wav")) for clip in clips.index])
    face = {}
    for path in (folder / "openface").iterdir():
        table = pd.read_csv(path, skipinitialspace=True).query("success == 1").filter(regex="AU.._r")
        if len(table):
            face[path.stem] = [*table.mean(), *table.std()]
    return clips, audio.set_index(clips.index), pd.DataFrame(face).T.reindex(clips.index)


def test_files(tiny):
    clips = pd.read_csv(tiny / "clips.csv")
    assert list(clips) == ["clip_id", "speaker", "gender", "arousal", "valence", "emotion"]
    assert list(clips.clip_id) == ["spk00_c00", "spk00_c01", "spk01_c00", "spk01_c01"]
    assert set(clips.gender) == {"female", "male"}
    assert clips[["arousal", "valence"]].stack().between(1, 5).all()
    assert set(clips.emotion) <= {"happy", "angry", "sad", "calm"}
    for clip in clips.clip_id:
        with wave.open(str(tiny / "audio" / f"{clip}.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert 1.5 <= samples.size / 16000 <= 2.5
        assert 500 < np.abs(samples.astype(int)).max() < 32500
        assert samples.astype(float).std() > 50
        table = pd.read_csv(tiny / "openface" / f"{clip}.csv", skipinitialspace=True)
        assert len(table) == pytest.approx(samples.size / 16000 * 30, abs=1)


def test_faces_are_written_as_openface_writes_them(tiny):
    path = tiny / "openface" / "spk00_c00.csv"
    assert path.read_text().splitlines()[0] == HEADER
    table = pd.read_csv(path, skipinitialspace=True)
    assert list(table.frame) == list(range(1, len(table) + 1))
    np.testing.assert_allclose(np.diff(table.timestamp), 1 / 30, atol=1e-3)
    assert table.filter(regex="AU.._r").stack().between(0, 5).all()
    assert set(table.filter(regex="AU.._c").stack()) == {0, 1}


def test_repeats_bit_for_bit(tiny, tmp_path):
    synthetic.generate(tmp_path / "again", TINY)
    assert contents(tmp_path / "again") == contents(tiny)


def test_clip_depends_on_its_own_numbers_alone(tiny, tmp_path):
    synthetic.generate(tmp_path / "more", synthetic.Options(speakers=3, clips_per_speaker=3))
    more = contents(tmp_path / "more")
    for path, content in contents(tiny).items():
        if path.parent.name:
            assert more[path] == content, path
    more = pd.read_csv(tmp_path / "more" / "clips.csv", index_col=0)
    clips = pd.read_csv(tiny / "clips.csv", index_col=0)
    pd.testing.assert_frame_equal(more.loc[clips.index], clips)


def test_seed_changes_every_file(tiny, tmp_path):
    synthetic.generate(tmp_path / "other", TINY.model_copy(update={"seed": 1}))
    other = contents(tmp_path / "other")
    assert all(other[path] != content for path, content in contents(tiny).items())


def test_clips_differ(tiny):
    ratings = pd.read_csv(tiny / "clips.csv")[["arousal", "valence"]]
    assert not ratings.duplicated().any()
    assert len({content[:4000] for path, content in contents(tiny).items() if path.suffix == ".wav"}) == 4


def test_few_faces_are_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic_voice, "speak", lambda *_: np.zeros(1, np.int16))
    clips = synthetic.read(synthetic.Options(), tmp_path / "corpus").clips
    assert len(clips) == 480 and clips.speaker.nunique() == 24
    assert clips.groupby("speaker").size().eq(20).all()
    assert clips.emotion.value_counts(normalize=True).min() > 0.15
    assert 0 < clips.arousal.corr(clips.valence) < 0.35
    tables = {
        path.stem: pd.read_csv(path, skipinitialspace=True) for path in (tmp_path / "corpus" / "openface").iterdir()
    }
    success = pd.Series({clip: table.success.mean() for clip, table in tables.items()})
    assert 480 - len(tables) == 5
    assert (success == 0).sum() == 5
    assert 0.1 < ((success > 0) & (success < 1)).mean() < 0.35
    for table in tables.values():
        assert (table[table.success == 0].drop(columns=["frame", "timestamp"]) == 0).all(axis=None)


@pytest.mark.parametrize(("speakers", "clips"), [(2, 14), (4, 7), (17, 4), (5, 20)])
def test_missing_tables_stay_rare_in_small_corpora(tmp_path, monkeypatch, speakers, clips):
    monkeypatch.setattr(synthetic_voice, "speak", lambda *_: np.zeros(1, np.int16))
    synthetic.generate(tmp_path / "corpus", synthetic.Options(speakers=speakers, clips_per_speaker=clips))
    assert len(list((tmp_path / "corpus" / "openface").iterdir())) >= 0.95 * speakers * clips


def test_killed_call_leaves_nothing(tiny, tmp_path):
    def kill(done, total, clip):
        assert total == 4
        if done == 3:
            raise KeyboardInterrupt(clip)

    with pytest.raises(KeyboardInterrupt, match="spk01_c00"):
        synthetic.generate(tmp_path / "corpus", TINY, kill)
    assert not any(tmp_path.iterdir())
    synthetic.generate(tmp_path / "corpus", TINY)
    assert contents(tmp_path / "corpus") == contents(tiny)
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_second_call_does_nothing(tmp_path):
    (tmp_path / "corpus").mkdir()
    synthetic.generate(tmp_path / "corpus", TINY)
    (tmp_path / "corpus" / "audio" / "spk00_c00.wav").write_bytes(b"mine")
    calls = []
    synthetic.generate(tmp_path / "corpus", TINY, lambda *call: calls.append(call))
    assert not calls
    assert (tmp_path / "corpus" / "audio" / "spk00_c00.wav").read_bytes() == b"mine"


def test_two_processes_at_once(tiny, tmp_path):
    def other_process(done, total, clip):
        if done == total:
            synthetic.generate(tmp_path / "corpus", TINY)

    synthetic.generate(tmp_path / "corpus", TINY, other_process)
    assert contents(tmp_path / "corpus") == contents(tiny)
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_folder_of_something_else_is_left_alone(tiny, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is no synthetic corpus"):
        synthetic.generate(tmp_path, TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    before = contents(tiny)
    with pytest.raises(InputError, match="other options"):
        synthetic.generate(tiny, TINY.model_copy(update={"seed": 7}))
    assert contents(tiny) == before


def test_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        synthetic.generate(tmp_path / "file" / "corpus", TINY)


@pytest.mark.parametrize("bad", [{"speakers": 1}, {"clips_per_speaker": 1}, {"seed": -1}, {"speaker": 3}])
def test_options_are_checked(bad):
    with pytest.raises(pydantic.ValidationError, match="greater than or equal to|Extra inputs"):
        synthetic.Options(**bad)


def test_read_keeps_the_corpus_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBASELINES_CACHE", str(tmp_path / "cache"))
    calls = []
    release = synthetic.read(TINY, None, lambda *call: calls.append(call))
    assert calls[-1] == (4, 4, "spk01_c01")
    assert release.root.parent == tmp_path / "cache" and release.root.name.startswith("synthetic-")
    assert (release.group, release.recording, release.time) == ("speaker", None, None)
    assert release.clips.index.name == "clip_id" and release.clips.index.is_unique
    assert "seed 0" in release.notes[0]
    assert synthetic.read(TINY, None, lambda *call: calls.append(call)).root == release.root
    assert len(calls) == 4
    assert synthetic.read(TINY.model_copy(update={"seed": 1}), None).root != release.root


def test_voice_follows_arousal_less_than_the_speaker(small):
    clips, audio, _ = small
    assert audio.notna().all(axis=None) and audio.std().gt(0).all()
    for feature, at_least in [
        ("F0semitoneFrom27.5Hz_sma3nz_amean", 0.5),
        ("equivalentSoundLevel_dBp", 0.5),
        ("loudnessPeaksPerSec", 0.3),
        ("jitterLocal_sma3nz_amean", 0.25),
        ("alphaRatioV_sma3nz_amean", 0.2),
    ]:
        per_speaker = audio[feature].groupby(clips.speaker)
        within = audio[feature] - per_speaker.transform("mean")
        assert within.corr(clips.arousal - clips.groupby("speaker").arousal.transform("mean")) > at_least, feature
    for feature in ("F0semitoneFrom27.5Hz_sma3nz_amean", "equivalentSoundLevel_dBp"):
        per_speaker = audio[feature].groupby(clips.speaker)
        assert per_speaker.mean().std() > per_speaker.std().mean(), feature


def test_face_follows_valence(small):
    clips, _, face = small
    means = face.iloc[:, : len(synthetic_face.ACTION_UNITS)].set_axis(synthetic_face.ACTION_UNITS, axis=1)
    moved = means - means.groupby(clips.speaker).transform("mean")
    rated = clips[["arousal", "valence"]]
    rated = rated - rated.groupby(clips.speaker).transform("mean")
    for unit, target, sign in [
        ("AU06", "valence", 1),
        ("AU12", "valence", 1),
        ("AU04", "valence", -1),
        ("AU01", "valence", -1),
        ("AU05", "arousal", 1),
        ("AU25", "arousal", 1),
        ("AU26", "arousal", 1),
    ]:
        assert sign * moved[unit].corr(rated[target]) > 0.2, unit


def test_each_channel_has_its_target(small):
    clips, audio, face = small
    score = {}
    for target in ("arousal", "valence"):
        for name, table in [("audio", audio), ("face", face.dropna())]:
            truth = clips.loc[table.index, target]
            model = make_pipeline(StandardScaler(), SVR())
            groups = clips.loc[table.index, "speaker"]
            predicted = cross_val_predict(model, table, truth, groups=groups, cv=GroupKFold(4))
            score[name, target] = np.corrcoef(truth, predicted)[0, 1]
    assert score["audio", "arousal"] > max(0.5, score["face", "arousal"] + 0.1)
    assert score["face", "valence"] > max(0.5, score["audio", "valence"] + 0.1)
    assert score["audio", "valence"] > 0.1 and score["face", "arousal"] > 0.1
    assert max(score.values()) < 0.9
