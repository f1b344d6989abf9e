"""Every score against closed forms, independent libraries, and the literally concatenated clips of a resample."""

import numpy as np
import pytest
import sklearn.metrics
from scipy import stats

from avbaselines.evaluation.metrics import CLASSES, METRICS, REGRESSION, higher_is_better, oriented, score

SKLEARN = {
    "accuracy": sklearn.metrics.accuracy_score,
    "uar": sklearn.metrics.balanced_accuracy_score,
    "f1_macro": lambda t, p: sklearn.metrics.f1_score(t, p, average="macro", zero_division=0),
    "f1_micro": lambda t, p: sklearn.metrics.f1_score(t, p, average="micro"),
    "f1_weighted": lambda t, p: sklearn.metrics.f1_score(t, p, average="weighted", zero_division=0),
    "rmse": sklearn.metrics.root_mean_squared_error,
    "mae": sklearn.metrics.mean_absolute_error,
    "mse": sklearn.metrics.mean_squared_error,
    "pcc": lambda t, p: stats.pearsonr(t, p).statistic,
    "ccc": lambda t, p: 1 - np.mean((t - p) ** 2) / (np.var(t) + np.var(p) + (np.mean(t) - np.mean(p)) ** 2),
}


def example(kind, n=400, n_groups=9, seed=0):
    """Truth, prediction, group and recording of each clip; three recordings a group."""
    rng = np.random.default_rng(seed)
    recordings = rng.integers(0, 3 * n_groups, n)
    if kind == "classes":
        truth = rng.integers(0, 4, n)
        return truth, np.where(rng.random(n) < 0.6, truth, rng.integers(0, 5, n)), recordings // 3, recordings
    truth = rng.normal(size=n) + 0.3 * rng.normal(size=3 * n_groups)[recordings]
    return truth, 0.5 * truth + 0.2 + rng.normal(size=n), recordings // 3, recordings


def all_of(metric, n=400):
    return example(METRICS[metric].kind, n)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("name", SKLEARN)
def test_agrees_with_independent_library(name):
    truth, prediction, _, _ = all_of(name)
    assert score(name, truth, prediction) == pytest.approx(SKLEARN[name](truth, prediction), abs=1e-12)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("name", CLASSES)
def test_classes_absent_from_truth_or_prediction_count_as_in_scikit_learn(name):
    truth = np.array([0, 0, 0, 2, 2, 5])
    prediction = np.array([0, 2, 3, 2, 0, 2])  # 3 never true, 5 never predicted, 1 and 4 neither
    expected = SKLEARN[name](truth, prediction)
    assert score(name, truth, prediction) == pytest.approx(expected, abs=1e-15)
    assert score(name, truth, prediction, n_classes=9) == pytest.approx(expected, abs=1e-15)


