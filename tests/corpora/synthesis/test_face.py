"""Simulated faces: what emotion moves, and tables as OpenFace writes them."""

import io

import numpy as np
import pandas as pd
import pytest

from avbaselines.corpora.synthesis.face import (
    ACTION_UNITS,
    COLUMNS,
    FRAMES_PER_SECOND,
    draw_traits,
    openface_text,
    show,
)


def shown(arousal=0.0, valence=0.0, seconds=4.0, seed=0, seen=True):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(show(draw_traits(rng), arousal, valence, seconds, rng, seen), columns=list(COLUMNS))


def test_a_row_is_a_frame():
    table = shown(seconds=2.0)
    assert len(table) == 2 * FRAMES_PER_SECOND
    assert table["frame"].tolist() == list(range(1, 61)) and table["timestamp"].iloc[-1] == pytest.approx(59 / 30)


@pytest.mark.parametrize("seed", range(6))
def test_intensities_and_presence_keep_to_their_scales(seed):
    table = shown(arousal=2.5, valence=-2.5, seed=seed)
    intensities = table[[f"{unit}_r" for unit in ACTION_UNITS]]
    assert intensities.to_numpy().min() >= 0 and intensities.to_numpy().max() <= 5
    assert set(np.unique(table[[f"{unit}_c" for unit in ACTION_UNITS]])) <= {0.0, 1.0}


@pytest.mark.parametrize(("unit", "sad", "glad"), [("AU12_r", -2.0, 2.0), ("AU04_r", 2.0, -2.0)])
def test_smiles_rise_with_valence_and_frowns_fall(unit, sad, glad):
    low, high = (np.mean([shown(valence=value, seed=seed)[unit].mean() for seed in range(6)]) for value in (sad, glad))
    assert high > low + 0.3


def test_a_face_that_is_not_seen_leaves_frames_and_times():
    table = shown(seen=False)
    assert (table[table.columns[2:]] == 0).all(axis=None) and table["frame"].iloc[0] == 1


def test_the_text_is_read_back_as_what_was_written():
    table = shown()
    text = openface_text(table.to_numpy())
    assert text.splitlines()[0].startswith("frame, timestamp, confidence, success")
    read = pd.read_csv(io.StringIO(text), skipinitialspace=True)
    assert list(read.columns) == list(COLUMNS)
    np.testing.assert_allclose(read, table, atol=0.051)
