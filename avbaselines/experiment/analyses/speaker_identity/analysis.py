"""The sum of a study's identity check: rows of results, a table of its own, a trade-off figure and honest notes."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from avbaselines.corpora.corpus import SplitId
from avbaselines.corpora.text_form import as_text
from avbaselines.errors import InputError
from avbaselines.evaluation.comparison import compare_means
from avbaselines.evaluation.intervals import interval_of_mean, mean_value
from avbaselines.experiment.analyses.speaker_identity.erasures import (
    RAW,
    TRANSDUCTIVE,
    fitted_at,
    measure,
    pairs,
)
from avbaselines.experiment.analyses.speaker_identity.prediction_probes import probe_predictions
from avbaselines.experiment.analyses.speaker_identity.probes import pool_probes, relative_drop
from avbaselines.experiment.analyses.speaker_identity.verification import equal_error
from avbaselines.experiment.fitting.postprocess import finish
from avbaselines.experiment.loading.corpus import read_release
from avbaselines.experiment.planning.learners import learner_name
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.experiment.protocol_run import People
from avbaselines.experiment.scoring.result_rows import score_rows
from avbaselines.experiment.scoring.scoreboard import TRANSDUCTIVE as TRANSDUCTIVE_REMARK
from avbaselines.experiment.scoring.scoreboard import Scored
from avbaselines.reports.identity import render_identity, render_identity_markdown, trade_off
from avbaselines.results_table import Remark, RemarkKind, ResultRow, joined
from avbaselines.schema import nearest
from avbaselines.systems import SPEAKER, Identity

COLUMNS = [
    *("system", "probed", "modalities", "erasure", "strength", "speakers", "metric", "value", "ci_low", "ci_high"),
    *("n_clips", "n_speakers", "note"),
]
NOTES = (
    "Identity is chance-corrected accuracy of telling the speaker: 0 = guessing, 1 = every clip told.",
    "Seen speakers are those an erasure was fitted on, told by the very clips it was fitted on; unseen ones are those "
    "of the evaluated split, told from one another. EER (.5 = guessing) is of unseen speakers.",
    "Below chance (EER above .5) is an artefact, not less than no identity: statistics of a speaker shared by both "
    "sides of the probe turn what it learns on one side round on the other.",
    "The learner on erased features keeps what it chose without erasure; strengths are tuned on out-of-fold scores of "
    "training speakers.",
)


PREDICTIONS_PROBED = (Remark(RemarkKind.PROBE, "probed on its predictions for unseen speakers"),)


@dataclass
class Leakage:
    """What an identity check adds to a run.

    Attributes
    ----------
    results : list of dict
        Rows of results.csv.
    table : pandas.DataFrame
        identity.csv: a row a figure.
    notes : list of str
    drawings : list of Drawing
    metric : str
        The study's metric, for column heads.
    max_loss : float
        What an erasure was allowed to cost.
    computed : int
        Pieces of work that were not there before.
    failed : bool
    """

    results: list = field(default_factory=list)
    table: pd.DataFrame = None
    notes: list = field(default_factory=list)
    drawings: list = field(default_factory=list)
    metric: str = ""
    max_loss: float = 0.0
    computed: int = 0
    failed: bool = False

    @property
    def markdown(self):
        """identity.md."""
        return render_identity_markdown(self.table, self.metric, self.notes, self.max_loss)

    @property
    def terminal(self):
        """For ``rich.console.Console.print``."""
        return render_identity(self.table, self.metric, self.notes, self.max_loss)


def people(study, study_path, data, corpus):
    """Who speaks in each clip of a corpus, and what.

    Parameters
    ----------
    study : Study
    study_path, data : Path
        As for :func:`avbaselines.experiment.loading.corpus.load_corpus`.
    corpus : Corpus

    Returns
    -------
    People
        By default speakers are the groups and contents the recordings, where there are any.
    """
    options = study.identity or Identity()
    if SPEAKER in study.targets:
        raise InputError(f"targets.{SPEAKER}: identity rows go by this name; give the target another (and its column)")
    columns = {}
    if options.speaker or options.content:
        clips = read_release(study, study_path, data).clips
        for key, column in (("speaker", options.speaker), ("content", options.content)):
            if not column:
                continue
            if column not in clips.columns:
                where = f"{study_path.name}: identity.{key}"
                raise InputError(f"{where}: no column {column!r} in the clips{nearest(column, clips.columns)}")
            values = as_text(clips[column].loc[corpus.ids])
            if values.isna().any():
                raise InputError(f"identity.{key}: clip {values.index[values.isna()][0]!r} has no {column}")
            columns[key] = np.asarray(values.tolist(), dtype=str)
    content = columns.get("content", corpus.recordings)
    what = options.content or ("recording" if content is not None else "")
    return People(columns.get("speaker", corpus.groups), content, what)


def leakage(run, fitted_run, board, rows, picked, *, jobs=1, force=False, progress=None):
    """Measure identity in a study's representations (where it has ``[identity]``) and in its systems' predictions.

    Parameters
    ----------
    run : ProtocolRun
        With ``people``.
    fitted_run : FittedRun
    board : Scoreboard
    rows : list of Scored
        The leaderboard's rows; unmatched twins are left out.
    picked : str or None
    jobs, force, progress
        As for :func:`avbaselines.experiment.analyses.speaker_identity.erasures.measure`.

    Returns
    -------
    Leakage
    """
    options = run.study.identity or Identity()
    targets = run.corpus.targets
    found = Leakage(metric=targets[0].metric if len({t.metric for t in targets}) == 1 else "score")
    found.max_loss = options.max_loss
    found.notes = list(NOTES) if run.study.identity else list(NOTES[:1])
    said = f"Probes learn on other values of '{run.people.what}' than they tell." if run.people.what else (
        "Nothing tells contents apart, so a speaker's clips were dealt at random: one recording's sound may be on both "
        "sides of a probe, and pass for its speaker."
    )  # fmt: skip
    found.notes.append(said)
    table, erased = [], []
    if run.study.identity:
        measured, found.computed = measure(
            run, fitted_run, run.people, jobs=jobs, force=force, progress=progress
        )  # fmt: skip
        erased, table = _representations(run, fitted_run, board, measured)
        found.results += score_rows(board, erased, picked, run.protocol)
        found.failed = any(row.failed for row in erased)
    shown = [row for row in rows if not row.is_twin] + erased
    probed, computed = probe_predictions(
        run, shown, run.people, fitted_run.store, options.probes, jobs=jobs, force=force
    )  # fmt: skip
    found.computed += computed
    table += _predictions(shown, probed, board, found.notes)
    for figure in run.study.reported:
        if figure.target == SPEAKER:
            remarks = tuple(Remark(RemarkKind.SOURCE, text) for text in (figure.source, figure.note) if text)
            table.append({"system": figure.system, "probed": "reported", "metric": figure.metric,
                          "value": figure.value, "remarks": remarks})  # fmt: skip
    found.table = pd.DataFrame([one | {"note": joined(one["remarks"])} for one in table], columns=COLUMNS)
    found.results += _results(table, run.protocol)
    found.drawings = trade_off(found.table, found.metric)
    return found


def _representations(run, fitted_run, board, measured):
    """Systems on erased features as leaderboard rows, and rows of the identity table."""
    learner, splits = learner_name(run.study.identity.learner), run.corpus.splits
    erased, table = [], []
    for modalities in dict.fromkeys(place[0] for place in measured):
        name = "+".join(modalities)
        raw = {split.name: measured[modalities, RAW, split.name] for split in splits}
        plain = None
        for erasure in (RAW, *run.study.identity.erasures):
            here = {split.name: measured[modalities, erasure, split.name] for split in splits}
            represented = name if erasure == RAW else f"{name}+{erasure}"
            system = BaseSystem(name=f"{learner}-{represented}", modalities=modalities, learner=learner)
            failed = {split: one.failed for split, one in here.items() if one.failed}
            tuned = {split: one.strength for split, one in here.items()}
            remarks = _remarks(erasure, tuned.values())
            row = _scored(run, fitted_run, system, here, tuned, remarks, failed)
            if erasure == RAW:
                plain = row
            else:
                erased.append(row)
            if failed or plain.failed:
                continue
            base = {"system": represented, "probed": "features", "modalities": name, "erasure": erasure,
                    "remarks": remarks}  # fmt: skip
            base["strength"] = "tuned"
            table += _identity_rows(base, here, raw, run, fitted_run.store)
            table.append(base | {"metric": "emotion"} | _emotion(board, row))
            if erasure != RAW:
                table.append(base | {"metric": "emotion_loss"} | _loss(board, plain, row))
            for strength in _strengths(here):
                at = base | {"strength": f"{strength:g}"}
                one = _scored(run, fitted_run, system, here, dict.fromkeys(here, strength), remarks, {})
                table.append(at | {"metric": "emotion"} | _emotion(board, one))
                for speakers in ("seen", "unseen"):
                    parts = [one.part(speakers, "linear", strength) for one in here.values()]
                    if all(parts):
                        table.append(at | {"speakers": speakers, "metric": "identity_linear"} | _pooled(parts))
    return erased, table


def _remarks(erasure, strengths):
    if erasure == RAW:
        return (Remark(RemarkKind.ERASURE, "features as they are"),)
    low, high = min(strengths), max(strengths)
    tuned = f"strength {high:g}" if low == high else f"strength {low:g} to {high:g}"
    erased = Remark(RemarkKind.ERASURE, f"speakers erased by {erasure}, {tuned}")
    return (erased, TRANSDUCTIVE_REMARK) if erasure in TRANSDUCTIVE else (erased,)


def _scored(run, fitted_run, system, here, strengths, remarks, failed):
    """Predictions from a representation as the leaderboard's rows are scored."""
    row = Scored(system.rows[0], system, {}, {}, sum(one.seconds for one in here.values()), remarks, failed)
    for split, one in here.items():
        if failed:
            break
        finished = finish(fitted_at(fitted_run.store, one.key, strengths[split]), fitted_run.tasks[SplitId(split)])
        row.test[split], row.oof[split] = finished.filled(finished.test), finished.filled(finished.oof)
    return row


