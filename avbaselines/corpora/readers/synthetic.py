"""Reader ``synthetic``: simulated speakers, recordings, faces and raters, generated on the spot from a seed.

It exists so that a whole study, from wav files and OpenFace tables to the leaderboard, runs anywhere. Voices
(`synthesis.voice`) carry arousal well and valence weakly, faces (`synthesis.face`) the other way round; each channel
expresses the feeling with an error of its own, so that the two together tell more than either. Scores on it say that
the machinery works; they say nothing about people.
"""

import wave
from pathlib import Path

import numpy as np
import pandas as pd
import pydantic

from avbaselines.corpora.corpus import Progress, Release
from avbaselines.corpora.synthesis import face as synthetic_face
from avbaselines.corpora.synthesis import voice as synthetic_voice
from avbaselines.corpora.synthesis.generated import GeneratedCorpus

ENVIRONMENT = None
NEEDS = "nothing: the corpus is made on the spot from a seed"

_RATERS = 6
_CORRELATION = 0.2  # of arousal and valence between clips
# standard deviations of what each channel expresses beside the feeling, as (arousal, valence)
_VOICE_ERROR = (0.35, 0.75)
_FACE_ERROR = (0.9, 0.55)
_QUADRANTS = {(True, True): "happy", (True, False): "angry", (False, False): "sad", (False, True): "calm"}
_CLIPS = "clips.csv"


class Options(pydantic.BaseModel, extra="forbid"):
    """Keys of ``[corpus]`` for this reader.

    Attributes
    ----------
    speakers
        Number of speakers, at least 2; women and men alternate.
    clips_per_speaker
        At least 2.
    seed
        At least 0. A clip depends on the seed, its speaker's and its own number alone.

    Examples
    --------
    >>> Options(speakers=2).clips_per_speaker
    20
    """

    speakers: int = pydantic.Field(24, ge=2)
    clips_per_speaker: int = pydantic.Field(20, ge=2)
    seed: int = pydantic.Field(0, ge=0)


def read(options: Options, data: Path | None, progress: Progress | None = None) -> Release:
    """Read the corpus, generating it first where it is not there yet.

    Parameters
    ----------
    data
        Folder of the corpus; None is one of its own in the user's cache (`AVBASELINES_CACHE` moves that).
    progress
        Called with (clips written, clips in all, clip).

    Returns
    -------
    Release
        Clips with speaker, gender, arousal, valence (ratings within [1, 5]) and emotion; the media are
        `audio/<clip_id>.wav` and `openface/<clip_id>.csv` under its root.

    Raises
    ------
    InputError
        If `data` holds something else, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp(), "synthetic")
    >>> read(Options(speakers=2, clips_per_speaker=2), folder).clips["speaker"].tolist()
    ['spk00', 'spk00', 'spk01', 'spk01']
    """
    folder = _corpus(options).cached if data is None else Path(data)
    generate(folder, options, progress)
    clips = pd.read_csv(folder / _CLIPS, index_col="clip_id")
    note = f"synthetic: {options.speakers} simulated speakers, seed {options.seed}; its scores say nothing about people"
    return Release(clips=clips, group="speaker", recording=None, time=None, root=folder, notes=[note])


def generate(folder: Path, options: Options, progress: Progress | None = None) -> None:
    """Generate the corpus in a folder, or nothing if it is there.

    Parameters
    ----------
    folder
        Need not be there; may exist if it is empty or holds this very corpus.
    progress
        Called with (clips written, clips in all, clip).

    Raises
    ------
    InputError
        If the folder holds anything else, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp(), "synthetic")
    >>> generate(folder, Options(speakers=2, clips_per_speaker=2))
    >>> sorted(path.name for path in folder.iterdir())
    ['audio', 'clips.csv', 'openface', 'synthetic.json']
    """
    _corpus(options).generate(folder, lambda built: _build(built, options, progress))


def _corpus(options: Options) -> GeneratedCorpus:
    return GeneratedCorpus("synthetic", options, (__file__, synthetic_voice.__file__, synthetic_face.__file__))


def _build(folder: Path, options: Options, progress: Progress | None) -> None:
    (folder / "audio").mkdir()
    (folder / "openface").mkdir()
    # numpy pads a short seed with zeros, so [seed] and [seed, 0] are one: speakers and clips count from 1 here
    leniency = np.random.default_rng([options.seed]).normal(0, 0.25, _RATERS)
    total = options.speakers * options.clips_per_speaker
    rows = []
    for speaker in range(options.speakers):
        name, female = f"spk{speaker:02d}", speaker % 2 == 0
        rng = np.random.default_rng([options.seed, speaker + 1])
        voice, face = synthetic_voice.draw_traits(rng, female), synthetic_face.draw_traits(rng)
        for clip in range(options.clips_per_speaker):
            clip_id = f"{name}_c{clip:02d}"
            rng = np.random.default_rng([options.seed, speaker + 1, clip + 1])
            feeling_rng, voice_rng, face_rng = rng.spawn(3)
            feeling, ratings = _feel(leniency, feeling_rng)
            seconds = round(feeling_rng.uniform(1.5, 2.5), 2)

            expressed = feeling + voice_rng.normal(0, _VOICE_ERROR)
            samples = synthetic_voice.speak(voice, expressed[0], expressed[1], seconds, voice_rng)
            _write_wav(folder / "audio" / f"{clip_id}.wav", samples)
            # one clip in a hundred has no table, another no face in it; by count, so that small corpora keep them rare
            number = speaker * options.clips_per_speaker + clip
            if number % 100 != 67:
                expressed = feeling + face_rng.normal(0, _FACE_ERROR)
                seen = number % 100 != 27
                table = synthetic_face.show(face, expressed[0], expressed[1], seconds, face_rng, seen=seen)
                text = synthetic_face.openface_text(table)
                (folder / "openface" / f"{clip_id}.csv").write_text(text, encoding="ascii", newline="\n")

            emotion = _QUADRANTS[feeling[0] > 0, feeling[1] > 0]
            rows.append((clip_id, name, "female" if female else "male", *ratings, emotion))
            if progress:
                progress(number + 1, total, clip_id)
    columns = ["clip_id", "speaker", "gender", "arousal", "valence", "emotion"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / _CLIPS, index=False, float_format="%.4f", lineterminator="\n")


def _feel(leniency: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A clip's (arousal, valence) in standard deviations, and what the raters make of it on average, from 1 to 5.

    Each rater answers both scales with a whole number, after a leniency of his own and an error in each answer.
    """
    covariance = [[1, _CORRELATION], [_CORRELATION, 1]]
    feeling = np.clip(rng.multivariate_normal([0, 0], covariance, method="cholesky"), -2.5, 2.5)
    answers = 3 + 0.85 * feeling + leniency[:, None] + rng.normal(0, 0.7, (leniency.size, 2))
    return feeling, np.clip(np.round(answers), 1, 5).mean(axis=0)


def _write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(synthetic_voice.RATE)
        file.writeframes(samples.astype("<i2").tobytes())
