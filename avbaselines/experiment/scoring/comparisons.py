"""Paired comparisons of rows over groups, and the weights of fusions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import Split
from avbaselines.evaluation.combined import COMBINED
from avbaselines.evaluation.comparison import holm
from avbaselines.experiment.fitting.fitted_run import FittedRun
from avbaselines.experiment.planning.system import BaseSystem, FusionSystem, System
from avbaselines.experiment.scoring.questions import TUNING, Margins, Question, is_mean, question_of
from avbaselines.experiment.scoring.scoreboard import Pair, Scoreboard, Scored

ALL_TUNED, ALL_DEFAULTS = "all tuned systems", "their defaults"
COLUMNS = (
    *("protocol", "system_a", "system_b", "target", "question", "difference", "ci_low", "ci_high"),
    *("p_value", "p_holm", "p_floor", "margin", "verdict", "transductive"),
)
"""Columns of comparisons.csv."""
WHICH = {(True, True): "both", (True, False): "a", (False, True): "b", (False, False): ""}


def fusion_weights(systems: Iterable[System], fitted_run: FittedRun, splits: Sequence[Split]) -> pd.DataFrame:
    """The weight of each input in each fusion, as the mean over splits.

    Returns
    -------
    pandas.DataFrame
        system, target, input, weight.

    Examples
    --------
    >>> list(fusion_weights([], fitted_run=None, splits=[]))
    ['system', 'target', 'input', 'weight']
    """
    weights: list[tuple[str, str, str, float]] = []
    for system in systems:
        for split in splits:
            key = fitted_run.keys.get((split.id, system.name))
            if not system.inputs or key is None:
                continue
            inputs = [name for name in system.inputs if (split.id, name) not in fitted_run.failures]
            for target, values in fitted_run.store.load(key).weights.items():
                each = np.asarray(values) if len(values) == len(inputs) else np.full(len(inputs), np.nan)
                weights += [(system.name, target, *pair) for pair in zip(inputs, each, strict=True)]
    columns = ["system", "target", "input", "weight"]
    return pd.DataFrame(weights, columns=columns).groupby(columns[:3], as_index=False, sort=False)["weight"].mean()


@dataclass(frozen=True)
class Comparing:
    """One comparison before it is corrected: of which rows, for which question, and its outcome.

    Attributes
    ----------
    pairs
        Terms of the difference, as `Scoreboard.paired` gives them.
    margin
        The difference that matters, in the unit of the difference.
    """

    question: Question
    a: str
    b: str
    target: str
    pairs: Sequence[Pair]
    margin: float

    def record(self, board: Scoreboard) -> dict[str, Any]:
        """The cells of comparisons.csv that it knows by itself."""
        result = board.compare(self.pairs)
        names = ("difference", "ci_low", "ci_high", "p_value", "p_floor")
        return {
            "system_a": self.a,
            "system_b": self.b,
            "target": self.target,
            "question": self.question.text,
            **{name: getattr(result, name) for name in names},
            "margin": self.margin,
            "verdict": result.verdict(self.margin).value,
        }


def comparisons(
    board: Scoreboard,
    rows: Iterable[Scored],
    picked: str | None,
    protocol: str,
    further: Sequence[tuple[str, str]] = (),
    margin: float | None = None,
) -> pd.DataFrame:
    """Paired tests over groups: the picked row against every other, and every fusion against every mean of predictions.

    Parameters
    ----------
    board
    rows
    picked
        Name of the row that is handed over.
    protocol
    further
        More pairs of rows.
    margin
        The difference that matters, in the unit of the differences; by default that of `default_margin`.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`: ``p_holm`` is corrected for the comparisons of its question; of the mean over targets of the study's
        metrics, or its combined score, and of joint decoding against means also of each target; positive = a is
        better. ``transductive`` names those of the two (a, b, both) that read unlabelled clips of evaluated groups.
        Tuned systems stand against their defaults, one by one and (`ALL_TUNED` against `ALL_DEFAULTS`) on average.

    Examples
    --------
    >>> from avbaselines.corpora.corpus import Corpus, Target
    >>> nobody, people, truth = np.array([], dtype=int), np.repeat(["s1", "s2", "s3"], 2), np.arange(6.0)
    >>> splits = [Split("test", nobody, nobody, np.arange(6))]
    >>> corpus = Corpus(people, people, [Target("arousal", "mae")], {"arousal": truth}, splits, once=True)
    >>> systems = [BaseSystem(name=name, learner="ridge") for name in ("close", "far")]
    >>> rows = [
    ...     Scored(system.rows[0], system, {"test": {"arousal": (truth + error)[:, None]}}, {})
    ...     for system, error in zip(systems, (0.1, 1.0))
    ... ]
    >>> table = comparisons(Scoreboard(corpus, splits), rows, "close", "honest")
    >>> table[["question", "difference", "verdict"]].round(3).to_dict("records")
    [{'question': 'picked against the others', 'difference': 0.9, 'verdict': 'better'}]
    """
    by_name = {row.name: row for row in rows if not row.failed}
    margins = Margins.of(board, margin)
    overall = COMBINED if board.corpus.combined else "mean"
    asked = []
    for a, b in dict.fromkeys([*_pairs(by_name, picked), *further]):
        question, one, other = question_of(by_name[a], by_name[b], picked), by_name[a], by_name[b]
        asked.append(Comparing(question, a, b, overall, board.paired_overall(one, other), margins.overall))
        # What joint decoding does to each target is the question it is there to answer.
        if _decodes_jointly(one) and a != picked:
            asked += [
                Comparing(question, a, b, target.name, board.paired(one, other, target), margins.of_target[target.name])
                for target in board.corpus.targets
            ]
    asked += _tuning_gains(board, by_name, overall, margins)
    reading = {name for name, row in by_name.items() if row.system.transductive}
    records = [
        {"protocol": protocol, **one.record(board), "transductive": WHICH[one.a in reading, one.b in reading]}
        for one in asked
    ]
    table = pd.DataFrame(records, columns=list(COLUMNS))
    p_holm = table.groupby("question", sort=False)["p_value"].transform(lambda p: holm(p.to_numpy(float)))
    return table.assign(p_holm=p_holm.astype(float))


def _pairs(by_name: dict[str, Scored], picked: str | None) -> Iterator[tuple[str, str]]:
    yield from ((picked, name) for name in by_name if picked and name != picked)
    means = [name for name, row in by_name.items() if is_mean(row)]
    fusions = [row for name, row in by_name.items() if row.system.stage and name not in means]
    yield from ((row.name, mean) for row in fusions for mean in means if not row.is_twin and row.name != picked)


def _decodes_jointly(row: Scored) -> bool:
    return isinstance(row.system, FusionSystem) and row.system.decodes_jointly


def _tuning_gains(
    board: Scoreboard, by_name: dict[str, Scored], overall: str, margins: Margins
) -> list[Comparing]:
    """Every tuned system against its defaults, and the mean over all of these pairs."""
    pairs = [
        (row.name, row.system.defaults, board.paired_overall(row, by_name[row.system.defaults]))
        for row in by_name.values()
        if isinstance(row.system, BaseSystem) and row.system.defaults in by_name and not row.is_twin
    ]
    if len(pairs) > 1:
        pairs.append((ALL_TUNED, ALL_DEFAULTS, [part for *_, pair in pairs for part in pair]))
    return [Comparing(TUNING, a, b, overall, pair, margins.overall) for a, b, pair in pairs]


def tuning_words(tests: pd.DataFrame) -> list[str]:
    """A sentence a protocol on what tuning gained on the evaluated clips; none where nothing was tuned.

    Examples
    --------
    >>> row = {"system_a": ALL_TUNED, "protocol": "honest", "difference": 0.02, "ci_low": -0.01, "ci_high": 0.05}
    >>> tuning_words(pd.DataFrame([row]))[0][:63]
    'Tuning changed the score of its systems by +0.020 [-0.010, 0.05'
    """
    return [
        f"Tuning changed the score of its systems by {row.difference:+.3f} [{row.ci_low:.3f}, {row.ci_high:.3f}] on "
        f"average against their defaults (paired, over groups; protocol {row.protocol})."
        for row in tests.itertuples()
        if row.system_a == ALL_TUNED
    ]
