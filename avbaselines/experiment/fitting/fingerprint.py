"""Digest of the source code that a result depends on: some modules of the package and whatever they import of it."""

import re
from functools import cache
from pathlib import Path

from avbaselines.experiment.fitting.store import digest

PACKAGE = __name__.partition(".")[0]
ROOT = Path(__file__).parents[2]
COMMENT = re.compile(r"#.*")
IMPORT = re.compile(
    r"(?:^|;)[ \t]*(?:from[ \t]+(?P<level>\.*)(?P<module>[\w.]*)[ \t]+import[ \t]*(?P<listed>\([^)]*\)|[^\n;]+)"
    r"|import[ \t]+(?P<plain>[^\n;]+))",
    re.MULTILINE,
)


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
    ['errors.py', 'safe_text.py']
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
            package = name if path.stem == "__init__" else name.rpartition(".")[0]
            pending += _imports(path.read_text(encoding="utf-8"), package)
    return sorted(files.values())


@cache
def _source(name: str) -> Path | None:
    """File of a module; None for what is no module of the package (a function that is imported by its name)."""
    package, *parts = name.split(".")
    if package != PACKAGE or not parts:
        return None  # the package's own __init__ only names what others hold
    place = ROOT.joinpath(*parts)
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


@cache
def _imports(source: str, package: str) -> tuple[str, ...]:
    """Dotted names that a module of a package imports, anywhere in its text.

    Import statements are found by their form, which is many times faster than parsing whole files; a line of a text
    that looks like one may add a name, never hide one.
    """
    names: list[str] = []
    for found in IMPORT.finditer(COMMENT.sub("", source)):
        level, module, listed, plain = found.group("level", "module", "listed", "plain")
        if plain is not None:
            names += [part.split()[0] for part in plain.split(",") if part.strip()]
            continue
        above = package.split(".")[: len(package.split(".")) - len(level) + 1] if level else []
        whole = ".".join([*above, *filter(None, [module])])
        words = (part.split() for part in listed.strip("() \n").split(","))
        names += [whole, *(f"{whole}.{part[0]}" for part in words if part)]
    return tuple(names)
