"""Files of other tools: openSMILE and audformat, folders of arrays, saved data sets, containers, parts of tables."""

import io
import json
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from case_types import ID, Case, Loads, Refused, Same, Small, all_of, nothing, written

FILES = [f"wav/{clip}.wav" for clip in ID]
SEGMENT_IDS = [f"{name}@{start}.000-{start + 1}.000" for name in FILES[::2] for start in (0, 1)]
STEPS = {f"f{number}": np.arange(36.0) + number for number in range(2)}
FACE = ["au1", "au2", "au3"]


def files(**made):
    """Files written as they are, some of them made of the study."""

    def make(study: Small) -> None:
        for name, content in made.items():
            data = content(study) if callable(content) else content
            place = name.replace("__", "/").replace("_DOT_", ".")
            study.files[place] = data.encode() if isinstance(data, str) else data

    return make


def npy(array, **options) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def folder_of(arrays, name="face"):
    """A folder with an .npy a clip."""

    def make(study: Small) -> None:
        for clip, array in zip(ID, arrays(study), strict=True):
            study.files[f"{name}/{clip}.npy"] = array if isinstance(array, bytes) else npy(array)

    return make


def values(study: Small) -> np.ndarray:
    return study.face[FACE].to_numpy(float)


def parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def arrow(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


def saved(table: pa.Table, place: str, features=None) -> dict[str, bytes]:
    """What ``datasets`` writes for one split by save_to_disk."""
    return {
        f"{place}/data-00000-of-00001.arrow": arrow(table),
        f"{place}/state.json": json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}).encode(),
        f"{place}/dataset_info.json": json.dumps({"features": features or {}}).encode(),
    }


MOODS = {"mood": {"names": ["glad", "sad"], "_type": "ClassLabel"}}


def saved_clips(study: Small) -> None:
    """The clips as a data set of three splits, moods as class labels."""
    study.files["set/dataset_dict.json"] = json.dumps({"splits": ["train", "dev", "test"]}).encode()
    for part in ("train", "dev", "test"):
        rows = study.clips[study.clips["part"] == part].drop(columns="part")
        rows = rows.assign(mood=(rows["mood"] == "sad").astype(int))
        study.files |= saved(pa.Table.from_pandas(rows, preserve_index=False), f"set/{part}", MOODS)


def vectors(study: Small, rows=slice(None), name="vector") -> pa.Table:
    return pa.table({"clip_id": ID[rows], name: values(study)[rows].tolist()})


def shards(study: Small) -> None:
    for number, rows in enumerate((slice(0, 5), slice(5, None))):
        study.files[f"face/test-0000{number}-of-00002.parquet"] = parquet(vectors(study, rows))


def by_part(study: Small) -> None:
    """The clips in a file a part, without saying so in the rows."""
    for part in ("train", "dev", "test"):
        rows = study.clips[study.clips["part"] == part].drop(columns="part")
        study.files[f"{part}.csv"] = rows.to_csv(index=False).encode()


def container(study: Small) -> None:
    """Clips and features of three parts in one npz."""
    arrays = {}
    for part in ("train", "dev", "test"):
        rows = (study.clips["part"] == part).to_numpy()
        for name in ("clip_id", "speaker", "arousal", "mood"):
            arrays[f"{part}/{name}"] = study.clips.loc[rows, name].to_numpy(str if name != "arousal" else float)
        arrays[f"{part}/face"] = values(study)[rows]
    study.files["all.npz"] = npz(**arrays)


def segmented(study: Small, files_of=None, **columns) -> pd.DataFrame:
    """The features with the index of openSMILE's Python package, two segments of a file each."""
    start = pd.to_timedelta([0, 1] * 6, unit="s")
    table = study.face.drop(columns="clip_id").assign(**columns)
    index = [np.repeat(FILES[::2], 2), start, start + pd.to_timedelta(1, unit="s")]
    return table.set_index(pd.MultiIndex.from_arrays(index, names=["file", "start", "end"]))


