"""Ids, groups and classes that are spelt otherwise on one side of a join."""

import io
import re
import unicodedata

import numpy as np
import pandas as pd
from case_types import (
    DEEP,
    ID,
    Case,
    Loads,
    Refused,
    Same,
    all_of,
    audio,
    clips,
    deep,
    face,
    written,
)

SAID = "spelt otherwise"
# How the ids of one side are spelt, and whether that is worth a note.
SPELLINGS = {
    "in capitals": (str.upper, True),
    "with wav": (lambda name: f"{name}.wav", True),
    "with mp4 in capitals": (lambda name: f"{name}.MP4", True),
    "with csv": (lambda name: f"{name}.csv", True),
    "in a folder": (lambda name: f"data/wav/{name}.wav", True),
    "from a dot": (lambda name: f"./{name}.flac", True),
    "with backslashes": (lambda name: f"C:\\data\\{name}.wav", True),
    "without zeros": (lambda name: re.sub(r"_0+(?=\d)", "_", name), True),
    "with more zeros": (lambda name: name.replace("_", "_00"), True),
    "in quotes": (lambda name: f"'{name}'", True),
    "decomposed": (lambda name: unicodedata.normalize("NFD", name), False),
    "with a blank": (lambda name: f"{name} ", False),
    "with a hard blank": (lambda name: f"\u00a0{name}", False),
    "with a zero-width blank": (lambda name: f"\ufeff{name}", False),
}
TABLES = {"csv": (face, ()), "npz": (audio, ()), "predictions": (deep, (DEEP,))}


def spelt(names, how):
    return [how(name) for name in names]


def _sides():
    for spelling, (how, said) in SPELLINGS.items():
        for table, (change, settings) in TABLES.items():
            yield Case(
                f"{table} {spelling}",
                "ids",
                change(clip_id=spelt(ID, how)),
                Same(notes=(SAID,) if said else (), unsaid=() if said else (SAID,), reference=settings),
                settings,
                point=2,
            )
        yield Case(
            f"labels {spelling}",
            "ids",
            clips(clip_id=spelt(ID, how)),
            Same(notes=(SAID,) if said else (), unsaid=() if said else (SAID,)),
            point=2,
        )


def parquet(frame, **how):
    stream = io.BytesIO()
    frame.to_parquet(stream, **how)
    return stream.getvalue()


def _renamed(names):
    """Ids of all tables replaced."""
    return all_of(clips(clip_id=names), face(clip_id=names), audio(clip_id=np.array([str(name) for name in names])))


def _numbers(ours, theirs):
    return all_of(clips(clip_id=ours), face(clip_id=theirs), audio(clip_id=np.array([str(name) for name in ours])))


TWELVE = list(range(1, 13))
NUMBERS = {
    "1 and 1.0": (TWELVE, [f"{number}.0" for number in TWELVE]),
    "1 and 001": (TWELVE, [f"{number:03d}" for number in TWELVE]),
    "001 and 1": ([f"{number:03d}" for number in TWELVE], TWELVE),
    "1 and 001.wav": (TWELVE, [f"{number:03d}.wav" for number in TWELVE]),
    "1 and a/001.wav": (TWELVE, [f"a/{number:03d}.wav" for number in TWELVE]),
    "1.0 and 01": ([f"{number}.0" for number in TWELVE], [f"{number:02d}" for number in TWELVE]),
}
FACE_PARQUET = ("modalities.face=face.parquet",)
SEGMENTS = {"start": pd.to_timedelta(0, unit="s"), "end": pd.to_timedelta(2, unit="s")}


def _segmented(study):
    """The index that openSMILE's Python package gives its tables."""
    table = study.face.rename(columns={"clip_id": "file"}).assign(**SEGMENTS)
    return table.assign(file="wav/" + table["file"] + ".wav").set_index(["file", "start", "end"])


