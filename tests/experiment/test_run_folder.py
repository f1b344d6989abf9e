"""What lies in the run folder beside results and predictions."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import small_release

from avbaselines.errors import InputError
from avbaselines.experiment.run_folder import write_extras
from avbaselines.run import main


def test_what_an_earlier_run_left_goes_where_nothing_was_measured(tmp_path):
    table = pd.DataFrame({"system": ["a"], "value": [0.5]})
    write_extras(tmp_path, {"masking.csv": table, "masking.md": "# Masks\n", "tuning.csv": None})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["masking.csv", "masking.md"]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "masking.csv"), table)
    assert (tmp_path / "masking.md").read_text() == "# Masks\n"
    write_extras(tmp_path, {"masking.csv": None, "masking.md": None, "tuning.csv": table})
    assert [path.name for path in tmp_path.iterdir()] == ["tuning.csv"]


def test_a_run_in_which_everything_fails_says_why(tmp_path):
    """Each modality is known of a single training clip, so nothing can be fitted, and no fusion either."""
    study = small_release(tmp_path, speakers=6, clips=4)
    for name, clip in (("audio", "c0"), ("face", "c23")):
        np.savez(tmp_path / f"{name}.npz", clip_id=[clip], X=np.ones((1, 2)))
    lacking = [f"modalities.{name}={{path='{name}.npz', max_missing=1.0}}" for name in ("audio", "face")]
    with pytest.raises(InputError, match="no system could be fitted.*ridge-audio: .*training clips have audio"):
        study.run(*lacking, "systems.early='none'", "systems.transductive=[]")


def test_a_modality_of_one_class_alone_is_named(tmp_path):
    study = small_release(tmp_path, speakers=6, clips=8)
    clips = study.clips()
    ids = clips["clip_id"][clips["mood"] == "sad"].to_numpy(str)
    np.savez(tmp_path / "audio.npz", clip_id=ids, X=np.random.default_rng(0).normal(size=(len(ids), 2)))
    lacking = "modalities.audio={path='audio.npz', max_missing=1.0}"
    with pytest.raises(InputError, match="ridge-audio: .*training clips that have audio are of one class of mood"):
        study.run(lacking, only=["ridge-audio"])


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_fitted(tmp_path, capsys):
    study = small_release(tmp_path, speakers=6, clips=4)
    (tmp_path / "taken").write_text("a file")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        assert main([str(study.path), "--out", str(out)]) == 2
        assert f"error: --out {out}: cannot be made" in capsys.readouterr().err


def test_brackets_and_formulas_in_names_and_paths_are_shown_as_they_are(tmp_path, capsys):
    made = small_release(tmp_path, speakers=6, clips=6)
    made.change(mood=lambda table: table["mood"].replace("glad", "$a_^$"))
    study, out = str(made.path), tmp_path / "o[/x]ut"
    assert main([study, "--set", "title=My [v1] [/b]", "--only", "ridge-face", "--jobs", "1", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert "My [v1] [/b]" in printed.out and "o[/x]ut" in "".join(printed.err.split())
    assert "$a_^$" in (out / "report.html").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no paths that are no text")
def test_a_path_that_is_no_text_and_a_machine_without_git_are_no_hindrance(tmp_path, monkeypatch, capsys):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xff"))
    study = small_release(folder, speakers=6, clips=4)
    monkeypatch.setenv("PATH", str(tmp_path))
    words = [str(study.path), "--only", "ridge-audio", "--jobs", "1", "--out", str(folder / "run")]
    monkeypatch.setattr(sys, "argv", ["run", *words])
    assert main(words) == 0
    assert "ridge-audio" in capsys.readouterr().out
    provenance = json.loads((folder / "run" / "provenance.json").read_text("utf-8"))
    assert provenance["commit"] is None and (folder / "run" / "report.html").read_text("utf-8")
    assert main([str(folder / "nosuch.toml")]) == 2
