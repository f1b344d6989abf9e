"""Numbers as people write them, layouts of text tables, types of columns, times, and arrays."""

import decimal
import gzip

import numpy as np
import pandas as pd
from case_types import DEEP, ID, Case, Loads, Refused, Same, Small, all_of, audio, clips, deep, face, nothing, written
from cases_of_ids import FACE_PARQUET, parquet


def german(table: pd.DataFrame, separator: str = ";") -> str:
    return table.to_csv(index=False, sep=separator, decimal=",")


def lines(study: Small, name: str = "face") -> list[str]:
    return getattr(study, name).to_csv(index=False).splitlines()


def joined(rows: list[str], end: str = "\n") -> str:
    return end.join(rows) + end


def column(how) -> object:
    """The first feature written otherwise, in quotes where it needs them."""
    return lambda study: face(au1=[how(value) for value in study.face["au1"]])(study)


LAYOUTS = {
    "with semicolons": lambda s: s.face.to_csv(index=False, sep=";"),
    "with tabs": lambda s: s.face.to_csv(index=False, sep="\t"),
    "with decimal commas and semicolons": lambda s: german(s.face),
    "with decimal commas and tabs": lambda s: german(s.face, "\t"),
    "with decimal commas in quotes": lambda s: german(s.face, ","),
    "with a line sep=;": lambda s: "sep=;\n" + s.face.to_csv(index=False, sep=";"),
    "with a line sep=; in quotes": lambda s: '"sep=;"\n' + german(s.face),
    "with a line sep=,": lambda s: "sep=,\r\n" + s.face.to_csv(index=False),
    "after a blank line": lambda s: "\n" + s.face.to_csv(index=False),
    "after a blank line, with semicolons": lambda s: "\n\n" + german(s.face),
    "after a line of separators": lambda s: ";;;\n" + german(s.face),
    "with commas at the ends of rows": lambda s: joined([lines(s)[0], *(f"{row}," for row in lines(s)[1:])]),
    "with commas at the ends of all lines": lambda s: joined([f"{row}," for row in lines(s)]),
    "with a comma at the end of the header": lambda s: joined([lines(s)[0] + ",", *lines(s)[1:]]),
    "with windows' line ends": lambda s: joined(lines(s), "\r\n"),
    "with old line ends": lambda s: joined(lines(s), "\r"),
    "without a line end at the end": lambda s: s.face.to_csv(index=False).rstrip("\n"),
    "with blank lines at the end": lambda s: s.face.to_csv(index=False) + "\n\n",
    "with blank lines between": lambda s: joined(lines(s), "\n\n"),
    "with a byte order mark": lambda s: "\ufeff" + s.face.to_csv(index=False),
    "all in quotes": lambda s: s.face.to_csv(index=False, quoting=1),
    "with blanks in the header": lambda s: joined([" , ".join(lines(s)[0].split(",")), *lines(s)[1:]]),
    "with blanks around numbers": lambda s: joined([lines(s)[0], *(row.replace(",", " , ") for row in lines(s)[1:])]),
}
SIGNS = {
    "a minus sign": lambda v: str(v).replace("-", "\u2212"),
    "a dash": lambda v: str(v).replace("-", "\u2013"),
    "a plus sign": lambda v: f"+{v}" if v > 0 else str(v),
    "an exponent": lambda v: f"{v:.8e}",
    "a decimal comma": lambda v: str(v).replace(".", ","),
    "a minus sign and a decimal comma": lambda v: str(v).replace("-", "\u2212").replace(".", ","),
}
LARGE = [1234.5, 23456.25, 1000.75, 99.5, 1200300.5, 7.25, 12.5, 1111.5, 2222.5, 3333.5, 4444.5, 5555.5]
THOUSANDS = {
    "commas": lambda v: f"{v:,}",
    "points": lambda v: f"{v:,}".replace(",", "_").replace(".", ",").replace("_", "."),
    "hard blanks": lambda v: f"{v:,}".replace(",", "\u00a0"),
    "thin blanks": lambda v: f"{v:,}".replace(",", "\u202f"),
    "apostrophes": lambda v: f"{v:,}".replace(",", "'"),
    "blanks and decimal commas": lambda v: f"{v:,}".replace(",", " ").replace(".", ","),
}

