"""How systems do where evaluated clips lack modalities: hidden one by one, and at random by clip and by group."""

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import SplitId
from avbaselines.errors import InputError
from avbaselines.evaluation.comparison import compare_means
from avbaselines.evaluation.intervals import interval_of_mean, mean_value
from avbaselines.experiment.planning.missing_patterns import masks, sources
from avbaselines.experiment.planning.reserved_names import PICKED
from avbaselines.experiment.planning.system import BaseSystem, ExternalSystem, FusionSystem, PickedSystem
from avbaselines.experiment.scoring.scoreboard import Predicted
from avbaselines.experiment.scoring.selection_score import oof_score
from avbaselines.reports.masking import draw, render_markdown, render_terminal
from avbaselines.schema import nearest

LEFT = "best on what is left"
COLUMNS = [
    *("condition", "by", "share", "system", "picked", "target", "metric", "value", "ci_low", "ci_high"),
    *("best_left", "difference", "difference_low", "difference_high", "below"),
]


@dataclass
class Masking:
    """What a study's ``[masking]`` adds to a run.

    Attributes
    ----------
    table : pandas.DataFrame
        masking.csv: a row a condition, system and target (``mean`` included); ``best_left`` is the score of the best
        single systems on what is left, ``difference`` how much better the system is (errors count reversed) with its
        paired interval, ``below`` whether it is worse by more than that.
    notes : list of str
    """

    table: pd.DataFrame
    notes: list = field(default_factory=list)

    @property
    def drawings(self):
        """Figures for the report."""
        return draw(self.table, LEFT)

    @property
    def markdown(self):
        """masking.md."""
        return render_markdown(self.table, self.notes)

    @property
    def terminal(self):
        """For ``rich.console.Console.print``."""
        return render_terminal(self.table, self.notes)


def masking(run, fitted_run, board, rows, picked):
    """Score systems under every condition, from predictions that the fits left for every set of sources.

    Parameters
    ----------
    run : ProtocolRun
    fitted_run : FittedRun
    board : Scoreboard
    rows : list of Scored
        The picked one included.
    picked : str or None

    Returns
    -------
    Masking or None
        None where the study has no ``[masking]``, or its protocol scores what it was fitted to.
    """
    options = run.study.masking
    if options is None or run.resubstitution:
        return None
    kept = {"": (), **masks(run.study)}
    ours = {row.name: row for row in rows if not (row.failed or row.is_twin or isinstance(row.system, PickedSystem))}
    chosen = _shown(options, run, board, ours, rows, picked)
    finished = {
        (split.name, name): fitted_run.finished(split.id, row.system)
        for split in board.splits
        for name, row in ours.items()
    }
    # Every set of sources is predicted once; a condition puts clips together from these.
    used = {name for of in chosen.values() for name in of.values()}
    by_mask = {
        (split, name, mask): _under(item, mask, ours[name].system, fitted_run.tasks[SplitId(split)])
        for (split, name), item in finished.items()
        for mask in (kept if name in used else ())
    }
    left = {mask: _best_left(board, ours, finished, hidden) for mask, hidden in kept.items()}
    found = []
    for condition, by, share, masks_of in _conditions(run, options, kept):
        best = _row(LEFT, board.splits, lambda split, mask: left[mask][split], masks_of)
        scored = [
            _row(
                name,
                board.splits,
                lambda split, mask, of=of: by_mask[split, of[split], mask],
                masks_of,
            )
            for name, of in chosen.items()
        ]
        for row in [*scored, best]:
            for target, metric, *values in _scores(board, row, best):
                is_picked = "yes" if row.name == picked else ""
                found.append([condition, by, share, row.name, is_picked, target, metric, *values])
    parts = ", ".join(f"{name} ({', '.join(names)})" for name, names in sources(run.study).items())
    notes = [
        f"Hidden together: {parts}. Training is as it was; all evaluated clips are scored in every row, those left "
        "without anything by the training mean.",
        f"{LEFT}: for each clip and target the single system of the best out-of-fold score among those that read "
        "nothing hidden. Differences from it have paired 95 % intervals over groups.",
    ]
    return Masking(pd.DataFrame(found, columns=COLUMNS), notes)


def _shown(options, run, board, ours, rows, picked):
    """Systems to show: by name, in each split the row whose predictions are meant; the picked one first."""
    names = [split.name for split in board.splits]
    if options.systems:
        wanted = []
        for pattern in options.systems:
            match = [name for name in ours if fnmatchcase(name, pattern)]
            if not match:
                raise InputError(
                    f"masking.systems: no system {pattern!r}{nearest(pattern, ours)}; known: {', '.join(ours)}"
                )
            wanted += [name for name in match if name not in wanted]
    else:
        fusions = [row for row in ours.values() if isinstance(row.system, FusionSystem)]
        wanted = [row.name for row in fusions if not row.system.transductive]
        for parts in sources(run.study).values():
            single = [row for row in ours.values() if _single(row) and set(row.system.modalities) <= set(parts)]
            if single:
                scores = [np.mean([oof_score(run.corpus, s, row.oof[s.name]) for s in board.splits]) for row in single]
                wanted.append(single[int(np.argmax(scores))].name)
    shown = {name: dict.fromkeys(names, name) for name in wanted}
    if picked in ours:
        return {picked: dict.fromkeys(names, picked)} | shown
    row = next((row for row in rows if isinstance(row.system, PickedSystem)), None)
    if row is not None:
        # The picked row holds in each split the very predictions of the system picked there.
        of = {split: next(n for n, r in ours.items() if r.test.get(split) is row.test[split]) for split in names}
        return {PICKED: of} | shown
    return shown