def segment_clips(study: Small) -> bytes:
    table = segmented(study)[[]].reset_index().assign(**study.clips.drop(columns="clip_id"))
    return table.to_csv(index=False).encode()


def as_parquet(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return stream.getvalue()


def frames(name="name", ids=FILES) -> bytes:
    """Descriptors in openSMILE's own csv, three frames a recording, the last one first."""
    table = pd.DataFrame({name: np.repeat(ids, 3), "frameTime": [0.02, 0.0, 0.01] * 12, **STEPS})
    return table.to_csv(index=False, sep=";").encode()


MEANS = np.arange(36.0).reshape(12, 3).mean(axis=1)
PARTS = ("split={column='partition', train=['train'], dev=['dev'], test=['test']}",)
THREE = "corpus.clips={train='train.csv', dev='dev.csv', test='test.csv'}"
TWO = ("modalities.face=['face0.csv', 'face1.csv']",)
FOLDER = ("modalities.face=face",)


def first(corpus):
    return corpus.modalities["face"].X[:, 0].astype(float)


def mean_of_steps(corpus):
    columns = corpus.modalities["face"].columns
    return corpus.modalities["face"].X[:, columns.index("f0_mean")].astype(float)


CASES = [
    Case("filewise tables of audformat", "formats", written("face.csv", lambda s: s.face.assign(
        clip_id=FILES).rename(columns={"clip_id": "file"}).to_csv(index=False)), Same(notes=("spelt otherwise",))),
    Case("clips that are segments, features of openSMILE's package", "formats",
         all_of(files(clips_DOT_csv=segment_clips, face_DOT_csv=lambda s: segmented(s).to_csv()),
                lambda s: s.audio.update(clip_id=np.array(SEGMENT_IDS))),
         Same(notes=("ids are made of file, start and end", "start and end are no features"))),
    Case("segments as parquet with the index", "formats",
         all_of(files(clips_DOT_csv=segment_clips, face_DOT_parquet=lambda s: as_parquet(segmented(s))),
                lambda s: s.audio.update(clip_id=np.array(SEGMENT_IDS))),
         Same(), ("modalities.face=face.parquet",)),
    Case("a segment that ends before it begins", "formats",
         written("clips.csv", lambda s: segment_clips(s).replace(b"0 days 00:00:02", b"0 days 00:00:01")),
         Refused(("clips.csv: row 3 goes from 1 to 1 s", "an end after it"))),
    Case("segments in milliseconds", "formats",
         written("clips.csv", lambda s: segment_clips(s).replace(b"0 days 00:00:00", b"0").replace(
             b"0 days 00:00:01", b"1000000").replace(b"0 days 00:00:02", b"2000000")),
         Refused(("over 24 hours", "write seconds"))),
    Case("times that are none", "formats",
         written("clips.csv", lambda s: segment_clips(s).replace(b"0 days 00:00:01", b"early")),
         Refused(("column 'start': holds no times",))),
    Case("descriptors of openSMILE by frame", "formats", written("face.csv", lambda s: frames()),
         Loads(mean_of_steps, MEANS,
               notes=("frameTime are no features", "36 rows of 12 files are taken as their steps"))),
    Case("descriptors of openSMILE's package by frame", "formats",
         written("face.csv", lambda s: pd.DataFrame({
             "file": np.repeat(FILES, 3), "start": pd.to_timedelta([0, 10, 20] * 12, unit="ms"),
             "end": pd.to_timedelta([20, 30, 40] * 12, unit="ms"), **STEPS}).to_csv(index=False)),
         Loads(mean_of_steps, MEANS, notes=("taken as their steps",))),
    Case("frames of one recording without a name", "formats",
         written("face.csv", lambda s: frames(ids=["'unknown'"] * 12)), Refused(("no id column 'clip_id'",))),
    Case("a folder of .npy of one row", "folders", folder_of(values), Same(), FOLDER),
    Case("a folder of .npy of one row in two dimensions", "folders", folder_of(lambda s: values(s)[:, None]), Same(),
         FOLDER),
    Case("a folder of .npy of steps", "folders",
         folder_of(lambda s: [np.tile(row, (1 + n % 3, 1)) for n, row in enumerate(values(s))]),
         Loads(lambda c: c.modalities["face"].columns[:2], ["face_0_mean", "face_1_mean"]), FOLDER),
    Case("a folder of .npy in folders", "folders",
         lambda s: s.files.update({f"face/{n % 2}/{ID[n]}.npy": npy(row) for n, row in enumerate(values(s))}),
         Same(notes=("spelt otherwise",)), FOLDER),
    Case("an .npy of other features", "folders",
         all_of(folder_of(values), files(**{f"face/{ID[3]}_DOT_npy": npy(np.zeros(5))})),
         Refused((f"{ID[3]}.npy: has 5 features where {ID[0]}.npy has 3",)), FOLDER),
    Case("an .npy of objects", "folders",
         all_of(folder_of(values), files(**{f"face/{ID[0]}_DOT_npy": npy(np.array([{}], object), allow_pickle=True)})),
         Refused(("cannot be read as npy without pickle",)), FOLDER),
    Case("an .npy of words", "folders",
         all_of(folder_of(values), files(**{f"face/{ID[0]}_DOT_npy": npy(np.array(["a"]))})),
         Refused(("must be numbers (features,) or (steps, features)",)), FOLDER),
    Case("an .npy that is cut", "folders",
         all_of(folder_of(values), files(**{f"face/{ID[0]}_DOT_npy": npy(np.zeros(3))[:-4]})),
         Refused(("cannot be read as npy",)), FOLDER),
    Case("an empty folder", "folders", files(face__notes_DOT_txt="nothing"),
         Refused(("neither .npy files, a saved data set nor parquet shards",)), FOLDER),
    Case("clips as a saved data set with splits", "data sets", saved_clips, Same(), ("corpus.clips=set", *PARTS)),
    Case("clips as a saved data set and a column partition", "data sets",
         all_of(lambda s: setattr(s, "clips", s.clips.assign(partition="x")), saved_clips),
         Refused(("has a column 'partition', and splits",)), ("corpus.clips=set", *PARTS)),
    Case("a saved data set that names files elsewhere", "data sets",
         lambda s: s.files.update({"face/state.json": b'{"_data_files": [{"filename": "../../x.arrow"}]}'}),
         Refused(("names a file outside of it",)), FOLDER),
    Case("a saved data set that is cut", "data sets",
         lambda s: s.files.update(saved(vectors(s), "face") | {"face/data-00000-of-00001.arrow": b"x" * 9}),
         Refused(("data-00000-of-00001.arrow cannot be read",)), FOLDER),
    Case("vectors of a saved data set", "data sets", lambda s: s.files.update(saved(vectors(s), "face")), Same(),
         FOLDER),
    Case("vectors in parquet shards", "data sets", shards, Same(), FOLDER),
    Case("columns of numbers in a parquet shard", "data sets",
         lambda s: s.files.update({"face/x.parquet": parquet(pa.Table.from_pandas(s.face, preserve_index=False))}),
         Same(), FOLDER),
    Case("two columns of vectors", "data sets", lambda s: s.files.update(
        {"face/x.parquet": parquet(vectors(s).append_column("other", vectors(s).column(1)))}),
        Refused(("which of vector, other are the features", "array = 'vector'")), FOLDER),
    Case("two columns of vectors, one named", "data sets", lambda s: s.files.update(
        {"face/x.parquet": parquet(vectors(s).append_column("other", vectors(s).column(1)))}),
        Same(), ("modalities.face={path='face', array='other'}",)),
    Case("vectors of different lengths", "data sets", lambda s: s.files.update(
        {"face/x.parquet": parquet(pa.table({"clip_id": ID, "vector": [[1.0] * (1 + n % 2) for n in range(12)]}))}),
        Refused(("have different lengths",)), FOLDER),
    Case("steps of a data set", "data sets", lambda s: s.files.update({"face/x.parquet": parquet(pa.table(
        {"clip_id": ID, "f": [[[n + 1.0, 0.0]] * (1 + n % 3) for n in range(12)]}))}),
        Loads(first, 1 + np.arange(12.0)), FOLDER),
    Case("a data set without the ids", "data sets", lambda s: s.files.update(
        {"face/x.parquet": parquet(vectors(s).rename_columns(["clip", "vector"]))}),
        Refused(("no id column 'clip_id' (did you mean 'clip'?)", "modalities.NAME.id")), FOLDER),
    Case("a table for each part", "parts", by_part, Same(), (THREE, *PARTS)),
    Case("a list of tables", "parts", lambda s: s.files.update(
        {f"{n}.csv": s.clips[n::2].to_csv(index=False).encode() for n in (0, 1)}),
        Same(), ("corpus.clips=['0.csv', '1.csv']",)),
    Case("parts in a column of other values", "parts",
         all_of(lambda s: setattr(s, "clips", s.clips.assign(partition="x")), by_part),
         Refused(("has a column 'partition' with other values than 'train'",)), (THREE, *PARTS)),
    Case("a part with other columns", "parts",
         all_of(by_part, lambda s: s.files.update({"dev.csv": s.files["dev.csv"].replace(b"arousal", b"arousla")})),
         Loads(notes=("dev.csv has no column arousal, which others have",)), (THREE, *PARTS)),
    Case("a clip in two parts", "parts",
         all_of(by_part, lambda s: s.files.update({"dev.csv": s.files["train.csv"]})),
         Refused((f"clip id '{ID[0]}' occurs 2 times",)), (THREE, *PARTS)),
    Case("a part that is missing", "parts", nothing, Refused(("corpus.clips: no file", "train.csv")), (THREE, *PARTS)),
    Case("no parts at all", "parts", nothing, Refused(("must be a path, a list of paths",)), ("corpus.clips=3",)),
    Case("features in a file a part", "parts", lambda s: s.files.update(
        {f"face{n}.csv": s.face[6 * n : 6 * n + 6].to_csv(index=False).encode() for n in (0, 1)}),
        Same(), TWO),
    Case("features in files of other columns", "parts", lambda s: s.files.update(
        {f"face{n}.csv": s.face[6 * n : 6 * n + 6].rename(columns={"au1": f"x{n}"}).to_csv(index=False).encode()
         for n in (0, 1)}), Refused(("face1.csv: has other columns than face0.csv",)), TWO),
    Case("features of a clip in two files", "parts", lambda s: s.files.update(
        {f"face{n}.csv": s.face.to_csv(index=False).encode() for n in (0, 1)}),
        Refused(("occurs in several of its files",)), TWO),
    Case("a container of arrays by part", "containers", container, Same(notes=("face left out of the clips",)),
         ("corpus.clips=all.npz", "modalities.face={path='all.npz', array='face'}", *PARTS)),
    Case("an array that a container lacks", "containers", container,
         Refused(("has no array 'fase' in part 'train'", "'face'")),
         ("corpus.clips=all.npz", "modalities.face={path='all.npz', array='fase'}", *PARTS)),
    Case("a container and no array named", "containers", container,
         Refused(("has no array 'clip_id'", "array = 'clip_id'")), ("modalities.face=all.npz",)),
    Case("arrays of several lengths as clips", "containers", files(all_DOT_npz=npz(clip_id=ID, arousal=np.zeros(3))),
         Refused(("needs arrays of one length", "clip_id 12, arousal 3")), ("corpus.clips=all.npz",)),
    Case("features in a pickle", "containers", files(face_DOT_pkl=lambda s: pickle.dumps(s.face)),
         Refused(("is a pickle, which runs its author's code", "docs/formats.md")), ("modalities.face=face.pkl",)),
    Case("clips in a pickle", "containers", files(clips_DOT_pkl=lambda s: pickle.dumps(s.clips)),
         Refused(("is a pickle, which runs its author's code",)), ("corpus.clips=clips.pkl",)),
]  # fmt: skip