NUMBERS = [
    *(Case(f"features {name}", "layouts", written("face.csv", how), Same(), point=3) for name, how in LAYOUTS.items()),
    *(Case(f"features with {name}", "numbers", column(how), Same(), point=3) for name, how in SIGNS.items()),
    *(
        Case(f"features with {name} for thousands", "numbers", face(au1=[how(value) for value in LARGE]),
             Loads(lambda c: c.modalities["face"].X[:, 0].astype(float), np.array(LARGE)), point=3)
        for name, how in THOUSANDS.items()
    ),
    *(
        Case(f"labels with {name}", "numbers",
             lambda study, how=how: clips(arousal=[how(v) for v in study.clips["arousal"]])(study), Same(), point=3)
        for name, how in SIGNS.items()
    ),
    *(
        Case(f"predictions with {name}", "numbers",
             lambda study, how=how: deep(arousal=[how(v) for v in study.deep["arousal"]])(study),
             Same(reference=(DEEP,)), (DEEP,), point=3)
        for name, how in SIGNS.items()
    ),
    Case("labels with semicolons and decimal commas", "layouts", written("clips.csv", lambda s: german(s.clips)),
         Same(), point=3),
    Case("predictions with semicolons and decimal commas", "layouts", written("deep.csv", lambda s: german(s.deep)),
         Same(reference=(DEEP,)), (DEEP,), point=3),
    Case("features of 1,234 alone", "numbers", face(au1=["1,234"] * 6 + ["2,345"] * 6, au2=1, au3=2),
         Refused(("column 'au1'", "'1,234' in row 2", "may be 1.234 or 1234")), point=3),
    Case("features of 1,234 beside points", "numbers", face(au1=["1,234"] * 6 + ["2,345"] * 6),
         Loads(lambda c: c.modalities["face"].X[:, 0].tolist(), [1234.0] * 6 + [2345.0] * 6), point=3, own=True),
    Case("labels of 1,234 alone", "numbers", clips(arousal=["1,234"] * 6 + ["2,345"] * 6),
         Refused(("targets.arousal", "may be 1.234 or 1234"), ), point=3),
    Case("commas and points in one column", "numbers", face(au1=[0.5] * 4 + ["1,5"] * 8),
         Refused(("au1", "'1,5' in row 6", "side by side")), point=3),
    Case("labels with commas and points", "numbers", clips(arousal=["1.5", "2,5"] * 6),
         Refused(("targets.arousal", "'2,5'", "side by side")), point=3),
    Case("features in per cent", "numbers", face(au1=["50%"] * 12), Refused(("au1", "'50%' in row 2"))),
    Case("a word among features", "numbers", face(au1=["x"] * 12), Refused(("au1", "not numeric"))),
    Case("a question mark among features", "numbers", face(au1=["?", *["0.5"] * 11]),
         Refused(("au1", "'?' in row 2"))),
    Case("an infinite feature", "numbers", face(au1=[np.inf] + [0.0] * 11), Refused(("au1", "infinite", ID[0]))),
    Case("words to be regressed", "numbers", clips(arousal=["high", "low"] * 6), Refused(("'high'", "class metric"))),
    Case("a column twice", "layouts", written("face.csv", lambda s: s.face.to_csv(index=False).replace("au2", "au1")),
         Refused(("'au1' occurs twice",))),
    Case("UTF-16", "layouts", written("face.csv", lambda s: s.face.to_csv(index=False).encode("utf-16")),
         Refused(("UTF-8",))),
    Case("decimal commas without quotes", "layouts",
         written("face.csv", lambda s: joined([row.replace(".", ",") for row in lines(s)])),
         Refused(("face.csv, line 2", "7 cells", "4 names", "decimal commas")), point=3),
    Case("one cell more than the header", "layouts",
         written("face.csv", lambda s: joined([lines(s)[0], *(f"{row},9" for row in lines(s)[1:])])),
         Refused(("face.csv, line 2", "5 cells", "'9'")), point=3, own=True),
    Case("one cell more in one row", "layouts", written("face.csv", lambda s: joined([*lines(s)[:5], lines(s)[5] + ",9",
         *lines(s)[6:]])), Refused(("face.csv, line 6", "5 cells"))),
    Case("one cell less in one row", "layouts", written("face.csv", lambda s: joined([*lines(s)[:5], lines(s)[5][:12],
         *lines(s)[6:]])), Refused(("face.csv, line 6", "is the line whole?")), point=3),
    *(
        Case(f"{name}.csv cut in its last line at {at}", "cut files",
             written(f"{name}.csv", lambda s, name=name, at=at: s.__getattribute__(name).to_csv(index=False)[:-at]),
             Refused((f"{name}.csv, line 13", "the last line is cut", "get the whole file")), settings, point=3)
        for name, at, settings in (
            ("face", 12, ()), ("face", 20, ()), ("clips", 12, ()), ("clips", 22, ()), ("deep", 12, (DEEP,)),
        )
    ),
    Case("a quote that is not closed", "cut files",
         written("face.csv", lambda s: s.face.to_csv(index=False, quoting=1)[:-20]), Refused(("line 13", "cut")),
         point=3, own=True),
    Case("gzip", "layouts", written("face.csv.gz", lambda s: gzip.compress(s.face.to_csv(index=False).encode())),
         Same(), ("modalities.face=face.csv.gz",), point=3),
    Case("gzip with semicolons", "layouts", written("face.csv.gz", lambda s: gzip.compress(german(s.face).encode())),
         Same(), ("modalities.face=face.csv.gz",), point=3, own=True),
    Case("gzip without saying so", "layouts", written("face.csv", lambda s: gzip.compress(german(s.face).encode())),
         Same(), point=3, own=True),
    Case("clips in gzip", "layouts",
         written("clips.csv.gz", lambda s: gzip.compress(s.clips.to_csv(index=False).encode())), Same(),
         ("corpus.clips=clips.csv.gz",), point=3),
    Case("gzip that is cut", "cut files",
         written("face.csv.gz", lambda s: gzip.compress(german(s.face).encode())[:-30]),
         Refused(("face.csv.gz", "cannot be read")), ("modalities.face=face.csv.gz",), point=3, own=True),
    *(
        Case(f"a Git LFS pointer in place of {name}", "cut files",
             written(name, lambda s: "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
             Refused((name, "Git LFS pointer", "git lfs pull")), settings, point=8)
        for name, settings in (("clips.csv", ()), ("face.csv", ()), ("audio.npz", ()),
                               ("face.parquet", FACE_PARQUET), ("deep.csv", (DEEP,)))
    ),
    Case("no such table", "layouts", nothing, Refused(("modalities.audio", "nowhere.npz")),
         ("modalities.audio=nowhere.npz",)),
    Case("codes in a nameless column", "layouts",
         all_of(clips(clip_id=[f"{n:03d}" for n in range(1, 13)]), audio(clip_id=[f"{n:03d}" for n in range(1, 13)]),
                written("face.csv", lambda s: s.face.assign(clip_id=[f"{n:03d}" for n in range(1, 13)]).rename(
                    columns={"clip_id": ""}).to_csv(index=False))),
         Same(unsaid=("spelt otherwise",)), point=3, own=True),
]  # fmt: skip


def typed(how):
    """The features as a parquet file, columns changed."""
    return written("face.parquet", lambda s: parquet(how(s.face)))


TYPES = [
    *(
        Case(f"features as {name}", "types", typed(how), Same(), FACE_PARQUET, point=3)
        for name, how in (
            ("float64", lambda t: t),
            ("float32", lambda t: t.astype({"au1": np.float32})),
            ("nullable floats", lambda t: t.astype({"au1": "Float64"})),
            ("texts", lambda t: t.astype({"au1": str})),
            ("texts with decimal commas", lambda t: t.assign(au1=[str(v).replace(".", ",") for v in t["au1"]])),
            ("decimals", lambda t: t.assign(au1=[decimal.Decimal(str(v)) for v in t["au1"]])),
            ("categories", lambda t: t.assign(au1=t["au1"].astype(str).astype("category"))),
        )
    ),
    *(
        Case(f"features as {name}", "types", typed(lambda t, values=values: t.assign(au1=values)),
             Refused(("column 'au1'", words)), FACE_PARQUET, point=3)
        for name, values, words in (
            ("durations", pd.to_timedelta(np.arange(12.0), unit="s"), "the column holds durations"),
            ("dates", pd.date_range("2024-01-01", periods=12), "the column holds dates"),
        )
    ),
    Case("features as durations in words", "types", face(au1=["0 days 00:00:01.5"] * 12),
         Refused(("column 'au1'", "a duration")), point=3),
    Case("features as times of day", "types", face(au1=["00:00:01"] * 12), Refused(("column 'au1'", "a duration")),
         point=3),
    Case("features as dates in words", "types", face(au1=["2024-01-01"] * 12), Refused(("column 'au1'", "a date")),
         point=3),
    *(
        Case(f"labels as {name}", "types",
             all_of(clips(arousal=values), written("clips.parquet", lambda s: parquet(s.clips))),
             Refused(("targets.arousal", f"the column holds {name}")), ("corpus.clips=clips.parquet",), point=3)
        for name, values in (
            ("durations", pd.to_timedelta(np.arange(12.0), unit="s")),
            ("dates", pd.date_range("2024-01-01", periods=12)),
        )
    ),
    Case("labels as durations in words", "types", clips(arousal=["00:00:01", "00:00:02"] * 6),
         Refused(("targets.arousal", "a duration; write it in seconds")), point=3),
    Case("labels as dates in words", "types", clips(arousal=["2024-01-01", "2024-01-02"] * 6),
         Refused(("targets.arousal", "a date")), point=3, own=True),
    Case("predictions as durations", "types",
         all_of(deep(arousal=pd.to_timedelta(np.arange(12.0), unit="s")),
                written("deep.parquet", lambda s: parquet(s.deep))),
         Refused(("predictions.deep", "arousal", "durations")), ("predictions.deep='deep.parquet'",), point=3),
    Case("an array of durations", "arrays", audio(X=np.ones((12, 3), "timedelta64[ns]")),
         Refused(("X must be numbers", "timedelta64")), point=3),
    Case("labels as texts in parquet", "types",
         all_of(clips(arousal=[str(v) for v in (1.5, 3.0, 2.25, 4.5, 3.75, 1.25, 2.5, 4.0, 1.75, 3.5, 4.25, 2.75)]),
                written("clips.parquet", lambda s: parquet(s.clips))),
         Same(), ("corpus.clips=clips.parquet",), point=3),
]  # fmt: skip

CONTINUOUS = ("corpus.recording='speaker'", "corpus.time='time'")
HALF = [0.0, 0.5] * 6


def timed(values):
    return clips(time=values)


def timed_parquet(values):
    return all_of(clips(time=values), written("clips.parquet", lambda s: parquet(s.clips)))


PARQUET_CLIPS = (*CONTINUOUS, "corpus.clips=clips.parquet")
DATES = pd.to_datetime("2024-05-01 10:00:00") + pd.to_timedelta(HALF, unit="s")
TIMES = [
    *(
        Case(f"times as {name}", "times", timed(values), Loads(lambda c: c.times, np.array(HALF), notes=said),
             CONTINUOUS, point=3)
        for name, values, said in (
            ("seconds", HALF, ()),
            ("seconds with decimal commas", ["0,0", "0,5"] * 6, ()),
            ("hours, minutes, seconds", ["00:00:00", "00:00:00.5"] * 6, ("holds durations, taken as seconds",)),
            ("durations in words", ["0 days 00:00:00", "0 days 00:00:00.500000"] * 6, ("holds durations",)),
            ("dates in words", [str(value) for value in DATES], ("holds dates", "first of each recording")),
            ("dates in ISO form", [value.isoformat() + "Z" for value in DATES], ("holds dates",)),
        )
    ),
    *(
        Case(f"times as {name}", "times", timed_parquet(values),
             Loads(lambda c: c.times, np.array(HALF), notes=(said,)), PARQUET_CLIPS, point=3)
        for name, values, said in (
            ("a column of durations", pd.to_timedelta(HALF, unit="s"), "holds durations"),
            ("a column of dates", DATES, "holds dates"),
            ("a column of dates with a zone", DATES.tz_localize("Europe/Berlin"), "holds dates"),
        )
    ),
    Case("times as words", "times", timed(["soon", "later"] * 6), Refused(("'time'", "must be seconds")), CONTINUOUS),
    *(
        Case(f"times in {name}", "times", timed([0, step] * 6),
             Loads(notes=("systems.delay", "below half of a step", "is the time in seconds?")),
             (*CONTINUOUS, "systems.delay=[0.0, 1.0]", "targets={arousal={metric='ccc'}}"), point=3)
        for name, step in (("milliseconds", 100), ("microseconds", 100000))
    ),
    Case("smoothing below a step", "times", timed([0, 100] * 6), Loads(notes=("systems.smoothing", "below half")),
         (*CONTINUOUS, "systems.smoothing=[0.0, 1.0]", "targets={arousal={metric='ccc'}}"), point=3, own=True),
    Case("delays of a step", "times", timed(HALF), Loads(unsaid=("below half",)),
         (*CONTINUOUS, "systems.delay=[0.0, 0.5]", "targets={arousal={metric='ccc'}}")),
]  # fmt: skip


def steps(*values):
    """A table of one feature over steps, the same for every clip."""
    X = np.repeat(np.array(values, float)[None, :, None], 12, axis=0)
    return audio(X=X, columns=np.array(["a"]))


def functional(name, clip=0):
    return lambda c: float(c.modalities["audio"].X[clip, c.modalities["audio"].columns.index(f"a_{name}")])


def ragged(study):
    entries = np.empty(12, object)
    for number in range(12):
        entries[number] = np.arange(1.0, number + 2)[:, None]
    audio(X=entries, columns=np.array(["a"]))(study)


MORE = ("modalities.audio={path='audio.npz', functionals=['mean', 'max', 'slope']}",)
STEPS = [
    Case("zeros inside", "steps", steps(1, 0, 5), Loads(functional("mean"), 2.0, notes=("33.3% of its steps are zeros "
         "elsewhere", "count as steps")), MORE, point=7),
    Case("zeros at the end", "steps", steps(1, 5, 0, 0), Loads(functional("mean"), 3.0, notes=("50.0% of its steps are "
         "zeros at the end", "padding")), MORE, point=7),
    Case("zeros inside and at the end", "steps", steps(1, 0, 5, 0), Loads(functional("mean"), 2.0), MORE, point=7),
    Case("zeros in front", "steps", steps(0, 0, 1, 5), Loads(functional("mean"), 3.0, notes=("at the front",)), MORE,
         point=7),
    Case("a zero in front of a table padded at the end", "steps", steps(0, 1, 5, 0, 0),
         Loads(functional("mean"), 2.0, notes=("40.0% of its steps are zeros at the end",)), MORE, point=7, own=True),
    Case("slope over zeros inside", "steps", steps(2, 0, 4, 0, 8), Loads(functional("slope"), 4.8), MORE, point=7),
    Case("steps without zeros", "steps", steps(1, 2, 3), Loads(functional("mean"), 2.0, unsaid=("zeros",)), MORE,
         point=7),
    Case("steps of NaN", "steps", steps(1, np.nan, 5), Loads(functional("mean"), 3.0, unsaid=("count as",)), MORE,
         point=7),
    Case("NaN at the end", "steps", steps(1, 5, np.nan), Loads(functional("mean"), 3.0), MORE, point=7),
    Case("a clip of zeros", "steps", lambda s: audio(X=np.vstack([np.zeros((1, 2, 1)), np.ones((11, 2, 1))]),
         columns=np.array(["a"]))(s), Loads(lambda c: c.modalities["audio"].present.tolist(), [False] + [True] * 11),
         MORE, point=7),
    Case("sequences of different lengths", "steps", ragged, Loads(functional("max", 4), 5.0), MORE, point=3, own=True),
]  # fmt: skip

ARRAYS = [
    Case("an object array of numbers", "arrays", lambda s: audio(X=s.audio["X"].astype(object))(s), Same(), point=3),
    Case("an object array of texts", "arrays", audio(X=np.full((12, 3), "x", dtype=object)),
         Refused(("audio.npz", "cannot be read as npz without pickle")), point=3),
    Case("an object of another class", "arrays", audio(X=np.full((12, 3), decimal.Decimal(1), dtype=object)),
         Refused(("cannot be read as npz without pickle",))),
    Case("integers", "arrays", audio(X=np.arange(36).reshape(12, 3)), Loads(
        lambda c: c.modalities["audio"].X.tolist()[1], [3.0, 4.0, 5.0])),
    Case("ids in two columns", "arrays", audio(clip_id=np.array([["a"], ["b"]])), Refused(("one id a row",))),
    Case("no rows", "arrays", audio(clip_id=np.array([], dtype=str), X=np.ones((0, 3))), Refused(("has no rows",))),
    Case("no steps", "arrays", audio(X=np.ones((12, 0, 3))), Refused(("no steps",))),
    Case("a column name twice", "arrays", audio(columns=["a", "a", "b"]), Refused(("'a' occurs twice",))),
    Case("truth values", "arrays", audio(X=np.ones((12, 3), bool)), Refused(("bool",))),
    Case("complex numbers", "arrays", audio(X=np.ones((12, 3), complex)), Refused(("complex",))),
    Case("fewer ids than rows", "arrays", audio(clip_id=np.array(ID[:5])), Refused(("5 ids for 12 rows",))),
    Case("fewer names than columns", "arrays", audio(columns=["a"]), Refused(("1 column names for 3",))),
    Case("no ids", "arrays", lambda s: s.audio.pop("clip_id"), Refused(("no array 'clip_id'",))),
    Case("no features", "arrays", lambda s: s.audio.pop("X"), Refused(("no array 'X'",))),
    Case("no npz", "arrays", written("audio.npz", lambda s: b"hello"), Refused(("audio.npz", "npz"))),
    Case("no names", "arrays", lambda s: s.audio.pop("columns"), Loads(
        lambda c: c.modalities["audio"].columns, ["audio_0", "audio_1", "audio_2"])),
]  # fmt: skip

RISING = np.array([0.3, -1.2, 0.8, 2.0, -0.4, 1.1, -2.2, 0.6, 0.1, -0.7, 1.9, -1.5])


def apart(corpus) -> list[float]:
    """Values of the first feature of audio less that of the first clip."""
    x = corpus.modalities["audio"].X[:, 0].astype(float)
    return (x - x[0]).tolist()


def offset(by: float, times: float = 0.01, dtype=np.float64):
    return lambda s: audio(X=np.hstack([(by + times * RISING[:, None]).astype(dtype), s.audio["X"][:, 1:]]))(s)


def differences(times: float = 0.01) -> list[float]:
    return (times * (RISING - RISING[0])).tolist()


OFFSET = "its offset was taken off"
PRECISION = [
    Case("a million and hundredths", "precision", offset(1e6), Loads(apart, differences(), notes=("'a'", OFFSET)),
         point=1),
    Case("seconds since 1970", "precision", offset(1.7e9), Loads(apart, differences(), notes=("column 'a'", OFFSET)),
         point=1, own=True),
    Case("minus a billion and thousandths", "precision", offset(-1e9, 0.001), Loads(apart, differences(0.001),
         notes=(OFFSET,)), point=1, own=True),
    Case("nanoseconds since 1970 as integers", "precision", offset(1.7e18, 1e9, np.int64), Loads(
         lambda c: [round(value / 1e6) for value in apart(c)], [round(value / 1e6) for value in differences(1e9)],
         notes=(OFFSET,)), point=1, own=True),
    Case("a million and hundredths in a csv", "precision", lambda s: face(au1=1e6 + 0.01 * RISING)(s), Loads(
         lambda c: (c.modalities["face"].X[:, 0] - c.modalities["face"].X[0, 0]).astype(float).tolist(), differences(),
         notes=("column 'au1'", OFFSET)), point=1, own=True),
    Case("a million and hundredths in a parquet", "precision", written("face.parquet", lambda s: parquet(
         s.face.assign(au1=1e6 + 0.01 * RISING))), Loads(
         lambda c: (c.modalities["face"].X[:, 0] - c.modalities["face"].X[0, 0]).astype(float).tolist(), differences(),
         notes=(OFFSET,)), FACE_PARQUET, point=1, own=True),
    Case("a hundred and hundredths", "precision", offset(100), Loads(unsaid=(OFFSET,)), point=1, own=True),
    Case("a million and tenths that were 32-bit numbers", "precision", offset(1e6, 0.1, np.float32),
         Loads(unsaid=(OFFSET,)), point=1, own=True),
    Case("a constant but for 64-bit rounding", "precision", offset(0.1, 1e-17), Loads(unsaid=(OFFSET,)), point=1,
         own=True),
    Case("steps around a million", "precision", lambda s: audio(X=np.repeat(1e6 + 0.01 * RISING[:, None, None], 2, 1),
         columns=np.array(["a"]))(s), Loads(apart, differences(), notes=("column 'a_mean'", OFFSET)), MORE, point=1,
         own=True),
    Case("a value beyond 32 bits", "precision", face(au1=[1e39] + [0.0] * 11),
         Refused(("au1", "1e+39", "beyond", ID[0])), point=1),
    Case("a value beyond 32 bits in an npz", "precision", lambda s: audio(X=s.audio["X"] * 1e300)(s),
         Refused(("'a'", "beyond", "divide the column")), point=1, own=True),
    Case("values near the end of 32 bits", "precision", face(au1=1e37 * RISING),
         Loads(notes=("'au1' reach 2.2e+37, near the end of 32-bit numbers",)), point=1),
]  # fmt: skip

CASES = [*PRECISION, *NUMBERS, *TYPES, *TIMES, *STEPS, *ARRAYS]
