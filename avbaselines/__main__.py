"""``avbaselines init|run|extract|predict|board``: the commands under one name."""

import sys
from collections.abc import Sequence
from importlib import import_module

from avbaselines.interruption import leaving_at_once

VERBS = {
    "init": "write a first study of a folder",
    "run": "fit a study",
    "extract": "make a feature table from media",
    "predict": "predict new clips",
    "board": "show many runs on one page",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the rest of the command line to the verb; the exit status is the verb's, or 2 where none is named.

    Examples
    --------
    >>> main(["--help"])
    0
    >>> main(["fit"])
    2
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    if not argv or argv[0] not in VERBS:
        lines = [f"  {verb:8} {meaning}" for verb, meaning in VERBS.items()]
        print("\n".join(["usage: avbaselines VERB ...", *lines, "avbaselines VERB --help says more."]), file=sys.stderr)
        return 0 if argv and argv[0] in {"-h", "--help"} else 2
    with leaving_at_once():
        verb = import_module(f"avbaselines.{argv[0]}")
    return verb.main(argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