def _single(row):
    return isinstance(row.system, BaseSystem | ExternalSystem) and not row.system.transductive


def _under(finished, mask, system, task):
    """Finished predictions of a system in a split under a mask, gaps filled as they are in every score."""
    if not mask:
        return finished.filled(finished.test)
    if isinstance(system, ExternalSystem):
        gone = system.source in task.masks[mask]
        return finished.filled({name: test * np.nan if gone else test for name, test in finished.test.items()})
    values = {}
    for name, raw in finished.raw.under(mask).test.items():
        factor, offset = finished.matching.get(name, (1.0, 0.0))
        values[name] = offset + factor * raw
    return finished.filled(values)


def _best_left(board, ours, finished, hidden):
    """By split and target, for each clip the prediction of the best system that reads nothing hidden and has one."""
    able = [row for row in ours.values() if _single(row) and not set(row.system.modalities) & set(hidden)]
    found = {}
    for split in board.splits:
        fitted = [finished[split.name, row.name] for row in able]
        found[split.name] = {}
        for target in board.corpus.targets:
            scores = [_target_score(board.corpus, split, target, row.oof[split.name][target.name]) for row in able]
            values = np.full((len(split.test), target.width), np.nan)
            for number in np.argsort(-np.array(scores), kind="stable"):
                values = np.where(np.isnan(values), fitted[number].test[target.name], values)
            gaps = finished[split.name, next(iter(ours))].fallback[target.name]
            found[split.name][target.name] = np.where(np.isnan(values), gaps, values)
    return found


def _target_score(corpus, split, target, oof):
    return oof_score(replace(corpus, targets=[target]), split, {target.name: oof})


def _conditions(run, options, kept):
    """Name, unit, share and, per clip of the corpus, the mask: nothing hidden, one source alone, random shares."""
    corpus = run.corpus
    n, parts = len(corpus.ids), sources(run.study)
    whole = np.full(n, "", dtype=object)
    yield "all", "", 0.0, whole
    for mask in kept:
        if mask:
            yield f"only {mask}", "", np.nan, np.full(n, mask, dtype=object)
    has = {name: np.zeros(n, bool) for name in parts}
    for source, names in parts.items():
        for name in names:
            modality = corpus.modalities.get(name)
            has[source] |= True if modality is None else modality.present
    names = [mask for mask in kept if mask]
    keeps = np.column_stack([np.any([has[part] for part in mask.split("+")], axis=0) for mask in names])
    for by in options.by:
        _, codes = (None, np.arange(n)) if by == "clip" else np.unique(corpus.groups, return_inverse=True)
        rng = np.random.default_rng([run.study.seed, by == "group"])
        # One draw for all shares: a greater share hides what a smaller one did, and more.
        rank = rng.permutation(codes.max() + 1)
        drawn = rng.integers(len(names), size=codes.max() + 1)[codes]
        for share in options.shares:
            lose = (rank < round(share * (codes.max() + 1)))[codes] & keeps[np.arange(n), drawn]
            yield f"{share:.0%} by {by}", by, share, np.where(lose, np.array(names, dtype=object)[drawn], "")


def _row(name, splits, predictions, masks_of):
    """One system's predictions, clip by clip under the clip's own mask."""
    test = {}
    for split in splits:
        own = masks_of[split.test]
        whole = {}
        for mask in np.unique(own.astype(str)):
            for target, values in predictions(split.name, str(mask)).items():
                filled = whole.setdefault(target, np.full_like(values, np.nan))
                filled[own == mask] = values[own == mask]
        test[split.name] = whole
    return Predicted(name, test)


def _scores(board, row, best):
    """Per target and for their mean: metric, value, interval, and the paired difference from the best left."""
    every = list(board.corpus.targets)
    for targets in [*([target] for target in every), *([every] if len(every) > 1 else [])]:
        ours, theirs = ([part for target in targets for part in board.parts(one, target)] for one in (row, best))
        paired = [pair for target in targets for pair in board.paired(row, best, target)]
        result = compare_means(paired, n_permutations=1)
        low, high = interval_of_mean(ours)
        name = targets[0].name if len(targets) == 1 else "mean"
        below = bool(result.ci_high < 0)
        values = [mean_value(ours), low, high, mean_value(theirs)]
        metrics = {target.metric for target in targets}
        metric = metrics.pop() if len(metrics) == 1 else "mixed"
        yield name, metric, *values, result.difference, result.ci_low, result.ci_high, below
