"""How well unseen speakers are told from what systems predict for them."""

import json

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from avbaselines.errors import InputError
from avbaselines.experiment.analyses.speaker_identity.erasures import code, save_text, thinned
from avbaselines.experiment.analyses.speaker_identity.probes import probe_part
from avbaselines.experiment.fitting.store import digest


def probe_predictions(run, rows, people, store, kinds, *, jobs=1, force=False):
    """Probe how well the unseen speakers of each split are told from the predictions of each system.

    Parameters
    ----------
    run : ProtocolRun
    rows : list of Scored
    people : People
    store : Store
    kinds : sequence of str
        Probes.
    jobs, force
        As for `measure`.

    Returns
    -------
    found : dict of str to dict of str to list
        By row name and kind of probe, the parts that `pool_probes` takes; or the reason (a text) why there are none.
    computed : int
    """
    found, waiting = {}, {}
    splits = run.corpus.splits
    apart = all(len(np.unique(people.speakers[split.test])) > 1 for split in splits)
    for row in rows:
        if row.failed or not all(split.name in row.test for split in splits):
            continue
        clips, values = [], []
        for split in splits:
            clips.append(split.test)
            values.append(np.hstack([row.test[split.name][target.name] for target in run.corpus.targets]))
        if not apart:  # somebody alone cannot be told from anybody: the splits are probed together
            clips, values = [np.concatenate(clips)], [np.vstack(values)]
        key = digest(code(), people.speakers, people.content if people.content is not None else [], list(kinds),
                     run.study.seed, *clips, *values)[:32]  # fmt: skip
        if store.path(key, ".json").is_file() and not force:
            found[row.name] = _parts(json.loads(store.path(key, ".json").read_text(encoding="utf-8")))
        else:
            call = joblib.delayed(_probed)(key, clips, values, people, list(kinds), run.study.seed, store)
            waiting[key, row.name] = call
    results = joblib.Parallel(n_jobs=max(1, min(jobs, len(waiting))))(waiting.values())
    for (_, name), content in zip(waiting, results, strict=True):
        found[name] = _parts(content)
    return found, len(waiting)


def _probed(key, clips, values, people, kinds, seed, store):
    content = {}
    try:
        with threadpool_limits(1):
            for kind in kinds:
                content[kind] = []
                for rows, predicted in zip(clips, values, strict=True):
                    kept = thinned(np.arange(len(rows)))
                    said = None if people.content is None else people.content[rows][kept]
                    part = probe_part(predicted[kept], people.speakers[rows][kept], said, kind, seed)
                    content[kind].append([part[0].tolist(), part[1].tolist(), part[2]])
    except InputError as error:
        content = str(error)
    save_text(store, key, content)
    return content


def _parts(content):
    if isinstance(content, str):
        return content
    return {
        kind: [(np.array(names), np.array(shares, float), n) for names, shares, n in parts]
        for kind, parts in content.items()
    }
