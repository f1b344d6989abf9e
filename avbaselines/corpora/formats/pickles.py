"""Pickled tables and containers, which are never read."""

from pathlib import Path

from avbaselines.errors import InputError

__all__ = ["refuse_pickle"]

SUFFIXES = (".pkl", ".pickle", ".pk", ".p")


def refuse_pickle(path: Path, key: str) -> None:
    """Refuse a pickle: reading one runs whatever code its author put into it.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_pickle(Path("mosi.pkl"), "modalities.audio")
    Traceback (most recent call last):
    avbaselines.errors.InputError: modalities.audio: mosi.pkl: is a pickle, which runs its author's code when it is \
read, so none is; write it as parquet or npz where you trust it: docs/formats.md has the lines
    """
    if path.suffix.lower() in SUFFIXES:
        raise InputError(
            f"{key}: {path}: is a pickle, which runs its author's code when it is read, so none is; write it as "
            "parquet or npz where you trust it: docs/formats.md has the lines"
        )
