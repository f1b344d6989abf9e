"""``python -m avbaselines.predict RUN MEDIA_OR_TABLE...``: predictions of a shipped system for new clips."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from avbaselines.command import DONE, FAILED, exit_status
from avbaselines.corpora.tables import column_names
from avbaselines.errors import InputError
from avbaselines.experiment.bundles import bundle
from avbaselines.experiment.bundles.recordings import media_by_modality, recipe_of
from avbaselines.experiment.fitting.store import replacing
from avbaselines.extractors.extraction import cpu_count
from avbaselines.extractors.table import FeatureTable
from avbaselines.safe_text import as_cells, shown

DESCRIPTION = """\
Predict clips with a system of a finished run, from recordings (where recipes made its modalities) or feature tables.
A table's columns are matched by name. Modalities may be left out; a clip that has none gets the training mean.
Exit status: 0 done, 1 some recordings could not be read, 2 bad input, 130 interrupted."""
TABLES, FORMATS = (".csv", ".gz", ".arff", ".parquet", ".pq", ".npz"), (".csv", ".parquet")


def parser() -> argparse.ArgumentParser:
    """The command line of ``predict``.

    Examples
    --------
    >>> parser().parse_intermixed_args(["runs/quickstart", "--jobs", "2", "new.wav"]).inputs
    ['new.wav']
    """
    command = argparse.ArgumentParser(
        prog="python -m avbaselines.predict",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("run", metavar="RUN", help="folder of a finished run (or of its models)")
    command.add_argument("inputs", nargs="*", metavar="MEDIA_OR_TABLE", help="recordings, folders, feature tables")
    command.add_argument("--system", metavar="S", help="a system's name (default: the one the run hands over)")
    command.add_argument(
        "--modality",
        action="append",
        default=[],
        metavar="NAME=TABLE_OR_FOLDER",
        help="what one modality is read from; predictions of an outside system go by its name",
    )
    command.add_argument(
        "--recipe",
        action="append",
        default=[],
        metavar="NAME=RECIPE",
        help="how to make a modality that the run read from a table",
    )
    command.add_argument("--clips", metavar="TABLE", help="clip_id, and group, recording, time where they are needed")
    command.add_argument(
        "--out", default="predictions.csv", metavar="FILE", help="csv or parquet, default: %(default)s"
    )
    command.add_argument("--jobs", type=int, default=None, metavar="N", help="worker processes (default: all cores)")
    command.add_argument("--debug", action="store_true", help="show tracebacks")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 done, 1 some recordings could not be read, 2 bad input, 130 interrupted.

    Examples
    --------
    >>> main(["nowhere", "new.wav"])  # no finished run
    2
    """
    # A run, an option and then the media is how people write it; plain argparse would not take that.
    arguments = parser().parse_intermixed_args(argv)
    return exit_status(
        lambda: _predict(arguments), debug=arguments.debug, interrupted="what was extracted is in the cache"
    )


def _predict(arguments: argparse.Namespace) -> int:
    out = Path(arguments.out)
    if out.suffix.lower() not in FORMATS:
        raise InputError(f"--out {out}: unknown format {out.suffix!r}; use one of {', '.join(FORMATS)}")
    jobs = cpu_count() if arguments.jobs is None else arguments.jobs
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: give 1 or more")
    system = bundle.load(arguments.run, arguments.system)
    recipes = _pairs("--recipe", arguments.recipe)
    for name in recipes:
        if name not in system.modalities:
            raise InputError(f"--recipe {name}: no such modality; this system reads {', '.join(system.modalities)}")
    tables, media = _sorted(system, arguments, recipes)
    extracted: dict[str, FeatureTable] = system.extract(media, recipes=recipes, jobs=jobs) if media else {}
    given = {**tables, **extracted}
    result = system.predict(given, arguments.clips)
    _write(result, out)
    failed = _tell_extraction(system, extracted)
    absent = [name for name in [*system.modalities, *system.predictions] if name not in given]
    if absent:
        print(f"note: without {', '.join(absent)}", file=sys.stderr)
    empty = result.attrs["without_input"]
    if empty:
        print(
            f"note: {len(empty)} of {len(result)} clips have no input, such as {empty[0]}: training mean",
            file=sys.stderr,
        )
    names = ", ".join(target.name for target in system.targets)
    print(shown(f"{out}: {len(result)} clips, {names} by {system.name}"))
    return FAILED if failed else DONE


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not (separator and name and value):
            raise InputError(f"{option} {text!r}: expected NAME=VALUE")
        if name in pairs:
            raise InputError(f"{option} {name}: given twice")
        pairs[name] = value
    return pairs


