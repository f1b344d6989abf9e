"""XGBoost's stored models, checked before the library reads them: a node that is not there would crash the process."""

import json
import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from avbaselines.experiment.bundles.trees import check_tree

__all__ = ["check_xgboost", "read_ubjson"]

_SIZES = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}
_PLAIN = {"T": True, "F": False, "Z": None}
_MOST = 100_000
_DEEPEST = 32
_PER_NODE = ("left_children", "right_children", "split_indices", "split_conditions", "default_left", "split_type",
             "parents", "sum_hessian", "loss_changes")  # fmt: skip
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_OBJECTIVES = ("reg:squarederror", "reg:pseudohubererror", "binary:logistic", "multi:softprob", "multi:softmax")


def check_xgboost(content: bytes) -> int:
    """Check the trees of a model as XGBoost serialises it (UBJSON with the parts Config and Model).

    Returns
    -------
    int
        Number of features that the model reads.

    Raises
    ------
    ValueError
        It is no such model, or one of its trees has nodes, leaves or features that are not there.

    Examples
    --------
    >>> check_xgboost(b"{}")
    Traceback (most recent call last):
    ValueError: XGBoost's model lacks 'Model'
    """
    try:
        learner = read_ubjson(content)["Model"]["learner"]
        parameters, booster = learner["learner_model_param"], learner["gradient_booster"]
        features, classes, targets = (
            _whole(parameters[name], name) for name in ("num_feature", "num_class", "num_target")
        )
        _check_learner(learner, max(classes, targets, 1))
        model = booster["model"]
        _check_rounds(model, max(classes, targets, 1))
        for number, tree in enumerate(model["trees"]):
            _check_nodes(tree, features, targets, f"XGBoost's tree {number}")
    except KeyError as error:
        raise ValueError(f"XGBoost's model lacks {error}") from None
    except (TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"XGBoost's model has a part of another kind than it writes ({error})") from None
    return features


def _check_learner(learner: Mapping[str, Any], outputs: int) -> None:
    if learner["gradient_booster"]["name"] != "gbtree" or learner["objective"]["name"] not in _OBJECTIVES:
        raise ValueError("XGBoost's model is of a kind that no learner here makes")
    score = json.loads(learner["learner_model_param"]["base_score"])
    scores = score if isinstance(score, list) else [score]
    if len(scores) not in (1, outputs) or not all(isinstance(one, int | float) for one in scores):
        raise ValueError("XGBoost's model starts from another number of values than it predicts")
    if learner["attributes"] or list(learner["feature_names"]) or list(learner["feature_types"]):
        raise ValueError("XGBoost's model names features, which no learner here lets it do")


def _check_rounds(model: Mapping[str, Any], outputs: int) -> None:
    """Which trees are of which round and class."""
    n_trees, of, starts = len(model["trees"]), _array(model["tree_info"]), _array(model["iteration_indptr"])
    counted = _whole(model["gbtree_model_param"]["num_trees"], "num_trees")
    if counted != n_trees or len(of) != n_trees or _whole(model["gbtree_model_param"]["num_parallel_tree"], "") != 1:
        raise ValueError("XGBoost's model has another number of trees than it says")
    if n_trees and ((of < 0) | (of >= outputs)).any():
        raise ValueError("XGBoost's model has trees of a class that is not there")
    steps = np.diff(starts)
    if not len(starts) or starts[0] != 0 or starts[-1] != n_trees or (steps < 1).any() or (steps > outputs).any():
        raise ValueError("XGBoost's model has rounds of trees that are not there")
    if any(len(part) for part in model.get("cats", {}).values()):
        raise ValueError("XGBoost's model has categories, which no learner here uses")


