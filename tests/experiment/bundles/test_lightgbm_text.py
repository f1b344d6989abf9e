"""LightGBM's text: what the library writes passes, whatever the objective; changed lines are told by tree."""

import lightgbm
import numpy as np
import pytest

from avbaselines.experiment.bundles.lightgbm_text import check_lightgbm

X = np.random.default_rng(0).normal(size=(80, 3))


def text(objective="regression", rounds=5, y=None, **parameters):
    y = X[:, 0] + X[:, 1] ** 2 if y is None else y
    parameters = {"objective": objective, "verbose": -1, "min_data_in_leaf": 5, "num_leaves": 5, **parameters}
    return lightgbm.train(parameters, lightgbm.Dataset(X, y), rounds).model_to_string()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rounds": 1},
        {"objective": "binary", "y": (X[:, 0] > 0).astype(float)},
        {"objective": "multiclass", "num_class": 3, "y": np.digitize(X[:, 0], [-0.5, 0.5])},
        {"y": np.zeros(80)},
        {"min_data_in_leaf": 80},
    ],
)
def test_what_the_library_writes_passes(options):
    assert check_lightgbm(text(**options)) == 3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("num_leaves=5", "num_leaves=9", "tree 0.*another length"),
        ("num_cat=0", "num_cat=2", "tree 0 is of a kind"),
        ("is_linear=0", "is_linear=1", "tree 0 is of a kind"),
        ("max_feature_idx=2", "max_feature_idx=1", "another number of features"),
        ("max_feature_idx=2", "max_feature_idx=99999999999", "no number of"),
        ("num_class=1", "num_class=4", "another number of trees"),
        ("version=v4", "version=v3", "another header"),
        ("objective=regression", "objective=poisson", "objective"),
        ("tree_sizes=", "tree_sizes=1 ", "tree 1 is not where"),
        ("shrinkage=1", "shrinkage=x", "no numbers"),
        ("\nend of trees", "", "lacks its trees"),
        ("Tree=1", "Tree=7", "tree 1 is not where"),
        ("label_index=0", "label_index=0\nmonotone_constraints=1", "another header"),
        ("Column_0", "Colümn_0", "signs that it never writes"),
    ],
)
def test_a_change_is_told(old, new, words):
    written = text()
    assert old in written
    with pytest.raises(ValueError, match=words):
        check_lightgbm(written.replace(old, new, 1))
