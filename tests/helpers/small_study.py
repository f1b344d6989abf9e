"""Small corpora of tables with a study of them, and runs of studies: the one place where tests make and run them.

`write_study` puts any tables and any study into a folder; `small_release` is the corpus that most tests share. A study
given by path or name is run by `run`. What comes back knows its own folder and tables.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

from avbaselines.catalog import find
from avbaselines.corpora.corpus import Corpus
from avbaselines.experiment.fitting.run_options import RunOptions
from avbaselines.experiment.protocol_run import ProtocolRun
from avbaselines.experiment.study_plan import prepare
from avbaselines.experiment.study_run import StudyResult, execute
from avbaselines.study import Study, load_study

MOODS = np.array(["glad", "sad", "mad"])


@dataclass(frozen=True)
class SmallRun:
    """A finished run: what it returned, what it was planned from, and the tables it wrote."""

    result: StudyResult
    planned: ProtocolRun

    @property
    def folder(self) -> Path:
        return self.result.folder

    @property
    def corpus(self) -> Corpus:
        return self.planned.corpus

    @property
    def computed(self) -> int:
        return self.result.computed

    def results(self, **wanted: str) -> pd.DataFrame:
        """Rows of results.csv, those alone whose columns have the values wanted; empty texts stay empty."""
        table = self.table("results.csv")
        for column, value in wanted.items():
            table = table[table[column] == value]
        return table

    def predictions(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "predictions.parquet")

    def table(self, name: str) -> pd.DataFrame:
        """A csv file of the run folder; splits are texts, and only empty cells are missing numbers."""
        return read_table(self.folder / name)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


def read_table(path: Path) -> pd.DataFrame:
    """A csv file as runs write them: splits are texts, and only empty cells of number columns are missing."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={"split": str})


def run(
    study: str | Path,
    out: Path,
    *overrides: str,
    data: Path | None = None,
    protocols: Sequence[str] = ("honest",),
    only: Iterable[str] = (),
    identity: bool = False,
    **options: Any,
) -> SmallRun:
    """Run a study, given by path or by the name it ships under; `options` are those of `RunOptions`."""
    path = find("studies", str(study))
    runs = prepare(load_study(path, overrides), path, data, list(protocols), only=only, identity=identity)
    return SmallRun(execute(runs, out, RunOptions(**options)), runs[0])


@dataclass(frozen=True)
class SmallStudy:
    """A folder with tables and a study file of them."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "study.toml"

    def load(self, *overrides: str) -> Study:
        return load_study(self.path, overrides)

    def prepare(self, *overrides: str, only: Iterable[str] = ()) -> ProtocolRun:
        """Corpus and plan under the honest protocol, as a run would have them; nothing is fitted."""
        return prepare(self.load(*overrides), self.path, None, ["honest"], only=only)[0]

    def run(self, *overrides: str, out: str | Path = "run", **options: Any) -> SmallRun:
        """Run it into a folder below its own (or, where `out` is an absolute path, there)."""
        return run(self.path, self.folder / out, *overrides, **options)

    def clips(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "clips.csv", dtype={"clip_id": str})

    def change(self, **columns: Any) -> pd.DataFrame:
        """Give columns of clips.csv new values (arrays, or functions of the table); the table as it was comes back."""
        before = self.clips()
        before.assign(**columns).to_csv(self.folder / "clips.csv", index=False)
        return before

    def copy(self, folder: Path) -> "SmallStudy":
        """The same in another folder, finished runs included."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return SmallStudy(folder)


def people(speakers: int, clips: int, tested: int | None = None) -> pd.DataFrame:
    """Clips c0, c1 ... of speakers s0, s1 ..., as many of each.

    Columns: clip_id; speaker; fold, three of them by speaker; partition, ``test`` for the last `tested` speakers (by
    default a third of them) and ``train`` for the others.
    """
    speaker = np.repeat(np.arange(speakers), clips)
    tested = speakers // 3 if tested is None else tested
    return pd.DataFrame(
        {
            "clip_id": [f"c{number}" for number in range(len(speaker))],
            "speaker": [f"s{number}" for number in speaker],
            "fold": speaker % 3,
            "partition": np.where(speaker < speakers - tested, "train", "test"),
        }
    )