def arff(study):
    lines = ["@relation openSMILE", "@attribute name string", *(f"@attribute au{k} numeric" for k in (1, 2, 3))]
    lines += ["@attribute class numeric", "@data"]
    lines += [f"'wav/{row.clip_id}.wav',{row.au1},{row.au2},{row.au3},?" for row in study.face.itertuples()]
    return "\n".join(lines) + "\n"


IDS = [
    *_sides(),
    *(Case(f"numbers {name}", "ids", _numbers(*pair), Same(notes=(SAID,)), point=2) for name, pair in NUMBERS.items()),
    Case("numbers as floats", "ids", _numbers(TWELVE, [float(number) for number in TWELVE]), Same(), point=2),
    *(
        Case(f"a clip called {word}", "ids", _renamed([word, *ID[1:]]), Same(), point=3)
        for word in ("NA", "None", "null", "nan", "N/A")
    ),
    Case(
        "two clips called NA", "ids", clips(clip_id=["NA", "NA", *ID[2:]]), Refused(("'NA' occurs 2 times",)), point=3
    ),
    Case(
        "a predicted clip called NA", "ids", all_of(_renamed(["NA", *ID[1:]]), deep(clip_id=["NA", *ID[1:]])),
        Same(reference=(DEEP,)), (DEEP,), point=3, own=True,
    ),
    Case(
        "three of twelve with a suffix", "ids", face(clip_id=[f"{name}.wav" for name in ID[:3]] + ID[3:]),
        Same(notes=("3 of 12 clips are joined", f"'{ID[0]}' and '{ID[0]}.wav'")), point=2,
    ),
    Case(
        "stems in two folders", "ids",
        lambda study: setattr(
            study, "face",
            pd.concat([study.face.assign(clip_id=f"{part}/" + study.face["clip_id"] + ".wav") for part in "ab"]),
        ),
        Refused((f"clip '{ID[0]}' may be its 'a/{ID[0]}.wav' or 'b/{ID[0]}.wav'", "on both sides")), point=2,
    ),
    Case(
        "stems with two suffixes", "ids",
        lambda study: setattr(
            study, "face",
            pd.concat([study.face.assign(clip_id=study.face["clip_id"] + part) for part in (".wav", ".mp4")]),
        ),
        Refused((f"'{ID[0]}.wav' or '{ID[0]}.mp4'",)), point=2,
    ),
    Case(
        "two clips for one row", "ids",
        all_of(clips(clip_id=["x1", "X1", *ID[2:]]), face(clip_id=["x1.wav", "y", *ID[2:]])),
        Refused(("clip 'X1' or 'x1' may be its 'x1.wav'",)), point=2, own=True,
    ),
    Case(
        "two ids that zeros would make one, in a folder", "ids",
        all_of(clips(clip_id=["a_01", "a_1", *ID[2:]]), face(clip_id=["wav/a_01.wav", "wav/a_1.wav", *ID[2:]]),
               audio(clip_id=np.array(["a_01", "a_1", *ID[2:]]))),
        Same(notes=("2 of 12 clips are joined",)), point=2, own=True,
    ),
    Case(
        "ids of nobody and clips without a row", "ids", face(clip_id=["someone", "else", *ID[2:]]),
        Loads(lambda c: c.modalities["face"].present.tolist(), [False] * 2 + [True] * 10,
              notes=(f"has nothing of 2 clips, such as '{ID[0]}', and 2 ids of no clip, such as 'someone'",)),
        point=2, own=True,
    ),
    Case(
        "the row of a clip left out is not another's", "ids",
        all_of(
            clips(clip_id=["a1", "A1", *ID[2:]], use=["yes", "no", *["yes"] * 10]), face(clip_id=["z", "A1", *ID[2:]]),
            audio(clip_id=np.array(["a1", "A1", *ID[2:]])),
        ),
        Loads(lambda c: c.modalities["face"].present.tolist(), [False] + [True] * 10, unsaid=(SAID,)),
        ("corpus.where={use=['yes']}",), point=2, own=True,
    ),
    Case("ids of somebody else", "ids", face(clip_id=[f"c{i}" for i in range(12)]),
         Refused(("lacks 12 of 12", f"'{ID[0]}'", "'c0'", "max_missing"))),
    Case("ids as objects", "ids", audio(clip_id=np.array(ID, dtype=object)), Same(), point=3),
    Case("column names as objects", "ids", audio(columns=np.array(["a", "b", "c"], dtype=object)), Same(), point=3),
    Case("ids as bytes", "ids", audio(clip_id=np.array([name.encode() for name in ID])), Same()),
    Case("ids in a named index", "ids", written("face.parquet", lambda s: parquet(s.face.set_index("clip_id"))),
         Same(), FACE_PARQUET),
    Case("ids in a nameless index", "ids",
         written("face.parquet", lambda s: parquet(s.face.set_index("clip_id").rename_axis(None))),
         Same(), FACE_PARQUET, point=3),
    Case("ids in a nameless first column", "ids",
         written("face.csv", lambda s: s.face.rename(columns={"clip_id": ""}).to_csv(index=False)), Same(), point=3),
    Case("clips in a nameless first column", "ids",
         written("clips.csv", lambda s: s.clips.rename(columns={"clip_id": ""}).to_csv(index=False)),
         Same(notes=("ids are read from column",)), point=3),
    Case("predictions in a nameless first column", "ids",
         written("deep.csv", lambda s: s.deep.rename(columns={"clip_id": ""}).to_csv(index=False)),
         Same(reference=(DEEP,)), (DEEP,), point=3, own=True),
    Case("rows counted in a nameless column", "ids", written("face.csv", lambda s: s.face.to_csv()),
         Refused(("a column has no name",))),
    Case("rows counted and no ids", "ids", written("face.csv", lambda s: s.face.drop(columns="clip_id").to_csv()),
         Refused(("no id column 'clip_id'", "counts the rows")), point=3, own=True),
    Case("segments as parquet", "ids", written("face.parquet", lambda s: parquet(_segmented(s))),
         Same(notes=("start and end are no features",)), FACE_PARQUET, point=3),
    Case("segments as csv", "ids", written("face.csv", lambda s: _segmented(s).to_csv()),
         Same(notes=("start and end are no features",)), point=3),
    Case("features of openSMILE in ARFF", "ids", written("face.arff", arff),
         Same(notes=("class are no features",)), ("modalities.face=face.arff",), point=3),
    Case("features of openSMILE in csv", "ids",
         written("face.csv", lambda s: s.face.rename(columns={"clip_id": "name"}).assign(
             name="'wav/" + s.face["clip_id"] + ".wav'").to_csv(index=False, sep=";")),
         Same(notes=(SAID,)), point=3),
    Case("ARFF with one name for all", "ids",
         written("face.arff", lambda s: arff(s.__class__(**{**vars(s), "face": s.face.assign(clip_id="unknown")}))),
         Refused(("no id column 'clip_id'",)), ("modalities.face=face.arff",), point=3, own=True),
    Case("sparse ARFF", "ids", written("face.arff", lambda s: arff(s).split("@data")[0] + "@data\n{0 'x', 1 2}\n"),
         Refused(("face.arff, line 8", "dense")), ("modalities.face=face.arff",)),
    Case("an id column of another name", "ids", face().__class__ and written(
        "face.csv", lambda s: s.face.rename(columns={"clip_id": "utt"}).to_csv(index=False)),
        Same(), ("modalities.face={path='face.csv', id='utt'}",)),
    Case("an id column in capitals", "ids",
         written("face.csv", lambda s: s.face.rename(columns={"clip_id": "Clip_Id"}).to_csv(index=False)),
         Refused(("'Clip_Id'",))),
    Case("a header with blanks", "ids",
         all_of(_renamed([f"{n:03d}" for n in TWELVE]),
                written("clips.csv", lambda s: s.clips.to_csv(index=False).replace("clip_id,", " clip_id ,", 1))),
         Loads(lambda c: c.ids.tolist()[:2], ["001", "002"]), point=2),
    Case("a header of features with blanks", "ids",
         all_of(_renamed([f"{n:03d}" for n in TWELVE]),
                written("face.csv", lambda s: s.face.to_csv(index=False).replace("clip_id,", "clip_id ,", 1))),
         Same(unsaid=(SAID,)), point=2, own=True),
    Case("a repeated id", "ids", clips(clip_id=[ID[0]] * 12), Refused((f"'{ID[0]}'", "12 times"))),
    Case("a repeated id of features", "ids", face(clip_id=[ID[0]] * 12), Refused(("occurs 12 times",))),
    Case("an empty id", "ids", clips(clip_id=[ID[0], "", *ID[2:]]), Refused(("row 3", "no clip_id"))),
    Case("an empty id of features", "ids", face(clip_id=["", *ID[1:]]), Refused(("row 2", "no clip id"))),
    Case("an unknown id column", "ids", clips(), Refused(("clipid", "clip_id")), ("corpus.id=clipid",)),
]  # fmt: skip

