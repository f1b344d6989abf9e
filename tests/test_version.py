"""The version: one number, which the package's metadata is made from."""

import configparser
import re
from pathlib import Path

from avbaselines.version import __version__


def test_the_metadata_takes_the_version_from_the_package():
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).resolve().parents[1] / "setup.cfg", "utf-8")
    assert setup["metadata"]["version"] == "attr: avbaselines.version.__version__"
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?[a-z]+\d+)?", __version__)
