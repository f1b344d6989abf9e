"""Model files checked before skops reads them: sizes, arrays, and the trees of LightGBM and XGBoost.

skops makes sure that nothing but known types is built. It does not look into what these hold: an array may claim to be
larger than any memory, and a tree may name nodes that are not there, which makes the libraries read foreign memory.
"""

import hashlib
import json
import re
import zipfile
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from avbaselines.experiment.bundles.lightgbm_text import check_lightgbm
from avbaselines.experiment.bundles.xgboost_bytes import check_xgboost

__all__ = ["check_archive", "check_parts"]

SCHEMA, MOST_SCHEMA, MOST_MEMBERS = "schema.json", 128 * 2**20, 100_000
_MEMBER = re.compile(r"[0-9a-f-]{1,40}\.(?:npy|bin)")
_LOADERS = {
    *("DictNode", "DefaultDictNode", "ListNode", "TupleNode", "SetNode", "SliceNode", "JsonNode", "TypeNode"),
    *("ObjectNode", "NdArrayNode", "BytesNode", "BytearrayNode", "RandomStateNode", "RandomGeneratorNode", "LossNode"),
}
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
# What LightGBM's booster is made of beside its text, as skops writes it.
_LIGHTGBM: dict[str, object] = {"_network": False, "pandas_categorical": None}
_GROWN_FROM = "_Booster__init_predictor"
"""Of boosters that have grown; one that was read from a text has none."""


def check_archive(path: Path) -> None:
    """Check how a model file is packed, before anything in it is read: its members, their sizes and its arrays'.

    Raises
    ------
    zipfile.BadZipFile
        It is no zip archive.
    ValueError
        It is packed otherwise than skops does it, or an array has another size than it says.

    Examples
    --------
    >>> import tempfile
    >>> import skops.io
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.skops")
    ...     skops.io.dump({"arousal": np.ones(3)}, path)
    ...     check_archive(path)
    """
    with zipfile.ZipFile(path) as archive:
        _check_members(archive)


def check_parts(path: Path) -> None:
    """Check what a model file is made of without building anything of it; `check_archive` comes first.

    Raises
    ------
    ValueError
        A part is of a kind that no model here has, or a tree has nodes, leaves or features that are not there.

    Examples
    --------
    See `check_archive`.
    """
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read(SCHEMA))
        nodes = _Nodes(archive)
        nodes.read(schema)
        for booster in nodes.boosters:
            _check_booster(booster, archive)


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(members) > MOST_MEMBERS or len(set(names)) < len(names) or SCHEMA not in names:
        raise ValueError("is not packed as model files are")
    for member in members:
        if member.filename != SCHEMA and not _MEMBER.fullmatch(member.filename):
            raise ValueError(f"holds a file {member.filename!r}")
        # Stored as they are, as skops does: what is unpacked is never larger than the file itself.
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise ValueError(f"{member.filename} is compressed or encrypted")
        if member.filename.endswith(".npy"):
            _check_array(archive, member)
    if archive.getinfo(SCHEMA).file_size > MOST_SCHEMA:
        raise ValueError(f"{SCHEMA} has more than {MOST_SCHEMA:,} bytes")


def _check_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as file:
        shape, _, kind = _HEADERS[np.lib.format.read_magic(file)](file)
        if kind.hasobject or prod(shape) * kind.itemsize != member.file_size - file.tell():
            raise ValueError(f"{member.filename} is an array of another size than it says")


class _Nodes:
    """The parts of a schema, each known to be what skops will take it for.

    skops builds a part once and takes it wherever its number stands; it has to say the same wherever it stands.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.files: dict[str, bytes] = {}
        self.said: dict[Any, bytes] = {}
        self.boosters: list[dict[str, Any]] = []

    def read(self, part: Any) -> bytes:
        """What a part says, its number left out, as a digest."""
        if isinstance(part, list):
            return _digest(b"[", *(self.read(entry) for entry in part))
        if not isinstance(part, dict):
            return _digest(type(part).__name__.encode(), repr(part).encode("utf-8", "surrogatepass"))
        names = [name for name in sorted(part) if name != "__id__"]
        values = [self._file(part[name]) if name == "file" else self.read(part[name]) for name in names]
        said = _digest(b"{", *(name.encode("utf-8", "surrogatepass") for name in names), *values)
        if "__loader__" in part:
            if part["__loader__"] not in _LOADERS:
                raise ValueError(f"holds a part of kind {part['__loader__']!r}")
            number = part.get("__id__")
            if number is not None and self.said.setdefault(number, said) != said:
                raise ValueError("two of its parts have one number")
            if part.get("__class__") == "Booster":
                self.boosters.append(part)
        return said

    def _file(self, name: Any) -> bytes:
        """What a member holds: a part that is written twice has two members of one content."""
        if name not in self.files:
            self.files[name] = _digest(self.archive.read(name))
        return self.files[name]


def _digest(*parts: bytes) -> bytes:
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.digest()


def _check_booster(node: dict[str, Any], archive: zipfile.ZipFile) -> None:
    try:
        content, library = node["content"], node["__module__"]
        state, keys = content["content"], content["key_types"]["content"]
        if node["__loader__"] != "ObjectNode" or content["__loader__"] != "DictNode":
            raise ValueError("holds a booster of another kind than the libraries write")
        if any((key["__module__"], key["__class__"]) != ("builtins", "str") for key in keys):
            raise ValueError("holds a booster whose parts have no names")
        if library == "lightgbm.basic":
            parts = _LIGHTGBM | ({_GROWN_FROM: None} if _GROWN_FROM in state else {})
            if "handle" in state or any(_plain(state[name]) != value for name, value in parts.items()):
                raise ValueError("holds a booster of LightGBM with more than its text")
            check_lightgbm(_plain(state["_handle"]))
        elif library == "xgboost.core" and set(state) == {"handle"}:
            if state["handle"]["__loader__"] != "BytearrayNode":
                raise ValueError("holds a booster of XGBoost without its bytes")
            check_xgboost(archive.read(state["handle"]["file"]))
        else:
            raise ValueError("holds a booster of another library")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"holds a booster without its parts ({error})") from None


def _plain(node: dict[str, Any]) -> Any:
    """The text, number or nothing that a node stands for."""
    if node["__loader__"] != "JsonNode":
        raise ValueError(f"holds a booster with a {node['__loader__']!r} in place of a text")
    return json.loads(node["content"])
