"""``python -m avbaselines.extract RECIPE MEDIA...``: a feature table from recordings."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avbaselines.command import DONE, FAILED, exit_status
from avbaselines.errors import InputError
from avbaselines.safe_text import shown

if TYPE_CHECKING:
    from rich.text import Text

    from avbaselines.extractors import FeatureTable
    from avbaselines.extractors.clip_progress import ClipState

Shown = tuple[Callable[[int, int, str], None] | None, str | None]
"""What tells the progress, and the folder in which workers tell how far they are with a clip; None for both."""

DESCRIPTION = """\
Make a feature table from recordings or from face tables. Folders are walked; a clip is called by its file's stem, by
its path below the folder where stems repeat. Rows are cached by what a file holds: a second call costs next to nothing.
Exit status: 0 done, 1 some recordings failed (rows of the table with their reason), 2 bad input, 130 interrupted."""


def parser() -> argparse.ArgumentParser:
    """The command line of ``extract``.

    Examples
    --------
    >>> parser().parse_args(["egemaps", "recordings", "--window", "4", "--hop", "1"]).window
    4.0
    """
    command = argparse.ArgumentParser(
        prog="avbaselines extract", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("recipe", nargs="?", metavar="RECIPE", help="name of a shipped recipe, or path of one")
    command.add_argument("media", nargs="*", metavar="MEDIA", help="folders and files")
    command.add_argument("--out", metavar="TABLE", help="parquet, csv or npz (default: RECIPE.parquet)")
    command.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all cores)")
    command.add_argument("--window", type=float, metavar="S", help="length of a window, seconds")
    command.add_argument("--hop", type=float, metavar="S", help="from one window's centre to the next, seconds")
    command.add_argument(
        "--max-failed", type=float, default=0.05, metavar="SHARE", help="stop above it (default: 0.05)"
    )
    command.add_argument(
        "--face-python", metavar="PATH", help="interpreter that has py-feat (default: $AVBASELINES_FACE_PYTHON)"
    )
    command.add_argument(
        "--face-device",
        metavar="NAME",
        help="where py-feat computes: cpu, cuda, mps or auto (default: $AVBASELINES_FACE_DEVICE, else cpu)",
    )
    command.add_argument("--fetch", action="store_true", help="fetch the weights that the recipe needs, and check them")
    command.add_argument("--no-cache", action="store_true", help="neither look into the cache nor fill it")
    command.add_argument("--list", action="store_true", help="list the recipes")
    command.add_argument("--cache-size", action="store_true", help="say what the cache holds")
    command.add_argument(
        "--prune", type=float, metavar="DAYS", help="remove what was not used for so many days (0: all)"
    )
    command.add_argument("--debug", action="store_true", help="show where an error came from")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 done, 1 some recordings failed, 2 bad input, 130 interrupted.

    Examples
    --------
    >>> main(["egemaps"])  # no recordings
    2
    """
    arguments = parser().parse_args(argv)
    return exit_status(
        lambda: _asked(arguments), debug=arguments.debug, interrupted="what was extracted is in the cache"
    )


def _asked(arguments: argparse.Namespace) -> int:
    if arguments.list:
        return _list()
    if arguments.cache_size or arguments.prune is not None:
        return _cache(arguments.prune)
    if arguments.fetch:
        return _fetch(arguments)
    return _extract(arguments)


def _fetch(arguments: argparse.Namespace) -> int:
    from avbaselines.extractors import load_recipe, pyfeat
    from avbaselines.extractors.recipe import FaceOptions

    if arguments.recipe is None:
        raise InputError("give a recipe: avbaselines extract RECIPE --fetch (--list shows the recipes)")
    recipe = load_recipe(arguments.recipe)
    if not recipe.needs_weights or not isinstance(recipe.options, FaceOptions):
        print(f"{recipe.name}: needs no weights")
        return DONE
    facts = pyfeat.fetch(recipe.options.detector, arguments.face_python)
    print(f"{facts.detector}: all weights are in {facts.folder}")
    return DONE


def _list() -> int:
    from avbaselines.catalog import names
    from avbaselines.extractors import load_recipe

    for name in names("features"):
        try:
            print(f"{name:28} {load_recipe(name).title}")
        except InputError as error:
            print(f"{name:28} broken: {error}")
    return DONE


