"""Decision trees as arrays of children, checked for nodes and features that are not there and for circles."""

import numpy as np

__all__ = ["check_tree"]


def check_tree(left: np.ndarray, right: np.ndarray, feature: np.ndarray, features: int, where: str) -> None:
    """Check that every node is below node 0, every way down ends in a leaf, and only features that exist are asked for.

    Parameters
    ----------
    left, right : ndarray of int, shape (nodes,)
        Children, which come after their parent as both libraries number them; left is -1 in a leaf.
    feature : ndarray of int, shape (nodes,)
        What an inner node asks for.
    features
        How many there are.
    where
        What to name in errors.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_tree(np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([0, 0, 0]), 1, "tree 0")
    >>> check_tree(np.array([1, -1]), np.array([0, -1]), np.array([0, 0]), 1, "tree 0")
    Traceback (most recent call last):
    ValueError: tree 0 has a child that is not there, or that is also another node's
    """
    inner = np.flatnonzero(left != -1)
    children = np.concatenate([left[inner], right[inner]])
    # A child after its parent makes no circle, and as many different children as nodes but one leave none alone.
    after = (children > np.concatenate([inner, inner])).all() and (children < len(left)).all()
    if not len(left) or not after or len(children) != len(left) - 1 or len(np.unique(children)) != len(children):
        raise ValueError(f"{where} has a child that is not there, or that is also another node's")
    asked = feature[inner]
    if ((asked < 0) | (asked >= features)).any():
        raise ValueError(f"{where} asks for a feature that is not there")
