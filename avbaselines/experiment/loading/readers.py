"""The one place that knows the readers of corpora by name."""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from avbaselines.errors import InputError
from avbaselines.schema import nearest

READERS = {
    name: f"avbaselines.corpora.readers.{name}"
    for name in (
        *("table", "synthetic", "structured", "ravdess", "sewa", "recola", "creativeit"),
        *("crema_d", "msp_improv", "mer2023", "audformat"),
    )
}
GROUP = "avbaselines.readers"
"""Entry points of packages that bring readers: each names a module."""

PARTS = ("Options", "ENVIRONMENT", "NEEDS", "read")


def reader(name: str) -> ModuleType:
    """Module of a reader (``Options``, ``ENVIRONMENT``, ``NEEDS``, ``read``), of ours or of an installed package.

    Raises
    ------
    InputError
        No reader has this name, or the package that brings it is broken.

    Examples
    --------
    >>> reader("table").__name__
    'avbaselines.corpora.readers.table'
    """
    if name in READERS:
        return import_module(READERS[name])
    points = [point for point in entry_points(group=GROUP) if point.name == name]
    if not points:
        known = reader_names()
        raise InputError(f"corpus.reader: no reader {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    if len(points) > 1:
        brought = " and ".join(sorted(_package(point) for point in points))
        raise InputError(f"corpus.reader: {name!r} is brought by two packages, {brought}; uninstall one")
    return _loaded(points[0])


def reader_names() -> list[str]:
    """Names of all readers, those of installed packages last.

    Examples
    --------
    >>> reader_names()[0]
    'table'
    """
    return [*READERS, *sorted({point.name for point in entry_points(group=GROUP)} - set(READERS))]


def _loaded(point: EntryPoint) -> ModuleType:
    source = f"entry point {GROUP} {point.name!r} of {_package(point)}"
    try:
        module = point.load()
    except Exception as error:  # whatever a package raises when it is imported
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{source}: cannot be loaded ({reason}); update or uninstall it") from None
    lacking = [part for part in PARTS if not hasattr(module, part)]
    if lacking:
        needed = f"a reader is a module with {', '.join(PARTS)}"
        raise InputError(f"{source}: {point.value} has no {', '.join(lacking)}; {needed}")
    return module


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value