def _strengths(here):
    """Strengths at which every split was measured."""
    known = [{float(key.rpartition("/")[2]) for key in one.probes} for one in here.values()]
    return sorted(set.intersection(*known))


def _identity_rows(base, here, raw, run, store):
    """Identity at the tuned strength of each split: what is left, and how much of it is gone."""
    rows = []
    for speakers in ("seen", "unseen"):
        for kind in run.study.identity.probes:
            parts = [one.part(speakers, kind, one.strength) for one in here.values()]
            before = [one.part(speakers, kind, 0.0) for one in raw.values()]
            at = base | {"speakers": speakers}
            rows.append(at | {"metric": f"identity_{kind}"} | _pooled(parts))
            if base["erasure"] != RAW:
                metric = "disentanglement" if kind == "linear" else f"disentanglement_{kind}"
                drop = dict(zip(("value", "ci_low", "ci_high"), relative_drop(before, parts), strict=True))
                rows.append(at | {"metric": metric, "n_speakers": len(np.unique(np.concatenate([p[0] for p in parts])))}
                            | drop)  # fmt: skip
    compared = equal_error([pairs(store, one.key) for one in here.values()])
    rows.append(
        base | {"speakers": "unseen", "metric": "eer", "value": compared.eer, "ci_low": compared.ci_low,
                "ci_high": compared.ci_high, "n_clips": compared.n_clips, "n_speakers": compared.n_speakers}
    )  # fmt: skip
    return rows


