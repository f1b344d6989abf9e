"""A study with planted speakers: identity found, erased and paid for, written down once and reported."""

import numpy as np
import pandas as pd
import pytest
from small_study import SmallStudy, people, write_study

from avbaselines import catalog
from avbaselines.errors import InputError
from avbaselines.experiment.analyses.speaker_identity import erasures as disentangle
from avbaselines.run import main
from avbaselines.study import load_study

IDENTITY = {
    "erasures": ["leace", "per-speaker"], "strengths": [0.5, 1.0], "content": "sentence", "learner": "ridge",
}  # fmt: skip
NETWORK = {
    "system": "network", "target": "speaker", "metric": "disentanglement", "value": 0.13, "source": "abstract",
    "note": "definition not found",
}  # fmt: skip
N_SPEAKERS, N_CLIPS = 12, 16


def planted(folder, shared=False, **sections) -> SmallStudy:
    """Columns 0 and 1 hold the mood; 2 to 7 hold the speaker, who is in 0 and 1 as well if the two share directions."""
    rng, clips = np.random.default_rng(0), people(N_SPEAKERS, N_CLIPS)
    speaker, clip = np.repeat(np.arange(N_SPEAKERS), N_CLIPS), np.tile(np.arange(N_CLIPS), N_SPEAKERS)
    mood = clip % 2
    X = rng.normal(size=(len(clip), 16))
    for name in range(N_SPEAKERS):
        for half in range(2):
            rows = (speaker == name) & (mood == half)
            X[rows] -= X[rows].mean(axis=0)
    X[:, :2] += 2 * mood[:, None]
    places = slice(0, 8) if shared else slice(2, 8)
    X[:, places] += 2 * rng.normal(size=(N_SPEAKERS, 16))[speaker][:, places]
    clips = clips.assign(alone=speaker, sentence=clip // 2 % 2, mood=np.array(["calm", "angry"])[mood])
    return write_study(
        folder, clips.assign(arousal=mood + 0.3 * rng.normal(size=len(clip))),
        {"audio": pd.DataFrame(X, index=clips["clip_id"], columns=[f"f{n}" for n in range(16)])},
        **{"targets": {"mood": {"metric": "uar"}}, "identity": IDENTITY, "reported": [NETWORK]} | sections,
        systems={"fusion": []},
    )  # fmt: skip


def value(table, **where):
    for name, wanted in where.items():
        table = table[table[name] == wanted]
    return table["value"].item()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return planted(tmp_path_factory.mktemp("planted")).run()


def test_identity_is_found_and_leaves_without_the_emotion(finished):
    table = finished.table("identity.csv")
    tuned = table[table["strength"] == "tuned"]
    for speakers in ("seen", "unseen"):
        for kind in ("linear", "boosted"):
            raw = tuned.query(f"system == 'audio' and metric == 'identity_{kind}' and speakers == '{speakers}'")
            assert raw["ci_low"].item() > 0.4
    erased = tuned[tuned["system"] == "audio+leace"]
    assert value(erased, metric="disentanglement", speakers="seen") > 0.9
    assert abs(value(erased, metric="emotion_loss")) <= 0.02
    erased = tuned[tuned["system"] == "audio+per-speaker"]
    assert value(erased, metric="disentanglement", speakers="unseen") > 0.9
    assert value(erased, metric="disentanglement_boosted", speakers="unseen") > 0.8
    assert value(erased, metric="eer") > 0.4 > value(tuned, system="audio", metric="eer")
    before, after = (
        value(tuned, system=name, metric="identity_linear", speakers="unseen")
        for name in ("audio", "audio+per-speaker")
    )
    assert value(erased, metric="disentanglement", speakers="unseen") == pytest.approx(1 - after / before)
    assert (erased[erased["metric"] == "disentanglement"][["ci_low", "ci_high"]].notna()).all(axis=None)


def test_erased_systems_stand_beside_the_others_with_all_metrics(finished):
    results = finished.results()
    mood = finished.results(target="mood", split="all")
    assert set(mood["system"]) == {"ridge-audio", "ridge-audio+leace", "ridge-audio+per-speaker"}
    for _, rows in mood.groupby("system"):
        assert set(rows["metric"]) == {"accuracy", "uar", "f1_macro", "f1_micro", "f1_weighted"}
        assert (rows["n_clips"] == N_SPEAKERS * N_CLIPS).all() and rows["ci_low"].notna().all()
    assert "transductive" in mood[mood["system"] == "ridge-audio+per-speaker"]["note"].iloc[0]
    assert "transductive" not in mood[mood["system"] == "ridge-audio+leace"]["note"].iloc[0]
    assert set(results[results["picked"] == "yes"]["system"]) == {"ridge-audio"}
    # The learner that was tuned without erasure is the system itself.
    raw = finished.table("identity.csv").query("system == 'audio' and strength == 'tuned' and metric == 'emotion'")
    assert raw["value"].item() == pytest.approx(value(mood, system="ridge-audio", metric="uar"))


def test_identity_rows_stay_out_of_the_leaderboard_and_have_a_table_of_their_own(finished):
    speaker, result = finished.results(target="speaker"), finished.result
    assert set(speaker["system"]) >= {
        "audio (seen speakers)",
        "audio+leace (unseen speakers)",
        "ridge-audio",
        "network",
    }
    assert set(speaker["metric"]) == {
        *("identity_linear", "identity_boosted", "disentanglement", "disentanglement_boosted", "eer")
    }
    assert speaker[speaker["kind"] == "measured"]["n_groups"].eq(N_SPEAKERS).all()
    shown = {row.system for row in result.board.rows}
    assert shown == {"ridge-audio", "ridge-audio+leace", "ridge-audio+per-speaker"}
    text = finished.text("identity.md")
    assert "audio+leace" in text and "† network: disentanglement .13" in text and "definition not found" in text
    assert "leace (seen and unseen speakers), per-speaker (seen and unseen speakers)." in text
    assert "audio: identity against emotion" in finished.text("report.html")
    assert result.analyses["identity"].drawings[0].table[1][:2] == ["leace", "0"]


def test_a_second_call_measures_nothing_and_other_strengths_only_erasures(tmp_path):
    study, lines = planted(tmp_path), "identity.probes=['linear']"
    first = study.run(lines)
    before = first.table("identity.csv")
    again = study.run(lines)
    assert first.result.analyses["identity"].computed == 3 * 3 + 3 and again.computed == 0
    pd.testing.assert_frame_equal(before, again.table("identity.csv"))
    # Three splits of two erasures, and the predictions of the two erased systems where they change.
    assert 6 <= study.run(lines, "identity.strengths=[1.0]", "identity.max_loss=1.0").computed <= 8


def test_shared_directions_cost_and_the_bound_holds_them_back(tmp_path):
    options = "identity.erasures=['leace']", "identity.probes=['linear']"
    run = planted(tmp_path, shared=True).run(*options)
    table = run.table("identity.csv")
    at = table[(table["metric"] == "emotion") & (table["erasure"] == "leace") & (table["probed"] == "features")]
    raw = value(table, system="audio", strength="0", metric="emotion")
    assert value(at, strength="1") < raw - 0.05
    assert value(table, system="audio+leace", metric="emotion_loss") < raw - value(at, strength="1")
    assert "by no erasure" in run.text("identity.md")


def test_regressed_targets(tmp_path):
    study = planted(tmp_path, targets={"arousal": {"metric": "ccc"}})
    run = study.run("identity.probes=['linear']", "identity.erasures=['nullspace', 'per-speaker-rank']")
    table = run.table("identity.csv")
    assert value(table, system="audio+per-speaker-rank", metric="disentanglement", speakers="unseen") > 0.9
    arousal = run.results(target="arousal", metric="ccc", split="all")
    assert value(arousal, system="ridge-audio") > 0.5 and value(arousal, system="ridge-audio+per-speaker-rank") > 0.5
    raw = table.query("system == 'audio' and strength == 'tuned' and metric == 'emotion'")["value"].item()
    assert raw == pytest.approx(value(arousal, system="ridge-audio"))


def test_identity_check_of_any_study(tmp_path, capsys):
    study = planted(tmp_path, identity=None, reported=None)
    command = [str(study.path), "--out", str(tmp_path / "run"), "--jobs", "1"]
    assert main([*command, "--identity-check"]) == 0
    shown = capsys.readouterr().out
    assert "Speakers told from the predictions of each system" in shown and "before and after" not in shown
    results = pd.read_csv(tmp_path / "run" / "results.csv")
    probed = results[results["target"] == "speaker"]
    assert set(probed["system"]) == {"ridge-audio"} and set(probed["metric"]) == {"identity_linear", "identity_boosted"}
    assert probed["value"].between(-0.2, 1).all()
    assert "dealt at random" in (tmp_path / "run" / "identity.md").read_text()
    assert main(command) == 0
    assert not (tmp_path / "run" / "identity.csv").exists()


def test_speakers_evaluated_one_by_one_are_probed_together(tmp_path):
    alone = "split={leave_one_out='alone'}"
    study = planted(tmp_path, identity=None, reported=None)
    table = study.run(alone, identity=True).table("identity.csv")
    assert value(table, metric="identity_linear") > -0.2
    assert (table[table["metric"] == "identity_linear"]["n_speakers"] == N_SPEAKERS).all()
    with pytest.raises(InputError, match="split 0 evaluates a single speaker"):
        planted(tmp_path).run(alone)


def test_what_cannot_be_measured_is_named(tmp_path):
    study = planted(tmp_path)
    with pytest.raises(InputError, match="identity.content: no column 'sentense'.*did you mean 'sentence'"):
        study.run("identity.content=sentense")
    with pytest.raises(InputError, match="speaker '.*' is on both sides"):
        study.run("identity.speaker=sentence")
    with pytest.raises(InputError, match="targets.speaker"):
        study.run("targets.speaker={metric='uar'}")
    for wrong in ("identity.strengths=[2.0]", "identity.probes=['boosted']", "identity.erasures=['lace']"):
        with pytest.raises(InputError, match="identity"):
            study.load(wrong)
    with pytest.raises(InputError, match="target"):
        planted(tmp_path, identity=None).load()


def test_an_erasure_that_fails_is_a_row_with_its_reason(tmp_path, monkeypatch):
    def broken(blocks):
        raise ValueError("no such direction")

    monkeypatch.setitem(disentangle.ERASERS, "leace", broken)
    run = planted(tmp_path).run("identity.probes=['linear']")
    assert run.result.failed
    row = run.results(system="ridge-audio+leace")
    assert row["status"].tolist() == ["failed"] and "no such direction" in row["note"].item()
    assert value(run.table("identity.csv"), system="audio+per-speaker", metric="disentanglement", speakers="seen") > 0.9


@pytest.mark.parametrize("name", ["disentanglement-crema-d", "disentanglement-msp-improv"])
def test_studies_for_those_who_hold_the_corpora(name, monkeypatch, capsys):
    study = load_study(catalog.find("studies", name))
    assert study.identity.content == "sentence" and set(study.modalities) == {"audio", "face"}
    variable = f"AVBASELINES_{name.removeprefix('disentanglement-').upper().replace('-', '_')}"
    monkeypatch.delenv(variable, raising=False)
    assert main([name]) == 2
    error = capsys.readouterr().err.strip()
    assert variable in error and "needed is" in error and "\n" not in error
