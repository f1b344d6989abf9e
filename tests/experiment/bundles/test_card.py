"""Cards: written and read back as they were, and what is wrong with one is named with its file and key."""

import json

import pytest

from avbaselines.errors import InputError
from avbaselines.experiment.bundles.card import (
    CARD_FILE,
    INDEX_FILE,
    SIGNATURE,
    Card,
    CardInput,
    CardModality,
    CardSettings,
    CardTarget,
    Made,
    read_card,
    read_index,
    sign,
)

AROUSAL = CardTarget(name="arousal", metric="ccc", classes=(), range=(1, 5))
CARD = Card(
    system="late",
    targets=[AROUSAL],
    sha256="ab",
    modalities={"face": CardModality(columns=["f"], dropped=[], often_missing=True, made=Made(path="f.csv", tool="x"))},
    inputs=[CardInput(system="deep", predictions="deep"), CardInput(system="ridge", sha256="cd")],
    settings=CardSettings(context=[3]),
    matching={"arousal": (2.0, -1.0)},
)


def write(folder, content, signed=True):
    (folder / CARD_FILE).write_text(json.dumps(content | ({SIGNATURE: sign(content)} if signed else {})))
    return folder


def test_a_card_is_read_as_it_was_written(tmp_path):
    assert read_card(write(tmp_path, CARD.content)) == CARD
    assert CARD.content["inputs"] == [{"system": "deep", "predictions": "deep"}, {"system": "ridge", "sha256": "cd"}]
    assert CARD.content["settings"] == {"context": [3]}
    assert CARD.content["modalities"]["face"]["made"] == {"path": "f.csv", "tool": "x"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": "x"}, "card.json.*seed"),
        ({"lerner": "ridge"}, "card.json.*lerner.*learner"),
        ({"settings": {"targets": "some"}}, "card.json.*settings.targets"),
        ({"matching": {"arousal": [1.0]}}, "card.json.*matching.arousal"),
        ({"avbaselines": "0.1.0"}, "made by avbaselines 0.1.0, this is"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        read_card(write(tmp_path, CARD.content | change))


def test_a_card_without_its_signature_was_changed(tmp_path):
    with pytest.raises(InputError, match="card.json: was changed after the run"):
        read_card(write(tmp_path, CARD.content, signed=False))


def test_what_is_no_card_is_named(tmp_path):
    with pytest.raises(InputError, match="card.json: cannot be read"):
        read_card(tmp_path)
    (tmp_path / CARD_FILE).write_text("[1]")
    with pytest.raises(InputError, match="card.json: is no card"):
        read_card(tmp_path)
    (tmp_path / INDEX_FILE).write_text('{"sistem": "x"}')
    with pytest.raises(InputError, match="index.json.*sistem"):
        read_index(tmp_path)
