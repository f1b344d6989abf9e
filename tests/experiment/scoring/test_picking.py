"""The row that is handed over."""

from dataclasses import replace

import pytest
from small_board import SPLITS, VALENCE, corpus, scored

from avbaselines.corpora.corpus import SplitId
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem, PickedSystem
from avbaselines.experiment.scoring.picking import may_be_picked, pick
from avbaselines.results_table import RemarkKind
from avbaselines.systems import Stage

WHOLE = corpus(VALENCE)


def test_the_best_out_of_fold_is_picked_and_the_study_may_name_another():
    rows = [scored("far", WHOLE, 2.0), scored("close", WHOLE, 0.1)]
    assert pick(WHOLE, rows, SPLITS) == ("close", rows)
    assert pick(WHOLE, rows, SPLITS, answer="far") == ("far", rows)
    assert pick(WHOLE, rows, SPLITS, answer="nobody")[0] == "close"


def test_evaluated_clips_have_no_say():
    better_seen = scored("better-seen", WHOLE, 0.0)
    rows = [replace(better_seen, oof=scored("far", WHOLE, 2.0).oof), scored("honest", WHOLE, 1.0)]
    assert pick(WHOLE, rows, SPLITS)[0] == "honest"


def rows_that_disagree():
    matched = BaseSystem(name="a", raw_label="a-raw", learner="svr", modalities=("audio",))
    late = FusionSystem(name="b", fusion=Stage(method="ridge"), depth=2, parts=("a",), modalities=("audio", "face"))
    a, b = (scored(one.name, WHOLE, 0.1, system=one, seconds=1.0) for one in (matched, late))
    far = scored("far", WHOLE, 2.0)
    return replace(a, oof=a.oof | {"1": far.oof["1"]}), replace(b, oof=b.oof | {"0": far.oof["0"]})


def test_where_splits_disagree_the_row_is_the_best_system_of_each():
    a, b = rows_that_disagree()
    name, rows = pick(WHOLE, [a, b], SPLITS)
    chosen = rows[-1]
    assert name == PICKED == chosen.name and len(rows) == 3 and isinstance(chosen.system, PickedSystem)
    assert chosen.system.choices == ("a", "b") and chosen.system.stage == 2 and chosen.seconds == 0
    assert chosen.system.modalities == ("audio", "face") and chosen.system.raw_label == "picked-raw"
    assert chosen.test == {"0": a.test["0"], "1": b.test["1"]} and chosen.oof == {"0": a.oof["0"], "1": b.oof["1"]}
    [remark] = chosen.remarks
    assert remark.kind is RemarkKind.COMPOSED
    assert remark.text == "best out-of-fold system of each split (a in 1, b in 1 of 2)"


def test_it_has_no_unmatched_twin_where_nothing_chosen_is_matched():
    a, b = rows_that_disagree()
    a = replace(a, system=replace(a.system, raw_label=None))
    assert pick(WHOLE, [a, b], SPLITS)[1][-1].system.raw_label is None


def blend(name, error, seen=None):
    """A mean of fusions that is off by an error out-of-fold, and by another one for evaluated clips."""
    system = FusionSystem(name=name, fusion=Stage(method="blend"), depth=2, parts=("late-greedy", "late-ridge"))
    row = scored(name, WHOLE, error, system=system)
    return row if seen is None else replace(row, test=scored(name, WHOLE, seen).test)


def test_the_blend_is_handed_over_whatever_row_is_better_out_of_fold():
    rows = [scored("close", WHOLE, 0.1), blend("late-blend", 1.0)]
    assert pick(WHOLE, rows, SPLITS) == ("late-blend", rows)
    assert pick(WHOLE, rows, SPLITS, rule="best")[0] == "close"
    assert pick(WHOLE, rows, SPLITS, answer="close")[0] == "close"


def test_a_blend_that_failed_leaves_it_to_the_score():
    rows = [scored("far", WHOLE, 2.0), scored("close", WHOLE, 0.1), replace(blend("late-blend", 0.0), failed=FAILED)]
    assert pick(WHOLE, rows, SPLITS)[0] == "close"


def test_evaluated_clips_have_no_say_between_blends():
    knows_them, honest = blend("late-blend", 2.0, seen=0.0), blend("other", 1.0)
    assert pick(WHOLE, [knows_them, honest], SPLITS)[0] == "other"
    assert pick(WHOLE, [knows_them, scored("close", WHOLE, 0.1)], SPLITS)[0] == "late-blend"


FAILED = {SplitId("0"): "no memory"}


@pytest.mark.parametrize(
    "row",
    [
        scored("speaker", WHOLE, 0.0, system=BaseSystem(name="t", learner="ridge", transductive=True)),
        scored("theirs", WHOLE, 0.0, system=ExternalSystem(name="theirs", source="theirs")),
        replace(scored("failed", WHOLE, 0.0), failed=FAILED),
    ],
)
def test_rows_that_may_not_be_handed_over(row):
    assert not may_be_picked(row)
    assert pick(WHOLE, [row], SPLITS) == (None, [row])
    assert pick(WHOLE, [row], SPLITS, answer=row.name) == (None, [row])


def test_an_unmatched_twin_is_not_handed_over():
    system = BaseSystem(name="a", raw_label="a-raw", learner="svr")
    row = scored("a", WHOLE, 0.0, system=system)
    assert may_be_picked(row) and not may_be_picked(replace(row, id=system.rows[1]))


def allowed(one):
    return replace(one, system=replace(one.system, transductive=True, allowed=True))


def test_a_transductive_row_is_handed_over_where_the_study_allows_it():
    rows = [allowed(scored("speaker", WHOLE, 0.0)), scored("close", WHOLE, 0.1)]
    assert pick(WHOLE, rows, SPLITS)[0] == "speaker"
    apart = replace(rows[0], system=replace(rows[0].system, allowed=False))
    assert pick(WHOLE, [apart, rows[1]], SPLITS)[0] == "close"


def test_a_row_composed_of_transductive_ones_says_so():
    a, b = rows_that_disagree()
    chosen = pick(WHOLE, [a, allowed(b)], SPLITS)[1][-1]
    assert chosen.system.transductive and chosen.remarks[0].kind is RemarkKind.TRANSDUCTIVE
    assert not pick(WHOLE, [a, b], SPLITS)[1][-1].system.transductive