def test_ccc_closed_form():
    # population moments: cov 1.625, var 1.25 and 2.1875, difference of means .25
    assert score("ccc", [1, 2, 3, 4], [1, 2, 3, 5]) == pytest.approx(3.25 / 3.5)
    assert score("ccc", [1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    assert score("ccc", [1, 2, 3, 4], [2, 3, 4, 5]) == pytest.approx(2.5 / 3.5)


@pytest.mark.parametrize("name", ["ccc", "pcc", "ccc_per_recording"])
@pytest.mark.parametrize("n", [7, 100_003])
def test_a_constant_has_no_concordance(name, n):
    varied, constant = np.random.default_rng(0).normal(size=n) + 3, np.full(n, 0.1)
    recordings = np.zeros(n, dtype=int)
    for truth, prediction in ((varied, constant), (constant, varied), (constant, constant), (constant, constant + 1)):
        assert score(name, truth, prediction, recording_codes=recordings) == 0


def test_adding_up_many_equal_numbers_gives_them_no_variance():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200_000)
    assert [score("pcc", truth, np.full(200_000, value)) for value in rng.normal(size=12)] == [0] * 12


def test_a_jitter_of_rounding_size_counts_as_constant():
    truth = np.random.default_rng(0).normal(size=100) + 0.5
    assert score("pcc", truth, 0.3 + 1e-16 * truth) == 0
    assert score("pcc", truth, truth.mean() + 1e-14 * truth) == 0
    assert score("pcc", truth, 1e-4 * truth) == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("name", [*REGRESSION, "mse"])
@pytest.mark.parametrize("offset", [1e6, -1e9])
def test_large_offsets_cost_no_precision(name, offset):
    truth, prediction, groups, recordings = all_of(name)
    truth, prediction = np.round(truth, 2), np.round(prediction, 2)
    near = score(name, truth, prediction, recording_codes=recordings)
    far = score(name, truth + offset, prediction + offset, recording_codes=recordings)
    assert far == pytest.approx(near, abs=1e-6 if abs(offset) > 1e8 else 1e-9)


def test_ccc_per_recording_is_the_mean_of_scores():
    truth, prediction, groups, recordings = all_of("ccc_per_recording")
    expected = np.mean([SKLEARN["ccc"](truth[recordings == r], prediction[recordings == r]) for r in set(recordings)])
    assert score("ccc_per_recording", truth, prediction, recording_codes=recordings) == pytest.approx(expected)
    truth[recordings == 4] = 1.0  # counts with 0, not left out
    with_constant = score("ccc_per_recording", truth, prediction, recording_codes=recordings)
    others = [SKLEARN["ccc"](truth[recordings == r], prediction[recordings == r]) for r in set(recordings) - {4}]
    assert with_constant == pytest.approx(np.sum(others) / 27)
    truth[recordings == 4] = np.nan  # left out
    unlabelled = score("ccc_per_recording", truth, prediction, recording_codes=recordings)
    assert unlabelled == pytest.approx(np.mean(others))


@pytest.mark.parametrize("name", METRICS)
def test_resampled_value_is_the_score_of_the_concatenated_clips(name):
    truth, prediction, groups, recordings = all_of(name)
    metric = METRICS[name]
    sums = metric.sums(truth, prediction, groups, 9, recording_codes=recordings)
    weights = np.random.default_rng(1).multinomial(9, np.full(9, 1 / 9), size=(4, 5))
    values = metric.value(weights @ sums)
    assert values.shape == (4, 5)
    for drawn, value in zip(weights.reshape(20, 9), values.ravel(), strict=True):
        rows, copies = [], []
        for copy, group in enumerate(np.repeat(np.arange(9), drawn)):
            rows.append(np.flatnonzero(groups == group))
            copies.append(recordings[rows[-1]] + 100 * copy)
        rows, copies = np.concatenate(rows), np.concatenate(copies)
        assert value == pytest.approx(score(name, truth[rows], prediction[rows], recording_codes=copies), abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_sums_describe_the_clips(name):
    truth, prediction, groups, recordings = all_of(name)
    metric = METRICS[name]
    sums = metric.sums(truth, prediction, groups, 12, recording_codes=recordings, n_classes=6)
    assert sums.dtype == np.float64 and sums.shape[0] == 12
    assert not sums[9:].any()
    unit = [len(set(recordings[groups == g])) if metric.per_recording else (groups == g).sum() for g in range(12)]
    np.testing.assert_array_equal(metric.count(sums), unit)
    other = metric.sums(truth, np.roll(prediction, 1), groups, 12, recording_codes=recordings, n_classes=6)
    assert not np.array_equal(sums, other)
    np.testing.assert_array_equal(metric.clips(sums), metric.clips(other))
    assert np.isnan(metric.value(sums[9:])).all()


@pytest.mark.parametrize("name", METRICS)
def test_unlabelled_clips_are_left_out(name):
    truth, prediction, groups, recordings = all_of(name)
    truth, prediction = truth.astype(float), prediction.astype(float)
    keep = np.arange(400) % 3 > 0
    expected = score(name, truth[keep], prediction[keep], recording_codes=recordings[keep])
    truth[~keep] = np.nan
    prediction[np.flatnonzero(~keep)[:5]] = np.nan
    assert score(name, truth, prediction, recording_codes=recordings) == expected


@pytest.mark.parametrize("name", METRICS)
def test_bad_input_is_an_error_and_never_a_score(name):
    truth, prediction, _, recordings = all_of(name)
    truth, prediction = truth.astype(float), prediction.astype(float)

    def refuses(message, truth=truth, prediction=prediction):
        with pytest.raises(ValueError, match=message):
            score(name, truth, prediction, recording_codes=recordings)

    refuses("no labelled clip", truth=np.full(400, np.nan))
    with pytest.raises(ValueError, match="no labelled clip"):
        score(name, np.empty(0), np.empty(0), recording_codes=np.empty(0, dtype=int))
    refuses("prediction has 399 rows but truth has 400", prediction=prediction[1:])
    refuses("numbers are needed", truth=np.array(["a"] * 400))
    for bad in (np.nan, np.inf, -np.inf):
        spoilt = prediction.copy()
        spoilt[[17, 20]] = bad
        refuses("2 labelled clips .* first at row 17", prediction=spoilt)


def test_posteriors_are_read_by_their_largest():
    posteriors = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.1, 0.1, 0.8]])
    assert score("accuracy", [1, 0, 0], posteriors) == pytest.approx(2 / 3)
    posteriors[2, 1] = np.nan
    with pytest.raises(ValueError, match="first at row 2"):
        score("accuracy", [1, 0, 0], posteriors)
    assert score("accuracy", [1, 0, np.nan], posteriors) == 1


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([0, 1, -1], [0, 1, 1], "must lie in 0"),
        ([0, 1, 1], [0, 1, -1], "must lie in 0"),
        ([0, 1, 1], [0, 1, 0.5], "must be integers"),
        ([0, 1, 2], [[1, 0], [1, 0], [1, 0]], "must lie in 0 .. 1"),
    ],
)
def test_codes_are_checked(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        score("uar", truth, prediction)


def test_groups_and_recordings_are_checked():
    ccc, per_recording = METRICS["ccc"], METRICS["ccc_per_recording"]
    with pytest.raises(ValueError, match="must lie in 0 .. 1"):
        ccc.sums([1.0, 2, 3], [1.0, 2, 3], [0, 1, 2], 2)
    with pytest.raises(ValueError, match="group_codes has 2 rows"):
        ccc.sums([1.0, 2, 3], [1.0, 2, 3], [0, 1], 2)
    with pytest.raises(ValueError, match="more than one group"):
        per_recording.sums([1.0, 2, 3], [1.0, 2, 3], [0, 1, 1], 2, recording_codes=[0, 0, 1])
    with pytest.raises(ValueError, match="recording_codes has 2 rows"):
        per_recording.sums([1.0, 2, 3], [1.0, 2, 3], [0, 1, 1], 2, recording_codes=[0, 0])
    with pytest.raises(ValueError, match="recording_codes are needed"):
        score("ccc_per_recording", [1.0, 2], [1.0, 2])
    with pytest.raises(ValueError, match=r"prediction of shape \(2, 2\)"):
        score("mae", [1.0, 2], [[1.0, 2], [1, 2]])
    with pytest.raises(ValueError, match="unknown metric 'r2'"):
        score("r2", [1.0, 2], [1.0, 2])


def test_the_registry_is_complete():
    assert {name for name, metric in METRICS.items() if metric.kind == "regression"} == {*REGRESSION, "mse"}
    assert {name for name, metric in METRICS.items() if metric.kind == "classes"} == set(CLASSES)
    assert {name for name, metric in METRICS.items() if not metric.higher_is_better} == {"rmse", "mae", "mse"}


@pytest.mark.parametrize("name", METRICS)
def test_oriented_scores_rise_from_a_wrong_prediction_to_the_right_one(name):
    truth = np.array([0.0, 1.0, 0.0, 1.0])
    options = {"recording_codes": [0, 0, 1, 1]} if METRICS[name].per_recording else {}
    right, wrong = score(name, truth, truth, **options), score(name, truth, 1 - truth, **options)
    assert METRICS[name].oriented(right) > METRICS[name].oriented(wrong)
    assert oriented(name, right) > oriented(name, wrong)
    better, worse = METRICS[name].oriented_pair(right, wrong)
    assert better - worse > 0


def test_errors_are_the_metrics_of_which_less_is_better():
    assert {name for name in METRICS if not higher_is_better(name)} == {"rmse", "mae", "mse"}
    assert higher_is_better("combined") and oriented("a paper's own score", 0.5) == 0.5
