"""LightGBM's model text, checked before the library reads it: a node that is not there would crash the process."""

import re
from collections.abc import Iterator, Mapping

import numpy as np

from avbaselines.experiment.bundles.trees import check_tree

__all__ = ["check_lightgbm"]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|inf|nan)")
_NUMBERS = re.compile(rf"{_NUMBER.pattern}(?: {_NUMBER.pattern})*+")
_OBJECTIVE = re.compile(r"(?:regression|binary|multiclass)(?: (?:num_class|sigmoid):\d+(?:\.\d+)?)*")
_INFO = re.compile(rf"none|\[{_NUMBER.pattern}:{_NUMBER.pattern}\]")
_HEADER = {"version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective",
           "feature_names", "feature_infos", "tree_sizes"}  # fmt: skip
_PER_SPLIT = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
              "internal_value", "internal_weight", "internal_count")  # fmt: skip
_PER_LEAF = ("leaf_value", "leaf_weight", "leaf_count")
_WHOLE = {"split_feature", "decision_type", "left_child", "right_child", "leaf_count", "internal_count"}
_TREE = {"Tree", "num_leaves", "num_cat", "is_linear", "shrinkage", *_PER_SPLIT, *_PER_LEAF}
_MOST = 100_000
"""Trees, classes and features that a model may have."""


def check_lightgbm(text: str) -> int:
    """Check the trees of a model text.

    Returns
    -------
    int
        Number of features that the model reads.

    Raises
    ------
    ValueError
        It is no such text, or one of its trees has nodes, leaves or features that are not there.

    Examples
    --------
    >>> check_lightgbm("tree\\nversion=v4\\n")
    Traceback (most recent call last):
    ValueError: LightGBM's text lacks its trees
    """
    if not text.isascii() or "\0" in text:
        raise ValueError("LightGBM's text holds signs that it never writes")
    head, found, rest = text.partition("\n\nTree=0\n")
    trees, ended, _ = rest.partition("\nend of trees\n")
    if not found or not ended:
        raise ValueError("LightGBM's text lacks its trees")
    header = _header(head)
    features = _whole(header["max_feature_idx"], "max_feature_idx", _MOST) + 1
    names, infos = header["feature_names"].split(" "), header["feature_infos"].split(" ")
    if len(names) != features or len(infos) != features or not all(map(_INFO.fullmatch, infos)):
        raise ValueError("LightGBM's text names another number of features than it reads")
    _check_sizes([int(size) for size in _row(header["tree_sizes"], "tree_sizes", whole=True)], f"Tree=0\n{trees}")
    for number, block in enumerate(_blocks(f"Tree=0\n{trees}")):
        _check_block(block, number, features)
    return features


def _header(text: str) -> Mapping[str, str]:
    first, *lines = text.split("\n")
    header = dict(line.partition("=")[::2] for line in lines)
    if first != "tree" or set(header) != _HEADER or len(lines) != len(header) or header["version"] != "v4":
        raise ValueError("LightGBM's text has another header than it writes")
    if not _OBJECTIVE.fullmatch(header["objective"]):
        raise ValueError("LightGBM's text has an objective that no learner here has")
    classes, per_round = (_whole(header[name], name, _MOST) for name in ("num_class", "num_tree_per_iteration"))
    trees = len(header["tree_sizes"].split())
    if not 1 <= classes <= 10_000 or per_round != classes or trees % classes or trees > _MOST * classes:
        raise ValueError("LightGBM's text has another number of trees than of classes and rounds")
    return header


def _check_sizes(sizes: list[int], trees: str) -> None:
    """The library finds each tree by the sizes of those before it."""
    place = 0
    for number, size in enumerate(sizes):
        if not trees.startswith(f"Tree={number}\n", place):
            raise ValueError(f"LightGBM's tree {number} is not where its text says")
        place += size
    if abs(place - len(trees)) > 2:
        raise ValueError("LightGBM's text has another length than it says")


def _blocks(trees: str) -> Iterator[dict[str, str]]:
    for block in trees.rstrip("\n").split("\n\n\n"):
        lines = block.split("\n")
        entries = dict(line.partition("=")[::2] for line in lines)
        if set(entries) - _TREE or len(entries) != len(lines):
            raise ValueError("LightGBM's text has a tree with other lines than it writes")
        yield entries


def _check_block(block: Mapping[str, str], number: int, features: int) -> None:
    where = f"LightGBM's tree {number}"
    try:
        leaves = _whole(block["num_leaves"], where, _MOST)
        plain = (block["num_cat"], block["is_linear"]) == ("0", "0") and block["Tree"] == str(number)
        rows = {name: _row(block[name], where, name in _WHOLE) for name in (*_PER_SPLIT, *_PER_LEAF) if name in block}
        _row(block["shrinkage"], where, whole=False)
    except KeyError as error:
        raise ValueError(f"{where} lacks {error}") from None
    if not plain or leaves < 1:
        raise ValueError(f"{where} is of a kind that no learner here makes")
    if leaves == 1:  # a constant; its rows are empty or left out
        if len(rows.get("leaf_value", ())) != 1:
            raise ValueError(f"{where} lacks its leaf")
        return
    if set(rows) != {*_PER_SPLIT, *_PER_LEAF}:
        raise ValueError(f"{where} lacks a line")
    lengths = dict.fromkeys(_PER_SPLIT, leaves - 1) | dict.fromkeys(_PER_LEAF, leaves)
    if any(len(rows[name]) != length for name, length in lengths.items()):
        raise ValueError(f"{where} has lines of another length than its leaves say")
    if (rows["decision_type"].astype(int) & 1).any():
        raise ValueError(f"{where} splits by categories, which no learner here does")
    # Children of 0 or more are splits, below it leaves: ~child. Here leaves come after all splits.
    below = [np.where(rows[side] < 0, leaves - 2 - rows[side], rows[side]) for side in ("left_child", "right_child")]
    padding = np.full(leaves, -1.0)
    left, right, feature = (np.concatenate([row, padding]) for row in (*below, rows["split_feature"]))
    check_tree(left, right, feature, features, where)


def _row(text: str, where: str, whole: bool) -> np.ndarray:
    """The numbers of a line; ValueError where one is none."""
    if text and not _NUMBERS.fullmatch(text):
        raise ValueError(f"{where}: {text[:40]!r} are no numbers")
    values = np.array(text.split(), dtype=np.float64)
    if whole and not (np.abs(values) < 2**31).all() or whole and (values % 1).any():
        raise ValueError(f"{where}: {text[:40]!r} are no whole numbers")
    return values


def _whole(text: str, where: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text) or int(text) > most:
        raise ValueError(f"{where}: {text[:40]!r} is no number of 0 to {most}")
    return int(text)
