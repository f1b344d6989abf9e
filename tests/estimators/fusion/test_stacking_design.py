"""Columns of a stacking regression."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.fusion.stacking_design import StackingDesign, recording_means_of
from avbaselines.estimators.temporal.context import add_context, avec_context

INPUTS = np.arange(12.0).reshape(6, 2)
NAMES, TIMES = np.repeat(["a", "b"], 3), np.tile([0.0, 1.0, 2.0], 2)


def test_inputs_alone_stay_as_they_are():
    assert StackingDesign().columns(INPUTS, 0, None, None) is INPUTS


def test_means_and_their_rest_add_up():
    columns = StackingDesign(recording_means=True).columns(INPUTS, 0, NAMES, None)
    np.testing.assert_allclose(columns[:, :2] + columns[:, 2:], INPUTS)
    np.testing.assert_allclose(columns[:, :2], recording_means_of(INPUTS, NAMES))


def test_onset_curves_weigh_each_input():
    columns = StackingDesign(onset=(1.0, 2.0)).columns(INPUTS, 0, None, TIMES)
    np.testing.assert_allclose(columns[:, 2:4], np.exp(-TIMES[:, None] / [1.0, 2.0]))
    np.testing.assert_allclose(columns[:, 4:6], np.exp(-TIMES[:, None]) * INPUTS)


def test_context_is_single_precision_and_crosses_recordings_in_the_challenges_fits_only():
    np.testing.assert_array_equal(StackingDesign().columns(INPUTS, 1, NAMES, TIMES), add_context(INPUTS, NAMES, 1, 1))
    avec = StackingDesign("avec")
    assert avec.columns(INPUTS, 2, None, None, fitting=True).dtype == np.float32
    np.testing.assert_array_equal(avec.columns(INPUTS, 2, NAMES, None, fitting=True), avec_context(INPUTS, 2))
    np.testing.assert_array_equal(avec.columns(INPUTS, 2, NAMES, None), avec_context(INPUTS, 2, NAMES))


@pytest.mark.parametrize(
    ("design", "context", "words"),
    [
        (StackingDesign(recording_means=True), 0, "recording_means: needs recordings"),
        (StackingDesign(onset=(1.0,)), 0, "onset: needs times"),
        (StackingDesign("avec"), 1, "layout 'avec': needs recordings"),
        (StackingDesign(), 1, "contexts: needs recordings"),
    ],
)
def test_what_is_missing_is_named(design, context, words):
    with pytest.raises(InputError, match=words):
        design.columns(INPUTS, context, None, None)
