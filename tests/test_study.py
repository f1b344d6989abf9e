"""Study files: strict sections, inheritance, overrides, and finding them."""

import pytest

from avbaselines import catalog
from avbaselines.errors import InputError
from avbaselines.evaluation.combined import Combined
from avbaselines.study import combined_of, dump_study, load_study, under_protocol

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
    fusions = ["best-single", "late-mean", "late-score-weighted", "late-greedy", "late-ridge", "late-blend"]
    assert [stage.name for stage in study.systems.fusion] == fusions
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


def test_a_study_goes_by_its_name_or_its_path():
    assert load_study("quickstart") == load_study(str(catalog.find("studies", "quickstart")))


def test_empty_columns_are_none_and_other_keys_the_readers(study_file):
    study = load_study(study_file(MINIMAL.replace('reader = "table"', 'reader = "table"\nrecording = ""')))
    assert study.corpus.recording is None and study.corpus.options == {"clips": "clips.csv"}


def test_a_parent_that_is_no_name_is_refused(study_file):
    with pytest.raises(InputError, match="key 'extends' must be the name or path of one study"):
        load_study(study_file("extends = 3\n"))


def test_a_parent_beside_the_study_needs_no_ending(study_file):
    study_file(MINIMAL, "parent.toml")
    child = load_study(study_file('extends = "parent"\ntitle = "child"\n[split]\nfolds = "part"\n', "child.toml"))
    assert child.title == "child" and child.split.group_kfold is None and child.split.folds == "part"


@pytest.mark.parametrize(
    ("text", "words"), [("seed", "expected key=value"), ("title.x=1", "'title' is no section"), ("=1", "expected key")]
)
def test_overrides_that_cannot_be_meant(study_file, text, words):
    with pytest.raises(InputError, match=words):
        load_study(study_file(), [text])


def test_an_override_that_is_no_toml_is_text(study_file):
    assert load_study(study_file(), ["title=my own"]).title == "my own"


COMBINED = """
emotion = { metric = "f1_weighted" }
valence = { metric = "mse" }
"""


def combined_study(study_file, section='label = "emotion"\nvalue = "valence"'):
    text = MINIMAL.replace('[modalities]', f"{COMBINED}[modalities]") + f"\n[combined]\n{section}\n"
    return load_study(study_file(text))


def test_a_class_and_an_attribute_combine(study_file):
    assert combined_of(load_study(study_file())) is None
    assert combined_of(combined_study(study_file)) == Combined("emotion", "valence", "f1_weighted", "mse", 0.25)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ('label = "emotoin"\nvalue = "valence"', "no target 'emotoin' .did you mean 'emotion'"),
        ('label = "valence"\nvalue = "valence"', "target 'valence' has metric 'mse'; needed is a class metric"),
        ('label = "emotion"\nvalue = "arousal"', "target 'arousal' has metric 'ccc'; needed is an error"),
    ],
)
def test_terms_that_do_not_combine(study_file, section, words):
    with pytest.raises(InputError, match=words):
        combined_study(study_file, section)


def test_a_name_of_a_row_of_the_results_is_no_target(study_file):
    with pytest.raises(InputError, match=r"targets.mean: this name is kept for a row of its own.*column = 'mean'"):
        load_study(study_file(MINIMAL.replace("arousal =", "mean =")))


def test_the_paper_protocol_replaces_what_it_names(study_file):
    paper = """
[systems]
learners = ["svr"]
inner_folds = 4
[protocols.paper]
note = "tested while tuning"
split = { column = "part", train = ["train"], test = ["devel"] }
systems = { inner_folds = 3 }
"""
    path = study_file(MINIMAL + paper)
    study = load_study(path)
    assert under_protocol(study, "honest", path) is study
    changed = under_protocol(study, "paper", path)
    assert changed.split.column == "part" and changed.split.group_kfold is None
    assert changed.systems.inner_folds == 3 and changed.systems.learners == ["svr"]


def test_a_study_without_a_paper_protocol_says_so(study_file):
    path = study_file()
    with pytest.raises(InputError, match=r"mine.toml: has no \[protocols.paper\]; run it with --protocol honest"):
        under_protocol(load_study(path), "paper", path)
