"""What intervals and tests resample: units that are taken, units that are refused, and columns that are suggested."""

import numpy as np
import pandas as pd
import pytest
from small_study import people, write_study

from avbaselines.corpora.corpus import Split
from avbaselines.errors import InputError
from avbaselines.experiment.loading.resampling import read_resampling, single_group_notes

# Three sessions of two speakers, each with two dialogues of three clips; the last session is evaluated.
N = 36
SESSION = np.repeat(["a", "b", "c"], 12)
CLIPS = pd.DataFrame(
    {
        "speaker": np.repeat([f"s{n}" for n in range(6)], 6),
        "dialogue": np.repeat([f"d{n}" for n in range(12)], 3),
        "gender": np.tile(np.repeat(["f", "m"], 6), 3),
        "site": np.repeat(["x", "x", "y"], 12),
        "mood": np.tile(["glad", "sad", "mad"], 12),
        "loudness": np.random.default_rng(0).normal(size=N).round(1),
        "line": np.arange(N),
    },
    index=[f"c{n}" for n in range(N)],
)
SPLIT = Split("c", np.arange(24), np.array([], int), np.arange(24, N))


def units(column, clips=CLIPS, groups=SESSION, recordings=None, split=SPLIT):
    return read_resampling(column, clips, groups, recordings, [split], "clips.csv")


def test_units_within_the_groups_are_taken_and_said_to_count_as_independent():
    found, notes = units("speaker")
    assert found.column == "speaker" and found.names.tolist() == CLIPS["speaker"].tolist()
    assert notes == [
        "intervals and tests resample 'speaker' (2 evaluated), whose units within a group (1 evaluated) count as "
        "independent"
    ]


def test_units_of_whole_groups_are_taken():
    split = Split("x", np.arange(12, 24), np.array([], int), np.r_[0:12, 24:36])
    clips = CLIPS.assign(site=np.repeat(["x", "z", "y"], 12))
    found, notes = units("site", clips, groups=CLIPS["speaker"].to_numpy(), split=split)
    assert found.column == "site" and notes == ["intervals and tests resample 'site' (2 evaluated)"]


@pytest.mark.parametrize(
    ("column", "changes", "words"),
    [
        ("speakr", {}, "corpus.resample names column 'speakr', which is not there .did you mean 'speaker'"),
        ("gender", {}, "'f' holds clips of several groups, and of group 'a' not all"),
        ("mood", {}, "'glad' holds clips of several groups"),
        ("line", {}, "every evaluated clip is a unit of its own"),
        ("site", {}, "all evaluated clips are of one unit .'y'., so there is nothing to resample"),
        ("site", {"groups": CLIPS["speaker"].to_numpy(), "split": Split("x", np.arange(6), [], np.arange(6, 36))},
         "'x' is on both sides of split x; .* it should be corpus.group"),
        ("dialogue", {"recordings": CLIPS["speaker"].to_numpy()}, "recording 's4' holds several units"),
        ("speaker", {"clips": CLIPS.assign(speaker=CLIPS["speaker"].where(CLIPS.index != "c30"))},
         "clip 'c30' is evaluated and has no speaker"),
    ],
)  # fmt: skip
def test_units_that_cannot_be_resampled_are_refused(column, changes, words):
    with pytest.raises(InputError, match=f"^clips.csv: .*{words}"):
        units(column, **{key: value if key != "split" else Split("x", value.train, np.array([], int), value.test)
                         for key, value in changes.items()})  # fmt: skip


def test_clips_that_are_never_evaluated_need_no_unit():
    found, _ = units("speaker", CLIPS.assign(speaker=CLIPS["speaker"].where(CLIPS.index != "c3")))
    assert found.names[3] == ""


def test_columns_that_could_serve_are_named_where_one_group_is_evaluated():
    [note] = single_group_notes(CLIPS, SESSION, None, [SPLIT], taken=["mood"])
    assert note == (
        "all evaluated clips are of one group (c), so there are no intervals or tests; corpus.resample may name a "
        "column whose units lie within groups: speaker (2), dialogue (4)"
    )
    [note] = single_group_notes(CLIPS, SESSION, None, [SPLIT], taken=["mood", "speaker", "dialogue"])
    assert note.endswith("no column of the clips has units within groups (speakers, dialogues, recordings) for "
                         "corpus.resample")  # fmt: skip
    assert single_group_notes(CLIPS, CLIPS["speaker"].to_numpy(), None, [SPLIT], taken=[]) == []


@pytest.fixture(scope="module")
def one_session(tmp_path_factory):
    """Six sessions of two speakers; the last one is evaluated."""
    rng, clips = np.random.default_rng(0), people(12, 10, tested=2)
    arousal = rng.normal(size=len(clips))
    clips = clips.assign(arousal=arousal, session=[f"p{int(name[1:]) // 2}" for name in clips["speaker"]])
    audio = pd.DataFrame(arousal[:, None] + rng.normal(size=(len(clips), 2)), clips["clip_id"], ["a", "b"])
    return write_study(
        tmp_path_factory.mktemp("session"), clips, {"audio": audio}, targets={"arousal": {"metric": "ccc"}},
        corpus={"group": "session"}, split={"column": "partition", "train": ["train"], "test": ["test"]},
        systems={"learners": ["ridge", "svr"], "fusion": ["mean"]},
    )  # fmt: skip


def test_one_evaluated_session_has_intervals_over_its_speakers(one_session):
    run = one_session.run("corpus.resample=speaker", out="resampled")
    rows = run.results(target="arousal", metric="ccc", split="all")
    assert rows["ci_low"].notna().all() and set(rows["n_groups"]) == {2}
    tests = run.table("comparisons.csv")
    assert tests["ci_low"].notna().all() and (tests["p_floor"] == 0.5).all()
    board = run.text("leaderboard.md")
    assert "95 % intervals over units of speaker" in board and "of 2 units of speaker" in board
    # What is resampled is no group of the splits: fits are the same.
    assert one_session.run(out="resampled").computed == 0


def test_without_it_the_columns_that_could_serve_are_named(one_session):
    run = one_session.run(out="plain")
    assert run.results(split="all", metric="ccc")["ci_low"].isna().all()
    tests = run.table("comparisons.csv")
    assert set(tests["verdict"]) == {"undecided"} and (tests["p_value"] == 1).all()
    said = "all evaluated clips are of one group (p5), so there are no intervals or tests; corpus.resample may name"
    assert f"{said} a column whose units lie within groups: speaker (2)" in run.text("leaderboard.md")
    assert set(run.results(split="all")["tied"].dropna()) == set()