SPEAKERS = [f"s{number:02d}" for number in range(1, 7) for _ in range(2)]


def _second(name, at=11):
    """One clip's speaker spelt otherwise; clip 11 is evaluated, clip 1 is learnt from."""
    return clips(speaker=[*SPEAKERS[:at], name, *SPEAKERS[at + 1 :]])


def _both_sides(ours, theirs):
    return clips(speaker=[ours, *SPEAKERS[1:11], theirs])


GROUPS = [
    *(
        Case(f"{ours} and {theirs} on both sides", "groups", _both_sides(ours, theirs),
             Refused(("differ only by", f"'{ID[0]}' in training, '{ID[11]}' in test", "both sides")), point=2,
             own=(ours == "Zoë K"))
        for ours, theirs in (
            ("Ann", "ann"), ("Zoë", "Zoe"), ("7", "07"), ("p1", "p001"), ("9.0", "9"), ("Zoë K", "ZOE  K"),
        )
    ),
    *(
        Case(f"{ours} and {theirs} in the training part", "groups",
             clips(speaker=[ours, theirs, *SPEAKERS[2:]]), Loads(notes=("differ only by", repr(ours), repr(theirs))),
             point=2)
        for ours, theirs in (("Ann", "ann"), ("Zoë", "Zoe"), ("p1", "p01"))
    ),
    *(
        Case(f"a speaker {name}", "groups", _second(how("s06")), Same(), point=2)
        for name, how in (
            ("with a blank", lambda n: f"{n} "), ("with a hard blank", lambda n: f"\u00a0{n}"),
            ("with a byte order mark", lambda n: f"\ufeff{n}"),
        )
    ),
    Case("a speaker decomposed", "groups", clips(speaker=["Zo\u00eb", "Zoe\u0308", *SPEAKERS[2:]]),
         Loads(lambda c: len(set(c.groups)), 6, unsaid=("differ only",)), point=2),
    Case("folds of one speaker spelt two ways", "groups", clips(speaker=["Ann", "ann", *SPEAKERS[2:]]),
         Refused(("split Ann", "differ only by")), ("split={leave_one_out='speaker'}",), point=2, own=True),
    *(
        Case(f"clips of {name}", "groups", clips(speaker=[name, name, *SPEAKERS[2:]]),
             Loads(notes=(f"2 clips are of group '{name}'", f"where_not = {{ speaker = ['{name}'] }}")), point=4)
        for name in ("Unknown", "?", "-1", "xxx", "unk")
    ),
    Case("clips of nobody", "groups", clips(speaker=["NA", "NA", *SPEAKERS[2:]]),
         Refused((f"'{ID[0]}' has no speaker", "NA", "where_not = { speaker = [''] }")), point=4),
    Case("clips of nobody left out", "groups", clips(speaker=["NA", "NA", *SPEAKERS[2:]]),
         Loads(lambda c: len(c.ids), 10), ("corpus.where_not={speaker=['']}",), point=4, own=True),
    Case("an unknown group column", "groups", clips(), Refused(("speakr", "speaker")), ("corpus.group=speakr",)),
    Case("a group on both sides", "groups", clips(speaker="0"), Refused(("group '0'", "both sides", "train", "test"))),
    Case("a training part of one group", "groups", clips(speaker=["0"] * 8 + ["4", "4", "5", "5"]),
         Loads(notes=("all clips of its training part are of group '0'", "out-of-fold scores are too good")),
         point=9),
    Case("two speakers, each left out", "groups", clips(speaker=["OAF"] * 6 + ["YAF"] * 6),
         Loads(notes=("split OAF: all clips of its training part are of group 'YAF' (1 more splits are like it)",)),
         ("split={leave_one_out='speaker'}",), point=9),
    Case("labels of one group among two", "groups", clips(arousal=[1.0, 2.0, *[""] * 6, 1.0, 2.0, 3.0, 4.0]),
         Refused(("targets.arousal", "group 's01'", "two groups are needed")), point=9, own=True),
    Case("codes of speakers", "groups", clips(speaker=np.repeat([f"{n:02d}" for n in range(6)], 2)),
         Loads(lambda c: c.groups.tolist()[:3], ["00", "00", "01"])),
]  # fmt: skip


