"""Recipe files."""

import pytest

from avbaselines import catalog
from avbaselines.errors import InputError
from avbaselines.extractors import load_recipe

NAMES = ("egemaps", "gemaps", "compare", "emobase", "action-units", "openface")


@pytest.mark.parametrize("name", [*NAMES, *(f"{name}-windows" for name in NAMES)])
def test_every_promised_recipe_is_there(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.source
    assert (recipe.options.window is not None) == name.endswith("-windows")


def test_every_shipped_file_is_sound():
    assert set(NAMES) <= set(catalog.names("features"))
    for name in catalog.names("features"):
        load_recipe(name)


def test_a_mistyped_name_gets_the_nearest():
    with pytest.raises(InputError, match="did you mean 'egemaps'"):
        load_recipe("egemap")


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_a_recipe_of_ones_own_is_read_by_path(tmp_path):
    path = written(tmp_path, 'title = "t"\nextractor = "opensmile"\noptions = { feature_set = "emobase" }\n')
    assert load_recipe(path).name == "mine"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('title = "t"\nextractor = "opensmil"\n', r"'extractor' must be one of .* \(did you mean 'opensmile'\?\)"),
        (
            'title = "t"\nextractor = "opensmile"\n[options]\nfeature_se = "emobase"\n',
            "line 4.*did you mean 'feature_set'",
        ),
        ('title = "t"\nextractor = "opensmile"\n[options]\nfeature_set = "emo"\n', "options.feature_set"),
        ('title = "t"\nextractor = "face"\n[options]\nwindow = 4.0\n', "window and hop come together"),
        ('title = "t"\nextractor = "face"\n[options]\nwindow = 0.01\nhop = 0.1\n', "options.window"),
        ('title = "t"\nextractor = "face"\nmodel = 1\n', "unknown key 'model'"),
        ('extractor = "face"\n', "'title' is missing"),
        ("title = ", "not valid TOML"),
    ],
)
def test_slips_are_told_with_file_and_key(tmp_path, text, told):
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=told) as error:
        load_recipe(path)
    assert str(path) in str(error.value)


def test_options_can_be_changed_and_are_checked():
    windowed = load_recipe("egemaps").with_options(window=2.0, hop=0.5)
    assert (windowed.options.window, windowed.options.feature_set) == (2.0, "eGeMAPSv02")
    with pytest.raises(InputError, match="come together"):
        load_recipe("egemaps").with_options(window=2.0)
    with pytest.raises(InputError, match="unknown key"):
        load_recipe("egemaps").with_options(windw=2.0)


def test_the_digest_follows_whatever_shapes_features():
    recipe = load_recipe("action-units")
    digests = {recipe.digest("1"), recipe.digest("2"), recipe.with_options(max_gap=0.1).digest("1")}
    digests.add(recipe.with_options(window=4.0, hop=0.1).digest("1"))
    assert len(digests) == 4
    assert recipe.with_options(frame_limit=1.0).digest("1") == recipe.digest("1")
