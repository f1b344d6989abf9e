"""The made-up table whose targets share what drives them, or do not."""

import numpy as np
import pandas as pd
import pydantic
import pytest

from avbaselines.corpora.readers import structured
from avbaselines.corpora.readers.structured import Options
from avbaselines.errors import InputError
from avbaselines.estimators.boosting.lightgbm_models import LightGBMRegressor
from avbaselines.estimators.multitarget.chain import ChainRegressor
from avbaselines.estimators.multitarget.joint import JointBoostingRegressor
from avbaselines.estimators.tuned.matching import Matcher
from avbaselines.evaluation.metrics import METRICS

TINY = Options(speakers=6, clips_per_speaker=5)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("structure", ["shared", "independent"])
def test_files(tmp_path, structure):
    options = TINY.model_copy(update={"structure": structure})
    release = structured.read(options, tmp_path / "corpus")
    assert (release.group, release.recording, release.root) == ("speaker", None, tmp_path / "corpus")
    assert list(release.clips) == ["speaker", "partition", "t1", "t2", "t3"] and len(release.clips) == 30
    assert release.clips.groupby("speaker").partition.nunique().eq(1).all()
    assert (release.clips.partition == "test").sum() == 10
    with np.load(tmp_path / "corpus" / "features.npz", allow_pickle=False) as table:
        assert table["clip_id"].tolist() == release.clips.index.tolist()
        assert table["X"].shape == (30, 40) and table["X"].dtype == np.float32 and np.isfinite(table["X"]).all()
        assert len(table["columns"]) == 40
    assert structure in release.notes[0] and "nothing about people" in release.notes[0]


def test_repeats_byte_for_byte_and_once(tmp_path):
    calls = []
    structured.read(TINY, tmp_path / "a", lambda *call: calls.append(call))
    structured.read(TINY, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    structured.read(TINY, tmp_path / "a", lambda *call: calls.append(call))
    assert calls == [(30, 30, "features.npz")]
    other = structured.read(TINY.model_copy(update={"seed": 1}), tmp_path / "c")
    assert contents(other.root)["clips.csv"] != contents(tmp_path / "a")["clips.csv"]


def test_lives_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBASELINES_CACHE", str(tmp_path))
    first, second = (structured.read(TINY.model_copy(update={"seed": seed}), None).root for seed in (0, 1))
    assert first.parent == second.parent == tmp_path and first != second


def test_leaves_other_things_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is no structured corpus"):
        structured.read(TINY, tmp_path)
    structured.read(TINY, tmp_path / "corpus")
    with pytest.raises(InputError, match="other options"):
        structured.read(TINY.model_copy(update={"seed": 7}), tmp_path / "corpus")
    with pytest.raises(InputError, match="cannot be written"):
        structured.read(TINY, tmp_path / "mine.txt" / "corpus")


@pytest.mark.parametrize(
    "bad", [{"structure": "some"}, {"speakers": 5}, {"targets": 1}, {"targets": 11}, {"seed": -1}, {"rows": 3}]
)
def test_options_are_checked(bad):
    with pytest.raises(pydantic.ValidationError):
        Options(**bad)


def test_labels_are_few_only_where_structure_is_shared():
    clips, _ = structured.draw(Options())
    train = clips[clips.partition == "train"]
    assert train.t1.notna().all() and train[["t2", "t3"]].notna().mean().between(0.08, 0.16).all()
    assert clips[clips.partition == "test"].notna().all(axis=None)
    assert clips[["t1", "t2", "t3"]].corr(min_periods=50).abs().to_numpy().min() > 0.5
    clips, _ = structured.draw(Options(structure="independent"))
    assert clips.notna().all(axis=None)
    correlations = clips[["t1", "t2", "t3"]].corr().to_numpy()
    assert np.abs(correlations[np.triu_indices(3, 1)]).max() < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("structure", ["shared", "independent"])
def test_multitask_wins_where_it_must_and_only_there(structure):
    """Difference of mean matched concordance to one target at a time, by resampling test speakers."""
    clips, X = structured.draw(Options(structure=structure))
    Y, train = clips[["t1", "t2", "t3"]].to_numpy(), (clips.partition == "train").to_numpy()
    speakers = pd.factorize(clips.speaker[~train])[0]
    metric, n_groups = METRICS["ccc"], speakers.max() + 1
    draws = np.random.default_rng(0).multinomial(n_groups, np.ones(n_groups) / n_groups, size=1000)
    trees = LightGBMRegressor(rounds=(50, 100, 200), learning_rate=0.08)
    means = {}
    for name, model in {
        "single": trees,
        "chain": ChainRegressor(trees),
        "joint": JointBoostingRegressor(rounds=150, every=10, learning_rate=0.08),
    }.items():
        model.fit(X[train], Y[train], groups=clips.speaker[train])
        predicted = Matcher().fit(model.oof_prediction_, Y[train]).transform(model.predict(X[~train]))
        sums = [metric.sums(t, p, speakers, n_groups) for t, p in zip(Y[~train].T, predicted.T, strict=True)]
        means[name] = np.mean([metric.value(draws @ one) for one in sums], axis=0)
    for mode in ("chain", "joint"):
        low = np.percentile(means[mode] - means["single"], 2.5)
        assert low > 0 if structure == "shared" else low <= 0, (mode, low)
