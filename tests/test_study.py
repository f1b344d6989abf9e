"""Study files: strict sections, inheritance, overrides, and finding them."""

import pytest

from avbaselines import catalog
from avbaselines.errors import InputError
from avbaselines.study import dump_study, load_study

MINIMAL = """
title = "mine"
[corpus]
reader = "table"
clips = "clips.csv"
[split]
group_kfold = 3
[targets]
arousal = { metric = "ccc" }
[modalities]
audio = "audio.npz"
"""

FIGURE = '{system = "x", target = "arousal", metric = "ccc", value = nan, source = "y"}'


@pytest.fixture
def study_file(tmp_path):
    def write(text=MINIMAL, name="mine.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_defaults_are_filled_in_and_survive_a_round_trip(study_file, tmp_path):
    study = load_study(study_file())
    assert study.systems.learners == ["ridge", "svr", "lightgbm"]
    assert [stage.name for stage in study.systems.fusion] == ["best-single", "late-mean", "late-greedy", "late-ridge"]
    dump_study(study, tmp_path / "again.toml")
    assert load_study(tmp_path / "again.toml") == study


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title =", "titel =", ["unknown key 'titel'", "'title'", "line 2"]),
        ('metric = "ccc"', 'metrik = "ccc"', ["targets.arousal.metrik", "metric"]),
        ('metric = "ccc"', 'metric = "cccc"', ["unknown metric 'cccc'", "'ccc'"]),
        ("group_kfold = 3", 'group_kfold = 3\nfolds = "fold"', ["split", "exactly one"]),
        ("group_kfold = 3", 'column = "part"', ["split", "train and test"]),
        ("group_kfold = 3", 'columns = ["a", "a"]\ntrain = "t"\ntest = "u"', ["split", "twice"]),
        ("group_kfold = 3", "group_kfold = 1", ["split.group_kfold", "2"]),
        ('audio = "audio.npz"', "audio = { recipe = 'egemaps' }", ["modalities.audio", "media"]),
        ('audio = "audio.npz"', '"a/b" = "audio.npz"', ["folder"]),
        ('[modalities]\naudio = "audio.npz"', "", ["modalities"]),
        ("[split]", "[split", ["not valid TOML", "line"]),
        ("arousal = {", '"arousal\\n" = {', ["printed"]),
        ("title =", "seed = 4294967296\ntitle =", ["seed", "2147483648"]),
        ("arousal = {", "mean = {", ["targets.mean", "another"]),
        ("title =", f"reported = [{FIGURE}]\ntitle =", ["reported.0.value", "finite"]),
        ("[split]", "[systems]\nfits = 'folds'\ninner_folds = 2\n[split]", ["systems", "three inner_folds"]),
        ("[split]", "[systems]\nlearner = ['svr']\n[split]", ["systems.learner", "learners"]),
    ],
)
def test_a_slip_is_explained_with_file_and_key(study_file, old, new, words):
    path = study_file(MINIMAL.replace(old, new))
    with pytest.raises(InputError) as error:
        load_study(path)
    message = str(error.value)
    assert str(path) in message and "\n" not in message
    for word in words:
        assert word in message


def test_a_byte_order_mark_of_windows_is_no_slip(study_file):
    path = study_file()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_study(path).title == "mine"


def test_local_keys_win_over_the_extended_study(study_file):
    study_file()
    child = study_file(
        'extends = "mine"\ntitle = "child"\n[split]\nleave_one_out = "speaker"\n[systems]\nmatching = false\n', "c.toml"
    )
    study = load_study(child)
    assert study.title == "child" and study.split.leave_one_out == "speaker" and study.split.group_kfold is None
    assert study.corpus.options == {"clips": "clips.csv"} and not study.systems.matching


def test_a_circle_of_extends_is_an_error(study_file):
    study_file('extends = "b"\n', "a.toml")
    with pytest.raises(InputError, match="circle: b -> a -> b"):
        load_study(study_file('extends = "a"\n', "b.toml"))


def test_overrides_reach_nested_keys(study_file):
    study = load_study(study_file(), ["seed=4", "systems.learners=['svr']", "title=plain words"])
    assert (study.seed, study.systems.learners, study.title) == (4, ["svr"], "plain words")
    with pytest.raises(InputError, match="--set 'seed'"):
        load_study(study_file(), ["seed"])


def test_reported_figures_from_a_file_of_their_own(study_file, tmp_path):
    (tmp_path / "figures.csv").write_text("system,target,metric,value,source\nLSTM,arousal,ccc,0.5,Table 2\n")
    study = load_study(study_file('reported = "figures.csv"\n' + MINIMAL))
    assert (study.reported[0].system, study.reported[0].value, study.reported[0].protocol) == ("LSTM", 0.5, "paper")
    (tmp_path / "figures.csv").write_text("system,target,metric,value\nLSTM,arousal,ccc,0.5\n")
    with pytest.raises(InputError, match="line 2.*'source' is missing"):
        load_study(study_file('reported = "figures.csv"\n' + MINIMAL))


@pytest.mark.parametrize("name", catalog.names("studies"))
def test_every_shipped_study_loads(name):
    load_study(catalog.find("studies", name))


def test_an_unknown_study_names_the_nearest_and_the_places_searched():
    with pytest.raises(InputError) as error:
        catalog.find("studies", "quickstrat")
    assert "'quickstart'" in str(error.value) and "searched" in str(error.value)