def _check_nodes(tree: Mapping[str, Any], features: int, targets: int, where: str) -> None:
    counts = tree["tree_param"]
    nodes, width = _whole(counts["num_nodes"], where), _whole(counts["size_leaf_vector"], where)
    arrays = {name: _array(tree[name]) for name in _PER_NODE}
    left, right = (arrays[side].astype(np.int64) for side in ("left_children", "right_children"))
    if not nodes or any(len(values) != nodes for values in arrays.values()):
        raise ValueError(f"{where} has another number of nodes than it says")
    if _whole(counts["num_feature"], where) != features or _whole(counts["num_deleted"], where):
        raise ValueError(f"{where} is of another model")
    if any(len(tree[name]) for name in _CATEGORIES) or arrays["split_type"].any():
        raise ValueError(f"{where} splits by categories, which no learner here does")
    leaves = left == -1
    check_tree(left, right, arrays["split_indices"], features, where)
    if width not in (1, targets) or len(_array(tree["base_weights"])) != nodes * width:
        raise ValueError(f"{where} has leaves of another width than the model's")
    # A leaf's right child is -1 or, where leaves hold several values, the place of these.
    own = right[leaves]
    if width == 1 and (own != -1).any():
        raise ValueError(f"{where} has a leaf with a child")
    if width > 1 and (
        len(_array(tree["leaf_weights"])) != leaves.sum() * width or ((own < -1) | (own >= leaves.sum())).any()
    ):
        raise ValueError(f"{where} has leaves whose values are not there")
    parents = arrays["parents"].astype(np.int64)[1:]
    at = np.flatnonzero(~leaves)
    said = np.full(nodes, -1)
    said[left[at]], said[right[at]] = at, at
    if (parents != said[1:]).any():
        raise ValueError(f"{where} has nodes that name another node than the one above them")


def _array(value: Any) -> np.ndarray:
    values = np.asarray(value)
    if values.ndim != 1 or (len(values) and values.dtype.kind not in "iufb"):
        raise ValueError("XGBoost's model has text among its numbers")
    return values


def _whole(text: Any, where: str) -> int:
    """A number that XGBoost writes as a text."""
    if not re.fullmatch(r"\d{1,9}", str(text)) or int(text) > _MOST:
        raise ValueError(f"{where}: {str(text)[:40]!r} is no number of 0 to {_MOST}")
    return int(text)


def read_ubjson(content: bytes) -> Any:
    """Read a UBJSON document as XGBoost writes it; arrays of numbers are numpy's.

    Raises
    ------
    ValueError
        It is cut, is followed by something, is nested too deeply, or holds what XGBoost does not write.

    Examples
    --------
    >>> read_ubjson(b"{L" + bytes(7) + b"\\x01ai\\x07}")
    {'a': 7}
    """
    reader = _Reader(content)
    try:
        value = reader.value(reader.mark(), 0)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"XGBoost's model is cut or damaged ({error})") from None
    if reader.place != len(content):
        raise ValueError("XGBoost's model has something behind its end")
    return value


class _Reader:
    """UBJSON read from a place in its bytes on."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = memoryview(bytes(content)), 0

    def mark(self) -> str:
        self.place += 1
        return chr(self.content[self.place - 1])

    def value(self, mark: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("XGBoost's model is nested too deeply")
        if mark in _SIZES:
            return self._numbers(mark, 1)[0].item()
        if mark in _PLAIN:
            return _PLAIN[mark]
        if mark == "S":
            return self._text()
        if mark == "{":
            return self._table(depth)
        if mark == "[":
            return self._list(depth)
        raise ValueError(f"XGBoost's model holds a value of kind {mark!r}")

    def _length(self) -> int:
        mark = self.mark()
        if mark not in "iUIlL":
            raise ValueError("XGBoost's model has a part without a length")
        length = int(self._numbers(mark, 1)[0])
        if not 0 <= length <= len(self.content) - self.place:
            raise ValueError("XGBoost's model has a part of an impossible length")
        return length

    def _numbers(self, kind: str, count: int) -> np.ndarray:
        dtype = np.dtype(_SIZES[kind])
        if count * dtype.itemsize > len(self.content) - self.place:
            raise ValueError("XGBoost's model is cut")
        values = np.frombuffer(self.content, dtype, count, self.place)
        self.place += count * dtype.itemsize
        return values

    def _text(self) -> str:
        length = self._length()
        self.place += length
        return str(self.content[self.place - length : self.place], "utf-8")

    def _table(self, depth: int) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while chr(self.content[self.place]) != "}":
            name = self._text()
            if name in table:
                raise ValueError(f"XGBoost's model has two parts {name[:40]!r}")
            table[name] = self.value(self.mark(), depth + 1)
        self.place += 1
        return table

    def _list(self, depth: int) -> Any:
        begins = chr(self.content[self.place])
        if begins == "$":
            self.place += 1
            kind = self.mark()
            if kind not in _SIZES or self.mark() != "#":
                raise ValueError("XGBoost's model has an array of a kind that it never writes")
            return self._numbers(kind, self._length())
        if begins == "#":
            self.place += 1
            return [self.value(self.mark(), depth + 1) for _ in range(self._length())]
        values = []
        while chr(self.content[self.place]) != "]":
            values.append(self.value(self.mark(), depth + 1))
        self.place += 1
        return values
