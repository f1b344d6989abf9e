"""Files of a bundle are regular and of limited size; links, pipes and devices are told and never opened."""

import os
from pathlib import Path

import pytest

from avbaselines.errors import InputError
from avbaselines.experiment.bundles.plain_files import check_plain_file


def test_a_regular_file_passes(tmp_path):
    (tmp_path / "card.json").write_text("{}")
    check_plain_file(tmp_path / "card.json", 2)
    with pytest.raises(InputError, match="has 2 bytes; 1 are read at most"):
        check_plain_file(tmp_path / "card.json", 1)


def test_what_is_no_regular_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "card.json").write_text("{}")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    for path in (*(tmp_path / name for name in ("pipe", "link", "folder/card.json", "real")), Path("/dev/zero")):
        with pytest.raises(InputError, match="is no regular file"):
            check_plain_file(path, 10**9)
    with pytest.raises(InputError, match="no such file"):
        check_plain_file(tmp_path / "nothing", 1)
