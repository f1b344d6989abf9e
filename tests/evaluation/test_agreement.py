"""Krippendorff's alpha against worked examples, an independent library, and what it is for chance and for unanimity."""

import numpy as np
import pytest

from avbaselines.evaluation.agreement import interval_alpha, nominal_alpha

# K. Krippendorff 2011, Computing Krippendorff's alpha-reliability, section C: four observers of twelve units.
NAN = np.nan
RELIABILITY = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


def counts_of(ratings, n_classes=5):
    return np.column_stack([(ratings == label).sum(axis=1) for label in range(1, n_classes + 1)])


def test_krippendorff_s_own_example():
    groups = np.arange(12)
    nominal, numbers = nominal_alpha(counts_of(RELIABILITY), groups), interval_alpha(RELIABILITY, groups)
    assert nominal.value == pytest.approx(0.743, abs=0.0005)
    assert numbers.value == pytest.approx(0.849, abs=0.0005)
    assert nominal.n_clips == numbers.n_clips == 11
    assert nominal.low < nominal.value < nominal.high


def test_two_raters_of_two_classes_have_the_closed_form():
    # Section A of the same: alpha = 1 - (n - 1) o_01 / (n_0 n_1), with values 10 and 4 zeros and ones, 4 disagreements.
    counts = np.array([[2, 0]] * 3 + [[1, 1]] * 4 + [[0, 2]] * 0)
    n, zeros, ones = 14, 10, 4
    assert nominal_alpha(counts, np.arange(7)).value == pytest.approx(1 - (n - 1) * 4 / (zeros * ones))


def test_unanimous_raters_agree_and_random_ones_do_not():
    rng = np.random.default_rng(0)
    same = np.repeat(rng.normal(size=(50, 1)), 3, axis=1)
    assert interval_alpha(same, np.arange(50)).value == pytest.approx(1)
    assert abs(interval_alpha(rng.normal(size=(3000, 4)), np.arange(3000) // 100).value) < 0.02
    assert abs(nominal_alpha(rng.multinomial(8, [0.5, 0.3, 0.2], 3000), np.arange(3000) // 100).value) < 0.02


def test_an_independent_library_says_the_same():
    krippendorff = pytest.importorskip("krippendorff")
    rng = np.random.default_rng(1)
    ratings = rng.integers(1, 6, (60, 1)) + rng.integers(-1, 2, (60, 5)) * 1.0
    ratings = np.where(rng.random(ratings.shape) < 0.3, np.nan, np.clip(ratings, 1, 5))
    for level, ours in (
        ("nominal", nominal_alpha(counts_of(ratings), np.arange(60))),
        ("interval", interval_alpha(ratings, np.arange(60))),
    ):
        assert ours.value == pytest.approx(krippendorff.alpha(ratings.T, level_of_measurement=level))


def test_the_interval_is_over_groups():
    rng = np.random.default_rng(2)
    quality = np.repeat(rng.normal(size=10), 40)
    truth = rng.normal(size=400)
    ratings = truth[:, None] + np.exp(quality)[:, None] * rng.normal(size=(400, 3))
    by_group, by_clip = (interval_alpha(ratings, groups) for groups in (np.arange(400) // 40, np.arange(400)))
    assert by_group.value == pytest.approx(by_clip.value)
    assert by_group.high - by_group.low > 1.5 * (by_clip.high - by_clip.low)


def test_clips_of_a_single_rater_count_for_nothing():
    counts = np.array([[2, 0], [1, 1], [0, 2]])
    more = np.vstack([counts, [[1, 0], [0, 0]]])
    assert nominal_alpha(more, np.arange(5)) == nominal_alpha(counts, np.arange(3))
    assert np.isnan(nominal_alpha(more[3:], np.arange(2)).value)
