"""What makes finished fits stale: a changed source file that a fit runs, and no other."""

import ast

import pytest

from avbaselines.experiment.fitting import fingerprint
from avbaselines.experiment.fitting.split_setup import FITS


def digest_with(monkeypatch, planted=None):
    """Digest of the fits' sources, with a line added to one file of the package as it is read."""
    original = type(fingerprint.ROOT).read_text

    def read_text(path, *arguments, **options):
        text = original(path, *arguments, **options)
        changed = planted is not None and path == fingerprint.ROOT / planted
        return f"{text}\nPLANTED = True\n" if changed else text

    fingerprint.source_digest.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(type(fingerprint.ROOT), "read_text", read_text)
        found = fingerprint.source_digest(FITS)
    fingerprint.source_digest.cache_clear()
    return found


@pytest.mark.parametrize(
    "planted", ["evaluation/metrics.py", "estimators/linear/ridge.py", "estimators/temporal/context.py"]
)
def test_a_change_in_what_fits_run_makes_them_stale(monkeypatch, planted):
    assert digest_with(monkeypatch, planted) != digest_with(monkeypatch)


@pytest.mark.parametrize("planted", ["reports/page.py", "run.py", "experiment/scoring/comparisons.py"])
def test_a_change_elsewhere_does_not(monkeypatch, planted):
    assert (fingerprint.ROOT / planted).is_file()
    assert digest_with(monkeypatch, planted) == digest_with(monkeypatch)


def test_every_estimator_counts():
    counted = set(fingerprint.imported_files(FITS))
    erasing = {"erasure.py", "erasure_strength.py", "speaker_normalizer.py"}  # identity has a key of its own
    modules = {path for path in (fingerprint.ROOT / "estimators").rglob("*.py") if path.name not in erasing}
    assert {path for path in modules if path.name != "__init__.py"} <= counted


def parsed(source, package):
    """Names that a module imports, by parsing it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def test_no_import_of_the_package_is_overlooked():
    """Imports are found by their form; parsing every file, which takes seconds, is left to this test."""
    seen = 0
    for path in sorted(fingerprint.ROOT.rglob("*.py")):
        package = ".".join([fingerprint.PACKAGE, *path.relative_to(fingerprint.ROOT).parts[:-1]])
        source = path.read_text("utf-8")
        ours = {name for name in parsed(source, package) if fingerprint._source(name)}
        assert ours <= set(fingerprint._imports(source, package)), path
        seen += len(ours)
    assert seen > 500


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from a.b import (\n    c,  # not (d\n    e as f,\n)\n", {"a.b", "a.b.c", "a.b.e"}),
        ("def f():\n    import a.b, c as d\n", {"a.b", "c"}),
        ("from ..x import y; from . import z\n", {"p.x", "p.x.y", "p.q.z"}),
    ],
)
def test_import_statements_in_all_their_forms(source, names):
    assert names <= set(fingerprint._imports(source, "p.q"))
