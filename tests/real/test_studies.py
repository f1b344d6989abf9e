"""The shipped studies on the corpora they are for: the known figures, with few learners where many would take long."""

import pytest
from small_study import read_table
from small_study import run as run_study

from avbaselines.run import main

pytestmark = pytest.mark.real


def overall(folder):
    results = read_table(folder / "results.csv")
    return results[(results["split"] == "all") & (results["status"] == "ok")]


def values(results, metric, target="mean"):
    rows = results[(results["metric"] == metric) & (results["target"] == target)]
    return rows.set_index(["protocol", "system"])["value"]


def run(study, data, folder, *overrides, protocols=("honest",), only=()):
    done = run_study(study, folder, *overrides, data=data, protocols=protocols, only=only, jobs=2)
    assert not done.result.failed
    return overall(folder)


@pytest.mark.slow
def test_the_authors_mean_and_matched_mean_and_what_resubstitution_makes_of_them(shared_data, tmp_path):
    data = shared_data / "sewa_dev"
    honest = values(run("multistage-fusion", data, tmp_path / "h", only=["mean-of-12"]), "ccc")
    assert honest["honest", "mean-of-12"] == pytest.approx(0.494, abs=0.002)
    assert honest["honest", "matched-mean-of-12"] == pytest.approx(0.536, abs=0.002)
    paper = run("multistage-fusion", data, tmp_path / "p", protocols=["paper"], only=["stage-1"])
    for target, reported in {"arousal": 0.627, "valence": 0.616, "liking": 0.292}.items():
        assert values(paper, "ccc", target)["paper", "stage-1"] >= reported
    assert paper[paper["system"] == "stage-1"]["note"].str.contains("resubstitution").all()


def test_ravdess_faces_score_as_published(shared_data, tmp_path):
    results = run("ravdess", shared_data / "ravdess", tmp_path, only=["svr-face", "ridge-face+face-dynamic"])
    accuracy = values(results, "accuracy", "emotion")
    assert accuracy["honest", "svr-face"] >= 0.590 - 0.02  # an untuned SVC of the corpus' README
    assert accuracy["honest", "ridge-face+face-dynamic"] > accuracy["honest", "svr-face"]
    assert set(results[results["kind"] == "reported"]["value"]) >= {0.8670, 0.5993}


@pytest.mark.slow
def test_deep_outputs_fused_with_handcrafted_systems(shared_data, tmp_path):
    results = run("ravdess-deep", shared_data / "ravdess", tmp_path)
    accuracy = values(results, "accuracy", "emotion")
    assert accuracy["honest", "source-fusion"] == pytest.approx(0.8670, abs=5e-5)
    picked = results[(results["picked"] == "yes") & (results["metric"] == "accuracy")]
    assert picked["value"].iloc[0] >= 0.87 and picked["kind"].iloc[0] == "measured"


def test_the_sources_fusion_is_reproduced(shared_data, tmp_path):
    results = run("ravdess-deep", shared_data / "ravdess", tmp_path, only=["source-fusion", "deep-ridge"])
    accuracy = values(results, "accuracy", "emotion")["honest"]
    assert accuracy["source-fusion"] == pytest.approx(0.8670, abs=5e-5)
    assert accuracy["wav2vec2"] == pytest.approx(0.8182, abs=5e-5)
    assert accuracy["au-bilstm"] == pytest.approx(0.6213, abs=5e-5)
    assert accuracy["au-mlp"] == pytest.approx(0.6022, abs=5e-5)
    assert accuracy["deep-ridge"] >= accuracy["source-fusion"]


@pytest.mark.slow
def test_mosi_fuses_everything_and_names_its_answer(shared_data, tmp_path):
    results = run("mosi", shared_data / "cmu_mosi", tmp_path, only=["joint", "joint-alone"])
    assert set(results.loc[results["picked"] == "yes", "system"]) == {"joint"}
    ccc, accuracy = values(results, "ccc", "sentiment")["honest"], values(results, "accuracy", "positive")["honest"]
    assert ccc["joint"] >= 0.62 and accuracy["joint"] >= 0.765  # the text network's SVR alone: .591; all, early: .761
    assert ccc["joint"] > ccc["joint-alone"]


def test_pom_scores_clips_without_a_face(shared_data, tmp_path):
    results = run("pom", shared_data / "cmu_pom", tmp_path, "systems.learners=['ridge']", only=["late-matched-mean"])
    rows = results[(results["system"] == "ridge-face") & (results["metric"] == "ccc") & (results["target"] != "mean")]
    assert len(rows) == 16 and (rows["n_clips"] == 203).all()
    assert values(results, "pcc")["honest", "ridge-audio"] > 0.2


OWN_TABLES = """
title = "MOSI"
[corpus]
reader = "table"
clips = "${data}/clips.csv"
group = "speaker"
[split]
column = "partition"
train = ["train"]
test = ["test"]
[targets]
sentiment = { metric = "ccc", range = [-3, 3] }
[modalities]
audio = "${data}/audio_covarep_mean.npz"
text = "${data}/text_cnn.npz"
[systems]
learners = ["ridge"]
"""


def test_own_tables_by_toml_alone(shared_data, tmp_path, capsys):
    (tmp_path / "mosi.toml").write_text(OWN_TABLES)
    arguments = [str(tmp_path / "mosi.toml"), "--data", str(shared_data / "cmu_mosi"), "--out", str(tmp_path / "run")]
    assert main([*arguments, "--jobs", "1"]) == 0
    ccc = values(overall(tmp_path / "run"), "ccc", "sentiment")
    assert ccc["honest", "ridge-text"] > 0.5 > ccc["honest", "ridge-audio"]
    assert main([*arguments, "--jobs", "1"]) == 0
    assert "nothing computed anew" in capsys.readouterr().err
