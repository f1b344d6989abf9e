"""Files of a finished run: those of analyses that were not done this time are taken away."""

from small_study import small_release


def test_files_of_an_analysis_that_is_not_done_again_are_removed(tmp_path):
    study = small_release(tmp_path)
    only = ["ridge-audio", "ridge-face"]
    first = study.run("importance=true", only=only)
    assert (first.folder / "importance.csv").is_file()
    again = study.run("importance=false", only=only)
    assert again.folder == first.folder and not (again.folder / "importance.csv").exists()
    tables = {"results.csv", "predictions.parquet", "leaderboard.md", "leaderboard.tex", "report.html", "study.toml"}
    assert tables <= {path.name for path in again.folder.iterdir()}
