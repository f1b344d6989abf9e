"""Fusion where modalities are missing, on the corpora themselves."""

import numpy as np
import pandas as pd
import pytest
from small_study import run as run_study

from avbaselines.evaluation.comparison import compare
from avbaselines.evaluation.metrics import METRICS
from avbaselines.experiment.analyses.missing_modalities import REFERENCE

pytestmark = pytest.mark.real


def table_of(study, data, folder, *overrides, only=()):
    run = run_study(study, folder, *overrides, data=data, only=only, jobs=2)
    assert not run.result.failed
    return run.result, run.table("masking.csv")


def test_ravdess_fusion_is_never_below_the_best_system_on_what_is_left(shared_data, tmp_path):
    tables = [
        "egemaps = '${data}/audio_egemapsv02.npz'",
        "face = '${data}/visual_openface_au_mean.npz'",
        "face-dynamic = '${data}/visual_openface_au_mean_v2.npz'",
    ]
    # The small tables and ridge alone: the whole study takes many minutes.
    overrides = ["systems.learners=['ridge']", "systems.early=[['egemaps', 'face', 'face-dynamic']]"]
    overrides += [f"modalities={{ {', '.join(tables)} }}", "masking.sources.voice=['egemaps']"]
    _, table = table_of("ravdess-missing", shared_data / "ravdess", tmp_path, *overrides, only=["late-greedy-best"])
    assert set(table["condition"]) >= {"all", "only voice", "only face", "90% by clip", "90% by group"}
    fused = table[table["system"] == "late-greedy-best"]
    assert len(fused) == 13 and not fused["below"].any()
    # The best on what is left is a real opponent: alone, faces and voices are told far above one in eight.
    alone = table[(table["system"] == REFERENCE) & table["condition"].str.startswith("only")]
    assert (alone["value"] > 0.4).all()


def test_pom_fusion_is_not_below_audio_alone_beyond_chance(shared_data, tmp_path):
    only = ["late-greedy-best"]
    _, table = table_of("pom", shared_data / "cmu_pom", tmp_path, "systems.learners=['ridge']", only=only)
    predictions = pd.read_parquet(tmp_path / "predictions.parquet")
    test = predictions[predictions["part"] == "test"]
    traits = list(dict.fromkeys(test["target"]))
    assert len(traits) == 16
    below = []
    for trait in traits:
        wide = test[test["target"] == trait].pivot(index="clip_id", columns="system", values="prediction")
        truth = test[(test["target"] == trait) & (test["system"] == only[0])].set_index("clip_id")["truth"]
        codes, ccc = np.arange(len(wide)), METRICS["ccc"]  # one clip a speaker
        fused, audio = (
            ccc.sums(truth[wide.index].to_numpy(float), wide[name].to_numpy(float), codes, len(codes))
            for name in (only[0], "ridge-audio")
        )
        if compare(ccc, fused, audio, n_permutations=1).ci_high < 0:
            below.append(trait)
    # Of 16 intervals at 95 % one lies below 0 in a third of all cases where nothing differs, three in one of 140.
    assert len(below) < 3, below
    fused = table[table["system"] == only[0]]
    assert fused.loc[fused["condition"] == "all", "below"].sum() < 3
    assert not fused.loc[(fused["condition"] == "all") & (fused["target"] == "mean"), "below"].any()
    # Of 221 cells as many may fall below as would by chance where nothing differs: 2.5 in a hundred.
    assert len(fused) == 17 * 13 and fused["below"].mean() < 0.025
