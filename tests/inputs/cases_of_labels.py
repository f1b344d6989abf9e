"""Labels and their marks, filters, splits, predictions, features that are answers, and rows that repeat."""

import numpy as np
import pandas as pd
from case_types import DEEP, ID, Case, Loads, Refused, Same, Small, all_of, audio, clips, deep, face, nothing, small

AROUSAL = small().clips["arousal"].tolist()


def labels(changed: dict[int, object]):
    """Labels of some clips replaced."""
    return clips(arousal=[changed.get(number, value) for number, value in enumerate(AROUSAL)])


def unlabelled(target: str, *rows: int):
    return lambda c: np.flatnonzero(np.isnan(c.y[target])).tolist() == list(rows)


FREE = "targets={arousal={metric='ccc'}, mood={metric='uar'}}"
MISSING = [
    *(
        Case(f"missing labels marked {mark!r}", "missing", labels({0: mark, 3: mark}),
             Loads(unlabelled("arousal", 0, 3), True, notes=(f"labels of arousal are marked as missing ({shown}",)),
             (f"corpus.missing=[{shown}]",), point=4)
        for mark, shown in (("?", "'?'"), ("xxx", "'xxx'"), (-1, "-1"), (-5, "-5"), (99.0, "99.0"), ("n.a.", "'n.a.'"))
    ),
    *(
        Case(f"missing classes marked {mark!r}", "missing", clips(mood=[mark, mark, *["sad", "glad"] * 5]),
             Loads(unlabelled("mood", 0, 1), True, notes=("labels of mood are marked as missing",)),
             (f"corpus.missing=[{mark!r}]",), point=4)
        for mark in ("?", "xxx", "Unknown", -1)
    ),
    Case("a mark for a target of its own", "missing", all_of(labels({0: -1}), clips()),
         Loads(unlabelled("arousal", 0), True), ("targets.arousal.missing=[-1]",), point=4),
    Case("a target's own mark in place of the corpus'", "missing", all_of(labels({0: 5}), clips()),
         Loads(unlabelled("arousal"), True), ("corpus.missing=[5]", "targets.arousal.missing=[-9]"), point=4, own=True),
    Case("a mark written as a number and a text", "missing", labels({0: "-1.0", 1: "-1"}),
         Loads(unlabelled("arousal", 0, 1), True), ("corpus.missing=[-1]",), point=4),
    Case("a mark nobody has", "missing", nothing, Loads(notes=("no label is -9 (corpus.missing)",)),
         ("corpus.missing=[-9]",), point=4),
    Case("a question mark among numbers", "missing", labels({3: "?"}),
         Refused(("targets.arousal", f"clip '{ID[3]}' has '?', no number (1 such)", "corpus.missing = ['?']")),
         point=4),
    *(
        Case(f"an unmarked {far:g}", "missing", labels({3: far, 5: far, 7: far}),
             Loads(notes=(f"label {far:g} of 3 clips lies far off the others", f"missing = [{far:g}]")), (FREE,),
             point=4)
        for far in (-5, 99, -1)
    ),
    Case("one label far off", "missing", labels({3: 40}), Loads(notes=("label 40 of 1 clips lies far off",)), (FREE,),
         point=4, own=True),
    Case("labels of a scale", "missing", clips(arousal=[1, 2, 3, 4, 5, 1] * 2), Loads(unsaid=("far off",)), (FREE,)),
    Case("a class of one clip", "missing",
         lambda s: bigger(mood=["sad", "glad"] * 29 + ["sad", "mad"])(s),
         Loads(notes=("class 'mad' has 1 of 60 clips",)), point=4),
    Case("classes alike in number", "missing", clips(mood=["sad", "glad", "mad"] * 4), Loads(unsaid=("too few",))),
    Case("empty, NA, None and null", "missing", labels({0: "", 1: "NA", 2: "None", 3: "null"}),
         Loads(unlabelled("arousal", 0, 1, 2, 3), True, notes=("4 of 12 clips have no label of arousal",))),
    Case("a label beyond the range", "missing", labels({3: -5}), Refused(("outside its range", f"'{ID[3]}'", "-5"))),
]  # fmt: skip


