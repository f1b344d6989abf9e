"""Settings of the documentation: Sphinx, MyST, numpydoc and furo; nothing is fetched, at build or by readers."""

import re
import sys
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import stringify_annotation

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

from generated_pages import INCLUDED, write_all  # noqa: E402

from avbaselines.version import __version__  # noqa: E402

project = "avbaselines"
author = "the avbaselines authors"
copyright = f"2026, {author}"  # noqa: A001
version = release = __version__
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_generated", *INCLUDED]
templates_path = ["_templates"]

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"avbaselines {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"footer_icons": []}
pygments_style, pygments_dark_style = "tango", "monokai"

autosummary_generate = True
default_role = "literal"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
toc_object_entries = False

_LOADED = re.compile(r'<(?:script|img|iframe)\b[^>]*?\bsrc="(?:https?:)?//|<link\b[^>]*?\bhref="(?:https?:)?//')


def _skip_member(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what classes have from scikit-learn and pydantic: their texts link to pages of those projects."""
    written_in = getattr(value, "__module__", None) or getattr(getattr(value, "fget", None), "__module__", None)
    ours = (written_in or "avbaselines").startswith("avbaselines")
    return None if ours and not (name.startswith("set_") and name.endswith("_request")) else True


def _short_signature(
    app: Sphinx, what: str, name: str, value: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """``ArrayLike`` by its name: its definition takes two lines."""
    long = stringify_annotation(ArrayLike, mode="smart")
    return tuple(part and part.replace(long, "ArrayLike") for part in (signature, returned))  # type: ignore[return-value]


def _refuse_what_is_fetched(app: Sphinx, error: Exception | None) -> None:
    """Warn of a page that would load something from elsewhere: the documentation is read without a network too."""
    if error is not None or app.builder.format != "html":
        return
    for page in sorted(Path(app.outdir).rglob("*.html")):
        found = _LOADED.search(page.read_text("utf-8"))
        if found:
            logging.getLogger(__name__).warning("%s loads from elsewhere: %s", page.name, found[0])


def setup(app: Sphinx) -> None:
    """Write the generated pages before Sphinx looks for pages."""
    write_all(DOCS)
    app.connect("autodoc-skip-member", _skip_member)
    app.connect("autodoc-process-signature", _short_signature)
    app.connect("build-finished", _refuse_what_is_fetched)
