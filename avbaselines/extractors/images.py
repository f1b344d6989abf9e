"""Images by their names: single ones, and folders that hold the frames of one clip."""

import os
import re
from pathlib import Path

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def is_image(path: str | os.PathLike) -> bool:
    """Whether a name ends like an image's.

    Examples
    --------
    >>> is_image("face.JPG"), is_image("face.mp4")
    (True, False)
    """
    return os.path.splitext(path)[1].lower() in IMAGE_SUFFIXES


def image_sequence(folder: str | os.PathLike) -> list[Path]:
    """Images of a folder that are one clip: two or more, called alike but for a number, and nothing else beside them.

    Returns
    -------
    list of Path
        In the order of the numbers; empty where the folder is no such sequence.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("f2.jpg", "f10.jpg", "f1.jpg"):
    ...     (folder / name).touch()
    >>> [path.name for path in image_sequence(folder)]
    ['f1.jpg', 'f2.jpg', 'f10.jpg']
    """
    names = [name for name in os.listdir(folder) if not name.startswith(".")]
    if len(names) < 2 or not all(map(is_image, names)):
        return []
    numbered = [stem for name in names if (stem := re.fullmatch(r"(.*?)(\d+)(\D*)", name))]
    if len(numbered) < len(names) or len({(stem[1], stem[3].lower()) for stem in numbered}) > 1:
        return []
    return [Path(folder, stem[0]) for stem in sorted(numbered, key=lambda stem: int(stem[2]))]
