"""openSMILE features of sounds made here."""

import ctypes
import signal

import numpy as np
import opensmile
import pytest
import soundfile as sf

from avbaselines.extractors import Segment, extract, load_recipe
from avbaselines.extractors.audio import _process, extract_one
from avbaselines.extractors.media import SAMPLING_RATE, MediaError, read_sound


def tone(seconds, rate=SAMPLING_RATE, frequency=220.0, loudness=0.3):
    at = np.arange(round(seconds * rate)) / rate
    return loudness * np.sin(2 * np.pi * frequency * at) * (1 + 0.5 * np.sin(2 * np.pi * 3 * at))


@pytest.fixture
def wav(tmp_path):
    path = tmp_path / "tone.wav"
    sf.write(path, tone(1.5), SAMPLING_RATE, subtype="PCM_16")
    return path


@pytest.mark.parametrize(
    ("recipe", "feature_set"),
    [("egemaps", "eGeMAPSv02"), ("gemaps", "GeMAPSv01b"), ("compare", "ComParE_2016"), ("emobase", "emobase")],
)
def test_each_recipe_gives_what_bare_opensmile_gives_under_its_names(wav, recipe, feature_set):
    smile = opensmile.Smile(opensmile.FeatureSet[feature_set])
    table = extract(recipe, {"tone": wav}, cache=False)
    assert table.columns == smile.feature_names
    np.testing.assert_array_equal(table.X, smile.process_file(str(wav)).to_numpy(dtype=np.float32))


def test_windows_are_centred_and_each_equals_its_own_part(wav):
    recipe = load_recipe("egemaps").with_options(window=0.5, hop=0.25)
    table = extract(recipe, {"tone": wav}, cache=False)
    assert table.clip_id.tolist() == [f"tone@{t:.2f}" for t in (0, 0.25, 0.5, 0.75, 1.0, 1.25)]
    assert table.status["time"].tolist() == [0, 0.25, 0.5, 0.75, 1.0, 1.25]
    assert set(table.status["recording"]) == {"tone"}
    parts = {"tone@0.00": (0.0, 0.25), "tone@0.50": (0.25, 0.75), "tone@1.25": (1.0, 1.5)}
    for clip_id, (start, end) in parts.items():
        alone = extract("egemaps", {"x": Segment(wav, start, end)}, cache=False)
        np.testing.assert_array_equal(table.frame().loc[clip_id], alone.X[0])


def test_descriptors_get_statistics_slopes_and_a_silence_ratio(tmp_path):
    path = tmp_path / "half.wav"
    sf.write(path, np.concatenate([tone(1.0), np.zeros(SAMPLING_RATE)]), SAMPLING_RATE, subtype="PCM_16")
    table = extract("egemaps-descriptors", {"half": path}, cache=False)
    row = table.frame().iloc[0]
    assert row["silence_ratio"] == pytest.approx(0.5, abs=0.02)
    assert row["Loudness_sma3_slope"] < 0
    assert row["Loudness_sma3_p20"] < row["Loudness_sma3_p50"] < row["Loudness_sma3_p80"]
    assert table.X.shape[1] == 25 * 6 + 1


@pytest.mark.parametrize("loudness", [1.0, 1.5])
def test_full_scale_does_not_wrap_round(tmp_path, loudness):
    path = tmp_path / "loud.wav"
    sf.write(path, tone(0.5, loudness=loudness).astype(np.float32), SAMPLING_RATE, subtype="FLOAT")
    samples = read_sound(path).samples
    assert samples.max() == np.float32(32767 / 32768)
    as_cast = (samples * 32768).astype(np.int16)
    assert (np.sign(as_cast) == np.sign(np.trunc(samples * 32768))).all()


def test_clipping_is_told(tmp_path):
    path = tmp_path / "loud.wav"
    sf.write(path, tone(0.5, loudness=2.0).astype(np.float32), SAMPLING_RATE, subtype="FLOAT")
    table = extract("egemaps", {"loud": path}, cache=False)
    assert table.status.loc["loud", "status"] == "partial"
    assert "beyond full scale" in table.status.loc["loud", "reason"]


def test_too_short_is_a_reason_not_a_row_of_nan(tmp_path):
    path = tmp_path / "short.wav"
    sf.write(path, tone(0.05), SAMPLING_RATE, subtype="PCM_16")
    with pytest.raises(MediaError, match="too short: 50 ms"):
        extract_one(Segment(path), load_recipe("egemaps").options, {})


def test_the_shortest_sound_let_through_has_features(tmp_path):
    path = tmp_path / "short.wav"
    sf.write(path, tone(0.06), SAMPLING_RATE, subtype="PCM_16")
    rows = extract_one(Segment(path), load_recipe("egemaps").options, {})
    assert np.isfinite(rows.X).all()


def test_an_interrupt_waits_for_opensmile_and_is_not_lost():
    # openSMILE calls Python through ctypes, which swallows what is raised in there.
    seen = []

    @ctypes.CFUNCTYPE(None)
    def called_from_c():
        signal.raise_signal(signal.SIGINT)
        seen.append("the callback's work")

    class Smile:
        def process_signal(self, samples, sampling_rate):
            called_from_c()
            return "features"

    # A shell starts what runs in the background deaf to interrupts; these tests may be run so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            _process(Smile(), None)
        assert seen == ["the callback's work"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
