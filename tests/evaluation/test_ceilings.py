"""Ceilings against what panels of raters really score, drawn from populations whose shares and variances are known."""

import numpy as np
import pytest

from avbaselines.evaluation.ceilings import (
    as_many_error,
    endless_concordance,
    endless_error,
    rating_moments,
    reliability,
    vote_ceilings,
    vote_prior,
)
from avbaselines.evaluation.metrics import METRICS, score

ACCURACY = METRICS["accuracy"]


def accuracy(cells):
    return float(ACCURACY.value(cells.sum(axis=0)))


def test_votes_give_what_other_panels_really_score():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([0.5, 0.7, 1.2], 3000)
    panels = [rng.multinomial(9, shares) for _ in range(2)]
    consensus = [(panel + 0.5 * rng.random(panel.shape)).argmax(axis=1) for panel in panels]
    ceilings = vote_ceilings(panels[0], vote_prior(panels[0]))
    assert accuracy(ceilings.as_many) == pytest.approx(np.mean(consensus[0] == consensus[1]), abs=0.025)
    assert accuracy(ceilings.endless) == pytest.approx(np.mean(consensus[1] == shares.argmax(axis=1)), abs=0.02)
    assert accuracy(ceilings.as_many) < accuracy(ceilings.endless) < 1


def test_the_prior_finds_the_spread_of_the_shares():
    rng = np.random.default_rng(1)
    means, total = np.array([0.2, 0.3, 0.5]), 6.0
    prior = vote_prior(rng.multinomial(10, rng.dirichlet(total * means, 4000)))
    assert prior[0].sum() == pytest.approx(total, rel=0.1)
    assert prior[0] / prior[0].sum() == pytest.approx(means, abs=0.02)


def test_kinds_of_clips_have_shares_of_their_own():
    counts = np.array([[8.0, 2.0], [2.0, 8.0]]).repeat(20, axis=0)
    prior = vote_prior(counts, np.repeat([0, 1], 20))
    assert prior[0, 0] / prior[0].sum() == pytest.approx(0.8) and prior[-1, 0] / prior[-1].sum() == pytest.approx(0.2)


def test_a_clip_s_cells_add_up_to_one():
    ceilings = vote_ceilings(np.array([[3.0, 1, 1], [0, 0, 2]]), np.full((2, 3), 0.5), draws=20)
    for cells in (ceilings.as_many, ceilings.endless):
        assert cells.sum(axis=1) == pytest.approx([1, 1])


def panel(rng, expected, raters, spread=1.0):
    return expected[:, None] + spread * rng.normal(size=(len(expected), raters))


def test_ratings_give_what_other_panels_really_score():
    rng = np.random.default_rng(2)
    expected = rng.normal(size=20_000)
    ratings = panel(rng, expected, 4)
    ratings[rng.random(len(ratings)) < 0.3, 3] = np.nan
    moments = rating_moments(ratings).sum(axis=0)
    consensus = np.nanmean(ratings, axis=1)
    other = panel(rng, expected, 4)
    other[np.isnan(ratings)] = np.nan
    other = np.nanmean(other, axis=1)
    assert float(reliability(moments)) == pytest.approx(score("ccc", consensus, other), abs=0.015)
    at_scale = expected * consensus.std() / expected.std()
    assert float(endless_concordance(moments)) == pytest.approx(score("ccc", consensus, at_scale), abs=0.01)
    assert float(as_many_error(moments)) == pytest.approx(score("rmse", consensus, other), abs=0.01)
    assert float(endless_error(moments)) == pytest.approx(score("rmse", consensus, expected), abs=0.01)


def test_raters_who_differ_by_clip_but_not_by_frame_are_no_more_reliable_for_many_frames():
    rng = np.random.default_rng(3)
    expected = np.repeat(rng.normal(size=300), 50)
    ratings = expected[:, None] + np.repeat(rng.normal(size=(300, 6)), 50, axis=0)
    assert float(reliability(rating_moments(ratings).sum(axis=0))) == pytest.approx(1 / (1 + 1 / 6), abs=0.03)


def test_clips_with_one_rating_count_for_nothing_and_noise_has_no_reliability():
    ratings = np.array([[1.0, 3.0], [2.0, np.nan]])
    assert rating_moments(ratings)[1].tolist() == [0, 0, 0, 0]
    noise = rating_moments(np.random.default_rng(4).normal(size=(5000, 3))).sum(axis=0)
    assert abs(float(reliability(noise))) < 0.07 and float(endless_concordance(-noise * 0 + [4, 0, 1, -1])) == 0
    assert float(reliability(np.array([3.0, 0, 0, 0]))) == 0
