import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, PredefinedSplit, ShuffleSplit, TimeSeriesSplit

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.group_folds import group_folds, resolve_cv

GROUPS = np.repeat(np.arange(12), 7)


def test_groups_stay_whole_and_sizes_are_balanced():
    folds = group_folds(GROUPS, 4)
    assert all(len(set(folds[GROUPS == g])) == 1 for g in range(12))
    assert np.bincount(folds).tolist() == [21] * 4


def test_one_giant_group_gets_a_fold_alone():
    groups = np.r_[np.zeros(50), np.arange(1, 51)]
    folds = group_folds(groups, 2)
    assert np.bincount(folds).tolist() == [50, 50]


def test_classes_are_balanced_where_groups_are_pure():
    labels = (GROUPS >= 6).astype(int)
    folds = group_folds(GROUPS, 3, labels=labels)
    for fold in range(3):
        assert labels[folds == fold].mean() == 0.5


def test_same_seed_same_folds_other_seed_others():
    names = [f"speaker{g}" for g in GROUPS]
    assert np.array_equal(group_folds(names), group_folds(names))
    assert not np.array_equal(group_folds(names, seed=0), group_folds(names, seed=1))


def test_fewer_groups_than_folds():
    assert sorted(set(group_folds([1, 1, 2, 3], 5))) == [0, 1, 2]


def test_one_group_is_refused():
    with pytest.raises(InputError, match="at least two"):
        group_folds(["a"] * 5)


X = np.zeros((len(GROUPS), 1))


@pytest.mark.parametrize(
    "cv",
    [
        KFold(5),
        PredefinedSplit(np.arange(len(GROUPS)) % 3),
        [(np.arange(1, 84), np.arange(1)), (np.r_[0, 2:84], np.arange(1, 2))],
        PredefinedSplit(np.where(np.arange(84) < 8, 0, -1)),
        [(np.arange(4, 84), np.arange(3))],
    ],
)
def test_planted_leak_is_refused_and_names_the_group(cv):
    with pytest.raises(InputError, match=r"group '\d+' is both trained on and evaluated"):
        resolve_cv(cv, X, None, GROUPS)


def test_given_folds_are_taken_over():
    given = np.where(GROUPS < 2, -1, GROUPS % 3)
    assert np.array_equal(resolve_cv(PredefinedSplit(given), X, None, GROUPS), given)
    assert len(set(resolve_cv(GroupKFold(4), X, None, GROUPS))) == 4


def test_rows_are_groups_of_their_own_without_groups():
    assert np.bincount(resolve_cv(4, X)).tolist() == [21] * 4


def test_splitter_that_needs_groups_raises_without_them():
    with pytest.raises(ValueError, match="groups"):
        resolve_cv(GroupKFold(3), X)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (ShuffleSplit(20, random_state=0), "repeats a row"),
        (TimeSeriesSplit(3), "all rows"),
        ("five", "an int"),
        (1, "two"),
    ],
)
def test_folds_that_are_no_partition_are_refused(cv, message):
    with pytest.raises(InputError, match=message):
        resolve_cv(cv, X)


def test_folds_given_by_number_are_the_folds_that_their_pairs_make():
    numbers = np.array([7, 3, 3, -1, 7, 9, -1, 3])
    cv = PredefinedSplit(numbers)
    X, groups = np.zeros((8, 1)), np.arange(8)
    assert resolve_cv(cv, X, groups=groups).tolist() == [1, 0, 0, -1, 1, 2, -1, 0]
    with pytest.raises(InputError, match="group"):
        resolve_cv(cv, X, groups=np.array([0, 1, 1, 2, 3, 0, 4, 1]))
    with pytest.raises(InputError):
        resolve_cv(PredefinedSplit(np.full(8, -1)), X, groups=groups)
