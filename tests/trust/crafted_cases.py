"""Changes of bundles that have to be refused by name: cards, files, archives, types and trees."""

import io
import json
import operator
import os
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from crafted_bundles import COLUMNS, reseal, rewrite

from avbaselines.experiment.bundles import bundle

MARK = "AVBASELINES_TOUCHED"
"""Environment variable that the payloads would set, were they run."""


@dataclass(frozen=True)
class Crafted:
    """A change of the bundles in a folder, the system to load, and words of the refusal."""

    change: Callable[[Path], object]
    words: str
    system: str = "ridge"


def card(system: str, /, **changes: Any) -> Callable[[Path], None]:
    """Keys of a card changed, and resealed; a function is given the value that stands there."""

    def change(models: Path) -> None:
        now = json.loads((models / system / "card.json").read_text())
        reseal(models / system, **{k: v(now[k]) if callable(v) else v for k, v in changes.items()})

    return change


def unsealed(old: str, new: str) -> Callable[[Path], None]:
    """A card's text changed and left so."""

    def change(models: Path) -> None:
        path = models / "moods" / "card.json"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def lacking(key: str) -> Callable[[Path], None]:
    """A card without a key, resealed."""

    def change(models: Path) -> None:
        path = models / "ridge" / "card.json"
        content = json.loads(path.read_text())
        del content[key]
        path.write_text(json.dumps(content))
        reseal(models / "ridge")

    return change


def made(**keys: Any) -> Callable[[Any], Any]:
    return lambda now: {"face": now["face"] | {"made": now["face"]["made"] | keys}}


def replaced(name: str, put: Callable[[Path], object]) -> Callable[[Path], None]:
    """A file replaced by something else of its name."""

    def change(models: Path) -> None:
        path = models / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        put(path)

    return change


def linked_folder(models: Path) -> None:
    shutil.move(models / "ridge", models.parent / "elsewhere")
    (models / "ridge").symlink_to(models.parent / "elsewhere")


def member(name: str, content: bytes, compression: int = zipfile.ZIP_STORED) -> Callable[[Path], None]:
    """A member put into the archive."""

    def change(models: Path) -> None:
        with zipfile.ZipFile(models / "ridge" / "model.skops", "a") as archive:
            archive.writestr(name, content, compression)
        reseal(models / "ridge")

    return change


