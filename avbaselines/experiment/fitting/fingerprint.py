"""Digest of the source code that a result depends on: some modules of the package and whatever they import of it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from avbaselines.experiment.fitting.store import digest

PACKAGE = __name__.partition(".")[0]
ROOT = Path(__file__).parents[2]


@cache
def source_digest(modules: tuple[str, ...]) -> str:
    """Digest of the sources of modules and of all modules of the package that they import, directly or not.

    A change anywhere in what a fit runs makes finished fits stale; a change elsewhere (a report, a command) does not.

    Parameters
    ----------
    modules : tuple of str
        Dotted names.

    Examples
    --------
    >>> len(source_digest(("avbaselines.evaluation.metrics",)))
    64
    """
    return digest([path.read_text(encoding="utf-8") for path in imported_files(modules)])


def imported_files(modules: tuple[str, ...]) -> list[Path]:
    """Files of modules and of all modules of the package that they import anywhere in their text, sorted.

    Examples
    --------
    >>> [path.name for path in imported_files(("avbaselines.errors",))]
    ['errors.py']
    """
    files: dict[str, Path] = {}
    pending = list(modules)
    while pending:
        name = pending.pop()
        if name in files:
            continue
        path = _source(name)
        if path is not None:
            files[name] = path
            pending += _imports(ast.parse(path.read_text(encoding="utf-8")))
    return sorted(files.values())


def _source(name: str) -> Path | None:
    """File of a module; None for what is no module of the package (a function that is imported by its name)."""
    package, *parts = name.split(".")
    if package != PACKAGE or not parts:
        return None  # the package's own __init__ only names what others hold
    place = ROOT.joinpath(*parts)
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
