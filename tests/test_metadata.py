"""What the package says of itself: CITATION.cff, classifiers, oldest versions, contents of its archives."""

import configparser
import re
from pathlib import Path

import pytest
import yaml
from package_contents import ARCHIVE_FILES, archive_problems, expected_in_wheel, wheel_problems

ROOT = Path(__file__).resolve().parents[1]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", "utf-8")
# Keys of the Citation File Format 1.2.0 that a citation of software may have.
CFF_REQUIRED = {"cff-version", "message", "title", "authors"}
CFF_OPTIONAL = {
    *("abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url"),
    *("preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url"),
    "version",
}  # fmt: skip
AUTHOR = {"name", "family-names", "given-names", "affiliation", "orcid", "email", "website", "alias"}


def test_the_citation_is_of_the_format_and_agrees_with_the_metadata():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert set(cff) >= CFF_REQUIRED and set(cff) <= CFF_REQUIRED | CFF_OPTIONAL
    assert cff["cff-version"] == "1.2.0" and cff["type"] == "software"
    assert cff["authors"] and all(set(author) <= AUTHOR for author in cff["authors"])
    assert cff["license"] == SETUP["metadata"]["license"] and cff["title"].startswith("avbaselines")
    assert "version" not in cff  # stated once, in avbaselines/version.py


def test_classifiers_name_the_pythons_that_are_supported():
    classifiers = SETUP["metadata"]["classifiers"]
    assert re.findall(r":: (3\.\d+)$", classifiers, re.MULTILINE) == ["3.11", "3.12", "3.13"]
    assert SETUP["options"]["python_requires"] == ">=3.11"


def test_the_oldest_versions_are_the_lower_bounds():
    bounds = dict(re.findall(r"^([\w-]+)>=([\d.]+)$", SETUP["options"]["install_requires"], re.MULTILINE))
    versions = (ROOT / "tests" / "oldest-versions.txt").read_text("utf-8")
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+)$", versions, re.MULTILINE))
    assert set(pinned) == set(bounds) and len(bounds) >= 20
    for name, bound in bounds.items():
        assert (pinned[name] + ".0.0").startswith(bound + "."), f"{name}: {pinned[name]} is tested, {bound} is promised"


def test_packages_are_told_apart_that_lack_or_hold_something():
    whole = expected_in_wheel()
    assert wheel_problems({*whole, "avbaselines-1.dist-info/METADATA"}) == []
    lost = "avbaselines/studies/quickstart.toml"
    assert wheel_problems({*whole, "tests/conftest.py"} - {lost}) == [f"lacks {lost}", "holds tests/conftest.py"]
    assert [f"lacks {name}" in archive_problems([]) for name in ARCHIVE_FILES] == [True] * len(ARCHIVE_FILES)


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "setup.cfg"])
def test_no_path_of_a_machine_is_published(name):
    assert not re.search(r"(?:^|[\s\"'(])/(?:tmp|work|root|home)/", (ROOT / name).read_text("utf-8"))
