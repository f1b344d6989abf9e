"""What lies in the run folder beside results and predictions."""

import pandas as pd

from avbaselines.experiment.folder import write_extras


def test_what_an_earlier_run_left_goes_where_nothing_was_measured(tmp_path):
    table = pd.DataFrame({"system": ["a"], "value": [0.5]})
    write_extras(tmp_path, {"masking.csv": table, "masking.md": "# Masks\n", "tuning.csv": None})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["masking.csv", "masking.md"]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "masking.csv"), table)
    assert (tmp_path / "masking.md").read_text() == "# Masks\n"
    write_extras(tmp_path, {"masking.csv": None, "masking.md": None, "tuning.csv": table})
    assert [path.name for path in tmp_path.iterdir()] == ["tuning.csv"]
