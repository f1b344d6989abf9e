"""Recordings and face tables that are broken or odd: what becomes of each, alone."""

import io
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soundfile as sf
from case_types import ID, Case, Loads, Refused, Small

from avbaselines.extractors import extract, find_media, load_recipe

RATE = 16000
UNITS = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")


def tone(seconds=0.5, rate=RATE):
    return 0.3 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)


def wav(samples=None, rate=RATE, subtype="PCM_16", **kwargs):
    def write(path):
        sf.write(path, tone(rate=rate) if samples is None else samples, rate, subtype=subtype, format="WAV", **kwargs)

    return write


def raw(data):
    return lambda path: path.write_bytes(data)


def changed(write, change):
    def build(path):
        write(path)
        path.write_bytes(change(path.read_bytes()))

    return build


def encoded(container, codec, samples=None, pictures=0, sound=True):
    """A file in which PyAV put sound, pictures or both."""

    def write(path):
        with av.open(str(path), "w", format=container) as output:
            streams = []
            if pictures:
                video = output.add_stream("mpeg4", rate=25)
                video.width = video.height = 64
                streams.append(video)
            if sound:
                audio = output.add_stream(codec, rate=RATE)
                audio.layout = "mono"
                pcm = ((tone() if samples is None else samples) * 32767).astype(np.int16)[None]
                frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
                frame.sample_rate, frame.pts = RATE, 0
                resampler = av.AudioResampler(format=audio.format.name, layout="mono", rate=RATE, frame_size=1024)
                for part in [*resampler.resample(frame), *resampler.resample(None)]:
                    output.mux(audio.encode(part))
                output.mux(audio.encode(None))
            for index in range(pictures):
                picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index, np.uint8), format="rgb24")
                picture.pts = index
                output.mux(video.encode(picture))
            if pictures:
                output.mux(video.encode(None))

    return write


def link(target):
    return lambda path: path.symlink_to(target)


def riff_claims(length):
    """Change the data chunk's length in a RIFF header written by soundfile."""

    def change(data):
        at = data.index(b"data") + 4
        return data[:at] + struct.pack("<I", length) + data[at + 4 :]

    return change


def bad_float():
    samples = tone().astype(np.float32)
    samples[100:200] = np.nan
    return samples


