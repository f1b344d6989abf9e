"""Plans: the systems of a study in order, and what no study can ask for."""

import pytest
from small_study import small_release

from avbaselines.corpora.corpus import Target
from avbaselines.errors import InputError
from avbaselines.experiment.planning.plan import plan

TARGETS = [Target("arousal", "ccc"), Target("mood", "uar", ("glad", "mad", "sad"))]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return small_release(tmp_path_factory.mktemp("plan"), speakers=6, clips=4)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["systems.tasks=['chain']", "targets={arousal={metric='ccc'}}", "reported=[]"], "a chain needs two targets"),
        (["systems.tasks=['joint']"], "two regressed targets"),
        (["systems.tasks=['chain']", "systems.chain_order=['mood']"], "chain_order"),
        (["systems.target_weights={arousal=-1.0}"], "target_weights"),
        (["systems.learners=['rigde']"], "'ridge'"),
        (["systems.learners=['xgboost-cccc']"], "'xgboost-ccc'"),
        (
            ["systems.tasks=['joint']", "targets.calm={metric='ccc', column='arousal'}"]
            + ["systems.target_weights={arousal=1, mood=1}"],
            "must weigh each regressed target",
        ),
        (["systems.fusion=[{method='mean', context=[3]}]"], "context"),
        (["systems.fusion=[{method='ridge', name='x', inputs=['ridge-audoi', 'ridge-face']}]"], "'ridge-audio'"),
        ([f"modalities.{'v' * 250}='audio.npz'", "systems.early='none'"], "256 bytes"),
        (["systems.early=[['audio', 'audio']]"], "names a modality twice"),
        (["systems.learners=[]", "systems.transductive=[]"], "systems.learners: is empty"),
        (["systems.fusion=[{method='greedy', inputs=['ridge-face']}]"], "nothing to fuse in 'ridge-face' alone"),
        (["systems.fusion=[{method='greedy', name='picked'}]"], "named 'picked'"),
        (["modalities.late-mean='audio.npz'", "systems.early=[['audio', 'fase']]"], "'face'"),
    ],
)
def test_bad_systems_are_named(study, overrides, words):
    with pytest.raises(InputError, match=words):
        study.prepare(*overrides)


def names(study, *overrides, only=(), targets=TARGETS):
    return [system.name for system in plan(study.load(*overrides), targets, only)]


def test_a_blend_takes_the_learnt_fusions_of_all_base_systems(study):
    late = plan(study.load(), TARGETS)[-1]
    assert late.name == "late-blend" and late.stage == 2 and late.is_blend and not late.is_mean and not late.learns
    assert late.inputs == ("late-score-weighted", "late-greedy", "late-ridge")
    few = "{method='ridge', best=2}, {method='greedy', name='some', inputs=['ridge-audio', 'ridge-face']}"
    assert plan(study.load(f"systems.fusion=[{few}, 'mean', 'score-weighted', 'greedy', 'blend']"), TARGETS)[
        -1
    ].inputs == ("late-score-weighted", "late-greedy")


def test_a_blend_of_one_fusion_is_left_out_and_may_name_its_inputs(study):
    assert "late-blend" not in names(study, "systems.fusion=['greedy', 'blend']")
    named = "systems.fusion=['mean', 'greedy', {method='blend', inputs=['late-mean', 'late-greedy']}]"
    assert plan(study.load(named), TARGETS)[-1].inputs == ("late-matched-mean", "late-greedy")


def test_only_keeps_what_a_fusion_needs(study):
    assert names(study, only=["late-greedy"]) == ["ridge-audio", "ridge-face", "ridge-audio+face", "late-greedy"]
    with pytest.raises(InputError, match="'ridge-audoi'.*'ridge-audio'"):
        names(study, only=["ridge-audoi"])


def test_each_system_comes_after_its_inputs(study):
    later = "systems.fusion=['mean', {method='ridge', name='top', inputs=['ridge-*', 'late-matched-mean']}]"
    systems, before = plan(study.load(later), TARGETS), set()
    for system in systems:
        assert set(system.inputs) <= before
        before.add(system.name)
    top = next(system for system in systems if system.name == "top")
    assert top.stage == 2 and top.inputs == ("ridge-audio", "ridge-face", "ridge-audio+face", "late-matched-mean")


