import pytest

from avbaselines import catalog
from avbaselines.errors import InputError


def test_an_existing_file_goes_before_a_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").write_text("title = 'mine'\n")
    assert catalog.find("studies", "quickstart").read_text() == "title = 'mine'\n"


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_name_is_found(kind):
    assert catalog.names(kind)
    for name in catalog.names(kind):
        assert catalog.find(kind, name).stem == name


def test_an_unknown_name_is_told_with_the_nearest_one_and_the_places():
    with pytest.raises(InputError, match=r"no study 'quickstrat' \(did you mean 'quickstart'\?\); searched .*studies"):
        catalog.find("studies", "quickstrat")


def test_inside_and_beside_the_package(tmp_path, monkeypatch):
    package = tmp_path / "site" / "avbaselines"
    (package / "studies").mkdir(parents=True)
    (tmp_path / "site" / "studies").mkdir()
    monkeypatch.setattr(catalog, "__file__", str(package / "catalog.py"))
    assert catalog.places("studies") == [package / "studies"]
    (tmp_path / "site" / "setup.cfg").touch()
    assert catalog.places("studies") == [package / "studies", tmp_path / "site" / "studies"]
    with pytest.raises(InputError, match="shipped: none"):
        catalog.find("studies", "quickstart")
