"""What a source archive and a wheel of this package hold, and what they must.

python tests/helpers/package_contents.py DIST      looks at the archive and the wheel in a folder; `make package` does
"""

import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Of the wheel nothing else but the package and its metadata; of the archive what a build and a reader need.
ARCHIVE_FILES = ("README.md", "LICENSE", "setup.cfg", "setup.py", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md")


def expected_in_wheel() -> set[str]:
    """Paths of every module, study and recipe of the checkout, as a wheel holds them."""
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "avbaselines").rglob("*.py")}
    data = {path.relative_to(ROOT).as_posix() for path in (ROOT / "avbaselines" / "reports" / "templates").iterdir()}
    studies = {f"avbaselines/studies/{path.name}" for path in (ROOT / "studies").iterdir() if path.is_file()}
    recipes = {f"avbaselines/features/{path.name}" for path in (ROOT / "features").glob("*.toml")}
    return modules | data | studies | recipes


def wheel_problems(names: Iterable[str]) -> list[str]:
    """What a wheel lacks, and what does not belong into one."""
    found = {name for name in names if ".dist-info/" not in name}
    return [f"lacks {name}" for name in sorted(expected_in_wheel() - found)] + [
        f"holds {name}" for name in sorted(found - expected_in_wheel())
    ]


def archive_problems(names: Iterable[str]) -> list[str]:
    """What a source archive lacks; paths begin with the folder of the version."""
    found = {name.partition("/")[2] for name in names}
    moved = ("avbaselines/studies/", "avbaselines/features/")
    packaged = {name for name in expected_in_wheel() if not name.startswith(moved)}
    packaged |= {f"{folder}/{path.name}" for folder in ("studies", "features") for path in (ROOT / folder).glob("*.*")}
    return [f"lacks {name}" for name in sorted({*ARCHIVE_FILES, *packaged} - found)]


def main(folder: Path) -> int:
    """Print what is wrong, and the size of each file; 0 where nothing is."""
    [wheel], [archive] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as opened:
        problems = [f"{wheel.name} {problem}" for problem in wheel_problems(opened.namelist())]
        count = len(opened.namelist())
    with tarfile.open(archive) as opened:
        problems += [f"{archive.name} {problem}" for problem in archive_problems(opened.getnames())]
    print(*problems, sep="\n", end="\n" * bool(problems))
    for path in (wheel, archive):
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
    print(f"{count} files in the wheel")
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