def _moods(*names):
    return clips(mood=[*names, *["sad", "glad"] * 6][:12])


CLASSES = [
    *(
        Case(f"classes {one} and {other}", "classes", _moods(one, other),
             Refused(("targets.mood", "differ only by", repr(one), repr(other), f"'{ID[0]}'")), point=2)
        for one, other in (("Glad", "glad"), ("SAD", "sad"), ("gläd", "glad"), ("1", "01"), ("2", "2.0"))
    ),
    Case("a class with a blank", "classes", _moods("sad ", " glad"), Same(), point=2),
    Case("a class decomposed", "classes", clips(mood=["tri\u00e9", "trie\u0301", "glad"] * 4),
         Loads(lambda c: len(c.targets[1].classes), 2), point=2),
    Case("a single class", "classes", clips(mood="sad"), Refused(("single class",))),
    Case("a class for each clip", "classes", clips(mood=[f"m{n}" for n in range(12)]),
         Refused(("12 different labels", "for classes"))),
    Case("predicted labels in capitals", "classes", lambda s: setattr(s, "deep", s.deep.drop(
        columns=["glad", "sad"]).assign(mood=["SAD", "Glad"] * 6)),
        Loads(lambda c: c.predictions["deep"].values["mood"].argmax(axis=1).tolist(), [1, 0] * 6,
              notes=("labels of mood such as 'SAD' are spelt otherwise",)), (DEEP,), point=2),
    Case("scores of classes in capitals", "classes", lambda s: setattr(s, "deep", s.deep.rename(
        columns={"glad": "GLAD", "sad": "Sad "})), Same(reference=(DEEP,)), (DEEP,), point=2, own=True),
    Case("predicted labels of another class", "classes", lambda s: setattr(s, "deep", s.deep.drop(
        columns=["glad", "sad"]).assign(mood=["mad", "glad"] * 6)), Refused(("'mad' is no class of mood",)), (DEEP,)),
    Case("predicted codes", "classes", all_of(
        clips(mood=["01", "02"] * 6),
        lambda s: setattr(s, "deep", s.deep.drop(columns=["glad", "sad"]).assign(mood=["01", "02"] * 6))),
        Loads(lambda c: c.predictions["deep"].values["mood"].argmax(axis=1).tolist(), [0, 1] * 6), (DEEP,)),
]  # fmt: skip

CASES = [*IDS, *GROUPS, *CLASSES]
