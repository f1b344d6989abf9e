"""The ``[split]`` section and the row numbers it leads to."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.model_selection import GroupKFold

from avbaselines.corpora.splits import SplitOptions, _group_kfold, by_repeat, make_splits
from avbaselines.errors import InputError

IDS = [f"c{number}" for number in range(8)]
GROUPS = np.repeat(["s0", "s1", "s2", "s3"], 2)
CLIPS = pd.DataFrame(
    {
        "part": np.repeat(["train", "dev", "test", "left"], 2),
        "again": np.repeat(["test", "train", "train", "dev"], 2),
        "fold": np.repeat(["10", "9", "9", "x"], 2),
        "one": "same",
        "holed": ["a", "b", None, "a", "a", "b", "a", "b"],
    },
    index=IDS,
)


def split(groups=GROUPS, clips=CLIPS, seed=0, **options):
    return make_splits(SplitOptions(**options), clips, groups, "clips.csv", seed)


def rows(one):
    return one.train.tolist(), one.dev.tolist(), one.test.tolist()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs exactly one of column, columns, folds, leave_one_out, group_kfold"),
        ({"folds": "a", "group_kfold": 3}, "has folds, group_kfold"),
        ({"column": "part", "train": "a"}, "needs the values that mean train and test"),
        ({"column": "part", "train": "a", "test": ["b", "a"]}, "value 'a' stands in two parts"),
        ({"columns": ["x", "x"], "train": "a", "test": "b"}, "names a split twice"),
        ({"folds": "fold", "train": "a"}, "go with column or columns, not with folds"),
        ({"folds": "fold", "repeats": 2}, "repeats goes with group_kfold, not with folds"),
        ({"group_kfold": 1}, "greater than or equal to 2"),
        ({"column": "part", "train": {"a": 1}, "test": "b"}, "valid list"),
    ],
)
def test_one_way_is_chosen_and_complete(options, words):
    with pytest.raises(ValidationError, match=words):
        SplitOptions(**options)


def test_values_of_partitions_may_be_numbers():
    assert SplitOptions(column="part", train=1, test=[2, "3"]).test == ["2", "3"]


def test_a_column_of_partitions_is_one_split_named_after_its_test_part():
    [one], once, notes = split(column="part", train="train", dev="dev", test="test", other="left")
    assert one.name == "test" and rows(one) == ([0, 1], [2, 3], [4, 5]) and once and not notes


def test_several_columns_are_several_splits():
    splits, once, _ = split(columns=["part", "again"], train="train", dev=["dev"], test="test", other="left")
    assert [one.name for one in splits] == ["part", "again"] and once
    assert rows(splits[1]) == ([2, 3, 4, 5], [6, 7], [0, 1])
    columns = {"part": CLIPS["part"], "again": CLIPS["part"]}
    _, once, _ = split(clips=CLIPS.assign(**columns), columns=["part", "again"], train="train", test="test",
                       other=["dev", "left"])  # fmt: skip
    assert not once


@pytest.mark.parametrize("way", ["folds", "leave_one_out"])
def test_every_value_of_a_column_is_tested_once_in_the_order_of_numbers(way):
    splits, once, _ = split(groups=np.array(IDS), **{way: "fold"})
    assert [one.name for one in splits] == ["9", "10", "x"] and once
    assert rows(splits[1]) == ([2, 3, 4, 5, 6, 7], [], [0, 1])


def test_group_folds_keep_groups_together_and_depend_on_the_seed():
    first, once, _ = split(group_kfold=2)
    assert [one.name for one in first] == ["fold0", "fold1"] and once
    for one in first:
        assert not set(GROUPS[one.train]) & set(GROUPS[one.test]) and len(one.dev) == 0
    assert [rows(one) for one in first] == [rows(one) for one in split(group_kfold=2)[0]]
    seeds = {str([rows(one) for one in split(group_kfold=2, seed=seed)[0]]) for seed in range(6)}
    assert len(seeds) > 1


@pytest.mark.parametrize("seed", [0, 7])
def test_group_folds_are_those_of_scikit_learn(seed):
    groups = np.random.default_rng(seed).permutation(np.repeat(["s2", "s10", "s1", "a", "b", "c", "d"], 3))
    ours = _group_kfold(3, 1, groups, seed)
    theirs = GroupKFold(3, shuffle=True, random_state=seed).split(groups, groups=groups)
    for one, (train, test) in zip(ours, theirs, strict=True):
        assert np.array_equal(one.train, train) and np.array_equal(one.test, test)


def test_repeats_deal_the_groups_anew_and_begin_with_what_one_has():
    groups = np.array(IDS)
    one, _, _ = split(groups, group_kfold=3)
    several, once, _ = split(groups, group_kfold=3, repeats=4)
    assert once and len(several) == 12 and several[5].name == "repeat1-fold2"
    assert [rows(part) for part in several[:3]] == [rows(part) for part in one]
    repeats = by_repeat(several)
    assert [len(part) for part in repeats] == [3, 3, 3, 3]
    assert all(sorted(np.concatenate([part.test for part in repeat])) == list(range(8)) for repeat in repeats)
    assert len({str([rows(part) for part in repeat]) for repeat in repeats}) == 4


def test_groups_of_both_train_and_dev_are_told():
    groups = np.array(["s0"] * 4 + ["s2"] * 4)
    *_, notes = split(groups, column="part", train="train", dev="dev", test="test", other="left")
    assert len(notes) == 1 and "1 groups are in train and dev" in notes[0]


@pytest.mark.parametrize(
    ("options", "groups", "words"),
    [
        ({"folds": "flod"}, GROUPS, r"clips.csv: split names column 'flod', which is not there .did you mean 'fold'"),
        ({"column": "part", "train": "train", "test": "test"}, GROUPS, "part of clip 'c2' is 'dev', which is none of"),
        ({"column": "holed", "train": "a", "test": "b"}, GROUPS, "holed of clip 'c2' is empty"),
        (
            {"column": "part", "train": "train", "dev": "dve", "test": "test", "other": ["dev", "left"]},
            GROUPS,
            "no clip has part = 'dve' .did you mean 'dev'.*found: dev, left, test, train",
        ),
        ({"folds": "holed"}, GROUPS, "clip 'c2' has no holed"),
        ({"folds": "one"}, GROUPS, "one has one value only"),
        ({"group_kfold": 5}, GROUPS, "group_kfold = 5, but the corpus has 4 groups"),
        ({"folds": "fold"}, np.repeat(["s0", "s1"], 4), r"split 9: group 's\d' is on both sides .clip 'c\d' in train"),
        (
            {"column": "part", "train": "train", "dev": "dev", "test": "test", "other": "left"},
            np.array(["s0", "s0", "s1", "s1", "s1", "s2", "s3", "s3"]),
            "group 's1' is on both sides .clip 'c2' in dev, 'c4' in test; 1 such groups",
        ),
    ],
)
def test_splits_that_would_mislead_are_refused(options, groups, words):
    with pytest.raises(InputError, match=words):
        split(groups, **options)
