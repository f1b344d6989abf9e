"""A small neural network on the clips, features and folds of a finished run, for the suite to be compared with.

The network has one encoder a modality (a recurrent one, a GRU, where the table holds sequences; one layer elsewhere), a
layer that all targets share, and a head a target. An attribute's loss is 1 - CCC, a class's is the cross-entropy; the
loss of several targets is their weighted sum (``--weights``, by default 1 each: the alpha, beta, gamma of multitask
papers). ``multi`` trains one network for all targets, ``single`` one a target.

It learns from exactly the clips that the suite learnt from: ``splits.csv`` of the run folder says which. One inner fold
is held out to stop training early, seed by seed another one, so that no evaluated clip and nobody of its group has any
say. ``<mode>-seed<n>.csv`` has one network's predictions of the evaluated clips, ``<mode>.csv`` their mean over seeds.
``--compare`` of the suite takes both; the seeds as one system, whose score is the mean of theirs:

    python -m avbaselines.run quickstart
    python examples/deep_reference.py runs/quickstart --out deep
    python -m avbaselines.run quickstart --compare 'one=deep/multi-seed*.csv' --compare averaged=deep/multi.csv

It needs PyTorch beside this package (``pip install torch``); one CPU thread is enough. Frames of a recording are taken
one by one, without the frames around them.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from avbaselines.corpora.corpus import Corpus, Target
from avbaselines.corpora.feature_tables import read_features
from avbaselines.corpora.id_matching import match_ids
from avbaselines.corpora.modalities import ModalityOptions
from avbaselines.errors import InputError
from avbaselines.experiment.loading.corpus import load_corpus
from avbaselines.experiment.loading.corpus_folder import data_folder
from avbaselines.schema import locate
from avbaselines.study import load_study

MODES = ("single", "multi")


@dataclass(frozen=True)
class Training:
    """Size of the network and how it is trained.

    Attributes
    ----------
    width : int
        Units of each encoder and of the shared layer.
    dropout, rate, decay : float
        Share of units left out, learning rate and weight decay (AdamW).
    batch : int
        Clips a step; a concordance needs many.
    epochs, patience : int
        At most so many, and so many without a better held-out loss before training ends.
    """

    width: int = 64
    dropout: float = 0.5
    rate: float = 3e-3
    decay: float = 1e-2
    batch: int = 128
    epochs: int = 100
    patience: int = 10


@dataclass(frozen=True)
class Fold:
    """Rows of the corpus in one split: what is learnt from, the inner fold of each such row, and what is evaluated."""

    name: str
    fit: np.ndarray
    inner: np.ndarray
    test: np.ndarray

    def without(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows to learn from and rows to stop by, where inner fold `number` (counted round) is held out."""
        folds = np.unique(self.inner)
        held = self.inner == folds[number % len(folds)]
        return self.fit[~held], self.fit[held]


class Network(nn.Module):
    """An encoder a table, a layer that all targets share, and a head a target."""

    def __init__(self, tables: Sequence[np.ndarray], targets: Sequence[Target], options: Training) -> None:
        super().__init__()
        width = options.width
        self.encoders = nn.ModuleList(
            nn.GRU(X.shape[2], width, batch_first=True) if X.ndim == 3 else nn.Linear(X.shape[1], width) for X in tables
        )
        self.shared = nn.Sequential(
            nn.ReLU(), nn.Dropout(options.dropout), nn.Linear(width * len(tables), width), nn.ReLU(),
            nn.Dropout(options.dropout),
        )  # fmt: skip
        self.heads = nn.ModuleList(nn.Linear(width, target.width) for target in targets)

    def forward(self, inputs: Sequence[Tensor], masks: Sequence[Tensor]) -> list[Tensor]:
        """Outputs of each head, (n, target width); encodings count as zero where a clip lacks the modality."""
        encoded = []
        for encoder, X, mask in zip(self.encoders, inputs, masks, strict=True):
            if X.ndim == 3:  # the mean over real steps, so that padding on either side has no say
                states, _ = encoder(X)
                encoded.append((states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1))
            else:
                encoded.append(encoder(X) * mask[:, None])
        hidden = self.shared(torch.cat(encoded, dim=1))
        return [head(hidden) for head in self.heads]


def concordance_loss(predicted: Tensor, truth: Tensor) -> Tensor:
    """1 - CCC of two vectors, with population moments (Lin 1989)."""
    covariance = ((predicted - predicted.mean()) * (truth - truth.mean())).mean()
    spread = predicted.var(unbiased=False) + truth.var(unbiased=False) + (predicted.mean() - truth.mean()) ** 2
    return 1 - 2 * covariance / spread.clamp(min=1e-8)