def bomb(models: Path) -> None:
    """An archive whose array unpacks to 4 GB of zeros."""
    header = io.BytesIO()
    about = {"descr": "|u1", "fortran_order": False, "shape": (2**32,)}
    np.lib.format.write_array_header_1_0(header, about)
    chunk = bytes(2**24)
    with zipfile.ZipFile(models / "ridge" / "model.skops", "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("1.npy", "w", force_zip64=True) as file:
            file.write(header.getvalue())
            for _ in range(2**8 // 8):  # 512 MB suffice to tell
                file.write(chunk)
    reseal(models / "ridge")


def arrays(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Every array of a model changed."""
    return lambda models: rewrite(models / "ridge", lambda name, old: change(old) if name.endswith(".npy") else old)


def claim(content: bytes) -> bytes:
    """An array that says it is of 2^40 rows."""
    header = io.BytesIO()
    about = {"descr": "<f8", "fortran_order": False, "shape": (2**40,)}
    np.lib.format.write_array_header_1_0(header, about)
    return header.getvalue() + content[-8:]


class Payload:
    """Sets an environment variable when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.putenv, (MARK, "1")


def smuggled(thing: Any) -> Callable[[Path], None]:
    """An attribute of an estimator replaced by something that runs."""

    def change(models: Path) -> None:
        model = skops.io.load(models / "ridge" / "model.skops", trusted=list(bundle.TRUSTED))
        model["arousal"].cv = thing
        skops.io.dump(model, models / "ridge" / "model.skops")
        reseal(models / "ridge")

    return change


def text_of_trees(change: Callable[[str], str]) -> Callable[[Path], None]:
    """The text of LightGBM changed."""

    def edit(name: str, content: bytes) -> bytes:
        if name != "schema.json":
            return content
        return _in_schema(json.loads(content), change)

    return lambda models: rewrite(models / "lightgbm", edit)


def _in_schema(schema: Any, change: Callable[[str], str]) -> bytes:
    def walk(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: walk(value) for key, value in part.items()}
        if isinstance(part, list):
            return [walk(value) for value in part]
        if isinstance(part, str) and part.startswith('"tree\\n'):
            return json.dumps(change(json.loads(part)))
        return part

    return json.dumps(walk(schema)).encode()


def line(name: str, new: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    """The first line of this name in LightGBM's trees changed, the sizes kept true."""

    def change(text: str) -> str:
        head, _, trees = text.partition("\n\nTree=0\n")
        found = re.search(rf"^{name}=(.*)$", trees, re.M)
        put = f"{name}={' '.join(new(found[1].split()))}"
        longer = len(put) - len(found[0])
        sizes = re.search(r"tree_sizes=(\d+)", head)
        head = head.replace(sizes[0], f"tree_sizes={int(sizes[1]) + longer}")
        return f"{head}\n\nTree=0\n{trees[: found.start()]}{put}{trees[found.end() :]}"

    return change


def first(value: str) -> Callable[[list[str]], list[str]]:
    return lambda row: [value, *row[1:]]


def numbers_of_trees(name: str, value: int) -> Callable[[Path], None]:
    """The first number of the first array of this name in XGBoost's model changed."""

    def edit(member: str, content: bytes) -> bytes:
        if not member.endswith(".bin"):
            return content
        at = content.rindex(b"Model{")
        key = content.index(len(name).to_bytes(8, "big") + name.encode(), at) + 8 + len(name)
        if content[key : key + 2] == b"[#":  # a list of numbers, each with its kind before it
            size, place = 1, key + 12
        else:  # numbers of one kind
            assert content[key : key + 2] == b"[$" and content[key + 3 : key + 5] == b"#L"
            size, place = {b"l": 4, b"L": 8, b"i": 1, b"U": 1}[content[key + 2 : key + 3]], key + 13
        return content[:place] + value.to_bytes(size, "big", signed=True) + content[place + size :]

    return lambda models: rewrite(models / "xgboost", edit)


def swap_numbers(models: Path) -> None:
    """A second part with the number of the first: skops would take the first for both."""

    def edit(name: str, content: bytes) -> bytes:
        if name != "schema.json":
            return content
        schema = json.loads(content)
        other = next(iter(schema["content"].values()))
        other["content"]["__id__"] = schema["key_types"]["__id__"]
        return json.dumps(schema).encode()

    rewrite(models / "ridge", edit)


LONG = [f"x{number}" for number in range(2_000)]
CASES: dict[str, Crafted] = {
    # as it is found: any edit of a card
    "card edited: classes swapped": Crafted(unsealed('"glad"', '"sad"'), "was changed", "moods"),
    "card edited: fallback of another value": Crafted(unsealed("0.5", "0.6"), "was changed", "moods"),
    # resealed: what the schema has to see
    "a width of 1e12": Crafted(card("ridge", modalities=made(text="said", width=10**12)), "modalities.face.made.width"),
    "a width of -1": Crafted(card("ridge", modalities=made(text="said", width=-1)), "modalities.face.made.width"),
    "targets missing": Crafted(lacking("targets"), "'targets' is missing"),
    "system missing": Crafted(lacking("system"), "'system' is missing"),
    "fallback missing": Crafted(lacking("fallback"), "fallback"),
    "targets of another type": Crafted(card("ridge", targets="arousal"), "targets"),
    "modalities of another type": Crafted(card("ridge", modalities=[1]), "modalities"),
    "a class twice": Crafted(
        card("moods", targets=lambda now: [now[0] | {"classes": ["glad", "glad", "sad"]}]), "each once", "moods"
    ),
    "classes of a regressed target": Crafted(
        card("ridge", targets=lambda now: [now[0] | {"classes": ["a", "b"]}]), "classes go with"
    ),
    "classes one too few": Crafted(
        card("moods", targets=lambda now: [now[0] | {"classes": ["glad", "sad"]}]), "fallback.mood: 3 values", "moods"
    ),
    "an unknown metric": Crafted(card("ridge", targets=lambda now: [now[0] | {"metric": "cc"}]), "unknown metric"),
    "a fallback of the wrong width": Crafted(card("ridge", fallback={"arousal": [0.1, 0.2]}), "fallback.arousal"),
    "a fallback of an unknown target": Crafted(card("ridge", fallback={"arousol": [0.1]}), "did you mean 'arousal'"),
    "bounds turned round": Crafted(card("ridge", bounds={"arousal": [5, 1]}), "bounds.arousal"),
    "an infinite bound": Crafted(card("ridge", bounds={"arousal": [0, float("inf")]}), "bounds.arousal"),
    "a matching of text": Crafted(card("ridge", matching={"arousal": ["a", "b"]}), "matching.arousal"),
    "a seed of 5,000 digits": Crafted(unsealed('"seed": 0', f'"seed": {"9" * 5_000}'), "cannot be read", "moods"),
    "a card of another system": Crafted(card("ridge", system="lightgbm"), "holds the card of 'lightgbm'"),
    "a system's name that leaves the bundle": Crafted(card("ridge", system="../ridge"), "system"),
    "an input that leaves the bundle": Crafted(
        card("mean", inputs=lambda now: [now[0] | {"system": "../../secret"}]), "inputs.0.system", "mean"
    ),
    "an input by an absolute path": Crafted(
        card("mean", inputs=lambda now: [now[0] | {"system": "/etc"}]), "inputs.0.system", "mean"
    ),
    "an input twice": Crafted(card("mean", inputs=lambda now: [now[0], now[0]]), "twice", "mean"),
    "an input that is neither shipped nor given": Crafted(
        card("mean", inputs=[{"system": "ridge"}], selected={}), "either a shipped", "mean"
    ),
    "a chosen input that is not there": Crafted(card("mean", selected={"arousal": ["deep"]}), "selected", "mean"),
    "a fusion that fuses itself": Crafted(
        card("mean", inputs=lambda now: [now[0] | {"system": "mean", "sha256": None}]), "either a shipped", "mean"
    ),
    "2,000 inputs": Crafted(
        card("mean", inputs=[{"system": name, "sha256": "0"} for name in LONG], selected={}), "inputs", "mean"
    ),
    "a card of 17 MB": Crafted(card("ridge", notes=["x" * 17 * 2**20]), "bytes"),
    "a card nested 100,000 deep": Crafted(
        replaced("ridge/card.json", lambda path: path.write_text("[" * 100_000)), "nested too deeply"
    ),
    "an index that leaves the bundle": Crafted(
        replaced("index.json", lambda path: path.write_text('{"system": "../x"}')), "system", ""
    ),
    # files
    "a model that is a pipe": Crafted(replaced("ridge/model.skops", os.mkfifo), "no regular file"),
    "a card that is a pipe": Crafted(replaced("ridge/card.json", os.mkfifo), "no regular file"),
    "a model that is an endless device": Crafted(
        replaced("ridge/model.skops", lambda path: path.symlink_to("/dev/zero")), "no regular file"
    ),
    "a card that is a link": Crafted(
        replaced("ridge/card.json", lambda path: path.symlink_to("/etc/passwd")), "no regular file"
    ),
    "a system's folder that is a link": Crafted(linked_folder, "no regular file"),
    "a model of 5 GB": Crafted(
        replaced("ridge/model.skops", lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 5 * 2**30)),
        "are read at most",
    ),
    # archives
    "a bomb": Crafted(bomb, "compressed"),
    "a member that leaves the archive": Crafted(member("../../x.npy", b"x"), "holds a file '../../x.npy'"),
    "two members of one name": Crafted(member("schema.json", b"{}"), "not packed as model files are"),
    "an archive within the archive": Crafted(member("1.npz", b"PK"), "holds a file '1.npz'"),
    "an array of 2^40 rows": Crafted(arrays(claim), "of another size than it says"),
    "an array cut": Crafted(arrays(lambda old: old[:-1]), "of another size than it says"),
    "an array of objects": Crafted(arrays(lambda old: old.replace(b"'<f8'", b"'|O' ")), "of another size than it says"),
    "a schema nested 100,000 deep": Crafted(
        lambda models: rewrite(models / "ridge", lambda name, old: b"[" * 100_000 if name == "schema.json" else old),
        "nothing of it was loaded",
    ),
    "a part with another one's number": Crafted(swap_numbers, "one number"),
    # types
    "a pickle": Crafted(
        replaced("ridge/model.skops", lambda path: (path.write_bytes(pickle.dumps(Payload())), reseal(path.parent))),
        "no skops file",
    ),
    "an object that runs": Crafted(smuggled(Payload()), "nothing of it was loaded"),
    "a function": Crafted(smuggled(os.system), "nothing of it was loaded"),
    "a method": Crafted(smuggled(operator.methodcaller("system", "true")), "nothing of it was loaded"),
    # trees
    "LightGBM: a child that is not there": Crafted(
        text_of_trees(line("left_child", first("50000"))), "a child that is not there", "lightgbm"
    ),
    "LightGBM: a leaf that is not there": Crafted(
        text_of_trees(line("left_child", first("-50000"))), "a child that is not there", "lightgbm"
    ),
    "LightGBM: a circle": Crafted(
        text_of_trees(line("left_child", first("0"))), "a child that is not there", "lightgbm"
    ),
    "LightGBM: a feature that is not there": Crafted(
        text_of_trees(line("split_feature", first("4000000"))), "a feature that is not there", "lightgbm"
    ),
    "LightGBM: more leaves than lines": Crafted(
        text_of_trees(line("num_leaves", first("5000"))), "another length", "lightgbm"
    ),
    "LightGBM: leaves that are text": Crafted(text_of_trees(line("leaf_value", first("x"))), "no numbers", "lightgbm"),
    "LightGBM: a split by categories": Crafted(
        text_of_trees(line("decision_type", first("1"))), "categories", "lightgbm"
    ),
    "LightGBM: another objective": Crafted(
        text_of_trees(lambda text: text.replace("objective=regression", "objective=poisson")), "objective", "lightgbm"
    ),
    "LightGBM: more trees than it holds": Crafted(
        text_of_trees(lambda text: text.replace("tree_sizes=", "tree_sizes=7 ")), "tree 1", "lightgbm"
    ),
    "XGBoost: a child that is not there": Crafted(
        numbers_of_trees("left_children", 50_000), "a child that is not there", "xgboost"
    ),
    "XGBoost: a circle": Crafted(numbers_of_trees("left_children", 0), "a child that is not there", "xgboost"),
    "XGBoost: a feature that is not there": Crafted(
        numbers_of_trees("split_indices", 40_000), "a feature that is not there", "xgboost"
    ),
    "XGBoost: a class that is not there": Crafted(numbers_of_trees("tree_info", 7), "a class that is not", "xgboost"),
    "XGBoost: a round that is not there": Crafted(
        numbers_of_trees("iteration_indptr", 5), "rounds of trees", "xgboost"
    ),
    "no model file": Crafted(
        lambda models: (models / "ridge" / "model.skops").unlink(), "no such file"
    ),
    "a column too many": Crafted(
        card("ridge", modalities=lambda now: {"face": now["face"] | {"columns": [*COLUMNS, "e"]}}), "lacks column 'e'"
    ),
}  # fmt: skip
