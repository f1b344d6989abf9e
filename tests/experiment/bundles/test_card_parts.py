"""Sections of a card: what cannot be is refused where it stands."""

import pytest
from pydantic import ValidationError

from avbaselines.experiment.bundles.card_parts import CardInput, CardModality, CardSettings, CardTarget, Made


@pytest.mark.parametrize(
    ("section", "content", "words"),
    [
        (CardTarget, {"name": "m", "metric": "uar", "classes": [], "range": None}, "classes go with a class metric"),
        (CardTarget, {"name": "m", "metric": "ccc", "classes": ["a"], "range": None}, "classes go with a class metric"),
        (CardTarget, {"name": "m", "metric": "uar", "classes": ["a", "a"], "range": None}, "each once"),
        (CardTarget, {"name": "m", "metric": "cc", "classes": [], "range": None}, "unknown metric"),
        (CardTarget, {"name": "../m", "metric": "ccc", "classes": [], "range": None}, "folder"),
        (Made, {"width": 10**12}, "less than or equal"),
        (CardModality, {"columns": [], "dropped": [], "often_missing": False, "made": {}}, "at least 1"),
        (CardInput, {"system": "../../x", "sha256": "0"}, "folder"),
        (CardInput, {"system": "x"}, "either"),
        (CardInput, {"system": "x", "sha256": "0", "predictions": "x"}, "either"),
        (CardSettings, {"context": [-1]}, "greater than or equal"),
        (CardSettings, {"onset": [float("inf")]}, "finite"),
    ],
)
def test_what_cannot_be_is_refused(section, content, words):
    with pytest.raises(ValidationError, match=words):
        section.model_validate(content)
