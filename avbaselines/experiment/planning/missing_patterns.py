"""Sources: modalities that go missing together in a study, and every set of them that a clip may be left with."""

from itertools import combinations

from avbaselines.errors import InputError
from avbaselines.schema import nearest
from avbaselines.study import Study

MOST_SOURCES = 4


def sources(study: Study) -> dict[str, tuple[str, ...]]:
    """Modalities and outside systems by the source that they go missing with.

    Outside systems that no fusion takes unless it names them (``fuse = false``) count where a source names them.

    Raises
    ------
    InputError
        A name that the study does not have, or that is in two sources.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> sources(load_study("quickstart"))
    {'audio': ('audio',), 'face': ('face',)}
    """
    names_of_study = [*study.modalities, *study.predictions]
    given = study.masking.sources if study.masking else {}
    by_source: dict[str, tuple[str, ...]] = {}
    for source, names in given.items():
        for name in names:
            if name not in names_of_study:
                raise InputError(
                    f"masking.sources.{source}: no modality {name!r}{nearest(name, names_of_study)}; "
                    f"known: {', '.join(names_of_study)}"
                )
            if any(name in others for others in by_source.values()):
                raise InputError(f"masking.sources.{source}: {name!r} is in another source too; name it once")
        if "+" in source or (source in names_of_study and source not in names):
            raise InputError(f"masking.sources: call {source!r} something else (no '+', no other modality's name)")
        by_source[source] = tuple(dict.fromkeys(names))
    named = {name for names in by_source.values() for name in names}
    named |= {name for name, options in study.predictions.items() if not options.fuse}
    return by_source | {name: (name,) for name in names_of_study if name not in named}


def _refuse_joined_names(study: Study) -> None:
    """What is left is named by its sources, joined by ``+``: a source whose name has one could not be told apart."""
    for source, names in sources(study).items():
        if "+" in source:
            section = "modalities" if source in study.modalities else "predictions"
            raise InputError(
                f"masking: {section}.{names[0]} has a '+' in its name; rename it, or put it into a source of another "
                "name under [masking.sources]"
            )


def masks(study: Study) -> dict[str, tuple[str, ...]]:
    """By name of what is kept (``face``, ``audio+text``), the modalities hidden; none unless the study asks.

    Raises
    ------
    InputError
        One source alone, which nothing can stand in for, or more than four, or one with a ``+`` in its name.

    Examples
    --------
    >>> from avbaselines.study import load_study
    >>> masks(load_study("quickstart"))
    {}
    """
    if study.masking is None:
        return {}
    _refuse_joined_names(study)
    parts = sources(study)
    if not 2 <= len(parts) <= MOST_SOURCES:
        raise InputError(
            f"masking: takes 2 to {MOST_SOURCES} sources, got {len(parts)} ({', '.join(parts)}); put modalities that "
            "go missing together into one under [masking.sources]"
        )
    left_sources = [part for size in range(1, len(parts)) for part in combinations(parts, size)]
    return {
        "+".join(names): tuple(name for source in parts if source not in names for name in parts[source])
        for names in left_sources
    }
