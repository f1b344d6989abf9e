"""The ``[systems]``, ``[tuning]``, ``[identity]`` and ``[masking]`` sections: defaults, and combinations refused."""

import pytest
from pydantic import ValidationError

from avbaselines.systems import FUSION_METHODS, Identity, Masking, Stage, Systems, Tuning


@pytest.mark.parametrize("method", FUSION_METHODS)
def test_a_stage_is_named_after_its_method(method):
    [stage] = Systems(fusion=[method]).fusion
    assert stage.name == ("best-single" if method == "best-single" else f"late-{method}")
    assert stage.fit_method == method and stage.is_plain and stage.settings == {}


@pytest.mark.parametrize(
    ("options", "name", "fit_method"),
    [
        ({"method": "greedy", "targets": "all"}, "late-joint-greedy", "joint-greedy"),
        ({"method": "ridge", "targets": "all"}, "late-ridge", "ridge"),
        ({"method": "mean", "missing": "dropout"}, "late-mean-dropout", "mean"),
        ({"method": "mean", "name": "mine"}, "mine", "mean"),
    ],
)
def test_names_of_other_stages(options, name, fit_method):
    stage = Stage(**options)
    assert (stage.name, stage.fit_method) == (name, fit_method)


@pytest.mark.parametrize(
    "options",
    [
        {"context": [0, 10]},
        {"layout": "avec"},
        {"recording_means": True},
        {"onset": [2.0]},
        {"targets": "all"},
        {"penalties": [1.0]},
    ],
)
def test_settings_are_what_differs_from_the_defaults(options):
    stage = Stage(method="ridge", **options)
    assert stage.settings == options and not stage.is_plain


def test_the_searched_shares_of_a_recording():
    assert Stage(method="mean", recording_share="search").recording_share == [k / 10 for k in range(10)]
    assert Stage(method="mean", recording_share=[0.5]).recording_share == [0.5]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "mean", "context": [0, 10]}, "do not go with method 'mean'"),
        ({"method": "correlation", "targets": "all"}, "fuses a target's own predictions only"),
        ({"method": "linear-svr", "missing": "impute"}, "goes with the methods"),
        ({"method": "ridge", "missing": "impute", "penalties": [1.0]}, "missing takes no penalties"),
        ({"method": "ridge", "context": [-1]}, "frames of 0 or more"),
        ({"method": "ridge", "onset": [0.0]}, "onset seconds above 0"),
        ({"method": "ridge", "name": "a/b"}, "a name becomes a folder: no /"),
        ({"method": "ridge", "name": "a\tb"}, "no line breaks, tabs"),
        ({"method": "ridge", "missing": "guess"}, "renormalise"),
        ({"method": "bagging"}, "Input should be 'best-single'"),
    ],
)
def test_stages_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        Stage(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fits": "folds", "delay": [0.0, 1.0]}, "does not go with delay and smoothing"),
        ({"fits": "folds", "inner_folds": 2}, "three inner_folds or more"),
        ({"fusion": ["mean", "mean"]}, "two fusions are named 'late-mean'"),
        ({"early": "some"}, 'must be "all", "pairs", "none" or a list of lists'),
        ({"early": [["audio"]]}, "lists of two or more modalities"),
        ({"delay": []}, "at least 1 item"),
        ({"matching": 1.5}, "less than or equal to 1"),
    ],
)
def test_systems_that_make_no_sense_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        Systems(**options)


def test_modalities_for_early_fusion_may_be_listed():
    assert Systems(early=[["audio", "face"]]).early == [["audio", "face"]]


def test_timing_is_empty_where_nothing_moves():
    assert Systems().timing == {}
    assert Systems(smoothing=[0.0, 1.0]).timing == {"delay": [0.0], "smoothing": [0.0, 1.0]}


@pytest.mark.parametrize("options", [{"trials": -1}, {"search": []}, {"average": 0}])
def test_tuning_is_checked(options):
    assert Tuning().trials == 0
    with pytest.raises(ValidationError):
        Tuning(**options)


def test_identity_needs_a_linear_probe():
    assert Identity(probes=["linear"]).probes == ["linear"]
    with pytest.raises(ValidationError, match='probes needs "linear"'):
        Identity(probes=["boosted"])


def test_shares_of_masked_clips_are_checked():
    assert Masking(shares=[1.0]).by == ["clip", "group"]
    with pytest.raises(ValidationError, match="greater than 0"):
        Masking(shares=[0.0])
