"""Study files that nobody should have to read: named cases, and mutants of a good one."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import tomli_w
from case_types import STUDY
from hypothesis import strategies as st

MORE = """
[systems]
learners = ["ridge", "svr"]
tasks = ["single", "chain"]
inner_folds = 2
fusion = ["mean", { method = "ridge", name = "top", inputs = ["ridge-*"], targets = "all" }]
[tuning]
trials = 0
[[reported]]
system = "LSTM"
target = "arousal"
metric = "ccc"
value = 0.5
source = "Table 1"
[protocols.paper]
note = "as the paper did it"
systems = { matching = false }
"""
WHOLE: dict[str, Any] = tomllib.loads(STUDY + MORE)


def deep(levels: int) -> Any:
    """A table in a table in a table."""
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


HEAD = 'title = "x"\n'
# name: (text of the study, words of the refusal)
CASES: dict[str, tuple[str, str]] = {
    "arrays 100,000 deep": (HEAD + "notes = " + "[" * 100_000, "nested"),
    "closed arrays 5,000 deep": (HEAD + "notes = " + "[" * 5_000 + "]" * 5_000, "nested"),
    "inline tables 5,000 deep": (HEAD + "corpus = " + "{a=" * 5_000 + "1" + "}" * 5_000, "nested"),
    "a dotted key of 5,000 parts": (HEAD + ".".join("a" * 5_000) + " = 1", "nested"),
    "500 dotted keys of 400 parts": (HEAD + "".join(f"k{n}." + "a." * 400 + "z = 1\n" for n in range(500)), "nested"),
    "a table header of 5,000 parts": (HEAD + "[" + ".".join("a" * 5_000) + "]", "nested"),
    "arrays 200 deep": (HEAD + "notes = " + "[" * 200 + "]" * 200, "nested"),
    "tables 200 deep": (HEAD + "corpus = " + "{a=" * 200 + "1" + "}" * 200, "nested"),
    "a number of 6,000 digits": (HEAD + "seed = " + "9" * 6_000, "64 bit"),
    "a number of 400 digits": (HEAD + "seed = " + "9" * 400, "64 bit"),
    "a range up to 10^400": (STUDY.replace("[1, 5]", f"[1, 1{'0' * 400}]"), "64 bit"),
    "a float of 1e400": (STUDY.replace("[1, 5]", "[1, 1e400]"), ""),
    "2 MB of a title": ("title = '" + "x" * 2**21 + "'", "bytes"),
    "2 MB of comments": ("#" * 2**21, "bytes"),
    "a key of 60,000 signs": ("x" * 60_000 + " = 1\n" + STUDY, "unknown key"),
    "an unknown key that clears the screen": ('"\\u001b[2J" = 1\n' + STUDY, "unknown key"),
    "a target that clears the screen": (STUDY + '\n[targets."\\u001b[2J"]\nmetric = "ccc"', "printed"),
    "an empty title": (STUDY.replace('"mine"', '""'), "title"),
    "a title of blanks": (STUDY.replace('"mine"', '"  "'), "title"),
    "no title": (STUDY.replace('title = "mine"', ""), "title"),
    "a title that is a table": (STUDY.replace('"mine"', "{}"), "title"),
    "NUL bytes": ("title = 'x'\0\0", "TOML"),
    "UTF-16": ((HEAD + "[corpus]").encode("utf-16").decode("latin-1"), "TOML"),
    "data root left by ..": (STUDY.replace('"clips.csv"', '"${data}/../secret.csv"'), "leads out of"),
    "data root left further down": (STUDY.replace('"clips.csv"', '"${data}/a/../../secret.csv"'), "leads out of"),
    "data root within a path": (STUDY.replace('"clips.csv"', '"/etc/${data}/x.csv"'), "begin"),
    "modality out of the data root": (STUDY.replace('"audio.npz"', '"${data}/../a.npz"'), "leads out of"),
    "media out of the data root": (
        STUDY.replace('"audio.npz"', '{ recipe = "egemaps", media = "${data}/../../etc" }'), "leads out of"
    ),
    "predictions out of the data root": (STUDY + '\n[predictions]\ndeep = "${data}/../deep.csv"', "leads out of"),
    "an endless device as clips": (STUDY.replace('"clips.csv"', '"/dev/zero"'), "no file"),
    "an endless device as figures": ('reported = "/dev/zero"\n' + STUDY, "no file"),
    "an endless device that is extended": ('extends = "/dev/zero"\n' + STUDY, "no study"),
    "a folder that is extended": ('extends = "/"\n' + STUDY, "no study"),
    "extends that is a list": ('extends = ["a"]\n' + STUDY, "extends"),
    "extends with a NUL": ('extends = "a\\u0000b"\n' + STUDY, ""),
    "clips with a NUL": (STUDY.replace('"clips.csv"', '"a\\u0000b"'), ""),
    "extends of 60,000 signs": (f'extends = "{"x" * 60_000}"\n' + STUDY, ""),
    "a reported figure of 500": (STUDY + MORE.replace("value = 0.5", "value = 500"), "reported.0"),
    "a reported figure of metric cc": (STUDY + MORE.replace('"ccc"\nvalue', '"cc"\nvalue'), "did you mean"),
    "a reported figure without a system": (STUDY + MORE.replace('system = "LSTM"', 'system = ""'), "reported.0"),
    "a learner by a function's path": (
        STUDY + '\n[systems]\nlearners = [{ name = "x", regressor = "os.system", classifier = "os.system" }]',
        "os.system",
    ),
}  # fmt: skip


HOSTILE: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63 - 1, -(2**63), 1.5, -0.0, 1e308, float("nan"), float("inf"), "", " ", "x",
    "\x1b[2J", "\u202egnp.exe", "../../etc/passwd", "/dev/zero", "${data}/../x", "~root/x", "$(id)", "=cmd()", "a\0b",
    "x" * 20_000, [], {}, [[]], [1, "x"], {"a": 1}, [{}], [None], deep(20), ["ridge"] * 300, "ccc", "mean", "arousal",
    "clips.csv", ["train", "train"], [5, 1], [1, 1], {"method": "mean"}, [{"method": "ridge", "inputs": ["*"]}],
]  # fmt: skip
SIGNS = list("[]{}=\"'.,#\n\\") + ["\x00", "\x1b", "\ud7ff", "9" * 30, "[[", "]]", '"""', "inf", "nan", "1979-05-27"]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value can be changed: keys and indices from the root."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(*path, key), *_places(value[key], (*path, key))]]


