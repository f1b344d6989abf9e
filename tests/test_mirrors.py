"""A module has its tests at the same path."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Tested at another path on purpose: the module, and where.
ELSEWHERE = {
    "estimators/fusion/missing_strategies": "estimators/fusion/test_missing_inputs",
    "experiment/fitting/run_options": "experiment/fitting/test_dask_backend",
    "experiment/planning/reserved_names": "experiment/loading/test_checks",
    "experiment/analyses/speaker_identity/outcome": "experiment/analyses/speaker_identity/test_analysis",
    "experiment/study_run": "experiment/test_run_study",
    "first_study/draft": "first_study/test_toml_text",
    "first_study/releases": "first_study/test_shipped",
    "first_study/words": "first_study/test_columns",
    "extractors/face": "extractors/test_faces",
    "extractors/face_functionals": "extractors/test_faces",
    "extractors/face_tables": "extractors/test_faces",
    "extractors/pyfeat_worker": "extractors/test_pyfeat",
}
# Tested through their neighbours and whole runs, and by nothing of their own yet. Strike what has got its tests.
NOT_YET = {
    "corpora/corpus", "corpora/formats/arff", "corpora/formats/avec_csv", "corpora/formats/object_arrays",
    "corpora/formats/vavl", "corpora/modalities", "corpora/readers/table", "corpora/targets",
    "experiment/loading/corpus", "experiment/loading/timing_checks",
    "extractors/face_rows", "extractors/face_video", "extractors/images", "extractors/mesh_models",
    "extractors/pyfeat_client", "extractors/pyfeat_weights", "reports/factors",
}


def modules() -> set[str]:
    """Paths of the package's modules without the ending."""
    package = ROOT / "avbaselines"
    paths = (path.relative_to(package).with_suffix("") for path in package.rglob("*.py"))
    return {path.as_posix() for path in paths if not path.name.startswith("__")}


def mirrored(module: str) -> bool:
    folder, _, name = module.rpartition("/")
    return (ROOT / "tests" / folder / f"test_{name}.py").is_file()


def test_every_module_has_tests_at_its_path():
    alone = {module for module in modules() if not mirrored(module)}
    assert sorted(alone - set(ELSEWHERE) - NOT_YET) == []


def test_exceptions_are_of_modules_that_are_there_and_of_tests_that_are():
    assert sorted((set(ELSEWHERE) | NOT_YET) - modules()) == []
    assert [place for place in ELSEWHERE.values() if not (ROOT / "tests" / f"{place}.py").is_file()] == []
