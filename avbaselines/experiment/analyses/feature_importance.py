"""What each family of features is worth: the score that is lost when its values are another clip's.

Grouped permutation (L. Breiman 2001, "Random forests", of whole families: correlated features stand in for one another,
so that single ones seem worthless). The models that predict have not seen the clips' groups: each evaluated split's
fit is done again, as fits are not kept, and asked for the evaluated clips with one family taken from other evaluated
clips, which breaks its tie to the label and to the speaker. What is lost is what *this model* takes from the family,
not what the family knows: another family may hold the same.
"""

import joblib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from avbaselines.corpora.corpus import SplitId
from avbaselines.evaluation.comparison import compare_means
from avbaselines.evaluation.intervals import mean_value
from avbaselines.experiment.analyses.feature_families import families
from avbaselines.experiment.fitting.base import fit_base, predict, spread
from avbaselines.experiment.fitting.store import Fitted, digest
from avbaselines.experiment.fitting.tuned import drawn_again
from avbaselines.experiment.planning.system import BaseSystem
from avbaselines.experiment.scoring.picking import may_be_picked
from avbaselines.experiment.scoring.scoreboard import Predicted
from avbaselines.experiment.scoring.selection_score import oof_score

REPEATS = 5
FEWEST_SWAPS = 1  # the test's p-value is not used: that a model reads its features is no discovery
COLUMNS = [
    *("protocol", "system", "family", "n_features", "target", "metric", "score", "loss", "ci_low", "ci_high"),
    *("n_repeats", "n_groups"),
]


def measure(run, fitted_run, scoreboard, rows, *, jobs=1, force=False, progress=None):
    """Losses of the best system of every set of modalities, chosen by out-of-fold score.

    Parameters
    ----------
    run : ProtocolRun
    fitted_run : FittedRun
    scoreboard : Scoreboard
    rows : list of Scored
    jobs, force, progress
        As in `RunOptions`.

    Returns
    -------
    table : pandas.DataFrame
        `COLUMNS`: the score of the untouched features, and what is lost without a family (positive = the family
        helps), of each target and of the mean over targets, with a 95 % interval over groups.
    computed : int
        Fits done for it that were not there before.
    """
    splits = run.corpus.splits
    chosen = _best_of_each_set(run.corpus, rows)
    units = [(row.system, split) for row in chosen for split in splits]
    keys = {
        (system.name, split.name): digest(
            "importance", fitted_run.keys[split.id, system.name], list(parts_of(run.corpus, system)), REPEATS
        )[:32]
        for system, split in units
    }
    pending = [
        (system, split) for system, split in units if force or not fitted_run.store.has(keys[system.name, split.name])
    ]
    calls = (
        joblib.delayed(_work)(
            run.corpus, fitted_run.tasks[split.id], fitted_run.store, system, split, keys[system.name, split.name],
            fitted_run.keys[split.id, system.name],
        )  # fmt: skip
        for system, split in pending
    )
    workers = joblib.Parallel(
        n_jobs=max(1, min(jobs, len(pending))), return_as="generator_unordered", max_nbytes="100K"
    )
    for done, name in enumerate(workers(calls), 1):
        if progress:
            progress(done, len(pending), f"importance · {name}")
    found = [
        record
        for row in chosen
        for record in _losses(
            run, fitted_run, scoreboard, row, {split.name: keys[row.name, split.name] for split in splits}
        )
    ]
    return pd.DataFrame(found, columns=COLUMNS), len(pending)


def parts_of(corpus, system):
    """The families of a system's features: (label, modality, columns within that modality), each of one modality."""
    for name in system.modalities:
        for family, columns in families(corpus.modalities[name].columns).items():
            yield f"{name}: {family}", name, columns


def _best_of_each_set(corpus, rows):
    best = {}
    for row in rows:
        if not isinstance(row.system, BaseSystem) or not may_be_picked(row):
            continue
        score = np.mean([oof_score(corpus, split, row.oof[split.name]) for split in corpus.splits])
        if row.system.modalities not in best or score > best[row.system.modalities][0]:
            best[row.system.modalities] = (score, row)
    return [row for _, row in best.values()]


