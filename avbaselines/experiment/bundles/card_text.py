"""A shipped model's card in words: what it is for, what it learnt from, how it scores and where its limits are."""

import shlex
from collections.abc import Iterator

from avbaselines.experiment.bundles.card import Card
from avbaselines.safe_text import markdown, markdown_code

OPENSMILE = (
    "openSMILE, which makes its audio features, is free for research and personal use only; other uses need a licence "
    "from audEERING."
)
TABLES = "Its features came from tables; whatever made them has terms of its own."
CORPUS = (
    "A model is derived from its corpus, so the corpus' terms hold for it too; many corpora of emotions are for "
    "research only."
)


def render_card(card: Card) -> str:
    """The card as Markdown.

    Examples
    --------
    >>> from avbaselines.experiment.bundles.card import CardTarget
    >>> arousal = CardTarget(name="arousal", metric="ccc", classes=(), range=(1, 5))
    >>> print(render_card(Card(system="ridge-audio", learner="ridge", targets=[arousal], sha256="")).splitlines()[2])
    Ridge; predicts arousal (a value from 1 to 5).
    """
    sections = [
        (None, _what(card)),
        ("Data", _data(card)),
        ("Scores", _scores(card)),
        ("Input", _input(card)),
        ("Limits", _limits(card)),
        ("Licence", _licence(card)),
        ("Use", _use(card)),
    ]
    lines = [f"# {markdown(card.system)}", ""]
    for title, content in sections:
        lines += [*([f"## {title}", ""] if title else []), *content, ""]
    return "\n".join(lines).rstrip() + "\n"


def _what(card: Card) -> Iterator[str]:
    how = card.learner or f"late fusion ({card.method})"
    how += f", task mode {card.task}" if card.task else ""
    targets = [
        f"{markdown(target.name)} ({'one of ' + markdown(', '.join(target.classes)) if target.classes else 'a value'}"
        f"{' from {:g} to {:g}'.format(*target.range) if target.range else ''})"
        for target in card.targets
    ]
    yield f"{markdown(how[0].upper() + how[1:])}; predicts {'; '.join(targets)}."
    if card.handed_over:
        yield f"This is the system that the run hands over{' (transductive)' if card.transductive else ''}."
    yield f"Made by avbaselines {card.avbaselines}."


def _data(card: Card) -> Iterator[str]:
    learnt = card.learnt_from
    yield f"- Study: {markdown(card.study)}" + (f" (beside: {markdown(card.paper)})" if card.paper else "")
    yield f"- Corpus reader {markdown_code(card.corpus)}; learnt from {learnt.clips} clips of {learnt.groups} groups"
    yield f"- Protocol: {card.protocol}; shipped fit: split {markdown_code(card.split)}; seed {card.seed}"
    yield from (f"- {markdown(note)}" for note in card.notes)


def _scores(card: Card) -> Iterator[str]:
    names = {(target.name, target.metric) for target in card.targets}
    if len(card.targets) > 1:
        names |= {("mean", target.metric) for target in card.targets}
    rows = [row for row in card.scores if (row.target, row.metric) in names and row.value is not None]
    if not rows:
        yield "Not scored in its run."
        return
    yield "| target | metric | value | 95 % interval (groups) | clips | groups |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        spread = "none" if row.ci_low is None else f"{row.ci_low:.3f} to {row.ci_high:.3f}"
        counts = " | ".join("" if count is None else f"{int(count)}" for count in (row.n_clips, row.n_groups))
        yield f"| {markdown(row.target)} | {row.metric} | {row.value:.3f} | {spread} | {counts} |"
    yield ""
    yield "Scored on clips of groups that the scored fits had not seen."
    if card.transductive:
        yield "The scores are transductive: they hold for speakers who bring as many clips as the evaluated ones do."
    if card.split == "final":
        yield "The shipped fit learnt from all training clips; the scores are those of the fits of each split."


def _input(card: Card) -> Iterator[str]:
    for name, modality in card.modalities.items():
        made = modality.made
        source = f"table {markdown_code(str(made.path))}"
        if made.recipe is not None:
            source = f"recipe {markdown_code(made.recipe)} ({markdown(str(made.version))})"
        yield f"- {markdown(name)}: {len(modality.columns)} columns, from {source}"
    for part in card.inputs:
        if part.predictions is not None:
            yield f"- predictions {markdown_code(part.predictions)} of an outside system"
        else:
            yield f"- system {markdown_code(part.system)}, from the folder beside this one"


def _limits(card: Card) -> Iterator[str]:
    groups = card.learnt_from.groups
    yield f"- It has heard and seen {groups} groups; the scores speak for clips recorded and labelled like theirs."
    yield "- A clip without any of its inputs gets the training mean (or class shares), which says nothing of the clip."
    yield "- The file holds out-of-fold predictions and, for kernel machines, prepared features of training clips."
    if card.transductive:
        yield "- Transductive: it normalises by all clips of a speaker at once, so it needs many of each."
    if card.protocol != "honest":
        yield "- Fitted as a paper did it, flaws included; its scores are optimistic."


def _licence(card: Card) -> Iterator[str]:
    yield "- avbaselines is under the BSD 3-clause licence."
    extractors = {modality.made.extractor for modality in card.modalities.values()}
    if "opensmile" in extractors or card.inputs:
        yield f"- {'Where an input uses it: ' if 'opensmile' not in extractors else ''}{OPENSMILE}"
    if None in extractors:
        yield f"- {TABLES}"
    yield f"- {CORPUS}"


def _use(card: Card) -> Iterator[str]:
    system = shlex.quote(card.system) if "'" in card.system else f"'{card.system}'"
    yield f"    python -m avbaselines.predict RUN --system {system} MEDIA_OR_TABLE... --out predictions.csv"
