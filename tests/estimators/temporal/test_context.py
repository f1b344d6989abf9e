"""Context, annotation delay and smoothing stay inside a recording."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.temporal.context import (
    add_context,
    avec_context,
    check_order,
    shift_back,
    shift_labels,
    smooth,
)

RECORDINGS = np.array(list("aaaabbb"))
X = np.arange(14, dtype=np.float32).reshape(7, 2)


def test_context_repeats_a_recordings_ends():
    wide = add_context(X, RECORDINGS, 1, 2)
    assert wide.shape == (7, 8) and wide.dtype == np.float32
    rows = [[0, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 3], [2, 3, 3, 3], [4, 4, 5, 6], [4, 5, 6, 6], [5, 6, 6, 6]]
    np.testing.assert_array_equal(wide, [np.concatenate([X[i] for i in row]) for row in rows])


def test_context_longer_than_a_recording():
    wide = add_context(X, RECORDINGS, 50, 50)
    np.testing.assert_array_equal(wide[4:, :2], np.repeat(X[4:5], 3, axis=0))
    np.testing.assert_array_equal(wide[:4, -2:], np.repeat(X[3:4], 4, axis=0))


def test_rows_of_recordings_may_be_interleaved():
    order = np.array([0, 4, 1, 5, 2, 6, 3])
    mixed = add_context(X[order], RECORDINGS[order], 2, 1)
    np.testing.assert_array_equal(mixed, add_context(X, RECORDINGS, 2, 1)[order])


def script(X, width):
    """What the challenge's script does, one frame at a time."""
    rows = []
    for m in range(len(X)):
        frames = [m, *(max(0, m - c) for c in range(width)), *(min(len(X) - 1, m + c) for c in range(width))]
        rows.append(np.concatenate([X[frame] for frame in frames]))
    return np.array(rows)


def test_avec_context_crosses_recordings_only_when_told_nothing_of_them():
    np.testing.assert_array_equal(avec_context(X, 3), script(X, 3))
    apart = np.vstack([script(X[:4], 3), script(X[4:], 3)])
    np.testing.assert_array_equal(avec_context(X, 3, RECORDINGS), apart)
    assert not np.array_equal(apart, script(X, 3))


def test_delay_moves_labels_to_the_front_and_predictions_back():
    y = np.array([0.0, 1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(shift_labels(y, RECORDINGS, 2), [2, 3, np.nan, np.nan, 6, np.nan, np.nan])
    np.testing.assert_array_equal(shift_back(y, RECORDINGS, 2), [0, 0, 0, 1, 4, 4, 4])
    both = np.column_stack([y, -y])
    np.testing.assert_array_equal(shift_labels(both, RECORDINGS, 2)[:, 1], -shift_labels(y, RECORDINGS, 2))
    np.testing.assert_array_equal(shift_labels(y, RECORDINGS, 0), y)
    # A model that learnt the shifted labels by heart is right again wherever a label was left to learn.
    learnt = np.nan_to_num(shift_labels(y, RECORDINGS, 2))
    np.testing.assert_array_equal(shift_back(learnt, RECORDINGS, 2)[[2, 3, 6]], y[[2, 3, 6]])


def test_smoothing_is_centred_and_stays_inside():
    values = np.array([0.0, 3, 0, 0, 9, 0, 0])
    np.testing.assert_allclose(smooth(values, RECORDINGS, 3), [1, 1, 1, 0, 6, 3, 0])
    np.testing.assert_allclose(smooth(values, RECORDINGS, 5), np.array([3, 3, 3, 3, 27, 18, 9]) / 5)
    np.testing.assert_array_equal(smooth(values, RECORDINGS, 1), values)
    both = smooth(np.column_stack([values, 2 * values]), RECORDINGS, 3)
    np.testing.assert_allclose(both[:, 1], [2, 2, 2, 0, 12, 6, 0])
    with pytest.raises(InputError, match="odd"):
        smooth(values, RECORDINGS, 4)


def test_frames_must_be_in_the_order_of_time_and_evenly_spaced():
    times = np.array([0.0, 0.1, 0.2, 0.3, 0.0, 0.1, 0.2])
    check_order(RECORDINGS, times)
    add_context(X, RECORDINGS, 1, 1, times)
    with pytest.raises(InputError, match="'a'.*0.2 s is followed by one at 0.1 s"):
        add_context(X, RECORDINGS, 1, 1, np.array([0.0, 0.1, 0.2, 0.1, 0.0, 0.1, 0.2]))
    with pytest.raises(InputError, match="'b'.*0 s is followed by one at 0.2 s"):
        check_order(RECORDINGS, np.array([0.0, 0.1, 0.2, 0.3, 0.0, 0.2, 0.3]))


@pytest.mark.parametrize("frames", [-1, 1.5])
def test_delays_are_whole_frames(frames):
    with pytest.raises(InputError, match="delay"):
        shift_labels(X, RECORDINGS, frames)
