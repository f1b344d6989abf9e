"""What lies in the run folder beside results and predictions."""

import numpy as np
import pandas as pd
import pytest
from small_release import run, write_release

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
    folder = write_release(tmp_path, speakers=6, clips=4)
    for name, clip in (("audio", "c0"), ("face", "c23")):
        np.savez(folder / f"{name}.npz", clip_id=[clip], X=np.ones((1, 2)))
    lacking = [f"modalities.{name}={{path='{name}.npz', max_missing=1.0}}" for name in ("audio", "face")]
    with pytest.raises(InputError, match="no system could be fitted.*ridge-audio: .*training clips have audio"):
        run(folder, *lacking, "systems.early='none'", "systems.transductive=[]")


def test_a_modality_of_one_class_alone_is_named(tmp_path):
    folder = write_release(tmp_path, speakers=6, clips=8)
    clips = pd.read_csv(folder / "clips.csv")
    ids = clips["clip_id"][clips["mood"] == "sad"].to_numpy(str)
    np.savez(folder / "audio.npz", clip_id=ids, X=np.random.default_rng(0).normal(size=(len(ids), 2)))
    lacking = "modalities.audio={path='audio.npz', max_missing=1.0}"
    with pytest.raises(InputError, match="ridge-audio: .*training clips that have audio are of one class of mood"):
        run(folder, lacking, only=["ridge-audio"])


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_fitted(tmp_path, capsys):
    folder = write_release(tmp_path, speakers=6, clips=4)
    (folder / "taken").write_text("a file")
    for out in (folder / "taken", folder / "taken" / "below"):
        assert main([str(folder / "study.toml"), "--out", str(out)]) == 2
        assert f"error: --out {out}: cannot be made" in capsys.readouterr().err


def test_brackets_and_formulas_in_names_and_paths_are_shown_as_they_are(tmp_path, capsys):
    folder = write_release(tmp_path, speakers=6, clips=6)
    clips = (folder / "clips.csv").read_text().replace("glad", "$a_^$")
    (folder / "clips.csv").write_text(clips)
    study, out = str(folder / "study.toml"), folder / "o[/x]ut"
    assert main([study, "--set", "title=My [v1] [/b]", "--only", "ridge-face", "--jobs", "1", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert "My [v1] [/b]" in printed.out and "o[/x]ut" in "".join(printed.err.split())
    assert "$a_^$" in (out / "report.html").read_text()


def test_a_damaged_fit_is_named(tmp_path):
    folder = write_release(tmp_path, speakers=6, clips=4)
    run(folder, only=["ridge-audio"])
    for damage in (b"", b"PK half of a file"):
        for path in (folder / "run" / "work").glob("*.npz"):
            path.write_bytes(damage)
        with pytest.raises(InputError, match="work/.*npz: a finished fit that is damaged; delete"):
            run(folder, only=["ridge-audio"])
