"""Bad study files: the named cases, long chains of extends, and a few mutants of each kind."""

import pytest
from case_types import small
from guard import refusal
from hostile_studies import CASES, structures, texts, write
from long_studies import chain, mutants, plan


@pytest.fixture
def folder(tmp_path):
    small().write(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_a_bad_study_is_refused_in_a_line(folder, name):
    text, words = CASES[name]
    outcome = refusal("studies", name, lambda: plan(write(folder, text)), words)
    assert outcome.held, outcome.detail


def test_a_chain_of_extends_has_an_end(folder):
    outcome = refusal("studies", "chain", lambda: plan(chain(folder, 1_500)), "extends goes through more than 16")
    assert outcome.held, outcome.detail


def test_a_chain_of_sixteen_is_read(folder):
    plan(chain(folder, 16))


@pytest.mark.parametrize("value", ["[" * 5_000, "9" * 6_000, "{a=" * 500 + "1" + "}" * 500])
def test_a_bad_override_is_refused_in_a_line(folder, value):
    outcome = refusal("studies", "--set", lambda: plan(folder / "study.toml", f"seed={value}"), "--set seed")
    assert outcome.held, outcome.detail


@pytest.mark.parametrize("strategy", [structures, texts])
def test_mutants_are_read_or_refused(folder, strategy):
    outcomes = mutants(folder, strategy(), "mutants", 40, 7)
    assert [outcome.detail for outcome in outcomes if not outcome.held] == []
