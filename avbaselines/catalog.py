"""Finding study and recipe files: by path, or by name in the package or beside it."""

from pathlib import Path

from avbaselines.errors import InputError
from avbaselines.schema import nearest

KINDS = {"studies": "study", "features": "recipe"}


def places(kind):
    """Folders searched for shipped files: inside the installed package, then beside it where setup.cfg stands.

    Parameters
    ----------
    kind : {"studies", "features"}
    """
    package = Path(__file__).resolve().parent
    folders = [package / kind]
    if (package.parent / "setup.cfg").is_file():
        folders.append(package.parent / kind)
    return [folder for folder in folders if folder.is_dir()]


def names(kind):
    """Names of all shipped files of a kind, sorted."""
    return sorted({path.stem for folder in places(kind) for path in folder.glob("*.toml")})


def find(kind, name_or_path):
    """Path of a study or recipe: an existing file, else a shipped one of that name.

    Raises
    ------
    InputError
        Naming the places searched and the nearest known name.
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