def test_a_plain_mean_keeps_its_name_and_its_matched_row_has_another(study):
    mean = next(system for system in plan(study.load("systems.fusion=['mean']"), TARGETS) if system.stage)
    assert mean.labels == ("late-matched-mean", "late-mean")
    renamed = "systems.fusion=[{method='mean', name='all'}]"
    assert plan(study.load(renamed), TARGETS)[-1].labels == ("all-matched", "all")
    assert plan(study.load("systems.fusion=['mean']"), [Target("arousal", "mae")])[-1].labels == ("late-mean",)


def test_systems_that_read_evaluated_clips_are_never_fused_by_a_wildcard(study):
    systems = plan(study.load(), TARGETS)
    reading = {system.name for system in systems if system.transductive}
    assert reading and not any(reading & set(system.inputs) for system in systems)
    asked = "systems.fusion=[{method='mean', name='x', inputs=['ridge-audio', 'ridge-audio-per-speaker']}]"
    assert plan(study.load(asked), TARGETS)[-1].transductive


@pytest.mark.parametrize(
    ("early", "together"),
    [("none", set()), ("all", {"ridge-audio+face"}), ("pairs", {"ridge-audio+face"})],
)
def test_modalities_are_put_together_as_asked(study, early, together):
    found = names(study, f"systems.early='{early}'", "systems.transductive=[]", "systems.fusion=[]")
    assert set(found) == {"ridge-audio", "ridge-face"} | together


def test_pairs_of_three_come_before_all_three(study):
    more = ["modalities.voice='audio.npz'", "systems.early='pairs'", "systems.transductive=[]", "systems.fusion=[]"]
    wide = [name.removeprefix("ridge-") for name in names(study, *more) if "+" in name]
    assert wide == ["audio+face", "audio+voice", "face+voice", "audio+face+voice"]
    chosen = ["systems.early=[['face', 'audio']]", "systems.transductive=[]", "systems.fusion=[]"]
    assert names(study, *chosen)[-1] == "ridge-face+audio"


def test_tuned_twins_stand_in_for_theirs_in_wildcards(study):
    systems = {system.name: system for system in plan(study.load("tuning.trials=2"), TARGETS)}
    assert systems["ridge-audio-tuned"].defaults == "ridge-audio" and systems["ridge-audio-tuned"].tuning.trials == 2
    assert "ridge-audio" not in systems["late-greedy"].inputs
    assert systems["late-tuned"].tuning and systems["late-tuned"].method == "greedy"
    alone = ["tuning.trials=2", "modalities={audio='audio.npz'}", "systems.fusion=[]", "systems.transductive=[]"]
    assert names(study, *alone) == ["ridge-audio", "ridge-audio-tuned"]
    with pytest.raises(InputError, match="tuning.systems: no base system 'rigde-.'.*'ridge"):
        names(study, "tuning.trials=2", "tuning.systems=['rigde-*']")


def test_orders_and_weights_are_by_number_of_target(study):
    chain = ["systems.tasks=['chain']", "systems.chain_order=['mood', 'arousal']", "systems.fusion=[]"]
    assert plan(study.load(*chain), TARGETS)[0].chain_order == (1, 0)
    two = [Target("arousal", "ccc"), Target("calm", "ccc")]
    joint = ["systems.tasks=['joint']", "systems.fusion=[]"]
    weights = {"{arousal=1, calm=3}": (1.0, 3.0), "'search'": "search", "'equal'": None}
    for given, expected in weights.items():
        first = plan(study.load(*joint, f"systems.target_weights={given}"), two)[0]
        assert (first.learner, first.task, first.target_weights) == ("xgboost", "joint", expected)


def test_outside_predictions_are_systems_matched_beside_their_own_figure(study):
    given = ["predictions.deep='deep.csv'", "systems.answer='ridge-audio'"]
    outside = plan(study.load(*given), TARGETS)[0]
    assert outside.labels == ("deep-matched", "deep") and outside.kind == "imported"
    with pytest.raises(InputError, match="systems.answer: no system 'deep' that could be handed over"):
        names(study, "predictions.deep='deep.csv'", "systems.answer='deep'")
    with pytest.raises(InputError, match="two systems are named 'late-greedy'"):
        names(study, "predictions.late-greedy='deep.csv'", targets=[Target("arousal", "mae")])


def test_one_target_has_nothing_to_decode(study):
    with pytest.raises(InputError, match="targets = 'all' decodes several targets together; this study has one"):
        names(study, "systems.fusion=[{method='mean', name='x', targets='all'}]", targets=TARGETS[:1])
