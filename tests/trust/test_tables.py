"""Bad tables: the named cases, and a few mutants of each kind."""

import pytest
from hostile_tables import CASES, binaries, tables
from long_tables import bomb_of_labels, mutants, slow_wave, try_case


@pytest.mark.parametrize("name", CASES)
def test_a_bad_table_is_refused_or_said(tmp_path, name):
    outcome = try_case(name, CASES[name], tmp_path)
    assert outcome.held, outcome.detail


def test_a_wav_of_1_hz_is_refused(tmp_path):
    outcome = slow_wave(tmp_path)
    assert outcome.held, outcome.detail


def test_a_label_archive_with_a_bomb_is_refused(tmp_path):
    outcome = bomb_of_labels(tmp_path)
    assert outcome.held, outcome.detail


@pytest.mark.parametrize("strategy", [tables, binaries])
def test_mutants_are_read_or_refused(tmp_path, strategy):
    outcomes = mutants(tmp_path, strategy(), "mutants", 40, 7)
    assert [outcome.detail for outcome in outcomes if not outcome.held] == []
