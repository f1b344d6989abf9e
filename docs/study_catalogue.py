"""The shipped studies, made from the files of ``studies/``: paper, corpus, what is measured, reported figures."""

from collections.abc import Iterator
from pathlib import Path

from markdown_text import plain, sentence

from avbaselines import catalog
from avbaselines.experiment.loading.corpus_folder import needed
from avbaselines.study import Study, load_study
from avbaselines.study_sections import Reported


def shipped_studies() -> str:
    """Markdown of all shipped studies, each under a heading of its name."""
    lines = []
    for name in catalog.names("studies"):
        study = load_study(name)
        lines += [f"## `{name}`", "", sentence(study.title), ""]
        lines += [f"- {plain(note)}" for note in study.notes] + [""] * bool(study.notes)
        for head, text in _facts(study):
            lines += [head, f": {text}", ""]
        lines += _reported(study.reported)
    return "\n".join(lines)


def _facts(study: Study) -> Iterator[tuple[str, str]]:
    paper = study.paper
    if paper:
        arxiv = f"arXiv {paper.arxiv}" if paper.arxiv else ""
        authors = plain(f"{paper.authors} {paper.year or ''}".strip())
        parts = [authors, f"*{plain(paper.title)}*", plain(paper.venue), arxiv]
        yield "Paper", ". ".join(filter(None, parts)) + "."
    yield "Needs", plain(needed(study)) + "."
    targets = [f"{name} ({entry.metric})" for name, entry in study.targets.items()]
    yield "Targets", ", ".join(targets) + "."
    split = study.split.model_dump(exclude_none=True, exclude_defaults=True)
    yield "Split", ", ".join(f"`{key} = {value}`" for key, value in split.items() if value != []) + "."
    if study.modalities:
        made = {name: entry.recipe or Path(entry.path or "").name for name, entry in study.modalities.items()}
        yield "Modalities", ", ".join(f"{name} (`{source}`)" for name, source in made.items()) + "."
        yield "Learners", f"{', '.join(study.systems.learners)}; targets are learnt {', '.join(study.systems.tasks)}."
    if study.predictions:
        yield "Other systems", ", ".join(f"`{name}`" for name in study.predictions) + "."
    if study.systems.fusion:
        yield "Fusions", ", ".join(f"`{stage.name}`" for stage in study.systems.fusion) + "."
    yield "Protocols", "honest and paper." if study.protocols.paper else "honest."


def _reported(figures: list[Reported]) -> list[str]:
    """A table of what was read in the literature, and where."""
    if not figures:
        return ["No figure of the literature stands beside it.", ""]
    heads = ("reported system", "target", "metric", "value", "protocol", "read in")
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    for figure in figures:
        source = "; ".join(filter(None, [figure.source, figure.note]))
        cells = (figure.system, figure.target, figure.metric, f"{figure.value:g}", figure.protocol, source)
        lines.append("| " + " | ".join(plain(cell) for cell in cells) + " |")
    return [*lines, ""]
