"""Corpora that are generated on the spot: whole or not at all, once, and never over anything else."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pydantic

from avbaselines.errors import InputError

__all__ = ["GeneratedCorpus"]


@dataclass(frozen=True)
class GeneratedCorpus:
    """A simulated corpus of some options.

    Attributes
    ----------
    kind
        Such as ``synthetic``; names the file that says what the corpus was generated from, and its folder in the cache.
    sources
        Paths of the code that generates it.

    Examples
    --------
    >>> class Options(pydantic.BaseModel):
    ...     seed: int = 0
    >>> folder = Path(tempfile.mkdtemp(), "corpus")
    >>> corpus = GeneratedCorpus("numbers", Options(), sources=())
    >>> corpus.generate(folder, lambda built: (built / "seed.txt").write_text("0"))
    >>> sorted(path.name for path in folder.iterdir())
    ['numbers.json', 'seed.txt']
    """

    kind: str
    options: pydantic.BaseModel
    sources: Sequence[str]

    @property
    def recipe(self) -> str:
        """All that the files depend on, as text: the options and the code that writes them.

        Examples
        --------
        >>> class Options(pydantic.BaseModel):
        ...     seed: int = 0
        >>> json.loads(GeneratedCorpus("numbers", Options(), ()).recipe)["options"]
        {'seed': 0}
        """
        code = hashlib.sha256()
        for source in self.sources:
            code.update(Path(source).read_bytes())
        stated = {"options": self.options.model_dump(), "code": code.hexdigest()}
        return json.dumps(stated, indent=2, sort_keys=True) + "\n"

    @property
    def cached(self) -> Path:
        """Its folder in the user's cache (`AVBASELINES_CACHE` moves that).

        Examples
        --------
        >>> class Options(pydantic.BaseModel):
        ...     seed: int = 0
        >>> GeneratedCorpus("numbers", Options(), ()).cached.name.partition("-")[0]
        'numbers'
        """
        root = Path(os.environ.get("AVBASELINES_CACHE") or platformdirs.user_cache_dir("avbaselines"))
        return root / f"{self.kind}-{hashlib.sha256(self.recipe.encode()).hexdigest()[:12]}"

    def generate(self, folder: Path, build: Callable[[Path], None]) -> None:
        """Generate the corpus in a folder, or nothing if it is there.

        Everything is built beside the folder and moved in place at the end, so that a call cut short leaves no half
        corpus.

        Parameters
        ----------
        folder
            Need not be there; may exist if it is empty or holds this very corpus.
        build
            Writes the files into the empty folder that it is given.

        Raises
        ------
        InputError
            If the folder holds anything else, or cannot be written.

        Examples
        --------
        >>> class Options(pydantic.BaseModel):
        ...     seed: int = 0
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "thesis.txt").write_text("mine")
        >>> GeneratedCorpus("numbers", Options(), ()).generate(folder, print)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        avbaselines.errors.InputError: ...: is no numbers corpus; name an empty or a new folder
        """
        folder = Path(folder).absolute()
        try:
            if self._complete(folder):
                return
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
                built = Path(scratch) / "corpus"
                built.mkdir()
                build(built)
                (built / f"{self.kind}.json").write_text(self.recipe, encoding="utf-8", newline="\n")
                try:
                    os.replace(built, folder)
                except OSError:
                    # another process may have made the same corpus meanwhile: the same files
                    if not self._complete(folder):
                        raise
        except OSError as error:
            raise InputError(
                f"{folder}: the {self.kind} corpus cannot be written ({error.strerror or error}); "
                "name another folder with --data or AVBASELINES_CACHE"
            ) from error

    def _complete(self, folder: Path) -> bool:
        """Whether the corpus stands in the folder; InputError if something else does."""
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return False
        recipe = folder / f"{self.kind}.json"
        if not recipe.is_file():
            raise InputError(f"{folder}: is no {self.kind} corpus; name an empty or a new folder")
        if recipe.read_text(encoding="utf-8") != self.recipe:
            raise InputError(
                f"{folder}: holds a {self.kind} corpus of other options or of another version; "
                "delete it or name another folder"
            )
        return True