def _work(corpus, task, store, system, split, key, finished):
    """Fit again and predict the evaluated clips once per family and repeat, before matching."""
    features = {name: corpus.modalities[name].X for name in system.modalities}
    blocks = [X[split.fit] for X in features.values()]
    drawn = drawn_again(system, task, blocks, store.load(finished).trials)
    fitted, models = fit_base(system, task, blocks, [X[split.test] for X in features.values()], drawn)
    result = Fitted(test={f"{name}/": values for name, values in fitted.test.items()})
    for label, modality, columns in parts_of(corpus, system):
        for repeat in range(REPEATS):
            donors = _donors(corpus, modality, task.seed, repeat)[split.test]
            blocks = {name: X[split.test].copy() for name, X in features.items()}
            blocks[modality][:, columns] = features[modality][np.ix_(donors, columns)]
            predicted = _predicted(models, task.targets, np.hstack(list(blocks.values())))
            result.test |= {f"{name}/{label}/{repeat}": values for name, values in predicted.items()}
    store.save(key, result)
    return f"{system.name} · {split.name}"


def _donors(corpus, modality, seed, repeat):
    """For each clip the one whose values it is given: evaluated clips that have the modality change places."""
    X, rows = corpus.modalities[modality].X, np.arange(len(corpus.ids))
    evaluated = np.unique(np.concatenate([split.test for split in corpus.splits]))
    known = evaluated[~np.isnan(X[evaluated]).all(axis=1)]
    donors = rows.copy()
    donors[known] = np.random.default_rng([seed, repeat]).permutation(known)
    return donors


def _predicted(models, targets, X):
    known, found = ~np.isnan(X).all(axis=1), {}
    for model in {id(model): model for model in models.values()}.values():
        own = [target for target in targets if models[target.name] is model]
        with threadpool_limits(1):
            predicted = predict(model, X[known], own)
        found |= {target.name: spread(predicted[target.name], known) for target in own}
    return found


def _losses(run, fitted_run, scoreboard, row, keys):
    """Records of one system: every family, target by target and the mean."""
    corpus, system = run.corpus, row.system
    finished = {name: fitted_run.finished(SplitId(name), system) for name in keys}
    stored = {name: fitted_run.store.load(key).test for name, key in keys.items()}

    def scored(ending):
        return Predicted(
            row.name, {name: _matched(finished[name], stored[name], ending, corpus.targets) for name in keys}
        )

    base = scored("")
    for label, _, columns in parts_of(corpus, system):
        changed = [scored(f"{label}/{repeat}") for repeat in range(REPEATS)]
        pairs = {
            target.name: [pair for other in changed for pair in scoreboard.paired(base, other, target)]
            for target in corpus.targets
        }
        # Each part of the untouched score stands once a repeat, as its differences do.
        whole = {target.name: scoreboard.parts(base, target) * REPEATS for target in corpus.targets}
        if len(pairs) > 1:
            pairs["mean"] = [pair for own in pairs.values() for pair in own]
            whole["mean"] = [part for own in whole.values() for part in own]
        for name, own in pairs.items():
            result = compare_means(own, n_permutations=FEWEST_SWAPS)
            metric = next((target.metric for target in corpus.targets if target.name == name), corpus.targets[0].metric)
            yield {
                "protocol": run.protocol, "system": row.name, "family": label, "n_features": len(columns),
                "target": name, "metric": metric, "score": mean_value(whole[name]), "loss": result.difference,
                "ci_low": result.ci_low, "ci_high": result.ci_high, "n_repeats": REPEATS, "n_groups": result.n_groups,
            }  # fmt: skip


def _matched(finished, stored, ending, targets):
    values = {}
    for target in targets:
        factor, offset = finished.matching.get(target.name, (1.0, 0.0))
        values[target.name] = offset + factor * stored[f"{target.name}/{ending}"]
    return finished.filled(values)
