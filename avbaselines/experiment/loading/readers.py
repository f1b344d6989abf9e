"""The one place that knows the readers of corpora by name."""

from importlib import import_module
from types import ModuleType

from avbaselines.errors import InputError
from avbaselines.schema import nearest

READERS = {
    name: f"avbaselines.corpora.readers.{name}"
    for name in (
        *("table", "synthetic", "structured", "ravdess", "sewa", "recola", "creativeit"),
        *("crema_d", "msp_improv", "mer2023"),
    )
}


def reader(name: str) -> ModuleType:
    """Module of a reader (``Options``, ``ENVIRONMENT``, ``NEEDS``, ``read``).

    Raises
    ------
    InputError
        No reader has this name.

    Examples
    --------
    >>> reader("table").__name__
    'avbaselines.corpora.readers.table'
    """
    if name not in READERS:
        raise InputError(f"corpus.reader: no reader {name!r}{nearest(name, READERS)}; known: {', '.join(READERS)}")
    return import_module(READERS[name])