def total_loss(
    outputs: Sequence[Tensor], truths: Tensor, targets: Sequence[Target], weights: Sequence[float]
) -> Tensor:
    """Weighted sum of the targets' losses over their labelled clips; a target with fewer than two is passed over."""
    total = outputs[0].sum() * 0
    for output, truth, target, weight in zip(outputs, truths.T, targets, weights, strict=True):
        labelled = ~torch.isnan(truth)
        if labelled.sum() < 2:
            continue
        if target.classes:
            total = total + weight * nn.functional.cross_entropy(output[labelled], truth[labelled].long())
        else:
            total = total + weight * concordance_loss(output[labelled, 0], truth[labelled])
    return total


class Standardised:
    """Features and labels as the network sees them, their scales learnt on the rows it learns from.

    Features are standardised by column and drawn to within 5 deviations, missing values become the mean (0); labels of
    attributes are standardised as well.
    """

    def __init__(
        self, tables: Sequence[np.ndarray], corpus: Corpus, targets: Sequence[Target], rows: np.ndarray
    ) -> None:
        self.inputs, self.masks = [], []
        for X in tables:
            real = ~np.isnan(X).all(axis=-1)
            seen = X[rows][real[rows]]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # columns without any value stay NaN, and become 0
                mean, spread = np.nanmean(seen, axis=0), np.nanstd(seen, axis=0)
            scaled = np.clip((X - mean) / np.where(spread > 0, spread, 1), -5, 5)
            self.inputs.append(torch.tensor(np.nan_to_num(scaled), dtype=torch.float32))
            self.masks.append(torch.tensor(real, dtype=torch.float32))
        truths = np.column_stack([corpus.y[target.name] for target in targets])
        regressed = np.array([not target.classes for target in targets])
        self.mean = np.where(regressed, np.nanmean(truths[rows], axis=0), 0)
        self.spread = np.where(regressed, np.nanstd(truths[rows], axis=0), 1)
        self.truths = torch.tensor((truths - self.mean) / self.spread, dtype=torch.float32)

    def at(self, rows: np.ndarray) -> tuple[list[Tensor], list[Tensor]]:
        """Inputs and masks of some rows."""
        return [X[rows] for X in self.inputs], [mask[rows] for mask in self.masks]


def train(
    tables: Sequence[np.ndarray], corpus: Corpus, targets: Sequence[Target], weights: Sequence[float],
    fold: Fold, seed: int, options: Training,
) -> tuple[list[np.ndarray], float]:  # fmt: skip
    """Predictions of the evaluated clips, (n_test, width) a target, and the held-out loss at which training ended."""
    learn, held = fold.without(seed)
    data = Standardised(tables, corpus, targets, learn)
    torch.manual_seed(seed)
    network = Network(tables, targets, options)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=options.decay)
    best, kept, waited = np.inf, network.state_dict(), 0
    for _ in range(options.epochs):
        network.train()
        order = torch.randperm(len(learn)).numpy()
        for part in np.array_split(order, max(1, round(len(order) / options.batch))):
            optimiser.zero_grad()
            total_loss(network(*data.at(learn[part])), data.truths[learn[part]], targets, weights).backward()
            optimiser.step()
        network.eval()
        with torch.no_grad():
            loss = float(total_loss(network(*data.at(held)), data.truths[held], targets, weights))
        waited += 1
        if loss < best:
            best, waited = loss, 0
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        if waited >= options.patience:
            break
    network.load_state_dict(kept)
    with torch.no_grad():
        outputs = network(*data.at(fold.test))
    predicted = []
    for number, (output, target) in enumerate(zip(outputs, targets, strict=True)):
        values = output.softmax(dim=1).numpy() if target.classes else output.numpy()
        predicted.append(values * data.spread[number] + data.mean[number])
    return predicted, best


def predict_split(
    tables: Sequence[np.ndarray], corpus: Corpus, fold: Fold, mode: str, weights: Mapping[str, float], seed: int,
    options: Training,
) -> tuple[pd.DataFrame, float]:  # fmt: skip
    """Table of one split's predictions as ``--compare`` reads it, and the mean held-out loss a target."""
    teams = [list(corpus.targets)] if mode == "multi" else [[target] for target in corpus.targets]
    table = pd.DataFrame({"clip_id": corpus.ids[fold.test], "fold": fold.name})
    losses = 0.0
    for targets in teams:
        own = [weights.get(target.name, 1.0) for target in targets] if mode == "multi" else [1.0]
        predicted, loss = train(tables, corpus, targets, own, fold, seed, options)
        losses += loss
        for target, values in zip(targets, predicted, strict=True):
            names = [f"{target.name}={label}" for label in target.classes] or [target.name]
            table[names] = values
    return table, losses / len(corpus.targets)


def read_folds(path: Path, corpus: Corpus) -> list[Fold]:
    """Splits and inner folds as a run wrote them down; each is looked through for groups on both sides."""
    if not path.is_file():
        raise InputError(f"{path}: is not there; run the study first, its run folder holds splits.csv")
    rows = pd.read_csv(path, dtype={"clip_id": str, "group": str, "split": str}, keep_default_na=False)
    place = {clip: number for number, clip in enumerate(corpus.ids)}
    unknown = ~rows["clip_id"].isin(place)
    if unknown.any():
        raise InputError(f"{path}: clip {rows['clip_id'][unknown].iloc[0]!r} is none of the study's; run it again")
    folds = []
    for name, part in rows.groupby("split", sort=False):
        at = part["clip_id"].map(place).to_numpy(int)
        test = (part["part"] == "test").to_numpy()
        both = set(corpus.groups[at[test]]) & set(corpus.groups[at[~test]])
        if both:
            raise InputError(f"{path}: split {name}: group '{min(both)}' is learnt from and evaluated")
        folds.append(Fold(str(name), at[~test], part["fold"].to_numpy(str)[~test], at[test]))
    return folds


