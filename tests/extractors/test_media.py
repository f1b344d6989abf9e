"""Finding recordings and decoding their sound."""

import av
import numpy as np
import pytest
import soundfile as sf

from avbaselines.errors import InputError
from avbaselines.extractors import find_media
from avbaselines.extractors.media import SAMPLING_RATE, MediaError, read_sound

CONTAINERS = {
    "flac": "flac", "mp3": "libmp3lame", "ogg": "vorbis", "m4a": "aac", "mp4": "aac", "avi": "pcm_s16le",
    "mkv": "pcm_s16le", "mov": "pcm_s16le", "wav": "pcm_s16le",
}  # fmt: skip


def sound(seconds=1.0, rate=SAMPLING_RATE):
    at = np.arange(round(seconds * rate)) / rate
    return (0.4 * np.sin(2 * np.pi * (200 + 300 * at) * at)).astype(np.float32)


def encode(path, samples, rate, codec):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate, frame_size=1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_every_promised_container_is_decoded_without_lag(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    if suffix == "ogg":
        sf.write(path, sound(), SAMPLING_RATE)
    else:
        encode(path, sound(), SAMPLING_RATE, CONTAINERS[suffix])
    decoded = read_sound(path).samples
    assert 0.95 * SAMPLING_RATE <= len(decoded) < 1.1 * SAMPLING_RATE
    inner = slice(1500, SAMPLING_RATE - 1500)
    assert np.corrcoef(decoded[inner], sound()[inner])[0, 1] > 0.99


def test_pcm_comes_through_bit_for_bit(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 4000).astype(np.int16)
    sf.write(tmp_path / "x.wav", samples, SAMPLING_RATE, subtype="PCM_16")
    np.testing.assert_array_equal((read_sound(tmp_path / "x.wav").samples * 32768).astype(np.int16), samples)


@pytest.mark.parametrize(
    ("subtype", "tolerance"), [("PCM_U8", 1 / 64), ("PCM_24", 1e-6), ("PCM_32", 1e-6), ("FLOAT", 0)]
)
def test_other_sample_formats_have_the_same_scale(tmp_path, subtype, tolerance):
    sf.write(tmp_path / "x.wav", sound(), SAMPLING_RATE, subtype=subtype)
    np.testing.assert_allclose(read_sound(tmp_path / "x.wav").samples, sound(), atol=tolerance)


def test_stereo_is_mixed_down_by_the_mean(tmp_path):
    left, right = sound(), 0.5 * sound()[::-1]
    sf.write(tmp_path / "x.wav", np.column_stack([left, right]), SAMPLING_RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_sound(tmp_path / "x.wav").samples, (left + right) / 2, atol=1e-6)


def test_48_khz_is_resampled_without_aliases(tmp_path):
    rate = 48000
    at = np.arange(rate) / rate
    above_nyquist = np.sin(2 * np.pi * 12000 * at)
    sf.write(tmp_path / "x.wav", 0.4 * above_nyquist + 0.4 * np.sin(2 * np.pi * 500 * at), rate, subtype="FLOAT")
    samples = read_sound(tmp_path / "x.wav").samples
    expected = 0.4 * np.sin(2 * np.pi * 500 * np.arange(SAMPLING_RATE) / SAMPLING_RATE)
    assert len(samples) == SAMPLING_RATE
    np.testing.assert_allclose(samples[1000:-1000], expected[1000:-1000], atol=2e-3)


def test_a_segment_is_cut_by_seconds(tmp_path):
    sf.write(tmp_path / "x.wav", sound(), SAMPLING_RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read_sound(tmp_path / "x.wav", 0.25, 0.75).samples, sound()[4000:12000])


def test_samples_that_are_no_numbers_are_refused(tmp_path):
    bad = sound()
    bad[7] = np.nan
    sf.write(tmp_path / "x.wav", bad, SAMPLING_RATE, subtype="FLOAT")
    with pytest.raises(MediaError, match="1 samples are not numbers"):
        read_sound(tmp_path / "x.wav")


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_clips_are_called_by_stem_and_by_path_where_stems_repeat(tmp_path):
    touch(tmp_path / "a/one.wav", tmp_path / "a/two.wav", tmp_path / "b/two.wav", tmp_path / "c/three.wav")
    touch(tmp_path / "c/three.mp4", tmp_path / "notes.txt", tmp_path / ".hidden.wav")
    assert list(find_media(tmp_path, (".wav", ".mp4"))) == ["a/two", "b/two", "c/three.mp4", "c/three.wav", "one"]


def test_suffixes_are_found_in_capitals_and_named_files_whatever_theirs(tmp_path):
    touch(tmp_path / "in/A.WAV", tmp_path / "odd.xyz")
    assert list(find_media([tmp_path / "in", tmp_path / "odd.xyz"], (".wav",))) == ["A", "odd"]


def test_a_file_reached_twice_is_one_clip(tmp_path):
    touch(tmp_path / "a.wav")
    assert list(find_media([tmp_path, tmp_path / "a.wav"], (".wav",))) == ["a"]


def test_two_files_that_cannot_be_told_apart_are_an_error(tmp_path):
    touch(tmp_path / "x/a.wav", tmp_path / "y/a.wav")
    with pytest.raises(InputError, match="both are the clip 'a.wav'"):
        find_media([tmp_path / "x", tmp_path / "y"], (".wav",))


def test_link_loops_end_and_linked_folders_are_walked_once(tmp_path):
    touch(tmp_path / "in/a.wav")
    (tmp_path / "in/again").symlink_to(tmp_path / "in")
    assert list(find_media(tmp_path / "in", (".wav",))) == ["a"]


@pytest.mark.parametrize(("place", "told"), [("nowhere", "no such file or folder"), (".", "no recordings found")])
def test_nothing_to_find_is_an_error(tmp_path, place, told):
    with pytest.raises(InputError, match=told):
        find_media(tmp_path / place, (".wav",))
