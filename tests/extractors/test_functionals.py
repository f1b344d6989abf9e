"""Windows and statistics against closed forms."""

import numpy as np
import pytest

from avbaselines.extractors.functionals import describe, described_columns, silence_ratio, slopes, window_bounds


def test_windows_are_centred_on_multiples_of_the_hop():
    times, begins, ends = window_bounds(duration=1.0, window=0.8, hop=0.1)
    np.testing.assert_allclose(times, np.arange(10) / 10)
    np.testing.assert_allclose(begins, np.maximum(times - 0.4, 0))
    np.testing.assert_allclose(ends, np.minimum(times + 0.4, 1))


@pytest.mark.parametrize(("duration", "count"), [(0.3, 3), (0.30001, 4), (0.01, 1), (0.7, 7)])
def test_there_is_a_window_for_every_hop_below_the_duration(duration, count):
    assert len(window_bounds(duration, 0.2, 0.1)[0]) == count


def test_statistics_of_a_known_series():
    at = np.arange(101) / 100
    values = np.column_stack([3 * at, np.full(101, 7.0)])
    X = describe(values, at, [0.0], [2.0])
    std = 3 * np.sqrt(((at - 0.5) ** 2).mean())
    np.testing.assert_allclose(X[0], [1.5, std, 0.6, 1.5, 2.4, 3.0, 7, 0, 7, 7, 7, 0], atol=1e-6)
    assert described_columns(["a", "b"])[:6] == ["a_mean", "a_std", "a_p20", "a_p50", "a_p80", "a_slope"]


def test_a_window_takes_its_own_rows_only():
    at = np.arange(10.0)
    X = describe(at[:, None], at, [0.0, 2.0, 20.0], [2.0, 5.0, 30.0])
    assert X[:2, 0].tolist() == [0.5, 3.0]
    assert np.isnan(X[2]).all()


def test_a_single_row_has_no_slope():
    assert slopes(np.array([[5.0]]), np.array([1.0])).tolist() == [0.0]


def test_silence_is_counted_by_window():
    rate = 16000
    loud = 0.5 * np.sin(np.arange(rate) / 5)
    samples = np.concatenate([loud, np.zeros(rate), loud * 10 ** (-45 / 20)])
    np.testing.assert_allclose(silence_ratio(samples, rate, [0, 1, 2], [1, 2, 3]), [0, 1, 1], atol=0.03)


def test_a_quiet_recording_is_not_silence():
    rate = 16000
    assert silence_ratio(0.005 * np.sin(np.arange(rate) / 5), rate, [0], [1])[0] == 0
    assert silence_ratio(np.zeros(rate), rate, [0], [1])[0] == 1