def _pooled(parts):
    one = pool_probes(parts)
    return {"value": one.corrected, "ci_low": one.ci_low, "ci_high": one.ci_high, "n_clips": one.n_clips,
            "n_speakers": one.n_speakers}  # fmt: skip


def _emotion(board, row):
    """The study's own metric, mean over targets."""
    parts = [part for target in board.corpus.targets for part in board.parts(row, target, target.metric)]
    low, high = interval_of_mean(parts)
    return {"value": mean_value(parts), "ci_low": low, "ci_high": high}


def _loss(board, plain, row):
    """What the erasure costs of it, compared on the same speakers; negative where erasure helps."""
    loss = compare_means(board.paired_mean(plain, row))
    return {"value": loss.difference, "ci_low": loss.ci_low, "ci_high": loss.ci_high}


def _predictions(rows, probed, board, notes):
    table, reasons = [], {}
    for row in rows:
        parts = probed.get(row.name)
        if isinstance(parts, str):
            reasons.setdefault(parts, []).append(row.name)
        if not isinstance(parts, dict):
            continue
        base = {"system": row.name, "probed": "predictions", "modalities": "+".join(row.system.modalities),
                "strength": "tuned", "remarks": PREDICTIONS_PROBED}  # fmt: skip
        for kind, pieces in parts.items():
            table.append(base | {"speakers": "unseen", "metric": f"identity_{kind}"} | _pooled(pieces))
        table.append(base | {"metric": "emotion"} | _emotion(board, row))
    notes += [f"Not probed: {', '.join(names)} ({reason})." for reason, names in reasons.items()]
    return table


def _results(table, protocol):
    """Rows of results.csv: identity of representations, seen and unseen apart, and of systems' predictions."""
    results = []
    for row in table:
        if row.get("strength") != "tuned" or "speakers" not in row:
            continue
        who, features = f"{row['speakers']} speakers", row["probed"] == "features"
        probed = (Remark(RemarkKind.PROBE, f"features probed, {who}"),) if features else ()
        results.append(
            ResultRow(
                protocol=protocol,
                system=f"{row['system']} ({who})" if features else row["system"],
                modalities=(row["modalities"],),
                target=SPEAKER,
                n_groups=row["n_speakers"],
                remarks=(*probed, *row["remarks"]),
                **{name: row.get(name, np.nan) for name in ("metric", "value", "ci_low", "ci_high", "n_clips")},
            )
        )
    return results
