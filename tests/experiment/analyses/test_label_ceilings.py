"""Rows of other raters' consensus and the raters' agreement, in a run of a study whose clips have single raters."""

import numpy as np
import pandas as pd
import pytest
from small_board import AROUSAL, GROUPS, SPLITS, TRUTH, corpus
from small_study import people, write_study

from avbaselines.corpora.raters import Ratings
from avbaselines.experiment.analyses.label_ceilings import AS_MANY, ENDLESS, agreement_table, ceiling_rows
from avbaselines.experiment.scoring.scoreboard import Scoreboard
from avbaselines.study import load_study

RATERS, SPREAD = 4, 1.0


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Arousal is the mean of four raters who err by as much as clips differ; moods are votes of ten."""
    rng, table = np.random.default_rng(0), people(9, 20)
    expected = rng.normal(size=len(table))
    ratings = expected[:, None] + SPREAD * rng.normal(size=(len(table), RATERS))
    votes = rng.multinomial(10, rng.dirichlet([1.0, 1.0, 1.0], len(table)))
    moods = ["glad", "mad", "sad"]
    table = table.assign(
        arousal=ratings.mean(axis=1),
        mood=np.array(moods)[votes.argmax(axis=1)],
        **{f"rater_{number}": ratings[:, number] for number in range(RATERS)},
        **{f"n_{mood}": votes[:, number] for number, mood in enumerate(moods)},
    )
    audio = pd.DataFrame(expected[:, None] + rng.normal(size=(len(table), 2)), index=table["clip_id"])
    return write_study(
        tmp_path_factory.mktemp("raters"),
        table,
        {"audio": audio},
        targets={
            "arousal": {"metric": "ccc", "raters": "rater_*"},
            "mood": {"metric": "uar", "raters": {"votes": "n_"}},
        },
        systems={"fusion": []},
    ).run()


def figure(finished, system, target, metric, split="all"):
    rows = finished.results(kind="ceiling", system=system, target=target, metric=metric, split=split)
    [row] = rows.to_dict("records")
    return row


def test_ratings_give_rows_of_as_many_and_of_endless_raters(finished):
    reliable = 1 / (1 + SPREAD**2 / RATERS)
    many, endless = (figure(finished, system, "arousal", "ccc") for system in (AS_MANY, ENDLESS))
    assert many["value"] == pytest.approx(reliable, abs=0.05)
    assert endless["value"] == pytest.approx(many["value"] ** 0.5)
    assert many["ci_low"] < many["value"] < many["ci_high"] < 1
    assert (many["n_clips"], many["n_groups"], many["status"]) == (180, 9, "ok") and many["picked"] != "yes"
    assert many["note"].startswith("consensus of as many other raters (4 a clip); Krippendorff's alpha .")
    error = figure(finished, AS_MANY, "arousal", "rmse")["value"]
    assert error == pytest.approx((2 * SPREAD**2 / RATERS) ** 0.5, abs=0.1)


def test_votes_give_every_class_metric_in_every_split(finished):
    for metric in ("uar", "accuracy", "f1_macro", "f1_weighted"):
        many, endless = (figure(finished, system, "mood", metric) for system in (AS_MANY, ENDLESS))
        assert 0.5 < many["value"] < endless["value"] < 1
    splits = {row for row in finished.results(kind="ceiling")["split"]}
    assert splits == {"0", "1", "2", "all"}
    assert figure(finished, AS_MANY, "mood", "uar", "1")["n_groups"] == 3


def test_ceilings_stand_on_the_leaderboard_and_the_agreement_in_a_table(finished):
    board = finished.text("leaderboard.md")
    assert "label-ceiling" in board and "other-raters" in board and "what the labels themselves allow" in board
    assert "label-ceiling" in finished.text("leaderboard.tex") and "label-ceiling" in finished.text("report.html")
    table = finished.table("agreement.csv").set_index("target")
    assert table["level"].to_dict() == {"arousal": "interval", "mood": "nominal"}
    assert table["raters"].to_dict() == {"arousal": 4, "mood": 10} and (table["n_clips"] == 180).all()
    # Of ratings, alpha is the reliability of a single rater.
    assert table["alpha"]["arousal"] == pytest.approx(1 / (1 + SPREAD**2), abs=0.08)
    assert (table["ci_low"] < table["alpha"]).all() and (table["alpha"] < table["ci_high"]).all()


def test_no_ceiling_is_the_best_row_nor_picked(finished):
    measured = finished.results(kind="measured", picked="yes")
    assert len(measured) and finished.result.picked not in (AS_MANY, ENDLESS)
    assert not any(system in (AS_MANY, ENDLESS) for _, system, *_ in finished.result.board.best)


def test_the_study_as_run_names_the_raters(finished):
    targets = load_study(finished.folder / "study.toml").targets
    assert targets["arousal"].raters == "rater_*" and targets["mood"].raters.votes == "n_"


class Ran:
    """What `ceiling_rows` reads of a finished run."""

    def __init__(self, of):
        self.run, self.protocol = self, "honest"
        self.corpus, self.scoreboard = of, Scoreboard(of, SPLITS)
        self.study = type("Seeded", (), {"seed": 0})


def rows_of(of):
    return {(row.system, row.metric, row.split): row for row in ceiling_rows(Ran(of), agreement_table(of))}


def test_frames_are_scored_per_recording_too():
    of = corpus(AROUSAL, recordings=GROUPS)
    of.raters = {"arousal": Ratings(TRUTH[:, None] + np.array([[-0.5, 0.5]]) * (-1) ** np.arange(12)[:, None])}
    rows = rows_of(of)
    one = rows[AS_MANY, "ccc_per_recording", "all"]
    assert 0 < one.value <= 1 and one.n_groups == 4 and one.n_clips == 12
    assert rows[AS_MANY, "ccc_per_recording", "0"].n_groups == 2


def test_labels_that_are_no_consensus_of_the_raters_are_told():
    of = corpus(AROUSAL)
    of.raters = {"arousal": Ratings(np.column_stack([TRUTH**2, TRUTH**2 + 1]))}
    assert "the labels are not their mean (correlation .9" in rows_of(of)[AS_MANY, "ccc", "all"].note
    of.raters = {"arousal": Ratings(np.full((12, 2), np.nan))}
    assert rows_of(of) == {}
