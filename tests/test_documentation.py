"""The documentation: nothing that a user may name is forgotten, links lead somewhere, the README is short."""

import re
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("numpydoc", reason="the extra [docs] is not installed")

import api_pages  # noqa: E402
import generated_pages  # noqa: E402
import study_reference  # noqa: E402
from command_reference import commands  # noqa: E402
from markdown_text import plain, sentence  # noqa: E402
from recipe_reference import extractor_options, recipes  # noqa: E402
from study_catalogue import shipped_studies  # noqa: E402

import avbaselines  # noqa: E402
from avbaselines import catalog  # noqa: E402
from avbaselines.__main__ import VERBS  # noqa: E402
from avbaselines.schema import Section  # noqa: E402
from avbaselines.study import Study  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def test_every_key_of_a_study_has_a_meaning_and_an_example():
    assert study_reference.forgotten() == []
    text = study_reference.study_keys()
    for part in study_reference.parts():
        assert f"`{part.head}`" in text or part.head == "top"
        assert all(f"\n`{field.alias or name}`\n:" in text for name, field in part.model.model_fields.items())


def test_a_new_key_without_a_word_is_told(monkeypatch):
    class Silent(Section):
        """A section."""

        key: int = 1

    monkeypatch.setattr(study_reference, "parts", lambda: [study_reference.Part("[silent]", Silent)])
    assert study_reference.forgotten()[:2] == [
        f"{__name__}, Silent: its docstring has no Attributes entry for 'key'",
        "docs/study_keys.toml: no example of 'key' under [[Silent]]",
    ]
    with pytest.raises(ValueError, match="no example of 'key'"):
        study_reference.study_keys()


def examples():
    models = {part.model.__name__: part.model for part in study_reference.parts()}
    models |= {f"reader.{name}": study_reference.reader(name).Options for name in study_reference.READERS}
    shown = study_reference.examples().items()
    return [(name, models.get(name), section) for name, sections in shown for section in sections]


@pytest.mark.parametrize(("name", "model", "section"), examples())
def test_examples_are_what_a_study_may_say(name, model, section):
    assert model is not None, f"study_keys.toml: no section {name}"
    model.model_validate(section)


def test_values_of_examples_differ_from_the_defaults_where_they_can():
    shown = study_reference.examples()["Systems"]
    assert shown[0]["inner_folds"] != Study.model_fields["systems"].default.inner_folds


def test_every_option_of_every_command_is_told():
    text = commands()
    assert [f"## `{verb}`" in text for verb in VERBS] == [True] * len(VERBS)
    assert all(f"`{option}" in text for option in ("--data", "--prune", "--clips", "--force", "--compare"))


def test_every_recipe_study_and_extractor_option_is_told():
    assert all(f"`{name}`\n:" in recipes() for name in catalog.names("features"))
    assert all(f"## `{name}`\n" in shipped_studies() for name in catalog.names("studies"))
    assert all(f"`{name}`\n:" in extractor_options() for name in ("window", "feature_set", "person", "vertical"))


def test_every_public_name_is_in_the_reference():
    text = api_pages.api_page()
    names = [f"avbaselines.{name}" for name in set(avbaselines.__all__) - {"estimators"}]
    names += [f"avbaselines.estimators.{name}" for name in avbaselines.estimators.__all__]
    assert [name for name in names if not re.search(rf"{re.escape(name)}\b", text)] == []


def test_pages_that_nobody_placed_are_listed():
    contents = (ROOT / "docs" / "index.md").read_text("utf-8") + generated_pages.more_pages()
    others = [page.stem for page in PAGES if f"\n{page.stem}\n" not in contents]
    assert others == ["index", *(Path(name).stem for name in generated_pages.INCLUDED)]


def test_text_becomes_markdown():
    assert plain("runs/<study>, ``svr-*`` and *all*") == r"runs/\<study\>, `svr-*` and \*all\*"
    assert sentence("seconds between clips") == "Seconds between clips."


def linked(page):
    """Paths that a page links to or includes, without those of the web and of headings."""
    text = re.sub(r"```\w*\n.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)#\s]+)\)", text)
    return [target for target in found if "://" not in target]


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda page: page.name)
def test_links_lead_to_files(page):
    made = {"api/index.md"}
    assert [name for name in linked(page) if not (page.parent / name).exists() and name not in made] == []


def test_the_readme_is_three_screens():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 115
    assert lines.count("<!-- quickstart -->") == lines.count("<!-- /quickstart -->") == 1


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "own_tables.md"], ids=lambda page: page.name)
def test_the_ten_lines_are_a_study(page):
    [text] = re.findall(r"```toml\n(title = \"My corpus\".*?)```", page.read_text("utf-8"), re.DOTALL)
    study = Study.model_validate(tomllib.loads(text))
    assert list(study.modalities) == ["audio"] and len(text.splitlines()) <= 12
