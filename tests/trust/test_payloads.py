"""Crafted bundles: every named case, and a few mutants of each kind."""

import random
import shutil

import pytest
from crafted_bundles import predict, write_bundles
from crafted_cases import CASES
from long_payloads import mutant, mutations, try_case


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_bundles(tmp_path_factory.mktemp("bundles") / "whole")


@pytest.mark.parametrize("system", ["ridge", "lightgbm", "moods", "xgboost", "feelings", "joint", "mean"])
def test_untouched_bundles_predict(whole, system):
    assert predict(whole, system).notna().all(axis=None)


@pytest.mark.parametrize("name", CASES)
def test_a_crafted_bundle_is_refused_by_name(whole, tmp_path, name):
    outcome = try_case(name, CASES[name], shutil.copytree(whole, tmp_path / "models"))
    assert outcome.held, outcome.detail


def test_mutants_are_refused_or_predict(whole, tmp_path):
    draw = random.Random(11)
    drawn = [(kind, *chosen) for _ in range(3) for kind, chosen in mutations(draw).items()]
    outcomes = [mutant(kind, name, change, whole, tmp_path / "models") for kind, name, change in drawn]
    assert [outcome.detail for outcome in outcomes if not outcome.held] == []