def write_study(
    folder: Path, clips: pd.DataFrame, tables: Mapping[str, pd.DataFrame] | None = None, **sections: Any
) -> SmallStudy:
    """Write clips.csv, a file of each modality, and study.toml.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    clips : DataFrame
        A row a clip; ``clip_id`` and what the study names.
    tables : mapping of str to DataFrame
        Features by modality, with the ids in the index. A name such as ``"face.csv"`` says the format, npz where it
        says none; columns that are numbers stay without names.
    **sections
        Of the study file. By default a table corpus grouped by speaker in the column ``fold``'s folds, with ridge
        alone and three inner folds, and a modality of each table. A section that is given replaces the default one,
        but for ``corpus`` and ``systems``, whose keys are added to the default ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clips.to_csv(folder / "clips.csv", index=False)
    modalities = {}
    for name, table in (tables or {}).items():
        modality, _, ending = name.partition(".")
        modalities[modality] = f"{modality}.{ending or 'npz'}"
        write_features(folder / modalities[modality], table)
    study = {"title": "small", "split": {"folds": "fold"}, "modalities": modalities} | sections
    study["corpus"] = {"reader": "table", "clips": "clips.csv", "group": "speaker"} | sections.get("corpus", {})
    study["systems"] = {"learners": ["ridge"], "inner_folds": 3} | sections.get("systems", {})
    (folder / "study.toml").write_text(tomli_w.dumps({key: value for key, value in study.items() if value}), "utf-8")
    return SmallStudy(folder)


def write_features(path: Path, table: pd.DataFrame) -> None:
    """A table of features, ids in its index, as npz, csv or parquet."""
    if path.suffix == ".npz":
        named = {} if isinstance(table.columns, pd.RangeIndex) else {"columns": list(table.columns)}
        np.savez(path, clip_id=table.index.to_numpy(str), X=table.to_numpy(np.float32), **named)
    else:
        written = table.rename_axis("clip_id").reset_index()
        written.to_csv(path, index=False) if path.suffix == ".csv" else written.to_parquet(path, index=False)


REPORTED = {"system": "LSTM", "target": "arousal", "metric": "ccc", "value": 0.5, "source": "Table 1"}


def small_release(folder: Path, seed: int = 0, speakers: int = 12, clips: int = 12) -> SmallStudy:
    """A corpus whose audio knows arousal and whose face knows the mood; a tenth of the faces is missing."""
    rng, table = np.random.default_rng(seed), people(speakers, clips)
    n, speaker = len(table), np.repeat(np.arange(speakers), clips)
    arousal, mood = rng.normal(size=n), rng.integers(0, 3, n)
    audio = arousal[:, None] * [1, 0.5, 0, 0] + 0.5 * rng.normal(size=(speakers, 4))[speaker] + rng.normal(size=(n, 4))
    face = np.eye(3)[mood] * 2 + rng.normal(size=(n, 3))
    seen = rng.permutation(n) >= n // 10
    table = table.assign(arousal=np.clip(3 + arousal * 0.7, 1, 5), mood=MOODS[mood])
    ids = table["clip_id"]
    return write_study(
        folder,
        table,
        {
            "audio": pd.DataFrame(audio, index=ids, columns=list("abcd")),
            "face": pd.DataFrame(face[seen], index=ids[seen], columns=list("efg")),
        },
        targets={"arousal": {"metric": "ccc", "range": [1, 5]}, "mood": {"metric": "uar"}},
        systems={"transductive": ["ridge"]},
        reported=[REPORTED],
    )