def bigger(n: int = 60, **columns):
    """Sixty clips of twelve speakers, the last two speakers to be evaluated."""

    def make(study: Small) -> None:
        ids = [f"c{number:03d}" for number in range(n)]
        rng = np.random.default_rng(1)
        study.clips = pd.DataFrame({"clip_id": ids, "speaker": np.repeat([f"p{k}" for k in range(12)], n // 12)})
        study.clips["part"] = np.where(np.arange(n) < n * 5 // 6, "train", "test")
        study.clips["arousal"] = rng.uniform(1, 5, n).round(2)
        study.clips["mood"] = rng.choice(["glad", "mad", "sad"], n)
        study.clips = study.clips.assign(**columns)
        study.face = pd.DataFrame({"clip_id": ids, **{f"au{k}": rng.normal(size=n) for k in (1, 2, 3, 4)}})
        study.audio = {"clip_id": np.array(ids), "X": rng.normal(size=(n, 4)), "columns": np.array(list("abcd"))}
        study.study = study.study.replace('dev = ["dev"]\n', "")

    return make


def feature(how):
    """Sixty clips, and a feature made of their labels."""

    def make(study: Small) -> None:
        bigger()(study)
        study.face["au1"] = how(study.clips)

    return make


def codes(names):
    return lambda table: table["mood"].map(names)


ANSWERS = [
    *(
        Case(f"arousal {name}", "answers", feature(how), Refused(("modalities.face: column 'au1'", words)), point=6,
             own=name in ("binned", "rounded, to its logarithm"))
        for name, how, words in (
            ("itself", lambda t: t["arousal"], "'arousal' of the clips table"),
            ("rescaled", lambda t: (t["arousal"] - 1) / 4, "one to one with the labels of arousal"),
            ("shifted", lambda t: t["arousal"] - 3, "one to one with the labels of arousal"),
            ("negated", lambda t: 6 - t["arousal"], "one to one with the labels of arousal"),
            ("squared", lambda t: t["arousal"] ** 2, "one to one with the labels of arousal"),
            ("rescaled and rounded", lambda t: (t["arousal"] / 7).round(3), "one to one with the labels of arousal"),
            ("rounded, to its logarithm", lambda t: np.log(t["arousal"]).round(2), "one to one with the labels of"),
            ("rescaled, with a little noise",
             lambda t: t["arousal"] / 4 + np.random.default_rng(3).normal(0, 0.002, len(t)), "one to one with"),
            ("binned", lambda t: (t["arousal"] > 3).astype(int), "one to one with the labels of arousal"),
        )
    ),
    *(
        Case(f"mood {name}", "answers", feature(how), Refused(("column 'au1'", "one to one with the labels of mood")),
             point=6)
        for name, how in (
            ("coded", codes({"glad": 0, "mad": 1, "sad": 2})),
            ("coded otherwise", codes({"glad": 7, "mad": -1, "sad": 0.5})),
            ("as one class against the others", codes({"glad": 1, "mad": 0, "sad": 0})),
        )
    ),
    *(
        Case(f"arousal {name}", "answers", feature(how), Loads(), point=6)
        for name, how in (
            ("with noise", lambda t: t["arousal"] + np.random.default_rng(2).normal(0, 0.2, len(t))),
            ("of others", lambda t: np.roll(t["arousal"], 1)),
            ("as one of sixty above all", lambda t: (t["arousal"] == t["arousal"].max()).astype(int)),
        )
    ),
    Case("a speaker's number", "answers", lambda s: setattr(s, "face", s.face.assign(speaker=np.repeat(range(6), 2))) or
         setattr(s, "clips", s.clips.assign(speaker=np.repeat(range(6), 2))),
         Refused(("'speaker' is 'speaker' of the clips table",))),
    Case("a feature with a target's name", "answers", face(arousal=np.arange(12.0) / 4),
         Loads(lambda c: "arousal" in c.modalities["face"].columns, True)),
]  # fmt: skip


def copied(*pairs):
    """Sixty clips, some with the audio of others."""

    def make(study: Small) -> None:
        bigger()(study)
        for ours, theirs in pairs:
            study.audio["X"][ours] = study.audio["X"][theirs]

    return make


MERGE = "corpus.duplicates='merge'"
DUPLICATES = [
    Case("a row in two groups", "duplicates", copied((1, 30)),
         Loads(notes=("2 clips share their row of audio with a clip of another group, such as 'c001' (p0) and 'c030' "
                      "(p6)", "duplicates = 'merge'")), point=6),
    Case("rows in two groups, counted", "duplicates", copied((1, 30), (2, 31), (3, 40)),
         Loads(notes=("6 clips share their row",)), point=6),
    Case("a row twice in a group", "duplicates", copied((1, 2)), Loads(unsaid=("share their row",)), point=6),
    Case("groups with a row in common, made one", "duplicates", copied((1, 30)),
         Loads(lambda c: sorted(set(c.groups[[0, 1, 30]])), ["p0+p6"], notes=("became 1, such as p0 and p6",),
               unsaid=("share their row",)), (MERGE,), point=6),
    Case("three groups in a chain, made one", "duplicates", copied((1, 30), (31, 40)),
         Loads(lambda c: len(set(c.groups)), 10), (MERGE,), point=6, own=True),
    Case("groups made one and left out one by one", "duplicates", copied((1, 30)),
         Loads(lambda c: [len(s.test) for s in c.splits if "+" in s.name], [10]),
         (MERGE, "split={leave_one_out='speaker'}"), point=6, own=True),
    Case("groups made one across a split", "duplicates", copied((1, 58)),
         Refused(("group 'p0+p11' is on both sides",)), (MERGE,), point=6, own=True),
    Case("nothing to make one", "duplicates", lambda s: bigger()(s), Loads(notes=("no groups share a row",)), (MERGE,),
         point=6),
    Case("a stand-in for no face", "duplicates", copied(*((5 * k, 55) for k in range(8))),
         Loads(unsaid=("share their row",)), point=6),
    Case("rows of zeros", "duplicates", lambda s: audio(X=np.zeros((12, 3)) + [1, 2, 2])(s),
         Loads(unsaid=("share their row",)), point=6),
]  # fmt: skip

SESSION = clips(session=[1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
FILTERS = [
    *(
        Case(f"where {values} of whole numbers", "filters", SESSION, Loads(lambda c: len(c.ids), 10, notes=said),
             (f"corpus.where={{session=[{values}]}}",), point=10)
        for values, said in (
            ("2, 3, 4, 5, 6", ()), ("2.0, 3.0, 4.0, 5.0, 6.0", ("session = 2.0 is taken for '2'",)),
            ("'2', '3', '4', '5', '6'", ()), ("'02', '03', '04', '05', '06'", ("session = 02 is taken for '2'",)),
        )
    ),
    Case("where in another case", "filters", clips(sex=["F"] * 10 + ["M"] * 2), Loads(lambda c: len(c.ids), 10,
         notes=("sex = f is taken for 'F'",)), ("corpus.where={sex=['f']}",), point=10),
    Case("where true", "filters", clips(used=[True] * 10 + [True, False]), Loads(lambda c: len(c.ids), 11),
         ("corpus.where={used=[true]}",), point=10),
    Case("where 'true' of truth values", "filters", clips(used=[True] * 10 + [True, False]),
         Loads(lambda c: len(c.ids), 11), ("corpus.where={used=['true']}",), point=10, own=True),
    Case("where 1 of truth values", "filters", clips(used=[True] * 10 + [True, False]),
         Refused(("no clip has used in [1]", "found: True, False", "read as bool")), ("corpus.where={used=[1]}",),
         point=10),
    Case("where 1 of fractions", "filters", clips(share=[0.5, 1.5] * 6),
         Refused(("no clip has share in [1]", "0.5, 1.5", "read as float64")), ("corpus.where={share=[1]}",), point=10),
    Case("where nobody is", "filters", nothing, Refused(("part", "nowhere")), ("corpus.where={part=['nowhere']}",)),
    Case("where of an unknown column", "filters", nothing, Refused(("corpus.where", "'parts'", "'part'")),
         ("corpus.where={parts=['train']}",)),
    Case("a value nobody has", "filters", SESSION, Loads(notes=("no clip has session = 9 (corpus.where)",)),
         ("corpus.where={session=[1, 2, 3, 4, 5, 6, 9]}",)),
    Case("where not", "filters", SESSION, Loads(lambda c: len(c.ids), 10), ("corpus.where_not={session=[1]}",),
         point=4),
    Case("where not 4.0", "filters", SESSION, Loads(lambda c: len(c.ids), 10, notes=("is taken for '1'",)),
         ("corpus.where_not={session=[1.0]}",), point=4),
    Case("where not of a class", "filters", clips(mood=["xxx", *["sad", "glad"] * 6][:12]),
         Loads(lambda c: c.targets[1].classes, ("glad", "sad")), ("corpus.where_not={mood=['xxx']}",), point=4),
    Case("where not of anybody", "filters", nothing, Refused(("where_not leaves no clip",)),
         ("corpus.where_not={part=['train', 'dev', 'test']}",), point=4),
    Case("where not of nobody", "filters", nothing, Loads(notes=("no clip has part = x (corpus.where_not)",)),
         ("corpus.where_not={part=['x']}",), point=4),
    Case("where not of an unknown column", "filters", nothing, Refused(("corpus.where_not", "'speakr'")),
         ("corpus.where_not={speakr=['x']}",), point=4),
]  # fmt: skip


def posterior(glad, sad, clip=0):
    """The posterior of a clip, with given scores for every clip."""
    return deep(glad=glad, sad=sad)


def mood(clip=0):
    return lambda c: c.predictions["deep"].values["mood"][clip].tolist()


def first(column, value):
    return lambda study: deep(**{column: [value, *study.deep[column].tolist()[1:]]})(study)


def last(column, value):
    return lambda study: deep(**{column: [*study.deep[column].tolist()[:-1], value]})(study)


SUM = "divided by their sum"
SOFTENED = "put through a softmax"
POSTERIORS = [
    *(
        Case(name, "posteriors", deep(glad=glad, sad=sad), Loads(mood(), right, notes=said, unsaid=unsaid), (DEEP,),
             point=5)
        for name, glad, sad, right, said, unsaid in (
            ("posteriors", 0.25, 0.75, [0.25, 0.75], (), (SUM, SOFTENED)),
            ("posteriors rounded down", 0.33, 0.66, [1 / 3, 2 / 3], ("sum to 0.99 to 0.99", SUM), (SOFTENED,)),
            ("posteriors rounded here and there", [0.3, 0.5] * 6, [0.71, 0.49] * 6, [0.3 / 1.01, 0.71 / 1.01],
             ("sum to 0.99 to 1.01", SUM), (SOFTENED,)),
            ("per cent", 25.0, 75.0, [0.25, 0.75], (SUM,), (SOFTENED,)),
            ("per cent rounded", [33, 50] * 6, [66, 51] * 6, [1 / 3, 2 / 3], (SUM,), (SOFTENED,)),
            ("votes", [1, 0] * 6, [3, 5] * 6, [0.25, 0.75], (SUM,), (SOFTENED,)),
            ("votes, in decimal commas", ["1,0", "0,5"] * 6, ["3,0", "5,5"] * 6, [0.25, 0.75], (SUM,), (SOFTENED,)),
            ("logits", 1.0, -1.0, [0.880797, 0.119203], (SOFTENED,), (SUM,)),
            ("logits, most of them positive", [5.0, 5.0, -1.0] * 4, 5.0, [0.5, 0.5], (SOFTENED,), (SUM,)),
            ("logarithms of posteriors", float(np.log(0.25)), float(np.log(0.75)), [0.25, 0.75], (SOFTENED,), (SUM,)),
        )
    ),
    Case("a row of zeros", "posteriors", all_of(last("glad", 0.0), last("sad", 0.0)),
         Refused((f"all class scores of clip '{ID[11]}' are 0 (1 such clips)",)), (DEEP,), point=5),
    Case("a row of zeros of somebody else", "posteriors",
         lambda s: setattr(s, "deep", pd.concat([s.deep, s.deep[:1].assign(clip_id="else", glad=0.0, sad=0.0)])),
         Same(reference=(DEEP,)), (DEEP,), point=5, own=True),
    Case("no prediction of a training clip", "posteriors", all_of(first("glad", np.nan), first("sad", np.nan)),
         Loads(mood(1), [0.25, 0.75]), (DEEP,), point=5),
    Case("no value of a training clip", "posteriors", first("arousal", np.nan), Loads(mood(1), [0.25, 0.75]), (DEEP,),
         point=5),
    Case("no row of a training clip", "posteriors", lambda s: setattr(s, "deep", s.deep[1:]),
         Loads(mood(1), [0.25, 0.75]), (DEEP,), point=5),
    Case("no prediction of an evaluated clip", "posteriors", all_of(last("glad", np.nan), last("sad", np.nan)),
         Refused(("no mood for 1 evaluated clips", ID[11])), (DEEP,), point=5),
    Case("no value of an evaluated clip", "posteriors", last("arousal", np.nan),
         Refused(("no arousal for 1 evaluated clips", ID[11])), (DEEP,)),
    Case("no prediction of an evaluated clip without a label", "posteriors",
         all_of(last("arousal", np.nan), labels({11: np.nan})), Loads(mood(1), [0.25, 0.75]), (DEEP,), point=5),
    Case("half a posterior", "posteriors", first("glad", np.nan), Refused((f"'{ID[0]}'", "no finite number")), (DEEP,)),
    Case("a word among scores", "posteriors", first("glad", "?"), Refused((f"'{ID[0]}'", "no finite number")), (DEEP,)),
    Case("a word among values", "posteriors", first("arousal", "?"), Refused((f"'{ID[0]}'", "finite")), (DEEP,)),
    Case("values of another scale", "posteriors", deep(arousal=300.0), Refused(("300", "[1, 5]")), (DEEP,)),
    Case("an evaluated clip of another name", "posteriors", deep(clip_id=[*ID[:11], "x"]),
         Refused(("1 evaluated clips", f"'{ID[11]}'")), (DEEP,)),
    Case("one clip twelve times", "posteriors", deep(clip_id=[ID[0]] * 12), Refused(("more than once",)), (DEEP,)),
    Case("rows of clips left out", "posteriors",
         lambda s: setattr(s, "deep", pd.concat([s.deep, s.deep[:1].assign(clip_id="else", arousal="?")])),
         Same(reference=(DEEP,)), (DEEP,), point=5),
    Case("columns with the target's name", "posteriors",
         lambda s: setattr(s, "deep", s.deep.rename(columns={"glad": "mood=glad", "sad": "mood=sad"})),
         Same(reference=(DEEP,)), (DEEP,)),
    Case("a fold that is no split", "posteriors", deep(fold="fold7"), Refused(("fold 'fold7' is no split",)), (DEEP,)),
]  # fmt: skip

SPLITS = [
    Case("a partition written wrongly", "splits", clips(part=["train"] * 11 + ["tset"]), Refused((ID[11], "'tset'"))),
    Case("an empty partition", "splits", clips(part=["train"] * 11 + [""]), Refused((ID[11], "empty"))),
    Case("no test part", "splits", clips(part=np.repeat(["train", "dev"], 6)), Refused(("part = 'test'",))),
    Case("partitions with blanks", "splits", clips(part=[f" {p} " for p in small().clips["part"]]), Same(), point=2),
    Case("a constant label", "splits", clips(arousal=3.0), Refused(("arousal", "constant"))),
    Case("no label", "splits", clips(arousal=np.nan), Refused(("arousal", "no label"))),
    Case("no label to learn from", "splits", clips(arousal=[np.nan] * 8 + [1, 2, 3, 4]),
         Refused(("arousal", "no label in the training part"))),
    Case("no label to score", "splits", clips(arousal=[1, 2, 3, 4, 5, 4, 3, 2] + [np.nan] * 4),
         Refused(("arousal", "nothing to score"))),
    Case("labels of one speaker", "splits", clips(arousal=[1, 2] + [np.nan] * 6 + [1, 2, 3, 4]),
         Refused(("targets.arousal", "group 's01'", "two groups"))),
    Case("a fold called all", "splits", clips(fold=np.repeat(["all", "other"], 6)), Refused(("split all", "rename")),
         ("split={folds='fold'}",)),
    Case("labels beyond the range", "splits", clips(arousal=7.0), Refused(("outside its range",))),
    Case("an unknown target", "splits", nothing, Refused(("arousl", "arousal")), ("targets.arousl={metric='ccc'}",)),
    Case("a range of classes", "splits", nothing, Refused(("targets.mood", "range", "not with classes")),
         ("targets.mood.range=[1, 5]",)),
    Case("concordance without recordings", "splits", nothing, Refused(("targets.arousal", "corpus.recording")),
         ("targets.arousal.metric=ccc_per_recording",)),
    Case("an unknown reader", "splits", nothing, Refused(("'tabel'", "'table'")), ("corpus.reader=tabel",)),
    Case("an unknown key", "splits", nothing, Refused(("clipz", "clips")), ("corpus.clipz=x.csv",)),
    Case("what scores cannot say", "splits",
         clips(mood=["sad", "glad"] * 4 + ["mad"] * 4, arousal=[1, 2, 3, np.nan, 4, 5, 1, 2] + [3.0] * 4,
               speaker=list("00112233") + ["4"] * 4),
         Loads(notes=("1 of 12 clips have no label of arousal", "all evaluated clips are 3 in arousal",
                      "all evaluated clips are mad in mood", "4 evaluated clips are of a class of mood that nobody",
                      "all evaluated clips are of group 4"))),
]  # fmt: skip

CASES = [*MISSING, *ANSWERS, *DUPLICATES, *FILTERS, *POSTERIORS, *SPLITS]
