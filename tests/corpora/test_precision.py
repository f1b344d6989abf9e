"""Features as 32-bit numbers: what an offset may cost, and what 32 bits cannot hold."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Modality
from avbaselines.corpora.modalities import join
from avbaselines.corpora.precision import costly_offsets, precision_notes, single_precision
from avbaselines.errors import InputError

x = np.random.default_rng(0).normal(size=300)


def test_a_costly_offset_is_taken_off_and_the_digits_are_kept():
    X = np.column_stack([1e6 + 0.01 * x, x])
    offsets = costly_offsets(X, ["a", "b"])
    assert list(offsets) == ["a"]
    kept = single_precision(X, ["a", "b"], np.arange(300), "face", offsets)
    assert kept.dtype == np.float32
    assert np.corrcoef(kept[:, 0], x)[0, 1] > 0.999999
    assert len(np.unique(X[:, 0].astype(np.float32))) < 3  # what it is there for
    assert np.array_equal(kept[:, 1], x.astype(np.float32))


@pytest.mark.parametrize(
    "values",
    [x, 100 + x, 1e9 * x, (1e6 + x).astype(np.float32), np.float64((1e6 + x).astype(np.float32)), 0.1 + 1e-17 * x,
     np.full(300, 1e7 + 0.123), np.full(300, np.nan)],
    ids=["usual", "hundred", "large", "32 bits", "from 32 bits", "rounding", "constant", "empty"],
)  # fmt: skip
def test_other_columns_are_left_as_they_are(values):
    assert costly_offsets(values[:, None], ["a"]) == {}


def test_missing_values_neither_hide_an_offset_nor_become_one():
    values = np.where(np.arange(300) % 3, 1e6 + 0.01 * x, np.nan)[:, None]
    kept = single_precision(values, ["a"], np.arange(300), "face", costly_offsets(values, ["a"]))
    assert np.array_equal(np.isnan(kept), np.isnan(values))
    assert np.nanstd(kept) == pytest.approx(np.nanstd(values), rel=1e-3)


def test_offsets_are_looked_for_in_every_part_of_a_wide_table():
    X = np.column_stack([*([x] * 300), 1e6 + 0.01 * x])
    assert list(costly_offsets(X, [f"c{number}" for number in range(301)])) == ["c300"]


def test_values_beyond_32_bits_are_named_as_such_and_infinite_ones_as_infinite():
    with pytest.raises(InputError, match=r"face: column 'b' of clip 'c2' is 1e\+39, beyond the 3.4e\+38"):
        single_precision(np.array([[0, 0], [0, 1e39]]), ["a", "b"], ["c1", "c2"], "face", {})
    with pytest.raises(InputError, match="column 'a' of clip 'c1' is infinite"):
        single_precision(np.array([[-np.inf]]), ["a"], ["c1"], "face", {})


def test_several_offsets_are_told_of_in_one_note():
    notes = precision_notes("face", np.ones((2, 1), np.float32), ["a"], {"a": 1e6, "b": 1e7})
    assert len(notes) == 1 and "(1 more are like it)" in notes[0]


def test_the_modality_keeps_the_offset_for_tables_to_come():
    face = Modality("face", 1e6 + 0.01 * x[:3, None], ["a"])
    joined = join(face, ["1", "2", "3"], np.array(["1", "2", "3"]), "f", 0.5)
    assert joined.info.described()["offsets"] == joined.info.offsets == {"a": np.median(1e6 + 0.01 * x[:3])}
