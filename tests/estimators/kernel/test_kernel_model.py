"""Candidates of support vector learners and machines of all costs at once."""

import numpy as np
import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.kernel.kernel_model import primal_machines
from avbaselines.estimators.kernel.kernel_space import KernelSpace
from avbaselines.estimators.kernel.landmarks import squared_loss_machines
from avbaselines.estimators.kernel.support_vectors import KernelRegressor
from avbaselines.estimators.preprocessing.preparation import Preparation
from avbaselines.estimators.preprocessing.row_parts import Rows

X = np.random.default_rng(0).normal(size=(40, 3))


def test_machines_of_several_costs_are_those_of_each():
    space = KernelSpace(Preparation(balance=False).fit(X), X, 0.0, exact=False)
    kernel = space.kernel(Rows(X))
    together = primal_machines(space, kernel, X[:, :2], [0.1, 10.0], epsilon=0.1)
    for cost, (weights, offsets) in zip((0.1, 10.0), together, strict=True):
        alone = squared_loss_machines(kernel, X[:, :2], [cost] * 2, 0.1, whitening=space.whitening)
        np.testing.assert_allclose(weights, alone[0], atol=1e-2)
        np.testing.assert_allclose(offsets, alone[1], atol=1e-2)


def test_candidates_are_all_combinations_the_simplest_first():
    learner = KernelRegressor(widths=(0.0, 1.0), costs=(0.1, 1.0))
    assert learner._candidates()[0] == {"scaling": "standard", "width": 0.0, "cost": 0.1}
    assert len(learner._candidates()) == 8


@pytest.mark.parametrize(("name", "words"), [("widths", "widths of 0 or more"), ("costs", "positive costs")])
def test_grids_out_of_range_are_refused(name, words):
    with pytest.raises(InputError, match=words):
        KernelRegressor(**{name: (-1.0,)}).fit(X, X[:, 0])
