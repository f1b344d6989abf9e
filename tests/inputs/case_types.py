"""Types of the table of inputs: a small study, what is done to it, and what has to come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.corpus import Corpus
from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus import load_corpus
from avbaselines.study import load_study

STUDY = """
title = "mine"
[corpus]
reader = "table"
clips = "clips.csv"
group = "speaker"
[split]
column = "part"
train = ["train"]
dev = ["dev"]
test = ["test"]
[targets]
arousal = { metric = "ccc", range = [1, 5] }
mood = { metric = "uar" }
[modalities]
audio = "audio.npz"
face = "face.csv"
"""
DEEP = "predictions.deep='deep.csv'"
ID = [f"ré_{number:03d}" for number in range(12)]


@dataclass
class Small:
    """A study of twelve clips of six speakers, in memory until it is written.

    Attributes
    ----------
    clips, face, deep : DataFrame
        Labels, a feature table of three columns, predictions.
    audio : dict of str to ndarray
        Arrays of an npz of three columns.
    files : dict of str to bytes
        Files that are written as they are, in place of those above where they have their names.
    study : str
    """

    clips: pd.DataFrame
    face: pd.DataFrame
    deep: pd.DataFrame
    audio: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)
    study: str = STUDY

    def write(self, folder: Path) -> None:
        """Write the study and its tables."""
        (folder / "study.toml").write_text(self.study, encoding="utf-8")
        for name, table in (("clips", self.clips), ("face", self.face), ("deep", self.deep)):
            table.to_csv(folder / f"{name}.csv", index=False)
        np.savez(folder / "audio.npz", **self.audio)
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


def small() -> Small:
    """The study as it should be."""
    rng = np.random.default_rng(0)
    clips = pd.DataFrame(
        {
            "clip_id": ID,
            "speaker": np.repeat([f"s{number:02d}" for number in range(1, 7)], 2),
            "part": np.repeat(["train", "train", "train", "dev", "test", "test"], 2),
            "arousal": [1.5, 3.0, 2.25, 4.5, 3.75, 1.25, 2.5, 4.0, 1.75, 3.5, 4.25, 2.75],
            "mood": ["sad", "glad"] * 6,
        }
    )
    face = pd.DataFrame({"clip_id": ID, **{f"au{number}": rng.normal(0, 1, 12).round(4) for number in (1, 2, 3)}})
    deep = pd.DataFrame({"clip_id": ID, "arousal": rng.uniform(1, 5, 12).round(2), "glad": 0.25, "sad": 0.75})
    audio = {"clip_id": np.array(ID), "X": rng.normal(0, 1, (12, 3)), "columns": np.array(["a", "b", "c"])}
    return Small(clips, face, deep, audio)


def load(folder: Path, settings: tuple[str, ...]) -> Corpus:
    """The corpus of a study that was written to a folder."""
    path = folder / "study.toml"
    return load_corpus(load_study(path, settings), path)


@lru_cache
def undisturbed(settings: tuple[str, ...]) -> Corpus:
    """The corpus of the small study with nothing done to it."""
    folder = Path(mkdtemp())
    small().write(folder)
    return load(folder, settings)


@dataclass(frozen=True)
class Refused:
    """The corpus is refused, in a message of one or two lines with these words."""

    words: tuple[str, ...]

    def check(self, folder: Path, settings: tuple[str, ...]) -> None:
        with pytest.raises(InputError) as error:
            load(folder, settings)
        told = str(error.value)
        assert told.count("\n") < 2
        for word in self.words:
            assert word in told, told


@dataclass(frozen=True)
class Loads:
    """The corpus is read, with a right value and with words in its notes.

    Attributes
    ----------
    of : callable, optional
        What to look at.
    value : object
        What it has to be; numbers to 1e-6.
    notes, unsaid : tuple of str
        Words that stand in the notes, and words that do not.
    """

    of: Callable[[Corpus], Any] | None = None
    value: Any = None
    notes: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()

    def check(self, folder: Path, settings: tuple[str, ...]) -> None:
        corpus = load(folder, settings)
        told = "\n".join(corpus.notes)
        if self.of is not None:
            assert_same(self.of(corpus), self.value)
        for word in self.notes:
            assert word in told, told
        for word in self.unsaid:
            assert word not in told, told


@dataclass(frozen=True)
class Same(Loads):
    """The corpus is read as if nothing had been done to it; ``reference`` are settings to read that one by."""

    reference: tuple[str, ...] = ()

    def check(self, folder: Path, settings: tuple[str, ...]) -> None:
        super().check(folder, settings)
        corpus, right = load(folder, settings), undisturbed(self.reference)
        assert corpus.groups.tolist() == right.groups.tolist()
        assert [target.classes for target in corpus.targets] == [target.classes for target in right.targets]
        for name, values in right.y.items():
            assert_same(corpus.y[name], values)
        for name, modality in right.modalities.items():
            assert_same(corpus.modalities[name].X, modality.X)
        for name, prediction in right.predictions.items():
            for target, values in prediction.values.items():
                assert_same(corpus.predictions[name].values[target], values)
        for ours, theirs in zip(corpus.splits, right.splits, strict=True):
            assert ours.test.tolist() == theirs.test.tolist()


def assert_same(value: Any, right: Any) -> None:
    """Numbers to 1e-6, NaN beside NaN; anything else to the letter."""
    if isinstance(right, float | np.ndarray) or (isinstance(right, list) and right and isinstance(right[0], float)):
        np.testing.assert_allclose(value, right, atol=1e-6)
    else:
        assert value == right


Expected = Refused | Loads


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes
    ----------
    name, kind : str
    make : callable
        Does it to the small study.
    expect : Refused, Loads or Same
    settings : tuple of str
        Keys of the study set otherwise.
    point : int or None
        Of the list of faults that the table grew from.
    own : bool
        Thought of here rather than met elsewhere.
    """

    name: str
    kind: str
    make: Callable[[Small], None]
    expect: Expected
    settings: tuple[str, ...] = ()
    point: int | None = None
    own: bool = False

    def check(self, folder: Path) -> None:
        """Build the input and look at what comes of it."""
        study = small()
        self.make(study)
        study.write(folder)
        self.expect.check(folder, self.settings)


def nothing(study: Small) -> None:
    """Leave the study as it is."""


def clips(**columns: Any) -> Callable[[Small], None]:
    """Columns of the clips table set."""
    return lambda study: setattr(study, "clips", study.clips.assign(**columns))


def face(**columns: Any) -> Callable[[Small], None]:
    """Columns of the feature table set."""
    return lambda study: setattr(study, "face", study.face.assign(**columns))


def deep(**columns: Any) -> Callable[[Small], None]:
    """Columns of the predictions set."""
    return lambda study: setattr(study, "deep", study.deep.assign(**columns))


def audio(**arrays: Any) -> Callable[[Small], None]:
    """Arrays of the npz set."""
    return lambda study: study.audio.update(arrays)


def written(name: str, content: Callable[[Small], bytes | str]) -> Callable[[Small], None]:
    """A file written as it is."""

    def make(study: Small) -> None:
        data = content(study)
        study.files[name] = data.encode() if isinstance(data, str) else data

    return make


def all_of(*makes: Callable[[Small], None]) -> Callable[[Small], None]:
    """Several changes, one after the other."""

    def make(study: Small) -> None:
        for part in makes:
            part(study)

    return make
