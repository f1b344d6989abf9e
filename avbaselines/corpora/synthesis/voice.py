"""Simulated voices: a glottal source through moving formants.

A source-filter synthesiser after Fant (1960) and Klatt (1980, "Software for a cascade/parallel formant synthesizer",
JASA 67). Emotion moves the voice the way the literature has it (Scherer 2003, "Vocal communication of emotion"):
arousal raises pitch, pitch range, loudness, tempo, jitter and high-frequency energy; valence only leans on pitch range,
the final contour and, by the smile, on the formants. Speakers differ by more than emotion moves any of them.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # scipy.signal is loaded when a voice or a face is made: a study is read without it

RATE = 16_000
"""Samples a second of every recording."""

_FRAME = 80  # samples between two settings of the formants: 5 ms
_OVERSAMPLING = 2  # the glottal closure is sharp; sampled at 16 kHz its aliases would sound like hoarseness
_SILENCE = 0.08  # seconds before and after the speech
_LOUDEST = 0.98  # full scale is 1; openSMILE wraps samples that reach it

# F1 to F3 in Hz of men's vowels (Peterson & Barney 1952, table II): i, e, ae, a, o, u, uh
_VOWELS = np.array(
    [
        [270, 2290, 3010],
        [530, 1840, 2480],
        [660, 1720, 2410],
        [730, 1090, 2440],
        [570, 840, 2410],
        [300, 870, 2240],
        [640, 1190, 2390],
    ],
    dtype=float,
)
_HIGHER_FORMANTS = np.array([3500.0, 4500.0])
_BANDWIDTHS = np.array([70.0, 90.0, 130.0, 200.0, 280.0])


@dataclass(frozen=True)
class VoiceTraits:
    """A speaker's voice before any emotion.

    Attributes
    ----------
    pitch
        Base pitch in Hz.
    tract
        Factor on all formants; 1 is the average man's vocal tract, larger is shorter.
    level
        Habitual level with the distance to the microphone, in dB.
    brightness
        Corner of the source's low-pass in octaves above 1.2 kHz: the spectral tilt.
    tempo
        Syllables a second.
    liveliness
        Factor on the pitch range.
    roughness
        Relative jitter of the glottal cycle; shimmer is five times that.
    expressiveness
        Factor on all that emotion does to this voice.

    Examples
    --------
    >>> voice = VoiceTraits(pitch=200.0, tract=1.16, level=0.0, brightness=0.0, tempo=4.3, liveliness=1.0,
    ...                     roughness=0.008, expressiveness=1.0)
    >>> voice.pitch
    200.0
    """

    pitch: float
    tract: float
    level: float
    brightness: float
    tempo: float
    liveliness: float
    roughness: float
    expressiveness: float


def draw_traits(rng: np.random.Generator, female: bool) -> VoiceTraits:
    """Draw a speaker's voice.

    Parameters
    ----------
    female
        Women are drawn around 205 Hz and formants 16 % higher, men around 118 Hz.

    Examples
    --------
    >>> woman, man = (draw_traits(np.random.default_rng(0), female) for female in (True, False))
    >>> woman.pitch > man.pitch
    True
    """
    return VoiceTraits(
        pitch=(205.0 if female else 118.0) * 2 ** (rng.normal(0, 2.2) / 12),
        tract=(1.16 if female else 1.0) * np.exp(rng.normal(0, 0.04)),
        level=rng.normal(0, 4.0),
        brightness=rng.normal(0, 0.6),
        tempo=4.3 * np.exp(rng.normal(0, 0.14)),
        liveliness=np.exp(rng.normal(0, 0.3)),
        roughness=0.008 * np.exp(rng.normal(0, 0.4)),
        expressiveness=np.exp(rng.normal(0, 0.2)),
    )


def speak(traits: VoiceTraits, arousal: float, valence: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Synthesise one clip.

    Parameters
    ----------
    arousal, valence
        What the voice expresses, in standard deviations.
    seconds
        Length of the clip.

    Returns
    -------
    numpy.ndarray
        Mono samples at `RATE`, int16, shape (round(seconds * RATE),), no sample at full scale.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> speak(draw_traits(rng, female=True), arousal=1.0, valence=0.0, seconds=0.5, rng=rng).shape
    (8000,)
    """
    arousal, valence = traits.expressiveness * arousal, traits.expressiveness * valence
    frames = int(np.ceil(seconds * RATE / _FRAME))
    times = np.arange(frames) * _FRAME / RATE
    tempo = traits.tempo * np.exp(0.11 * arousal + rng.normal(0, 0.08))
    onsets, ends = _syllables(tempo, seconds, rng)

    pitch = _pitch(traits, arousal, valence, times, onsets, ends, rng)
    voicing, friction = _envelopes(times, onsets, ends, rng)
    formants = _formants(traits, valence, times, onsets, rng)

    corner = 1200.0 * 2 ** (traits.brightness + 0.4 * arousal + 0.15 * valence + rng.normal(0, 0.15))
    roughness = traits.roughness * np.exp(0.25 * arousal - 0.25 * valence + rng.normal(0, 0.2))
    breath = 0.03 * np.exp(-0.25 * arousal + rng.normal(0, 0.2))
    source = _glottal_source(pitch, roughness, open_quotient=np.clip(0.62 - 0.04 * arousal, 0.4, 0.8), rng=rng)
    pole = np.exp(-2 * np.pi * corner / RATE)
    source = scipy.signal.lfilter([1 - pole], [1, -pole], source)
    source /= np.sqrt(np.mean(source**2))

    at = np.arange(frames * _FRAME) / RATE
    noise = rng.normal(size=at.size)
    excitation = np.interp(at, times, voicing) * (source + breath * noise)
    wave = _resonate(excitation, formants)
    wave /= np.sqrt(np.mean(wave**2))
    hiss = np.diff(noise, prepend=0.0)  # first difference: fricatives are bright
    wave += 0.12 * np.interp(at, times, friction) * hiss

    level = -33.0 + traits.level + 2.4 * arousal + rng.normal(0, 1.0)
    wave = wave * 10 ** (level / 20) + 10 ** (-66 / 20) * rng.normal(size=at.size)
    wave = np.clip(wave[: round(seconds * RATE)], -_LOUDEST, _LOUDEST)
    return np.round(wave * 32767).astype(np.int16)


