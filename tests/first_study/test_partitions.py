"""Splits guessed from the columns of a clips table; a group is never on both sides."""

import numpy as np
import pandas as pd

from avbaselines.first_study.draft import Draft
from avbaselines.first_study.partitions import add_split

GROUPS = np.repeat([f"s{number}" for number in range(6)], 2)
PARTS = ["train"] * 6 + ["devel"] * 2 + ["test"] * 4


def drafted(groups=GROUPS, **columns):
    draft = Draft("x")
    taken = add_split(draft, pd.DataFrame(columns, index=[f"c{number}" for number in range(12)]), groups)
    return {entry.key: entry.value for entry in draft.of("split")}, taken, draft


def test_names_of_parts_are_found_by_their_values():
    options, taken, _ = drafted(mood=["a", "b"] * 6, which=PARTS)
    assert options == {"column": "which", "train": ["train"], "dev": ["devel"], "test": ["test"]}
    assert taken == ["which"]


def test_where_only_dev_is_there_it_is_tested_on():
    options, _, _ = drafted(part=["Train"] * 6 + ["Val"] * 6)
    assert options == {"column": "part", "train": ["Train"], "test": ["Val"]}


def test_columns_of_one_name_but_for_a_number_are_several_splits():
    options, _, _ = drafted(split1=PARTS, split2=PARTS[::-1])
    assert options["columns"] == ["split1", "split2"] and options["test"] == ["test"]


def test_folds_are_taken():
    assert drafted(fold=np.arange(12) // 4)[0] == {"folds": "fold"}


def test_a_speaker_on_both_sides_is_told_and_the_column_not_taken():
    options, taken, draft = drafted(part=["train", "test"] * 6, fold=np.arange(12) % 3)
    assert options == {"group_kfold": 5} and taken == ["part", "fold"]
    assert [question.grave for question in draft.questions] == [True, True]
    assert "is on both sides" in draft.questions[0].text


def test_without_a_column_folds_are_made_over_what_groups_there_are():
    assert drafted(mood=["a", "b"] * 6)[0] == {"group_kfold": 5}
    assert drafted(np.repeat(["a", "b", "c"], 4), mood=["a", "b"] * 6)[0] == {"group_kfold": 3}
    options, _, draft = drafted(np.repeat("a", 12), mood=["a", "b"] * 6)
    assert options == {} and draft.questions[0].grave
