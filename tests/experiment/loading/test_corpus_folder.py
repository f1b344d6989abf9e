"""Where a study's corpus is looked for, and what is said to be needed there."""

import pytest

from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus_folder import data_folder, needed, needs_data, tables_below_data
from avbaselines.study import load_study


def test_a_folder_that_is_given_goes_before_the_variable(tmp_path, monkeypatch):
    study = load_study("pom")
    monkeypatch.delenv("AVBASELINES_DATA", raising=False)
    assert data_folder(study, None) is None
    monkeypatch.setenv("AVBASELINES_DATA", str(tmp_path))
    (tmp_path / "given").mkdir()
    assert data_folder(study, None) == tmp_path.resolve()
    assert data_folder(study, tmp_path / "given") == (tmp_path / "given").resolve()


@pytest.mark.parametrize("by_variable", [False, True])
def test_a_folder_that_is_not_there_is_an_error_that_says_what_is_needed(by_variable, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    monkeypatch.setenv("AVBASELINES_DATA", str(gone))
    with pytest.raises(InputError, match="no folder .*gone; needed is a folder with clips.csv") as told:
        data_folder(load_study("pom"), None if by_variable else gone)
    assert str(told.value).startswith("$AVBASELINES_DATA" if by_variable else "--data")


def test_own_paths_need_no_folder_and_readers_say_what_theirs_holds():
    own = load_study("pom", ["corpus.clips=clips.csv", "modalities={audio='audio.csv'}"])
    assert not needs_data(own) and tables_below_data(own) == []
    sewa = load_study("multistage-fusion")
    assert needs_data(sewa) and tables_below_data(sewa) == [] and "AVEC2019" in needed(sewa)
    assert needed(load_study("mosi")).endswith("zeroQiaoba/MERTools")
