"""The reference of recipes, made from the files of ``features/`` and the classes that check their options."""

from attribute_docs import attribute_docs
from markdown_text import plain, sentence
from study_reference import type_text

from avbaselines import catalog
from avbaselines.extractors import load_recipe
from avbaselines.extractors.recipe import OPTIONS, FilmOptions
from avbaselines.first_study.toml_text import toml_value


def recipes() -> str:
    """Markdown of all shipped recipes: what each makes, from which files, and what to cite."""
    lines = []
    for name in catalog.names("features"):
        recipe = load_recipe(name)
        lines += [f"`{name}`", f": {sentence(recipe.title)}", ""]
        lines += [f"  Extractor `{recipe.extractor}`; cite {plain(recipe.source)}.", ""]
    lines += ["Files read, by extractor:", ""]
    by_extractor = {load_recipe(name).extractor: load_recipe(name).suffixes for name in catalog.names("features")}
    for extractor, suffixes in by_extractor.items():
        lines.append(f"- `{extractor}`: {', '.join(suffix.removeprefix('.') for suffix in suffixes)}")
    return "\n".join(lines) + "\n"


def extractor_options() -> str:
    """Markdown of every option of a recipe's ``[options]``, by extractor."""
    lines = []
    for extractor, model in OPTIONS.items():
        texts = attribute_docs(model)
        lines += [f"### Options of `{extractor}`", ""]
        for name, field in model.model_fields.items():
            if not texts.get(name):
                raise ValueError(f"{model.__name__}: its docstring has no Attributes entry for {name!r}")
            text = attribute_docs(FilmOptions)[name] if texts[name].startswith("As in") else texts[name]
            if field.is_required():
                default = "required"
            else:
                default = "may be left out" if field.default is None else f"default `{toml_value(field.default)}`"
            lines += [f"`{name}`", f": *{type_text(field)}; {default}*", "", f"  {sentence(text)}", ""]
    return "\n".join(lines)
