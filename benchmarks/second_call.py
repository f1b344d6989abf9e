"""What a second call of a study costs: seconds and CPU seconds of both calls, and whether they wrote the same tables.

    python benchmarks/second_call.py quickstart
    python benchmarks/second_call.py multistage-fusion --data DIR -- --protocol both --jobs 1

What follows ``--`` goes to both calls. With ``--out`` the first call goes on from what the folder holds. Exit status 1
where the second call computes anything or writes other tables.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare_runs import compare


def timed(command: list[str]) -> tuple[float, float, str]:
    """Seconds, CPU seconds of all processes, and the last line on stderr of a command.

    Examples
    --------
    >>> seconds, cpu, last = timed([sys.executable, "-c", "import sys; print('done', file=sys.stderr)"])
    >>> last
    'done'
    """
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr[-2000:]}")
    return seconds, cpu, done.stderr.strip().splitlines()[-1]


def copied(folder: Path, into: Path) -> Path:
    """The tables of a run folder, kept for the comparison."""
    into.mkdir()
    for path in folder.iterdir():
        if path.is_file():
            (into / path.name).write_bytes(path.read_bytes())
    return into


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--data", metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder (default: a temporary one)")
    own, further = sys.argv[1:], []
    if "--" in own:
        own, further = own[: own.index("--")], own[own.index("--") + 1 :]
    options = parser.parse_args(own)
    with tempfile.TemporaryDirectory() as temporary:
        out = options.out or Path(temporary) / "run"
        command = [sys.executable, "-m", "avbaselines.run", options.study, "--out", str(out), *further]
        command += ["--data", options.data] if options.data else []
        first = timed(command)
        before = copied(out, Path(temporary) / "first")
        second = timed(command)
        differences = {name: text for name, text in compare(before, out).items() if text}
        size = (out / "predictions.parquet").stat().st_size / 2**20, (out / "report.html").stat().st_size / 2**20
    print("| study | call | seconds | CPU seconds | what it says |\n| --- | --- | ---: | ---: | --- |")
    for name, (seconds, cpu, last) in (("first", first), ("second", second)):
        print(f"| {options.study} | {name} | {seconds:.1f} | {cpu:.1f} | {last.partition(';')[0]} |")
    print(f"\n{options.study}: predictions.parquet {size[0]:.1f} MiB, report.html {size[1]:.2f} MiB; the second call "
          f"takes {second[1] / first[1]:.3f} of the first one's CPU time.")  # fmt: skip
    for name, text in differences.items():
        print(f"{name}: {text}")
    return int(bool(differences) or "nothing computed anew" not in second[2])


if __name__ == "__main__":
    sys.exit(main())