def read_tables(study_file: Path, data: Path | None, flat: bool) -> tuple[Corpus, list[np.ndarray]]:
    """The run's corpus, and its tables: (n_clips, n_steps, n_features) where the file holds sequences (NaN = no step).

    With `flat` all tables are (n_clips, n_features): the suite's functionals in place of the steps.
    """
    study = load_study(study_file)
    corpus = load_corpus(study, study_file, data)
    root = data_folder(study, data)
    tables = []
    for name, options in study.modalities.items():
        steps = None if flat else _sequence(name, options, corpus.ids, root, study_file.resolve().parent)
        tables.append(corpus.modalities[name].X if steps is None else steps)
    return corpus, tables


def _sequence(
    name: str, options: ModalityOptions, ids: np.ndarray, root: Path | None, folder: Path
) -> np.ndarray | None:
    path = locate(options.path, root, folder) if options.path else None
    if path is None or path.suffix.lower() != ".npz":
        return None
    table = read_features(path, f"modalities.{name}", options.id)
    if table.X.ndim != 3:
        return None
    rows = match_ids(ids, table.ids, f"modalities.{name}").rows
    steps = np.where((rows >= 0)[:, None, None], table.X[rows], np.nan)
    steps[(steps == 0).all(axis=2)] = np.nan  # padding, on either side
    return steps


def mean_over(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The mean of several seeds' predictions, which stand in the same rows."""
    values = [table.drop(columns=["clip_id", "fold"]) for table in tables]
    mean = sum(part.to_numpy() for part in values) / len(values)
    return pd.concat([tables[0][["clip_id", "fold"]], pd.DataFrame(mean, columns=values[0].columns)], axis=1)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run of the suite")
    command.add_argument("--study", type=Path, help="the study file (default: study.toml of the run folder)")
    command.add_argument("--data", type=Path, help="the corpus' root, as given to the run")
    command.add_argument("--out", type=Path, required=True, help="folder of the predictions")
    command.add_argument("--modes", nargs="+", choices=MODES, help="default: both, single alone with one target")
    command.add_argument("--seeds", type=int, default=5, help="networks of each kind (default 5)")
    command.add_argument("--weights", nargs="+", default=[], metavar="TARGET=WEIGHT", help="of the multitask loss")
    command.add_argument("--flat", action="store_true", help="functionals in place of sequences")
    for name, default in vars(Training()).items():
        command.add_argument(f"--{name}", type=type(default), default=default, help=f"default {default}")
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Train every network, and write the predictions and ``cpu.csv`` (mode, seed, CPU seconds, held-out loss)."""
    arguments = parser().parse_args(argv)
    torch.set_num_threads(1)
    study_file = arguments.study or arguments.run / "study.toml"
    corpus, tables = read_tables(study_file, arguments.data, arguments.flat)
    folds = read_folds(arguments.run / "splits.csv", corpus)
    weights = {name: float(value) for name, _, value in (text.partition("=") for text in arguments.weights)}
    unknown = set(weights) - {target.name for target in corpus.targets}
    if unknown:
        raise InputError(f"--weights: no target {min(unknown)!r}")
    options = Training(**{name: getattr(arguments, name) for name in vars(Training())})
    arguments.out.mkdir(parents=True, exist_ok=True)
    costs = []
    for mode in arguments.modes or (MODES if len(corpus.targets) > 1 else ("single",)):
        predicted = []
        for seed in range(arguments.seeds):
            started = time.process_time()
            parts = [predict_split(tables, corpus, fold, mode, weights, seed, options) for fold in folds]
            seconds, loss = time.process_time() - started, float(np.mean([loss for _, loss in parts]))
            predicted.append(pd.concat([table for table, _ in parts], ignore_index=True))
            predicted[-1].to_csv(arguments.out / f"{mode}-seed{seed}.csv", index=False)
            costs.append((mode, seed, round(seconds, 2), round(loss, 4)))
            print(f"{mode}, seed {seed}: {seconds:.1f} CPU s, held-out loss a target {loss:.3f}", flush=True)
        mean_over(predicted).to_csv(arguments.out / f"{mode}.csv", index=False)
    columns = ["mode", "seed", "cpu_seconds", "held_out_loss"]
    pd.DataFrame(costs, columns=columns).to_csv(arguments.out / "cpu.csv", index=False)
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except InputError as error:
        print(f"deep_reference: {error}", file=sys.stderr)
        raise SystemExit(2) from None