def _syllables(tempo: float, seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Onset and end in seconds of each syllable's vowel; the consonant lies before its onset."""
    spoken = seconds - 2 * _SILENCE
    count = max(3, round(spoken * tempo))
    lengths = np.exp(rng.normal(0, 0.18, count))
    edges = _SILENCE + spoken * np.concatenate([[0.0], np.cumsum(lengths) / lengths.sum()])
    consonants = rng.uniform(0.2, 0.38, count)
    return edges[:-1] + consonants * np.diff(edges), edges[1:]


def _pitch(
    traits: VoiceTraits,
    arousal: float,
    valence: float,
    times: np.ndarray,
    onsets: np.ndarray,
    ends: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Pitch in Hz at each frame: base, declination, an accent on each syllable, and where the last one goes."""
    base = 12 * np.log2(traits.pitch) + 1.7 * arousal + 0.3 * valence + rng.normal(0, 0.6)
    span = 1.3 * traits.liveliness * np.exp(0.16 * arousal + 0.25 * valence)
    accents = span * rng.normal(0, 1, onsets.size)
    accents[-1] += 0.9 * valence
    middles = (onsets + ends) / 2
    semitones = base - 1.5 * (times - times.mean()) + np.interp(times, middles, accents)
    return np.clip(2 ** (semitones / 12), 60.0, 600.0)


def _envelopes(
    times: np.ndarray, onsets: np.ndarray, ends: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes of voicing and of friction at each frame, both within about [0, 1]."""
    rise, fall = 0.02, 0.03
    stress = np.exp(rng.normal(0, 0.25, onsets.size))
    inside = np.clip((times[:, None] - onsets) / rise, 0, 1) * np.clip((ends - times[:, None]) / fall, 0, 1)
    voicing = (stress * inside).max(axis=1)
    voiced_consonants = rng.random(onsets.size) < 0.45
    starts = np.concatenate([[_SILENCE], ends[:-1]])
    before = (times[:, None] >= starts) & (times[:, None] < onsets)
    murmur = (before & voiced_consonants).any(axis=1)
    friction = (before & ~voiced_consonants).any(axis=1).astype(float)
    return np.maximum(voicing, 0.18 * murmur), np.convolve(friction, np.ones(5) / 5, mode="same")


def _formants(
    traits: VoiceTraits, valence: float, times: np.ndarray, onsets: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Formant frequencies in Hz, shape (frames, 5), gliding from vowel to vowel."""
    vowels = _VOWELS[rng.integers(len(_VOWELS), size=onsets.size)]
    targets = np.column_stack([vowels, np.tile(_HIGHER_FORMANTS, (onsets.size, 1))])
    smile = np.exp(0.03 * valence * np.array([0.5, 1.0, 1.0, 0.5, 0.5]))  # spread lips shorten the tract
    targets = targets * traits.tract * smile * np.exp(rng.normal(0, 0.02, targets.shape))
    # each vowel is held for a while: two knots a syllable
    knots = np.column_stack([onsets, onsets + 0.06]).ravel()
    knots = np.maximum.accumulate(knots)
    held = np.repeat(targets, 2, axis=0)
    tracks = np.column_stack([np.interp(times, knots, held[:, i]) for i in range(held.shape[1])])
    return np.minimum(tracks, 0.47 * RATE)


def _glottal_source(pitch: np.ndarray, roughness: float, open_quotient: float, rng: np.random.Generator) -> np.ndarray:
    """Derivative of the glottal flow: Rosenberg's pulse C (1971) with jitter and shimmer, at `RATE`."""
    step = _OVERSAMPLING * _FRAME
    rate = _OVERSAMPLING * RATE
    pitch = np.interp(np.arange(pitch.size * step), np.arange(pitch.size) * step, pitch)
    cycle = np.floor(np.cumsum(pitch) / rate).astype(int)
    jitter = np.clip(1 + roughness * rng.normal(size=cycle[-1] + 1), 0.7, 1.3)
    phase = np.cumsum(pitch * jitter[cycle]) / rate
    cycle = np.floor(phase).astype(int)
    shimmer = np.clip(1 + 5 * roughness * rng.normal(size=cycle[-1] + 1), 0.3, 1.7)
    phase -= cycle
    opening, closing = 0.7 * open_quotient, 0.3 * open_quotient
    flow = np.where(
        phase < opening,
        0.5 * (1 - np.cos(np.pi * phase / opening)),
        np.cos(np.pi / 2 * np.clip((phase - opening) / closing, 0, 1)),
    )
    return scipy.signal.resample_poly(np.diff(shimmer[cycle] * flow, prepend=0.0), 1, _OVERSAMPLING)


def _resonate(excitation: np.ndarray, formants: np.ndarray) -> np.ndarray:
    """Cascade of Klatt's digital resonators, set anew each frame, their memory carried over."""
    radius = np.exp(-np.pi * _BANDWIDTHS / RATE)
    b = 2 * radius * np.cos(2 * np.pi * formants / RATE)
    c = np.broadcast_to(-(radius**2), b.shape)
    zero = np.zeros_like(b)
    sections = np.stack([1 - b - c, zero, zero, zero + 1, -b, -c], axis=-1)
    state = np.zeros((formants.shape[1], 2))
    out = np.empty_like(excitation)
    for frame, section in enumerate(sections):
        part = slice(frame * _FRAME, (frame + 1) * _FRAME)
        out[part], state = scipy.signal.sosfilt(section, excitation[part], zi=state)
    return out
