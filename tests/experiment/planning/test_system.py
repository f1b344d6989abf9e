"""Systems: their rows and labels, what shapes their fits, and fusions that lose inputs."""

from dataclasses import replace

from avbaselines.experiment.planning.system import (
    BaseSystem,
    ExternalSystem,
    FusionSystem,
    PickedSystem,
    RowId,
    System,
    Timing,
)
from avbaselines.systems import Stage, Tuning

MATCHED, RAW = RowId("x", matched=True), RowId("x", matched=False)


def late(method="mean", parts=("a", "b", "c"), tuning=None, **options):
    return FusionSystem(name="late", fusion=Stage(method=method, **options), depth=1, parts=parts, tuning=tuning)


def test_a_matched_system_has_two_rows_and_the_other_one():
    plain, matched = System(name="x"), System(name="x", raw_label="x-raw")
    assert plain.rows == (RAW,) and plain.labels == ("x",) and not plain.matched and not plain.is_twin(RAW)
    assert matched.rows == (MATCHED, RAW) and matched.labels == ("x", "x-raw") and matched.matched
    assert matched.is_twin(RAW) and not matched.is_twin(MATCHED)


def test_what_a_system_is_by_default():
    plain = System(name="x")
    assert (plain.kind, plain.stage, plain.inputs, plain.learner_label, plain.task_label) == ("measured", 0, (), "", "")
    outside = ExternalSystem(name="deep", source="deep")
    assert outside.kind == "imported" and outside.inputs == ()


def test_a_base_systems_task_mode_adds_parameters():
    base = BaseSystem(name="x", learner="ridge")
    assert base.mode_parameters == {} and (base.learner_label, base.task_label) == ("ridge", "single")
    chain = BaseSystem(name="x", learner="ridge", task="chain", chain_order="search")
    assert chain.mode_parameters == {"order": "search"}
    assert replace(chain, chain_order=(1, 0)).mode_parameters == {"order": [1, 0]}
    joint = BaseSystem(name="x", learner="xgboost", task="joint")
    assert joint.mode_parameters == {"target_weights": None}
    assert replace(joint, target_weights=(1.0,)).mode_parameters == {"target_weights": [1.0]}


def test_whatever_changes_a_fit_changes_its_shape():
    base = BaseSystem(name="x", learner="ridge", modalities=("audio",))
    others = [
        BaseSystem(name="x", learner="svr", modalities=("audio",)),
        BaseSystem(name="x", learner="ridge", modalities=("face",)),
        BaseSystem(name="x", learner="ridge", modalities=("audio",), timing=Timing((0.0,), (1.0,))),
        BaseSystem(name="x", learner="ridge", modalities=("audio",), transductive=True),
        BaseSystem(name="x", learner="ridge", modalities=("audio",), tuning=Tuning(trials=2)),
    ]
    assert all(other.shape() != base.shape() for other in others)
    assert BaseSystem(name="x", raw_label="x-raw", learner="ridge", modalities=("audio",)).shape() == base.shape()
    assert late().shape() != late("greedy").shape() and late(parts=("a", "b")).shape() != late().shape()
    assert late(tuning=Tuning(trials=2)).shape() != late().shape()


def test_a_fusion_says_what_it_is():
    assert late().is_mean and not late("greedy").is_mean and late().inputs == ("a", "b", "c") and late().stage == 1
    assert late(targets="all").decodes_jointly and not late().decodes_jointly
    assert late(targets="all").learner_label == "joint-mean"
    assert late(best=2).selects and late(tuning=Tuning(trials=2)).selects and not late().selects


def test_a_fusion_of_fewer_than_two_is_none():
    assert late().without(("b",)).parts == ("a", "c") and late().without({"a", "b"}) is None


def test_a_picked_row_reads_what_it_chose():
    picked = PickedSystem(name="picked", choices=("a", "b"), depth=2)
    assert (picked.inputs, picked.stage, picked.learner_label) == (("a", "b"), 2, "picked")
