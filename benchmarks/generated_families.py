"""Three families of generated corpora for the ablation: small with sequences, heavy-tailed, wide and of low rank.

They have what makes a corpus hard (speakers with levels of their own, several modalities that each know a part, labels
with noise) and nothing else in common with one: they show which default breaks where, not how well emotions are told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tomli_w

__all__ = ["FAMILIES", "Family", "write_family"]


@dataclass(frozen=True)
class Family:
    """A generated corpus: how its tables are drawn, and what its study says beside them.

    Attributes
    ----------
    draw
        From a generator and a share of the clips (1 for all) to clips.csv and the array of each modality, shape
        (clips, columns) or (clips, steps, columns).
    split
        The section of the study.
    targets
        The section of the study.

    Examples
    --------
    >>> sorted(FAMILIES)
    ['heavy', 'small', 'wide']
    """

    draw: Callable[[np.random.Generator, float], tuple[pd.DataFrame, Mapping[str, np.ndarray]]]
    split: Mapping[str, object]
    targets: Mapping[str, Mapping[str, object]]


def write_family(name: str, folder: Path, seed: int = 0, share: float = 1.0) -> Path:
    """Write the tables of a family and a study of them.

    Parameters
    ----------
    name
        Key of `FAMILIES`.
    folder
        Made where it is not there.
    seed
    share
        Of the clips that the family has, to be quick.

    Returns
    -------
    Path
        The study file.

    Examples
    --------
    >>> import tempfile
    >>> write_family("small", Path(tempfile.mkdtemp()), share=0.2).name
    'study.toml'
    """
    family, study = FAMILIES[name], folder / "study.toml"
    clips, tables = family.draw(np.random.default_rng([seed, sorted(FAMILIES).index(name)]), share)
    folder.mkdir(parents=True, exist_ok=True)
    clips.to_csv(folder / "clips.csv", index=False)
    for modality, X in tables.items():
        np.savez(folder / f"{modality}.npz", clip_id=clips["clip_id"].to_numpy(str), X=X.astype(np.float32))
    content = {
        "title": f"Generated: {name}",
        "corpus": {"reader": "table", "clips": "clips.csv", "group": "speaker"},
        "split": dict(family.split),
        "targets": {target: dict(options) for target, options in family.targets.items()},
        "modalities": {modality: f"{modality}.npz" for modality in tables},
    }
    study.write_text(tomli_w.dumps(content), encoding="utf-8")
    return study


def _people(n: int, speakers: int, rng: np.random.Generator) -> np.ndarray:
    """Codes of the speaker of each clip: some say more than others."""
    shares = rng.dirichlet(np.full(speakers, 8.0))
    codes = np.concatenate([np.arange(speakers), rng.choice(speakers, size=n - speakers, p=shares)])
    return np.sort(codes)


def _table(speaker: np.ndarray, **columns: np.ndarray) -> pd.DataFrame:
    ids = [f"c{number:05d}" for number in range(len(speaker))]
    return pd.DataFrame({"clip_id": ids, "speaker": [f"s{code:03d}" for code in speaker], **columns})


def _rating(latent: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Mean ratings 1 to 5."""
    return np.clip(3 + 0.8 * (latent + noise * rng.normal(size=len(latent))), 1, 5).round(3)


