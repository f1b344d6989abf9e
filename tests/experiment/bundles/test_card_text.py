"""Cards for people: what each kind of system's text says, and where the limits are said."""

import pytest

from avbaselines.experiment.bundles.card import (
    Card,
    CardInput,
    CardModality,
    CardScore,
    CardTarget,
    Extent,
    Made,
)
from avbaselines.experiment.bundles.card_text import CORPUS, OPENSMILE, TABLES, render_card

AROUSAL = CardTarget(name="arousal", metric="ccc", classes=(), range=(1, 5))
MOOD = CardTarget(name="mood", metric="uar", classes=("glad", "sad"), range=None)
VOICE = Made(recipe="egemaps", extractor="opensmile", version="2.6")


def modality(made):
    return CardModality(columns=["a", "b"], dropped=[], often_missing=False, made=made)


def score(target="arousal", metric="ccc", value=0.5, low=0.4):
    high = None if low is None else 0.6
    counts = {"n_clips": 90, "n_groups": 9, "note": None}
    return CardScore(target=target, metric=metric, value=value, ci_low=low, ci_high=high, **counts)


def text(**given):
    plain = {"system": "ridge-audio", "learner": "ridge", "targets": [AROUSAL], "sha256": ""}
    return render_card(Card(**(plain | given)))


def test_the_first_lines_say_what_it_is():
    said = text(targets=[AROUSAL, MOOD], task="chain", handed_over=True)
    assert said.startswith("# ridge-audio\n\nRidge, task mode chain; predicts arousal (a value from 1 to 5); ")
    assert "; mood (one of glad, sad)." in said and "This is the system that the run hands over." in said
    fused = text(learner="", method="greedy")
    assert "Late fusion (greedy); predicts" in fused and "hands over" not in fused


def test_data_names_study_paper_and_notes():
    said = text(study="small", paper="A paper", corpus="table", protocol="honest", split="final", seed=3,
                learnt_from=Extent(clips=90, groups=9), notes=["a note"])  # fmt: skip
    assert "- Study: small (beside: A paper)" in said and "learnt from 90 clips of 9 groups" in said
    assert "- Protocol: honest; shipped fit: split `final`; seed 3" in said and "- a note" in said
    assert "beside" not in text(study="small")


def test_scores_are_those_of_its_own_metrics():
    rows = [score(), score(metric="rmse"), score(target="mean"), score(target="mood", metric="uar", low=None)]
    alone = text(scores=rows)
    assert "| arousal | ccc | 0.500 | 0.400 to 0.600 | 90 | 9 |" in alone and "rmse" not in alone
    assert "| mean |" not in alone and "fits of each split" not in alone
    both = text(scores=rows, targets=[AROUSAL, MOOD], split="final")
    assert "| mean | ccc |" in both and "| mood | uar | 0.500 | none | 90 | 9 |" in both
    assert "fits of each split" in both
    assert "Not scored in its run." in text() and "Not scored in its run." in text(scores=[score(value=None)])


def test_inputs_are_tables_recipes_systems_and_predictions_of_others():
    said = text(modalities={"voice": modality(VOICE), "face": modality(Made(path="face.csv"))})
    assert "- voice: 2 columns, from recipe `egemaps` (2.6)" in said
    assert "- face: 2 columns, from table `face.csv`" in said
    fused = text(inputs=[CardInput(system="ridge-face", sha256="ab"), CardInput(system="deep", predictions="wav2vec")])
    assert "- system `ridge-face`, from the folder beside this one" in fused
    assert "- predictions `wav2vec` of an outside system" in fused


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"transductive": True}, "- Transductive: it normalises by all clips"),
        ({"protocol": "paper"}, "its scores are optimistic"),
        ({"modalities": {"voice": modality(VOICE)}}, f"- {OPENSMILE}"),
        ({"inputs": [CardInput(system="a", sha256="ab")]}, f"- Where an input uses it: {OPENSMILE}"),
        ({"modalities": {"face": modality(Made(path="face.csv"))}}, f"- {TABLES}"),
    ],
)
def test_limits_and_terms_are_said_where_they_hold(given, words):
    assert words not in text(protocol="honest") and CORPUS in text()
    assert words in text(**({"protocol": "honest"} | given))
    assert text(system="late").endswith("--system 'late' MEDIA_OR_TABLE... --out predictions.csv\n")
