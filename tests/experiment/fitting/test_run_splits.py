"""Splits in which systems are fitted, and stages that too few groups do not allow."""

from dataclasses import replace

import numpy as np
import pandas as pd
from small_study import people, small_release, write_study

from avbaselines.experiment.fitting.run_splits import all_splits, shipping_split, without_lonely_stages


def test_the_fit_of_all_training_clips_ships(tmp_path):
    corpus = small_release(tmp_path, speakers=6, clips=5).prepare().corpus
    final = shipping_split(corpus)
    assert final.name == "final" and len(final.fit) == 30 and len(final.test) == 0
    assert [split.name for split in all_splits(corpus)] == ["0", "1", "2", "final"]
    alone = replace(corpus, splits=corpus.splits[:1])
    assert shipping_split(alone) is corpus.splits[0] and all_splits(alone) == corpus.splits[:1]


def test_stages_upon_stages_are_left_out_where_two_groups_train(tmp_path):
    clips = people(3, 4).assign(arousal=np.arange(12.0))
    audio = pd.DataFrame({"x": np.arange(12.0) % 5}, index=clips["clip_id"])
    fusion = ["mean", "ridge", {"method": "ridge", "name": "top", "inputs": ["late-ridge", "ridge-audio"]}]
    study = write_study(tmp_path, clips, {"audio": audio, "face": audio}, split={"leave_one_out": "speaker"},
                        targets={"arousal": {"metric": "ccc"}}, systems={"fusion": fusion})  # fmt: skip
    run = study.prepare()
    assert "top" not in [system.name for system in run.systems] and without_lonely_stages(run) is run
    assert any(note.startswith("without top: learning from what fusions learnt") for note in run.corpus.notes)