def _sorted(
    system: bundle.Bundle, arguments: argparse.Namespace, recipes: Mapping[str, str]
) -> tuple[dict[str, Path], dict[str, list[Path]]]:
    """Tables by modality, and media by modality, of everything on the command line."""
    modalities = system.modalities.items()
    recipe_of_each = {name: recipe_of(name, modality, recipes.get(name)) for name, modality in modalities}
    ids = {"clip_id", *(modality.made.id for modality in system.modalities.values())}
    reads_csv = any(recipe is not None and ".csv" in recipe.suffixes for recipe in recipe_of_each.values())
    tables: dict[str, Path] = {}
    media: dict[str, list[Path]] = {}

    def is_table(path: Path) -> bool:
        if path.suffix.lower() not in TABLES or path.is_dir():
            return False
        # A face tool's csv is the table of one recording: it has frames and no clip ids.
        recording = path.suffix.lower() == ".csv" and reads_csv and path.is_file() and not ids & set(column_names(path))
        return not recording

    for name, value in _pairs("--modality", arguments.modality).items():
        path = Path(value)
        if is_table(path) or name in system.predictions:
            tables[name] = path
        else:
            media[name] = [path]
    loose = []
    for path in map(Path, arguments.inputs):
        if is_table(path):
            tables[_owner(system, path, tables)] = path
        else:
            loose.append(path)
    if loose:
        free = {name: recipe for name, recipe in recipe_of_each.items() if name not in tables and name not in media}
        media |= media_by_modality(free, loose)
    return tables, media


def _owner(system: bundle.Bundle, path: Path, tables: Mapping[str, Path]) -> str:
    """The modality that a table is of: the only one there is, else the one whose columns it has most of."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    free = [name for name in system.modalities if name not in tables]
    if len(system.modalities) == 1 and free:
        return free[0]
    if path.suffix.lower() == ".npz":
        from avbaselines.corpora.feature_tables import read_features

        columns = set(read_features(path, "table").columns)
    else:
        columns = set(column_names(path))
    shares = {name: len(columns & set(system.modalities[name].columns)) for name in free}
    best = max(shares, key=lambda name: shares[name], default=None)
    if best is None or not shares[best]:
        raise InputError(
            f"{path}: which of {', '.join(system.modalities)} this is cannot be told by its columns; "
            "say so by --modality NAME=TABLE"
        )
    return best


def _write(result: pd.DataFrame, out: Path) -> None:
    with replacing(out) as temporary:
        if out.suffix.lower() == ".csv":
            as_cells(result).to_csv(temporary)
        else:
            result.reset_index().to_parquet(temporary, index=False)


def _tell_extraction(system: bundle.Bundle, extracted: Mapping[str, FeatureTable]) -> int:
    """Say what became of the recordings; returns how many could not be read."""
    failed = 0
    for name, table in extracted.items():
        rows = table.status
        rows = rows.drop_duplicates("recording") if "recording" in rows else rows
        for clip, row in rows[rows["status"] != "ok"].iterrows():
            print(shown(f"{row['status']}: {name} of {clip}: {row['reason']}"), file=sys.stderr)
        failed += int((rows["status"] == "failed").sum())
        then = system.modalities[name].made.version
        if then is not None and table.info["version"] != then:
            print(shown(f"note: {name} was extracted with {then}, now with {table.info['version']}"), file=sys.stderr)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
