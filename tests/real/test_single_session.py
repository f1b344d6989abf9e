"""The field's single held-out session, made from RAVDESS: two actors as the evaluated session."""

import pandas as pd
import pytest
from small_study import run


@pytest.mark.real
def test_a_session_of_two_actors_has_intervals_where_actors_are_resampled(shared_data, tmp_path):
    data = shared_data / "ravdess"
    clips = pd.read_csv(data / "clips.csv")
    session = clips["speaker"].rank(method="dense").astype(int).sub(1) // 2
    clips.assign(session=session.map("pair {}".format)).to_csv(tmp_path / "clips.csv", index=False)
    study = tmp_path / "study.toml"
    study.write_text(
        f"""
        title = "one session of RAVDESS"
        corpus = {{ reader = "table", clips = "clips.csv", group = "session" }}
        split = {{ column = "session", train = {[f"pair {n}" for n in range(11)]}, test = ["pair 11"] }}
        targets = {{ emotion = {{ metric = "uar" }} }}
        modalities = {{ audio = "{data}/audio_egemapsv02.npz", face = "{data}/visual_openface_au_mean.npz" }}
        systems = {{ learners = ["ridge"], inner_folds = 3, fusion = ["mean"] }}
        """
    )
    plain = run(study, tmp_path / "plain")
    said = plain.text("leaderboard.md")
    assert "all evaluated clips are of one group (pair 11), so there are no intervals or tests" in said
    assert "corpus.resample may name a column whose units lie within groups: speaker (2)" in said
    assert plain.results()["ci_low"].isna().all()

    actors = run(study, tmp_path / "plain", "corpus.resample=speaker")
    rows = actors.results(split="all", target="emotion", metric="uar")
    assert actors.computed == 0 and rows["ci_low"].notna().all() and set(rows["n_groups"]) == {2}
    assert actors.table("comparisons.csv")["ci_low"].notna().all()
