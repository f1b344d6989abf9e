"""Figures of identity as rows of identity.csv and of results.csv."""

import numpy as np

from avbaselines.experiment.analyses.speaker_identity.identity_table import (
    COLUMNS,
    Figure,
    Subject,
    identity_table,
    reported_figures,
    result_rows,
)
from avbaselines.experiment.analyses.speaker_identity.probes import Estimate, ProbeResult
from avbaselines.results_table import Remark, RemarkKind
from avbaselines.study import Study

PROBE = ProbeResult(0.75, 0.5, 0.5, 0.2, 0.8, n_speakers=2, n_clips=8)
ERASED = (Remark(RemarkKind.ERASURE, "speakers erased"),)
TUNED = Subject("audio+leace", "features", ERASED, "audio", "leace")
FIGURES = [
    Figure.of_probe(TUNED, "linear", "unseen", PROBE),
    Figure(TUNED, "emotion", Estimate(0.6, 0.5, 0.7)),
    Figure.of_probe(Subject("audio+leace", "features", ERASED, "audio", "leace", 0.25), "linear", "unseen", PROBE),
    Figure.of_probe(Subject("late-mean", "predictions", (), "audio+face"), "boosted", "unseen", PROBE),
    Figure(Subject("network", "reported"), "eer", Estimate(0.3, np.nan, np.nan)),
]


def test_every_figure_is_a_row_and_absent_fields_are_empty():
    table = identity_table(FIGURES)
    assert list(table.columns) == COLUMNS
    assert table["strength"].tolist()[:4] == ["tuned", "tuned", "0.25", "tuned"]
    assert table.loc[4, ["strength", "speakers", "modalities", "n_clips", "ci_low"]].isna().all()
    assert table.loc[0, ["metric", "value", "ci_low", "n_clips"]].tolist() == ["identity_linear", 0.5, 0.2, 8]
    assert table.loc[1, ["speakers", "n_speakers"]].isna().all()


def test_results_have_identity_at_the_tuned_strength_alone():
    features, predictions = result_rows(FIGURES, "honest")
    assert features.system == "audio+leace (unseen speakers)" and features.target == "speaker"
    assert features.note == "features probed, unseen speakers; speakers erased" and features.n_groups == 2
    assert predictions.system == "late-mean" and predictions.metric == "identity_boosted"


def test_quoted_figures_keep_their_source_and_note():
    quoted = {"metric": "disentanglement", "value": 0.13, "source": "abstract", "note": "undefined"}
    study = Study.model_construct(reported=[])
    assert reported_figures(study) == []
    from avbaselines.study import Reported

    figures = [Reported(system="network", target=target, **quoted) for target in ("speaker", "arousal")]
    (figure,) = reported_figures(Study.model_construct(reported=figures))
    assert figure.record()["note"] == "abstract; undefined" and figure.estimate.value == 0.13
