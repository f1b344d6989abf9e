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
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    for folder in places(kind):
        shipped = folder / f"{name_or_path}.toml"
        if shipped.is_file():
            return shipped
    searched = ", ".join([str(path.absolute()), *(str(folder) for folder in places(kind))])
    raise InputError(
        f"no {KINDS[kind]} {str(name_or_path)!r}{nearest(name_or_path, names(kind))}; searched {searched}; "
        f"shipped: {', '.join(names(kind)) or 'none'}"
    )
