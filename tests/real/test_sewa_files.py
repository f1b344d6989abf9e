"""The published SEWA development predictions (Atmaja & Akagi, ICASSP 2020; AVEC 2019): scores of simple fusions."""

import time

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVR

from avbaselines.corpora.formats import avec_csv as avec
from avbaselines.corpora.readers import sewa
from avbaselines.estimators.linear.group_ridge import leave_group_out
from avbaselines.estimators.linear.linear_svr import PrimalLinearSVR
from avbaselines.estimators.temporal.context import add_context, avec_context, check_order
from avbaselines.estimators.tuned.matching import match
from avbaselines.evaluation.metrics import METRICS

SETS = "b c d e l m p q s 2 9 10".split()

pytestmark = pytest.mark.real


def ccc(Y, P):
    """Of all frames together, for each target."""
    one = np.zeros(len(Y), int)
    return np.array([METRICS["ccc"].value(METRICS["ccc"].sums(y, p, one, 1)[0]) for y, p in zip(Y.T, P.T, strict=True)])


@pytest.fixture(scope="module")
def clips(shared_data):
    folder = shared_data / "sewa_dev"
    return sewa.read(sewa.Options(labels=folder / "labels"), folder).clips


@pytest.fixture(scope="module")
def systems(shared_data, clips):
    """Predictions (12 systems, frames, targets)."""
    folders = [shared_data / "sewa_dev" / "atmaja" / f"predictions_{one}" for one in SETS]
    return np.array([avec.read_folder(f, clips, columns=sewa.TARGETS, key=f.name)[0] for f in folders])


@pytest.fixture(scope="module")
def gold(clips):
    return clips[list(sewa.TARGETS)].to_numpy()


def test_labels_are_read_whole_and_fast(shared_data):
    start = time.perf_counter()
    folder = shared_data / "sewa_dev"
    clips = sewa.read(sewa.Options(labels=folder / "labels"), folder).clips
    assert time.perf_counter() - start < 3
    assert len(clips) == 40_032 and clips["subject"].nunique() == 28 and clips.index.is_unique
    assert clips.loc["Devel_DE_07@12.3", "time"] == pytest.approx(12.3)
    np.testing.assert_allclose(clips[list(sewa.TARGETS)].mean(), [0.131, 0.112, -0.039], atol=6e-4)
    check_order(clips["recording"], clips["time"])


def test_mean_and_matched_mean(clips, systems, gold):
    mean = systems.mean(axis=0)
    np.testing.assert_allclose(ccc(gold, mean), [0.600, 0.580, 0.303], atol=6e-4)
    assert ccc(gold, mean).mean() == pytest.approx(0.494, abs=6e-4)
    matched, subjects = np.empty_like(mean), clips["subject"].to_numpy()
    for subject in np.unique(subjects):
        held = subjects == subject
        for t in range(3):
            p, y = mean[~held, t], gold[~held, t]
            matched[held, t] = y.mean() + y.std() / p.std() * (mean[held, t] - p.mean())
    assert ccc(gold, matched).mean() == pytest.approx(0.536, abs=1e-3)


def test_leave_one_subject_out_equals_the_plain_loop(clips, systems, gold):
    recordings = clips["recording"].to_numpy()
    X = add_context(np.hstack(systems), recordings, 1, 1, clips["time"])
    penalties = np.logspace(-1, 5, 7)
    predictions = leave_group_out(X, gold, recordings, penalties)
    held = recordings == "Devel_HU_12"
    for p in (0, 6):
        plain = make_pipeline(StandardScaler(), Ridge(penalties[p])).fit(X[~held], gold[~held])
        np.testing.assert_allclose(predictions[held][:, :, p], plain.predict(X[held]), atol=1e-6)


@pytest.mark.slow
def test_resubstitution_gains_what_the_paper_reports(systems, gold):
    """One stage fitted and scored on the same frames, in the paper's layout, passes its late fusion."""
    X = avec_context(np.hstack(systems), 11)
    coef, intercept = PrimalLinearSVR().path(X, gold, [1.0])
    scores = ccc(gold, X @ coef[0].T + intercept[0])
    assert (scores > [0.627, 0.616, 0.292]).all()
    np.testing.assert_allclose(scores, [0.682, 0.664, 0.450], atol=1e-3)


def test_linear_svr_equals_liblinear(systems, gold):
    X = np.hstack(systems)[::4]
    ours = PrimalLinearSVR().fit(X, gold[::4])
    for t in range(3):
        theirs = LinearSVR(loss="squared_epsilon_insensitive", dual=False, tol=1e-9).fit(X, gold[::4, t])
        np.testing.assert_allclose(ours.predict(X)[:, t], theirs.predict(X), atol=1e-5)


def test_organisers_fusion(shared_data, clips, gold):
    folder = shared_data / "sewa_dev" / "avec2019" / "predictions_svr"
    fused, _ = avec.read_folder(folder, clips, columns=sewa.TARGETS, key="fusion")
    np.testing.assert_allclose(ccc(gold, fused), [0.614, 0.615, 0.222], atol=6e-4)
    assert ccc(gold, np.column_stack([match(f, y) for f, y in zip(fused.T, gold.T, strict=True)])).mean() > 0.48