PLACES = _places(WHOLE)
_values = st.one_of(st.sampled_from(HOSTILE), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=30))


@st.composite
def structures(draw: st.DrawFn) -> str:
    """The good study with one to three values replaced, keys renamed or taken out, as TOML."""
    study = copy.deepcopy(WHOLE)
    for place in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        holder: Any = study
        try:
            for key in place[:-1]:
                holder = holder[key]
            value = holder.pop(place[-1])
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took it out
        what = draw(st.sampled_from(["value", "value", "value", "gone", "renamed"]))
        if what == "value":
            value = copy.deepcopy(draw(_values))
        if what == "gone" or value is None:
            continue
        if isinstance(holder, list):
            holder.insert(place[-1], value)
        else:
            holder[draw(st.text(min_size=1, max_size=8)) if what == "renamed" else place[-1]] = value
    try:
        return tomli_w.dumps(study)
    except (TypeError, ValueError):
        return tomli_w.dumps(WHOLE)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """The good study's text with signs put in, taken out or repeated."""
    text = STUDY + MORE
    for _ in range(draw(st.integers(1, 4))):
        place, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        put = draw(st.one_of(st.just(""), st.sampled_from(SIGNS), st.text(max_size=6)))
        text = text[:place] + put * draw(st.sampled_from([1, 1, 1, 40])) + text[place + length :]
    return text


def write(folder: Path, text: str) -> Path:
    """The study as a file beside its tables."""
    path = folder / "study.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path
