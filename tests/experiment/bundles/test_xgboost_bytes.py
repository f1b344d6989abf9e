"""XGBoost's bytes: what the library writes passes, vector leaves included; changed and cut ones are told."""

import numpy as np
import pytest
import xgboost

from avbaselines.experiment.bundles.xgboost_bytes import check_xgboost, read_ubjson

X = np.random.default_rng(0).normal(size=(80, 3))


def content(objective="reg:squarederror", y=None, **parameters):
    y = X[:, 0] + X[:, 1] ** 2 if y is None else y
    parameters = {"objective": objective, "max_depth": 3, "tree_method": "hist", **parameters}
    return bytes(xgboost.train(parameters, xgboost.DMatrix(X, y), 4).__getstate__()["handle"])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"objective": "binary:logistic", "y": (X[:, 0] > 0).astype(float)},
        {"objective": "multi:softprob", "num_class": 3, "y": np.digitize(X[:, 0], [-0.5, 0.5])},
        {"y": X[:, :2], "multi_strategy": "multi_output_tree"},
        {"y": np.zeros(80)},
    ],
)
def test_what_the_library_writes_passes(options):
    assert check_xgboost(content(**options)) == 3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"Model{", b"M0del{", "lacks 'Model'"),
        (b"gbtree", b"gblinr", "of a kind"),
        (b"size_leaf_vectorSL" + bytes(7) + b"\x011", b"size_leaf_vectorSL" + bytes(7) + b"\x012", "another width"),
        (b"num_featureSL" + bytes(7) + b"\x013", b"num_featureSL" + bytes(7) + b"\x012", "of another model|not there"),
    ],
)
def test_a_change_is_told(old, new, words):
    written = content()
    assert old in written
    with pytest.raises(ValueError, match=words):
        check_xgboost(written.replace(old, new))


def test_a_cut_or_longer_model_is_told():
    written = content()
    for cut in range(0, len(written), 997):
        with pytest.raises(ValueError, match="cut|length|damaged|lacks"):
            check_xgboost(written[:cut])
    with pytest.raises(ValueError, match="behind its end"):
        check_xgboost(written + b"N")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"Z", None), (b"T", True), (b"U\xff", 255), (b"i\xff", -1), (b"[i\x01T]", [1, True]),
        (b"[#i\x02i\x01i\x02", [1, 2]), (b"SU\x02ab", "ab"), (b"{U\x01aZ}", {"a": None}),
    ],
)  # fmt: skip
def test_ubjson_is_read(raw, value):
    assert read_ubjson(raw) == value


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"S", b"SL" + b"\xff" * 8, b"[$i#L" + b"\x7f" * 8, b"[" * 100, b"Q", b"{U\x01aZU\x01aZ}"]
)
def test_what_is_no_ubjson_is_told(raw):
    with pytest.raises(ValueError, match="XGBoost's model"):
        read_ubjson(raw)
