"""Readers by name: ours, and those that installed packages bring."""

import sys
from importlib.metadata import EntryPoint

import pytest

from avbaselines.corpora.readers import table
from avbaselines.errors import InputError
from avbaselines.experiment.loading import readers


def test_every_reader_of_ours_has_its_parts():
    for name in readers.READERS:
        module = readers.reader(name)
        assert all(hasattr(module, part) for part in readers.PARTS)


def test_readers_of_packages_are_found_and_their_faults_named(monkeypatch):
    here = "test_readers_plugin"
    empty = type(sys)(here)
    empty.Options = None
    monkeypatch.setitem(sys.modules, here, empty)
    values = {
        "mine": table.__name__, "empty": here, "gone": "no_such_package.reader", "table": here,
    }  # fmt: skip
    points = [*values.items(), ("twice", here), ("twice", table.__name__)]
    brought = [EntryPoint(name, value, readers.GROUP) for name, value in points]
    monkeypatch.setattr(readers, "entry_points", lambda group: brought)
    assert readers.reader("mine") is table and readers.reader("table") is table
    assert readers.reader_names()[-4:] == ["empty", "gone", "mine", "twice"]
    faults = {
        "empty": f"{here} has no ENVIRONMENT, NEEDS, read",
        "gone": "cannot be loaded .ModuleNotFoundError",
        "twice": "brought by two packages",
        "mien": "no reader 'mien' .did you mean 'mine'.*known: table",
    }
    for name, said in faults.items():
        with pytest.raises(InputError, match=said):
            readers.reader(name)