def _small(rng: np.random.Generator, share: float) -> tuple[pd.DataFrame, Mapping[str, np.ndarray]]:
    """300 clips of 27 speakers with sequences of audio and face; a fifth of the faces is missing."""
    n, speakers, steps = max(60, round(300 * share)), 27 if share == 1 else 12, 25
    speaker = _people(n, speakers, rng)
    level = rng.normal(size=(speakers, 45))
    arousal, valence = rng.normal(size=(2, n))
    # Arousal is in the level and the spread of the voice over time, valence in how a smile rises and falls.
    time = np.linspace(0, 1, steps)
    audio = rng.normal(size=(n, steps, 25)) * np.exp(0.25 * arousal)[:, None, None]
    audio += (arousal[:, None] * rng.normal(size=25) * 0.35 + 0.8 * level[speaker, :25])[:, None, :]
    face = rng.normal(size=(n, steps, 20)) + 0.8 * level[speaker, 25:][:, None, :]
    rises = np.clip(valence, 0, None)[:, None] * np.sin(np.pi * time)
    face += rises[:, :, None] * np.abs(rng.normal(size=20)) + 0.3 * (valence[:, None] * rng.normal(size=20))[:, None, :]
    face[rng.permutation(n) < n // 5] = np.nan
    clips = _table(speaker, arousal=_rating(arousal, 0.7, rng), valence=_rating(valence, 0.7, rng))
    return clips, {"audio": audio, "face": face}


def _heavy(rng: np.random.Generator, share: float) -> tuple[pd.DataFrame, Mapping[str, np.ndarray]]:
    """3,000 clips of 120 films: heavy-tailed features, skewed ratings, steps and interactions."""
    n, films = max(120, round(3000 * share)), 120 if share == 1 else 15
    film = _people(n, films, rng)
    latent = rng.normal(size=(n, 6)) + 0.6 * rng.normal(size=(films, 6))[film]
    arousal = latent[:, 0] + (latent[:, 1] > 0.5) + 0.5 * np.tanh(latent[:, 2] * latent[:, 3])
    valence = latent[:, 4] * (latent[:, 1] > -0.5) + 0.5 * latent[:, 5]
    tables = {}
    for modality, width, seen in (("voice", 60, [0, 1, 2]), ("face", 40, [3, 4]), ("scene", 30, [1, 5])):
        mixed = latent[:, seen] @ rng.normal(size=(len(seen), width)) + 1.2 * rng.normal(size=(n, width))
        mixed += 0.5 * rng.normal(size=(films, width))[film]
        tails = np.where(rng.random(width) < 0.6, 1.6, 0.3)  # most columns are log-normal, as energies and counts are
        gross = rng.standard_t(1.3, size=(n, width)) * (rng.random((n, width)) < 0.02)
        tables[modality] = np.sign(mixed) * np.expm1(tails * np.abs(mixed)) + 50 * gross
    skewed = _rating(np.expm1(0.7 * (arousal - arousal.mean()) / arousal.std()) - 0.5, 0.5, rng)
    valence = _rating((valence - valence.mean()) / valence.std(), 0.8, rng)
    place = np.random.default_rng(1).permutation(films)[film] / films
    part = np.where(place < 0.6, "train", np.where(place < 0.8, "dev", "test"))
    return _table(film, partition=part, arousal=skewed, valence=valence), tables


def _wide(rng: np.random.Generator, share: float) -> tuple[pd.DataFrame, Mapping[str, np.ndarray]]:
    """926 clips of 27 speakers: 1,024 columns of a network, of low rank, mostly about who speaks."""
    n, speakers, rank = max(90, round(926 * share)), 27 if share == 1 else 12, 48
    speaker, width = _people(n, speakers, rng), 1024 if share == 1 else 128
    mood = rng.integers(0, 4, n)
    means = np.zeros((4, rank))
    means[:, 8:20] = 0.75 * rng.normal(size=(4, 12))
    latent = means[mood] + 1.5 * rng.normal(size=(speakers, rank))[speaker] + rng.normal(size=(n, rank))
    scales = np.exp(-np.arange(rank) / 16)  # what matters is not where the variance is
    X = (latent * scales) @ rng.normal(size=(rank, width)) / np.sqrt(rank)
    X = np.maximum(X, 0) + 0.05 * rng.normal(size=(n, width))
    return _table(speaker, emotion=np.array(["angry", "happy", "neutral", "sad"])[mood]), {"network": X}


FOLDS = {"group_kfold": 3}
BY_PARTITION = {"column": "partition", "train": ["train"], "dev": ["dev"], "test": ["test"]}
RATINGS = {"arousal": {"metric": "ccc", "range": [1, 5]}, "valence": {"metric": "ccc", "range": [1, 5]}}
FAMILIES = {
    "small": Family(_small, FOLDS, RATINGS),
    "heavy": Family(_heavy, BY_PARTITION, RATINGS),
    "wide": Family(_wide, FOLDS, {"emotion": {"metric": "uar"}}),
}
