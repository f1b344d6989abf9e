import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.matching import Matcher, cross_matched, match
from avbaselines.evaluation.metrics import score

RNG = np.random.default_rng(0)
Y = RNG.normal([2, -1], [3, 0.5], (80, 2))
P = 0.2 * Y + RNG.normal(size=(80, 2)) * 0.1


def test_closed_form():
    matched = Matcher().fit(P, Y).transform(P)
    np.testing.assert_allclose(matched.mean(0), Y.mean(0))
    np.testing.assert_allclose(matched.std(0), Y.std(0))
    expected = Y.mean(0) + Y.std(0) / P.std(0) * (P - P.mean(0))
    np.testing.assert_allclose(matched, expected)


def test_concordance_of_matched_is_the_correlation():
    assert score("ccc", Y[:, 0], match(P[:, 0], Y[:, 0])) == pytest.approx(score("pcc", Y[:, 0], P[:, 0]))


def test_only_labelled_and_predicted_rows_teach():
    y, p = Y.copy(), P.copy()
    y[:20, 0], p[70:, 0] = np.nan, np.nan
    matcher = Matcher().fit(p, y)
    assert matcher.factors_[0] == pytest.approx(Y[20:70, 0].std() / P[20:70, 0].std())
    assert np.isnan(matcher.transform(p)[70:, 0]).all()


def test_constant_prediction_becomes_the_constant_mean():
    np.testing.assert_allclose(match(np.full(80, 0.3), Y[:, 0]), Y[:, 0].mean())


def test_shrinkage_draws_the_ratio_to_one_where_groups_are_few():
    groups = np.arange(80) % 4
    exact, shrunken = Matcher().fit(P, Y), Matcher(shrinkage=4).fit(P, Y, groups)
    np.testing.assert_allclose(shrunken.factors_, np.sqrt(exact.factors_))
    np.testing.assert_allclose(shrunken.transform(P).mean(0), Y.mean(0))


def test_range_clips():
    matched = Matcher(range=(-1, 2)).fit(P, Y).transform(P)
    assert matched.min() == -1 and matched.max() == 2


def test_cross_matched_uses_the_other_folds():
    folds = np.arange(80) % 4 - 1
    matched = cross_matched(P[:, 0], Y[:, 0], folds)
    others = (folds != 0) & (folds != -1)
    here = folds == 0
    np.testing.assert_allclose(matched[here], Matcher().fit(P[others, :1], Y[others, 0]).transform(P[here, :1])[:, 0])
    assert np.isnan(matched[folds == -1]).all()


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="no row has both"):
        Matcher().fit(P[:, :1], np.full(80, np.nan))
    with pytest.raises(InputError, match="range"):
        Matcher(range=(1, 0)).fit(P, Y)
    with pytest.raises(InputError, match="2 predicted targets but 3"):
        Matcher().fit(P, np.zeros((80, 3)))


def test_strength_is_a_share_of_the_deviation():
    rng = np.random.default_rng(0)
    y = rng.normal(10, 4, size=(200, 1))
    P = 3 + 0.1 * (y - 10) + rng.normal(size=(200, 1))
    part = Matcher(strength=0.5).fit(P, y).transform(P)
    assert part.mean() == pytest.approx(y.mean()) and part.std() == pytest.approx(0.5 * y.std())
    with pytest.raises(InputError, match="strength: a number above 0 and at most 1"):
        Matcher(strength=0.0).fit(P, y)
