"""The parts of the documentation that are made from the code: each is a function that returns Markdown.

python docs/generated_pages.py      writes them all; `docs/conf.py` does so before each build
"""

import re
from collections.abc import Callable
from pathlib import Path

from api_pages import api_page
from command_reference import commands
from recipe_reference import extractor_options, recipes
from study_catalogue import shipped_studies
from study_reference import reader_keys, study_keys

DOCS = Path(__file__).resolve().parent
INCLUDED = ("trust_table.md",)
"""Texts that a page includes; none is a page of its own."""


def more_pages() -> str:
    """A table of contents of the pages that ``index.md`` does not place; empty where there are none."""
    contents = re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / "index.md").read_text("utf-8"), re.DOTALL)
    placed = {line.strip() for text in contents for line in text.splitlines()} | {"index"}
    placed |= {Path(name).stem for name in INCLUDED}
    others = sorted(page.stem for page in DOCS.glob("*.md") if page.stem not in placed)
    return "\n".join(["```{toctree}", ":maxdepth: 1", ":caption: More", "", *others, "```", ""]) if others else "\n"


PAGES: dict[str, Callable[[], str]] = {
    "_generated/study_keys.md": study_keys,
    "_generated/reader_keys.md": reader_keys,
    "_generated/commands.md": commands,
    "_generated/recipes.md": recipes,
    "_generated/extractor_options.md": extractor_options,
    "_generated/studies.md": shipped_studies,
    "_generated/more_pages.md": more_pages,
    "api/index.md": api_page,
}


def write_all(folder: Path) -> None:
    """Write every generated part below a folder; a file that says the same already is left as it is."""
    for name, text in PAGES.items():
        path = folder / name
        content = text()
        if path.is_file() and path.read_text("utf-8") == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


if __name__ == "__main__":
    write_all(DOCS)
