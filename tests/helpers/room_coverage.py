"""Coverage of each room with branches, held to the least that setup.cfg names for it.

python tests/helpers/room_coverage.py      after a run of pytest with --cov; exit status 1 where a room falls short
"""

import configparser
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import coverage

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "avbaselines"
COUNTS = ("num_statements", "covered_lines", "num_branches", "covered_branches")


def least(setup: Path = ROOT / "setup.cfg") -> dict[str, float]:
    """Percent that each folder of the package has to reach, as setup.cfg says under ``[room-coverage]``."""
    parser = configparser.ConfigParser()
    parser.read(setup, "utf-8")
    return {room: float(percent) for room, percent in parser["room-coverage"].items()}


def by_room(files: Mapping[str, Mapping], rooms: Mapping[str, float]) -> dict[str, float]:
    """Percent of statements and branches that ran, by room.

    Parameters
    ----------
    files : mapping
        ``files`` of coverage's JSON report: path below the repository to a mapping with a ``summary``.
    rooms : mapping
        Folders below ``avbaselines/``; one without any file counts as not covered at all.
    """
    shares = {}
    for room in rooms:
        summaries = [file["summary"] for path, file in files.items() if path.startswith(f"avbaselines/{room}/")]
        statements, lines, branches, taken = (sum(summary[name] for summary in summaries) for name in COUNTS)
        shares[room] = 100 * (lines + taken) / (statements + branches) if statements else 0.0
    return shares


def main() -> int:
    """Print a line a room; 1 where one falls short."""
    measured, report = coverage.Coverage(config_file=str(ROOT / "setup.cfg")), io.StringIO()
    measured.load()
    sys.stdout, shown = report, sys.stdout
    try:
        measured.json_report(outfile="-")
    finally:
        sys.stdout = shown
    rooms = least()
    shares = by_room(json.loads(report.getvalue())["files"], rooms)
    for room, share in shares.items():
        print(f"{share:6.1f} % of {room}" + (f", less than {rooms[room]:g} %" if share < rooms[room] else ""))
    return int(any(share < rooms[room] for room, share in shares.items()))


if __name__ == "__main__":
    raise SystemExit(main())
