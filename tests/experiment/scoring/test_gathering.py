"""Rows gathered from finished work, with their remarks and twins."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from small_board import SPLITS

from avbaselines.corpora.corpus import ImportedPrediction
from avbaselines.experiment.fitting.store import Fitted
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem
from avbaselines.experiment.scoring.gathering import gather
from avbaselines.results_table import RemarkKind


def finished(note, test=1.0):
    raw = Fitted(test={"arousal": np.full((2, 1), test)}, oof={"arousal": np.ones((2, 1))}, note=note, seconds=2.0)
    matched = {"arousal": np.full((2, 1), 5.0)}
    return SimpleNamespace(raw=raw, test=matched, oof=matched, losses={}, filled=lambda values: values)


def test_rows_are_gathered_with_their_remarks_and_twins():
    system = BaseSystem(name="svr", raw_label="svr-raw", learner="svr", transductive=True)
    notes = {"0": "delay 2 s; order chosen among 6", "1": "delay 3 s"}
    fitted_run = SimpleNamespace(
        finished=lambda split, _: finished(notes[split.outer]),
        has=lambda split, _: True,
        failed_splits=lambda _: {},
    )
    run = SimpleNamespace(systems=[system], resubstitution=True)
    matched, raw = gather(run, fitted_run, SPLITS)
    assert (matched.name, raw.name, matched.is_twin, raw.is_twin) == ("svr", "svr-raw", False, True)
    assert matched.test["0"]["arousal"][0, 0] == 5 and raw.test["0"]["arousal"][0, 0] == 1 and raw.seconds == 4
    kinds = [remark.kind for remark in matched.remarks]
    # Three notes at most: two labels leave room for the first split's, of two phrases.
    assert kinds == [RemarkKind.RESUBSTITUTION, RemarkKind.TRANSDUCTIVE, RemarkKind.FIT, RemarkKind.FIT]
    assert [remark.text for remark in matched.remarks[2:]] == ["delay 2 s", "order chosen among 6"]


def test_an_imported_row_is_not_said_to_be_fitted_on_what_it_is_scored_on():
    fitted_run = SimpleNamespace(
        finished=lambda split, _: finished(""), has=lambda split, _: split.outer == "0", failed_splits=lambda _: {}
    )
    values = {"arousal": np.zeros((12, 1))}
    theirs = ImportedPrediction("theirs", values)
    own = SimpleNamespace(predictions={"theirs": theirs})
    run = SimpleNamespace(systems=[ExternalSystem(name="theirs", source="theirs")], resubstitution=True, corpus=own)
    [row] = gather(run, fitted_run, SPLITS)
    assert row.remarks == () and list(row.test) == ["0"] and list(row.seeds) == []
    own.predictions["theirs"] = replace(theirs, seeds=(theirs, replace(theirs, values={"arousal": np.ones((12, 1))})))
    [row] = gather(run, fitted_run, SPLITS)
    assert [seed["1"]["arousal"].mean() for seed in row.seeds] == [0, 1]


def test_matching_that_costs_much_out_of_fold_is_said_of_the_matched_row_alone():
    system = BaseSystem(name="svr", raw_label="svr-raw", learner="svr")
    for loss, said in ((0.2, ["matching costs 0.20 of ccc out-of-fold (arousal)"]), (0.01, [])):
        costly = finished("")
        costly.losses = {"arousal": loss}
        fitted_run = SimpleNamespace(
            finished=lambda *_, costly=costly: costly, has=lambda *_: True, failed_splits=lambda _: {}
        )
        matched, raw = gather(SimpleNamespace(systems=[system], resubstitution=False), fitted_run, SPLITS)
        assert [remark.text for remark in matched.remarks] == said and raw.remarks == ()
