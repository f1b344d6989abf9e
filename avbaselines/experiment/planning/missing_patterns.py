"""What goes missing together in a study, and every set of sources that a clip may be left with."""

from itertools import combinations

from avbaselines.errors import InputError
from avbaselines.schema import nearest

MOST_SOURCES = 4


def sources(study):
    """Modalities and outside systems by the source that they go missing with.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of str to tuple of str

    Raises
    ------
    InputError
        A name that the study does not have, or that is in two sources.
    """
    known = [*study.modalities, *study.predictions]
    given = study.masking.sources if study.masking else {}
    found = {}
    for source, names in given.items():
        for name in names:
            if name not in known:
                raise InputError(
                    f"masking.sources.{source}: no modality {name!r}{nearest(name, known)}; known: {', '.join(known)}"
                )
            if any(name in others for others in found.values()):
                raise InputError(f"masking.sources.{source}: {name!r} is in another source too; name it once")
        if "+" in source or (source in known and source not in names):
            raise InputError(f"masking.sources: call {source!r} something else (no '+', no other modality's name)")
        found[source] = tuple(dict.fromkeys(names))
    named = {name for names in found.values() for name in names}
    return found | {name: (name,) for name in known if name not in named}


def masks(study):
    """By name of what is kept (``face``, ``audio+text``), the modalities hidden; none unless the study asks.

    Raises
    ------
    InputError
        One source alone, which nothing can stand in for, or more than four.
    """
    if study.masking is None:
        return {}
    parts = sources(study)
    if not 2 <= len(parts) <= MOST_SOURCES:
        raise InputError(
            f"masking: takes 2 to {MOST_SOURCES} sources, got {len(parts)} ({', '.join(parts)}); put modalities that "
            "go missing together into one under [masking.sources]"
        )
    kept = [part for size in range(1, len(parts)) for part in combinations(parts, size)]
    return {
        "+".join(names): tuple(name for source in parts if source not in names for name in parts[source])
        for names in kept
    }
