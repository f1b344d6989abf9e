"""Files that know what they are."""

import numpy as np
import pytest

from avbaselines.experiment.fitting.sealed import is_whole, seal, unsealed


@pytest.mark.parametrize("content", [b"", b"\n", b"text\nand more", bytes(range(256)) * 10])
def test_content_comes_back_as_it_was(content, tmp_path):
    sealed = seal(content, "a1")
    assert unsealed(sealed, "a1") == content
    (tmp_path / "a1").write_bytes(sealed)
    assert is_whole(tmp_path / "a1", "a1") and not is_whole(tmp_path / "a1", "b2")


def test_no_change_of_any_byte_passes(tmp_path):
    sealed, rng, path = seal(b"content of a file", "a1"), np.random.default_rng(0), tmp_path / "a1"
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        assert not is_whole(path, "a1")
        with pytest.raises(ValueError, match="damaged"):
            unsealed(bytes(changed), "a1")
    for length in range(len(sealed)):
        path.write_bytes(sealed[:length])
        assert not is_whole(path, "a1")


def test_a_file_that_is_not_there_is_not_whole(tmp_path):
    assert not is_whole(tmp_path / "a1", "a1") and not is_whole(tmp_path, "a1")
