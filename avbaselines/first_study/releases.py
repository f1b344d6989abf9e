"""Layouts of the corpora that have a reader, and the shipped studies of what lies in a folder."""

from collections.abc import Iterator
from pathlib import Path

from avbaselines import catalog
from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus_folder import tables_below_data
from avbaselines.experiment.loading.readers import reader, reader_names
from avbaselines.study import Study, load_study


def known_layouts(root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The readers whose corpus a folder looks like, and the keys of ``[corpus]`` that they ask for.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "03-01-06-01-02-01-12.wav").touch()
    >>> list(known_layouts(folder))
    [('ravdess', {})]
    """
    for name in reader_names():
        try:
            recognise = getattr(reader(name), "recognise", None)
        except InputError:  # of a package that is broken: it is told where a study names it
            continue
        options = recognise(root) if recognise else None
        if options is not None:
            yield name, options


def shipped_studies(corpus: str) -> Iterator[tuple[str, Study]]:
    """Shipped studies of a corpus, with their names; broken ones left out.

    Examples
    --------
    >>> [name for name, _ in shipped_studies("crema_d")]
    ['disentanglement-crema-d', 'vavl-crema-d']
    """
    for name in catalog.names("studies"):
        try:
            study = load_study(catalog.find("studies", name))
        except InputError:
            continue
        if study.corpus.reader == corpus:
            yield name, study


def studies_of_these_tables(root: Path) -> list[str]:
    """Shipped studies over tables whose every file is in a folder.

    Examples
    --------
    >>> studies_of_these_tables(Path("nowhere"))
    []
    """
    tables = ((name, tables_below_data(study)) for name, study in shipped_studies("table"))
    return [name for name, files in tables if files and all((root / file).exists() for file in files)]