HISS = np.random.default_rng(0).normal(0, 3e-5, RATE // 2)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 48044\n"

AUDIO = {
    # name: (suffix, how it is made, status, what the reason says)
    "empty": ("wav", raw(b""), "failed", "the file is empty"),
    "empty_mp3": ("mp3", raw(b""), "failed", "the file is empty"),
    "empty_mp4": ("mp4", raw(b""), "failed", "the file is empty"),
    "header_only": ("wav", changed(wav(), lambda d: d[:44]), "failed", "zero samples"),
    "half_header": ("wav", changed(wav(), lambda d: d[:20]), "failed", "cannot be decoded"),
    "truncated": ("wav", changed(wav(tone(2)), lambda d: d[: len(d) // 2]), "partial", "truncated: 1.00 s of 2.00 s"),
    "truncated_mp4": ("mp4", changed(encoded("mp4", "aac"), lambda d: d[: len(d) // 2]), "failed", "cannot be decoded"),
    "half_flac": ("flac", changed(encoded("flac", "flac", tone(4)), lambda d: d[: len(d) // 2]), "partial", "damaged"),
    "zero_length": ("wav", wav(np.zeros(0)), "failed", "zero samples"),
    "zero_length_24_bit": ("wav", wav(np.zeros(0), subtype="PCM_24"), "failed", "zero samples"),
    "text": ("wav", raw(b"hello world, this is no sound\n" * 50), "failed", "cannot be decoded"),
    "text_as_mp4": ("mp4", raw(b"hello world, this is no film\n" * 50), "failed", "cannot be decoded"),
    "zeros": ("wav", raw(bytes(5000)), "failed", "cannot be decoded"),
    "noise_as_mkv": ("mkv", raw(np.random.default_rng(0).bytes(5000)), "failed", "cannot be decoded"),
    "html": ("ogg", raw(b"<html><body>404 not found</body></html>"), "failed", "cannot be decoded"),
    "wav_called_mp3": ("mp3", wav(), "ok", ""),
    "wav_called_mp4": ("mp4", wav(), "ok", ""),
    "flac_called_wav": ("wav", encoded("flac", "flac"), "ok", ""),
    "eight_bit": ("wav", wav(subtype="PCM_U8"), "ok", ""),
    "twenty_four_bit": ("wav", wav(subtype="PCM_24"), "ok", ""),
    "thirty_two_bit": ("wav", wav(subtype="PCM_32"), "ok", ""),
    "float": ("wav", wav(subtype="FLOAT"), "ok", ""),
    "double": ("wav", wav(subtype="DOUBLE"), "ok", ""),
    "mu_law": ("wav", wav(subtype="ULAW"), "ok", ""),
    "loud_float": ("wav", wav(10 * tone(), subtype="FLOAT"), "partial", "beyond full scale"),
    "nan_float": ("wav", wav(bad_float(), subtype="FLOAT"), "failed", "100 samples are not numbers"),
    "48_khz_stereo": ("wav", wav(np.column_stack([tone(rate=48000)] * 2), rate=48000), "ok", ""),
    "six_channels": ("wav", wav(np.column_stack([tone()] * 6)), "ok", ""),
    "8_khz": ("wav", wav(rate=8000), "ok", ""),
    "96_khz": ("wav", wav(rate=96000), "ok", ""),
    "all_silent": ("wav", wav(np.zeros(RATE)), "partial", "silent: every sample is zero"),
    "50_ms": ("wav", wav(tone(0.05)), "failed", "too short: 50 ms"),
    "one_sample": ("wav", wav(np.full(1, 0.5)), "failed", "too short"),
    "claims_too_much": ("wav", changed(wav(tone(1)), riff_claims(10 * RATE)), "partial", "truncated: 1.00 s of 5.00 s"),
    "claims_unknown": ("wav", changed(wav(), riff_claims(0xFFFFFFFF)), "ok", ""),
    "odd_chunk_first": ("wav", changed(wav(), lambda d: d[:12] + b"junk\x03\0\0\0abc\0" + d[12:]), "ok", ""),
    "large_chunk_first": (
        "wav", changed(wav(), lambda d: d[:12] + b"junk\x40\x42\x0f\0" + bytes(1_000_000) + d[12:]), "ok", "",
    ),
    "adpcm": ("wav", wav(subtype="IMA_ADPCM"), "ok", ""),
    "gsm": ("wav", wav(rate=8000, subtype="GSM610"), "ok", ""),
    "mp3_in_wav": ("wav", encoded("wav", "libmp3lame"), "ok", ""),
    "video_without_audio": ("mp4", encoded("mp4", None, pictures=10, sound=False), "failed", "no audio stream"),
    "avi_without_audio": ("avi", encoded("avi", None, pictures=10, sound=False), "failed", "no audio stream"),
    "silent_video": ("mkv", encoded("matroska", "pcm_s16le", np.zeros(RATE), pictures=10), "partial", "silent"),
    "unicode_ñ_日本_🙂": ("wav", wav(), "ok", ""),
    "spaces and 'quotes' %s {}": ("wav", wav(), "ok", ""),
    "x" * 240: ("wav", wav(), "ok", ""),
    "-starts-with-a-dash": ("wav", wav(), "ok", ""),
    "self_loop": ("wav", link("self_loop.wav"), "failed", "cannot be opened: Too many levels of symbolic links"),
    "dangling": ("wav", link("nowhere.wav"), "failed", "cannot be opened: No such file"),
    "link_to_folder": ("wav", link("."), "failed", "is a folder"),
    "folder": ("wav", lambda path: path.mkdir(), "failed", "is a folder"),
    "fifo": ("wav", os.mkfifo, "failed", "is not a regular file"),
    "aiff": ("aiff", lambda path: sf.write(path, tone(), RATE, format="AIFF"), "ok", ""),
    "aif": ("aif", lambda path: sf.write(path, tone(), RATE, format="AIFF"), "ok", ""),
    "w64": ("w64", lambda path: sf.write(path, tone(), RATE, format="W64"), "ok", ""),
    "webm": ("webm", encoded("webm", "libopus"), "ok", ""),
    "flv": ("flv", encoded("flv", "aac"), "ok", ""),
    "opposite_phase": ("wav", wav(np.column_stack([tone(), -tone()])), "partial", "cancel each other out"),
    "opposite_and_quieter": ("wav", wav(np.column_stack([0.9 * tone(), -tone()])), "partial", "only channel 2 is used"),
    "first_channel_empty": ("wav", wav(np.column_stack([0 * tone(), tone()])), "partial", "channels 1 is empty"),
    "second_channel_empty": ("wav", wav(np.column_stack([tone(), 0 * tone()])), "partial", "channels 2 is empty"),
    "five_of_six_empty": ("wav", wav(np.column_stack([0 * tone()] * 5 + [tone()])), "partial", "are empty"),
    "hissing_channel": ("wav", wav(np.column_stack([tone(), HISS])), "partial", "channels 2 is empty"),
    "two_voices": ("wav", wav(np.column_stack([tone(), HISS * 3000])), "ok", ""),
    "near_silence": ("wav", wav(tone() * 1e-4), "partial", "near silence: its level is -93 dB"),
    "hiss_alone": ("wav", wav(HISS, subtype="FLOAT"), "partial", "near silence"),
    "quiet_voice": ("wav", wav(tone() * 0.01), "ok", ""),
    "git_lfs_pointer": ("wav", raw(POINTER), "failed", "is a Git LFS pointer"),
    "git_lfs_pointer_mp4": ("mp4", raw(POINTER), "failed", "git lfs pull"),
}  # fmt: skip
# Recordings of one channel that those of several have to sound like.
LIKE = dict.fromkeys(
    (
        *("opposite_phase", "first_channel_empty", "second_channel_empty", "five_of_six_empty", "hissing_channel"),
        *("aiff", "w64"),
    ),
    wav(),
)
# Not met elsewhere.
OWN = {"opposite_and_quieter", "five_of_six_empty", "hissing_channel", "hiss_alone"}


def openface(frames=60, separator=",", **columns):
    """Text of an OpenFace table; ``columns`` overrides or (None) leaves out."""
    at = np.arange(frames)
    table = {
        "frame": at + 1,
        "timestamp": at / 30,
        "confidence": np.full(frames, 0.95),
        "success": np.ones(frames, int),
        **{f"pose_R{axis}": 0.1 * np.sin(at / 9) for axis in "xyz"},
        **{f"AU{unit}_r": np.abs(2 * np.sin(at / 7 + int(unit))) for unit in UNITS},
        **{f"AU{unit}_c": (np.sin(at / 7 + int(unit)) > 0).astype(int) for unit in UNITS},
    }
    table = {name: value for name, value in {**table, **columns}.items() if value is not None}
    lines = [f"{separator} ".join(table)]
    lines += [f"{separator} ".join(f"{value[row]:g}" for value in table.values()) for row in range(frames)]
    return "\n".join(lines) + "\n"


def text(content, encoding="utf-8"):
    return lambda path: path.write_text(content, encoding=encoding)


def nan_rows(share):
    values = np.abs(np.sin(np.arange(60) / 5))
    values[: round(60 * share)] = np.nan
    return values


FACES = {
    "empty": (raw(b""), "failed", "the file is empty"),
    "blank": (text("\n\n  \n"), "failed", "the table is empty"),
    "header_only": (text(openface().splitlines()[0] + "\n"), "failed", "a header and no frames"),
    "missing_unit": (text(openface(AU12_r=None)), "failed", "without the columns AU12_r"),
    "missing_success": (text(openface(success=None)), "failed", "without the columns success"),
    "missing_confidence": (text(openface(confidence=None)), "failed", "without the columns confidence"),
    "no_units": (text("frame,timestamp,confidence,success\n1,0,1,1\n"), "failed", "not a face table"),
    "another_table": (text("name,age\nA,3\n"), "failed", "its columns start with name, age"),
    "without_faces": (text(openface(success=np.zeros(60, int))), "failed", "no face in any of 60 frames"),
    "low_confidence": (text(openface(confidence=np.full(60, 0.2))), "failed", "no face in any of 60 frames"),
    "mostly_without": (text(openface(success=(np.arange(60) % 5 == 0).astype(int))), "partial", "in only 20% of"),
    "nan_rows": (text(openface(AU12_r=nan_rows(0.3))), "ok", ""),
    "nan_everywhere": (text(openface(AU12_r=nan_rows(1.0))), "failed", "no face in any"),
    "words": (text(openface().replace(" 0.95,", " good,", 1)), "failed", "column confidence, line 2: 'good'"),
    "mixed_separators": (text(openface(20) + openface(20, ";").split("\n", 1)[1]), "failed", "line 22 has 1 fields"),
    "ragged": (text(openface() + "61,2.0,0.95\n" + "62,2.1,0.95\n"), "failed", "line 62 has 3 fields"),
    "truncated": (text(openface()[:-40]), "partial", "the last line is cut"),
    "semicolons": (text(openface(separator=";")), "ok", ""),
    "tabs": (text(openface(separator="\t")), "ok", ""),
    "byte_order_mark": (text(openface(), "utf-8-sig"), "ok", ""),
    "windows_lines": (raw(openface().replace("\n", "\r\n").encode()), "ok", ""),
    "binary": (raw(b"\0\1\2" * 1000), "failed", "not a text table"),
    "one_frame": (text(openface(1)), "ok", ""),
    "times_of_zero": (text(openface(timestamp=np.zeros(60))), "ok", ""),
    "column_twice": (text(openface().replace("AU02_r", "AU01_r", 1)), "failed", "AU02_r"),
    "loop": (link("loop.csv"), "failed", "Too many levels of symbolic links"),
    "folder": (lambda path: path.mkdir(), "failed", "is a folder"),
}  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """One recording or face table.

    Attributes
    ----------
    name, kind : str
    suffix, recipe : str
    build : callable
        Writes it to a path.
    status, told : str
        What its status row has to be, and words of the reason (several of them, any will do, parted by ``|``).
    like : callable, optional
        Writes the recording whose features it has to have.
    point : int or None
    own : bool
        As for the cases of a corpus.
    """

    name: str
    kind: str
    suffix: str
    recipe: str
    build: Callable[[Path], object]
    status: str
    told: str
    like: Callable[[Path], object] | None = None
    point: int | None = None
    own: bool = False

    def check(self, folder: Path) -> None:
        """Build it, extract its features, and look at its status row."""
        self.build(folder / f"{self.name}.{self.suffix}")
        table = extract(self.recipe, find_media(folder, load_recipe(self.recipe).suffixes), cache=False, max_failed=1.0)
        row = table.status.iloc[0]
        assert row["status"] == self.status, row["reason"]
        assert any(part in row["reason"] for part in self.told.split("|")), row["reason"]
        assert bool(row["reason"]) == (self.status != "ok")
        assert np.isnan(table.X).all() == (self.status == "failed")
        if self.like is not None:
            self.like(folder / "like.wav")
            alone = extract(self.recipe, {"like": folder / "like.wav"}, cache=False)
            np.testing.assert_allclose(table.X, alone.X, rtol=0.02, atol=0.02)


POINT_8 = {name for name in AUDIO if list(AUDIO).index(name) > list(AUDIO).index("fifo")}


def recorded(**names: Callable[[str], str]) -> Callable[[Small], None]:
    """A recording for each clip, and the clips' ids, called otherwise."""
    return lambda study: _record(study, **names)


def _record(study, file=lambda name: f"{name}.wav", clip=lambda name: name, second=None):
    study.study = study.study.replace('audio = "audio.npz"', 'audio = { recipe = "egemaps", media = "media" }')
    for number, name in enumerate(ID):
        sound = io.BytesIO()
        sf.write(sound, tone(0.2 + number / 100), RATE, subtype="PCM_16", format="WAV")
        study.files[f"media/{file(name)}"] = sound.getvalue()
        if second is not None:
            study.files[f"media/{second(name)}"] = sound.getvalue()
    for table in (study.clips, study.face):
        table["clip_id"] = [clip(name) for name in table["clip_id"]]


def _all_there(corpus):
    return corpus.modalities["audio"].present.tolist()


THERE = [True] * 12
JOINED = [
    Case("recordings of clips that are paths", "recordings", recorded(clip=lambda name: f"./a/{name}.wav"),
         Loads(_all_there, THERE, notes=("audio: 12 of 12 clips are joined",)), point=2),
    Case("recordings of clips with a suffix", "recordings", recorded(clip=lambda name: f"{name}.mp4"),
         Loads(_all_there, THERE, notes=("audio: 12 of 12 clips are joined",)), point=2),
    Case("recordings in capitals", "recordings", recorded(file=lambda name: f"{name.upper()}.WAV"),
         Loads(_all_there, THERE, notes=("audio: 12 of 12 clips are joined",)), point=2),
    Case("recordings as they should be", "recordings", recorded(),
         Loads(_all_there, THERE, unsaid=("are joined", "passed over"))),
    Case("two recordings of one stem", "recordings", recorded(second=lambda name: f"{name}.flac"),
         Refused((f"clip '{ID[0]}' may be its '{ID[0]}.flac' or '{ID[0]}.wav'",)), point=2),
    Case("recordings of a type that is not read", "recordings",
         recorded(file=lambda name: name + (".wma" if name == ID[0] else ".wav")),
         Loads(_all_there, [False, *THERE[1:]], notes=("1 files of clips without a recording are passed over", ".wma")),
         point=2, own=True),
]  # fmt: skip

CASES = [
    *JOINED,
    *(
        Recording(
            name, "recordings", suffix, "egemaps", build, status, told, LIKE.get(name), 8 if name in POINT_8 else None,
            name in OWN,
        )
        for name, (suffix, build, status, told) in AUDIO.items()
    ),
    *(
        Recording(name, "face tables", "csv", "openface", build, status, told)
        for name, (build, status, told) in FACES.items()
    ),
]  # fmt: skip