def _cache(days: float | None) -> int:
    from avbaselines.extractors import FeatureCache

    cache = FeatureCache()
    if days is not None:
        if days < 0:
            raise InputError(f"--prune {days:g}: give a number of days, 0 or more")
        entries, size = cache.prune(days)
        print(f"removed {entries} entries, {size / 1e6:.1f} MB")
    report = cache.usage()
    for usage in report:
        print(f"{usage.bytes / 1e6:10.1f} MB {usage.entries:8} entries  {usage.name}")
    print(
        f"{sum(u.bytes for u in report) / 1e6:10.1f} MB {sum(u.entries for u in report):8} entries  in {cache.folder}"
    )
    return DONE


def _extract(arguments: argparse.Namespace) -> int:
    from avbaselines.extractors import extract, find_media, load_recipe
    from avbaselines.extractors.extraction import cpu_count
    from avbaselines.extractors.table import FORMATS

    if arguments.recipe is None or not arguments.media:
        raise InputError("give a recipe and recordings: avbaselines extract RECIPE MEDIA... (--list shows the recipes)")
    recipe = load_recipe(arguments.recipe)
    options = {name: value for name in ("window", "hop") if (value := getattr(arguments, name)) is not None}
    recipe = recipe.with_options(**options) if options else recipe
    jobs = cpu_count() if arguments.jobs is None else arguments.jobs
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: give 1 or more")
    if not 0 <= arguments.max_failed <= 1:
        raise InputError(f"--max-failed {arguments.max_failed:g}: give a share between 0 and 1")
    out = Path(arguments.out or f"{recipe.name}.parquet")
    if out.suffix.lower() not in FORMATS:
        raise InputError(f"--out {out}: unknown table format {out.suffix!r}; use one of {', '.join(FORMATS)}")
    media = find_media(arguments.media, recipe.suffixes)
    with _progress(recipe.name) as (progress, watch):
        table = extract(
            recipe,
            media,
            jobs=jobs,
            cache=False if arguments.no_cache else None,
            progress=progress,
            max_failed=arguments.max_failed,
            face_python=arguments.face_python,
            face_device=arguments.face_device,
            watch=watch,
        )
    table.save(out)
    return _report(table, media, out)


def _report(table: "FeatureTable", media: Mapping[str, Path], out: Path) -> int:
    """Say what became of the recordings; the exit status is 1 where some failed."""
    counts = table.status["status"].value_counts()
    for state in ("partial", "failed"):
        rows = table.status[table.status["status"] == state]
        rows = rows.drop_duplicates("recording") if "recording" in rows else rows
        for clip_id, reason in rows["reason"].items():
            print(shown(f"{state}: {clip_id}: {reason}"), file=sys.stderr)
    told = ", ".join(f"{counts[state]} {state}" for state in ("ok", "partial", "failed") if state in counts)
    print(f"{out}: {len(table.clip_id)} rows of {len(media)} recordings ({told}), {len(table.columns)} features")
    return FAILED if "failed" in counts else DONE


def _progress(title: str) -> AbstractContextManager[Shown]:
    """A context that shows bars on stderr, where somebody looks."""
    if not sys.stderr.isatty():
        return nullcontext((None, None))
    return _Bars(title)


class _Bars(AbstractContextManager[Shown]):
    """A bar for all recordings, and below it a line for each clip that a worker is at."""

    def __init__(self, title: str) -> None:
        from rich.console import Console, Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from avbaselines.extractors.clip_progress import running_clips

        columns = (
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
        )
        console = Console(stderr=True)
        self._bar = Progress(*columns, console=console, auto_refresh=False)
        self._folder = tempfile.TemporaryDirectory(prefix="avbaselines-")
        self._live = Live(
            get_renderable=lambda: Group(self._bar, *map(_clip_line, running_clips(self._folder.name))),
            console=console,
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self) -> Shown:
        self._live.start()
        task = self._bar.add_task("", total=None)

        def progress(done: int, total: int, clip_id: str) -> None:
            self._bar.update(task, completed=done, total=total, description=clip_id[-40:])

        return progress, self._folder.name

    def __exit__(self, *_: Any) -> None:
        self._live.stop()
        self._folder.cleanup()


def _clip_line(state: "ClipState") -> "Text":
    """How far a clip is, in words."""
    from rich.text import Text

    left = state.seconds_left
    frames = f"/{state.expected}" if state.expected else ""
    told = f"  {state.clip[-40:]}: {state.done}{frames} frames, {state.rate:.1f} a second"
    return Text(told if left is None else f"{told}, {timedelta(seconds=round(left))} left")


if __name__ == "__main__":
    raise SystemExit(main())
