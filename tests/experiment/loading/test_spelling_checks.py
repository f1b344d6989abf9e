"""Groups whose names look wrong."""

import numpy as np
import pytest

from avbaselines.corpora.corpus import Split
from avbaselines.errors import InputError
from avbaselines.experiment.loading.spelling_checks import group_notes

IDS = np.array(list("wxyz"))
ROWS = np.arange(4)


def split(*test):
    return Split("s", np.setdiff1d(ROWS, test), ROWS[:0], np.array(test))


def test_one_name_spelt_twice_is_noted_where_it_stays_on_one_side():
    for sides in (split(3), split(0, 1)):
        assert "'Ann' and 'ann' differ only" in group_notes(np.array(["Ann", "ann", "b", "c"]), [sides], IDS, "who")[0]


def test_one_name_spelt_twice_is_refused_where_any_split_parts_it():
    with pytest.raises(InputError, match=r"split s: groups 'Ann' and 'ann' .*clip 'x' in training, 'w' in test"):
        group_notes(np.array(["Ann", "ann", "b", "c"]), [split(3), split(0)], IDS, "who")


def test_names_that_only_look_alike_are_let_be():
    assert group_notes(np.array(["s1", "s10", "s100", "t1"]), [split(0)], IDS, "who") == []
