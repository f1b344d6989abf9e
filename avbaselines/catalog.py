"""Search for study and recipe files: by path, or by name in the package or beside it."""

from pathlib import Path
from typing import Literal

from avbaselines.errors import InputError
from avbaselines.schema import nearest

Kind = Literal["studies", "features"]
KINDS: dict[Kind, str] = {"studies": "study", "features": "recipe"}


def places(kind: Kind) -> list[Path]:
    """Folders searched for shipped files: inside the installed package, then beside it where setup.cfg stands.

    Examples
    --------
    >>> places("studies")[0].name
    'studies'
    """
    package = Path(__file__).resolve().parent
    folders = [package / kind]
    if (package.parent / "setup.cfg").is_file():
        folders.append(package.parent / kind)
    return [folder for folder in folders if folder.is_dir()]


def names(kind: Kind) -> list[str]:
    """Names of all shipped files of a kind, sorted.

    Examples
    --------
    >>> "quickstart" in names("studies")
    True
    """
    return sorted({path.stem for folder in places(kind) for path in folder.glob("*.toml")})


def is_file(path: Path) -> bool:
    """Whether it is a regular file; a name that no file can have is none.

    Examples
    --------
    >>> is_file(Path("x" * 10_000)), is_file(Path(__file__))
    (False, True)
    """
    try:
        return path.is_file()
    except OSError:
        return False


def find(kind: Kind, name_or_path: str | Path) -> Path:
    """Path of a study or recipe: an existing file, else a shipped one of that name.

    Raises
    ------
    InputError
        Naming the places searched and the nearest known name.

    Examples
    --------
    >>> find("studies", "quickstart").name
    'quickstart.toml'
    """
    try:
        path = Path(name_or_path).expanduser()
    except RuntimeError as error:  # the home of somebody who is not known here
        raise InputError(f"{name_or_path}: {error}") from None
    if is_file(path):
        return path
    for folder in places(kind):
        shipped = folder / f"{name_or_path}.toml"
        if is_file(shipped):
            return shipped
    searched = ", ".join([str(path.absolute()), *(str(folder) for folder in places(kind))])
    raise InputError(
        f"no {KINDS[kind]} {str(name_or_path)!r}{nearest(name_or_path, names(kind))}; searched {searched}; "
        f"shipped: {', '.join(names(kind)) or 'none'}"
    )
