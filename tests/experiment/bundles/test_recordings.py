"""Recordings of new clips: which recipe reads which file, and where no recipe is known."""

import pytest

from avbaselines.errors import InputError
from avbaselines.experiment.bundles.card import CardModality, Made
from avbaselines.experiment.bundles.recordings import extract, media_by_modality, recipe_of
from avbaselines.extractors.recipe import load_recipe

FACE = CardModality(columns=["f1"], dropped=[], often_missing=False, made=Made(path="face.csv"))


def test_files_go_to_the_recipes_that_read_them(tmp_path):
    (tmp_path / "a.wav").touch()
    (tmp_path / "b.txt").touch()
    recipes = {"voice": load_recipe("egemaps"), "face": None}
    assert media_by_modality(recipes, tmp_path / "a.wav") == {"voice": [tmp_path / "a.wav"]}
    assert media_by_modality(recipes, [tmp_path]) == {"voice": [tmp_path]}
    with pytest.raises(InputError, match="b.txt: holds nothing that this system can read; recipes: voice from .*wav"):
        media_by_modality(recipes, [tmp_path / "b.txt"])
    with pytest.raises(InputError, match="none.wav: no such file or folder"):
        media_by_modality(recipes, tmp_path / "none.wav")


def test_a_recipe_is_the_one_given_else_the_runs_own():
    made = Made(recipe="egemaps", extractor="opensmile", options={"feature_set": "eGeMAPSv02"}, title="voice")
    voice = CardModality(columns=["x"], dropped=[], often_missing=False, made=made)
    own = recipe_of("voice", voice)
    assert (own.name, own.extractor, own.options.feature_set) == ("egemaps", "opensmile", "eGeMAPSv02")
    assert recipe_of("voice", voice, "openface").name == "openface" and recipe_of("face", FACE) is None


def test_a_modality_that_came_from_a_table_needs_a_recipe(tmp_path):
    with pytest.raises(InputError, match="face: the run read it from the table face.csv.*--recipe face=RECIPE"):
        extract({"face": FACE}, {"face": tmp_path}, {})
    with pytest.raises(InputError, match="no modality 'fase'.*'face'"):
        extract({"face": FACE}, {"fase": tmp_path}, {})
