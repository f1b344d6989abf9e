"""Tables that nobody should have to read: named cases, and mutants of good ones."""

import io
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from case_types import ID, Small, small
from hypothesis import strategies as st

DEEP = "predictions.deep='deep.csv'"


@dataclass(frozen=True)
class Bad:
    """A file put beside a small study, what names it, and words of the refusal (or of a note, where it is read)."""

    name: str
    content: Callable[[], bytes]
    setting: str
    words: str
    read: bool = False


def csv(text: str) -> Callable[[], bytes]:
    return lambda: text.encode()


def rows(head: str, row: Callable[[int], str]) -> Callable[[], bytes]:
    return csv("\n".join([head, *(f"{clip},{row(k)}" for k, clip in enumerate(ID))]) + "\n")


def npz(**arrays: Any) -> Callable[[], bytes]:
    def content() -> bytes:
        file = io.BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()

    return content


def with_header(shape: tuple[int, ...], descr: str) -> bytes:
    """An npz whose X says that it is of this shape, and is not."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": descr, "fortran_order": False, "shape": shape})
    file = io.BytesIO(npz(clip_id=np.array(ID))())
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("X.npy", header.getvalue())
    return file.getvalue()


def bad_text() -> bytes:
    """An npz whose ids hold numbers that are no signs of Unicode."""
    ids = np.array(ID)
    ids.view(np.uint32)[0] = 0x7FFFFFFF
    return npz(clip_id=ids, X=np.ones((12, 2)))()


def nested() -> Any:
    """Lists in lists, ten times each: 10^9 parts in a few hundred bytes."""
    part: Any = ["x"]
    for _ in range(9):
        part = [part] * 10
    return part


def objects(*values: Any) -> np.ndarray:
    """An array of these objects; `np.array` would look into them."""
    array = np.empty(len(values), dtype=object)
    for number, value in enumerate(values):
        array[number] = value
    return array


FACE, AUDIO = "modalities.face='{}'", "modalities.audio='{}'"
CASES: dict[str, Bad] = {
    "a csv of 3 MB of commas": Bad("x.csv", csv("," * 3_000_000), FACE, "columns"),
    "a csv of commas with an id": Bad("x.csv", csv("clip_id" + "," * 3_000_000 + "\n"), FACE, "columns"),
    "a csv of 90,000 commas": Bad("x.csv", csv("clip_id" + "," * 90_000 + "\nré_000" + "," * 90_000), FACE, ""),
    "csv rows too short": Bad(
        "x.csv", rows("clip_id,a,b,c", lambda k: f"{k},1"), FACE, "3 cells where the header has 4"
    ),
    "a csv row too short": Bad(
        "x.csv", rows("clip_id,a,b", lambda k: f"{k},1" if k != 4 else "1"), FACE, "2 cells where the header has 3"
    ),
    "a csv row too long": Bad("x.csv", rows("clip_id,a", lambda k: "1,2" if k == 4 else "1"), FACE, "3 cells"),
    "a quotation mark that never ends": Bad("x.csv", csv('clip_id,a\n"c1,1\n' + "c2,1\n" * 50_000), FACE, ""),
    "100,000 lines of one sign": Bad("x.csv", csv("a\n" * 100_000), FACE, ""),
    "NUL bytes in a csv": Bad("x.csv", rows("clip_id,a", lambda k: "1\0"), FACE, ""),
    "a csv in UTF-16": Bad("x.csv", lambda: "clip_id,a\nc1,1\n".encode("utf-16"), FACE, "UTF-8"),
    "a number of 100,000 digits": Bad("x.csv", rows("clip_id,a", lambda k: "9" * 100_000), FACE, ""),
    "numbers beyond float32": Bad("x.csv", rows("clip_id,a,b", lambda k: f"1e300,{k}"), FACE, ""),
    "a csv that is gzip of nothing": Bad("x.csv", lambda: b"\x1f\x8b\x08\x00", FACE, ""),
    "a column that clears the screen": Bad("x.csv", rows("clip_id,\x1b[2J", lambda k: "x"), FACE, "not numeric"),
    "an empty file": Bad("x.csv", csv(""), FACE, ""),
    "an npz that is none": Bad("x.npz", csv("PK\x03\x04"), AUDIO, "npz"),
    "an npz of 2^40 rows": Bad("x.npz", lambda: with_header((2**40, 2), "<f8"), AUDIO, "npz"),
    "an npz of no rows and 2^40 columns": Bad("x.npz", lambda: with_header((0, 2**40), "<f8"), AUDIO, ""),
    "npz ids that are no Unicode": Bad("x.npz", bad_text, AUDIO, "npz"),
    "npz ids that are bytes and no UTF-8": Bad(
        "x.npz", npz(clip_id=np.array([b"\xff\xfe" * (k + 1) for k in range(12)]), X=np.ones((12, 2))), AUDIO, ""
    ),
    "npz ids that are lists": Bad(
        "x.npz", npz(clip_id=objects(nested(), None, None), X=np.ones((3, 2))), AUDIO, "list"
    ),
    "npz of complex numbers": Bad("x.npz", npz(clip_id=np.array(ID), X=np.ones((12, 2), complex)), AUDIO, "numbers"),
    "npz of dates": Bad("x.npz", npz(clip_id=np.array(ID), X=np.zeros((12, 2), "M8[s]")), AUDIO, "numbers"),
    "npz of records": Bad("x.npz", npz(clip_id=np.array(ID), X=np.zeros(12, "i4,f8")), AUDIO, "numbers"),
    "npz of one number": Bad("x.npz", npz(clip_id=np.array("a"), X=np.array(1.0)), AUDIO, "numbers"),
    "npz columns that are numbers of another length": Bad(
        "x.npz", npz(clip_id=np.array(ID), X=np.ones((12, 2)), columns=np.arange(3)), AUDIO, "column names"
    ),
    "npz columns that are one text": Bad(
        "x.npz", npz(clip_id=np.array(ID), X=np.ones((12, 2)), columns=np.array("ab")), AUDIO, ""
    ),
    "a parquet file that is none": Bad("x.parquet", csv("PAR1xxxxPAR1"), FACE, "cannot be read"),
    "an arff file without an end": Bad("x.arff", csv("@relation x\n" + "@attribute a numeric\n" * 50), FACE, ""),
    "a table of zeros": Bad(
        "x.npz", npz(clip_id=np.array(ID), X=np.zeros((12, 3))), AUDIO, "every row is the same", True
    ),
    "predictions that equal the truth": Bad(
        "deep.csv",
        lambda: small().deep.assign(arousal=small().clips["arousal"]).to_csv(index=False).encode(),
        DEEP,
        "a perfect score",
        True,
    ),
    "predictions of nothing": Bad("deep.csv", rows("clip_id,arousal,glad,sad", lambda k: ",,"), DEEP, "evaluated"),
    "predictions of 1e300": Bad("deep.csv", rows("clip_id,arousal,glad,sad", lambda k: "1e300,.5,.5"), DEEP, ""),
}  # fmt: skip

CELLS = [
    "", " ", "nan", "NA", "inf", "-inf", "1e400", "1e38", "-0", "0x10", "1_000", "1,5", "1.5.2", "½", "٣", "Infinity",
    "=1+1", "'", '"', '""', "\x1b[2J", "\u202e", "\0", "a\nb", "ré_000", "é" * 300, "9" * 400, "1970-01-01", "TRUE",
    "[1, 2]", "x",
]  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> dict[str, bytes]:
    """Files of the small study with cells, columns, rows or bytes changed."""
    study = small()
    which = draw(st.sampled_from(["clips", "face", "deep"]))
    table = getattr(study, which).astype(object)
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["cell", "cell", "cell", "column", "name", "gone", "row", "twice"]))
        column = draw(st.integers(0, table.shape[1] - 1))
        row = draw(st.integers(0, len(table) - 1))
        value = draw(st.one_of(st.sampled_from(CELLS), st.text(max_size=12), st.floats(), st.integers()))
        if kind == "cell":
            table.iloc[row, column] = value
        elif kind == "column":
            table.isetitem(column, pd.Series([value] * len(table), index=table.index, dtype=object))
        elif kind == "name":
            table.columns = [str(value) if k == column else name for k, name in enumerate(table.columns)]
        elif kind == "gone" and table.shape[1] > 1:
            table = table.iloc[:, [k for k in range(table.shape[1]) if k != column]]
        elif kind == "row" and len(table) > 1:
            table = table.drop(index=table.index[row])
        elif kind == "twice":
            table = pd.concat([table, table.iloc[[row]]], ignore_index=True)
    separator = draw(st.sampled_from([",", ",", ";", "\t"]))
    text = table.to_csv(index=False, sep=separator).encode("utf-8", "surrogatepass")
    return {f"{which}.csv": _changed(draw, text) if draw(st.booleans()) else text}


@st.composite
def binaries(draw: st.DrawFn) -> dict[str, bytes]:
    """The npz and a parquet file of the small study with bytes changed, or arrays of other kinds."""
    study = small()
    if draw(st.booleans()):
        file = io.BytesIO()
        study.face.to_parquet(file, index=False)
        return {"face.parquet": _changed(draw, file.getvalue())}
    arrays = dict(study.audio)
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(arrays)))
        kind = draw(st.sampled_from(["f2", "i8", "U3", "S3", "?", "c8", "O", "M8[s]", "u1"]))
        shape = draw(st.sampled_from([(), (0,), (12,), (1, 3), (12, 0), (12, 3), (12, 2, 3), (12, 1, 1, 1), (3,)]))
        arrays[name] = np.zeros(shape, kind)
        return {"audio.npz": npz(**arrays)()}
    return {"audio.npz": _changed(draw, npz(**arrays)())}


def _changed(draw: st.DrawFn, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(changed) - 1)))
        kind = draw(st.sampled_from(["one", "one", "put", "gone", "cut"]))
        if kind == "one" and changed:
            changed[place] = draw(st.integers(0, 255))
        elif kind == "put":
            changed[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "gone":
            del changed[place : place + draw(st.integers(1, 16))]
        elif kind == "cut" and draw(st.integers(0, 3)) == 0:
            del changed[place:]
    return bytes(changed)


def write(folder: Path, files: dict[str, bytes]) -> tuple[str, ...]:
    """The small study with these files in place of its own; the settings to read it by."""
    study: Small = small()
    study.files.update(files)
    study.write(folder)
    settings = ["modalities.face='face.parquet'"] if "face.parquet" in files else []
    return (*settings, DEEP) if "deep.csv" in files else tuple(settings)


def write_bad(folder: Path, bad: Bad) -> tuple[str, ...]:
    write(folder, {bad.name: bad.content()})
    return (bad.setting.format(bad.name),)


def label_bomb() -> bytes:
    """A label archive of MER 2023 whose label is lists in lists."""
    labels = {"clip": {"emo": nested(), "val": 1.0}}
    assert len(pickle.dumps(labels)) < 10_000
    return npz(train_corpus=np.array(labels, dtype=object))()
