"""Designs with few groups: what cannot be done is left out and said, what is misleading is said."""

import numpy as np
import pandas as pd
from small_study import people, write_study


def write(folder, speakers, **sections):
    rng, clips = np.random.default_rng(0), people(speakers, 12)
    audio = pd.DataFrame(rng.normal(size=(len(clips), 3)), index=clips["clip_id"])
    arousal = {"own": audio[0].to_numpy() + rng.normal(size=len(clips)), "one": np.repeat(np.arange(speakers), 12)}
    return write_study(folder, clips.assign(**arousal), {"audio": audio, "face": audio + 1}, **sections)


STACK = {"method": "ridge", "name": "top", "inputs": ["late-mean", "late-ridge"]}


def test_two_training_groups_have_no_stage_upon_a_stage(tmp_path):
    study = write(
        tmp_path,
        3,
        split={"leave_one_out": "speaker"},
        targets={"own": {"metric": "ccc"}},
        systems={"fusion": ["mean", "ridge", STACK]},
    )
    run = study.prepare()
    assert [system.name for system in run.systems if system.name == "top"] == []
    assert any(note.startswith("without top: learning from what fusions learnt takes") for note in run.corpus.notes)
    finished = study.run()
    assert not finished.result.failed and {"late-mean", "late-ridge"} <= set(finished.results()["system"])
    four = write(
        tmp_path / "four",
        4,
        split={"leave_one_out": "speaker"},
        targets={"own": {"metric": "ccc"}},
        systems={"fusion": ["mean", "ridge", STACK]},
    ).prepare()
    assert "top" in [system.name for system in four.systems]


def test_one_label_a_speaker_that_is_left_out_alone_is_said(tmp_path):
    targets = {"one": {"metric": "rmse"}, "own": {"metric": "ccc"}}
    alone = write(tmp_path / "alone", 5, split={"leave_one_out": "speaker"}, targets=targets).prepare()
    said = [note for note in alone.corpus.notes if "by construction" in note]
    assert len(said) == 1 and said[0].startswith("each group has one label of one and is tested alone")
    together = write(tmp_path / "together", 6, targets=targets).prepare()  # three folds of two speakers
    assert not [note for note in together.corpus.notes if "by construction" in note]
